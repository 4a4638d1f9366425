"""``radiograph validate`` as a steward and as a program use it."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from core.errors import InputError, ProfileError, RadiographError
from shapes.commands import mount
from shapes.document import Document, Position, Positions
from tests.core.test_annotations import check_sarif
from tests.shapes.conftest import DATASET, EXAMPLES, OWN_TERM, example, overlay


def _form(path: Path) -> Document | None:
    """A reader of forms that knows one kind of file."""
    if path.suffix != ".form":
        return None
    graph, positions = example("dcat-ap-minimal"), Positions()
    for s, p, o in graph:
        positions.add(s, p, o, Position(row=2, column="Title"))
    return Document(str(path), graph, positions)


@pytest.fixture(scope="module")
def app() -> typer.Typer:
    app = typer.Typer()
    app.callback()(lambda: None)
    mount(app, forms=_form)
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


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The examples, served on the loopback interface."""
    handler = functools.partial(_Quiet, directory=str(EXAMPLES))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join(5)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = {".ttl": "text/turtle"}  # noqa: RUF012

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


def _run(app: typer.Typer, *arguments: str, text: bytes | None = None) -> Result:
    return CliRunner().invoke(app, ["validate", *arguments], input=text)


def test_a_good_file(app: typer.Typer) -> None:
    result = _run(app, str(EXAMPLES / "healthdcat-ap-public-minimal.ttl"))
    assert result.exit_code == 0
    assert "conforms to HealthDCAT-AP 8: 0 violations" in result.stdout


def test_a_broken_file_in_words(app: typer.Typer, broken: Path) -> None:
    result = _run(app, str(broken))
    assert result.exit_code == 1
    words = " ".join(result.stdout.split())
    assert "does not conform to HealthDCAT-AP 8: 2 violations" in words
    assert "problem The dataset names no" in words
    assert "Dataset distribution <https://example.org/synthetic/distribution>" in words
    assert "to do Add dcat:accessURL" in words
    assert "demanded by DCAT-AP 3.0.1, https://semiceu.github.io/DCAT-AP/releases/3.0.1/#Distribution" in words


def test_a_broken_file_for_programs(app: typer.Typer, broken: Path) -> None:
    result = _run(app, str(broken), "--format", "json")
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["conforms"] is False and answer["version"] == "1"
    for finding in answer["findings"]:
        assert finding["record"] == str(DATASET) and finding["document"] == str(broken)
        assert finding["path"].startswith("http") and finding["severity"] in {"violation", "warning", "info"}
        assert finding["profile"] in {"dcat-ap", "healthdcat-ap"} and finding["message"]
        assert finding["position"]["line"] >= 1
    assert sum(finding["severity"] == "violation" for finding in answer["findings"]) == 2


def test_other_formats_are_asked_for_by_name(app: typer.Typer, broken: Path) -> None:
    assert _run(app, str(broken), "--format", "github").stdout.startswith("::error file=")
    check_sarif(json.loads(_run(app, str(broken), "--format", "sarif").stdout))


def test_the_report_goes_into_a_file(app: typer.Typer, broken: Path, tmp_path: Path) -> None:
    path = tmp_path / "report.ttl"
    result = _run(app, str(broken), "--output", str(path), "--format", "turtle")
    assert result.exit_code == 1 and result.stdout == ""
    assert "a sh:ValidationReport" in path.read_text(encoding="utf-8")


def test_several_files_make_one_report(app: typer.Typer, broken: Path) -> None:
    good = EXAMPLES / "dcat-ap-complete.ttl"
    answer = json.loads(_run(app, str(good), str(broken), "--format", "json").stdout)
    assert {record["document"] for record in answer["records"]} == {str(good), str(broken)}
    assert answer["conforms"] is False


def test_warnings_alone_conform(app: typer.Typer) -> None:
    result = _run(app, str(EXAMPLES / "dcat-ap-minimal.ttl"), "--format", "json")
    answer = json.loads(result.stdout)
    assert result.exit_code == 0 and answer["conforms"] is True and answer["findings"]


def test_rules_and_checks_of_the_overlay_count(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    overlay(tmp_path)
    monkeypatch.setenv("RADIOGRAPH_OVERLAY", str(tmp_path))
    shown = _run(app, "-", "--format", "json", text=OWN_TERM.encode())
    found = json.loads(shown.stdout)
    assert [rewrite["after"] for rewrite in found["rewrites"]] == ['dct:title "Lung CT"']
    assert "check-keyword-alone" in {finding["rule"].partition("#")[2] for finding in found["findings"]}


def test_standard_input_and_a_profile_of_choice(app: typer.Typer) -> None:
    text = (EXAMPLES / "dcat-ap-complete.ttl").read_bytes()
    assert _run(app, "-", text=text).exit_code == 0
    result = _run(app, "-", "--profile", "dcat-ap", "--profile", "healthdcat-ap", text=text)
    assert result.exit_code == 1 and "(applied because it was asked for)" in " ".join(result.stdout.split())
    assert "standard input:" in result.stdout


def test_an_address_is_fetched(app: typer.Typer, address: str) -> None:
    result = _run(app, f"{address}/dcat-ap-complete.ttl")
    assert result.exit_code == 0 and f"{address}/dcat-ap-complete.ttl:" in result.stdout
    assert isinstance(_run(app, f"{address}/none.ttl").exception, RadiographError)


def test_a_filled_form_is_read_by_whom_knows_it(app: typer.Typer, tmp_path: Path) -> None:
    path = tmp_path / "filled.form"
    path.write_text("", encoding="utf-8")
    answer = json.loads(_run(app, str(path), "--format", "json").stdout)
    assert answer["findings"][0]["position"] == {"row": 2, "column": "Title"}


def test_markup_in_a_title_is_printed_and_not_obeyed(app: typer.Typer) -> None:
    text = "<http://e/a> a <http://www.w3.org/ns/dcat#Dataset> ; <http://purl.org/dc/terms/title> '[red]Lung[/bold]' ."
    assert "[red]Lung[/bold]" in _run(app, "-", text=text.encode()).stdout


def test_what_cannot_be_judged_is_a_fault_of_the_input(app: typer.Typer, tmp_path: Path) -> None:
    good = str(EXAMPLES / "dcat-ap-minimal.ttl")
    assert isinstance(_run(app, str(tmp_path / "none.ttl")).exception, InputError)
    assert _run(app, good, str(tmp_path / "none.ttl")).exit_code == 2
    assert isinstance(_run(app, "-", text=b"").exception, InputError)
    assert isinstance(_run(app, "-", "--profile", "nope", text=b"").exception, ProfileError)


def test_one_broken_file_does_not_keep_back_what_is_said_of_the_others(app: typer.Typer, tmp_path: Path) -> None:
    good, faulty, missing = EXAMPLES / "dcat-ap-minimal.ttl", tmp_path / "faulty.ttl", tmp_path / "none.ttl"
    faulty.write_text("\n\n<a> <b", encoding="utf-8")
    names = (str(missing), str(faulty), str(good))

    shown = _run(app, *names)
    assert shown.exit_code == 2 and not isinstance(shown.exception, RadiographError)
    words = "".join(shown.stdout.split())
    assert words.index(f"{missing}cannotbejudged") < words.index(f"{faulty}:3") < words.index("conformstoDCAT-AP")

    for_programs = _run(app, *names, "--format", "json")
    answer = json.loads(for_programs.stdout)
    assert for_programs.exit_code == 2 and answer["conforms"] is False and answer["violations"] == 0
    assert [error["document"] for error in answer["errors"]] == [str(missing), str(faulty)]
    assert answer["errors"][1]["position"] == {"line": 3} and "not Turtle" in answer["errors"][1]["message"]
    assert {record["document"] for record in answer["records"]} == {str(good)}
    assert f"error: {faulty}:3: not Turtle" in for_programs.stderr

    github = _run(app, *names, "--format", "github")
    assert github.exit_code == 2 and f"::error file={faulty},line=3,title=Cannot be judged::" in github.stdout
    sarif = _run(app, *names, "--format", "sarif")
    check_sarif(json.loads(sarif.stdout))
    results = json.loads(sarif.stdout)["runs"][0]["results"]
    errors = [result for result in results if result["ruleId"] == "cannot-be-judged"]
    assert sarif.exit_code == 2 and [error["level"] for error in errors] == ["error", "error"]
    assert errors[1]["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}


def test_a_file_that_describes_nothing_is_told_among_others(app: typer.Typer, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing.ttl"
    nothing.write_text("<a:b> <a:c> <a:d> .", encoding="utf-8")
    result = _run(app, str(nothing), str(EXAMPLES / "dcat-ap-minimal.ttl"), "--format", "json")
    assert result.exit_code == 2
    (error,) = json.loads(result.stdout)["errors"]
    assert "describes no dataset" in error["message"] and "position" not in error
    assert isinstance(_run(app, str(nothing)).exception, InputError)


def test_a_broken_rule_that_is_relaxed_still_does_not_conform(
    app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = "https://w3id.org/radiograph/shapes#healthdcat-ap-dataset-ehds-transition-hdab"
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes" / "profiles.toml").write_text(f'[[relaxed]]\nrule = "{rule}"\n', encoding="utf-8")
    monkeypatch.setenv("RADIOGRAPH_OVERLAY", str(tmp_path))
    graph = example("healthdcat-ap-public-minimal")
    for s, p, o in list(graph):
        if str(p).endswith("#hdab"):
            graph.remove((s, p, o))
    result = _run(app, "-", "--format", "json", text=graph.serialize(format="turtle").encode())
    answer = json.loads(result.stdout)
    assert result.exit_code == 1 and answer["conforms"] is False and answer["violations"] == 0
    (finding,) = [finding for finding in answer["findings"] if finding["relaxed"]]
    assert finding["rule"] == rule and finding["severity"] == "warning"
    verdict = next(v for v in answer["records"][0]["verdicts"] if v["profile"] == "healthdcat-ap")
    assert verdict["relaxed"] == 1 and verdict["conforms"] is False
