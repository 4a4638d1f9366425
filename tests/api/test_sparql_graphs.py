"""Named graphs by HTTP: what W3C's Graph Store Protocol tests ask of a store that can be read, and what is refused.

The names of the tests of https://w3c.github.io/rdf-tests/sparql/sparql11/http-rdf-update/ that are restated here
stand in :data:`READING` and :data:`WRITING`. Those that write are answered with a refusal: this store is read-only.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyoxigraph
import pytest

from catalogue.content import released_graphs
from catalogue.ledger import Ledger
from core.settings import Settings
from tests.api.conftest import BASE

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from tests.api.conftest import PublishedCatalogue

RECORD = f"{BASE}/record/idc/4d_lung"
UNKNOWN = f"{BASE}/record/idc/never"
VOCABULARY = f"{BASE}/graph/vocabulary/sex"

#: Test of the suite: how the graph is named, and the status expected.
READING = {
    "get_of_put__initial_state": (f"/graphs?graph={quote(RECORD)}", 200),
    "get_of_put__graph_already_in_store": ("/graph/vocabulary/sex", 200),
    "get_of_put__default_graph": ("/graphs?default", 200),
    "get_of_delete__existing_graph": (f"/graphs?graph={quote(UNKNOWN)}", 404),
    "get_of_post__existing_graph": ("/graph/links", 200),
    "get_of_post__multipart_formdata": ("/graph/queries", 200),
    "get_of_post__create__new_graph": ("/graph/void", 200),
    "get_of_post__after_noop": ("/graph/release", 200),
    "head_on_an_existing_graph": ("/graph/vocabulary/sex", 200),
    "head_on_a_nonexisting_graph": ("/graph/vocabulary/nothing", 404),
}
#: Test of the suite: method and address.
WRITING = {
    "put__initial_state": ("PUT", f"/graphs?graph={quote(UNKNOWN)}"),
    "put__graph_already_in_store": ("PUT", "/graph/vocabulary/sex"),
    "put__default_graph": ("PUT", "/graphs?default"),
    "put__mismatched_payload": ("PUT", f"/graphs?graph={quote(RECORD)}"),
    "delete__existing_graph": ("DELETE", "/graph/vocabulary/sex"),
    "delete__nonexistent_graph": ("DELETE", f"/graphs?graph={quote(UNKNOWN)}"),
    "post__existing_graph": ("POST", f"/graphs?graph={quote(RECORD)}"),
    "post__multipart_formdata": ("POST", "/graph/links"),
    "post__create__new_graph": ("POST", "/graphs"),
    "patch": ("PATCH", "/graphs?default"),
}
FORMATS = {
    "text/turtle": pyoxigraph.RdfFormat.TURTLE,
    "application/n-triples": pyoxigraph.RdfFormat.N_TRIPLES,
    "application/rdf+xml": pyoxigraph.RdfFormat.RDF_XML,
    "application/ld+json": pyoxigraph.RdfFormat.JSON_LD,
    "application/trig": pyoxigraph.RdfFormat.TRIG,
    "application/n-quads": pyoxigraph.RdfFormat.N_QUADS,
}


def triples(body: bytes, form: pyoxigraph.RdfFormat = pyoxigraph.RdfFormat.TURTLE) -> set[str]:
    return {str(quad.triple) for quad in pyoxigraph.parse(body, format=form)}


@pytest.fixture(scope="module")
def store(published: PublishedCatalogue) -> pyoxigraph.Store:
    """What the release being served holds, read without the service."""
    return pyoxigraph.Store.read_only(str(published.settings.releases_path / "2" / "store"))


def held(store: pyoxigraph.Store, name: str | None) -> set[str]:
    graph = pyoxigraph.NamedNode(name) if name else None
    return {str(quad.triple) for quad in store.quads_for_pattern(None, None, None, graph)}


@pytest.mark.parametrize(("name", "asked"), READING.items(), ids=list(READING))
def test_reading(client: TestClient, name: str, asked: tuple[str, int]) -> None:
    address, status = asked
    answer = client.request("HEAD" if name.startswith("head") else "GET", address, headers={"Accept": "text/turtle"})
    assert answer.status_code == status
    if status == 200:
        assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
        triples(answer.content)
    if name.startswith("head"):
        assert answer.content == b""


@pytest.mark.parametrize(("method", "address"), WRITING.values(), ids=list(WRITING))
def test_writing_is_refused(client: TestClient, method: str, address: str) -> None:
    before = client.get("/graphs?default", headers={"Accept": "application/n-triples"}).content
    answer = client.request(method, address, content=b"<a:s> <a:p> <a:o> .", headers={"Content-Type": "text/turtle"})
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert "read-only" in answer.json()["title"]
    assert client.get("/graphs?default", headers={"Accept": "application/n-triples"}).content == before


@pytest.mark.parametrize("media_type", FORMATS)
def test_every_format_has_all_of_a_graph(client: TestClient, store: pyoxigraph.Store, media_type: str) -> None:
    answer = client.get("/graphs", params={"graph": RECORD}, headers={"Accept": media_type})
    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert triples(answer.content, FORMATS[media_type]) == held(store, RECORD)


def test_every_graph_of_the_release_is_there(
    client: TestClient, store: pyoxigraph.Store, published: PublishedCatalogue
) -> None:
    with Ledger.open(published.settings, read_only=True) as ledger, ledger.engine.connect() as connection:
        known = set(released_graphs(connection, 2))
    names = {graph.value for graph in store.named_graphs() if isinstance(graph, pyoxigraph.NamedNode)}
    assert known < names
    for name in names:
        answer = client.head("/graphs", params={"graph": name})
        assert answer.status_code == 200, name


def test_the_default_graph_is_the_union(client: TestClient, store: pyoxigraph.Store) -> None:
    answer = client.get("/graphs?default", headers={"Accept": "application/n-triples"})
    got = [line for line in answer.text.splitlines() if line]
    assert len(got) == len(set(got))
    assert set(got) == {f"{triple} ." for triple in held(store, None)}


def test_a_graph_without_statements_is_no_missing_one(
    serve: Callable[[Settings], AbstractContextManager[TestClient]], copied: Settings
) -> None:
    """No link joins the datasets of this release, and its graph of links is empty for all that."""
    from catalogue.publication import publish
    from ontology.vocabulary import Vocabularies

    with Ledger.open(copied) as ledger:
        for description in ledger.members(2):
            if not description.iri.endswith("4d_lung"):
                ledger.withdraw(description.iri, "a test")
    publish(copied, Vocabularies.load(), allow_shrink=True)
    with serve(copied) as client:
        empty = client.get("/graph/links", headers={"Accept": "application/n-triples"})
        assert (empty.status_code, empty.content) == (200, b"")
        withdrawn = f"{BASE}/record/other/one"
        assert client.get("/graphs", params={"graph": withdrawn}).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "",
        "graph=",
        "default&graph=http://a.example/",
        "graph=http://a.example/&graph=http://b.example/",
        "graph=relative/name",
        "graph=http://a.example/%3E%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D%20%7D%20%23",
        "graph=http://a.example/%22",
        "graph=http://a.example/%5Cu003e",
        "graph=%FF",
        "graph=http://a.example/" + "a" * 20_000,
    ],
)
def test_what_names_no_one_graph_is_refused(client: TestClient, query: str) -> None:
    answer = client.get(f"/graphs?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "address",
    [
        "/graph/none",
        "/graph/links%3E%7B%7D",
        "/graph/",
        "/graph/vocabulary/",
        f"/graphs?graph={BASE}/record/idc",
        f"/graphs?graph={BASE}/record/idc/4d_lung/more",
        f"/graphs?graph={BASE}/record/UPPER/4d_lung",
        f"/graphs?graph={BASE}/record/idc/4d%255flung",
        f"/graphs?graph={BASE}/record/other/withdrawn",
        f"/graphs?graph={BASE}/record/idc/draft",
        "/graphs?graph=urn:example:other",
    ],
)
def test_a_graph_that_the_release_does_not_have_is_not_found(client: TestClient, address: str) -> None:
    for method in ("GET", "HEAD"):
        assert client.request(method, address).status_code == 404


def test_the_client_that_has_it_gets_it_no_second_time(client: TestClient) -> None:
    first = client.get("/graph/vocabulary/sex")
    tag = first.headers["etag"]
    again = client.get("/graph/vocabulary/sex", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.head("/graph/vocabulary/sex").headers["etag"] == tag
    assert client.get("/graph/vocabulary/sex?format=nt").headers["etag"] != tag
    other = client.get("/graph/vocabulary/sex?format=nt", headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_what_cannot_be_had_is_not_acceptable(client: TestClient) -> None:
    assert client.get("/graph/links", headers={"Accept": "image/png"}).status_code == 406
    assert client.get("/graph/links?format=nothing").status_code == 406


def test_the_methods_are_told(client: TestClient) -> None:
    for address in ("/graphs", "/graph/links"):
        answer = client.options(address)
        assert (answer.status_code, answer.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


def test_void_is_found_where_it_is_looked_for(client: TestClient) -> None:
    answer = client.get("/.well-known/void")
    assert answer.status_code == 303
    target = client.get(str(answer.next_request.url.path) if answer.next_request else "")
    assert b"http://rdfs.org/ns/void#Dataset" in target.content or b"void:Dataset" in target.content
    assert f'<{BASE}/.well-known/void>; rel="describedby"' in target.headers["link"]
