"""Finding datasets by identifier: every spelling leads to the same key, and what is not an identifier leads nowhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.description import StoredDescription
from catalogue.identities import IDENTITIES, Identities, IdentityFile, identifiers_of, identity_key
from core.errors import ReleaseError

suffixes = st.text("abcXYZ0189./-_()", min_size=1, max_size=15).filter(lambda text: text.rstrip(".,;") == text)

IRI = "https://catalogue.example.org/dataset/one/a"
STATED = f"""<{IRI}> <http://purl.org/dc/terms/identifier> "https://doi.org/10.1234/ABC" .
<{IRI}> <http://www.w3.org/ns/adms#identifier> <{IRI}#identifier-1> .
<{IRI}> <http://www.w3.org/ns/adms#identifier> <https://pid.example.org/7> .
<{IRI}#identifier-1> <http://www.w3.org/2004/02/skos/core#notation> "LIDC-IDRI" .
"""
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
DESCRIPTION = StoredDescription(
    IRI, "one", "a", 1, STATED.encode(), "", (), MOMENT, MOMENT, source_iri="https://source.example.org/a"
)


@given(suffixes)
def test_all_spellings_of_a_doi_have_one_key(suffix: str) -> None:
    doi = f"10.1234/{suffix}"
    spellings = [doi, doi.upper(), f"https://doi.org/{doi}", f"http://dx.doi.org/{doi}", f"doi:{doi}", f"  {doi} "]
    assert {identity_key(spelling) for spelling in spellings} == {doi.lower()}


@given(st.text(max_size=30))
def test_the_key_of_a_key_is_itself(text: str) -> None:
    assert identity_key(identity_key(text)) == identity_key(text)


def test_other_identifiers_keep_their_case() -> None:
    assert identity_key("LIDC-IDRI") != identity_key("lidc-idri")


def test_every_identifier_of_a_description_is_read() -> None:
    assert sorted(identifiers_of(DESCRIPTION)) == [
        "LIDC-IDRI",
        IRI,
        "https://doi.org/10.1234/ABC",
        "https://pid.example.org/7",
        "https://source.example.org/a",
    ]


def test_a_dataset_is_found_under_each_of_them(tmp_path: Path) -> None:
    folder = tmp_path / "a folder? with %20 #in its name"
    folder.mkdir()
    other = replace(DESCRIPTION, iri=IRI.replace("/a", "/b"), source_iri=None)
    with IdentityFile(folder) as file:
        file.add(DESCRIPTION)
        file.add(other)
    index = Identities(folder)
    for identifier in ("doi:10.1234/abc", " 10.1234/ABC ", "https://source.example.org/a", IRI):
        assert IRI in index.find(identifier)
    assert index.find("https://source.example.org/a") == (IRI,)
    assert index.find("10.1234/abc") == (IRI,)
    assert index.find("10.9999/other") == index.find("' OR 1=1 --") == ()


def test_two_datasets_may_share_an_identifier(tmp_path: Path) -> None:
    other = replace(DESCRIPTION, iri=IRI.replace("/a", "/0"), ntriples=STATED.replace("/one/a>", "/one/0>").encode())
    with IdentityFile(tmp_path) as file:
        file.add(DESCRIPTION)
        file.add(other)
    assert Identities(tmp_path).find("10.1234/abc") == (other.iri, IRI)


def test_a_missing_or_damaged_index_is_an_error_and_no_empty_answer(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="identifiers of the release"):
        Identities(tmp_path).find("x")
    (tmp_path / IDENTITIES).write_bytes(b"no database" * 100)
    with pytest.raises(ReleaseError, match="identifiers of the release"):
        Identities(tmp_path).find("x")
