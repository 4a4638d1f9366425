"""Radiograph's own shapes over what Radiograph itself makes: strata, stated values, links."""

from __future__ import annotations

import pytest
from rdflib import Graph, Literal, URIRef

from catalogue.links import DECLARED, DERIVED_FROM, SAME_DATASET, SHARED_DOI, Link, links_graph
from core.identifiers import Identifiers
from core.terms import CONCEPT, DCAT, QB, RADIOGRAPH, RDF, XSD, new_graph
from ingest.imaging import add_facets, add_strata, harmonise
from ingest.record import SourceRecord, SourceStratum
from ontology.harmoniser import Harmoniser
from ontology.vocabulary import Vocabularies
from shapes.report import Finding
from shapes.validator import Validator
from tests.shapes.conftest import DATASET, EX, example

IDENTIFIERS = Identifiers("https://example.org/catalogue")


def _findings(validator: Validator, graph: Graph) -> list[Finding]:
    report = validator.validate(graph, DATASET, profiles=["radiograph"])
    return [finding for finding in report.findings if finding.profile == "radiograph"]


@pytest.mark.parametrize(("kind", "method"), [(SAME_DATASET, SHARED_DOI), (DERIVED_FROM, DECLARED)])
def test_links_that_the_catalogue_derives_have_no_finding(kind: str, method: str, validator: Validator) -> None:
    one, other = (f"{IDENTIFIERS.base}/dataset/x/{name}" for name in ("one", "other"))
    link = Link(one, other, kind, "proposed", 0.5, method, "Both carry a DOI.")
    graph = links_graph([link], IDENTIFIERS)
    for dataset in (one, other):
        graph.add((URIRef(dataset), RDF.type, DCAT.Dataset))
    report = validator.validate_catalogue(graph, IDENTIFIERS.link(link.digest), profiles=["radiograph"])
    assert report.findings == () and report.conforms("radiograph")


def test_strata_and_stated_values_that_ingest_makes_have_no_finding(
    validator: Validator, vocabularies: Vocabularies, harmoniser: Harmoniser
) -> None:
    graph = example("radiograph-annotation")
    graph.remove((DATASET, RADIOGRAPH.annotationType, None))
    graph.add((DATASET, RADIOGRAPH.annotationType, CONCEPT["annotation/SEG"]))
    stratum = SourceStratum(
        modality=str(CONCEPT["annotation/SEG"]),
        body_part=str(CONCEPT["anatomy/unknown"]),
        sex=str(CONCEPT["sex/unknown"]),
        subjects=3,
        studies=4,
        series=5,
    )
    assert add_strata(graph, DATASET, (stratum,), Literal("Counts", lang="en"), vocabularies) == []
    terms = {"condition": ("Lung Cancer", "no such thing"), "modality": ("CT",)}
    record = SourceRecord(identifier="x", title="X", terms=terms)
    add_facets(graph, DATASET, harmonise(record, harmoniser, "idc"))
    assert len(list(graph.subjects(RDF.type, RADIOGRAPH.StatedValue))) == 3
    assert _findings(validator, graph) == []


def test_a_stratum_is_judged_with_the_dataset_whose_cube_it_counts(validator: Validator) -> None:
    graph = example("radiograph-imaging")
    graph.set((EX["stratum-men"], RADIOGRAPH.seriesCount, Literal("-5", datatype=XSD.nonNegativeInteger)))
    (finding,) = _findings(validator, graph)
    assert (finding.record, finding.focus) == (str(DATASET), str(EX["stratum-men"]))
    assert finding.value == "-5" and finding.severity == "violation"


def test_strata_of_a_neighbour_are_the_neighbours(validator: Validator) -> None:
    graph = example("radiograph-imaging")
    neighbour, cube = EX.neighbour, EX["neighbours-cube"]
    for triple in (
        (DATASET, URIRef("http://purl.org/dc/terms/relation"), neighbour),
        (neighbour, RDF.type, DCAT.Dataset),
        (neighbour, RADIOGRAPH.strata, cube),
        (EX["neighbours-stratum"], QB.dataSet, cube),
        (EX["neighbours-stratum"], RADIOGRAPH.stratumSex, Literal("male")),
    ):
        graph.add(triple)
    assert _findings(validator, graph) == []


def test_a_description_without_these_terms_is_not_judged_by_them(validator: Validator) -> None:
    report = validator.validate(example("dcat-ap-complete"), DATASET)
    assert "radiograph" not in {verdict.profile for verdict in report.verdicts}
    graph = new_graph() + example("dcat-ap-complete")
    graph.add((DATASET, RADIOGRAPH.modality, CONCEPT["modality/CT"]))
    verdicts = validator.validate(graph, DATASET).verdicts
    assert {verdict.profile: verdict.conforms for verdict in verdicts}["radiograph"]
