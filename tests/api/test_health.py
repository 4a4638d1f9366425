"""Health, following the ledger, and answers around the routes."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from fastapi.testclient import TestClient

from catalogue.ledger import Ledger
from catalogue.publication import publish
from core.settings import Settings
from ontology.vocabulary import Vocabularies

Serve = Callable[[Settings], AbstractContextManager[TestClient]]
COUNT = "SELECT (COUNT(DISTINCT ?g) AS ?n) { GRAPH ?g { ?s ?p ?o } }"


def test_health_tells_what_is_served(client: TestClient) -> None:
    response = client.get("/health")
    assert response.status_code == 200
    body = response.json()
    assert (body["status"], body["release"]) == ("ok", 2)
    assert body["triples"] > 50
    assert body["workers"]["isolated"] is True and body["workers"]["idle"] >= 1
    assert response.headers["cache-control"] == "no-store"
    assert client.head("/health").content == b""


def test_alive_and_ready_are_two_questions(serve: Serve, client: TestClient, tmp_path: Path) -> None:
    for path in ("/health/live", "/health/ready"):
        response = client.get(path)
        assert response.status_code == 200 and response.headers["cache-control"] == "no-store"
    with serve(Settings(home=tmp_path / "home")) as empty:
        assert empty.get("/health/live").status_code == 200
        response = empty.get("/health/ready")
        assert (response.status_code, response.text) == (503, "nothing has been published yet\n")
        assert int(response.headers["retry-after"]) > 0


def test_a_new_release_is_served_within_seconds(serve: Serve, copied: Settings) -> None:
    with serve(copied) as client:
        before = client.get("/health").json()
        graphs = _count(client)
        with Ledger.open(copied) as ledger:
            current = ledger.current_release()
            assert current is not None
            (first, *_) = ledger.members(current.number)
            ledger.withdraw(first.iri, "a test")
        publish(copied, Vocabularies.load(), allow_shrink=True)
        for _ in range(100):
            after = client.get("/health").json()
            if after["release"] == before["release"] + 1:
                break
            time.sleep(0.1)
        assert after["release"] == before["release"] + 1 and after["status"] == "ok"
        assert _count(client) < graphs


def test_a_release_that_cannot_be_opened_leaves_the_old_one_serving(serve: Serve, copied: Settings) -> None:
    with serve(copied) as client:
        with Ledger.open(copied) as ledger:
            current = ledger.current_release()
            assert current is not None
            (first, *_) = ledger.members(current.number)
            ledger.withdraw(first.iri, "a test")
        release = publish(copied, Vocabularies.load(), allow_shrink=True)
        shutil.rmtree(release.path / "store")
        time.sleep(2.5)
        assert client.get("/health").json()["status"] == "ok"
        assert _count(client) > 0


def test_what_is_not_there_is_said_in_the_readers_form(client: TestClient) -> None:
    missing = client.get("/nothing/here")
    assert missing.status_code == 404 and missing.headers["content-type"] == "application/problem+json"
    page = client.get("/nothing/here", headers={"Accept": "text/html"})
    assert page.status_code == 404 and "<html" in page.text
    assert client.delete("/health").status_code == 405
    for response in (missing, page):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in response.headers["content-security-policy"]


def test_the_interface_is_described_and_loads_nothing_from_elsewhere(client: TestClient) -> None:
    assert "/sparql" in client.get("/openapi.json").json()["paths"]
    assert client.get("/docs").status_code == 404


def _count(client: TestClient) -> int:
    return int(client.get("/sparql", params={"query": COUNT}).json()["results"]["bindings"][0]["n"]["value"])
