"""``radiograph releases check``, and what publishing remarks: findings over a whole release."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from rdflib import Literal, URIRef
from typer.testing import CliRunner, Result

from catalogue import commands
from catalogue.checking import check_release, find_release
from core.errors import ReleaseError, StoreError
from core.terms import DCT, PROV
from shapes.checks import Checks
from tests.catalogue.home import BASE, Home


@pytest.fixture
def shared(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A release in which two datasets share an identifier, and one is derived from what is not there."""
    monkeypatch.setenv("RADIOGRAPH_HOME", str(home.settings.home))
    monkeypatch.setenv("RADIOGRAPH_BASE_IRI", BASE)
    datasets = [URIRef(home.iri(name)) for name in ("a", "b", "c")]
    same = [(dataset, DCT.identifier, Literal("same")) for dataset in datasets[:2]]
    missing = (datasets[2], PROV.wasDerivedFrom, URIRef(home.iri("gone")))
    home.ingest(
        home.candidate("a", triples=[same[0]]),
        home.candidate("b", triples=[same[1]]),
        home.candidate("c", triples=[missing]),
    )
    return home


def run(*arguments: str) -> Result:
    app = typer.Typer()
    commands.mount(app)
    return CliRunner().invoke(app, list(arguments))


def test_a_release_is_checked_as_a_whole(shared: Home) -> None:
    assert run("publish").exit_code == 0
    result = run("releases", "check", "--format", "json")
    assert result.exit_code == 1
    told = json.loads(result.stdout)
    assert (told["release"], told["conforms"]) == (1, False)
    found = {(finding["record"], finding["severity"], finding["value"]) for finding in told["findings"]}
    assert found == {
        (shared.iri("a"), "violation", "same"),
        (shared.iri("b"), "violation", "same"),
        (shared.iri("c"), "warning", shared.iri("gone")),
    }


def test_people_are_told_what_to_do(shared: Home) -> None:
    run("publish")
    result = run("releases", "check", "1")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "violation: Another dataset has the same identifier. (2)"
    assert lines[1].startswith("  to do: Give")
    assert f"  {shared.iri('a')}  dct:identifier  same" in lines
    assert lines[-1] == "release 1: 3 findings"


def test_publishing_remarks_in_one_line(shared: Home) -> None:
    first, second = run("publish"), run("publish")
    assert "2 × violation; `radiograph releases check` says more" in " ".join(first.stderr.split())
    assert "violation" not in second.stderr, "nothing new was published"


def test_a_release_in_order_is_passed_over_in_silence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RADIOGRAPH_HOME", str(home.settings.home))
    monkeypatch.setenv("RADIOGRAPH_BASE_IRI", BASE)
    home.ingest(home.candidate("a"))
    assert "checks" not in run("publish").stderr
    result = run("releases", "check")
    assert (result.exit_code, result.stdout) == (0, "release 1: nothing found\n")


def test_a_broken_check_is_no_reason_not_to_publish(
    shared: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "overlay" / "shapes" / "checks"
    folder.mkdir(parents=True)
    (folder / "x.toml").write_text("[[check")
    monkeypatch.setenv("RADIOGRAPH_OVERLAY", str(tmp_path / "overlay"))
    result = run("publish")
    assert result.exit_code == 0 and "not readable as TOML" in result.stderr


def test_there_must_be_a_release_and_its_store(shared: Home) -> None:
    with pytest.raises(ReleaseError, match="no release yet"):
        find_release(shared.settings)
    run("publish")
    with pytest.raises(ReleaseError, match="no release 7"):
        find_release(shared.settings, 7)
    release = find_release(shared.settings)
    (release.path / "store" / "CURRENT").unlink()
    with pytest.raises(StoreError, match="cannot be opened"):
        check_release(shared.settings, release, Checks.load())
