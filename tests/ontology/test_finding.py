"""Findings in every format, and the severities that curators edit."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.errors import VocabularyError
from ontology.check_profile import Profile
from ontology.finding import Finding, Format, matters, ordered, write
from radiograph import app

SHIPPED = Path(__file__).parents[2] / "ontology"
FINDING = Finding("error", "label-missing", "concepts/a b.ttl", 7, "It has no name.", "Add one.", "e:x", "http://e/why")
REMARK = Finding("info", "prefix-unused", "radiograph.ttl", None, "The prefix is not used.", "Remove it.")


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    for name in ("radiograph.ttl", "concepts/sex.ttl", "concepts/modality.ttl", "concepts/annotation.ttl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(SHIPPED / name, tmp_path / name)
    with (tmp_path / "concepts" / "modality.ttl").open("a", encoding="utf-8") as file:
        file.write('\n:CT skos:altLabel "Scan "@en .\n')
    return tmp_path


def test_text_names_file_and_line() -> None:
    text = write([FINDING, REMARK], Format.TEXT, title="all")
    assert text.startswith(
        "concepts/a b.ttl:7: error: It has no name. [label-missing]\n    Add one.\nradiograph.ttl: info"
    )
    assert text.endswith("all: 1 error, 1 remark\n")


def test_json_sarif_and_github_say_the_same() -> None:
    (told,) = json.loads(write([FINDING], Format.JSON, title=""))
    assert (told["file"], told["line"], told["check"]) == ("concepts/a b.ttl", 7, "label-missing")
    run = json.loads(write([FINDING], Format.SARIF, title=""))["runs"][0]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "concepts/a%20b.ttl"}, "region": {"startLine": 7}}
    assert run["tool"]["driver"]["rules"][0]["helpUri"] == "http://e/why"
    github = write([FINDING], Format.GITHUB, title="")
    assert github.startswith("::error file=concepts/a b.ttl,line=7,title=label missing::It has no name. Add one.")


def test_remarks_do_not_matter_and_nothing_is_told_twice() -> None:
    assert matters([FINDING]) and not matters([REMARK])
    assert ordered([REMARK, FINDING, FINDING]) == [FINDING, REMARK]


@pytest.mark.parametrize("form", list(Format))
def test_a_fault_makes_the_exit_code_one(faulty: Path, form: Format) -> None:
    result = CliRunner().invoke(app, ["ontology", "check", str(faulty), "--format", form.value])
    assert result.exit_code == 1
    assert "modality.ttl" in result.stdout


def test_curators_change_severities_and_add_checks(faulty: Path) -> None:
    (faulty / "checks").mkdir()
    declared = faulty / "checks" / "severities.toml"
    declared.write_text('[text-whitespace]\nseverity = "info"\n', encoding="utf-8")
    run = CliRunner()
    assert run.invoke(app, ["ontology", "check", str(faulty)]).exit_code == 0
    strict = faulty / "strict.toml"
    strict.write_text('[text-whitespace]\nseverity = "error"\n', encoding="utf-8")
    assert run.invoke(app, ["ontology", "check", str(faulty), "--profile", str(strict)]).exit_code == 1
    declared.write_text(
        '[text-whitespace]\nseverity = "off"\n[ours]\nseverity = "warning"\nmessage = "{subject}."\nremedy = "Look."\n',
        encoding="utf-8",
    )
    query = (
        "SELECT ?file ?subject WHERE { GRAPH ?file { ?subject a <http://www.w3.org/2004/02/skos/core#ConceptScheme> } }"
    )
    (faulty / "checks" / "ours.rq").write_text(query, encoding="utf-8")
    found = json.loads(run.invoke(app, ["ontology", "check", str(faulty), "--format", "json"]).stdout)
    assert {finding["check"] for finding in found} == {"ours"} and len(found) == 3


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("severities.toml", "[label-missing]\nseverity = 'grave'\n", "severity"),
        ("severities.toml", "[label-missing]\nlevel = 'error'\n", "is no check"),
        ("severities.toml", "[label-missing\n", "TOML"),
        ("ours.rq", "SELECT ?file ?subject WHERE { ?file ?x ?subject }", "not declared"),
        ("ours.rq", "SELECT ?file WHERE {", "not SPARQL"),
        ("ours.rq", "ASK { ?a ?b ?c }", "no SELECT"),
    ],
)
def test_a_malformed_declaration_is_told(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(VocabularyError, match=message):
        Profile.load(tmp_path)


def test_a_profile_that_does_not_exist_is_a_fault(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["ontology", "check", "--profile", str(tmp_path / "none.toml")])
    assert result.exit_code != 0
