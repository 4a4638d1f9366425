from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from core.errors import SettingsError
from core.settings import Settings
from ingest.commands import mount

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, overlay: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RADIOGRAPH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("RADIOGRAPH_BASE_IRI", "https://catalogue.example.org")
    monkeypatch.setenv("RADIOGRAPH_OVERLAY", str(overlay))
    app = typer.Typer()
    mount(app)

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return invoke


def table(run: Run, path: Path, *options: object) -> Result:
    return run("ingest", "table", path, "--repository", "clinic", *options)


def test_a_good_table_ends_with_0(run: Run, clinic: Any, tmp_path: Path) -> None:
    result = table(run, clinic.write(clinic.row("a"), clinic.row("b")))
    assert result.exit_code == 0, result.output
    assert "read 2, accepted 2, rejected 0" in result.stdout
    assert (tmp_path / "home" / "ledger.sqlite").is_file()


def test_json_goes_to_stdout_alone(run: Run, clinic: Any) -> None:
    result = table(run, clinic.write(clinic.row("a"), clinic.row("A")), "--json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert (report["accepted"], report["errors"]) == (1, 1)
    assert report["faults"][0]["location"] == "clinic.csv, row 3"


def test_a_dry_run_leaves_no_trace(run: Run, clinic: Any, tmp_path: Path) -> None:
    assert table(run, clinic.write(clinic.row("a")), "--dry-run").exit_code == 0
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"id,title\na,b\n", ("clinic.csv, row 1", "'download' is missing", "add the column")),
        ("id,title,Größe\na,Köln,x\n".encode("latin-1"), ("clinic.csv, row 1", "is not UTF-8", "--encoding")),
        (b"", ("clinic.csv, row 1", "the file is empty", "give a header")),
        (b"id,title,download\n", ("clinic.csv, row 2", "no rows", "add a row")),
        (b"PK\x03\x04broken", ("clinic.csv", "damaged", "save it again")),
    ],
    ids=["missing column", "latin-1", "empty", "header only", "broken workbook"],
)
def test_a_table_nobody_can_read_ends_with_1_and_says_why(
    run: Run, clinic: Any, content: bytes, told: tuple[str, ...]
) -> None:
    clinic.path.write_bytes(content)
    result = table(run, clinic.path)
    assert result.exit_code == 1
    assert all(text in result.stderr for text in told), result.stderr
    assert "Traceback" not in result.stderr


def test_an_unreadable_table_is_told_in_json_too(run: Run, clinic: Any) -> None:
    clinic.path.write_bytes(b"")
    told = json.loads(table(run, clinic.path, "--json").stdout)
    assert told == {
        "error": "the file is empty",
        "where": "clinic.csv, row 1",
        "remedy": "give a header row and at least one row",
    }


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"licence": "free for all"}, ("row 3", "the licence 'free for all' is not known", "add this one")),
        ({"id": "a"}, ("row 3", "already that of clinic.csv, row 2", "another id")),
        ({"id": ""}, ("row 3", "the row has no id", "give it one")),
        ({"size": "huge", "date": "03.04.2019"}, ("row 3", "'huge' is not a byte size", "correct the cell")),
    ],
)
def test_a_bad_row_ends_with_1_and_the_good_ones_go_in(
    run: Run, clinic: Any, cells: dict[str, str], told: tuple[str, ...]
) -> None:
    result = table(run, clinic.write(clinic.row("a"), clinic.row("b") | cells, clinic.row("c")))
    assert result.exit_code == 1
    assert all(text in result.stdout for text in ("clinic.csv", *told)), result.stdout
    assert "created" in result.stdout and "accepted 0" not in result.stdout


def test_an_encoding_can_be_named(run: Run, clinic: Any) -> None:
    path = clinic.write(clinic.row("a", title="Köln"))
    path.write_bytes(path.read_text(encoding="utf-8").encode("windows-1252"))
    assert table(run, path, "--encoding", "windows-1252").exit_code == 0


def test_a_part_of_a_table_deletes_nothing(run: Run, clinic: Any) -> None:
    table(run, clinic.write(clinic.row("a"), clinic.row("b")))
    told = json.loads(table(run, clinic.write(clinic.row("c")), "--partial", "--json").stdout)
    assert (told["outcomes"]["created"], told["outcomes"]["deleted"], told["complete"]) == (1, 0, False)


@pytest.mark.parametrize(
    "arguments",
    [
        ("ingest", "table", "absent.csv", "--repository", "clinic"),
        ("ingest", "table", ".", "--repository", "clinic"),
        ("ingest", "table", "--nonsense"),
        ("ingest", "idc", "--index", "absent"),
        ("ingest", "nothing"),
    ],
)
def test_wrong_usage_ends_with_2(run: Run, arguments: tuple[str, ...]) -> None:
    assert run(*arguments).exit_code == 2


def test_an_undeclared_repository_and_a_missing_mapping_are_faults(run: Run, clinic: Any, overlay: Path) -> None:
    path = clinic.write(clinic.row("a"))
    undeclared = run("ingest", "table", path, "--repository", "nobody").exception
    assert isinstance(undeclared, SettingsError) and "not declared" in undeclared.message
    (overlay / "ingest" / "mappings" / "clinic.toml").unlink()
    unmapped = table(run, path).exception
    assert isinstance(unmapped, SettingsError) and "--mapping" in str(unmapped.remedy)


def test_repositories_are_listed(run: Run) -> None:
    declared = json.loads(run("repositories", "list", "--json").stdout)
    assert {"clinic", "openmedlab"} <= {repository["id"] for repository in declared}
    assert "OpenMEDLab" in run("repositories", "list").stdout


def test_what_is_not_public_is_not_named(run: Run, clinic: Any, overlay: Path) -> None:
    path = overlay / "ingest" / "repositories" / "clinic.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("public = true", "public = false"), encoding="utf-8")
    result = table(run, clinic.write(clinic.row("a"), clinic.row("A"), clinic.row("b", modality="oddity")))
    assert result.exit_code == 1
    clinic.path.write_bytes(b"")
    unreadable = table(run, clinic.path)
    for text in (result.output, unreadable.output):
        assert "clinic.csv" not in text and "oddity" not in text


def test_the_settings_say_where_to_write(run: Run, tmp_path: Path) -> None:
    assert Settings().home == tmp_path / "home"
