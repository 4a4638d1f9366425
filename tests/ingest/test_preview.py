"""What a profile would newly fail, on a small catalogue: nothing is written, and what fails already is no news."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

import ingest.commands
import ingest.profile_commands
from tests.ingest.conftest import ClinicTable, write_overlay
from tests.ingest.idc_slice import write_index

_SHAPES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix house: <https://example.org/house-rules/> .

house:dataset a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:property house:house-rules-dataset-doi .
house:house-rules-dataset-doi a sh:PropertyShape ;
    sh:path dct:isReferencedBy ; sh:minCount 1 ; sh:severity sh:Violation ;
    sh:name "Article" ; sh:message "The dataset has no article. Add dct:isReferencedBy with its address." ;
    rdfs:seeAlso house:article .
"""
_PROFILE = """
[[profile]]
id = "house-rules"
label = "House rules"
release = "1"
iri = "https://example.org/house-rules/1"
specification = "https://example.org/house-rules/"
extends = "dcat-ap"
enabled = false

[profile.applies]
repositories = ["clinic"]

[profile.shapes]
dataset = ["house/rules.ttl"]
"""

Run = Callable[..., Result]


def _runner(home: Path, overlay: Path, patch: pytest.MonkeyPatch) -> Run:
    patch.chdir(home.parent)
    patch.setenv("RADIOGRAPH_HOME", str(home))
    patch.setenv("RADIOGRAPH_BASE_IRI", "https://catalogue.example.org")
    patch.setenv("RADIOGRAPH_OVERLAY", str(overlay))
    app = typer.Typer()
    ingest.commands.mount(app)
    ingest.profile_commands.mount(app)

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    return invoke


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home with the slice of the Imaging Data Commons and three datasets of a clinic."""
    folder = tmp_path_factory.mktemp("filled")
    clinic = ClinicTable(folder)
    table = clinic.write(clinic.row("a", doi="10.1/a"), clinic.row("b"), clinic.row("c"))
    (folder / "index").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        run = _runner(folder / "home", write_overlay(folder), patch)
        assert run("ingest", "table", table, "--repository", "clinic").exit_code == 0
        assert run("ingest", "idc", "--index", write_index(folder / "index"), "--json").stdout
        yield folder / "home"


@pytest.fixture
def run(tmp_path: Path, overlay: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return _runner(tmp_path / "home", overlay, monkeypatch)


@pytest.fixture
def catalogue(filled: Path, tmp_path: Path) -> Path:
    """A copy of the filled home; returns the ledger's file."""
    shutil.copytree(filled, tmp_path / "home")
    return tmp_path / "home" / "ledger.sqlite"


def _proposal(folder: Path, declaration: str = _PROFILE, shapes: str = _SHAPES, file: str = "house/rules.ttl") -> Path:
    path = folder / "shapes" / file
    path.parent.mkdir(parents=True)
    path.write_text(shapes, encoding="utf-8")
    (folder / "shapes" / "profiles.toml").write_text(declaration, encoding="utf-8")
    return folder


def test_a_profile_that_is_not_enabled_is_tried(run: Run, catalogue: Path, tmp_path: Path) -> None:
    before = catalogue.read_bytes()
    proposal = _proposal(tmp_path / "proposal")
    result = run("profiles", "preview", "house-rules", "--overlay", proposal, "--format", "json")
    assert result.exit_code == 1, result.output
    found = json.loads(result.stdout)
    assert (found["enabled"], found["applies"]) == (False, 3), "it would apply to the clinic's three"
    (rule,) = found["rules"]
    assert rule["rule"] == "https://example.org/house-rules/house-rules-dataset-doi"
    assert rule["repositories"]["clinic"] == found["newly_failing"]["clinic"] == 2
    assert rule["count"] == sum(found["newly_failing"].values()) == found["judged"] - found["conforming"]
    titles = {example["title"] for example in rule["examples"]}
    assert titles >= {"Dataset b", "Dataset c"} and "Dataset a" not in titles
    assert catalogue.read_bytes() == before, "a preview writes nothing"


def test_what_fails_already_is_no_news(run: Run, catalogue: Path, tmp_path: Path) -> None:
    """The profile is in force, by the shapes of now; the same one under another IRI fails the same descriptions."""
    _proposal(tmp_path / "overlay", _PROFILE.replace("enabled = false\n", ""))
    newer = _PROFILE.replace("house-rules", "house-rules-2").replace('["clinic"]', "[]")
    proposal = _proposal(tmp_path / "newer", newer, _SHAPES.replace("house-rules-dataset", "house-rules-2-dataset"))
    found = json.loads(run("profiles", "preview", "house-rules-2", "--overlay", proposal, "--format", "json").stdout)
    assert "clinic" not in found["newly_failing"] and found["newly_failing"]["idc"]


def test_other_shapes_of_the_same_profile(run: Run, catalogue: Path, tmp_path: Path) -> None:
    """A file of the proposed folder stands in for the shipped one of the same name."""
    shipped = Path(ingest.__file__).parents[1] / "shapes" / "dcat-ap-3.0.1" / "agent.ttl"
    stricter = shipped.read_text(encoding="utf-8") + _SHAPES.replace("house-rules-dataset", "dcat-ap-dataset")
    proposal = _proposal(tmp_path / "proposal", "", stricter, "dcat-ap-3.0.1/agent.ttl")
    result = run("profiles", "preview", "dcat-ap", "--overlay", proposal)
    assert result.exit_code == 1
    assert "DCAT-AP 3.0.1: 9 descriptions judged" in result.stdout and "2 of clinic" in result.stdout
    assert "× Article: The dataset has no article." in result.stdout
    assert "Add dct:isReferencedBy with its address." in result.stdout and "such as Dataset b" in result.stdout


def test_what_is_in_force_fails_nothing_anew(run: Run, catalogue: Path) -> None:
    result = run("profiles", "preview", "dcat-ap")
    assert result.exit_code == 0 and "none would newly fail" in result.stdout


def test_a_stricter_shipped_profile_is_told_rule_by_rule(run: Run, catalogue: Path) -> None:
    found = json.loads(run("profiles", "preview", "healthdcat-ap", "--format", "json").stdout)
    assert (found["conforming"], found["judged"]) == (0, 9)
    assert found["newly_failing"] == {"clinic": 3}, "it applies to what IDC says already"
    rules = {rule["rule"].partition("#")[2]: rule for rule in found["rules"]}
    assert rules["healthdcat-ap-dataset-ehds-transition-hdab"]["count"] == 3
    counts = [rule["count"] for rule in found["rules"]]
    assert counts == sorted(counts, reverse=True)


def test_what_cannot_be_previewed(run: Run, tmp_path: Path) -> None:
    assert "there is no profile 'nope'" in str(run("profiles", "preview", "nope").exception)
    assert "there is no ledger yet" in str(run("profiles", "preview", "dcat-ap").exception)
    broken = _proposal(tmp_path / "broken", shapes=_SHAPES.replace("sh:minCount 1", "sh:minCount"))
    result = run("profiles", "preview", "house-rules", "--overlay", broken)
    assert "rules.ttl:10: not Turtle" in str(result.exception)


def test_the_profiles_are_listed(run: Run) -> None:
    listed = {one["id"]: one for one in json.loads(run("profiles", "list", "--format", "json").stdout)}
    assert listed["healthdcat-ap"]["release"] == "8" and listed["healthdcat-ap-7"]["release"] == "7"
    assert listed["healthdcat-ap"]["constraints"] > listed["healthdcat-ap-7"]["constraints"] > 200
    text = run("profiles", "list").stdout
    assert "HealthDCAT-AP 8" in text and "every description" in text
