"""Reads a CSV or XLSX file into a header and rows of text, and says exactly where it cannot.

A file that cannot be read at all is an :class:`~core.errors.InputError`; a row that cannot be read carries a
``problem`` and the others go on. Nothing is guessed: a file in an unknown encoding is refused, not repaired,
because a wrong guess changes names silently.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from core.errors import InputError

MAX_FILE_BYTES = 64 * 1024 * 1024
#: What a workbook may unpack to: its XML takes several times the space of the same table as CSV.
MAX_UNPACKED_BYTES = 128 * 1024 * 1024
MAX_ROWS = 200_000
#: The last row that a spreadsheet program knows; a file that claims a later one is an attack.
_LAST_ROW = 1_048_576
MAX_COLUMNS = 1_000
#: Longest text a cell may have; longer ones are a file pasted into a cell, or an attack.
MAX_CELL_CHARACTERS = 100_000
DELIMITERS = (",", ";", "\t")

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
_BYTE_ORDER_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_LINE_END = re.compile(r"\r\n|\r|\n")
_SAVE_AS_UTF8 = "save the file as UTF-8, or name its encoding with --encoding (for example windows-1252)"


@dataclass(frozen=True, slots=True)
class Row:
    """One row; ``number`` counts as a spreadsheet does (the header is row 1), ``line`` is its first line in a CSV."""

    number: int
    cells: tuple[str, ...]
    line: int | None = None
    problem: str | None = None
    remedy: str = "correct the row"

    @property
    def location(self) -> str:
        """``row 17``, and the line of the file where that is another number."""
        return f"row {self.number}" if self.line in (None, self.number) else f"row {self.number} (line {self.line})"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole table; ``truncated`` is set when the file ends inside a quoted cell, so that rows may be missing."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]
    truncated: bool = False


def read_sheet(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> Sheet:
    """Read ``path``, told apart by its content: XLSX is a ZIP archive, all else is taken as CSV.

    Raises:
        InputError: the file is missing, empty, too large, of another kind, damaged, or not in its encoding.
    """
    try:
        if not path.is_file() and path.exists():
            raise InputError("this is no file but a folder, a pipe or a device", where=path.name, remedy="give a file")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise InputError(
                f"the file has {size:,} bytes; at most {MAX_FILE_BYTES:,} are read", where=path.name, remedy="split it"
            )
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {error.strerror}", where=path.name, remedy="check its name and permissions"
        ) from None
    if not content.strip():
        raise _empty(path)
    if content.startswith(b"PK\x03\x04"):
        return _read_workbook(path, content, sheet)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError("this is an old Excel file (.xls)", where=path.name, remedy="save it as .xlsx or as CSV UTF-8")
    return _read_csv(path, content, encoding, delimiter)


def _empty(path: Path) -> InputError:
    return InputError("the file is empty", where=f"{path.name}, row 1", remedy="give a header row and at least one row")


def _read_csv(path: Path, content: bytes, encoding: str | None, delimiter: str | None) -> Sheet:
    text = _decode(path, content, encoding)
    del content
    # The limit is the process's, not the reader's; a cell's own limit is applied below, where the row is known.
    csv.field_size_limit(MAX_FILE_BYTES)
    separator = delimiter or _sniff_delimiter(text)
    reader = csv.reader(_lines(text), delimiter=separator, strict=True)
    rows: list[Row] = []
    truncated, number, line = False, 0, 1
    while number <= MAX_ROWS:
        number, line = number + 1, reader.line_num + 1
        try:
            rows.append(Row(number, tuple(next(reader)), line))
        except StopIteration:
            break
        except csv.Error as error:
            truncated = "unexpected end of data" in str(error)
            rows.append(_broken_row(number, line, error, truncated))
    else:
        raise _too_many_rows(path)
    return _sheet(path, rows, truncated)


def _broken_row(number: int, line: int, error: csv.Error, truncated: bool) -> Row:
    if truncated:
        problem = "a quotation mark is opened in this row and never closed; all that follows belongs to one cell"
        return Row(number, (), line, problem, "close the quotation mark and run again")
    return Row(number, (), line, f"the row is not well-formed CSV: {error}", 'write a quotation mark in a cell as ""')


def _decode(path: Path, content: bytes, encoding: str | None) -> str:
    for mark, name in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark) and encoding is None:
            raise InputError(
                f"the file is {name.upper()}, not UTF-8", where=f"{path.name}, row 1", remedy=_SAVE_AS_UTF8
            )
    try:
        # A byte that is not UTF-8 makes its own row unusable, not those of the others.
        return content.decode(encoding) if encoding else content.decode("utf-8-sig", "surrogateescape")
    except LookupError:
        raise InputError(
            f"encoding {encoding!r} is not known", where=path.name, remedy="use for example utf-8 or windows-1252"
        ) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"byte {error.start:,} (0x{content[error.start]:02x}) is not {encoding}",
            where=f"{path.name}, row {line}",
            remedy=_SAVE_AS_UTF8,
        ) from None
    except ValueError as error:
        # Some codecs are no encodings of texts (idna, undefined), and some names no names (with a NUL in them).
        raise InputError(
            f"the file cannot be read as {encoding!r}: {error}", where=path.name, remedy=_SAVE_AS_UTF8
        ) from None


def _lines(text: str) -> Iterator[str]:
    """The lines of a text with their ends, one after the other: a second whole copy would cost four bytes a letter."""
    start = 0
    for end in _LINE_END.finditer(text):
        yield text[start : end.end()]
        start = end.end()
    if start < len(text):
        yield text[start:]


def _sniff_delimiter(text: str) -> str:
    """The delimiter that splits the header into most columns; a comma where they tie."""

    def columns(delimiter: str) -> int:
        try:
            return len(next(csv.reader(_lines(text), delimiter=delimiter), []))
        except csv.Error:
            return 0

    return max(DELIMITERS, key=columns)


def _read_workbook(path: Path, content: bytes, sheet: str | None) -> Sheet:
    damaged = InputError("the workbook is damaged", where=path.name, remedy="open it, save it again as .xlsx")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > MAX_UNPACKED_BYTES:
            raise InputError(
                f"the workbook unpacks to {unpacked:,} bytes; at most {MAX_UNPACKED_BYTES:,} are read",
                where=path.name,
                remedy="split it, or save it as CSV UTF-8",
            )
        workbook = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    except (InvalidFileException, *_DAMAGE):
        raise damaged from None
    try:
        return _read_worksheet(path, workbook, sheet)
    except _DAMAGE:
        raise damaged from None
    finally:
        workbook.close()


def _read_worksheet(path: Path, workbook: openpyxl.Workbook, name: str | None) -> Sheet:
    if name is not None and name not in workbook.sheetnames:
        raise InputError(
            f"there is no sheet {name!r}", where=path.name, remedy=f"name one of: {', '.join(workbook.sheetnames)}"
        )
    if not workbook.worksheets:
        raise _empty(path)
    worksheet = workbook[name] if name is not None else workbook.worksheets[0]
    worksheet.reset_dimensions()  # a file may claim a size it does not have
    rows: list[Row] = []
    width = MAX_COLUMNS
    for number, values in enumerate(worksheet.iter_rows(values_only=True), 1):
        if len(rows) > MAX_ROWS or number > _LAST_ROW:
            raise _too_many_rows(path)
        cells = _row_texts(values, width)
        if not cells:
            continue
        width = width if rows else len(cells)
        rows.append(Row(number, cells))
    return _sheet(path, rows, truncated=False)


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


def _sheet(path: Path, rows: list[Row], truncated: bool) -> Sheet:
    """Take the first row as the header, leave out blank rows, and mark those that cannot be used."""
    filled = [row for row in rows if row.problem or any(cell.strip() for cell in row.cells)]
    if not filled:
        raise _empty(path)
    first, *others = filled
    if first.problem:
        raise InputError(first.problem, where=f"{path.name}, {first.location}", remedy=first.remedy)
    header = _header(path, first)
    return Sheet(header, tuple(_checked(row, len(header)) for row in others), truncated)


def _header(path: Path, row: Row) -> tuple[str, ...]:
    names = [cell.strip() for cell in row.cells]
    while names and not names[-1]:
        names.pop()
    where = f"{path.name}, {row.location}"
    if len(names) > MAX_COLUMNS:
        raise InputError(
            f"the header has {len(names):,} columns", where=where, remedy="give a table, one row a dataset"
        )
    undecoded = _undecoded(names)
    if undecoded:
        raise InputError(undecoded, where=where, remedy=_SAVE_AS_UTF8)
    if any(_has_control_character(name) for name in names):
        raise InputError(
            "the header has a NUL or another control character: the file is no text, or in another encoding",
            where=where,
            remedy=_SAVE_AS_UTF8,
        )
    repeated = _repeated(names)
    if repeated:
        raise InputError(f"column {repeated!r} occurs twice", where=where, remedy="give each column a name of its own")
    return tuple(names)


def _repeated(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name and name in seen:
            return name
        seen.add(name)
    return None


def _checked(row: Row, width: int) -> Row:
    if row.problem:
        return row
    cells = [cell.strip() for cell in row.cells]
    while len(cells) > width and not cells[-1]:
        cells.pop()
    return Row(row.number, tuple(cells), row.line, *_problem(row, cells, width))


def _problem(row: Row, cells: list[str], width: int) -> tuple[str | None, str]:
    in_csv = row.line is not None
    undecoded = _undecoded(cells)
    if undecoded:
        return undecoded, _SAVE_AS_UTF8
    if len(cells) != width and (in_csv or len(cells) > width):
        advice = (
            "put cells that contain the delimiter in quotation marks, and give every row as many cells as the header"
        )
        number = str(len(cells)) if in_csv else "more"
        return f"the row has {number} cells, the header has {width}", advice
    longest = max((len(cell) for cell in cells), default=0)
    if longest > MAX_CELL_CHARACTERS:
        return f"a cell has {longest:,} characters; at most {MAX_CELL_CHARACTERS:,} are read", "shorten the cell"
    if any(_has_control_character(cell) for cell in cells):
        return "a cell has a NUL or another control character", "remove it; the file may be damaged or binary"
    return None, row.remedy


def _undecoded(texts: Iterable[str]) -> str | None:
    """What is wrong where a byte was not UTF-8; Python keeps such bytes as U+DC80 to U+DCFF."""
    found = next((character for text in texts for character in text if "\udc80" <= character <= "\udcff"), None)
    return f"byte 0x{ord(found) - 0xDC00:02x} is not UTF-8" if found else None


def _has_control_character(text: str) -> bool:
    return any(character < " " and character not in "\t\n\r" for character in text)


def _too_many_rows(path: Path) -> InputError:
    return InputError(f"the table has more than {MAX_ROWS:,} rows", where=path.name, remedy="split it")
