"""One file, several resources, with or without IRIs; where the findings on them are, and why they were judged so."""

from __future__ import annotations

import pytest
from rdflib import Graph, URIRef

from core.errors import InputError
from core.terms import DCAT, DCATAP, DCT, RDF, SPDX
from shapes.document import Document, Position
from shapes.documents import Judged, Judgement, judge
from shapes.reader import parse_document
from shapes.validator import Validator
from tests.shapes.conftest import EX, example, turtle

PREFIXES = """@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> . @prefix spdx: <http://spdx.org/rdf/terms#> . @prefix ex: <http://e/> .
"""


def _judge(graph: Graph, validator: Validator, name: str = "x") -> Judgement:
    return judge(Document(name, graph), validator)


def _lines(one: Judged, path: URIRef) -> list[int | None]:
    """The lines of the violations at a property."""
    findings = [f for f in one.report.findings if f.path == str(path) and f.severity == "violation"]
    return [one.positions[finding].line for finding in findings]


def test_all_described_resources_are_judged_datasets_first(validator: Validator) -> None:
    judgement = _judge(example("dcat-ap-catalogue"), validator)
    names = [one.report.record.removeprefix(str(EX)) for one in judgement.judged]
    assert names == ["dataset", "catalogue", "series", "service", "original", "record"]
    kinds = [one.kind for one in judgement.judged]
    assert kinds == ["dataset", "catalogue", "dataset series", "data service", "catalogue record", "catalogue record"]
    assert judgement.conforms and judgement.name == "x"
    assert judgement.judged[1].title == "Synthetic imaging catalogue"


def test_a_mere_reference_is_no_description(validator: Validator) -> None:
    graph = example("dcat-ap-minimal") + turtle("ex:dataset dct:source ex:other . ex:other a dcat:Dataset .")
    assert len(_judge(graph, validator).judged) == 1


def test_a_dataset_of_which_only_the_type_is_said_is_judged(validator: Validator) -> None:
    (judged,) = _judge(turtle("ex:alone a dcat:Dataset ."), validator).judged
    missing = {str(finding.path) for finding in judged.report.findings if finding.severity == "violation"}
    assert missing == {str(DCT.title), str(DCT.description)}


def test_a_resource_of_two_kinds_is_judged_once(validator: Validator) -> None:
    judged = _judge(turtle("ex:both a dcat:Dataset, dcat:DatasetSeries ; dct:title 'A' ."), validator).judged
    assert [(one.kind, one.title) for one in judged] == [("dataset", "A")]


def test_each_is_judged_by_what_it_says_itself_and_told_why(validator: Validator) -> None:
    graph = example("healthdcat-ap-public-complete")
    for statement in list(graph.triples((EX.earlier, None, None))):
        if statement[1] not in (RDF.type, DCT.title, DCT.description):
            graph.remove(statement)
    dataset, earlier = _judge(graph, validator).judged
    assert [verdict.profile for verdict in dataset.report.verdicts] == ["dcat-ap", "healthdcat-ap"]
    assert [verdict.profile for verdict in earlier.report.verdicts] == ["dcat-ap"]
    assert dataset.reasons["dcat-ap"] == "it applies to every description"
    assert "healthdcatap:" in dataset.reasons["healthdcat-ap"]


def test_a_catalogue_is_judged_by_what_applies_to_its_datasets_and_told_why(validator: Validator) -> None:
    graph = example("healthdcat-ap-catalogue")
    told = {one.kind: one for one in _judge(graph, validator).judged}
    for kind in ("catalogue", "dataset series", "data service"):
        assert [verdict.profile for verdict in told[kind].report.verdicts] == ["dcat-ap", "healthdcat-ap"]
        reason = f"it applies to a dataset of the {kind}, Synthetic lung CT, in a series"
        assert told[kind].reasons == {"dcat-ap": "it applies to every description", "healthdcat-ap": reason}
        assert told[kind].report.conforms("healthdcat-ap")
    graph.remove((EX.catalogue, DCATAP.applicableLegislation, None))
    catalogue = _judge(graph, validator).judged[1]
    assert [f.path for f in catalogue.report.findings if f.severity == "violation"] == [
        str(DCATAP.applicableLegislation)
    ]


def test_a_catalogue_of_other_datasets_is_judged_by_dcat_ap(validator: Validator) -> None:
    catalogue = _judge(example("dcat-ap-catalogue"), validator).judged[1]
    assert [verdict.profile for verdict in catalogue.report.verdicts] == ["dcat-ap"]


def test_a_profile_that_was_asked_for_is_told_so(validator: Validator) -> None:
    document = Document("x", example("dcat-ap-minimal"))
    (one,) = judge(document, validator, profiles=["healthdcat-ap"]).judged
    assert one.reasons["healthdcat-ap"] == "it was asked for"


def test_a_form_tells_the_profile_it_is_made_for(validator: Validator) -> None:
    document = Document("form.xlsx", example("dcat-ap-minimal"), profiles=("healthdcat-ap",))
    (one,) = judge(document, validator).judged
    assert one.reasons["healthdcat-ap"] == "the form is made for it"
    (asked,) = judge(document, validator, profiles=["dcat-ap"]).judged
    assert [verdict.profile for verdict in asked.report.verdicts] == ["dcat-ap"]


def test_resources_without_iri_get_numbers_that_do_not_change(validator: Validator) -> None:
    text = "[] a dcat:Dataset ; dct:title 'B'@en . [] a dcat:Dataset ; dct:title 'A'@en, 'Z'@de ; dct:source _:b ."
    for _ in range(5):
        judged = _judge(turtle(text), validator).judged
        assert [(one.report.record, one.title, one.unnamed_record) for one in judged] == [
            ("urn:radiograph:unnamed:dataset-1", "A", True),
            ("urn:radiograph:unnamed:dataset-2", "B", True),
        ]


def test_places_lead_to_nodes_without_iri_by_labels(validator: Validator) -> None:
    (one,) = _judge(
        turtle("ex:a a dcat:Dataset ; dcat:distribution [ a dcat:Distribution ; spdx:checksum [ a spdx:Checksum ] ] ."),
        validator,
    ).judged
    violations = [finding for finding in one.report.findings if finding.severity == "violation"]
    places = {one.places[finding.focus] for finding in violations}
    assert len(places) == 3 and "" in places
    checksum = next(place for place in places if "›" in place)
    assert checksum.endswith("› Checksum") and not any(":" in place for place in places)
    assert one.unnamed == {f.focus for f in violations} - {str(EX.a)}


def test_findings_are_found_on_the_lines_of_the_input(validator: Validator) -> None:
    text = PREFIXES + "\n".join((
        "ex:a a dcat:Dataset ;",  # 3
        "  dct:title 'A'@en ; dct:description 'B'@en ;",
        "  dct:issued 'soon'",  # 5
        "  ;",
        "  dcat:distribution [",  # 7
        "    a dcat:Distribution ;",
        "    spdx:checksum [",  # 9
        "      a spdx:Checksum ;",  # 10
        "      spdx:checksumValue 'x'",
        "    ]",
        "  ] .",
    ))  # fmt: skip
    (one,) = judge(parse_document(text.encode(), name="x.ttl", suffix=".ttl"), validator).judged
    assert one.position == Position(line=3)
    assert _lines(one, DCT.issued) == [5]
    assert _lines(one, DCAT.accessURL) == [8]
    assert _lines(one, SPDX.algorithm) == [10]


def test_lines_are_found_where_the_record_has_no_iri(validator: Validator) -> None:
    text = PREFIXES + "[] a dcat:Dataset ;\n dct:title 'A'@en ;\n dct:issued 'soon' ."
    (one,) = judge(parse_document(text.encode(), name="x.ttl", suffix=".ttl"), validator).judged
    assert _lines(one, DCT.issued) == [5] and _lines(one, DCT.description) == [3]


def test_of_several_values_the_wrong_one_is_pointed_at(validator: Validator) -> None:
    text = PREFIXES + "ex:a a dcat:Dataset ;\n dcat:theme ex:x ;\n dct:issued '2024' ,\n 'soon' ."
    (one,) = judge(parse_document(text.encode(), name="x.ttl", suffix=".ttl"), validator).judged
    at_issued = {f.value: f for f in one.report.findings if f.path == str(DCT.issued)}
    assert one.positions[at_issued["soon"]].line == 6
    assert [str(value.term) for value in one.values[at_issued["soon"]]] == ["soon"]
    # Where there are too many values, all of them are shown, each on its line.
    doubled = one.values[at_issued[None]]
    assert [(str(value.term), value.position) for value in doubled] == [
        ("2024", Position(line=5)),
        ("soon", Position(line=6)),
    ]


def test_older_terms_are_lifted_first_and_told(validator: Validator) -> None:
    text = (
        PREFIXES + "@prefix h: <http://healthdataportal.eu/ns/health#> .\nex:a a dcat:Dataset ; h:codeValues 'C50' ;\n"
    )
    document = parse_document(f"{text} dct:accessRights 'open' .".encode(), name="x.ttl", suffix=".ttl")
    judgement = judge(document, validator)
    told = {rewrite.before: rewrite for rewrite in judgement.rewrites}
    assert told['dct:accessRights "open"'].position == Position(line=5)
    assert judgement.document is document
    assert not any(finding.path == str(DCT.accessRights) for finding in judgement.findings)


def test_what_is_wrong_between_records_is_filed_under_the_record_it_names(validator: Validator) -> None:
    text = "dct:title 'A'@en ; dct:description 'B'@en ; dct:identifier 'same' ."
    judgement = _judge(turtle(f"ex:a a dcat:Dataset ; {text} ex:b a dcat:Dataset ; {text}"), validator)
    assert not judgement.conforms
    for one in judgement.judged:
        shared = [f for f in one.report.findings if (f.rule or "").endswith("#check-identifier-shared")]
        assert [finding.record for finding in shared] == [one.report.record]
        assert shared[0].value == "same" and all(verdict.conforms for verdict in one.report.verdicts)


def test_a_document_without_dataset_is_refused(validator: Validator) -> None:
    with pytest.raises(InputError, match=r"x\.ttl: the document describes no dataset.*dcat:Dataset"):
        _judge(turtle("ex:a dct:title 'A' ."), validator, "x.ttl")
