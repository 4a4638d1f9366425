"""What the editor is told to complete with: the release's own classes and properties, with their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from api.sparql.guide import describe
from catalogue.examples import examples
from core.terms import DCAT, DCT, PREFIXES, RDF

if TYPE_CHECKING:
    from fastapi.testclient import TestClient


def test_a_class_names_its_properties_and_how_often_they_are_used() -> None:
    partitions = [
        {"class": "urn:A", "entities": "2", "property": "urn:p", "triples": "3"},
        {"class": "urn:A", "entities": "2", "property": "urn:q", "triples": "9"},
        {"class": "urn:B", "entities": "5"},
        {"property": "urn:p", "triples": "4"},
        {"property": "urn:q", "triples": "9"},
        {"property": "urn:r", "triples": "1"},
    ]
    terms = [
        {"term": "urn:A", "label": "An A", "about": "x" * 500},
        {"term": "urn:A", "label": "Also an A"},
    ]

    told = describe(partitions, terms)

    assert [(one["iri"], one["count"]) for one in told["classes"]] == [("urn:B", 5), ("urn:A", 2)]
    assert [(one["iri"], one["count"]) for one in told["properties"]] == [("urn:q", 9), ("urn:p", 4), ("urn:r", 1)]
    assert told["classes"][1]["label"] == "An A" and len(told["classes"][1]["about"]) < 300
    assert told["classes"][1]["properties"] == [[0, 9], [1, 3]]
    assert told["classes"][0]["properties"] == []


def test_the_guide_has_the_release_s_numbers(client: TestClient) -> None:
    answer = client.get("/sparql/guide")
    told = answer.json()
    count = "SELECT (COUNT(DISTINCT ?s) AS ?n) { GRAPH ?g { ?s a <%s> } FILTER (!STRENDS(STR(?g), '/graph/void')) }"
    asked = client.get("/sparql", params={"query": count % DCAT.Dataset, "format": "json"}).json()

    datasets = next(one for one in told["classes"] if one["iri"] == str(DCAT.Dataset))
    assert str(datasets["count"]) == asked["results"]["bindings"][0]["n"]["value"]
    properties = {told["properties"][place]["iri"] for place, _ in datasets["properties"]}
    assert {str(DCT.title), str(RDF.type), str(DCAT.distribution)} <= properties
    assert told["prefixes"] == {prefix: str(namespace) for prefix, namespace in PREFIXES.items()}
    assert [one["name"] for one in told["examples"]] == [one.name for one in examples()]


def test_the_guide_is_sent_once(client: TestClient) -> None:
    tag = client.get("/sparql/guide").headers["etag"]
    assert client.get("/sparql/guide", headers={"If-None-Match": tag}).status_code == 304


def test_the_query_comes_back_as_programs(client: TestClient) -> None:
    answer = client.post("/sparql/copies", data={"query": "ASK {}", "named-graph-uri": "http://one.example/"})
    told = {one["name"]: one["code"] for one in answer.json()["copies"]}
    assert list(told) == ["python", "curl", "r", "javascript"]
    assert all(
        "https://catalogue.example.org/sparql" in code and "http://one.example/" in code for code in told.values()
    )


def test_what_is_no_query_has_no_programs(client: TestClient) -> None:
    for body in ({"query": "nonsense"}, {"query": "DROP ALL"}, {"query": ""}):
        answer = client.post("/sparql/copies", data=body)
        assert answer.status_code in (400, 403)
        assert answer.json()["title"]
