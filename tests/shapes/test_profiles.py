"""Profiles are data: an operator adds a release without Python, and a broken file is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ProfileError
from core.terms import DCT, DPV
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.validator import Validator
from tests.shapes.conftest import DATASET, EX, example, turtle

_PROFILE = """
[[profile]]
id = "house-rules"
label = "House rules"
release = "1"
iri = "https://example.org/house-rules/1"
specification = "https://example.org/house-rules/"
extends = "dcat-ap"

[profile.shapes]
dataset = ["house/rules.ttl"]
"""
_SHAPES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix house: <https://example.org/house-rules/> .

house:dataset a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:property house:rights .
house:rights a sh:PropertyShape ;
    sh:path dct:rightsHolder ; sh:minCount 1 ; sh:severity sh:Violation ;
    sh:name "Rights holder" ; sh:message "The dataset has no rights holder. Add dct:rightsHolder." ;
    rdfs:seeAlso house:rights .
"""


def _overlay(home: Path, declaration: str = _PROFILE, shapes: str = _SHAPES) -> Path:
    (home / "shapes" / "house").mkdir(parents=True)
    (home / "shapes" / "profiles.toml").write_text(declaration, encoding="utf-8")
    (home / "shapes" / "house" / "rules.ttl").write_text(shapes, encoding="utf-8")
    return home


def test_shipped_profiles(profiles: Profiles) -> None:
    assert [(p.id, p.release) for p in profiles] == [("dcat-ap", "3.0.1"), ("healthdcat-ap", "8")]
    assert profiles.get("dcat-ap").iri == "http://data.europa.eu/r5r/"
    assert [p.id for p in profiles.lineage("healthdcat-ap")] == ["dcat-ap", "healthdcat-ap"]


def test_an_unknown_profile_is_refused_with_the_known_ones(profiles: Profiles) -> None:
    with pytest.raises(ProfileError, match=r"no profile 'nope'.*dcat-ap, healthdcat-ap"):
        profiles.get("nope")


def test_health_applies_where_its_terms_or_its_name_occur(profiles: Profiles) -> None:
    plain = example("dcat-ap-minimal")
    assert profiles.applicable(plain, DATASET) == ("dcat-ap",)
    claiming = example("dcat-ap-minimal")
    claiming.add((DATASET, DCT.conformsTo, DPV[""]))
    assert profiles.applicable(claiming, DATASET) == ("dcat-ap",)
    for claim in ("<http://healthdataportal.eu/ns/health#>", f"<{profiles.get('healthdcat-ap').iri}>"):
        claiming = plain + turtle(f"ex:dataset dct:conformsTo {claim} .")
        assert profiles.applicable(claiming, DATASET) == ("dcat-ap", "healthdcat-ap")
    using = plain + turtle("ex:dataset healthdcatap:populationCoverage 'all' .")
    assert profiles.applicable(using, DATASET) == ("dcat-ap", "healthdcat-ap")


def test_an_overlay_adds_a_profile(tmp_path: Path, vocabularies: Vocabularies) -> None:
    profiles = Profiles.load(_overlay(tmp_path))
    report = Validator(profiles, vocabularies).validate(example("dcat-ap-complete"), DATASET)
    assert [f.rule for f in report.findings] == ["https://example.org/house-rules/rights"]
    assert report.conforms("dcat-ap") and not report.conforms("house-rules")


def test_an_overlay_replaces_a_file_of_the_same_name(tmp_path: Path, vocabularies: Vocabularies) -> None:
    folder = tmp_path / "shapes" / "dcat-ap-3.0.1"
    folder.mkdir(parents=True)
    (folder / "dataset.ttl").write_text(_SHAPES, encoding="utf-8")
    profiles = Profiles.load(tmp_path)
    assert profiles.digest != Profiles.load().digest
    report = Validator(profiles, vocabularies).validate(turtle("ex:dataset a dcat:Dataset ."), DATASET)
    assert [f.field for f in report.findings] == ["Rights holder"]


def test_an_operator_may_relax_a_rule_but_conformance_is_not_claimed(
    tmp_path: Path, vocabularies: Vocabularies
) -> None:
    rule = "https://w3id.org/radiograph/shapes#healthdcat-ap-dataset-ehds-transition-hdab"
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes" / "profiles.toml").write_text(f'[[relaxed]]\nrule = "{rule}"\nrepositories = ["here"]\n')
    graph = example("healthdcat-ap-public-minimal")
    graph.remove((DATASET, None, EX.hdab))
    validator = Validator(Profiles.load(tmp_path), vocabularies)
    for repository, severity in (("here", "warning"), ("there", "violation")):
        report = validator.validate(graph, DATASET, repository=repository)
        assert [f.severity for f in report.findings if f.rule == rule] == [severity]
        assert not report.conforms("healthdcat-ap")


@pytest.mark.parametrize(
    ("declaration", "shapes", "message"),
    [
        ("[[profile]\n", _SHAPES, r"profiles\.toml: not readable as TOML.*line 1"),
        (_PROFILE.replace('label = "House rules"\n', ""), _SHAPES, r"profiles\.toml: profile\.0\.label"),
        (_PROFILE.replace("label", "lable"), _SHAPES, r"profiles\.toml: profile\.0\.la"),
        (_PROFILE.replace("rules.ttl", "rulez.ttl"), _SHAPES, r"house/rulez\.ttl does not exist"),
        (_PROFILE.replace("house/rules.ttl", "../../../etc/hosts"), _SHAPES, r"does not exist"),
        (_PROFILE.replace('"dcat-ap"', '"house-rules"'), _SHAPES, r"extends 'house-rules', which is unknown or"),
        (_PROFILE.replace('"dcat-ap"', '"dcat-sp"'), _SHAPES, r"extends 'dcat-sp', which is unknown"),
        (_PROFILE, _SHAPES.replace("sh:minCount 1 ;", "sh:minCount 1 ;;; ]"), r"rules\.ttl:10: not Turtle"),
        (_PROFILE, "@prefix sh: <http://www.w3.org/ns/shacl#> .", r"rules\.ttl: no sh:NodeShape"),
    ],
)
def test_a_broken_file_is_named(declaration: str, shapes: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=message):
        Profiles.load(_overlay(tmp_path, declaration, shapes))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('sh:name "Rights holder" ;', "", "lacks sh:name"),
        ("rdfs:seeAlso house:rights", "rdfs:comment 'x'", "lacks rdfs:seeAlso"),
        ("sh:severity sh:Violation", "sh:severity sh:Dreadful", "lacks a known sh:severity"),
        ("house:rights a sh:PropertyShape", "house:left a sh:PropertyShape", "has no IRI or no sh:severity"),
        ("sh:path dct:rightsHolder ;", "", "not valid SHACL"),
        ("sh:minCount 1", "sh:minCount 1, 2", "MinCount"),
    ],
)
def test_a_constraint_that_readers_or_the_engine_could_not_use_is_refused(
    before: str, after: str, message: str, tmp_path: Path, vocabularies: Vocabularies
) -> None:
    assert before in _SHAPES
    profiles = Profiles.load(_overlay(tmp_path, shapes=_SHAPES.replace(before, after)))
    with pytest.raises(ProfileError, match=message):
        Validator(profiles, vocabularies).validate(example("dcat-ap-minimal"), DATASET)
