"""Contexts over HTTP, and our JSON-LD, which uses their names."""

from __future__ import annotations

import json
from pathlib import Path

import pyoxigraph
import pytest
from fastapi.testclient import TestClient
from rdflib import Graph, URIRef

from api.negotiation import JSONLD
from api.serialisation import serialise
from core.canonical import canonical_ntriples, skolemise
from core.errors import InputError
from core.terms import PREFIXES, new_graph
from ontology.contexts import contexts
from shapes.reader import parse_document, parse_rdf, read_rdf
from tests.api.conftest import BASE

# rdflib's JSON-LD reader uses a class of rdflib that rdflib deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.ttl"))


def named(path: Path) -> Graph:
    """An example without blank nodes."""
    return skolemise(read_rdf(path), URIRef("https://example.org/synthetic/dataset"))


def lines(data: bytes) -> bytes:
    """The statements as pyoxigraph reads them."""
    quads = pyoxigraph.parse(data, format=pyoxigraph.RdfFormat.JSON_LD)
    return "".join(sorted({f"{quad.subject} {quad.predicate} {quad.object} .\n" for quad in quads})).encode()


@pytest.mark.parametrize("name", sorted(contexts()))
def test_a_context_is_served(client: TestClient, name: str) -> None:
    response = client.get(f"/context/{name}.jsonld", headers={"Origin": "https://elsewhere.example"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/ld+json"
    assert response.headers["access-control-allow-origin"] == "*"
    assert "max-age=86400" in response.headers["cache-control"]
    assert response.json()["@context"] == dict(contexts()[name].definitions)
    again = client.get(f"/context/{name}.jsonld", headers={"If-None-Match": response.headers["etag"]})
    assert again.status_code == 304
    assert client.head(f"/context/{name}.jsonld").headers["content-length"] == str(len(response.content))


@pytest.mark.parametrize("path", ["/context/none.jsonld", "/context/..%2Fradiograph.jsonld"])
def test_there_is_no_other_context(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 404


def test_the_refusal_names_the_contexts_there_are(client: TestClient) -> None:
    assert "/context/eucaim-2.0.jsonld" in client.get("/context/none.jsonld").json()["detail"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_the_same_in_json_ld(path: Path) -> None:
    graph = named(path)
    document = serialise(graph, JSONLD)
    assert lines(document) == canonical_ntriples(graph)
    assert canonical_ntriples(Graph().parse(data=document, format="json-ld")) == canonical_ntriples(graph)
    assert canonical_ntriples(parse_rdf(document, name="test", suffix=".jsonld")) == canonical_ntriples(graph)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_document_may_refer_to_the_context_by_its_address(path: Path) -> None:
    graph = named(path)
    document = json.loads(serialise(graph, JSONLD))
    document["@context"] = [f"{BASE}/context/radiograph.jsonld", document["@context"]]
    text = json.dumps(document).encode()
    assert canonical_ntriples(parse_rdf(text, name="test", suffix=".jsonld")) == canonical_ntriples(graph)


def test_only_our_contexts_are_known_and_not_too_often() -> None:
    for address in ("https://schema.org", f"{BASE}/context/none.jsonld"):
        with pytest.raises(InputError, match="would have to be fetched"):
            parse_rdf(json.dumps({"@context": address}).encode(), name="test", suffix=".jsonld")
    ours = f"{BASE}/context/radiograph.jsonld"
    with pytest.raises(InputError, match="101 times"):
        parse_rdf(json.dumps([{"@context": ours}] * 101).encode(), name="test", suffix=".jsonld")
    with pytest.raises(InputError, match="would have to be fetched"):
        parse_rdf(json.dumps({"@context": {"@import": ours}}).encode(), name="test", suffix=".jsonld")


def test_statements_keep_their_lines_where_the_context_is_ours() -> None:
    text = f'{{"@context": "{BASE}/context/radiograph.jsonld",\n"@id": "urn:a",\n"title": {{\n"en": "T"}}}}'
    document = parse_document(text.encode(), name="test", suffix=".jsonld")
    (statement,) = document.graph
    position = document.positions.find(*statement)
    assert position is not None and position.line == 4


@pytest.mark.parametrize(
    "address", ["/catalog", "/dataset/idc/v1.ttl", "/record/idc/v1.ttl", "/ontology", "/concept/sex"]
)
def test_what_is_served_uses_the_published_names(client: TestClient, address: str) -> None:
    response = client.get(address, headers={"Accept": "application/ld+json"})
    published, inline = contexts()["radiograph"].definitions, response.json()["@context"]
    assert set(inline) - set(published) <= set(PREFIXES), "a name that is not published"
    assert all(inline[name] == published[name] for name in set(inline) & set(published))
    plain = client.get(address, headers={"Accept": "application/n-triples"}).content
    assert lines(response.content) == plain
    assert canonical_ntriples(Graph().parse(data=response.content, format="json-ld")) == plain
    assert canonical_ntriples(parse_rdf(response.content, name="test", suffix=".jsonld")) == plain


def test_keys_always_hold_the_same_kind_of_value() -> None:
    graph = new_graph()
    graph += named(next(path for path in EXAMPLES if path.stem == "healthdcat-ap-public-complete"))
    for node in json.loads(serialise(graph, JSONLD))["@graph"]:
        for key, value in node.items():
            term = next((t for t in contexts()["radiograph"].properties.values() if t.name == key), None)
            assert isinstance(value, dict) == bool(term and term.languages) if key != "@id" else isinstance(value, str)
