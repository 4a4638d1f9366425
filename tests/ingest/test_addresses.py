from __future__ import annotations

from urllib.parse import unquote

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.addresses import doi_address, web_address


@pytest.mark.parametrize(
    ("text", "iri"),
    [
        ("https://example.org/a?b=c#d", "https://example.org/a?b=c#d"),
        (" http://example.org ", "http://example.org"),
        ("https://example.org/a b/{c}", "https://example.org/a%20b/%7Bc%7D"),
        ("https://example.org/50%/x%20y", "https://example.org/50%25/x%20y"),
        ("https://example.org/a#b#c", "https://example.org/a#b%23c"),
        ("https://example.org?q=[1]", "https://example.org?q=%5B1%5D"),
        ("https://example.org/größe", "https://example.org/größe"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("HTTPS://example.org/A", "https://example.org/A"),
        ("10.7937/K9/TCIA.2016.ELN8YGLE", "https://doi.org/10.7937/k9/tcia.2016.eln8ygle"),
        ("doi:10.1000/a<b>#c", "https://doi.org/10.1000/a%3Cb%3E%23c"),
    ],
)
def test_usable_addresses(text: str, iri: str) -> None:
    address = web_address(text)
    assert str(address.iri) == iri
    assert (address.remark is None) == (iri == text.strip() or "doi.org" in iri)


@pytest.mark.parametrize(
    "text",
    [
        "", "example.org", "www.example.org/a", "/relative", "javascript:alert(1)", "ftp://example.org/", "https://",
        "https:///path", "https://exa mple.org/", "https://user:secret@example.org/", "https://example.org:port/",
        "https://example.org:99999/", "https://exam<ple>.org/", "http://[::1/", "https://example.org/\x00",
        "https://example.org/\ud800", "see https://example.org", "https://a..b/", f"https://example.org/{'a' * 3000}",
    ],
)  # fmt: skip
def test_unusable_addresses_are_refused_with_a_reason(text: str) -> None:
    address = web_address(text)
    assert address.iri is None
    assert address.remark


@given(st.text() | st.text().map("https://example.org/".__add__) | st.from_regex(r"https?://[^/]*/.*"))
def test_whatever_is_accepted_is_an_iri_that_mends_to_itself(text: str) -> None:
    address = web_address(text)
    if address.iri is None:
        assert address.remark
        return
    pyoxigraph.NamedNode(str(address.iri))
    assert str(address.iri).startswith(("http://", "https://"))
    assert web_address(str(address.iri)).iri == address.iri


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc", "Z")), min_size=1))
def test_doi_addresses_keep_the_doi(suffix: str) -> None:
    doi = f"10.1234/{suffix}".lower()
    assert unquote(doi_address(doi).removeprefix("https://doi.org/")) == doi
