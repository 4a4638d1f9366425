from __future__ import annotations

import html
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.prose import plain_line, plain_text, writable


def test_markup_goes_and_text_that_looks_like_it_stays() -> None:
    text = "Roe, R., &amp; Doe (2020). <i>Images</i> of 18F<sup>*</sup> (< 18 years, a<b, x > y) <br/>p<0.05"
    assert plain_line(text) == "Roe, R., & Doe (2020). Images of 18F* (< 18 years, a<b, x > y) p<0.05"


def test_entities_are_resolved_once() -> None:
    assert plain_text("write &lt;b&gt; as &amp;lt;b&amp;gt;") == "write <b> as &lt;b&gt;"


def test_scripts_styles_and_comments_are_not_text() -> None:
    assert plain_text("a<script>alert('<b>')</script><!-- b --> <STYLE type='x'>p {}</style>c") == "a c"


def test_hard_wraps_are_joined_and_paragraphs_kept() -> None:
    full = "x" * 60 + " and " + "y" * 30 + " end."  # the next word would not fit in 100 columns
    text = f"{full}\nNext sentence of the same paragraph.\n A new one.\nPlease see the\n page\nto learn more."
    assert plain_text(text) == (
        f"{full} Next sentence of the same paragraph.\n\nA new one.\n\nPlease see the page to learn more."
    )


@pytest.mark.parametrize("mark", ["<p>", "</p>", "<br>", "<BR />", "\n\n", "\r\n\r\n", "<li>"])
def test_what_ends_a_paragraph(mark: str) -> None:
    assert plain_text(f"one{mark}two") == "one\n\ntwo"


@given(st.text())
def test_any_text_becomes_clean_text(text: str) -> None:
    clean = plain_text(text)
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} for c in clean.replace("\n", ""))
    assert "  " not in clean and "\n\n\n" not in clean and clean == clean.strip()
    clean.encode()  # raises where a lone surrogate is left
    assert plain_line(text) == " ".join(clean.split())


@given(st.lists(st.text("abcßéあ中0.,<>&;", min_size=1), min_size=1))
def test_escaped_words_come_back(words: list[str]) -> None:
    assert plain_text(" ".join(html.escape(word) for word in words)).split() == words


@given(st.text(st.characters(codec="utf-8")))
def test_writable_text_fits_into_xml(text: str) -> None:
    element = ElementTree.Element("e")
    element.text = writable(text)
    read = ElementTree.fromstring(ElementTree.tostring(element, encoding="unicode")).text or ""
    assert read == writable(text).replace("\r\n", "\n").replace("\r", "\n")
    assert not text.isprintable() or writable(text) == text.strip()
