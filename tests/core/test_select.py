"""The variables of a SELECT."""

from __future__ import annotations

import pytest

from core.select import selected


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT ?a (1 AS ?b) { ?a ?p ?o }", {"a", "b"}),
        ("SELECT * { ?s ?p ?o }", {"s", "p", "o"}),
        ("ASK {}", set()),
        ("CONSTRUCT WHERE { ?s ?p ?o }", set()),
    ],
)
def test_what_a_query_gives(query: str, names: set[str]) -> None:
    assert selected(query) == names


def test_what_is_no_query_is_said_so() -> None:
    with pytest.raises(SyntaxError):
        selected("SELECT ?a {")
