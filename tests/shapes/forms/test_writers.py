"""The three shapes of a form: workbook, CSV, Turtle."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from shapes.documents import judge
from shapes.forms.field import Form, Kind, Need
from shapes.forms.skeleton import as_turtle
from shapes.forms.table import as_csv, example, help_text
from shapes.forms.workbook import as_workbook
from shapes.reader import parse_document
from shapes.validator import Validator
from tests.shapes.forms.conftest import MakeForm

PROFILES = ["dcat-ap", "healthdcat-ap", "eucaim"]


def opened(form: Form) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(as_workbook(form)))


def table(book: openpyxl.Workbook) -> Worksheet:
    sheet = book.worksheets[0]
    assert isinstance(sheet, Worksheet)
    return sheet


def choices(book: openpyxl.Workbook, formula: str) -> list[str]:
    """The texts that a drop-down offers."""
    if formula.startswith('"'):
        return formula.strip('"').split(",")
    name, cells = formula.split("!")
    return [str(row[0].value) for row in book[name][cells.replace("$", "")]]


@pytest.mark.parametrize("profile", PROFILES)
def test_the_workbook_has_a_column_a_field(form: MakeForm, profile: str) -> None:
    made = form(profile)
    sheet = table(opened(made))
    rows = [[str(cell.value or "") for cell in row] for row in sheet.iter_rows()]
    assert rows[0] == [made.mark, *(str(field.key) for field in made.fields)]
    assert [row[0] for row in rows[1:]] == ["#section", "#label", "#wanted", "#help", "#example"]
    assert sheet.freeze_panes == "C7"
    assert sheet.row_dimensions[1].hidden is not True, "a hidden row is lost where the sheet is saved as CSV"


@pytest.mark.parametrize("profile", PROFILES)
def test_drop_downs_offer_the_code_lists(form: MakeForm, profile: str) -> None:
    made = form(profile)
    book = opened(made)
    offered = {
        str(v.sqref).split(":", 1)[0].rstrip("0123456789"): v for v in table(book).data_validations.dataValidation
    }
    lists = 0
    for number, field in enumerate(made.fields, start=2):
        validation = offered[openpyxl.utils.get_column_letter(number)]
        assert str(validation.sqref).startswith(f"{openpyxl.utils.get_column_letter(number)}7:")
        assert not validation.showErrorMessage, "a code, an address and several values are right as well"
        assert field.label[:20] in str(validation.promptTitle) and len(str(validation.promptTitle)) <= 32
        assert len(str(validation.prompt)) <= 255
        if field.codes is not None:
            lists += 1
            assert choices(book, str(validation.formula1)) == [field.codes.shown[e.iri] for e in field.codes.entries]
        elif field.kind is Kind.BOOLEAN:
            assert choices(book, str(validation.formula1)) == ["yes", "no"]
        else:
            assert validation.type is None
    assert lists >= 8
    assert book["Lists"].sheet_state == "hidden"


def test_what_is_mandatory_shows_by_a_sign_and_by_a_colour(form: MakeForm) -> None:
    made = form("eucaim")
    sheet = table(opened(made))
    signs = {Need.MANDATORY: " *", Need.CONDITIONAL: " (*)", Need.RECOMMENDED: " (r)"}
    colours: dict[Need, set[str]] = {}
    for number, field in enumerate(made.fields, start=2):
        shown = sheet.cell(row=3, column=number)
        assert str(shown.value).endswith(signs.get(field.need, field.label.split()[-1]) if field.need in signs else "")
        assert ("*" in str(shown.value)) == (field.need in (Need.MANDATORY, Need.CONDITIONAL))
        colours.setdefault(field.need, set()).add(str(shown.fill.fgColor.rgb))
    assert all(len(found) == 1 for found in colours.values())
    assert len(set[str]().union(*colours.values())) == len(Need)


def test_the_workbook_explains_itself(form: MakeForm) -> None:
    book = opened(form("eucaim", "restricted"))
    assert book.sheetnames == ["Datasets", "Read me", "Lists"]
    text = "\n".join(str(cell.value) for (cell,) in book["Read me"].iter_rows() if cell.value)
    assert "EUCAIM" in text and "2.0" in text and "radiograph validate FILE" in text
    assert book.properties.keywords == form("eucaim", "restricted").mark


def test_no_text_of_a_form_is_a_formula(form: MakeForm) -> None:
    for sheet in opened(form("eucaim")).worksheets:
        assert not [cell for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]


def test_texts_stay_texts_in_a_spreadsheet_program(form: MakeForm) -> None:
    made = form("eucaim")
    sheet = table(opened(made))
    letters = {str(f.key): openpyxl.utils.get_column_letter(i) for i, f in enumerate(made.fields, start=2)}
    # 1.10 is no number, 2024-03 no day, and 00123 no 123.
    for key in ("dcat:version", "dct:issued", "dct:identifier"):
        assert sheet.column_dimensions[letters[key]].number_format == "@"
    assert sheet.column_dimensions[letters["healthdcatap:minTypicalAge"]].number_format == "General"


def test_csv_is_the_same_table(form: MakeForm) -> None:
    made = form("healthdcat-ap")
    content = as_csv(made)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert rows == [[str(cell.value or "") for cell in row] for row in table(opened(made)).iter_rows()]
    assert {len(row) for row in rows} == {len(made.fields) + 1}


def test_help_says_how_to_fill_a_column(form: MakeForm) -> None:
    helps = {str(field.key): help_text(field) for field in form("eucaim").fields}
    assert "yes or no" in helps["healthdcatap:hasStructuredData"]
    assert "2024-03-31" in helps["dct:issued"]
    assert "e-mail address" in helps["dcat:contactPoint/vcard:hasEmail"]
    assert "Choose from the list" in helps["healthdcatap:healthCategory"]
    assert "set apart by |" in helps["dcat:keyword@en"] and "set apart" not in helps["dcat:version"]


@pytest.mark.parametrize(
    ("profile", "level"),
    [("dcat-ap", None), ("healthdcat-ap", "public"), ("healthdcat-ap", "restricted"), ("healthdcat-ap", "non-public"),
     ("healthdcat-ap-7", None), ("eucaim", "public"), ("eucaim", "non-public")],
)  # fmt: skip
def test_the_turtle_is_a_description_once_its_lines_are_uncommented(
    form: MakeForm, validator: Validator, profile: str, level: str | None
) -> None:
    made = form(profile, level if level and profile.startswith("healthdcat-ap") else None)
    assert len(parse_document(as_turtle(made), name="empty.ttl").graph) == 1
    with_examples = replace(made, fields=tuple(field for field in made.fields if field.examples))
    assert len(with_examples.fields) > 30
    lines = as_turtle(with_examples).decode().split("\n")
    filled = "\n".join(line.removeprefix("# ") for line in lines if not line.startswith("##"))
    judgement = judge(parse_document(filled.encode(), name="filled.ttl"), validator, profiles=[profile])
    assert [(f.severity, f.path, f.message) for f in judgement.findings] == []


def test_the_turtle_marks_what_is_mandatory(form: MakeForm) -> None:
    text = as_turtle(form("eucaim")).decode()
    for field in form("eucaim").fields:
        sign = {Need.MANDATORY: " *:", Need.CONDITIONAL: " (*):"}.get(field.need)
        assert sign is None or f"{field.label}{sign}" in text
        assert not field.several or example(field).split(" | ")[0] in text or field.codes or field.kind is Kind.LINK
