"""The traps of the official shapes, one test a trap: what makes them crash, pass in silence, or complain of the wrong.

The numbers are those of the project's reference on profiles; what the official shapes themselves say of the examples
is at the end.
"""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from rdflib import Graph, Literal, URIRef

from core.terms import CV, DCAT, DCATAP, DCT, FOAF, HEALTHDCATAP, RDF, SH, VCARD
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.report import Finding
from shapes.validator import Validator
from tests.shapes.conftest import DATASET, EX, example, turtle
from tests.shapes.oracle import LEVELS, Oracle, as_judged, healthdcat_ap

_OWL_IMPORTS = URIRef("http://www.w3.org/2002/07/owl#imports")
#: What SHACL Core has and the shipped shapes use.
_SHACL = (
    *("path", "property", "node", "targetClass", "targetObjectsOf", "targetSubjectsOf", "severity", "message", "name"),
    *("minCount", "maxCount", "class", "datatype", "nodeKind", "pattern", "in", "hasValue", "languageIn", "uniqueLang"),
    *("or", "and", "not", "xone", "alternativePath", "inversePath", "flags", "order", "group", "description"),
    *("minInclusive", "maxInclusive", "minExclusive", "maxExclusive", "minLength", "maxLength", "disjoint", "equals"),
    *("qualifiedValueShape", "qualifiedMinCount", "qualifiedMaxCount", "lessThan", "lessThanOrEquals"),
)


def _violations(validator: Validator, graph: Graph, profile: str = "healthdcat-ap") -> list[Finding]:
    findings = validator.validate(graph, DATASET, profiles=[profile]).findings
    return [finding for finding in findings if finding.severity == "violation"]


def _rules(findings: list[Finding]) -> list[str]:
    return [str(finding.rule).rpartition("#")[2] for finding in findings]


def _complete() -> Graph:
    return example("healthdcat-ap-public-complete")


@pytest.mark.parametrize(
    ("structured", "variables", "expected"),
    [
        ("true", True, []),
        ("true", False, ["healthdcat-ap-structured-dataset"]),
        ("false", False, []),
        ("false", True, []),
        (None, False, ["healthdcat-ap-dataset-structured-data-required"]),
        (None, True, ["healthdcat-ap-dataset-structured-data-required"]),
    ],
)
def test_1_structured_data_wants_variables(
    structured: str | None, variables: bool, expected: list[str], validator: Validator
) -> None:
    graph = _complete()
    graph.remove((DATASET, HEALTHDCATAP.hasStructuredData, None))
    if structured is not None:
        graph += turtle(f"ex:dataset healthdcatap:hasStructuredData {structured} .")
    if not variables:
        graph.remove((DATASET, HEALTHDCATAP.hasVariables, None))
    assert _rules(_violations(validator, graph)) == expected


def test_2_no_shape_uses_a_word_that_shacl_does_not_have(profiles: Profiles) -> None:
    """An engine passes ``sh:extends`` or ``sh:shape`` over in silence, and nothing is checked."""
    for file in profiles.files.values():
        words = {str(p).removeprefix(str(SH)) for p in file.graph.predicates() if str(p).startswith(str(SH))}
        assert words <= set(_SHACL), file.name


def test_3_agents_and_periods_of_health_are_judged_by_dcat_ap_as_well(validator: Validator, profiles: Profiles) -> None:
    graph = _complete()
    graph.remove((EX.hdab, FOAF.name, None))
    graph.set((EX.retention, DCAT.startDate, Literal("soon")))
    assert _rules(_violations(validator, graph)) == ["dcat-ap-agent-name-required", "dcat-ap-period-start-date-date"]
    homes = [shape for file in profiles.files.values() for shape in {*file.targets, *file.constraints}]
    assert len(homes) == len(set(homes)), "no shape has the name of another, which would merge the two"


def test_4_entries_of_code_lists_are_not_judged(validator: Validator) -> None:
    """The referenced entries are supplied, and whatever may be wrong with them is not the user's to mend."""
    assert not validator.validate(_complete(), DATASET, profiles=["healthdcat-ap"]).findings
    language = "http://publications.europa.eu/resource/authority/language/ENG"
    graph = _complete() + turtle(f"<{language}> a dct:LinguisticSystem .")
    assert not _violations(validator, graph), "an entry that the description types itself is still of the list"


def test_5_a_catalogue_is_no_dataset_and_an_organisation_is_an_agent(validator: Validator, profiles: Profiles) -> None:
    assert not [o for o in profiles.classes.objects() if str(o).startswith(str(DCAT))]
    graph = example("healthdcat-ap-catalogue")
    assert not validator.validate_catalogue(graph, EX.catalogue, profiles=["healthdcat-ap"]).findings
    graph = _complete()
    for node, kind in ((EX.publisher, FOAF.Agent), (EX.hdab, FOAF.Agent), (EX.contact, VCARD.Kind)):
        graph.remove((node, RDF.type, kind))
        assert (node, RDF.type, None) in graph, "its special class is left"
    assert not _violations(validator, graph)
    graph.remove((EX.contact, VCARD.hasEmail, None))
    assert _rules(_violations(validator, graph)) == ["healthdcat-ap-contact-reachable"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://w3id.org/dpv/dpv-pd#Age", []),
        ("https://w3id.org/dpv/pd#Age", ["healthdcat-ap-dataset-personal-data-listed"]),
    ],
)
def test_6_personal_data_is_of_the_older_dpv_namespace(value: str, expected: list[str], validator: Validator) -> None:
    graph = _complete()
    graph.remove((URIRef("https://w3id.org/dpv/dpv-pd#Age"), None, None))
    graph.remove((DATASET, None, URIRef("https://w3id.org/dpv/dpv-pd#Age")))
    graph += turtle(f"ex:dataset dpv:hasPersonalData <{value}> .")
    assert _rules(_violations(validator, graph)) == expected


def test_7_publishers_of_datasets_and_of_catalogues_have_different_lists(validator: Validator) -> None:
    """One organisation cannot be right for both, so what is asked of the catalogue's is a warning."""
    health = "https://hdeu-dcat.data.health.europa.eu/resource/authority/publisher-type/healthcare-providers"
    adms = "http://purl.org/adms/publishertype/Academia-ScientificOrganisation"
    dataset, catalogue = _complete(), example("healthdcat-ap-catalogue")
    for kind, at_dataset, at_catalogue in (
        (health, [], ["healthdcat-ap-catalogue-publisher-type-listed"]),
        (adms, ["healthdcat-ap-dataset-publisher-type-listed"], []),
    ):
        dataset.set((EX.publisher, DCT.type, URIRef(kind)))
        catalogue.set((EX.publisher, DCT.type, URIRef(kind)))
        report = validator.validate_catalogue(catalogue, EX.catalogue, profiles=["healthdcat-ap"])
        assert _rules(_violations(validator, dataset)) == at_dataset
        assert _rules(list(report.findings)) == at_catalogue and report.conforms("healthdcat-ap")
    unknown = turtle(f"ex:publisher dct:type <{health}-of-tomorrow> .")
    dataset.remove((EX.publisher, DCT.type, None))
    assert not _violations(validator, dataset + unknown), "a list that is known in part rejects no member of it"


def test_8_a_fault_below_is_told_once_and_warnings_do_not_refuse(validator: Validator) -> None:
    graph = _complete()
    graph.remove((EX.distribution, DCATAP.applicableLegislation, None))
    (finding,) = _violations(validator, graph)
    assert (finding.focus, finding.path) == (str(EX.distribution), str(DCATAP.applicableLegislation))
    report = validator.validate(example("healthdcat-ap-public-minimal"), DATASET, profiles=["healthdcat-ap"])
    assert report.conforms("healthdcat-ap") and {finding.severity for finding in report.findings} == {"warning"}


def test_9_the_text_of_dcat_ap_goes_before_its_shapes(validator: Validator) -> None:
    graph = example("healthdcat-ap-catalogue") + turtle(
        "ex:record dct:conformsTo ex:second . ex:second a dct:Standard ."
    )
    assert validator.validate_catalogue(graph, EX.record, profiles=["healthdcat-ap"]).conforms("healthdcat-ap")


def test_10_every_finding_has_its_own_words(validator: Validator) -> None:
    report = validator.validate(turtle("ex:dataset a dcat:Dataset ."), DATASET, profiles=["healthdcat-ap"])
    assert len(report.findings) > 30
    assert len({finding.message for finding in report.findings}) == len(report.findings)
    assert all(finding.message and finding.field and finding.specification for finding in report.findings)


def test_11_imports_are_never_resolved(
    tmp_path: Path, vocabularies: Vocabularies, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shapes" / "dcat-ap-3.0.1"
    folder.mkdir(parents=True)
    shipped = (Path(__file__).parents[2] / "shapes" / "dcat-ap-3.0.1" / "agent.ttl").read_text(encoding="utf-8")
    imports = f"<urn:x> <{_OWL_IMPORTS}> <https://semiceu.github.io/DCAT-AP/releases/3.0.0/html/shacl/range.ttl> ."
    (folder / "agent.ttl").write_text(shipped + imports, encoding="utf-8")

    def refuse(*arguments: object, **options: object) -> socket.socket:
        raise AssertionError("something went to the network")

    monkeypatch.setattr(socket, "socket", refuse)
    report = Validator(Profiles.load(tmp_path), vocabularies).validate(_complete() + turtle(imports), DATASET)
    assert not report.findings


def test_12_nodes_without_an_iri_are_judged_like_any_other(validator: Validator) -> None:
    graph = _complete()
    graph.remove((EX.publisher, CV.contactPoint, None))
    graph += turtle("ex:publisher cv:contactPoint [ a cv:ContactPoint ; cv:telephone '+0' ] .")
    graph += turtle("ex:distribution spdx:checksum [ a spdx:Checksum ] .")
    graph.remove((EX.distribution, URIRef("http://spdx.org/rdf/terms#checksum"), EX.checksum))
    assert set(_rules(_violations(validator, graph))) == {
        "healthdcat-ap-contact-point-reachable",
        "dcat-ap-checksum-algorithm-required",
        "dcat-ap-checksum-checksum-value-required",
    }


def test_publishers_of_other_things_need_no_contact_point(validator: Validator) -> None:
    """The rule is on the dataset's publisher, not on whoever publishes a standard that the dataset refers to."""
    graph = _complete() + turtle(
        "ex:article dct:publisher ex:journal . ex:journal a foaf:Agent ; foaf:name 'A journal' ; dct:type ex:kind ."
        "ex:kind a skos:Concept ; skos:prefLabel 'Publisher' ."
    )
    assert not _violations(validator, graph)


@pytest.mark.oracle
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("size", ["minimal", "complete"])
def test_the_examples_pass_the_official_shapes(
    level: str, size: str, validator: Validator, profiles: Profiles, vocabularies: Vocabularies
) -> None:
    """The complete ones without a warning, also by the shapes of what is recommended."""
    stated = as_judged(example(f"healthdcat-ap-{level}-{size}"), DATASET)
    theirs = Oracle(healthdcat_ap(level), profiles, vocabularies).problems(stated, DATASET)
    ours = validator.validate(stated, DATASET, profiles=["healthdcat-ap"]).findings
    for found in ({problem.severity for problem in theirs}, {finding.severity for finding in ours}):
        assert found <= ({"warning"} if size == "minimal" else set())


@pytest.mark.oracle
@pytest.mark.parametrize("record", ["catalogue", "series", "service", "record"])
def test_the_example_of_a_catalogue_passes_the_official_shapes(
    record: str, validator: Validator, profiles: Profiles, vocabularies: Vocabularies
) -> None:
    """But for one warning: the official shapes ask whether every catalogue's publisher is a body of the EU."""
    stated = as_judged(example("healthdcat-ap-catalogue"), EX[record])
    theirs = Oracle(healthdcat_ap("public"), profiles, vocabularies).problems(stated, EX[record])
    assert {(p.path, p.severity) for p in theirs} <= {(str(DCT.publisher), "warning")}
    assert not validator.validate_catalogue(stated, EX[record], profiles=["healthdcat-ap"]).findings
