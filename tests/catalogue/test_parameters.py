"""Filling variables: whatever is given stays data, and lands where it binds."""

from __future__ import annotations

import pyoxigraph as ox
import pytest

from catalogue.inquiry.parameters import fill, parameters, read_assignments, term
from core.errors import QueryError

XSD = "http://www.w3.org/2001/XMLSchema#"


def rows(query: str) -> list[tuple[str | None, ...]]:
    """What an engine makes of a query on three triples."""
    store = ox.Store()
    store.load(
        b'<x:a> <x:p> "nlst" . <x:b> <x:p> "he said \\"}\\" # ok" . <x:c> <x:p> "5" .', format=ox.RdfFormat.TURTLE
    )
    results = store.query(query)
    assert isinstance(results, ox.QuerySolutions)
    return [tuple(None if value is None else value.value for value in solution) for solution in results]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("nlst", '"nlst"'),
        ("", '""'),
        ('he said "}" # ok', '"he said \\"}\\" # ok"'),
        ("two\nlines \\", '"two\\nlines \\\\"'),
        ("https://example.org/a", "<https://example.org/a>"),
        ("<x:a>", "<x:a>"),
        ('"Lunge"@de', '"Lunge"@de'),
        (f'"2020-01-01"^^<{XSD}date>', f'"2020-01-01"^^<{XSD}date>'),
        ("5", f'"5"^^<{XSD}integer>'),
        ("-1.5", f'"-1.5"^^<{XSD}decimal>'),
        ("1e6", f'"1e6"^^<{XSD}double>'),
        ("true", f'"true"^^<{XSD}boolean>'),
        ("} DROP ALL", '"} DROP ALL"'),
    ],
)
def test_a_value_is_written_as_a_term(value: str, written: str) -> None:
    assert term(value) == written


@pytest.mark.parametrize(
    "value",
    ["<x:a", '"open', '"x" . <x:s> <x:p> "y"', '<x:a> <x:g> . <x:s> <x:p> "y"', "<x:a>}", "<a b>", "https://a/<"],
)
def test_what_is_no_term_is_refused(value: str) -> None:
    with pytest.raises(QueryError, match="is no term"):
        term(value)


@pytest.mark.parametrize("assignment", ["nothing", "=1", "a b=1", "?=2", "a-b=3"])
def test_a_malformed_assignment_is_refused(assignment: str) -> None:
    with pytest.raises(QueryError, match="sets no variable"):
        read_assignments([assignment])


def test_a_name_may_have_a_question_mark_and_more_than_one_value() -> None:
    assert read_assignments(["?a=1", "a=x=y", "$b=z"]) == {"a": ["1", "x=y"], "b": ["z"]}


@pytest.mark.parametrize(
    ("default", "value", "written"),
    [
        ('"10.1/x"', "10.5", '"10.5"'),
        ('"nlst"', "https://example.org/", '"https://example.org/"'),
        ('"2025-10-01"^^xsd:date "2024-01-01"^^xsd:date', "2026-01-31", '"2026-01-31"^^xsd:date'),
        ('"Lunge"@de', 'a " b', '"a \\" b"@de'),
        ("2015", "2016", f'"2016"^^<{XSD}integer>'),
        ("country:ESP country:GRC", "country:ITA", "country:ITA"),
        ("country:ESP", "https://example.org/ITA", "<https://example.org/ITA>"),
        ("<x:a>", "x:b # }", "x:b"),
        ("<x:a>", "urn:a:b", "<urn:a:b>"),
        ("<x:a>", "two words", None),
        ('"x"', '"y"@en', '"y"@en'),
    ],
)
def test_a_value_is_what_the_default_is(default: str, value: str, written: str | None) -> None:
    query = f"SELECT * {{ VALUES ?v {{ {default} }} ?s ?p ?v }}"
    if written is None:
        with pytest.raises(QueryError, match="is no term"):
            fill(query, {"v": [value]})
    else:
        assert fill(query, {"v": [value]}) == f"SELECT * {{ VALUES ?v {{ {written} }} ?s ?p ?v }}"


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?s { ?s <x:p> ?v }",
        "SELECT ?s WHERE{?s <x:p> ?v}",
        "# { ?v\nSELECT ?s (EXISTS { ?s <x:p> ?o } AS ?e) { ?s <x:p> ?v } ORDER BY ?s",
        'SELECT ?s { ?s <x:p> ?v FILTER (?v != "{ VALUES ?v { 1 }") }',
        'SELECT ?s { VALUES ?v { "other" "5" } ?s <x:p> ?v }',
        "SELECT ?s { values $v {} ?s <x:p> ?v }",
        'SELECT ?s { { SELECT ?s { VALUES ?v { "other" } ?s <x:p> ?v } } }',
        'SELECT ?s { { VALUES ?v { "5" } ?s <x:p> ?v } UNION { VALUES ?v { "z" } ?s <x:p> ?v } }',
    ],
)
def test_a_variable_is_bound_wherever_the_query_can_bind_it(query: str) -> None:
    for text, subject in (("nlst", "x:a"), ('he said "}" # ok', "x:b")):
        filled = fill(query, read_assignments([f"v={text}"]))
        assert {row[0] for row in rows(filled)} == {subject}


def test_two_variables_and_two_values() -> None:
    query = 'SELECT ?s ?v { VALUES ?v { "5" } ?s <x:p> ?v }'
    assert rows(fill(query, read_assignments(["v=nlst", "v=he", "s=<x:a>"]))) == [("x:a", "nlst")]
    assert rows(fill(query, read_assignments(["v=nlst", "s=<x:b>"]))) == []


def test_a_template_is_no_pattern() -> None:
    filled = fill("CONSTRUCT { ?s <x:q> ?v } WHERE { ?s <x:p> ?v }", {"v": ["nlst"]})
    store = ox.Store()
    store.load(b'<x:a> <x:p> "nlst" . <x:b> <x:p> "b" .', format=ox.RdfFormat.TURTLE)
    assert [str(triple) for triple in store.query(filled)] == ['<x:a> <x:q> "nlst"']  # type: ignore[union-attr]


def test_a_replaced_default_keeps_the_lines_that_errors_name() -> None:
    query = 'SELECT ?s {\n VALUES ?v {\n  "a"\n  "b"\n }\n ?s <x:p> ?v }'
    assert fill(query, {"v": ["c"]}).count("\n") == query.count("\n")


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT * { ?s ?p ?o }", "has no variable v"),
        ('SELECT * { ?s ?p "?v" } # ?v', "has no variable v"),
        ("SELECT * { SELECT ?v { ?s ?p ?v } }", "no outermost pattern"),
        ("CONSTRUCT WHERE { ?s ?p ?v }", "no outermost pattern"),
        ("DESCRIBE ?v", "no outermost pattern"),
        ("SELECT ?v", "no outermost pattern"),
    ],
)
def test_where_nothing_can_be_bound_it_is_said(query: str, reason: str) -> None:
    with pytest.raises(QueryError, match=reason) as refused:
        fill(query, {"v": ["x"]})
    assert refused.value.remedy and refused.value.where == "--set"


def test_the_parameters_of_a_query_are_the_variables_with_a_default() -> None:
    query = 'SELECT * { VALUES ?a { "x" } VALUES (?b ?c) { (1 2) } ?a ?d "VALUES ?e { 1 }" { VALUES $f {} } }'
    assert parameters(query) == ("a", "f")
