"""Catalogue records and the root catalogue: what this deployment says about its own entries.

They are derived from the ledger, so that the bytes of a description stay those that were validated. DCAT-AP 3.0.1
limits a record to one ``dct:conformsTo`` and wants its ``dct:source`` to be a ``dcat:CatalogRecord`` with a topic
and a date of its own, which nobody can say of somebody else's record; the original is therefore named with
``prov:hadPrimarySource``, which claims nothing but that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from catalogue.description import StoredDescription
from core.identifiers import Identifiers
from core.settings import Settings
from core.terms import DCAT, DCT, FOAF, PROV, RDF, XSD, new_graph

#: Parts of profile IRIs with how specific the profile is; one that is not known adds to DCAT-AP.
_SPECIFICITY = {
    "w3id.org/radiograph/ontology": -1,
    "data.europa.eu/r5r": 0,
    "/dcat-ap": 0,
    "/healthdcat-ap": 2,
    "eucaim": 3,
}
_UNKNOWN_PROFILE = 1


def record_graph(description: StoredDescription, identifiers: Identifiers) -> Graph:
    """Return the ``dcat:CatalogRecord`` of a description; equal ledger content gives equal triples."""
    graph = new_graph()
    for statement in record_statements(description, identifiers):
        graph.add(statement)
    return graph


def record_statements(
    description: StoredDescription, identifiers: Identifiers
) -> Iterator[tuple[URIRef, URIRef, Node]]:
    """The statements of :func:`record_graph`; publishing needs those of every description, and no graph of them."""
    record = identifiers.record(description.repository, description.identifier)
    yield record, RDF.type, DCAT.CatalogRecord
    yield record, FOAF.primaryTopic, URIRef(description.iri)
    yield record, DCT.issued, timestamp(description.issued)
    yield record, DCT.modified, timestamp(description.modified)
    profile = most_specific(description.conforms_to)
    if profile:
        yield record, DCT.conformsTo, URIRef(profile)
        yield URIRef(profile), RDF.type, DCT.Standard
    if description.source_iri:
        yield record, PROV.hadPrimarySource, URIRef(description.source_iri)


def root_catalogue_graph(settings: Settings, repositories: Iterable[str]) -> Graph:
    """Return the description of the whole catalogue, with the catalogues of ``repositories`` (keys) as parts.

    The parts are named only; each is described by its own graph (``{base}/catalogue/{repository}``).
    """
    graph = new_graph()
    identifiers = settings.identifiers
    catalogue = identifiers.catalogue()
    publisher = URIRef(f"{catalogue}#publisher")
    homepage = URIRef(f"{identifiers.base}/")
    graph.add((catalogue, RDF.type, DCAT.Catalog))
    graph.add((catalogue, DCT.title, Literal(settings.title, lang="en")))
    graph.add((catalogue, DCT.description, Literal(settings.description, lang="en")))
    graph.add((catalogue, DCT.publisher, publisher))
    if settings.licence:
        graph.add((catalogue, DCT.license, URIRef(settings.licence)))
    graph.add((catalogue, FOAF.homepage, homepage))
    graph.add((homepage, RDF.type, FOAF.Document))
    graph.add((publisher, RDF.type, FOAF.Agent))
    graph.add((publisher, FOAF.name, Literal(settings.publisher_name, lang="en")))
    graph.add((publisher, FOAF.homepage, URIRef(settings.publisher_url)))
    graph.add((URIRef(settings.publisher_url), RDF.type, FOAF.Document))
    for repository in sorted(set(repositories)):
        graph.add((catalogue, DCAT.catalog, identifiers.catalogue(repository)))
    return graph


def most_specific(profiles: Iterable[str]) -> str | None:
    """The most specific of the profiles that were passed: the one a record may name."""

    def rank(profile: str) -> tuple[int, str]:
        known = [level for part, level in _SPECIFICITY.items() if part in profile.lower()]
        return max(known, default=_UNKNOWN_PROFILE), profile

    return max(profiles, key=rank, default=None)


def timestamp(moment: datetime) -> Literal:
    """``xsd:dateTime`` in UTC, to the second; a time without zone is taken as UTC, as the ledger keeps it."""
    utc = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return Literal(utc.strftime("%Y-%m-%dT%H:%M:%SZ"), datatype=XSD.dateTime)
