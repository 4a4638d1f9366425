from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
import typer
from typer.testing import CliRunner, Result

from core.errors import ProfileError, SettingsError
from shapes.forms.commands import mount

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    mount(app)
    app.command("other")(lambda: None)
    return lambda *arguments: CliRunner().invoke(app, ["template", *arguments])


def test_a_workbook_named_for_the_profile(run: Run, tmp_path: Path) -> None:
    assert run("--profile", "dcat-ap").exit_code == 0
    book = openpyxl.load_workbook(tmp_path / "dcat-ap.xlsx")
    assert book.worksheets[0]["A1"].value == "radiograph-form:dcat-ap/3.0.1"


@pytest.mark.parametrize(("format", "start"), [("csv", b"\xef\xbb\xbfradiograph-form:"), ("ttl", b"## HealthDCAT-AP")])
def test_other_formats(run: Run, tmp_path: Path, format: str, start: bytes) -> None:
    assert run("--profile", "healthdcat-ap", "--format", format, "--output", "form").exit_code == 0
    assert (tmp_path / "form").read_bytes().startswith(start)


def test_stdout(run: Run, tmp_path: Path) -> None:
    result = run("--profile", "dcat-ap", "--format", "csv", "--output", "-")
    assert result.stdout_bytes.startswith(b"\xef\xbb\xbfradiograph-form:dcat-ap")
    assert not list(tmp_path.iterdir())


def test_a_filled_form_is_not_overwritten_by_mistake(run: Run, tmp_path: Path) -> None:
    (tmp_path / "dcat-ap.csv").write_text("hours of work")
    result = run("--profile", "dcat-ap", "--format", "csv")
    assert isinstance(result.exception, SettingsError) and "--force" in str(result.exception)
    assert (tmp_path / "dcat-ap.csv").read_text() == "hours of work"
    assert run("--profile", "dcat-ap", "--format", "csv", "--force").exit_code == 0
    assert (tmp_path / "dcat-ap.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_fewer_fields_and_an_access_level(run: Run, tmp_path: Path) -> None:
    sizes = []
    for fields in ("all", "recommended", "mandatory"):
        arguments = ("--format", "csv", "--output", fields, "--access-level", "restricted", "--fields", fields)
        assert run("--profile", "healthdcat-ap", *arguments).exit_code == 0
        header = (tmp_path / fields).read_text("utf-8-sig").split("\n", 1)[0]
        assert header.startswith("radiograph-form:healthdcat-ap/8/RESTRICTED,")
        sizes.append(header.count(","))
    assert sizes[0] > sizes[1] > sizes[2] > 10


def test_what_there_is_not_is_told(run: Run) -> None:
    for arguments, told in (
        (("--profile", "nothing"), "no profile 'nothing'"),
        (("--profile", "eucaim", "--access-level", "secret"), "NON_PUBLIC, PUBLIC, RESTRICTED"),
    ):
        result = run(*arguments)
        assert isinstance(result.exception, ProfileError) and told in str(result.exception)
