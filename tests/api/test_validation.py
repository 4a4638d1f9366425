"""The validation service: what may be handed in, what is answered, and that nothing of it stays."""

from __future__ import annotations

import gzip
import warnings
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph
import pytest
from pyoxigraph import RdfFormat

from api.validation import intake
from core.terms import RDF, SH
from tests.api.validation import BROKEN, COMPLETE, found, post

with warnings.catch_warnings():
    # Starlette's test client warns that it would rather have a successor of httpx, at import only.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

SYNTAXES = {
    "text/turtle": RdfFormat.TURTLE,
    "application/trig": RdfFormat.TRIG,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/n-quads": RdfFormat.N_QUADS,
    "application/rdf+xml": RdfFormat.RDF_XML,
    "application/ld+json": RdfFormat.JSON_LD,
}


@pytest.mark.parametrize("media_type", SYNTAXES)
def test_every_syntax_is_judged_alike(service: TestClient, media_type: str) -> None:
    body = pyoxigraph.serialize(
        (quad.triple for quad in pyoxigraph.parse(BROKEN, format=RdfFormat.TURTLE)), format=SYNTAXES[media_type]
    )
    assert body is not None
    answer = post(service, body, f"{media_type}; charset=UTF-8")
    assert not answer["conforms"]
    assert found(answer) == found(post(service, BROKEN))
    assert ("violation", "http://purl.org/dc/terms/issued") in found(answer)


def test_a_complete_example_conforms(service: TestClient) -> None:
    answer = post(service, COMPLETE)
    assert answer["conforms"] and found(answer) == []


def test_a_description_that_does_not_conform_is_answered_not_refused(service: TestClient) -> None:
    answer = post(service, BROKEN)
    findings = answer["findings"]
    assert isinstance(findings, list)
    issued = next(finding for finding in findings if finding["path"].endswith("issued"))
    assert issued["position"] == {"line": 4} and issued["value"] == "in spring"


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/turtle", "text/turtle; charset=utf-8"),
        ("application/ld+json", "application/ld+json"),
        ("application/sarif+json", "application/sarif+json"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html; charset=utf-8"),
    ],
)
def test_the_answer_is_in_the_format_accepted(service: TestClient, accept: str, content_type: str) -> None:
    response = service.post("/validate", content=BROKEN, headers={"Content-Type": "text/turtle", "Accept": accept})
    assert (response.status_code, response.headers["content-type"]) == (200, content_type)
    assert response.headers["cache-control"] == "no-store"
    assert "spring" in response.text


@pytest.mark.parametrize("name", ["json", "text", "ttl", "jsonld", "sarif", "html"])
def test_a_parameter_wins_over_the_header(service: TestClient, name: str) -> None:
    headers = {"Content-Type": "text/turtle", "Accept": "image/png"}
    assert service.post(f"/validate?format={name}", content=BROKEN, headers=headers).status_code == 200


def test_turtle_and_json_ld_are_a_shacl_report(service: TestClient) -> None:
    for name, form in (("ttl", RdfFormat.TURTLE), ("jsonld", RdfFormat.JSON_LD)):
        body = service.post(f"/validate?format={name}", content=BROKEN, headers={"Content-Type": "text/turtle"}).content
        report = [quad.triple for quad in pyoxigraph.parse(body, format=form)]
        kinds = {triple.object for triple in report if str(RDF.type) in str(triple.predicate)}
        assert pyoxigraph.NamedNode(str(SH.ValidationReport)) in kinds
        assert any(str(SH.resultPath) in str(triple.predicate) for triple in report)


def test_profiles_may_be_chosen(service: TestClient) -> None:
    headers = {"Content-Type": "text/turtle"}
    url = "/validate?profile=healthdcat-ap&profile=dcat-ap"
    answer = service.post(url, content=BROKEN, headers=headers).json()
    assert [v["profile"] for v in answer["records"][0]["verdicts"]] == ["dcat-ap", "healthdcat-ap"]
    refused = service.post("/validate?profile=none", content=BROKEN, headers=headers)
    assert refused.status_code == 400 and "dcat-ap" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "reason"),
    [
        (b"<a> <b", {"Content-Type": "text/turtle"}, 400, "line 1: not Turtle"),
        (b"\n\n{", {"Content-Type": "application/ld+json"}, 400, "line 3: not JSON"),
        (b"<a><b></a>", {"Content-Type": "application/rdf+xml"}, 400, "line 1: not XML"),
        (b" ", {"Content-Type": "text/turtle"}, 400, "is empty"),
        (b"", {"Content-Type": "text/turtle"}, 400, "is empty"),
        (b"\xff", {"Content-Type": "text/turtle"}, 400, "is not UTF-8"),
        (b"<a:b> <a:c> <a:d> .", {"Content-Type": "text/turtle"}, 422, "describes no dataset and no catalogue"),
        (BROKEN, {}, 415, "posted as nothing in particular"),
        (BROKEN, {"Content-Type": "image/png"}, 415, "posted as image/png"),
        (BROKEN, {"Content-Type": "application/x-www-form-urlencoded"}, 415, "Content-Type: text/turtle"),
        (BROKEN, {"Content-Type": "text/turtle; charset=latin-1"}, 415, "encoded as latin-1"),
        (gzip.compress(BROKEN), {"Content-Type": "text/turtle", "Content-Encoding": "gzip"}, 415, "compressed"),
        (b"#" * 100_001, {"Content-Type": "text/turtle"}, 413, "larger than 100,000 bytes"),
        (b"x", {"Content-Type": "multipart/form-data"}, 400, "form is malformed"),
        (b"x", {"Content-Type": "multipart/form-data; boundary=b"}, 400, "form is malformed"),
        (BROKEN, {"Content-Type": "text/turtle", "Accept": "image/png"}, 406, "application/sarif+json"),
    ],
)
def test_what_cannot_be_judged_is_refused_in_words(
    service: TestClient, body: bytes, headers: dict[str, str], status: int, reason: str
) -> None:
    response = service.post("/validate", content=body, headers=headers)
    problem = response.json()
    assert (response.status_code, problem["status"]) == (status, status)
    assert response.headers["content-type"] == "application/problem+json"
    assert reason in problem["detail"]


def test_a_body_of_no_announced_length_is_counted(service: TestClient) -> None:
    sent = []

    def endless() -> Iterator[bytes]:
        for number in range(1000):
            sent.append(number)
            yield b"#" * 10_000

    response = service.post("/validate", content=endless(), headers={"Content-Type": "text/turtle"})
    assert response.status_code == 413


def test_what_all_clients_have_under_way_is_limited(service: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_UNDER_WAY", 0)
    response = service.post("/validate", content=BROKEN, headers={"Content-Type": "text/turtle"})
    assert response.status_code == 503 and int(response.headers["retry-after"]) > 0
    monkeypatch.undo()
    assert post(service, BROKEN)


def test_nothing_of_it_is_kept(service: TestClient, tmp_path_factory: pytest.TempPathFactory) -> None:
    home: Path = service.app.state.radiograph.settings.home  # type: ignore[attr-defined]
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}
    post(service, BROKEN)
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()} == before


def test_the_interface_is_described(service: TestClient) -> None:
    described = service.get("/openapi.json").json()["paths"]["/validate"]["post"]
    assert set(SYNTAXES) | {"multipart/form-data"} <= set(described["requestBody"]["content"])
    assert {"application/json", "application/sarif+json"} <= set(described["responses"]["200"]["content"])
    assert {"400", "406", "408", "413", "415", "422", "503"} <= set(described["responses"])
    assert {parameter["name"] for parameter in described["parameters"]} == {"profile", "format"}
    assert "get" not in service.get("/openapi.json").json()["paths"]["/validate"]


def test_methods_are_told(service: TestClient) -> None:
    options = service.options("/validate")
    assert "POST" in options.headers["allow"] and "text/turtle" in options.headers["accept-post"]
    refused = service.put("/validate", content=b"")
    assert (refused.status_code, refused.headers["allow"]) == (405, options.headers["allow"])
