"""``/metrics``: figures that move with what was asked, and that name nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from catalogue.store.querying import KILLS
from core.settings import Settings
from tests.api.conftest import PublishedCatalogue

Serve = Callable[[Settings], AbstractContextManager[TestClient]]
QUERY = "SELECT ?s { ?s a <http://www.w3.org/ns/dcat#Dataset> } LIMIT 3"


def _figures(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    response = client.get("/metrics")
    assert response.status_code == 200 and response.headers["content-type"].startswith("text/plain")
    assert response.headers["cache-control"] == "no-store"
    families = text_string_to_metric_families(response.text)
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def _asked(figures: dict[tuple[str, tuple[tuple[str, str], ...]], float], source: str) -> float:
    return figures.get(("radiograph_query_seconds_count", (("source", source),)), 0.0)


@pytest.fixture
def fresh(serve: Serve, published: PublishedCatalogue) -> Iterator[TestClient]:
    with serve(published.settings) as client:
        yield client


def test_queries_are_counted_by_where_their_answers_came_from(fresh: TestClient) -> None:
    before = _figures(fresh)
    for _ in range(3):
        assert fresh.get("/sparql", params={"query": QUERY}).status_code == 200
    assert fresh.get("/sparql", params={"query": "SELECT"}).status_code == 400
    after = _figures(fresh)
    assert {source: _asked(after, source) - _asked(before, source) for source in ("engine", "cache", "refused")} == {
        "engine": 1,
        "cache": 2,
        "refused": 1,
    }
    hits = ("radiograph_result_cache_requests_total", (("found", "yes"),))
    assert after[hits] - before[hits] == 2
    assert after["radiograph_result_cache_entries", ()] == 1
    answered = (("method", "GET"), ("route", "sparql"), ("status", "200"))
    assert after["radiograph_request_seconds_count", answered] == 3
    assert after["radiograph_sent_bytes_total", (("route", "sparql"),)] > 100


def test_the_release_and_the_workers_are_told(fresh: TestClient) -> None:
    figures = _figures(fresh)
    assert figures["radiograph_release", ()] == 2
    assert figures["radiograph_release_triples", ()] > 50
    assert figures["radiograph_query_workers", (("state", "idle"),)] >= 1
    assert figures["radiograph_query_workers_started_total", ()] >= 3
    assert figures["process_resident_memory_bytes", ()] > 1e6
    kills = {labels[0][1] for name, labels in figures if name == "radiograph_query_workers_killed_total"}
    assert kills == set(KILLS)


def test_a_killed_query_is_counted(serve: Serve, published: PublishedCatalogue) -> None:
    heavy = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
    with serve(published.settings.model_copy(update={"query_timeout": 0.5})) as client:
        assert client.get("/sparql", params={"query": heavy}).status_code == 504
        assert _figures(client)["radiograph_query_workers_killed_total", (("reason", "timeout"),)] == 1


def test_labels_cannot_be_made_up_by_clients(fresh: TestClient) -> None:
    for number in range(5):
        fresh.get(f"/nowhere-{number}")
        fresh.request(f"X{number}", "/sparql")
    text = fresh.get("/metrics").text
    assert "nowhere" not in text and "X1" not in text and 'route="other"' in text and 'method="other"' in text


def test_openmetrics_is_given_to_who_asks_for_it(fresh: TestClient) -> None:
    response = fresh.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert response.text.endswith("# EOF\n")


def test_metrics_can_be_switched_off(serve: Serve, published: PublishedCatalogue) -> None:
    with serve(published.settings.model_copy(update={"metrics": "off"})) as client:
        response = client.get("/metrics")
        assert response.status_code == 404 and "RADIOGRAPH_METRICS" in response.json()["detail"]
