"""One file, several resources, with or without IRIs."""

from __future__ import annotations

import pytest

from core.errors import InputError
from core.terms import DCT
from shapes.documents import judge
from shapes.validator import Validator
from tests.shapes.conftest import EX, example, turtle


def test_all_described_resources_are_judged_datasets_first(validator: Validator) -> None:
    judged = judge(example("dcat-ap-catalogue"), validator, name="x")
    names = [one.report.record.removeprefix(str(EX)) for one in judged]
    assert names == ["dataset", "catalogue", "series", "service", "original", "record"]
    assert all(verdict.conforms for one in judged for verdict in one.report.verdicts)
    assert judged[1].title == "Synthetic imaging catalogue"


def test_a_mere_reference_is_no_description(validator: Validator) -> None:
    graph = example("dcat-ap-minimal") + turtle("ex:dataset dct:source ex:other . ex:other a dcat:Dataset .")
    assert len(judge(graph, validator, name="x")) == 1


def test_a_dataset_of_which_only_the_type_is_said_is_judged(validator: Validator) -> None:
    (judged,) = judge(turtle("ex:alone a dcat:Dataset ."), validator, name="x")
    missing = {str(finding.path) for finding in judged.report.findings if finding.severity == "violation"}
    assert missing == {str(DCT.title), str(DCT.description)}


def test_each_is_judged_by_what_it_says_itself(validator: Validator) -> None:
    judged = judge(example("healthdcat-ap-public-complete"), validator, name="x")
    assert [[v.profile for v in one.report.verdicts] for one in judged] == [["dcat-ap", "healthdcat-ap"], ["dcat-ap"]]


def test_resources_without_iri_get_numbers_that_do_not_change(validator: Validator) -> None:
    text = "[] a dcat:Dataset ; dct:title 'B'@en . [] a dcat:Dataset ; dct:title 'A'@en, 'Z'@de ; dct:source _:b ."
    for _ in range(5):
        judged = judge(turtle(text), validator, name="x")
        assert [(one.report.record, one.title) for one in judged] == [
            ("urn:radiograph:unnamed:dataset-1", "A"),
            ("urn:radiograph:unnamed:dataset-2", "B"),
        ]


def test_places_lead_to_nodes_without_iri(validator: Validator) -> None:
    (one,) = judge(
        turtle("ex:a a dcat:Dataset ; dcat:distribution [ a dcat:Distribution ; spdx:checksum [ a spdx:Checksum ] ] ."),
        validator,
        name="x",
    )
    places = {one.places[finding.focus] for finding in one.report.findings if finding.severity == "violation"}
    assert places == {"", "dcat:distribution", "dcat:distribution › spdx:checksum"}


def test_a_document_without_dataset_is_refused(validator: Validator) -> None:
    with pytest.raises(InputError, match=r"x\.ttl: the document describes no dataset.*dcat:Dataset"):
        judge(turtle("ex:a dct:title 'A' ."), validator, name="x.ttl")
