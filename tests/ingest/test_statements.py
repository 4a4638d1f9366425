from __future__ import annotations

import json

import pytest
from rdflib import Graph, Literal, URIRef

from core.canonical import parse_ntriples
from core.identifiers import Identifiers
from core.terms import DCAT, DCT, EUCAIM, FOAF, HEALTHDCATAP, RDF, XSD, new_graph
from ingest.disclosure import disclose
from ingest.record import DESCRIBED, SourceRecord
from ingest.statements import disclosed_statements, meanings, owned_names, record_fields, stated
from ontology.vocabulary import Vocabularies

ROOT = URIRef(DESCRIBED)
CHEST_CT = EUCAIM.IMG1000022


def count(number: int | str) -> Literal:
    return Literal(str(number), datatype=XSD.nonNegativeInteger)


def graph(*statements: tuple[URIRef, URIRef, URIRef | Literal]) -> Graph:
    made = new_graph()
    made.add((ROOT, RDF.type, DCAT.Dataset))
    for statement in statements:
        made.add(statement)
    return made


def record(vocabularies: Vocabularies, *statements: tuple[URIRef, URIRef, URIRef | Literal]) -> SourceRecord:
    return SourceRecord(identifier="x", **record_fields(graph(*statements), vocabularies))


def test_counts_and_facets_become_fields(vocabularies: Vocabularies) -> None:
    made = record(
        vocabularies,
        (ROOT, HEALTHDCATAP.numberOfUniqueIndividuals, count(60)),
        (ROOT, HEALTHDCATAP.numberOfRecords, count(80)),
        (ROOT, EUCAIM.hasImageModality, CHEST_CT),
        (ROOT, EUCAIM.hasCondition, Literal("Cancer of something")),
        (ROOT, DCT.title, Literal("T", "en")),
    )
    assert (made.subjects, made.studies) == (60, 80)
    assert made.terms == {"modality": ("Magnetic resonance imaging",), "condition": ("Cancer of something",)}
    assert made.statements is not None and "numberOf" not in made.statements and "hasImageModality" in made.statements
    assert SourceRecord.model_validate_json(made.model_dump_json()) == made


def test_what_contradicts_itself_stays_for_the_shapes(vocabularies: Vocabularies) -> None:
    predicate = HEALTHDCATAP.numberOfUniqueIndividuals
    made = record(vocabularies, (ROOT, predicate, count(60)), (ROOT, predicate, count(61)))
    assert made.subjects in (60, 61)
    assert made.statements is not None and str({60: 61, 61: 60}[made.subjects]) in made.statements


@pytest.mark.parametrize(
    ("value", "withheld"),
    [(count(3), True), (count(12), False), (count(0), False), (Literal("about 3"), True), (Literal("-3"), True)],
)
def test_small_counts_are_withheld_from_statements(value: Literal, withheld: bool) -> None:
    lines = "".join(f"{s.n3()} {p.n3()} {o.n3()} .\n" for s, p, o in graph((ROOT, EUCAIM.nbrOfSegmentations, value)))
    text, told = disclosed_statements(lines, 10)
    assert told is withheld
    assert (str(EUCAIM.nbrOfSegmentations) in text) is not withheld
    assert disclosed_statements(text, 10) == (text, False)


def test_disclosure_withholds_all_counts_where_one_is_small(vocabularies: Vocabularies) -> None:
    small = record(
        vocabularies,
        (ROOT, HEALTHDCATAP.numberOfUniqueIndividuals, count(4)),
        (ROOT, EUCAIM.nbrOfSegmentations, count(40)),
    )
    told = disclose(small, 10)
    assert told.withheld_totals and told.record.subjects is None
    assert "nbrOfSegmentations" not in json.dumps(told.record.model_dump())
    assert disclose(small, 1).record == small
    assert disclose(told.record, 10).record == told.record


def test_every_count_and_facet_is_named_by_an_address() -> None:
    said = meanings()
    assert set(said.counts.values()) == {"subjects", "studies", "series", "other"}
    assert all("://" in str(predicate) for predicate in (*said.counts, *said.facets))


def test_statements_come_under_the_catalogues_addresses(identifiers: Identifiers) -> None:
    dataset = identifiers.dataset("clinic", "a b")
    publisher, download, series = (URIRef(f"{ROOT}#{name}") for name in ("publisher", "distribution-2", "x"))
    foreign = URIRef("https://elsewhere.example.org/series")
    source = graph(
        (ROOT, DCT.publisher, publisher),
        (publisher, RDF.type, FOAF.Agent),
        (ROOT, DCAT.distribution, download),
        (download, RDF.type, DCAT.Distribution),
        (ROOT, DCAT.inSeries, foreign),
        (foreign, RDF.type, DCAT.DatasetSeries),
        (ROOT, DCT.creator, series),
        (series, FOAF.name, Literal("A person")),
    )
    text = "".join(f"{s.n3()} {p.n3()} {o.n3()} .\n" for s, p, o in source)
    found = stated(text, dataset, identifiers)
    assert all(identifiers.owns(dataset, str(subject)) for subject in found.graph.subjects())
    assert (dataset, DCAT.distribution, identifiers.distribution("clinic", "a b", "distribution-2")) in found.graph
    assert (URIRef(f"{dataset}#publisher"), RDF.type, FOAF.Agent) in found.graph
    assert set(found.references) == {(foreign, RDF.type, DCAT.DatasetSeries)}
    assert "A person" not in found.graph.serialize(format="nt")
    assert found.remarks == ("creators are not carried over: a description names no persons",)
    assert owned_names(parse_ntriples(text.encode()), dataset, identifiers)[ROOT] == dataset
