"""Reads a CSV or XLSX file into a header and rows of text, and says exactly where it cannot.

A file that cannot be read at all is an :class:`~core.errors.InputError`; a row that cannot be read carries a
``problem`` and the others go on. Nothing is guessed: a file in an unknown encoding is refused, not repaired,
because a wrong guess changes names silently.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import InputError
from ingest.sources.workbook import is_workbook, worksheet_rows

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_ROWS = 200_000
MAX_COLUMNS = 1_000
#: Longest text a cell may have; longer ones are a file pasted into a cell, or an attack.
MAX_CELL_CHARACTERS = 100_000
DELIMITERS = (",", ";", "\t")

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
    return parse_sheet(read_content(path), path.name, encoding=encoding, delimiter=delimiter, sheet=sheet)


def read_content(path: Path) -> bytes:
    """Read a file that is not too large to be a table.

    Raises:
        InputError: it is missing, too large, or no file.
    """
    try:
        if not path.is_file() and path.exists():
            raise InputError("this is no file but a folder, a pipe or a device", where=path.name, remedy="give a file")
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise _too_large(path.name, size)
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"the file cannot be read: {error.strerror}", where=path.name, remedy="check its name and permissions"
        ) from None


def parse_sheet(
    content: bytes, name: str, *, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> Sheet:
    """Read a table from its bytes; ``name`` is what messages call it.

    Raises:
        InputError: as :func:`read_sheet`.
    """
    if len(content) > MAX_FILE_BYTES:
        raise _too_large(name, len(content))
    if not content.strip():
        raise _empty(name)
    if is_workbook(content):
        return _read_workbook(name, content, sheet)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise InputError("this is an old Excel file (.xls)", where=name, remedy="save it as .xlsx or as CSV UTF-8")
    return _read_csv(name, content, encoding, delimiter)


def _too_large(name: str, size: int) -> InputError:
    return InputError(
        f"the file has {size:,} bytes; at most {MAX_FILE_BYTES:,} are read", where=name, remedy="split it"
    )


def _empty(name: str) -> InputError:
    return InputError("the file is empty", where=f"{name}, row 1", remedy="give a header row and at least one row")


def _read_csv(name: str, content: bytes, encoding: str | None, delimiter: str | None) -> Sheet:
    text = _decode(name, content, encoding)
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
        raise _too_many_rows(name)
    return _sheet(name, rows, truncated)


def _broken_row(number: int, line: int, error: csv.Error, truncated: bool) -> Row:
    if truncated:
        problem = "a quotation mark is opened in this row and never closed; all that follows belongs to one cell"
        return Row(number, (), line, problem, "close the quotation mark and run again")
    return Row(number, (), line, f"the row is not well-formed CSV: {error}", 'write a quotation mark in a cell as ""')


def _decode(name: str, content: bytes, encoding: str | None) -> str:
    for mark, coding in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark) and encoding is None:
            raise InputError(f"the file is {coding.upper()}, not UTF-8", where=f"{name}, row 1", remedy=_SAVE_AS_UTF8)
    try:
        # A byte that is not UTF-8 makes its own row unusable, not those of the others.
        return content.decode(encoding) if encoding else content.decode("utf-8-sig", "surrogateescape")
    except LookupError:
        raise InputError(
            f"encoding {encoding!r} is not known", where=name, remedy="use for example utf-8 or windows-1252"
        ) from None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"byte {error.start:,} (0x{content[error.start]:02x}) is not {encoding}",
            where=f"{name}, row {line}",
            remedy=_SAVE_AS_UTF8,
        ) from None
    except ValueError as error:
        # Some codecs are no encodings of texts (idna, undefined), and some names no names (with a NUL in them).
        raise InputError(
            f"the file cannot be read as {encoding!r}: {error}", where=name, remedy=_SAVE_AS_UTF8
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


def _read_workbook(name: str, content: bytes, sheet: str | None) -> Sheet:
    rows: list[Row] = []
    for number, cells in worksheet_rows(content, name, sheet, MAX_COLUMNS):
        if len(rows) > MAX_ROWS:
            raise _too_many_rows(name)
        rows.append(Row(number, cells))
    return _sheet(name, rows, truncated=False)


def _sheet(name: str, rows: list[Row], truncated: bool) -> Sheet:
    """Take the first row as the header, leave out blank rows, and mark those that cannot be used."""
    filled = [row for row in rows if row.problem or any(cell.strip() for cell in row.cells)]
    if not filled:
        raise _empty(name)
    first, *others = filled
    if first.problem:
        raise InputError(first.problem, where=f"{name}, {first.location}", remedy=first.remedy)
    header = _header(name, first)
    return Sheet(header, tuple(_checked(row, len(header)) for row in others), truncated)


def _header(name: str, row: Row) -> tuple[str, ...]:
    names = [cell.strip() for cell in row.cells]
    while names and not names[-1]:
        names.pop()
    where = f"{name}, {row.location}"
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


def _too_many_rows(name: str) -> InputError:
    return InputError(f"the table has more than {MAX_ROWS:,} rows", where=name, remedy="split it")
