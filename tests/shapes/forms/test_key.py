from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import URIRef

from core.terms import DCAT, DCT, FOAF, PREFIXES
from shapes.forms.key import Key, Step, shown

local_names = st.from_regex(r"[a-z][A-Za-z]{0,9}", fullmatch=True)
prefixed = st.builds(lambda prefix, local: PREFIXES[prefix][local], st.sampled_from(sorted(PREFIXES)), local_names)
others = st.builds(lambda local: URIRef(f"https://example.org/{local}/x"), local_names)
predicates = prefixed | others
steps = st.lists(st.builds(Step, predicates, st.integers(1, 99)), min_size=1, max_size=8)


@given(steps, st.none() | st.sampled_from(["en", "de", "pt-br"]))
def test_a_key_is_read_as_it_is_written(steps: list[Step], language: str | None) -> None:
    key = Key(tuple(steps), language)
    assert Key.parse(str(key)) == key


def test_keys_as_people_write_them() -> None:
    assert Key.parse(" dct:title @EN ") == Key((Step(DCT.title),), "en")
    assert Key.parse("dcat:distribution[2]/dct:title@de") == Key((Step(DCAT.distribution, 2), Step(DCT.title)), "de")
    assert Key.parse("dct:publisher / foaf:name") == Key((Step(DCT.publisher), Step(FOAF.name)))
    assert shown(URIRef("https://example.org/a#b")) == "<https://example.org/a#b>"


@pytest.mark.parametrize(
    "text",
    ["", "title", "nowhere:title", "dct:title/", "dct:title@", "dct:title@e", "dct:title[0]", "/dct:title",
     "dct:title x:", "dct:title/title",
     "<no:i ri>", "<no>", "/".join(["dct:title"] * 9), "radiograph-form:eucaim/2.0", "#label"],
)  # fmt: skip
def test_what_is_no_key(text: str) -> None:
    assert Key.parse(text) is None
