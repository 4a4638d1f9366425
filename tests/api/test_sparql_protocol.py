"""The W3C tests of SPARQL 1.1 Protocol, each as a test of its own under the name it has there.

They are restated here on data of our own: three small named graphs, each saying of itself that it is a document.
What the suite asks of updates beyond their refusal cannot hold at an endpoint that takes none; :data:`FORBIDDEN` is
the list of it, and ``docs/protocol.md`` gives it to readers.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pyoxigraph as ox
import pytest
from fastapi.testclient import TestClient

from catalogue.ledger import Ledger
from core.settings import Settings

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
ONE, TWO, THREE, UNKNOWN = (f"http://example.org/graphs/{name}" for name in ("one", "two", "three", "unknown"))
BOTH = f"ASK {{ <{ONE}> a ?x . <{TWO}> a ?y }}"
BOTH_NAMED = f"ASK {{ GRAPH ?g {{ <{ONE}> a ?x }} GRAPH ?h {{ <{TWO}> a ?y }} }}"
ALL = f"ASK {{ <{THREE}> a ?z . GRAPH ?g {{ <{ONE}> a ?x }} GRAPH ?h {{ <{TWO}> a ?y }} }}"
EMPTY = {"default-graph-uri": UNKNOWN}
INSERT = f"CLEAR ALL ; INSERT DATA {{ GRAPH <{ONE}> {{ <{ONE}> a <http://example.org/Changed> }} }}"

#: Tests of the suite that need an update to be carried out, with what they send.
FORBIDDEN: dict[str, dict[str, Any]] = {
    "update_dataset_default_graph": {"params": {"using-graph-uri": ONE}, "content": INSERT, "type": UPDATE},
    "update_dataset_default_graphs": {"params": {"using-graph-uri": [ONE, TWO]}, "content": INSERT, "type": UPDATE},
    "update_dataset_named_graphs": {"params": {"using-named-graph-uri": [ONE, TWO]}, "content": INSERT, "type": UPDATE},
    "update_dataset_full": {
        "params": {"using-graph-uri": ONE, "using-named-graph-uri": TWO},
        "content": INSERT,
        "type": UPDATE,
    },
    "update_post_form": {"content": urlencode({"update": INSERT}), "type": FORM},
    "update_post_direct": {"content": INSERT, "type": UPDATE},
    "update_base_uri": {"content": f"INSERT DATA {{ GRAPH <{ONE}> {{ <{ONE}> a <relative> }} }}", "type": UPDATE},
}


@pytest.fixture(scope="module")
def client(
    published: Any, serve: Callable[[Settings], AbstractContextManager[TestClient]], tmp_path_factory: Any
) -> Iterator[TestClient]:
    """The application on a release whose store holds the three graphs."""
    home = tmp_path_factory.mktemp("protocol") / "home"
    shutil.copytree(published.settings.home, home)
    settings = published.settings.model_copy(update={"home": home})
    with Ledger.open(settings) as ledger:
        release = ledger.current_release()
    assert release is not None
    _fill(release.path / "store")
    with serve(settings) as started:
        yield started


def _fill(folder: Path) -> None:
    shutil.rmtree(folder)
    store = ox.Store(str(folder))
    document = ox.NamedNode("http://example.org/Document")
    for name in (ONE, TWO, THREE):
        graph = ox.NamedNode(name)
        store.add(ox.Quad(graph, ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type"), document, graph))
    store.flush()


def get(client: TestClient, query: str, **parameters: object) -> httpx.Response:
    response: httpx.Response = client.get("/sparql", params={"query": query, **parameters})
    return response


def direct(client: TestClient, query: str, **parameters: object) -> httpx.Response:
    response: httpx.Response = client.post("/sparql", params=parameters, content=query, headers={"Content-Type": QUERY})
    return response


def says(response: httpx.Response, expected: bool = True) -> None:
    """The answer is a boolean, in a format for booleans, and the right one."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/sparql-results+json"
    assert response.json()["boolean"] is expected


def refused(response: httpx.Response, status: int) -> None:
    assert response.status_code == status
    assert response.json()["detail"]


def test_query_get(client: TestClient) -> None:
    says(get(client, "ASK {}", **EMPTY))


def test_query_post_form(client: TestClient) -> None:
    says(client.post("/sparql", params=EMPTY, data={"query": "ASK {}"}))


def test_query_post_direct(client: TestClient) -> None:
    says(direct(client, "ASK {}"))


def test_query_dataset_default_graphs_get(client: TestClient) -> None:
    says(get(client, BOTH, **{"default-graph-uri": [ONE, TWO]}))
    says(get(client, BOTH, **{"default-graph-uri": ONE}), False)


def test_query_dataset_default_graphs_post(client: TestClient) -> None:
    says(direct(client, BOTH, **{"default-graph-uri": [ONE, TWO]}))
    says(client.post("/sparql", data={"query": BOTH, "default-graph-uri": [ONE, TWO]}))
    says(direct(client, BOTH, **{"default-graph-uri": [ONE, THREE]}), False)


def test_query_dataset_named_graphs_get(client: TestClient) -> None:
    says(get(client, BOTH_NAMED, **{"named-graph-uri": [ONE, TWO]}))
    says(get(client, BOTH_NAMED, **{"named-graph-uri": ONE}), False)


def test_query_dataset_named_graphs_post(client: TestClient) -> None:
    says(direct(client, BOTH_NAMED, **{"named-graph-uri": [ONE, TWO]}))
    says(direct(client, BOTH_NAMED, **{"named-graph-uri": [TWO, THREE]}), False)


def test_query_dataset_full(client: TestClient) -> None:
    says(direct(client, ALL, **{"default-graph-uri": THREE, "named-graph-uri": [ONE, TWO]}))
    says(direct(client, ALL, **{"default-graph-uri": ONE, "named-graph-uri": [ONE, TWO]}), False)


def test_query_multiple_dataset(client: TestClient) -> None:
    """What the protocol names is the dataset, whatever the query says of its own."""
    query = BOTH_NAMED.replace("ASK", f"ASK FROM <{THREE}>")
    says(direct(client, query, **{"named-graph-uri": [ONE, TWO]}))
    says(direct(client, query), False)
    says(direct(client, f"ASK FROM <{ONE}> {{ <{ONE}> a ?x }}", **{"default-graph-uri": TWO}), False)


@pytest.mark.parametrize("graph", [UNKNOWN, "urn:example:nothing"])
@pytest.mark.parametrize("parameter", ["default-graph-uri", "named-graph-uri"])
def test_an_unknown_graph_is_an_empty_graph(client: TestClient, parameter: str, graph: str) -> None:
    says(get(client, "ASK { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }", **{parameter: graph}), False)


@pytest.mark.parametrize("accept", [None, "*/*"])
def test_query_content_type_select(client: TestClient, accept: str | None) -> None:
    response = client.post(
        "/sparql",
        params=EMPTY,
        content="SELECT (1 AS ?value) {}",
        headers={"Content-Type": QUERY} | ({"Accept": accept} if accept else {}),
    )
    assert response.headers["content-type"] == "application/sparql-results+json"
    assert response.json()["results"]["bindings"][0]["value"]["value"] == "1"


def test_query_content_type_ask(client: TestClient) -> None:
    says(direct(client, "ASK {}", **EMPTY))


def test_query_content_type_describe(client: TestClient) -> None:
    response = direct(client, "DESCRIBE <http://example.org/>", **EMPTY)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/turtle; charset=utf-8"


def test_query_content_type_construct(client: TestClient) -> None:
    """A relative IRI is relative to the endpoint, where the query names no base."""
    response = direct(client, "CONSTRUCT { <s> <p> 1 } WHERE {}", **EMPTY)
    assert response.headers["content-type"] == "text/turtle; charset=utf-8"
    (triple,) = ox.parse(response.content, format=ox.RdfFormat.TURTLE)
    assert triple.subject == ox.NamedNode("https://catalogue.example.org/s")


def test_bad_query_method(client: TestClient) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        response = client.request(method, "/sparql", params={"query": "ASK {}"}, headers={"Content-Type": FORM})
        refused(response, 405)
        assert response.headers["allow"] == client.options("/sparql").headers["allow"] == "GET, HEAD, POST, OPTIONS"


def test_bad_multiple_queries(client: TestClient) -> None:
    refused(client.get("/sparql", params=[("query", "ASK {}"), ("query", "SELECT * {}")]), 400)
    refused(client.post("/sparql", params={"query": "ASK {}"}, data={"query": "ASK {}"}), 400)
    refused(client.post("/sparql?query=ASK%20%7B%7D", content="ASK {}", headers={"Content-Type": QUERY}), 400)


def test_bad_query_wrong_media_type(client: TestClient) -> None:
    response = client.post("/sparql", content="ASK {}", headers={"Content-Type": "text/plain"})
    refused(response, 415)
    assert response.headers["accept-post"] == f"{FORM}, {QUERY}"


def test_bad_query_missing_form_type(client: TestClient) -> None:
    refused(client.post("/sparql", content="query=ASK%20%7B%7D"), 415)


def test_bad_query_missing_direct_type(client: TestClient) -> None:
    refused(client.post("/sparql", content="ASK {}"), 415)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "latin-1"])
def test_bad_query_non_utf8(client: TestClient, encoding: str) -> None:
    body = 'ASK { ?s ?p "é" }'.encode(encoding)
    refused(client.post("/sparql", content=body, headers={"Content-Type": f"{QUERY}; charset={encoding}"}), 415)
    refused(client.post("/sparql", content=body, headers={"Content-Type": QUERY}), 400)


def test_bad_query_syntax(client: TestClient) -> None:
    response = get(client, "ASK {")
    refused(response, 400)
    assert re.search(r"error at 1:\d", response.json()["title"])


def test_bad_update_get(client: TestClient) -> None:
    refused(client.get("/sparql", params={"update": "CLEAR ALL"}), 403)


def test_bad_multiple_updates(client: TestClient) -> None:
    refused(client.post("/sparql", data={"update": ["CLEAR NAMED", "CLEAR DEFAULT"]}), 403)


def test_bad_update_wrong_media_type(client: TestClient) -> None:
    refused(client.post("/sparql", content="CLEAR NAMED", headers={"Content-Type": "text/plain"}), 415)


def test_bad_update_missing_form_type(client: TestClient) -> None:
    refused(client.post("/sparql", content=f"update={quote('CLEAR NAMED')}"), 415)


def test_bad_update_non_utf8(client: TestClient) -> None:
    headers = {"Content-Type": f"{UPDATE}; charset=UTF-16"}
    refused(client.post("/sparql", content="CLEAR NAMED".encode("utf-16"), headers=headers), 403)


def test_bad_update_syntax(client: TestClient) -> None:
    refused(client.post("/sparql", data={"update": "CLEAR XYZ"}), 403)


def test_bad_update_dataset_conflict(client: TestClient) -> None:
    update = f"WITH <{ONE}> DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}"
    response = client.post(
        "/sparql", params={"using-named-graph-uri": TWO}, content=update, headers={"Content-Type": UPDATE}
    )
    refused(response, 403)


@pytest.mark.parametrize("name", FORBIDDEN)
def test_updates_of_the_suite_are_refused_and_change_nothing(client: TestClient, name: str) -> None:
    sent = FORBIDDEN[name]
    response = client.post(
        "/sparql", params=sent.get("params"), content=sent["content"], headers={"Content-Type": sent["type"]}
    )
    refused(response, 403)
    assert "read-only" in response.json()["title"]
    says(get(client, f"ASK {{ <{ONE}> a <http://example.org/Document> }}"))
    says(get(client, "ASK { ?s a <http://example.org/Changed> }"), False)


def test_the_documentation_lists_what_read_only_forbids() -> None:
    text = (Path(__file__).parents[2] / "docs" / "protocol.md").read_text(encoding="utf-8")
    listed = re.findall(r"^- `(update_\w+)`", text, re.MULTILINE)
    assert sorted(listed) == sorted(FORBIDDEN)
