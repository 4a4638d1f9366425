"""``radiograph validate`` as a steward and as a program use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from core.errors import InputError, ProfileError
from shapes.commands import mount
from tests.shapes.conftest import DATASET, EXAMPLES, example


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    mount(app)
    return app


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    graph = example("healthdcat-ap-public-minimal")
    for s, p, o in list(graph):
        if str(p).endswith(("#hdab", "accessURL")):
            graph.remove((s, p, o))
    path = tmp_path / "broken [draft].ttl"
    path.write_bytes(graph.serialize(format="turtle").encode())
    return path


def _run(app: typer.Typer, *arguments: str, text: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["validate", *arguments], input=text)


def test_a_good_file(app: typer.Typer) -> None:
    result = _run(app, str(EXAMPLES / "healthdcat-ap-public-minimal.ttl"))
    assert result.exit_code == 0
    assert "conforms to HealthDCAT-AP 8: 0 violations" in result.stdout


def test_a_broken_file_in_words(app: typer.Typer, broken: Path) -> None:
    result = _run(app, str(broken))
    assert result.exit_code == 1
    assert "does not conform to HealthDCAT-AP 8" in result.stdout
    assert "violation EHDS transition: health data access body: The dataset names no" in result.stdout
    assert "at dcat:distribution" in result.stdout
    assert "to do: Add dcat:accessURL" in result.stdout
    assert "rule:  DCAT-AP 3.0.1, https://semiceu.github.io/DCAT-AP/releases/3.0.1/#Distribution" in result.stdout


def test_a_broken_file_for_programs(app: typer.Typer, broken: Path) -> None:
    result = _run(app, str(broken), "--format", "json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert list(answer) == ["conforms", "findings"] and answer["conforms"] is False
    for finding in answer["findings"]:
        assert finding["record"] == str(DATASET)
        assert finding["path"].startswith("http") and finding["severity"] in {"violation", "warning", "info"}
        assert finding["profile"] in {"dcat-ap", "healthdcat-ap"} and finding["message"]
    assert sum(finding["severity"] == "violation" for finding in answer["findings"]) >= 2


def test_warnings_alone_conform(app: typer.Typer) -> None:
    result = _run(app, str(EXAMPLES / "dcat-ap-minimal.ttl"), "--format", "json")
    answer = json.loads(result.stdout)
    assert result.exit_code == 0 and answer["conforms"] is True and answer["findings"]


def test_standard_input_and_a_profile_of_choice(app: typer.Typer) -> None:
    text = (EXAMPLES / "dcat-ap-complete.ttl").read_bytes()
    assert _run(app, "-", text=text).exit_code == 0
    result = _run(app, "-", "--profile", "healthdcat-ap", text=text)
    assert result.exit_code == 1 and "EHDS transition" in result.stdout


def test_markup_in_a_title_is_printed_and_not_obeyed(app: typer.Typer) -> None:
    text = "<http://e/a> a <http://www.w3.org/ns/dcat#Dataset> ; <http://purl.org/dc/terms/title> '[red]Lung[/bold]' ."
    assert "[red]Lung[/bold]" in _run(app, "-", text=text.encode()).stdout


def test_what_cannot_be_judged_is_a_fault_of_the_input(app: typer.Typer, tmp_path: Path) -> None:
    assert isinstance(_run(app, str(tmp_path / "none.ttl")).exception, InputError)
    assert isinstance(_run(app, "-", text=b"").exception, InputError)
    assert isinstance(_run(app, "-", "--profile", "nope", text=b"").exception, ProfileError)
