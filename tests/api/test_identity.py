"""Finding datasets by identifier: every spelling leads to the same key, and what is not an identifier leads nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from api.identity import IdentityIndex, identity_key
from catalogue.ledger import Ledger

if TYPE_CHECKING:
    from tests.api.conftest import PublishedCatalogue

suffixes = st.text("abcXYZ0189./-_()", min_size=1, max_size=15).filter(lambda text: text.rstrip(".,;") == text)


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


def test_an_index_follows_the_release(published: PublishedCatalogue) -> None:
    index = IdentityIndex()
    withdrawn = "https://catalogue.example.org/dataset/other/withdrawn"
    with Ledger.open(published.settings, read_only=True) as ledger:
        assert index.find("withdrawn", ledger, 1) == (withdrawn,)
        assert index.find("withdrawn", ledger, 2) == ()
        assert index.find(withdrawn, ledger, 1) == (withdrawn,)
        assert index.find("10.5281/zenodo.999", ledger, 1) == ()
