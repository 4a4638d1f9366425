"""The shape of a query for the access log: never a word of a literal, whatever the text."""

from __future__ import annotations

import re

import pyoxigraph
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.sparql.shape import MAX_LENGTH, shape
from catalogue.examples import examples

QUERY = 'SELECT ?s { ?s ?p "Jane Roe" FILTER(?s != 424242) } # her data'


def test_a_query_that_was_read_is_shown_without_literals_and_comments() -> None:
    assert shape(QUERY, understood=True) == "SELECT ?s { ?s ?p … FILTER ( ?s ! = … ) }"
    assert shape("ASK { ?s <urn:p> '''a\nb'''@en }", understood=True) == "ASK { ?s <urn:p> … @en }"
    assert len(shape("ASK {" + " ?s" * MAX_LENGTH, understood=True)) == MAX_LENGTH


@pytest.mark.parametrize(
    "query",
    [
        'ASK { ?s <urn:p> "Jane Roe',
        "ASK { ?s <urn:p> 'Jane\nRoe' }",
        'ASK { ?s <urn:p> """Jane Roe',
        'ASK { ?s <urn:p> """x" Jane "\\q Roe """ }',
        'ASK { ?s <urn:p> Jane Roe" }',
        "ASK { ?s <urn:p> \N{LEFT DOUBLE QUOTATION MARK}Jane Roe\N{RIGHT DOUBLE QUOTATION MARK} }",
        "ASK { ?s <urn:p> `Jane Roe` }",
        "ASK { ?s <urn:p> <urn:it's'Jane'> }",
        "ASK { ?s <urn:p> ex:\\'Jane\\' }",
        'ASK { ?s <urn:p> "a "Jane" b" }',
        'ASK { ?s <urn:p> " ?Jane ASK " ?Roe " }',
    ],
)
def test_a_text_that_was_not_read_is_shown_up_to_its_first_quote(query: str) -> None:
    assert shape(query, understood=False) == "ASK { ?s <urn:p> …"


@pytest.mark.parametrize("query", [one.query for one in examples()], ids=[one.name for one in examples()])
def test_words_of_sparql_are_none_of_somebody(query: str) -> None:
    """All of a query without quotes is shown, read or not."""
    bare = re.sub(r"\"[^\"\n]*\"|#[^\n<>]*$", "7", query, flags=re.MULTILINE)
    assert shape(bare, understood=False) == shape(bare, understood=True)


TRAIL = [
    "ASK",
    "SELECT",
    "{",
    "}",
    "(",
    ")",
    "?s",
    "<urn:p>",
    "a",
    "FILTER",
    "<",
    ">=",
    ".",
    ";",
    ",",
    "@en",
    "^^",
    "1e3",
]
QUOTES = ['"', "'", '"""', "'''", "`", "\N{LEFT DOUBLE QUOTATION MARK}", "\N{RIGHT DOUBLE QUOTATION MARK}", "''", '""']
SECRETS = st.text("jroxw", min_size=3, max_size=8)
INSIDE = st.lists(
    st.one_of(SECRETS, SECRETS.map("?{}".format), SECRETS.map("<urn:{}>".format), SECRETS.map("ex:{}".format),
              st.sampled_from([" ", "\n", "\\", "\\q", "\\\"", "#", "<", ">", "{", "ASK", *QUOTES])),
    max_size=6,
).map("".join)  # fmt: skip


@given(
    before=st.lists(st.sampled_from(TRAIL), max_size=6),
    quote=st.sampled_from(QUOTES),
    after=INSIDE,
    space=st.sampled_from(["", " ", "\n"]),
)
@example(before=["ASK"], quote='"', after="xxx", space="")
def test_nothing_behind_a_quote_is_shown_of_a_text_that_was_not_read(
    before: list[str], quote: str, after: str, space: str
) -> None:
    text = space.join(before) + space + quote + after
    noted = shape(text, understood=False)
    assert not re.search("[jroxw]{3}", noted.replace("<urn:p>", ""))


@given(
    parts=st.lists(
        st.tuples(SECRETS, st.sampled_from(['"{}"', "'{}'", '"""{}"\n{}"""', "'''{}'{}'''", '"{}\\"{}"'])), max_size=5
    )
)
def test_no_literal_is_shown_of_a_query_that_was_read(parts: list[tuple[str, str]]) -> None:
    literals = " ".join(form.replace("{}", secret) for secret, form in parts)
    query = f"ASK {{ VALUES ?s {{ {literals} }} }}"
    pyoxigraph.Store().query(query)
    noted = shape(query, understood=True)
    assert noted == " ".join(["ASK { VALUES ?s {", *["…"] * len(parts), "} }"])


@given(st.text())
def test_any_text_has_a_shape(text: str) -> None:
    for understood in (True, False):
        assert len(shape(text, understood=understood)) <= MAX_LENGTH
