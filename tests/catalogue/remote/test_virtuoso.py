"""Which literals are escaped for Virtuoso; that they come back whole is shown on a real one by the contract."""

from __future__ import annotations

import pytest

from catalogue.remote.virtuoso import ESCAPE, escaped, has_long_iri, is_own_graph

XSD = "http://www.w3.org/2001/XMLSchema#"


@pytest.mark.parametrize(
    ("literal", "datatype"),
    [
        ("P1Y", "duration"),
        ("x", "integer"),
        ("12345678901234567890", "integer"),
        ("1234567890.123456", "decimal"),
        ("", "decimal"),
        ("TRUE", "boolean"),
        ("2026-01-01", "dateTime"),
        ("-0044-03-15", "date"),
        ("one", "double"),
    ],
)
def test_what_virtuoso_would_change_is_escaped(literal: str, datatype: str) -> None:
    line = f'<http://s> <http://p> "{literal}"^^<{XSD}{datatype}> .'
    assert escaped(line) == line.replace("^^<", f"^^<{ESCAPE}")
    assert escaped(line).replace(ESCAPE, "") == line


@pytest.mark.parametrize(
    "object_",
    [
        f'"-12"^^<{XSD}integer>',
        f'"12345.6789"^^<{XSD}decimal>',
        f'"1.5e3"^^<{XSD}double>',
        f'"2026-01-02T03:04:05Z"^^<{XSD}dateTime>',
        f'"2020"^^<{XSD}gYear>',
        '"x"^^<http://example.org/type>',
        f'"a \\"^^<{XSD}duration> ."',
        '"P1Y"@en',
        "<http://o>",
    ],
)
def test_everything_else_stays(object_: str) -> None:
    line = f"<http://s> <http://p> {object_} ."
    assert escaped(line) == line


def test_an_iri_that_would_be_cut_is_found() -> None:
    assert has_long_iri(f"<http://s> <http://p> <http://o/{'x' * 1800}> .")
    assert has_long_iri(f"<http://s/{'é' * 900}> <http://p> <http://o> .")
    assert not has_long_iri(f'<http://s> <http://p> "{"x" * 5000}" .')


def test_graphs_that_it_brings_itself() -> None:
    assert is_own_graph("http://www.openlinksw.com/schemas/virtrdf#") and is_own_graph("http://localhost:8890/sparql")
    assert not is_own_graph("https://catalogue.example.org/sparql/x")
