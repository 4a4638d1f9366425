"""Looking up links finds what reading through all of them would."""

from __future__ import annotations

from catalogue.link_index import LinkIndex
from catalogue.links import DERIVED_FROM, SAME_DATASET, Link

LINKS = [
    Link("a", "b", SAME_DATASET, "accepted", 1.0, "shared-doi", "evidence"),
    Link("b", "c", DERIVED_FROM, "accepted", 1.0, "declared-by-source", "evidence"),
    Link("b", "b", DERIVED_FROM, "proposed", 0.5, "declared-by-source", "evidence"),
]


def test_links_are_found_by_either_end_once_and_in_order() -> None:
    index = LinkIndex(LINKS)
    assert index.of("a") == (LINKS[0],)
    assert index.of("b") == tuple(LINKS)
    assert index.of("nobody") == ()


def test_a_link_is_found_by_its_name() -> None:
    index = LinkIndex(LINKS)
    assert [index.named(link.digest) for link in LINKS] == LINKS
    assert index.named("0" * 24) is None


def test_it_is_the_links_in_their_order() -> None:
    index = LinkIndex(iter(LINKS))
    assert list(index) == LINKS
    assert len(index) == 3
    assert index[1:] == tuple(LINKS[1:])
