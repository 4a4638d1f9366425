"""What a report says beyond the single constraint: whose node it is, by which profile, in what order, and once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from copy import copy
from functools import partial

import pytest
from rdflib import Graph, Literal, URIRef

from core.canonical import canonical_ntriples, content_hash
from core.errors import DescriptionError, ProfileError
from core.terms import DCT, FOAF, RDF, SHAPE
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.report import Report
from shapes.submission import Submission
from shapes.validator import Validator
from tests.shapes.conftest import DATASET, EX, example, turtle


class Shelf:
    """A verdict cache that remembers in a dictionary."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def get_many(self, keys: Collection[str]) -> Mapping[str, Callable[[], str]]:
        return {key: partial(str, self.kept[key]) for key in keys if key in self.kept}

    def put(self, key: str, report: str) -> None:
        self.kept[key] = report


def _rules(report: Report, severity: str = "violation") -> set[str]:
    return {(f.rule or "").removeprefix(str(SHAPE)) for f in report.findings if f.severity == severity}


@pytest.mark.parametrize("level", ["public", "restricted", "non-public"])
@pytest.mark.parametrize("size", ["minimal", "complete"])
def test_health_examples_conform(level: str, size: str, validator: Validator) -> None:
    report = validator.validate(example(f"healthdcat-ap-{level}-{size}"), DATASET)
    assert [(v.profile, v.conforms, v.violations) for v in report.verdicts] == [
        ("dcat-ap", True, 0),
        ("healthdcat-ap", True, 0),
    ]
    assert size == "minimal" or not report.findings


@pytest.mark.parametrize("name", ["dcat-ap-minimal", "dcat-ap-complete"])
def test_dcat_examples_conform(name: str, validator: Validator) -> None:
    report = validator.validate(example(name), DATASET)
    assert [(v.profile, v.conforms) for v in report.verdicts] == [("dcat-ap", True)]


@pytest.mark.parametrize("name", ["dcat-ap-catalogue", "healthdcat-ap-catalogue"])
@pytest.mark.parametrize("record", ["catalogue", "record", "service", "series"])
def test_catalogue_examples_conform(name: str, record: str, validator: Validator) -> None:
    report = validator.validate_catalogue(example(name), EX[record], gate=name.removesuffix("-catalogue"))
    assert report.conforms(name.removesuffix("-catalogue"))


def test_the_access_level_chooses_the_rules(validator: Validator) -> None:
    graph = example("healthdcat-ap-public-minimal")
    demanded = {"contact-point", "keyword", "type", "provenance"}
    assert not _rules(validator.validate(graph, DATASET))
    graph.set(
        (DATASET, DCT.accessRights, URIRef("http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC"))
    )
    assert _rules(validator.validate(graph, DATASET)) == {
        f"healthdcat-ap-non-public-dataset-{name}-required" for name in demanded
    }


def test_a_finding_of_the_base_profile_counts_against_the_one_that_extends_it(validator: Validator) -> None:
    graph = example("healthdcat-ap-public-complete")
    graph.remove((DATASET, DCT.title, None))
    report = validator.validate(graph, DATASET)
    assert [(v.profile, v.conforms, v.violations) for v in report.verdicts] == [
        ("dcat-ap", False, 1),
        ("healthdcat-ap", False, 1),
    ]
    assert {f.profile for f in report.findings} == {"dcat-ap"}


def test_a_gate_applies_even_where_nothing_asks_for_it(validator: Validator) -> None:
    graph = example("dcat-ap-complete")
    assert not validator.validate(graph, DATASET).conforms("healthdcat-ap")
    report = validator.validate(graph, DATASET, gate="healthdcat-ap")
    assert "healthdcat-ap-dataset-ehds-transition-hdab" in _rules(report)
    assert [v.profile for v in validator.validate(graph, DATASET, profiles=["dcat-ap"]).verdicts] == ["dcat-ap"]
    with pytest.raises(ProfileError):
        validator.validate(graph, DATASET, profiles=["dcat-app"])


def test_agents_of_the_context_are_known_and_judged(validator: Validator) -> None:
    graph = turtle("ex:dataset a dcat:Dataset ; dct:title 'x' ; dct:description 'x' ; dct:publisher ex:hospital .")
    assert _rules(validator.validate(graph, DATASET)) == {"dcat-ap-dataset-publisher-class"}
    context = turtle("ex:hospital a foaf:Organization ; foaf:name 'Hospital' .")
    assert not _rules(validator.validate(graph, DATASET, context=context))
    context.remove((None, FOAF.name, None))
    assert _rules(validator.validate(graph, DATASET, context=context)) == {"dcat-ap-agent-name-required"}


@pytest.mark.parametrize("kind", ["foaf:Organization", "foaf:Person", "foaf:Agent"])
def test_subclasses_of_agent_pass_as_agents(kind: str, validator: Validator) -> None:
    graph = example("dcat-ap-complete")
    graph.remove((EX.publisher, RDF.type, None))
    graph += turtle(f"ex:publisher a {kind} .")
    assert not validator.validate(graph, DATASET).findings


def test_a_catalogue_is_not_judged_as_a_dataset(validator: Validator) -> None:
    report = validator.validate_catalogue(turtle("ex:catalogue a dcat:Catalog ."), EX.catalogue)
    assert report.findings and all((f.rule or "").startswith(f"{SHAPE}dcat-ap-catalogue-") for f in report.findings)


def test_a_record_may_name_several_profiles_as_the_text_of_dcat_ap_allows(validator: Validator) -> None:
    graph = example("dcat-ap-catalogue")
    graph += turtle("ex:record dct:conformsTo ex:one, ex:two . ex:one a dct:Standard . ex:two a dct:Standard .")
    assert validator.validate_catalogue(graph, EX.record).conforms("dcat-ap")


def test_neighbouring_datasets_and_vocabulary_entries_are_not_the_users_to_mend(validator: Validator) -> None:
    graph = example("dcat-ap-minimal") + turtle("ex:dataset dct:source ex:other . ex:other a dcat:Dataset .")
    report = validator.validate(graph, DATASET)
    assert {f.focus for f in report.findings} == {str(DATASET)}


def test_no_finding_names_a_blank_node(validator: Validator) -> None:
    graph = turtle(
        "ex:dataset a dcat:Dataset ; dct:title 'x' ; dct:accessRights [ rdfs:label 'odd' ] ;"
        " dcat:distribution [ a dcat:Distribution ; dct:license [ rdfs:label 'odd' ] ] ."
    )
    report = validator.validate(graph, DATASET)
    assert {f.value for f in report.findings} == {None, "(a node without an IRI)"}
    assert {f.focus.partition("#")[0] for f in report.findings} == {str(DATASET)}


def test_violations_come_first_and_the_dataset_before_what_hangs_on_it(validator: Validator) -> None:
    graph = example("dcat-ap-minimal") + turtle("ex:dataset dcat:distribution ex:a . ex:a a dcat:Distribution .")
    graph.remove((DATASET, DCT.title, None))
    findings = validator.validate(graph, DATASET).findings
    assert [(f.severity, f.focus) for f in findings[:3]] == [
        ("violation", str(DATASET)),
        ("violation", str(EX.a)),
        ("warning", str(DATASET)),
    ]
    assert findings == validator.validate(graph, DATASET).findings


def test_what_is_demanded_is_not_recommended_as_well(validator: Validator) -> None:
    graph = example("healthdcat-ap-non-public-complete")
    graph.remove((DATASET, DCT.provenance, None))
    graph.remove((None, None, EX.contact))
    report = validator.validate(graph, DATASET)
    assert len(report.findings) == len({(f.focus, f.path) for f in report.findings}) == 2


def test_long_values_are_cut(validator: Validator) -> None:
    graph = example("dcat-ap-complete")
    graph.set((DATASET, DCT.issued, Literal("x" * 5000)))
    (finding,) = validator.validate(graph, DATASET).findings
    assert finding.value is not None and len(finding.value) == 300 and finding.value.endswith("…")


def test_cyclic_blank_nodes_are_refused(validator: Validator) -> None:
    graph = turtle("ex:dataset a dcat:Dataset ; dct:relation _:a . _:a dct:relation _:b . _:b dct:relation _:a .")
    with pytest.raises(DescriptionError, match="cycle"):
        validator.validate(graph, DATASET)


def test_cached_verdicts_equal_fresh_ones_and_change_with_content(
    profiles: Profiles, vocabularies: Vocabularies
) -> None:
    shelf = Shelf()
    validator = Validator(profiles, vocabularies, shelf)
    graph = example("healthdcat-ap-public-minimal")
    fresh = validator.validate(graph, DATASET)
    assert validator.validate(graph, DATASET) == fresh == Validator(profiles, vocabularies).validate(graph, DATASET)
    assert len(shelf.kept) == 1
    (key,) = shelf.kept
    shelf.kept[key] = Report(record="from the shelf", verdicts=(), findings=()).model_dump_json()
    assert validator.validate(graph, DATASET).record == "from the shelf"
    for changed in (graph + turtle("ex:dataset dct:title 'Other' ."), _with_publisher_elsewhere(graph)):
        assert validator.validate(changed, DATASET).record == str(DATASET)
    assert validator.validate(graph, DATASET, profiles=["dcat-ap"]).record == str(DATASET)
    assert len(shelf.kept) == 4


def _with_publisher_elsewhere(graph: Graph) -> Graph:
    return graph + turtle("ex:dataset dct:publisher ex:hdab .")


def test_a_batch_gives_the_reports_of_its_submissions_in_order(profiles: Profiles, vocabularies: Vocabularies) -> None:
    names = ["dcat-ap-minimal", "healthdcat-ap-public-minimal", "dcat-ap-complete"]
    shelf = Shelf()
    validator = Validator(profiles, vocabularies, shelf)
    validator.validate(example(names[1]), DATASET)
    outcomes = list(validator.validate_many(Submission(DATASET, example(name)) for name in names * 300))
    # What is remembered is looked up for five hundred at a time.
    assert [outcome.known for outcome in outcomes] == [n % 3 == 1 or n >= 500 for n in range(900)]
    plain = [Validator(profiles, vocabularies).validate(example(name), DATASET) for name in names]
    assert [outcome.report for outcome in outcomes] == plain * 300


def test_a_remembered_verdict_is_found_by_its_hash_without_the_description(
    profiles: Profiles, vocabularies: Vocabularies
) -> None:
    validator = Validator(profiles, vocabularies, Shelf())
    text = canonical_ntriples(example("dcat-ap-minimal"))
    report = validator.validate(example("dcat-ap-minimal"), DATASET)

    def missing() -> bytes:
        raise AssertionError("nobody needs to read it")

    (outcome,) = validator.validate_many([Submission(DATASET, missing, content_hash(text))])
    assert outcome.known and outcome.report == report


def test_whatever_a_verdict_depends_on_makes_another_key(profiles: Profiles, vocabularies: Vocabularies) -> None:
    shelf = Shelf()
    validator = Validator(profiles, vocabularies, shelf)
    graph = example("dcat-ap-minimal")
    context = turtle("ex:hospital a foaf:Agent ; foaf:name 'Hospital' .")
    terms: list[dict[str, object]] = [
        {},
        {"context": context},
        {"context": context + turtle("ex:hospital foaf:name 'Clinic' .")},
        {"repository": "idc"},
        {"gate": "healthdcat-ap"},
        {"profiles": ["healthdcat-ap"]},
        {"profiles": []},
    ]
    for one in terms:
        validator.validate(graph, DATASET, **one)  # type: ignore[arg-type]
    validator.validate_catalogue(graph, DATASET)
    validator.validate(graph, EX.other)
    Validator(profiles, vocabularies, shelf, screened=False).validate(graph, DATASET)
    assert len(shelf.kept) == len(terms) + 3
    before = dict(shelf.kept)
    changed = copy(vocabularies)
    changed.digest = "another"
    Validator(profiles, changed, shelf).validate(graph, DATASET)
    assert len(shelf.kept) == len(before) + 1
