"""Tokens and declarations: what IRIs, names and strings of a query stand for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib.plugins.sparql.parser import parseQuery

from catalogue.store.tokens import Declarations, Token, string_value, tokens, unescape

DECLARED = Declarations("http://x/a/b?q", {"e": "http://e/", "": "http://y/z#"})


def one(text: str) -> Token:
    (token,) = tokens(text)
    return token


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        ("<http://other/>", "http://other/"),
        ("<>", "http://x/a/b?q"),
        ("<c>", "http://x/a/c"),
        ("<../c#>", "http://x/c#"),
        ("<#f>", "http://x/a/b?q#f"),
        ("<//h/p>", "http://h/p"),
        ("<urn:a:b>", "urn:a:b"),
        (r"<\u0063>", "http://x/a/c"),
        ("e:", "http://e/"),
        (r"e:a\-b\/%2Fc.d", "http://e/a-b/%2Fc.d"),
        (":a:b", "http://y/z#a:b"),
        ("e:e\u0301te\u203fb\u00b7", "http://e/e\u0301te\u203fb\u00b7"),
        ("e:\u0939\u093f\u0928\u094d", "http://e/\u0939\u093f\u0928\u094d"),
        ("f:a", None),
        ("?e", None),
        ('"e:a"', None),
    ],
)
def test_what_a_token_names(text: str, iri: str | None) -> None:
    assert DECLARED.iri(one(text)) == iri


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("?e\u0301t\u00b7e", ["variable"]),
        ("_:a\u2040b\u200d.", ["blank", "other"]),
        ("\u0928\u093f:a", ["name"]),
        ("?\u0301a", ["other", "other", "word"]),
    ],
)
def test_letters_of_all_scripts_and_their_marks(text: str, kinds: list[str]) -> None:
    assert [token.kind for token in tokens(text)] == kinds


def test_declarations_go_with_a_query_to_another_place() -> None:
    declared = Declarations("", {"e": "rel#", "f": "http://f/"}).within("http://x/sparql")
    assert declared.text() == "BASE <http://x/sparql>\nPREFIX e: <http://x/rel#>\nPREFIX f: <http://f/>\n"
    assert DECLARED.within("http://other/") is DECLARED
    parseQuery(declared.text() + "ASK { <a> e:b f:c }")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("''", ""), ('""', ""), ('""""""', ""), ("'''it's'''", "it's"), (r'"a\"b\\n\n\t"', 'a"b\\n\n\t'),
        (r"'\u0041\U00000042'", "AB"), ('"""a"b\n""c"""', 'a"b\n""c'), (r'"\\u0041"', "\\u0041"),
    ],
)  # fmt: skip
def test_what_a_string_says(text: str, value: str) -> None:
    assert string_value(one(text)) == value


@given(st.text(alphabet="aé\"'\\u0041nt{}<>#? :@.\n1", max_size=40))
def test_tokens_are_the_text_without_its_gaps(text: str) -> None:
    done = 0
    for token in tokens(text):
        assert text[token.start : token.end] == token.text and token.start >= done
        gap = text[done : token.start]
        assert not gap.strip() or "#" in gap
        done = token.end
    assert unescape(text.replace("\\", "")) == text.replace("\\", "")
