"""The commands as a person or a script uses them: exit codes, JSON, and what goes to stdout."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from catalogue import commands
from core.errors import RadiographError
from tests.catalogue.home import BASE, Home


class Command:
    """Runs ``radiograph …`` on a home."""

    def __init__(self) -> None:
        self._app = typer.Typer()
        commands.mount(self._app)

    def __call__(self, *arguments: str) -> str:
        result = CliRunner().invoke(self._app, list(arguments), catch_exceptions=True)
        if result.exception is not None:
            raise result.exception
        return result.stdout

    def json(self, *arguments: str) -> object:
        return json.loads(self(*arguments, "--json"))


@pytest.fixture
def radiograph(home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Command:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RADIOGRAPH_HOME", str(home.settings.home))
    monkeypatch.setenv("RADIOGRAPH_BASE_IRI", BASE)
    return Command()


def test_status_has_exactly_the_promised_fields(home: Home, radiograph: Command) -> None:
    home.ingest(home.candidate("a"), home.candidate("b", accepted=False))
    one = {"published": 0, "draft": 1, "rejected": 1, "withdrawn": 0}
    assert radiograph.json("status") == {"release": 0, "triples": 0, "links": 0, "repositories": {"one": one}}
    published = radiograph.json("publish")
    status = radiograph.json("status")
    assert isinstance(published, dict) and isinstance(status, dict)
    assert status["repositories"] == {"one": {"published": 1, "draft": 0, "rejected": 1, "withdrawn": 0}}
    assert (status["release"], status["triples"]) == (published["number"], published["triples"])
    assert "one" in radiograph("status")


def test_publish_says_when_there_is_nothing_to_do(
    home: Home, radiograph: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    home.ingest(home.candidate("a"))
    assert radiograph("publish").startswith("release 1: 1 datasets, ")
    assert radiograph("publish") == ""
    again = radiograph.json("publish")
    assert isinstance(again, dict) and again["number"] == 1


def test_publish_refuses_to_shrink_unless_told(home: Home, radiograph: Command) -> None:
    home.ingest(home.candidate("a"), home.candidate("b"))
    radiograph("publish")
    home.ingest(home.candidate("a"))
    with pytest.raises(RadiographError, match="--allow-shrink"):
        radiograph("publish")
    assert radiograph("publish", "--allow-shrink").startswith("release 2: 1 datasets, ")


def test_releases_are_listed_and_rolled_back(home: Home, radiograph: Command) -> None:
    home.ingest(home.candidate("a"))
    radiograph("publish")
    home.ingest(home.candidate("a", "second"))
    radiograph("publish")
    assert radiograph("releases", "rollback", "1").startswith("release 3 has the content of release 1")
    releases = radiograph.json("releases", "list")
    assert isinstance(releases, list) and [release["number"] for release in releases] == [3, 2, 1]
    assert len(radiograph("releases", "list").splitlines()) == 4
    with pytest.raises(RadiographError, match="release 7 does not exist"):
        radiograph("releases", "rollback", "7")


def test_store_rebuild(home: Home, radiograph: Command) -> None:
    home.ingest(home.candidate("a"))
    assert "no release yet" in radiograph("store", "rebuild")
    radiograph("publish")
    assert radiograph("store", "rebuild") == "release 1 is in order\n"


def test_backup_and_restore(home: Home, radiograph: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home.ingest(home.candidate("a"))
    radiograph("publish")
    manifest = radiograph.json("backup", str(tmp_path / "all.tar.gz"))
    assert isinstance(manifest, dict) and manifest["release"] == 1
    status = radiograph.json("status")
    monkeypatch.setenv("RADIOGRAPH_HOME", str(tmp_path / "elsewhere"))
    assert radiograph("restore", str(tmp_path / "all.tar.gz")) == "restored release 1\n"
    assert radiograph.json("status") == status
    with pytest.raises(RadiographError, match="--force"):
        radiograph("restore", str(tmp_path / "all.tar.gz"))
    assert radiograph("restore", str(tmp_path / "all.tar.gz"), "--force") == "restored release 1\n"


def test_runs_and_events(home: Home, radiograph: Command) -> None:
    home.ingest(home.candidate("a"), home.candidate("b"))
    home.ingest(home.candidate("a"))
    runs = radiograph.json("runs", "list")
    assert isinstance(runs, list) and [(run["id"], run["state"]) for run in runs] == [(2, "complete"), (1, "complete")]
    assert runs[1]["report"] == {"candidates": 2} and runs[0]["started"].endswith("+00:00")
    events = [json.loads(line) for line in radiograph("events", "list", "--json").splitlines()]
    assert [(event["seq"], event["kind"], event["iri"]) for event in events] == [
        (1, "create", home.iri("a")),
        (2, "create", home.iri("b")),
        (3, "delete", home.iri("b")),
    ]
    assert len(radiograph("events", "list", "--since", "2", "--json").splitlines()) == 1
    assert "delete" in radiograph("events", "list") and "complete" in radiograph("runs", "list")


def test_a_description_is_shown_and_withdrawn(home: Home, radiograph: Command) -> None:
    place = {"profile": "dcat-ap", "path": "http://purl.org/dc/terms/title"}
    finding = {"severity": "violation", "message": "no [title] here", "value": "[x]", **place}
    report = json.dumps({"verdicts": [{"profile": "dcat-ap", "conforms": False}], "findings": [finding]})
    home.ingest(home.candidate("a"), home.candidate("b", accepted=False, report=report))
    shown = radiograph.json("descriptions", "show", home.iri("b"))
    assert isinstance(shown, dict) and shown["state"] == "rejected" and shown["report"] == json.loads(report)
    assert [revision["state"] for revision in shown["revisions"]] == ["rejected"]
    text = radiograph("descriptions", "show", "one/b")
    assert "dcat-ap: does not conform" in text
    assert "violation [dcat-ap, http://purl.org/dc/terms/title]: no [title] here Value: [x]." in text
    assert "withdrawn" in radiograph("descriptions", "withdraw", "one/a", "--reason", "[red]asked[/red] for")
    assert "[red]asked[/red] for" in radiograph("events", "list")
    for unknown in ("one/never", "https://elsewhere.example.org/x"):
        with pytest.raises(RadiographError, match="is not in the ledger"):
            radiograph("descriptions", "show", unknown)
    with pytest.raises(RadiographError, match="repository key"):
        radiograph("descriptions", "show", "no repository")


def test_links_of_two_repositories_with_one_doi(home: Home, radiograph: Command) -> None:
    with pytest.raises(RadiographError, match="no ledger yet"):
        radiograph("links", "list")
    doi = "10.7937/tcia.2020.x"
    home.ingest(home.candidate(doi))
    with pytest.raises(RadiographError, match="no release yet"):
        radiograph("links", "list")
    home.ingest(home.candidate(doi, repository="two"), repository="two")
    radiograph("publish")
    links = [json.loads(line) for line in radiograph("links", "list", "--json").splitlines()]
    assert [(link["subject"], link["object"]) for link in links] == [(home.iri(doi), home.iri(doi, "two"))]
    assert set(links[0]) == {"subject", "object", "kind", "state", "confidence", "method", "evidence"}
    assert home.iri(doi) in radiograph("links", "list").splitlines()[1], "a row is one line where nobody looks"
    status = radiograph.json("status")
    assert isinstance(status, dict) and status["links"] == 1
