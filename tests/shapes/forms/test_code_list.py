from __future__ import annotations

from collections import Counter

import pytest
from rdflib import URIRef

from core.terms import ACCESS_RIGHT, DCAT, DCT, EUCAIM, HEALTHDCATAP
from shapes.forms.code_list import CodeList, Entry
from tests.shapes.forms.conftest import MakeForm

LIST = CodeList(
    "Organs",
    (
        Entry(URIRef("https://example.org/o#1"), "O1", "Ovary", ("Ovarium",)),
        Entry(URIRef("https://example.org/o#2"), "O2", "Ovary"),
        Entry(URIRef(str(EUCAIM.BP1)), "BP1", "Liver", ("Leber", "O1")),
    ),
    closed=True,
)


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Liver", ["BP1"]),
        ("  liver ", ["BP1"]),
        ("Leber", ["BP1"]),
        ("bp1", ["BP1"]),
        ("Liver (BP1)", ["BP1"]),
        (str(EUCAIM.BP1), ["BP1"]),
        ("eucaim:BP1", ["BP1"]),
        ("Ovary (O2)", ["O2"]),
        ("https://example.org/o#1", ["O1"]),
        ("O1", ["O1"]),
        ("Ovary", ["O1", "O2"]),
        ("Ovarium", ["O1"]),
        ("Heart", []),
        ("", []),
    ],
)
def test_what_a_cell_means(text: str, codes: list[str]) -> None:
    assert [entry.code for entry in LIST.find(text)] == codes


def test_a_code_is_shown_where_labels_do_not_tell_entries_apart() -> None:
    assert list(LIST.shown.values()) == ["Ovary (O1)", "Ovary (O2)", "Liver"]


@pytest.mark.parametrize("profile", ["dcat-ap", "healthdcat-ap", "eucaim"])
def test_what_a_drop_down_shows_means_one_entry(form: MakeForm, profile: str) -> None:
    for codes in {field.codes for field in form(profile).fields if field.codes is not None}:
        assert max(Counter(codes.shown.values()).values()) == 1
        for entry in codes.entries:
            assert codes.find(codes.shown[entry.iri]) == (entry,), entry
            assert codes.find(str(entry.iri)) == (entry,)
            assert entry in codes.find(entry.code)


def test_lists_are_those_that_the_shapes_name(form: MakeForm) -> None:
    made = form("eucaim")
    lists = {field.path: field.codes for field in made.fields}
    access, modality = lists[(DCT.accessRights,)], lists[(EUCAIM.hasImageModality,)]
    manufacturer = lists[(EUCAIM.hasEquipmentManufacturer,)]
    assert access is not None and {entry.iri for entry in access.entries} == {
        ACCESS_RIGHT.PUBLIC,
        ACCESS_RIGHT.RESTRICTED,
        ACCESS_RIGHT.NON_PUBLIC,
    }
    assert modality is not None and manufacturer is not None
    assert not set(modality.entries) & set(manufacturer.entries)
    assert len(modality.find("Magnetic resonance imaging")) == 2
    assert lists[(DCT.title,)] is None


def test_long_lists_stand_in_the_order_of_their_labels(form: MakeForm) -> None:
    field = form("healthdcat-ap").field((DCT.spatial,))
    assert field is not None and field.codes is not None
    labels = [entry.label.casefold() for entry in field.codes.entries]
    assert len(labels) > 100 and labels == sorted(labels)


def test_a_list_that_only_suggests_is_open(form: MakeForm) -> None:
    licence = form("dcat-ap").field((DCAT.distribution, DCT.license))
    theme = form("healthdcat-ap").field((HEALTHDCATAP.healthCategory,))
    assert licence is not None and licence.codes is not None and not licence.codes.closed
    assert theme is not None and theme.codes is not None and theme.codes.closed
