"""The application ontology: every term defined, and every term that the data model uses is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rdflib import Graph, URIRef

from core.terms import DCAT, DCT, OWL, QB, RADIOGRAPH, RDF, RDFS, SKOS

ROOT = Path(__file__).parents[2]
IRI = URIRef("https://w3id.org/radiograph/ontology")


@pytest.fixture(scope="module")
def ontology() -> Graph:
    return Graph().parse(ROOT / "ontology" / "radiograph.ttl")


def own_terms(ontology: Graph) -> set[URIRef]:
    return {s for s in ontology.subjects() if isinstance(s, URIRef) and s.startswith(RADIOGRAPH)}


def test_it_has_a_version_a_title_and_a_licence(ontology: Graph) -> None:
    assert (IRI, RDF.type, OWL.Ontology) in ontology
    for predicate in (OWL.versionIRI, OWL.versionInfo, DCT.title, DCT.license):
        assert ontology.value(IRI, predicate) is not None


def test_every_term_has_a_type_a_label_and_a_definition(ontology: Graph) -> None:
    for term in own_terms(ontology):
        for predicate in (
            *(RDF.type, RDFS.label, SKOS.definition, SKOS.example, DCT.source, RDFS.isDefinedBy),
            URIRef("http://www.w3.org/2003/06/sw-vocab-status/ns#term_status"),
        ):
            assert (term, predicate, None) in ontology, f"{term} has no {predicate}"


def test_every_term_of_the_data_model_is_defined(ontology: Graph) -> None:
    text = (ROOT / "docs" / "data-model.md").read_text(encoding="utf-8")
    used = {RADIOGRAPH[name] for name in re.findall(r"\bradiograph:([A-Za-z]+)", text)}
    assert used
    assert used <= own_terms(ontology)


def test_every_term_of_the_code_is_defined(ontology: Graph) -> None:
    packages = ("core", "ontology", "shapes", "catalogue", "ingest", "api")
    used = {
        RADIOGRAPH[name]
        for package in packages
        for path in (ROOT / package).rglob("*.py")
        for name in re.findall(r"\bRADIOGRAPH\.([A-Za-z]+)", path.read_text(encoding="utf-8"))
    }
    assert used <= own_terms(ontology)


def test_datasets_are_datasets_of_dcat(ontology: Graph) -> None:
    for kind in (RADIOGRAPH.ImagingDataset, RADIOGRAPH.AnnotationDataset):
        assert (kind, RDFS.subClassOf, DCAT.Dataset) in ontology


def test_strata_have_three_dimensions_and_three_measures(ontology: Graph) -> None:
    components = set(ontology.objects(RADIOGRAPH.strataStructure, QB.component))
    dimensions = {ontology.value(component, QB.dimension) for component in components} - {None}
    measures = {ontology.value(component, QB.measure) for component in components} - {None}
    assert dimensions == {RADIOGRAPH.stratumModality, RADIOGRAPH.stratumBodyPart, RADIOGRAPH.stratumSex}
    assert measures == {RADIOGRAPH.subjectCount, RADIOGRAPH.studyCount, RADIOGRAPH.seriesCount}
    for dimension in dimensions:
        assert (dimension, RDF.type, QB.DimensionProperty) in ontology
        assert (dimension, QB.codeList, None) in ontology


def test_domains_and_ranges_are_declared(ontology: Graph) -> None:
    declared = set(ontology.subjects(RDF.type)) | {RDF.Property, RDF.langString, RDFS.Resource}
    for predicate in (RDFS.domain, RDFS.range, RDFS.subPropertyOf, RDFS.subClassOf):
        for value in ontology.objects(None, predicate):
            assert value in declared or "XMLSchema" in str(value) or str(value) == str(SKOS.ConceptScheme), value


def test_a_stratum_is_an_observation_and_no_dataset(ontology: Graph) -> None:
    assert (RADIOGRAPH.Stratum, RDFS.subClassOf, QB.Observation) in ontology
    for dimension in (RADIOGRAPH.stratumModality, RADIOGRAPH.stratumBodyPart, RADIOGRAPH.stratumSex):
        assert (dimension, RDFS.domain, RADIOGRAPH.Stratum) in ontology
        assert (dimension, RDF.type, OWL.FunctionalProperty) in ontology
    disjoint = set(ontology.objects(RADIOGRAPH.Stratum, OWL.disjointWith))
    assert DCAT.Dataset in disjoint
    # A dataset may hold images of its own beside annotations of others.
    assert (RADIOGRAPH.ImagingDataset, OWL.disjointWith, RADIOGRAPH.AnnotationDataset) not in ontology


def test_nothing_is_imported_and_no_property_is_of_two_kinds(ontology: Graph) -> None:
    assert (None, OWL.imports, None) not in ontology
    objects = set(ontology.subjects(RDF.type, OWL.ObjectProperty))
    assert not objects & set(ontology.subjects(RDF.type, OWL.DatatypeProperty))


def test_the_first_version_follows_none(ontology: Graph) -> None:
    assert (IRI, OWL.priorVersion, None) not in ontology
    assert str(ontology.value(IRI, OWL.versionIRI)).endswith("/" + str(ontology.value(IRI, OWL.versionInfo)))
