"""Profiles are data: an operator adds a release without Python, and a broken file is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import URIRef

from core.errors import ProfileError
from core.terms import DCT, DPV, HEALTHDCATAP, RDF
from ontology.vocabulary import Vocabularies
from shapes.documents import judge
from shapes.profiles import Profiles
from shapes.reader import read_document
from shapes.validator import Validator
from tests.shapes.conftest import DATASET, EX, EXAMPLES, example, turtle

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
_TITLE = "https://w3id.org/radiograph/shapes#dcat-ap-dataset-title"
_CONDITION = "https://w3id.org/radiograph/shapes#eucaim-imaging-condition-single"
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


_RELEASE_9 = """
[[profile]]
id = "healthdcat-ap-9"
label = "HealthDCAT-AP"
release = "9"
iri = "https://example.org/release-9/"
specification = "https://example.org/release-9/"
extends = "dcat-ap"
enabled = false
replaces = ["dcat-ap-3.0.1/lists.ttl", "dcat-ap-3.0.1/lists-catalogue.ttl", "dcat-ap-3.0.1/lists-publisher.ttl"]
without = ["https://w3id.org/radiograph/shapes#healthdcat-ap-dataset-ehds-transition-hdab"]

[profile.applies]
namespaces = ["http://healthdataportal.eu/ns/health#"]
repositories = ["clinic"]

[profile.shapes]
dataset = [
  "healthdcat-ap-r8/dataset.ttl",
  "healthdcat-ap-r8/distribution.ttl",
  "healthdcat-ap-r8/agent.ttl",
  "healthdcat-ap-r8/variables.ttl",
  "house/rules.ttl",
]
"""


def _overlay(home: Path, declaration: str = _PROFILE, shapes: str = _SHAPES) -> Path:
    (home / "shapes" / "house").mkdir(parents=True)
    (home / "shapes" / "profiles.toml").write_text(declaration, encoding="utf-8")
    (home / "shapes" / "house" / "rules.ttl").write_text(shapes, encoding="utf-8")
    return home


def test_shipped_profiles(profiles: Profiles) -> None:
    releases = {p.id: p.release for p in profiles}
    assert releases.items() >= {"dcat-ap": "3.0.1", "healthdcat-ap": "8", "healthdcat-ap-7": "7"}.items()
    assert profiles.get("dcat-ap").iri == "http://data.europa.eu/r5r/"
    assert [p.id for p in profiles.lineage("healthdcat-ap")] == ["dcat-ap", "healthdcat-ap"]


def test_an_unknown_profile_is_refused_with_the_known_ones(profiles: Profiles) -> None:
    with pytest.raises(ProfileError, match=r"no profile 'nope'.*dcat-ap, healthdcat-ap"):
        profiles.get("nope")


def test_every_profile_names_complete_examples_that_meet_it(profiles: Profiles, validator: Validator) -> None:
    for profile in profiles:
        assert profile.examples
        for name in profile.examples:
            record = next((EX[kind] for kind in ("catalogue", "link") if kind in name), DATASET)
            judge = validator.validate if record == DATASET else validator.validate_catalogue
            graph = example(Path(name).stem)
            assert (record, RDF.type, None) in graph, name
            assert not judge(graph, record, profiles=[profile.id]).findings, name


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*complete.ttl")), ids=lambda path: path.stem)
def test_all_records_of_a_complete_example_are_without_findings(path: Path, validator: Validator) -> None:
    """As a steward would check it: the whole file, by whatever applies; Release 7 has to be named, as 8 is younger."""
    judgement = judge(read_document(path), validator, profiles=["healthdcat-ap-7"] if "-7-" in path.stem else None)
    assert judgement.conforms
    assert not judgement.findings


def test_a_release_stands_beside_another_as_data(profiles: Profiles, validator: Validator) -> None:
    """Release 7 and Release 8 share files; what tells them apart is in profiles.toml and in Turtle."""
    seven, eight = example("healthdcat-ap-7-complete"), example("healthdcat-ap-non-public-complete")
    assert not validator.validate(seven, DATASET, profiles=["healthdcat-ap-7"]).findings
    assert not validator.validate(eight, DATASET, profiles=["healthdcat-ap"]).findings
    assert not validator.validate(eight, DATASET, profiles=["healthdcat-ap-7"]).findings, "names of now pass as well"
    report = validator.validate(seven, DATASET, profiles=["healthdcat-ap"])
    assert {str(finding.rule).partition("#healthdcat-ap-")[2] for finding in report.findings} == {
        "table-group-title-required",
        "column-title-required",
        "dataset-health-category-listed",
        "dataset-health-theme-listed",
        "dataset-coding-system-listed",
        "dataset-conforms-to-listed",
        "dataset-publisher-type-listed",
        "dataset-activity-type-listed",
    }
    coordinated = turtle("ex:dataset healthdcatap:hdabCoordinator ex:nobody .")
    assert validator.validate(seven + coordinated, DATASET, profiles=["healthdcat-ap-7"]).conforms("healthdcat-ap-7")
    assert not validator.validate(eight + coordinated, DATASET, profiles=["healthdcat-ap"]).conforms("healthdcat-ap")


def test_two_releases_that_apply_do_not_tell_a_fault_twice(profiles: Profiles, validator: Validator) -> None:
    graph = example("healthdcat-ap-non-public-complete")
    graph.add((DATASET, DCT.conformsTo, URIRef(profiles.get("healthdcat-ap-7").iri)))
    graph.remove((DATASET, HEALTHDCATAP.hdab, None))
    graph.set((DATASET, HEALTHDCATAP.healthTheme, EX.nowhere))
    report = validator.validate(graph, DATASET)
    verdicts = {verdict.profile: verdict for verdict in report.verdicts}
    assert list(verdicts) == ["dcat-ap", "healthdcat-ap", "healthdcat-ap-7"]
    told = [(f.path, f.value) for f in report.findings if f.severity == "violation"]
    assert sorted(told) == sorted(set(told))
    assert {f.profile for f in report.findings} == {"healthdcat-ap"}
    assert {verdict.violations for verdict in list(verdicts.values())[1:]} == {3}
    named = validator.validate(graph, DATASET, profiles=["healthdcat-ap-7"])
    assert {f.profile for f in named.findings} == {"healthdcat-ap-7"}
    assert all("release-7/#" in str(f.specification) for f in named.findings), "told at its own specification"


def test_a_new_release_needs_no_python(tmp_path: Path, vocabularies: Vocabularies) -> None:
    profiles = Profiles.load(_overlay(tmp_path, _RELEASE_9))
    graph = example("healthdcat-ap-public-complete")
    graph.remove((DATASET, HEALTHDCATAP.hdab, None))
    assert "healthdcat-ap-9" not in profiles.applicable(graph, DATASET, "clinic"), "not enabled"
    validator = Validator(profiles, vocabularies)
    report = validator.validate(graph, DATASET, profiles=["healthdcat-ap-9"])
    assert [(f.rule, f.profile) for f in report.findings] == [
        ("https://example.org/house-rules/rights", "healthdcat-ap-9")
    ]
    (tmp_path / "shapes" / "profiles.toml").write_text(_RELEASE_9.replace("enabled = false\n", ""), encoding="utf-8")
    profiles = Profiles.load(tmp_path)
    report = Validator(profiles, vocabularies).validate(graph, DATASET, repository="clinic")
    assert {v.profile: v.conforms for v in report.verdicts} == {
        "dcat-ap": True,
        "healthdcat-ap": False,
        "healthdcat-ap-9": False,
    }
    assert {f.field for f in report.findings} == {"EHDS transition: health data access body", "Rights holder"}
    assert "healthdcat-ap-9" in profiles.applicable(example("dcat-ap-minimal"), DATASET, "clinic")
    assert "healthdcat-ap-9" not in profiles.applicable(example("dcat-ap-minimal"), DATASET, "idc")


def test_the_report_can_say_why_a_profile_applies(profiles: Profiles) -> None:
    graph = example("dcat-ap-minimal") + turtle("ex:dataset healthdcatap:populationCoverage 'all' .")
    assert profiles.reasons(graph, DATASET) == {
        "dcat-ap": "it applies to every description",
        "healthdcat-ap": "the description uses terms of the HealthDCAT-AP namespace, "
        "such as healthdcatap:populationCoverage",
    }
    plain = example("dcat-ap-minimal") + turtle(f"ex:dataset dct:conformsTo <{profiles.get('healthdcat-ap-7').iri}> .")
    assert (
        profiles.reasons(plain, DATASET)["healthdcat-ap-7"] == "the description names HealthDCAT-AP in dct:conformsTo"
    )
    assert profiles.reasons(plain, DATASET, named=["healthdcat-ap"]) == {
        "dcat-ap": "HealthDCAT-AP 8 extends it",
        "healthdcat-ap": "it was asked for",
    }


def test_why_an_extended_profile_applies(tmp_path: Path) -> None:
    special = _PROFILE.replace('"dcat-ap"', '"healthdcat-ap-7"') + '[profile.applies]\nrepositories = ["clinic"]\n'
    profiles = Profiles.load(_overlay(tmp_path, special))
    assert profiles.reasons(example("dcat-ap-minimal"), DATASET, repository="clinic") == {
        "dcat-ap": "it applies to every description",
        "healthdcat-ap-7": "House rules 1 extends it",
        "house-rules": "it applies to every description of the repository clinic",
    }


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
        (
            _PROFILE.replace('label = "House rules"\n', ""),
            _SHAPES,
            r"profiles\.toml:2: profile\.0\.label: Field required",
        ),
        (_PROFILE.replace("label", "lable", 1), _SHAPES, r"profiles\.toml:4: profile\.0\.lable: Extra"),
        (_PROFILE.replace('["house/rules.ttl"]', "3"), _SHAPES, r"profiles\.toml:11: profile\.0\.shapes\.dataset"),
        (_PROFILE + _PROFILE, _SHAPES, r"profiles\.toml: the profile 'house-rules' is declared twice"),
        (
            _PROFILE.replace("[profile.shapes]", f'without = ["{_TITLE}x"]\n[profile.shapes]'),
            _SHAPES,
            r"is without .*titlex",
        ),
        (_PROFILE.replace("[profile.shapes]", 'replaces = ["a.ttl"]\n[profile.shapes]'), _SHAPES, r"replaces a\.ttl"),
        (_PROFILE + '[[relaxed]]\nrule = "urn:x"', _SHAPES, r"profiles\.toml: the relaxed rule urn:x is no constraint"),
        (
            _PROFILE,
            _SHAPES.replace("house:rights", f"<{_TITLE}-required>"),
            r"rules\.ttl:9: .*and in .*dataset\.ttl:\d+",
        ),
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


def test_a_line_is_that_of_a_definition_and_not_of_a_reference_before_it() -> None:
    file = Profiles.load().files["eucaim-2.0/imaging.ttl"]
    number = int(file.line_of(URIRef(_CONDITION)).rpartition(":")[2])
    assert (
        file.path.read_text().splitlines()[number - 1] == "shape:eucaim-imaging-condition-single a sh:PropertyShape ;"
    )


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('sh:name "Rights holder" ;', "", r"rules\.ttl:9: .*lacks sh:name"),
        ("rdfs:seeAlso house:rights", "rdfs:comment 'x'", r"rules\.ttl:9: .*lacks rdfs:seeAlso"),
        ("sh:severity sh:Violation", "sh:severity sh:Dreadful", r"rules\.ttl:9: .*lacks a known sh:severity"),
        ("house:rights a sh:PropertyShape", "house:left a sh:PropertyShape", "has no IRI or no sh:severity"),
        ("sh:severity sh:Violation ;", "", r"rules\.ttl:\d+: .*has no IRI or no sh:severity"),
        ("sh:path dct:rightsHolder ;", "", "not valid SHACL"),
        ("sh:minCount 1", "sh:minCount 1, 2", "MinCount"),
        ("sh:minCount 1", "sh:minCont 1", r"rules\.ttl:9: sh:minCont of .*rights is no term of SHACL"),
        ("sh:property house:rights", "sh:property house:right", r"rules\.ttl:8: .*right, which this file does not"),
        (
            "sh:property house:rights",
            "sh:property [ sh:path dct:title ]",
            r"rules\.ttl:8: a constraint of .*dataset on",
        ),
        ("sh:path dct:rightsHolder ; sh:minCount 1", 'sh:path dct:title ; sh:pattern "("', r"rights: its sh:pattern"),
    ],
)
def test_a_constraint_that_readers_or_the_engine_could_not_use_is_refused(
    before: str, after: str, message: str, tmp_path: Path, vocabularies: Vocabularies
) -> None:
    assert before in _SHAPES
    profiles = Profiles.load(_overlay(tmp_path, shapes=_SHAPES.replace(before, after)))
    with pytest.raises(ProfileError, match=message):
        Validator(profiles, vocabularies).validate(example("dcat-ap-minimal"), DATASET)
