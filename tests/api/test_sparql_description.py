"""The service description: W3C's three tests of it, and that it says what this service does and nothing else.

Restated from https://w3c.github.io/rdf-tests/sparql/sparql11/service-description/: ``returns-rdf``,
``has-endpoint-triple`` and ``conforms-to-schema``.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph
import pytest
from rdflib import RDF, Graph, Literal, URIRef
from rdflib.term import Node

from api.negotiation import CONSTRUCT_VARIANTS, RESULT_VARIANTS
from api.sparql import description
from api.sparql.description import FORMAT_OF
from core.canonical import from_oxigraph
from core.settings import Settings
from core.terms import SD, VOID, XSD
from tests.api.conftest import BASE

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.conftest import PublishedCatalogue

SERVICE = URIRef(f"{BASE}/sparql")
Serve = Callable[[Settings], AbstractContextManager["TestClient"]]

#: The properties of W3C's vocabulary that may be used here, with the classes of their subjects and values.
SCHEMA = {
    SD.endpoint: (SD.Service, None),
    SD.supportedLanguage: (SD.Service, SD.Language),
    SD.defaultEntailmentRegime: (SD.Service, None),
    SD.feature: (SD.Service, SD.Feature),
    SD.resultFormat: (SD.Service, None),
    SD.defaultDataset: (SD.Service, SD.Dataset),
    SD.defaultGraph: (SD.Dataset, SD.Graph),
    SD.namedGraph: (SD.Dataset, SD.NamedGraph),
    SD.name: (SD.NamedGraph, None),
    SD.graph: (SD.NamedGraph, SD.Graph),
}
#: What the vocabulary itself says of its own individuals.
INDIVIDUALS = {
    SD.SPARQL10Query: SD.Language,
    SD.SPARQL11Query: SD.Language,
    SD.UnionDefaultGraph: SD.Feature,
    SD.BasicFederatedQuery: SD.Feature,
}


@pytest.fixture(scope="module")
def described(client: TestClient) -> Graph:
    answer = client.get("/sparql", headers={"Accept": "application/n-triples"})
    return Graph().parse(data=answer.text, format="nt")


@pytest.mark.parametrize(
    "accept", ["text/turtle", "application/rdf+xml", "application/n-triples", "application/ld+json"]
)
def test_returns_rdf(client: TestClient, described: Graph, accept: str) -> None:
    answer = client.get("/sparql", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == accept
    form = pyoxigraph.RdfFormat.from_media_type(accept)
    statements = [quad.triple for quad in pyoxigraph.parse(answer.content, format=form)]
    assert {tuple(map(from_oxigraph, statement)) for statement in statements} == set(described)


def test_has_endpoint_triple(described: Graph) -> None:
    assert (None, SD.endpoint, SERVICE) in described


def test_conforms_to_schema(described: Graph) -> None:
    def is_a(node: Node, kind: URIRef | None) -> bool:
        return kind is None or INDIVIDUALS.get(node) == kind or (node, RDF.type, kind) in described  # type: ignore[call-overload]

    for subject, predicate, value in described:
        if str(predicate).startswith(str(SD)):
            domain, range_ = SCHEMA[URIRef(str(predicate))]
            assert is_a(subject, domain), (subject, predicate)
            assert is_a(value, range_), (predicate, value)
            assert not isinstance(value, Literal)
    for kind in described.objects(None, RDF.type):
        assert not str(kind).startswith(str(SD)) or kind in (
            SD.Service,
            SD.Dataset,
            SD.Graph,
            SD.NamedGraph,
            SD.Feature,
        )
    assert list(described.subjects(RDF.type, SD.Service)) == [SERVICE]
    for node in described.subjects(RDF.type, SD.NamedGraph):
        assert len(list(described.objects(node, SD.name))) == 1


def test_the_formats_are_those_that_are_served(described: Graph, client: TestClient) -> None:
    variants = (*RESULT_VARIANTS, *CONSTRUCT_VARIANTS)
    assert FORMAT_OF.keys() == {variant.media_type for variant in variants}
    assert set(described.objects(SERVICE, SD.resultFormat)) == set(FORMAT_OF.values())
    for variant in variants:
        query = "ASK {}" if variant in RESULT_VARIANTS[:2] else "SELECT * { ?s a ?c } LIMIT 1"
        if variant in CONSTRUCT_VARIANTS:
            query = "CONSTRUCT { ?s a ?c } WHERE { ?s a ?c } LIMIT 1"
        answer = client.get("/sparql", params={"query": query}, headers={"Accept": variant.media_type})
        assert (answer.status_code, answer.headers["content-type"]) == (200, variant.content_type)


def test_every_named_graph_can_be_asked(described: Graph, client: TestClient) -> None:
    (dataset,) = described.objects(SERVICE, SD.defaultDataset)
    told = {str(described.value(node, SD.name)) for node in described.objects(dataset, SD.namedGraph)}
    answer = client.get("/sparql", params={"query": "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }", "format": "tsv"})
    asked = {line.strip("<>") for line in answer.text.splitlines()[1:]}
    assert asked <= told
    for name in told - asked:
        assert client.head("/graphs", params={"graph": name}).status_code == 200


def test_the_numbers_of_a_graph_are_those_of_void(described: Graph, client: TestClient) -> None:
    void = Graph().parse(data=client.get("/graph/void?format=nt").text, format="nt")
    numbers = list(described.objects(None, SD.graph))
    assert len(numbers) > 5
    for node in numbers:
        assert (node, RDF.type, VOID.Dataset) in void
        assert len(list(void.objects(node, VOID.triples))) == 1


def test_limits_are_those_of_the_settings(described: Graph, published: PublishedCatalogue) -> None:
    time, size = URIRef(f"{SERVICE}#time-limit"), URIRef(f"{SERVICE}#size-limit")
    assert (SERVICE, SD.feature, time) in described
    assert (SERVICE, SD.feature, size) in described
    assert described.value(time, RDF.value) == Literal("PT30S", datatype=XSD.duration, normalize=False)
    assert str(described.value(size, RDF.value)) == str(published.settings.query_max_bytes)


def test_federation_is_a_feature_only_where_something_may_be_asked(
    described: Graph, published: PublishedCatalogue, serve: Serve
) -> None:
    assert (SERVICE, SD.feature, SD.BasicFederatedQuery) not in described
    allowed = published.settings.model_copy(update={"service_allow": ("https://other.example/sparql",)})
    with serve(allowed) as client:
        graph = Graph().parse(data=client.get("/sparql?format=nt").text, format="nt")
    assert (SERVICE, SD.feature, SD.BasicFederatedQuery) in graph


def test_many_descriptions_are_counted_and_not_named(
    published: PublishedCatalogue, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(description, "MAX_NAMED", 2)
    with serve(published.settings) as client:
        graph = Graph().parse(data=client.get("/sparql?format=nt").text, format="nt")
        records = "SELECT ?graph WHERE { GRAPH ?graph { ?graph a <http://www.w3.org/ns/dcat#CatalogRecord> } }"
        listed = client.get("/sparql", params={"query": records, "format": "csv"}).text.split()[1:]
    names = {str(name) for name in graph.objects(None, SD.name)}
    assert f"{BASE}/graph/links" in names
    assert not any("/record/" in name for name in names)
    (text,) = [str(value) for value in graph.objects(URIRef(f"{SERVICE}#dataset")) if records in str(value)]
    assert f"{len(listed)} descriptions" in text


def test_before_the_first_release_the_service_is_described_all_the_same(serve: Serve, tmp_path: Path) -> None:
    with serve(Settings(home=tmp_path / "home", base_iri=BASE)) as client:
        graph = Graph().parse(data=client.get("/sparql?format=nt").text, format="nt")
        store = client.get("/graphs?default")
    assert (store.status_code, "retry-after" in store.headers) == (503, True)
    assert (SERVICE, SD.endpoint, SERVICE) in graph
    assert not list(graph.objects(None, SD.namedGraph))


def test_head_and_etag(client: TestClient) -> None:
    answer = client.get("/sparql", headers={"Accept": "text/turtle"})
    assert f'<{BASE}/.well-known/void>; rel="describedby"' in answer.headers["link"]
    head = client.head("/sparql", headers={"Accept": "text/turtle"})
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])
    again = client.get("/sparql", headers={"Accept": "text/turtle", "If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
