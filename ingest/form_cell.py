"""What a cell of a form means: the terms of its field, and what a person should know where it is not clear.

Nothing is dropped. A text that cannot be read as its field wants stays as a text, so that validation finds it at its
cell.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pyoxigraph import NamedNode
from rdflib import Literal, URIRef

from core.identifiers import normalise_doi
from core.terms import PREFIXES
from ingest.addresses import web_address
from ingest.dates import date_literal
from ingest.prose import writable
from ingest.sources.cell import calendar_date, count
from shapes.forms.code_list import CodeList
from shapes.forms.field import Field, Kind

_SEPARATOR = re.compile(r"(?<!\\)\|")
_EMAIL = re.compile(r"(?:mailto:)?([^\s@<>\"/:|\\^`{}]+@[\w-]+(?:\.[\w-]+)+)", re.IGNORECASE)
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")
_PREFIXED = re.compile(r"([a-z][a-z0-9]*):([\w.-]+)")
_BOOLEANS = {"yes": "true", "true": "true", "1": "true", "no": "false", "false": "false", "0": "false"}
#: What a spreadsheet program shows of a formula that went wrong.
_ERRORS = frozenset(("#REF!", "#N/A", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!"))
#: Of several numbers apart by a comma nobody knows whether it is the decimal one.
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class ReadCell:
    """The terms of a cell, and a message with its remedy for each part that was not understood."""

    terms: tuple[URIRef | Literal, ...]
    remarks: tuple[tuple[str, str], ...] = ()


def read_cell(text: str, field: Field | None, language: str | None) -> ReadCell:
    """Read a cell; without a field (a column that the form does not have) an address is a link and all else text."""
    if text.strip() in _ERRORS:
        return ReadCell((), ((f"the formula gives {text.strip()}", "write the value itself"),))
    terms: list[URIRef | Literal] = []
    remarks: list[tuple[str, str]] = []
    for part in _parts(text, field):
        term, remark = _read(part, field, language)
        terms.append(term)
        if remark is not None:
            remarks.append(remark)
    return ReadCell(tuple(dict.fromkeys(terms)), tuple(remarks))


def _parts(text: str, field: Field | None) -> list[str]:
    """The values of a cell; a text that can be only one is whole."""
    single_text = field is not None and not field.several and field.kind in (Kind.TEXT, Kind.TYPED)
    parts = [text] if single_text else _SEPARATOR.split(text)
    return [part for raw in parts if (part := writable(raw.replace("\\|", "|")))]


def _read(text: str, field: Field | None, language: str | None) -> tuple[URIRef | Literal, tuple[str, str] | None]:
    if field is None:
        link = _link(text)
        return (link if link is not None and not language else Literal(text, lang=language)), None
    if field.codes is not None:
        return _code(text, field.codes)
    if field.kind is Kind.TEXT:
        return Literal(text, lang=language), None
    if field.kind is Kind.LINK:
        link = _link(text)
        remark = None if link else (f"{_short(text)} is no web address", "write it as https://…")
        return (link or Literal(text)), remark
    return _typed(text, field)


def _code(text: str, codes: CodeList) -> tuple[URIRef | Literal, tuple[str, str] | None]:
    """The entry that is meant; an address that is no entry stays an address."""
    found = codes.find(text)
    if len(found) == 1:
        return found[0].iri, None
    if len(found) > 1:
        names = " or ".join(f"{entry.label} ({entry.code})" for entry in found[:4])
        return Literal(text), (f"{_short(text)} is the name of {len(found)} entries", f"write {names}")
    link = _link(text)
    if link is not None:
        return link, None
    near = difflib.get_close_matches(text, codes.shown.values(), n=2, cutoff=0.5)
    advice = f"write {' or '.join(near)}, or choose from the list" if near else "choose from the list"
    return Literal(text), (f"{_short(text)} is not in the list {codes.title}", advice)


def _link(text: str) -> URIRef | None:
    """The address, e-mail address, DOI or prefixed name in a text."""
    if found := _EMAIL.fullmatch(text):
        return URIRef(f"mailto:{found[1]}")
    if (found := _PREFIXED.fullmatch(text)) and found[1] in PREFIXES:
        return PREFIXES[found[1]][found[2]]
    if text.lower().startswith(("http://", "https://", "www.")) or normalise_doi(text):
        return web_address(f"https://{text}" if text.lower().startswith("www.") else text).iri
    if not _IRI.fullmatch(text):
        return None
    try:
        return URIRef(NamedNode(text).value)
    except ValueError:
        return None


def _typed(text: str, field: Field) -> tuple[URIRef | Literal, tuple[str, str] | None]:
    wrong = (f"{_short(text)} is not a {field.kind.value}", "correct the cell")
    if field.kind is Kind.DATE:
        found = date_literal(text) or date_literal(calendar_date(text) or "")
        return (found, None) if found is not None else (Literal(text), (wrong[0], "write it as 2024-03-31"))
    if field.kind is Kind.BOOLEAN:
        lexical = _BOOLEANS.get(text.casefold())
    elif field.kind is Kind.WHOLE:
        lexical = count(text)
    elif field.kind is Kind.DECIMAL:
        lexical = _decimal(text)
    else:
        lexical = text
    if lexical is not None:
        literal = Literal(lexical, datatype=field.datatype)
        if literal.ill_typed is not True:
            return literal, None
    kind = "value of its type" if field.kind is Kind.TYPED else field.kind.value
    example = f"write it like {field.examples[0]}" if field.examples else "correct the cell"
    return Literal(text), (f"{_short(text)} is not a {kind}", example)


def _decimal(text: str) -> str | None:
    """A number as ``xsd:decimal`` writes it, without an exponent; 1,000 may be one or a thousand, so it is none."""
    if not _NUMBER.fullmatch(text) or re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", text):
        return None
    try:
        number = Decimal(text.replace(",", "."))
    except InvalidOperation:
        return None
    return f"{number:f}" if abs(number.adjusted()) < 30 else None


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
