from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InputError
from ingest.sources import spreadsheet
from ingest.sources.spreadsheet import DELIMITERS, read_sheet

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(content: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


def workbook(path: Path, *rows: tuple[Any, ...], title: str = "Datasets") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_the_delimiter_is_found(write: Write, delimiter: str) -> None:
    sheet = read_sheet(write(f'id{delimiter}title\nx{delimiter}"a{delimiter}b"\n'))
    assert sheet.header == ("id", "title")
    assert sheet.rows[0].cells == ("x", f"a{delimiter}b")


def test_a_byte_order_mark_is_no_part_of_the_first_column(write: Write) -> None:
    assert read_sheet(write(b"\xef\xbb\xbfid,title\nx,y\n")).header == ("id", "title")


def test_a_row_that_is_not_utf_8_is_told_with_its_byte_and_the_others_are_read(write: Write) -> None:
    sheet = read_sheet(write("id,title\na,plain\nb,Köln\nc,after\n".encode("latin-1")))
    assert [row.problem for row in sheet.rows] == [None, "byte 0xf6 is not UTF-8", None]
    assert sheet.rows[1].number == 3
    assert "--encoding" in sheet.rows[1].remedy


def test_a_header_that_is_not_utf_8_is_refused(write: Write) -> None:
    with pytest.raises(InputError, match="byte 0xf6 is not UTF-8") as caught:
        read_sheet(write("id,Größe\na,1\n".encode("latin-1")))
    assert caught.value.where == "table.csv, row 1"


def test_latin_1_is_read_where_it_is_named(write: Write) -> None:
    path = write("id,title\nb,Köln\n".encode("latin-1"))
    assert read_sheet(path, encoding="latin-1").rows[0].cells == ("b", "Köln")


@pytest.mark.parametrize("encoding", ["base64", "no-such", "undefined", "punycode", "utf-8\0"])
def test_what_is_no_encoding_of_texts_is_told(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,name\n1,a\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_sheet(path, encoding=encoding)
    assert repr(encoding) in caught.value.message and caught.value.remedy


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        ("id,title\na,b\n".encode("utf-16"), "UTF-16"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Excel"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"id,id\n1,2\n", "occurs twice"),
        (b'id,"ti\n', "never closed"),
    ],
)
def test_an_unreadable_file_is_told_with_a_remedy(write: Write, content: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_sheet(write(content))
    assert str(caught.value.where).startswith("table.csv")
    assert caught.value.remedy


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_sheet(tmp_path / "absent.csv")


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path):
        with pytest.raises(InputError, match="no file but"):
            read_sheet(path)


def test_utf_16_without_its_mark_is_told(write: Write) -> None:
    with pytest.raises(InputError, match="another encoding"):
        read_sheet(write("id,title\na,b\n".encode("utf-16-le")))


def test_a_file_that_is_too_large_is_not_read(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "MAX_FILE_BYTES", 10)
    with pytest.raises(InputError, match="at most 10"):
        read_sheet(write("id,title\na,b\n"))


def test_too_many_rows_are_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spreadsheet, "MAX_ROWS", 3)
    with pytest.raises(InputError, match="more than 3 rows"):
        read_sheet(write("id\n1\n2\n3\n4\n"))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("a,b,c", "3 cells, the header has 2"),
        ("a", "1 cells, the header has 2"),
        ("a,b\0", "NUL"),
        ('a,"b"c', "not well-formed"),
        ("a," + "x" * (10 * 1024 * 1024), "10,485,760 characters"),
    ],
    ids=["long", "short", "nul", "quotes", "huge"],
)
def test_a_bad_row_does_not_stop_the_others(write: Write, line: str, problem: str) -> None:
    bad, good = read_sheet(write(f"id,title\n{line}\nz,fine\n")).rows
    assert bad.problem and problem in bad.problem and bad.remedy
    assert bad.location == "row 2"
    assert good.problem is None and good.cells == ("z", "fine")


def test_a_quotation_mark_that_is_never_closed_marks_the_table_as_cut(write: Write) -> None:
    sheet = read_sheet(write('id,title\na,b\nc,"d\ne,f\n'))
    assert sheet.truncated
    assert [row.problem is None for row in sheet.rows] == [True, False]
    assert sheet.rows[1].location == "row 3"


def test_rows_are_numbered_as_a_spreadsheet_does_and_lines_as_an_editor(write: Write) -> None:
    first, second = read_sheet(write('id,title\na,"two\nlines"\nb,x\n')).rows
    assert first.location == "row 2"
    assert second.location == "row 3 (line 4)"


def test_blank_rows_are_passed_over(write: Write) -> None:
    assert [row.number for row in read_sheet(write("id,title\n\na,b\n,\nc,d\n")).rows] == [3, 5]


def test_a_workbook_is_read_as_typed(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "t.xlsx",
        ("id", "title", "date", "n", "share", "ok"),
        ("a", "Köln", date(2020, 7, 1), 3.0, 0.5, True),
        ("b", None, datetime(2020, 7, 1, 12, 30), 4, None, False),
    )
    sheet = read_sheet(path)
    assert sheet.rows[0].cells == ("a", "Köln", "2020-07-01", "3", "0.5", "true")
    assert sheet.rows[1].cells == ("b", "", "2020-07-01T12:30:00", "4", "", "false")
    assert sheet.rows[1].location == "row 3"


def test_a_workbook_is_known_by_its_content_not_its_name(tmp_path: Path) -> None:
    assert read_sheet(workbook(tmp_path / "t.csv", ("id",), ("a",))).header == ("id",)


def test_a_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", ("id",), ("a",))
    assert read_sheet(path, sheet="Datasets").rows[0].cells == ("a",)
    with pytest.raises(InputError, match="no sheet 'Other'") as caught:
        read_sheet(path, sheet="Other")
    assert "Datasets" in str(caught.value.remedy)


def rewritten(path: Path, sheet: bytes) -> Path:
    """A workbook with the XML of its sheet replaced."""
    whole = workbook(path.with_name(f"whole-{path.name}"), ("id",), ("a",))
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.namelist():
            target.writestr(entry, sheet if "worksheets/" in entry else source.read(entry))
    return path


def rows_of(*rows: tuple[int, dict[str, str]]) -> bytes:
    def cell(place: str, text: str) -> str:
        return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'

    lines = "".join(
        f'<row r="{number}">{"".join(cell(f"{column}{number}", text) for column, text in cells.items())}</row>'
        for number, cells in rows
    )
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{namespace}"><sheetData>{lines}</sheetData></worksheet>'.encode()


def test_blank_rows_and_far_cells_of_a_workbook_cost_nothing(tmp_path: Path) -> None:
    header, last = (1, {"A": "id", "B": "title"}), (300_000, {"A": "b", "XFD": "stray"})
    sheet = read_sheet(rewritten(tmp_path / "far.xlsx", rows_of(header, (2, {"A": "a", "B": "t"}), last)))
    first, second = sheet.rows
    assert first.cells == ("a", "t")
    assert second.location == "row 300000"
    assert second.cells == ("b", "", "stray")
    assert second.problem == "the row has more cells, the header has 2"


def test_a_workbook_that_claims_rows_beyond_a_spreadsheets_last_is_refused(tmp_path: Path) -> None:
    header = (1, {"A": "id"})
    with pytest.raises(InputError, match="more than"):
        read_sheet(rewritten(tmp_path / "endless.xlsx", rows_of(header, (10**15, {"A": "a"}))))


def test_a_workbook_without_a_worksheet_is_told(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.create_chartsheet()
    book.remove(book.worksheets[0])
    book.save(tmp_path / "chart.xlsx")
    with pytest.raises(InputError, match=r"damaged|empty"):
        read_sheet(tmp_path / "chart.xlsx")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.sources.workbook.MAX_UNPACKED_BYTES", 1024 * 1024)
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (2 * 1024 * 1024))
    with pytest.raises(InputError, match="unpacks to 2,097,152 bytes"):
        read_sheet(path)


@pytest.mark.parametrize("cut", [40, 400, 2000, -60])
def test_a_cut_workbook_is_told(tmp_path: Path, cut: int) -> None:
    content = workbook(tmp_path / "t.xlsx", ("id",), ("a",)).read_bytes()
    path = tmp_path / "cut.xlsx"
    path.write_bytes(content[:cut])
    with pytest.raises(InputError, match="damaged"):
        read_sheet(path)


def test_a_workbook_with_a_damaged_sheet_is_told(tmp_path: Path) -> None:
    whole, broken = workbook(tmp_path / "t.xlsx", ("id",), ("a",)), tmp_path / "broken.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for entry in source.namelist():
            content = source.read(entry)
            target.writestr(entry, content[: len(content) // 2] if "worksheets/" in entry else content)
    with pytest.raises(InputError, match="damaged"):
        read_sheet(broken)


_cell = st.text(st.characters(blacklist_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1, max_size=20)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(_cell, _cell), min_size=1, max_size=5), delimiter=st.sampled_from(DELIMITERS))
def test_what_a_spreadsheet_program_writes_is_read_back(
    tmp_path: Path, rows: list[tuple[str, str]], delimiter: str
) -> None:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([("id", "title"), *rows])
    path = tmp_path / "round.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    assert [row.cells for row in read_sheet(path).rows] == rows


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        sheet = read_sheet(path)
    except InputError as error:
        assert error.remedy and "any.csv" in str(error)
    else:
        assert all(row.problem or len(row.cells) == len(sheet.header) for row in sheet.rows)
