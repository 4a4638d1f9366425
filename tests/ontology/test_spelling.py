from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontology.spelling import address, fold, normalise, without_side, without_unspecified, words


@given(st.text())
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(st.text())
def test_every_text_has_a_normal_form_without_ragged_spaces(text: str) -> None:
    normal = normalise(text)
    assert normal == " ".join(normal.split())
    assert words(without_unspecified(normal)) == words(words(without_unspecified(normal)))
    assert fold(fold(text)) == fold(text) or not text.isascii()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Non-Small Cell Lung Cancer", "non_small cell lung  cancers"),
        ("Wilms' Tumor", "Wilms Tumour"),
        ("Oesophageal Carcinoma", "esophageal carcinomas"),
        ("Acute Leukaemia", "acute leukemia"),
        ("Phaeochromocytoma", "Pheochromocytoma"),
        ("Head & Neck", "head and neck"),
        ("“Breast”", "breast."),
        ("Metastases", "metastasis"),
        ("Biopsies", "biopsy"),
        ("Adenocarcinoma, Not Otherwise Specified", "Adenocarcinoma NOS"),
        ("Waldenström", "Waldenstrom"),
    ],
)
def test_spellings_of_one_name_are_one(one: str, other: str) -> None:
    assert normalise(one) == normalise(other)


@pytest.mark.parametrize("word", ["pancreas", "uterus", "thymus", "pelvis", "series", "abscess", "fundus"])
def test_a_singular_that_ends_in_s_is_kept(word: str) -> None:
    assert normalise(word) == word


def test_word_order_and_fillers_do_not_matter_to_words() -> None:
    assert words(normalise("Cancer of the Lung")) == words(normalise("Lung cancer"))


@pytest.mark.parametrize(
    ("text", "bare"),
    [("Left Breast", "Breast"), ("bilateral kidneys", "kidneys"), ("left", "left"), ("Leftover", "Leftover")],
)
def test_a_side_is_taken_off_only_where_something_is_left(text: str, bare: str) -> None:
    assert without_side(text) == bare


@pytest.mark.parametrize(
    "text",
    [
        "http://www.creativecommons.org/licenses/by/4.0",
        "https://creativecommons.org/licenses/by/4.0/",
        " HTTPS://creativecommons.org/licenses/BY/4.0// ",
    ],
)
def test_forms_of_one_address_are_one(text: str) -> None:
    assert address(text) == "creativecommons.org/licenses/by/4.0"


@pytest.mark.parametrize("text", ["creativecommons.org", "ftp://x.org", "http://a b", ""])
def test_what_is_no_web_address_is_none(text: str) -> None:
    assert address(text) is None
