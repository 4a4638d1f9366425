"""Recognises a form in a table, whatever stewards and spreadsheet programs did to it, and finds its columns and rows.

The mark in the first cell, ``radiograph-form:PROFILE/RELEASE``, names the form. Rows of guidance begin with ``#`` in
the column of the mark. Where both are gone, the names of the columns still tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from openpyxl.utils import get_column_letter
from rdflib import URIRef

from core.terms import DCT
from ingest.sources.spreadsheet import MAX_COLUMNS, Row, Sheet, parse_sheet
from ingest.sources.workbook import is_workbook, sheet_names, worksheet_rows
from shapes.forms.field import MARK, Field, Form
from shapes.forms.key import Key
from shapes.forms.table import GUIDANCE, guidance

#: Sheets that are looked through for a form.
_MAX_SHEETS = 12
#: So much of a row without a mark must be text of the form for the row to be guidance.
_ALIKE = 0.5
#: A first row is not longer than this.
_FIRST_LINE = 65536
_TABLES = (".csv", ".tsv", ".xlsx", ".xlsm")


@dataclass(frozen=True, slots=True)
class Mark:
    """The profile and the release that a form says it is of, and the access level it was made for."""

    profile: str
    release: str
    level: str = ""


@dataclass(frozen=True, slots=True)
class FormSheet:
    """A table that is a form. ``mark`` is None where that is gone, ``name`` where the sheet is the first."""

    sheet: Sheet
    mark: Mark | None
    mark_column: int | None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read: where it stands, its key, and the field of the form, where it has one."""

    index: int
    key: Key
    field: Field | None
    title: str


def could_be_form(data: bytes, suffix: str) -> bool:
    """Whether it is worth looking for a form in the data."""
    return is_workbook(data) or suffix.lower() in _TABLES or MARK.encode() in data[:_FIRST_LINE].split(b"\n", 1)[0]


def find_form(data: bytes, name: str, encoding: str | None = None) -> FormSheet | None:
    """The form in a file: its table, or in a workbook the first sheet that is one; None where there is none.

    Raises:
        InputError: it is damaged, or the table of the form cannot be read (:mod:`ingest.sources.spreadsheet`).
    """
    if not is_workbook(data):
        start = data[:_FIRST_LINE].decode(encoding or "utf-8", "replace").casefold()
        names = ("dct:title", str(DCT.title).casefold())
        is_form = MARK in start or any(text in start.partition("\n")[0] for text in names)
        return _as_form(parse_sheet(data, name, encoding=encoding), None) if is_form else None
    for number, title in enumerate(sheet_names(data, name)[:_MAX_SHEETS]):
        header = next(worksheet_rows(data, name, title, MAX_COLUMNS), (0, ()))[1]
        if _is_form(header):
            return _as_form(parse_sheet(data, name, sheet=title), title if number else None)
    return None


def _is_form(header: tuple[str, ...]) -> bool:
    """Whether the first row has the mark, or without it the names of properties, a title among them."""
    if any(cell.strip().casefold().startswith(MARK) for cell in header):
        return True
    keys = [key for cell in header if (key := Key.parse(cell)) is not None]
    return any(key.path == (DCT.title,) for key in keys) and 2 * len(keys) > len(header)


def _as_form(sheet: Sheet, name: str | None) -> FormSheet | None:
    for index, cell in enumerate(sheet.header):
        if cell.casefold().startswith(MARK):
            return FormSheet(sheet, Mark(*[*cell[len(MARK) :].split("/"), "", ""][:3]), index, name)
    return FormSheet(sheet, None, None, name) if _is_form(sheet.header) else None


def columns(found: FormSheet, form: Form) -> tuple[list[Column], list[str]]:
    """The columns that can be read, and the names of those that cannot."""
    known: list[Column] = []
    unknown: list[str] = []
    for index, cell in enumerate(found.sheet.header):
        key = Key.parse(cell)
        if key is not None:
            field = form.field(key.path)
            shown = _label(key, field)
            known.append(Column(index, key, field, f"{get_column_letter(index + 1)} ({shown})"))
        elif cell and index != found.mark_column:
            unknown.append(cell)
    return known, unknown


def _label(key: Key, field: Field | None) -> str:
    if field is None:
        return str(key)
    numbers = [str(step.number) for step in key.steps if step.number > 1]
    return field.label + (f" [{', '.join(numbers)}]" if numbers else "")


def rows(found: FormSheet, form: Form) -> Iterator[tuple[Row, str | None]]:
    """The rows that stewards wrote; after them, with a remark, rows of guidance that somebody wrote over."""
    guide = _Guide(form)
    overwritten: list[tuple[Row, str | None]] = []
    for row in found.sheet.rows:
        mark = _cell(row, found.mark_column) if found.mark_column is not None else ""
        others = [cell for index, cell in enumerate(row.cells) if index != found.mark_column and cell]
        if row.problem is not None:
            yield row, None
        elif mark.startswith(GUIDANCE):
            if mark == f"{GUIDANCE}example" and others and not guide.is_guidance(others):
                overwritten.append((row, f"the row is marked {mark} and is not read, but somebody wrote into it"))
        elif others and (found.mark_column is not None or not guide.is_guidance(others)):
            yield row, None
    yield from overwritten


def _cell(row: Row, index: int) -> str:
    return row.cells[index] if index < len(row.cells) else ""


class _Guide:
    """The texts of a form's rows of guidance."""

    def __init__(self, form: Form) -> None:
        names, *others, examples = guidance(form)
        self._texts = {_plain(text) for row in others for text in row if text}
        self._examples = {_plain(text) for text in examples if text}
        self._marks = {row[0] for row in (names, *others, examples)}

    def is_guidance(self, cells: list[str]) -> bool:
        """Whether a row without a mark is one of guidance: most of it is, or all of it is examples."""
        told = [_plain(cell) for cell in cells if cell not in self._marks]
        if not told:
            return True
        return sum(cell in self._texts for cell in told) > _ALIKE * len(told) or all(
            cell in self._examples for cell in told
        )


def _plain(text: str) -> str:
    """A text without what spreadsheet programs change of it."""
    return re.sub(r"[^\w]+", " ", text).strip().casefold()


def identifier_column(known: list[Column]) -> Column | None:
    """The column of the datasets' identifiers."""
    path: tuple[URIRef, ...] = (DCT.identifier,)
    return next((column for column in known if column.key.path == path), None)
