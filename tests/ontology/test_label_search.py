from __future__ import annotations

import pytest

from ontology.label_search import LabelIndex, label_index
from ontology.mapping_index import MappingIndex
from ontology.vocabulary import Vocabularies

LIVER = "https://w3id.org/radiograph/concept/anatomy/10200004"


@pytest.fixture(scope="module")
def index(vocabularies: Vocabularies) -> LabelIndex:
    return label_index(vocabularies)


@pytest.mark.parametrize(
    ("text", "scheme", "first", "kind"),
    [
        ("Liver", "anatomy", LIVER, "label"),
        ("  lIVER ", "anatomy", LIVER, "label"),
        ("hepatic", "anatomy", LIVER, "synonym"),
        ("LUAD", None, "https://w3id.org/radiograph/concept/cancer/LUAD", "code"),
        ("MONDO:0005061", None, "https://w3id.org/radiograph/concept/cancer/LUAD", "code"),
    ],
)
def test_a_concept_is_found_by_any_of_its_names(
    index: LabelIndex, text: str, scheme: str | None, first: str, kind: str
) -> None:
    hit = index.search(text, scheme=scheme)[0]
    assert (hit.concept.iri, hit.name.kind) == (first, kind)


def test_labels_of_other_languages_are_found_with_and_without_accents(
    index: LabelIndex, vocabularies: Vocabularies
) -> None:
    french = [one for one in vocabularies.schemes["country"].values() if "fr" in one.labels]
    accented = next(one for one in french if "é" in one.labels["fr"].casefold())
    label = accented.labels["fr"]
    for text in (label, label.replace("é", "e").replace("É", "E"), label.upper()):
        assert accented.iri in [hit.concept.iri for hit in index.search(text)]


def test_every_word_must_be_there_and_each_concept_comes_once(index: LabelIndex) -> None:
    hits = index.search("lung aden")
    assert hits and all("lung" in hit.name.text.casefold() and "aden" in hit.name.text.casefold() for hit in hits)
    assert len({hit.concept.iri for hit in hits}) == len(hits)
    assert {hit.concept.scheme for hit in index.search("lung", scheme="anatomy")} == {"anatomy"}


@pytest.mark.parametrize("text", ["", "  ", "--", "\0", "no concept is called this"])
def test_what_is_no_name_finds_nothing(index: LabelIndex, text: str) -> None:
    assert index.search(text) == []


def test_rows_of_mapping_sets_are_known_by_their_concept() -> None:
    index = MappingIndex.load()
    assert ("http://purl.obolibrary.org/obo/UBERON_0002107", "uberon") in {
        (row.object, row.source) for row in index.links(LIVER)
    }
    assert all(row.justification.startswith("https://w3id.org/semapv/vocab/") for row in index.texts(LIVER))
    assert "Liver Disease" in [row.object for row in index.texts(LIVER)]
    assert index.links("https://example.org/none") == index.texts("https://example.org/none") == ()
