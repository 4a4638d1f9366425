"""Every faulty edit is found, by file and line, and the vocabularies as they are have no fault."""

from __future__ import annotations

import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ontology.check import check
from ontology.check_mappings import mapping_findings
from ontology.check_profile import SHIPPED, Profile
from ontology.finding import Finding
from ontology.tree import Tree

ROOT = Path(__file__).parents[2]
SHIPPED_TREE = ROOT / "ontology"
FAULTS = Path(__file__).parent / "faults"
#: Enough of the vocabularies for an edit of one of them, and checked in a tenth of the time.
SMALL = (
    "radiograph.ttl",
    "concepts/modality.ttl",
    "concepts/annotation.ttl",
    "concepts/sex.ttl",
    "concepts/species.ttl",
)


def _rows(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = tomllib.loads((FAULTS / name).read_text(encoding="utf-8"))["edit"]
    return rows


TURTLE = _rows("turtle.toml")


@pytest.fixture(scope="module")
def profile() -> Profile:
    return Profile.load()


@pytest.fixture(scope="module")
def shipped() -> Tree:
    return Tree.load(SHIPPED_TREE)


def _copy(folder: Path) -> Path:
    for name in SMALL:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(SHIPPED_TREE / name, folder / name)
    return folder


def _edited(text: str, edit: dict[str, Any]) -> str:
    scheme = re.search(r"^<(\S+)> a skos:ConceptScheme", text, re.M)
    iri = scheme[1] if scheme else ""
    if "find" in edit:
        text, number = re.subn(edit["find"].replace("SCHEME", re.escape(iri)), edit["replace"], text, count=1)
        assert number == 1, "the file has changed; adapt the row"
    if "append" in edit:
        text += "\n" + edit["append"].replace("SCHEME", iri) + "\n"
    return text


def _line(text: str, at: str | None) -> int | None:
    """The last line with this text: edits are mostly at the end."""
    return max(n for n, line in enumerate(text.split("\n"), start=1) if at in line) if at else None


def _judge(findings: list[Finding], edit: dict[str, Any], text: str) -> None:
    places = [(finding.file, finding.line) for finding in findings if finding.check == edit["check"]]
    line = _line(text, edit.get("at"))
    assert places, f"not found; found {sorted({f.check for f in findings})}"
    assert (edit["file"], line) in places or (line is None and edit["file"] in {file for file, _ in places})
    others = {f.check for f in findings} - {edit["check"], *edit.get("also", ())}
    assert not others, [f"{f.check}: {f.message}" for f in findings if f.check in others]
    assert all(finding.message and finding.remedy and "{" not in finding.message for finding in findings)


def test_the_vocabularies_have_no_fault(shipped: Tree, profile: Profile) -> None:
    assert check(shipped, profile) == []


def test_neither_has_the_part_that_is_edited_here(tmp_path: Path, profile: Profile) -> None:
    assert check(Tree.load(_copy(tmp_path)), profile) == []


@pytest.mark.parametrize("edit", TURTLE, ids=[row["name"] for row in TURTLE])
def test_a_faulty_edit_is_found(edit: dict[str, Any], tmp_path: Path, profile: Profile) -> None:
    _copy(tmp_path)
    for one in (*([edit["with"]] if "with" in edit else ()), edit):
        file = tmp_path / one["file"]
        file.parent.mkdir(exist_ok=True)
        text = one.get("text") or _edited(file.read_text(encoding="utf-8"), one)
        file.write_text(text, encoding="utf-8")
    _judge(check(Tree.load(tmp_path), profile), edit, text)


MAPPINGS = _rows("mappings.toml")


@pytest.mark.parametrize("edit", MAPPINGS, ids=[row["name"] for row in MAPPINGS])
def test_a_faulty_edit_of_a_mapping_set_is_found(edit: dict[str, Any], shipped: Tree, profile: Profile) -> None:
    text = _edited(shipped.texts[edit["file"]], edit)
    tree = replace(shipped, texts={**shipped.texts, edit["file"]: text})
    _judge(list(mapping_findings(tree, profile)), edit, text)


def test_every_check_has_a_fault_that_it_finds() -> None:
    """Those elsewhere are tested with hostile files, with contradictions, and with the harmoniser."""
    elsewhere = {
        *("file-unreadable", "file-outside", "file-too-large", "file-encoding", "literal-too-long"),
        *("inconsistent", "unsatisfiable-class", "unsatisfiable-property", "inferred", "golden-differs"),
    }
    off = {name for name, one in Profile.load().checks.items() if one.severity == "off"}
    assert {row["check"] for row in (*TURTLE, *MAPPINGS)} | elsewhere | off == set(Profile.load().checks)


def test_there_are_as_many_faults_as_were_asked_for() -> None:
    assert len(TURTLE) + len(MAPPINGS) >= 60


def test_every_query_is_declared_and_says_what_it_looks_for() -> None:
    declared = Profile.load().checks
    for path in SHIPPED.glob("*.rq"):
        assert path.stem in declared
        assert path.read_text(encoding="utf-8").startswith("# ")
