from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Literal, URIRef

from core.canonical import to_oxigraph
from core.terms import DCAT, EUCAIM, XSD
from ingest.form_cell import read_cell
from shapes.forms.code_list import CodeList, Entry
from shapes.forms.field import Field, Kind, Need

ORGANS = CodeList(
    "Organs",
    (
        Entry(EUCAIM.BP1, "BP1", "Ovary"),
        Entry(EUCAIM.BP2, "BP2", "Ovary"),
        Entry(EUCAIM.BP3, "BP3", "Liver"),
    ),
    closed=True,
)


def field(kind: Kind, datatype: URIRef | None = None, *, several: bool = True, codes: CodeList | None = None) -> Field:
    return Field(
        path=(DCAT.version,), section="", label="Field", help="", need=Need.OPTIONAL, condition="", several=several,
        kind=kind, language=None, datatype=datatype, classes=(), codes=codes, examples=("right",),
    )  # fmt: skip


def typed(text: str, datatype: URIRef) -> Literal:
    return Literal(text, datatype=datatype)


WHOLE, DECIMAL = field(Kind.WHOLE, XSD.nonNegativeInteger), field(Kind.DECIMAL, XSD.decimal)
BOOLEAN, DATE, LINK = field(Kind.BOOLEAN, XSD.boolean), field(Kind.DATE), field(Kind.LINK)
DURATION, CODES = field(Kind.TYPED, XSD.duration), field(Kind.LINK, codes=ORGANS)


@pytest.mark.parametrize(
    ("kind", "text", "term"),
    [
        (WHOLE, "20", typed("20", XSD.nonNegativeInteger)),
        (WHOLE, "1,200", typed("1200", XSD.nonNegativeInteger)),
        (DECIMAL, "0.0007", typed("0.0007", XSD.decimal)),
        (DECIMAL, "7e-05", typed("0.00007", XSD.decimal)),
        (DECIMAL, "0,5", typed("0.5", XSD.decimal)),
        (BOOLEAN, "Yes", typed("true", XSD.boolean)),
        (BOOLEAN, "FALSE", typed("false", XSD.boolean)),
        (DATE, "2024-03-31", typed("2024-03-31", XSD.date)),
        (DATE, "31.12.2024", typed("2024-12-31", XSD.date)),
        (DATE, "2024", typed("2024", XSD.gYear)),
        (DATE, "2024-03", typed("2024-03", XSD.gYearMonth)),
        (DATE, "2024-06-15T08:30:00Z", typed("2024-06-15T08:30:00Z", XSD.dateTime)),
        (DURATION, "P1D", typed("P1D", XSD.duration)),
        (LINK, "https://example.org/a b", URIRef("https://example.org/a%20b")),
        (LINK, "www.example.org/x", URIRef("https://www.example.org/x")),
        (LINK, "10.5281/zenodo.1", URIRef("https://doi.org/10.5281/zenodo.1")),
        (LINK, "data@example.org", URIRef("mailto:data@example.org")),
        (LINK, "mailto:data@example.org", URIRef("mailto:data@example.org")),
        (LINK, "eucaim:IMG1", EUCAIM.IMG1),
        (LINK, "urn:x:1", URIRef("urn:x:1")),
        (CODES, "Liver", EUCAIM.BP3),
        (CODES, "Ovary (BP2)", EUCAIM.BP2),
        (CODES, "eucaim:BP1", EUCAIM.BP1),
        (CODES, str(EUCAIM.BP9), EUCAIM.BP9),
    ],
)
def test_what_is_understood(kind: Field, text: str, term: object) -> None:
    read = read_cell(text, kind, None)
    assert [repr(one) for one in read.terms] == [repr(term)]
    assert not read.remarks


@pytest.mark.parametrize(
    ("kind", "text", "message", "remedy"),
    [
        (WHOLE, "about 20", "'about 20' is not a whole number", "write it like right"),
        (WHOLE, "-5", "not a whole number", "right"),
        (DECIMAL, "1,000", "not a decimal number", "right"),
        (BOOLEAN, "perhaps", "not a yes or no", "right"),
        (DATE, "03.04.2019", "not a date", "2024-03-31"),
        (DURATION, "a month", "not a value of its type", "right"),
        (LINK, "our web site", "is no web address", "https://"),
        (CODES, "Ovary", "is the name of 2 entries", "Ovary (BP1) or Ovary (BP2)"),
        (CODES, "Livre", "is not in the list Organs", "write Liver"),
        (CODES, "xyz", "is not in the list Organs", "choose from the list"),
    ],
)
def test_what_is_not_understood_stays_as_it_was_written_and_is_told(
    kind: Field, text: str, message: str, remedy: str
) -> None:
    read = read_cell(text, kind, None)
    assert read.terms == (Literal(text),)
    ((told, advice),) = read.remarks
    assert message in told and remedy in advice


def test_several_values_are_set_apart_by_a_bar() -> None:
    assert read_cell("lung | CT|| lung ", field(Kind.TEXT), "en").terms == (Literal("lung", "en"), Literal("CT", "en"))
    assert read_cell(r"a\|b", field(Kind.TEXT), None).terms == (Literal("a|b"),)
    assert read_cell("a | b", field(Kind.TEXT, several=False), None).terms == (Literal("a | b"),)
    assert len(read_cell("Liver | BP1", CODES, None).terms) == 2
    assert len(read_cell("2020 | 2021", field(Kind.DATE, several=False), None).terms) == 2, "shapes see both"


def test_a_column_that_the_form_does_not_have_loses_nothing() -> None:
    assert read_cell("https://example.org/ | a text", None, None).terms == (
        URIRef("https://example.org/"),
        Literal("a text"),
    )
    assert read_cell("https://example.org/", None, "de").terms == (Literal("https://example.org/", "de"),)


def test_a_formula_that_went_wrong_is_no_value() -> None:
    read = read_cell("#REF!", field(Kind.TEXT), None)
    assert not read.terms and read.remarks == (("the formula gives #REF!", "write the value itself"),)


@given(st.text(max_size=60), st.sampled_from([WHOLE, DECIMAL, BOOLEAN, DATE, LINK, DURATION, CODES, field(Kind.TEXT)]))
def test_whatever_is_in_a_cell_can_be_written_as_rdf(text: str, kind: Field) -> None:
    read = read_cell(text, kind, None)
    for term in read.terms:
        to_oxigraph(term)
    if text.strip() and not read.remarks and kind.kind is Kind.WHOLE:
        assert all(isinstance(term, Literal) and int(term) >= 0 for term in read.terms)
