"""Content negotiation: qualities, exactness, aliases, and headers nobody should send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.negotiation import (
    GRAPH_VARIANTS,
    HTML,
    JSONLD,
    NTRIPLES,
    RDFXML,
    RESULT_VARIANTS,
    RESULTS_CSV,
    RESULTS_JSON,
    RESULTS_XML,
    TURTLE,
    NotAcceptable,
    accepts,
    negotiate,
    parse_accept,
)

FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
PAGE = (HTML, *GRAPH_VARIANTS)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, HTML),
        ("", HTML),
        ("*/*", HTML),
        (FIREFOX, HTML),
        ("text/turtle", TURTLE),
        ("TEXT/Turtle ; charset=utf-8", TURTLE),
        ("text/turtle, */*;q=0.1", TURTLE),
        ("text/turtle, */*", TURTLE),
        ("text/turtle;q=0.5, application/ld+json", JSONLD),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#expanded, q=0"', JSONLD),
        ("application/*", NTRIPLES),
        ("application/rdf+xml, text/turtle", TURTLE),
        ("text/html;q=0, */*", TURTLE),
        ("text/html;q=0.2, application/rdf+xml;q=0.9, text/*;q=0.1", RDFXML),
        ("text/plain", NTRIPLES),
    ],
)
def test_the_best_liked_variant_wins(accept: str | None, expected: object) -> None:
    assert negotiate(accept, PAGE) is expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", RESULTS_JSON),
        ("application/sparql-results+json,application/json,text/javascript", RESULTS_JSON),
        ("application/json", RESULTS_JSON),
        ("application/xml", RESULTS_XML),
        ("text/csv;q=0.9, application/sparql-results+xml;q=0.8", RESULTS_CSV),
    ],
)
def test_results(accept: str, expected: object) -> None:
    assert negotiate(accept, RESULT_VARIANTS) is expected


@pytest.mark.parametrize("accept", ["image/png", "text/turtle;q=0", "*/*;q=0", "application/ld+json;q=banana"])
def test_what_cannot_be_served_is_refused_with_what_can(accept: str) -> None:
    with pytest.raises(NotAcceptable) as raised:
        negotiate(accept, [TURTLE, JSONLD] if "ld+json" not in accept else [JSONLD])
    assert "ask for" in str(raised.value)


def test_format_wins_over_the_header() -> None:
    assert negotiate(FIREFOX, PAGE, format="ttl") is TURTLE
    assert negotiate(FIREFOX, PAGE, format="application/rdf+xml") is RDFXML
    with pytest.raises(NotAcceptable, match="no format 'pdf'"):
        negotiate(None, PAGE, format="pdf")


def test_a_browser_is_told_by_what_it_names() -> None:
    assert accepts(FIREFOX, HTML)
    assert not accepts("*/*", HTML)
    assert not accepts("text/html;q=0", HTML)


@given(st.text(max_size=200))
def test_any_header_is_read_without_harm(accept: str) -> None:
    for media_range, quality in parse_accept(accept):
        assert media_range.count("/") == 1
        assert 0.0 <= quality <= 1.0


@given(st.lists(st.sampled_from([v.media_type for v in PAGE]), min_size=1), st.sampled_from([" ", "", "\t"]))
def test_the_answer_is_always_one_the_client_named(names: list[str], space: str) -> None:
    accept = f",{space}".join(names)
    assert negotiate(accept, PAGE).media_type in names
