"""The SPARQL page as a browser gets it without scripts."""

from __future__ import annotations

import re
import warnings
from urllib.parse import urljoin

import pytest

from catalogue.examples import examples
from catalogue.store.guard import inspect
from core.terms import DCT
from tests.api.pages import DATASET, Page

with warnings.catch_warnings():
    # Starlette's test client warns that it would rather have a successor of httpx, at import only.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient


def test_a_query_gives_a_table(browser: TestClient) -> None:
    query = f"SELECT ?title WHERE {{ <{DATASET}liver_ct> <{DCT.title}> ?title }}"
    response = browser.post("/sparql", data={"query": query})
    text = " ".join(Page(response.text).text.split())

    assert response.status_code == 200
    assert "2 results" in text
    assert "Leber-CT" in text
    assert re.search(r"In \d+\.\d+ s", text)
    assert '<textarea id="query"' in response.text
    assert query in Page(response.text).text


def test_the_graphs_that_a_request_names_are_those_the_page_asks(browser: TestClient) -> None:
    asked = {"query": "ASK { ?s ?p ?o }", "default-graph-uri": "http://nothing.example/", "run": "yes"}
    page = browser.get("/sparql", params=asked)
    assert '<h2 id="answer">No</h2>' in page.text
    assert '<input type="hidden" name="default-graph-uri" value="http://nothing.example/">' in page.text
    (as_json,) = [one for one in Page(page.text).addresses if one.endswith("format=json")]
    assert browser.get(urljoin(str(page.url), as_json)).json()["boolean"] is False


def test_a_link_shows_its_query_and_runs_it_only_where_it_says_so(browser: TestClient) -> None:
    asked = {"query": "SELECT (1 AS ?one) {}"}
    shown = Page(browser.get("/sparql", params=asked).text)
    run = Page(browser.get("/sparql", params={**asked, "run": "yes"}).text)
    example = browser.get("/sparql", params={"example": examples()[1].name})

    assert asked["query"] in shown.text and "answer" not in shown.ids
    assert "1 result" in run.text and "answer" in run.ids
    assert examples()[1].query.strip() in Page(example.text).text and "answer" not in Page(example.text).ids


def test_a_page_with_the_editor_runs_no_script_but_its_own(browser: TestClient) -> None:
    policy = browser.get("/sparql").headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'", "base-uri 'none'"} <= set(policy)
    assert "'unsafe-inline'" not in " ".join(policy) and "'unsafe-eval'" not in " ".join(policy)
    assert "script-src" not in browser.get("/").headers["content-security-policy"]


def test_boolean_and_graph_answers_are_shown(browser: TestClient) -> None:
    asked = Page(browser.post("/sparql", data={"query": "ASK {}"}).text)
    graph = Page(browser.post("/sparql", data={"query": f"DESCRIBE <{DATASET}belly>"}).text)

    assert "Yes" in asked.text
    assert "Whole belly, two ways" in graph.text


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("SELECT ?x WHERE { ?x", 400, "expected"),
        ("INSERT DATA { <a:b> <a:b> <a:b> }", 403, "read-only"),
        ("SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", 403, "SERVICE"),
    ],
)
def test_a_wrong_query_is_told_plainly(browser: TestClient, query: str, status: int, says: str) -> None:
    response = browser.post("/sparql", data={"query": query})

    assert response.status_code == status
    assert says in Page(response.text).text
    assert "No answer" in response.text


def test_example_queries_are_valid_and_titled() -> None:
    assert len(examples()) >= 3
    for example in examples():
        inspect(example.query)
        assert example.title
        assert example.about
        assert "#" not in example.query.splitlines()[0] or example.query.startswith("PREFIX")
