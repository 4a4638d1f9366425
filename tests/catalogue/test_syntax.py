"""The engine's syntax messages, as people read them."""

from __future__ import annotations

import pyoxigraph
import pytest

from catalogue.store.syntax import readable


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("SELECT * { ?s dct:title ?t }", "error at 1:24: a prefix is used that is not declared"),
        ("SELECT * {\n  ?s ?p }", "error at 2:"),
        ("SELECT ?x { } GROUP BY ?y", "The SELECT contains a variable that is unbound"),
    ],
)
def test_a_message_is_one_short_line_without_rules_of_the_grammar(query: str, said: str) -> None:
    with pytest.raises(SyntaxError) as refused:
        pyoxigraph.Store().query(query)
    message = readable(str(refused.value))
    assert said in message and "\n" not in message and "[" not in message and len(message) < 500


def test_many_alternatives_are_cut_with_a_sign() -> None:
    expected = ", ".join(f'"{letter}"' for letter in "abcdefghijklmnopqrstuvwxyz")
    assert readable(f"error at 1:1: expected one of {expected}").endswith('"l", …')
