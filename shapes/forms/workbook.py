"""A form as an XLSX workbook: the table with drop-downs, a page that explains it, and the lists to choose from."""

from __future__ import annotations

import io

from openpyxl import Workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from shapes.forms.code_list import CodeList
from shapes.forms.field import Field, Form, Kind, Need
from shapes.forms.table import SEPARATOR, SIGNS, guidance, help_text, label

_SHEET, _READ_ME, _LISTS = "Datasets", "Read me", "Lists"
#: Rows that have drop-downs; further rows are read all the same.
_ROWS = 500
#: What a spreadsheet program takes as the note beside a cell.
_NOTE, _NOTE_TITLE = 255, 32
_COLOURS = {
    Need.MANDATORY: "F6C7C0",
    Need.CONDITIONAL: "FBE3C8",
    Need.RECOMMENDED: "D5E8F0",
    Need.OPTIONAL: "EEEEEE",
}
_MEANINGS = {
    Need.MANDATORY: "must be filled",
    Need.CONDITIONAL: "must be filled in the case that the fourth row tells",
    Need.RECOMMENDED: "should be filled",
    Need.OPTIONAL: "may be filled",
}
_SECTION = "1F3B4D"
#: Heights in points of the rows of guidance: names, headings, labels, demands, help, examples.
_HEIGHTS = (12.0, 18.0, 32.0, 24.0, 66.0, 26.0)
_LINE = Side(style="thin", color="BBBBBB")


def as_workbook(form: Form) -> bytes:
    """The form as the bytes of an XLSX file."""
    workbook = Workbook()
    sheet = workbook.active
    assert isinstance(sheet, Worksheet)
    sheet.title = _SHEET
    _write_table(sheet, form)
    _write_read_me(workbook.create_sheet(_READ_ME), form)
    ranges = _write_lists(workbook.create_sheet(_LISTS), form)
    workbook[_LISTS].sheet_state = "hidden"
    for number, field in enumerate(form.fields, start=2):
        _add_validation(sheet, number, field, ranges)
    workbook.properties.title = f"Form of {form.title}"
    workbook.properties.creator = "Radiograph"
    workbook.properties.keywords = form.mark
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def _write_table(sheet: Worksheet, form: Form) -> None:
    rows = guidance(form)
    for number, texts in enumerate(rows, start=1):
        for position, text in enumerate(texts, start=1):
            _write_text(sheet.cell(row=number, column=position), text)
    for number, height in enumerate(_HEIGHTS, start=1):
        sheet.row_dimensions[number].height = height
    sheet.column_dimensions["A"].width = 10
    for number, field in enumerate(form.fields, start=2):
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = 38 if field.kind is Kind.TEXT and field.several else 24
        # Else a spreadsheet program would make 1.1 of the version 1.10, and the first of March of the month 2024-03.
        if field.kind in (Kind.TEXT, Kind.TYPED, Kind.LINK, Kind.DATE):
            sheet.column_dimensions[letter].number_format = "@"
    for position, need in enumerate((None, *(field.need for field in form.fields)), start=1):
        _style_column(sheet, position, need)
    # The names and labels stay in sight, and so does the dataset's first column.
    sheet.freeze_panes = f"C{len(rows) + 1}"


def _style_column(sheet: Worksheet, column: int, need: Need | None) -> None:
    fill = PatternFill("solid", fgColor=_COLOURS[need] if need else "FFFFFF")
    fonts = (
        Font(size=7, color="888888"),
        Font(size=11, bold=True, color="FFFFFF"),
        Font(size=10, bold=True),
        Font(size=8, bold=need is Need.MANDATORY),
        Font(size=8),
        Font(size=8, italic=True, color="555555"),
    )
    for row, font in enumerate(fonts, start=1):
        cell: Cell | MergedCell = sheet.cell(row=row, column=column)
        cell.font = font if column > 1 else Font(size=7, color="888888" if row != 2 else "FFFFFF")
        cell.alignment = Alignment(wrap_text=row > 2 and column > 1, vertical="top")
        if row == 2:
            cell.fill = PatternFill("solid", fgColor=_SECTION)
        elif row > 2 and need:
            cell.fill = fill
            cell.border = Border(left=_LINE, right=_LINE, bottom=_LINE)


def _add_validation(sheet: Worksheet, column: int, field: Field, ranges: dict[CodeList, str]) -> None:
    """The drop-down of a column, and the note that shows beside a cell of it."""
    letter = get_column_letter(column)
    if field.codes is not None:
        validation = DataValidation(type="list", formula1=ranges[field.codes])
    elif field.kind is Kind.BOOLEAN:
        validation = DataValidation(type="list", formula1='"yes,no"')
    else:
        validation = DataValidation()
    # Codes, addresses and several values in a cell are right as well, so nothing is refused while typing.
    validation.showErrorMessage = False
    validation.allow_blank = True
    validation.showInputMessage = True
    validation.promptTitle = _cut(label(field), _NOTE_TITLE)
    validation.prompt = _cut(f"{field.demand.capitalize()}. {help_text(field)}", _NOTE)
    first = len(_HEIGHTS) + 1
    validation.add(f"{letter}{first}:{letter}{first + _ROWS - 1}")
    sheet.add_data_validation(validation)


def _write_lists(sheet: Worksheet, form: Form) -> dict[CodeList, str]:
    """Write each list once, as drop-downs show it and with its codes beside it; return the ranges."""
    ranges: dict[CodeList, str] = {}
    for codes in dict.fromkeys(field.codes for field in form.fields if field.codes is not None):
        column = 2 * len(ranges) + 1
        for offset, title in enumerate((codes.title, "code")):
            sheet.cell(row=1, column=column + offset, value=title).font = Font(bold=True)
            sheet.column_dimensions[get_column_letter(column + offset)].width = 40 - 20 * offset
        for row, entry in enumerate(codes.entries, start=2):
            for offset, text in enumerate((codes.shown[entry.iri], entry.code)):
                _write_text(sheet.cell(row=row, column=column + offset), text)
        letter = get_column_letter(column)
        ranges[codes] = f"{_LISTS}!${letter}$2:${letter}${len(codes.entries) + 1}"
    return ranges


def _write_read_me(sheet: Worksheet, form: Form) -> None:
    level = f" ({form.level_label})" if form.level_label else ""
    lines = [
        (f"Describe your datasets: {form.title}{level}", True),
        ("", False),
        (f"Fill a row a dataset on the sheet {_SHEET}, below the coloured rows; the first column stays empty.", False),
        (f"Several values in one cell are set apart by {SEPARATOR}, such as: lung {SEPARATOR} CT", False),
        ("Click a cell to see what belongs there; where there is an arrow, choose from the list.", False),
        ("", False),
        *((f"{SIGNS[need] or 'no sign'}   {_MEANINGS[need]}", False) for need in Need),
        ("", False),
        ("Columns may be moved, and those you do not need removed. The first row and the first column stay.", False),
        ("A text in a second language: copy the column and end its name in the first row with @de, @fr, …", False),
        ("A second distribution: copy its columns and write dcat:distribution[2] in the first row, and so on.", False),
        ("", False),
        ("Check the file:      radiograph validate FILE", False),
        ("Hand it in:            radiograph ingest table FILE --repository ID", False),
        ("", False),
        (f"The profile: {form.profile.specification}", False),
    ]  # fmt: skip
    sheet.column_dimensions["A"].width = 110
    for row, (text, is_title) in enumerate(lines, start=1):
        cell = sheet.cell(row=row, column=1, value=text)
        cell.font = Font(size=16 if is_title else 11, bold=is_title)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    for row, need in enumerate(Need, start=7):
        sheet.cell(row=row, column=1).fill = PatternFill("solid", fgColor=_COLOURS[need])


def _write_text(cell: Cell | MergedCell, text: str) -> None:
    """Write a text as a text: one that begins with = is no formula."""
    if isinstance(cell, Cell):
        cell.value = text
        cell.data_type = "s"
        cell.number_format = "@"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"
