"""The walk-through of docs/tables.md, step by step: an empty form, filled, judged, ingested, published and shown."""

from __future__ import annotations

import io
import re
import warnings
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner, Result

from api.app import create_app
from core.settings import load_settings
from radiograph import app
from tests.conftest import ROOT
from tests.ingest.conftest import DECLARATION

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

PAGE = (ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
REPORT = re.search(r"What is wrong is told at its cell.*?```\n(.*?)```", PAGE, re.DOTALL)
WALK = re.search(r"## Forms\n+```sh\n(.*?)```", PAGE, re.DOTALL)


def run(command: str) -> Result:
    words = command.partition("#")[0].split()[2:]
    return CliRunner().invoke(app, words)


def fill(path: Path, *, title: str | None) -> None:
    """Copy the row of examples below itself, with another title."""
    book = openpyxl.load_workbook(path)
    sheet = book["Datasets"]
    names = [cell.value for cell in sheet[1]]
    for column, cell in enumerate(sheet[6], start=1):
        value = title if names[column - 1] == "dct:title@en" else cell.value
        sheet.cell(row=7, column=column).value = value if column > 1 else None
    file = io.BytesIO()
    book.save(file)
    path.write_bytes(file.getvalue())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    declared = tmp_path / "overlay" / "ingest" / "repositories" / "clinic.toml"
    declared.parent.mkdir(parents=True)
    declared.write_text(DECLARATION.replace('id = "clinic"', 'id = "clinic"\ngate = "eucaim"'), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RADIOGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RADIOGRAPH_OVERLAY", str(tmp_path / "overlay"))
    monkeypatch.setenv("RADIOGRAPH_BASE_IRI", "https://catalogue.example.org")
    return tmp_path


@pytest.mark.ci
def test_the_walk_through_of_the_documentation(home: Path) -> None:
    assert WALK is not None
    template, validate, ingest, publish = WALK[1].strip().splitlines()
    assert run(template).exit_code == 0
    fill(home / "datasets.xlsx", title=None)
    judged = run(validate)
    assert judged.exit_code == 1, judged.output
    assert REPORT is not None
    for line in REPORT[1].splitlines()[1:]:
        assert line in judged.stdout
    fill(home / "datasets.xlsx", title="Prostates of our clinic")
    judged = run(validate)
    assert judged.exit_code == 0, judged.output
    taken = run(ingest)
    assert taken.exit_code == 0, taken.output
    assert run(publish).exit_code == 0
    with TestClient(create_app(load_settings()), base_url="http://testserver") as client:
        asked = {"identifier": "https://example.org/synthetic/eucaim/dataset/spm"}
        page = client.get("/dataset", params=asked, headers={"accept": "text/html"})
        graph = client.get("/dataset", params=asked, headers={"accept": "text/turtle"})
    assert page.status_code == 200 and graph.status_code == 200
    shown = [
        "Prostates of our clinic",
        "Example Hospital Imaging Centre",
        "Magnetic Resonance",
        "https://example.org/synthetic/data",
    ]
    assert [text for text in shown if text.casefold() not in page.text.casefold()] == []
    assert "eucaim:hasImageModality" in graph.text and "healthdcatap:hdab" in graph.text
