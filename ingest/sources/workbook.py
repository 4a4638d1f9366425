"""Reads the worksheets of an XLSX file as rows of text, whatever is wrong with the file."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from core.errors import InputError

#: What a workbook may unpack to: its XML takes several times the space of the same table as CSV.
MAX_UNPACKED_BYTES = 128 * 1024 * 1024

#: The last row that a spreadsheet program knows; a file that claims a later one is an attack.
_LAST_ROW = 1_048_576
#: What openpyxl raises on files that are not as it expects, whatever is wrong with them.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    EOFError,
)


def is_workbook(content: bytes) -> bool:
    """Whether these are the bytes of an XLSX file, or of another ZIP archive."""
    return content.startswith(b"PK\x03\x04")


def sheet_names(content: bytes, name: str) -> list[str]:
    """The names of a workbook's sheets, in order.

    Raises:
        InputError: the workbook is damaged or too large.
    """
    workbook = _open_workbook(name, content)
    try:
        return [worksheet.title for worksheet in workbook.worksheets]
    except _DAMAGE:
        raise _damaged(name) from None
    finally:
        workbook.close()


def worksheet_rows(
    content: bytes, name: str, sheet: str | None, max_columns: int
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the number and the texts of each row of the first sheet, or of the named one, that has any text.

    No row is much wider than the first.

    Raises:
        InputError: the workbook is damaged or too large, or has no such sheet.
    """
    workbook = _open_workbook(name, content)
    try:
        if sheet is not None and sheet not in workbook.sheetnames:
            raise InputError(
                f"there is no sheet {sheet!r}", where=name, remedy=f"name one of: {', '.join(workbook.sheetnames)}"
            )
        worksheets = [workbook[sheet]] if sheet is not None else workbook.worksheets[:1]
        width = None
        for worksheet in worksheets:
            worksheet.reset_dimensions()  # a file may claim a size it does not have
            for number, values in enumerate(worksheet.iter_rows(values_only=True), 1):
                if number > _LAST_ROW:
                    raise InputError(f"the sheet claims more than {_LAST_ROW:,} rows", where=name, remedy="split it")
                cells = _row_texts(values, width or max_columns)
                if cells:
                    width = width or len(cells)
                    yield number, cells
    except _DAMAGE:
        raise _damaged(name) from None
    finally:
        workbook.close()


def _open_workbook(name: str, content: bytes) -> openpyxl.Workbook:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise InputError(
                f"the workbook unpacks to {unpacked:,} bytes; at most {MAX_UNPACKED_BYTES:,} are read",
                where=name,
                remedy="split it, or save it as CSV UTF-8",
            )
        return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (InvalidFileException, *_DAMAGE):
        raise _damaged(name) from None


def _damaged(name: str) -> InputError:
    return InputError("the workbook is damaged", where=name, remedy="open it, save it again as .xlsx")


def _row_texts(values: Iterable[object], width: int) -> tuple[str, ...]:
    """The texts of a worksheet's row up to its last one; behind ``width`` cells only the first text is kept.

    One cell too many tells as much as sixteen thousand, and a stray one at the far right costs no memory.
    """
    filled = [(position, text) for position, value in enumerate(values) if (text := _cell_text(value)).strip()]
    if not filled:
        return ()
    texts = [""] * min(filled[-1][0] + 1, width)
    beyond = [text for position, text in filled if position >= width][:1]
    for position, text in filled:
        if position < width:
            texts[position] = text
    return (*texts, *beyond)


def _cell_text(value: object) -> str:
    """A worksheet's value as a person would type it: dates in ISO 8601, whole numbers without ``.0``."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
