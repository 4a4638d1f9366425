"""Fills forms as a steward does: in the workbook, or in the CSV that a spreadsheet program makes of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

import openpyxl

from shapes.forms.field import Form
from shapes.forms.table import example, guidance
from shapes.forms.workbook import as_workbook

Row = Mapping[str, str]


def complete(form: Form, **cells: str | None) -> dict[str, str]:
    """A row with the values of the profile's complete description; ``cells`` replaces some by the names of columns.

    A double underscore in a name stands for a colon; None is an empty cell.
    """
    row = {str(field.key): example(field) for field in form.fields}
    for name, text in cells.items():
        row[name.replace("__", ":")] = text or ""
    return {name: text for name, text in row.items() if text}


def as_csv(
    form: Form,
    rows: Iterable[Row],
    *,
    columns: Iterable[str] | None = None,
    delimiter: str = ",",
    guide: bool = True,
    mark: bool = True,
) -> bytes:
    """The form as a spreadsheet program saves it, with these columns or all, with its rows of guidance or without."""
    names, *others = guidance(form)
    known = {name: index for index, name in enumerate(names)}
    chosen = list(columns) if columns is not None else names[1:]
    first = [form.mark] if mark else []
    table = [[*first, *chosen]]
    if guide:
        for row in others:
            start = [row[0]] if mark else []
            table.append([*start, *(row[known[name]] if name in known else "" for name in chosen)])
    table += [[*[""][: len(first)], *(row.get(name, "") for name in chosen)] for row in rows]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(table)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(form: Form, rows: Iterable[Mapping[str, Any]]) -> bytes:
    """The workbook that ``radiograph template`` makes, filled from the first row below the guidance."""
    book = openpyxl.load_workbook(io.BytesIO(as_workbook(form)))
    sheet = book["Datasets"]
    names = {str(cell.value): cell.column for cell in sheet[1]}
    for number, row in enumerate(rows, start=len(guidance(form)) + 1):
        for name, value in row.items():
            sheet.cell(row=number, column=int(names[name] or 1)).value = value
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
