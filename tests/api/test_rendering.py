"""What pages are made with: addresses, numbers for people, tables of answers, the choice of what a facet shows."""

from __future__ import annotations

import pytest
from fastapi import Request

from api.dataset_page import paragraphs
from api.rendering import Addresses, amount, counted, day, is_web_address, size, web_addresses
from api.search import first_rows
from api.sparql.page import read_results, short_iri
from catalogue.facets import FacetCount


@pytest.mark.parametrize(
    ("scope", "up"),
    [
        ({"raw_path": b"/", "path": "/"}, "./"),
        ({"raw_path": b"/datasets", "path": "/datasets"}, "./"),
        ({"raw_path": b"/dataset/one/a%2Fb", "path": "/dataset/one/a/b"}, "../../"),
        ({"raw_path": b"/prefix/dataset/one/a", "path": "/prefix/dataset/one/a", "root_path": "/prefix"}, "../../"),
        ({"raw_path": b"/dataset/one/a", "path": "/dataset/one/a", "root_path": "/prefix"}, "../../"),
        ({"raw_path": None, "path": "/dataset/one/ü"}, "../../"),
    ],
)
def test_pages_find_the_root_from_any_depth(scope: dict[str, object], up: str) -> None:
    to = Addresses.of(Request({"type": "http", **scope}), "https://example.org/base")

    assert to.up == up
    assert to.iri("https://example.org/base/dataset/one/a%2Fb") == f"{up}dataset/one/a%2Fb"
    assert to.iri("https://example.org/based") == "https://example.org/based"
    assert to.iri("javascript:alert(1)") is None
    assert to.iri(None) is None


@pytest.mark.parametrize(
    "text", ["javascript:alert(1)", "data:text/html,x", "//host/x", "http:", "https://", "http://[", "x"]
)
def test_only_web_addresses_become_links(text: str) -> None:
    assert not is_web_address(text)


def test_addresses_in_text_are_found_without_the_full_stop() -> None:
    parts = web_addresses("See (https://doi.org/10.1/x), or https://a.example/b. End")

    assert [part.text for part in parts if part.marked] == ["https://doi.org/10.1/x", "https://a.example/b"]
    assert "".join(part.text for part in parts) == "See (https://doi.org/10.1/x), or https://a.example/b. End"


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (size(0), "0 bytes"), (size(999), "999 bytes"), (size(1000), "1 kB"), (size(183_000_000_000), "183 GB"),
        (size(999_999), "1 MB"), (size(None), ""),
        (amount(9999), "9,999"), (amount(86_362), "86.4k"), (amount(1_044_191), "1.04M"), (amount(999_999), "1M"),
        (counted(1, "study", "studies"), "1 study"), (counted(2000, "dataset"), "2,000 datasets"),
        (day("2021-04-10"), "10 April 2021"), (day("2021-04-10T10:00:00Z"), "10 April 2021"), (day("2021"), "2021"),
        (short_iri("http://purl.org/dc/terms/title"), "dct:title"), (short_iri("https://x.example/a"), "https://x.example/a"),
    ],
)  # fmt: skip
def test_numbers_and_names_for_people(shown: str, expected: str) -> None:
    assert shown == expected


def test_descriptions_keep_their_paragraphs() -> None:
    assert paragraphs("One.\n\n \nTwo\nlines.\n") == ["One.", "Two\nlines."]
    assert paragraphs("") == []


def test_results_are_cut_for_the_page_only() -> None:
    binding = {"x": {"type": "literal", "value": "y" * 1000}}
    answer = read_results({"head": {"vars": ["x", "unbound"]}, "results": {"bindings": [binding] * 600}})

    assert (answer.total, len(answer.rows), answer.cut) == (600, 500, True)
    first, unbound = answer.rows[0]
    assert first is not None
    assert len(first.text) == 401
    assert unbound is None
    assert read_results({"boolean": False}).boolean is False


def test_a_facet_shows_the_way_to_what_is_chosen_and_opens_what_tells_nothing() -> None:
    def row(key: str, count: int, depth: int, selected: bool = False) -> FacetCount:
        return FacetCount(key, key, count, depth, selected)

    tree = [row("body", 90, 0), row("trunk", 80, 1), row("chest", 20, 2), row("lung", 15, 3), row("head", 10, 1)]
    assert first_rows(tree) == ["body", "trunk", "chest", "head"]
    chosen = [*tree[:2], row("chest", 20, 2, selected=True), *tree[3:]]
    assert first_rows(chosen) == ["body", "trunk", "chest", "lung", "head"]
    assert len(first_rows([row(str(n), 1, 0) for n in range(50)])) == 12
