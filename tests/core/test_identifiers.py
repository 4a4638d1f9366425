"""Identifiers: what is minted can be read back, is unambiguous, and nobody can speak under another's IRI."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.errors import IdentifierError
from core.identifiers import Identifiers, harvested_key, normalise_doi

IDS = Identifiers("https://catalogue.example.org/base/")
repositories = st.from_regex(r"[a-z][a-z0-9_-]{0,20}", fullmatch=True)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
    lambda name: name.strip() not in {"", ".", ".."}
)


@given(repositories, names)
def test_a_dataset_iri_is_read_back(repository: str, name: str) -> None:
    iri = IDS.dataset(repository, name)
    again, identifier = IDS.parse_dataset(iri)
    assert (again, identifier) == (repository, unicodedata.normalize("NFC", name.strip()))
    assert IDS.dataset(again, identifier) == iri


@given(repositories, names)
def test_iris_are_ascii_with_one_segment_for_the_identifier(repository: str, name: str) -> None:
    iri = IDS.dataset(repository, name)
    assert iri.isascii()
    assert iri.count("/") == 6
    assert not set(iri) & set(' <>"{}|\\^`?#')


@given(repositories, names, names)
def test_different_identifiers_have_different_iris(repository: str, one: str, two: str) -> None:
    assume(unicodedata.normalize("NFC", one.strip()) != unicodedata.normalize("NFC", two.strip()))
    assert IDS.dataset(repository, one) != IDS.dataset(repository, two)


def test_composed_and_decomposed_letters_are_one_identifier() -> None:
    assert IDS.dataset("r", "ä") == IDS.dataset("r", "a\u0308")


@pytest.mark.parametrize("name", ["", "  ", ".", "..", "a\nb", "a\x00b", "a\x7fb"])
def test_unusable_identifiers_are_refused(name: str) -> None:
    with pytest.raises(IdentifierError, match="identifier"):
        IDS.dataset("idc", name)


@pytest.mark.parametrize("repository", ["", "IDC", "1idc", "a/b", "a b", "é", "a" * 64, "a\n"])
def test_unusable_repository_keys_are_refused(repository: str) -> None:
    with pytest.raises(IdentifierError, match="repository key"):
        IDS.dataset(repository, "x")


@pytest.mark.parametrize(
    "base",
    ["", "catalogue.example.org", "ftp://x.org", "https://", "https://x.org/?a", "https://x.org/#a", "mailto:a@b"],
)
def test_a_base_must_be_a_web_address(base: str) -> None:
    with pytest.raises(IdentifierError, match="base IRI"):
        Identifiers(base)


@pytest.mark.parametrize(
    "iri",
    [
        "https://catalogue.example.org/base/dataset/idc",
        "https://catalogue.example.org/base/dataset/idc/",
        "https://catalogue.example.org/base/dataset/idc/a/b",
        "https://catalogue.example.org/base/dataset/idc/a#b",
        "https://catalogue.example.org/base/dataset/IDC/a",
        "https://catalogue.example.org/base/record/idc/a",
        "https://catalogue.example.org/dataset/idc/a",
        "https://catalogue.example.org.evil.net/base/dataset/idc/a",
    ],
)
def test_what_is_no_dataset_of_ours_is_refused(iri: str) -> None:
    with pytest.raises(IdentifierError, match="not a dataset"):
        IDS.parse_dataset(iri)


def test_a_description_owns_its_nodes_distributions_and_record() -> None:
    dataset = IDS.dataset("idc", "a/b c")
    owned = [
        dataset,
        f"{dataset}#strata",
        IDS.record("idc", "a/b c"),
        f"{IDS.record('idc', 'a/b c')}#x",
        IDS.distribution("idc", "a/b c", "d"),
    ]
    assert all(IDS.owns(dataset, iri) for iri in owned)


@pytest.mark.parametrize(
    "iri",
    [
        "https://catalogue.example.org/base/dataset/idc/ab",
        "https://catalogue.example.org/base/dataset/idc/a/b",
        "https://catalogue.example.org/base/dataset/other/a",
        "https://catalogue.example.org/base/distribution/idc/ab/d",
        "https://catalogue.example.org/base/distribution/idc/a",
        "https://catalogue.example.org/base/distribution/idc/a/",
        "https://catalogue.example.org/base/record/idc/ab",
        "https://catalogue.example.org/base/agent/idc/publisher",
        "https://catalogue.example.org/base/catalogue/idc",
        "https://w3id.org/radiograph/concept/cancer/LUNG",
    ],
)
def test_a_description_owns_nothing_else(iri: str) -> None:
    assert not IDS.owns(IDS.dataset("idc", "a"), iri)


@given(repositories, names, repositories, names)
def test_no_description_owns_anothers_dataset(one: str, first: str, two: str, second: str) -> None:
    mine, other = IDS.dataset(one, first), IDS.dataset(two, second)
    assert IDS.owns(mine, other) == (mine == other)
    assert IDS.owns(mine, IDS.distribution(two, second, "d")) == (mine == other)


@pytest.mark.parametrize(
    "text",
    [
        "10.7937/K9/TCIA.2015.LO9QL9SX",
        " 10.7937/k9/tcia.2015.lo9ql9sx ",
        "doi:10.7937/K9/TCIA.2015.LO9QL9SX",
        "DOI: 10.7937/K9/TCIA.2015.LO9QL9SX",
        "https://doi.org/10.7937/K9/TCIA.2015.LO9QL9SX",
        "http://dx.doi.org/10.7937/k9/TCIA.2015.LO9QL9SX.",
        "HTTPS://DOI.ORG/10.7937/K9/TCIA.2015.LO9QL9SX",
    ],
)
def test_spellings_of_a_doi(text: str) -> None:
    assert normalise_doi(text) == "10.7937/k9/tcia.2015.lo9ql9sx"


@pytest.mark.parametrize(
    "text", ["", "lidc", "10.1/x", "10.12345", "https://example.org/10.1234/x", "see 10.1234/x", "10.1234/ x"]
)
def test_what_is_no_doi(text: str) -> None:
    assert normalise_doi(text) is None


@given(st.text(max_size=60))
def test_normalising_a_doi_twice_changes_nothing(text: str) -> None:
    doi = normalise_doi(text)
    assert doi is None or normalise_doi(doi) == doi


def test_the_key_of_data_europa_eu() -> None:
    assert harvested_key("https://doi.org/10.1234/A%20B") == "https-doi-org-10-1234-a20b"
    assert harvested_key("Ä b") == harvested_key("a\u0308 B") == "a-b"
