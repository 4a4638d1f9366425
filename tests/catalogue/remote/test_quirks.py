"""What Virtuoso is asked in the place of a query, and what is left as it was."""

from __future__ import annotations

import pytest

from catalogue.remote.quirks import MAX_SOLUTIONS, NO_GRAPH, Question, for_virtuoso
from catalogue.store.guard import inspect
from core.errors import QuerySyntaxError, QueryTooComplex
from core.terms import XSD

FLOATING = f"(<{XSD.double}>, <{XSD.float}>)"


def question(query: str) -> Question:
    return for_virtuoso(query, inspect(query), (), ())


def asked(query: str) -> str:
    return question(query).query


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT (10/4 AS ?x) {}", "SELECT (10/4.0 AS ?x) {}"),
        ("SELECT (?a/-4 AS ?x) {}", f"SELECT (?a/IF(DATATYPE(?a) IN {FLOATING}, -4, -4.0) AS ?x) {{}}"),
        ("SELECT (SUM(?a)/2 AS ?x) {} GROUP BY ?k", f"(SUM(?a)/IF(DATATYPE(SUM(?a)) IN {FLOATING}, 2, 2.0) AS"),
        ("SELECT * { FILTER(2/?b > 1) }", f'(2/((?b) * IF(DATATYPE(?b) IN {FLOATING}, 1, IF((?b) = 0, "", 1.0)))'),
        ("SELECT (1/COUNT(*) AS ?x) {}", '(1/((COUNT(*)) * IF((COUNT(*)) = 0, "", 1.0))'),
        ("SELECT (2/(4/8) AS ?x) {}", f"(2/(((4/8.0)) * IF(DATATYPE((4/8)) IN {FLOATING}, 1, 1.0))"),
        ("SELECT (SUM(?a) AS ?x) {}", "(IF(COUNT(*) = 0, 0, SUM(?a)) AS ?x)"),
        ("SELECT (GROUP_CONCAT(?a) AS ?x) {}", '(GROUP_CONCAT(?a; SEPARATOR = " ") AS ?x)'),
        ("SELECT * { { SELECT ?a { ?a ?b ?c } OFFSET 5 } }", "{ ?a ?b ?c } LIMIT 1000000000 OFFSET 5 }"),
        ("BASE <http://a/> BASE <b/> SELECT * { ?s <p> ?o }", "BASE <http://a/b/>\nSELECT * { ?s <p> ?o }"),
        ("BASE <http://a/> SELECT (IRI('b') AS ?x) {}", 'SELECT (IRI("http://a/b") AS ?x) {}'),
    ],
)
def test_what_is_said_otherwise(query: str, said: str) -> None:
    assert said in asked(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT (10/4.0 AS ?x) (1e0/?b AS ?y) {}",
        "PREFIX e: <http://e/> SELECT * { ?s e:p/e:q ?o . ?s (e:p/^e:q)* ?o . ?s !(e:p|^e:q) ?o FILTER(?o > 1) }",
        "PREFIX e: <http://e/> SELECT * { FILTER EXISTS { ?s (e:p/e:q) ?o } }",
        "SELECT ?k (SUM(?a) AS ?x) { ?k ?p ?a } GROUP BY ?k",
        'SELECT (GROUP_CONCAT(?a; SEPARATOR=", ") AS ?x) { ?s ?p ?a }',
        "SELECT ?a { ?a ?b ?c } ORDER BY ?a OFFSET 5",
        "SELECT ?a { ?a ?b ?c } OFFSET 5 LIMIT 5",
        "BASE <http://a/> SELECT * { ?s <p> ?o }",
    ],
)
def test_what_stays(query: str) -> None:
    assert asked(query) == query


def test_what_cannot_be_said_otherwise_is_refused() -> None:
    with pytest.raises(QueryTooComplex, match="divide"):
        asked(f"SELECT (({' + '.join(['?a'] * 500)})/?b AS ?x) {{}}")
    with pytest.raises(QuerySyntaxError, match="BASE or PREFIX"):
        asked(r"BASE <http://a/> PREFIX e: <http://e/\u003E> BASE <http://b/> SELECT * { ?s e:p ?o }")


def test_when_a_graph_is_looked_at_again() -> None:
    graph = "CONSTRUCT WHERE { ?s ?p ?o }"
    everything = "SELECT (1 AS ?more)  WHERE { { SELECT * WHERE { ?s ?p ?o }"
    assert " ".join(question(graph).more_than(50).split()).startswith(" ".join(everything.split()))
    assert question(graph).more_than(50).endswith("OFFSET 50 LIMIT 1")
    assert question(f"{graph} LIMIT 51").more_than(50).count("LIMIT") == 2
    assert "OFFSET" not in question(f"{graph} LIMIT 5").more_than(None), "it has to say itself whether it cuts"
    for query in (f"{graph} LIMIT 50", "SELECT * { ?s ?p ?o }", "ASK {}"):
        assert question(query).more_than(50) == question(query).more_than(MAX_SOLUTIONS) == ""


def test_a_dataset_without_named_graphs_has_none() -> None:
    query = "SELECT * FROM <http://g/> { GRAPH ?g { ?s ?p ?o } }"
    assert question(query).named_graphs == (NO_GRAPH,)
    given = for_virtuoso(query, inspect(query), ("http://h/",), ())
    assert (given.query.split(), given.default_graphs) == (
        query.replace("FROM <http://g/>", "").split(),
        ("http://h/",),
    )
