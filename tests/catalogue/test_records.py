"""Catalogue records: derived from the ledger, stable, and within DCAT-AP's cardinalities."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from rdflib import Literal, URIRef

from catalogue.description import StoredDescription
from catalogue.records import most_specific, record_graph, root_catalogue_graph, timestamp
from core.canonical import canonical_ntriples
from core.identifiers import Identifiers
from core.settings import Settings
from core.terms import DCAT, DCT, FOAF, PROV, RDF, XSD

IDS = Identifiers("https://catalogue.example.org/base")
STORED = StoredDescription(
    iri=str(IDS.dataset("idc", "4d_lung")),
    repository="idc",
    identifier="4d_lung",
    revision=7,
    ntriples=b"",
    content_hash="",
    conforms_to=("https://w3id.org/radiograph/profile/dcat-ap", "https://w3id.org/radiograph/profile/healthdcat-ap"),
    issued=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC),
    modified=datetime(2026, 2, 2, tzinfo=timezone(timedelta(hours=2))),
    source_iri="https://example.org/source?id=4d_lung",
)
RECORD = IDS.record("idc", "4d_lung")


def test_the_record_says_what_the_ledger_knows() -> None:
    graph = record_graph(STORED, IDS)
    assert (RECORD, RDF.type, DCAT.CatalogRecord) in graph
    assert list(graph.objects(RECORD, FOAF.primaryTopic)) == [IDS.dataset("idc", "4d_lung")]
    assert list(graph.objects(RECORD, DCT.issued)) == [Literal("2026-01-02T03:04:05Z", datatype=XSD.dateTime)]
    assert list(graph.objects(RECORD, DCT.modified)) == [Literal("2026-02-01T22:00:00Z", datatype=XSD.dateTime)]
    assert list(graph.objects(RECORD, PROV.hadPrimarySource)) == [URIRef(STORED.source_iri or "")]
    # DCAT-AP's range of dct:source on a record is another CatalogRecord with mandatory properties of its own.
    assert list(graph.objects(RECORD, DCT.source)) == []


def test_at_most_one_profile_is_named_and_it_is_the_most_specific_passed() -> None:
    graph = record_graph(STORED, IDS)
    assert list(graph.objects(RECORD, DCT.conformsTo)) == [URIRef("https://w3id.org/radiograph/profile/healthdcat-ap")]
    assert list(record_graph(replace(STORED, conforms_to=()), IDS).objects(RECORD, DCT.conformsTo)) == []


@pytest.mark.parametrize(
    ("profiles", "expected"),
    [
        ((), None),
        (("https://x/dcat-ap/3.0.1",), "https://x/dcat-ap/3.0.1"),
        (("https://x/healthdcat-ap/r8", "https://x/dcat-ap/3.0.1"), "https://x/healthdcat-ap/r8"),
        (
            ("http://data.europa.eu/r5r/", "http://hospital.example/own"),
            "http://hospital.example/own",
        ),
        (("https://x/eucaim/2.0", "https://x/healthdcat-ap/r8"), "https://x/eucaim/2.0"),
        (("https://semiceu.github.io/DCAT-AP/releases/3.0.1", "https://hospital/own"), "https://hospital/own"),
    ],
)
def test_specificity(profiles: tuple[str, ...], expected: str | None) -> None:
    assert most_specific(profiles) == most_specific(reversed(profiles)) == expected


def test_equal_ledger_content_gives_equal_bytes() -> None:
    again = replace(STORED, conforms_to=tuple(reversed(STORED.conforms_to)), revision=8)
    assert canonical_ntriples(record_graph(STORED, IDS)) == canonical_ntriples(record_graph(again, IDS))


def test_a_time_without_zone_is_utc() -> None:
    assert str(timestamp(datetime(2026, 1, 2, 3, 4, 5))) == "2026-01-02T03:04:05Z"


def test_the_root_catalogue_names_its_parts_and_its_publisher() -> None:
    settings = Settings(base_iri="https://catalogue.example.org/base", title="Mine", publisher_name="Me")
    graph = root_catalogue_graph(settings, ["idc", "openmedlab", "idc"])
    catalogue = IDS.catalogue()
    assert set(graph.objects(catalogue, DCAT.catalog)) == {IDS.catalogue("idc"), IDS.catalogue("openmedlab")}
    [publisher] = graph.objects(catalogue, DCT.publisher)
    assert (publisher, RDF.type, FOAF.Agent) in graph
    assert graph.value(publisher, FOAF.name) == Literal("Me", lang="en")
    assert graph.value(catalogue, DCT.title) == Literal("Mine", lang="en")
    assert graph.value(catalogue, DCT.description) is not None
    assert canonical_ntriples(graph)  # no blank node
