"""The endpoint described in its own terms: W3C SPARQL 1.1 Service Description.

It says what holds for this deployment and this release: the formats that are really served, whether other endpoints
may be asked, the limits, and the named graphs. Those of descriptions are named one by one only while they are few.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from pathlib import Path

from fastapi import Request, Response
from rdflib import Graph, Literal, Namespace, URIRef

from api.negotiation import CONSTRUCT_VARIANTS, GRAPH_VARIANTS, RESULT_VARIANTS, TURTLE, NotAcceptable, Variant
from api.responses import answer, link_header
from api.serialisation import serialise
from api.sparql.operation import Operation, choose
from api.state import ReleaseView, State
from catalogue.content import RELEASE, derived_graphs, released_graphs
from catalogue.void import GRAPH as VOID_GRAPH
from catalogue.void import graph_node
from core.terms import DCT, RDF, SD, VOID, XSD

FORMATS = Namespace("http://www.w3.org/ns/formats/")
#: Where there are more descriptions than these, their graphs are counted and not named.
MAX_NAMED = 1_000
#: The name that W3C gives the format of a media type (https://www.w3.org/ns/formats/).
FORMAT_OF = {
    "application/sparql-results+json": FORMATS["SPARQL_Results_JSON"],
    "application/sparql-results+xml": FORMATS["SPARQL_Results_XML"],
    "text/csv": FORMATS["SPARQL_Results_CSV"],
    "text/tab-separated-values": FORMATS["SPARQL_Results_TSV"],
    "text/turtle": FORMATS["Turtle"],
    "application/n-triples": FORMATS["N-Triples"],
    "application/rdf+xml": FORMATS["RDF_XML"],
    "application/ld+json": FORMATS["JSON-LD"],
    "application/trig": FORMATS["TriG"],
    "application/n-quads": FORMATS["N-Quads"],
}
_SERVICE = Path(__file__).parent.parent / "service.ttl"
#: How the graphs that are not named can be had.
_MORE = (
    "The graphs of the {count:,} descriptions are not named here. Each is called like its catalogue record; "
    "SELECT ?graph WHERE {{ GRAPH ?graph {{ ?graph a <http://www.w3.org/ns/dcat#CatalogRecord> }} }} lists them."
)


async def describe(request: Request, radiograph: State, operation: Operation) -> Response:
    """The service description in the format asked for."""
    try:
        variant = choose(request, operation, GRAPH_VARIANTS)
    except NotAcceptable:
        variant = TURTLE  # whoever forgot the query is told more by the description than by a 406
    release = radiograph.release
    body = await asyncio.to_thread(_document, radiograph, release.number if release else 0, variant)
    void = f"{radiograph.identifiers.base}/.well-known/void"
    return answer(request, body, variant, headers={"Link": link_header([(void, "describedby", None)])})


@lru_cache(maxsize=8)
def _document(radiograph: State, release: int, variant: Variant) -> bytes:
    """The description as bytes; it changes with the release alone, and that is what the request began with."""
    return serialise(description_graph(radiograph, radiograph.release if release else None), variant)


def description_graph(radiograph: State, release: ReleaseView | None) -> Graph:
    """What can be said of the endpoint while it answers from ``release``."""
    settings, base = radiograph.settings, radiograph.identifiers.base
    graph = Graph().parse(_SERVICE, format="turtle", publicID=f"{base}/")
    service = URIRef(f"{base}/sparql")
    for variant in (*RESULT_VARIANTS, *CONSTRUCT_VARIANTS):
        graph.add((service, SD.resultFormat, FORMAT_OF[variant.media_type]))
    if settings.service_allow:
        graph.add((service, SD.feature, SD.BasicFederatedQuery))
    seconds = Literal(f"PT{settings.query_timeout:g}S", datatype=XSD.duration)
    graph.add((URIRef(f"{service}#time-limit"), RDF.value, seconds))
    graph.add((URIRef(f"{service}#size-limit"), RDF.value, _number(settings.query_max_bytes)))
    if release is not None:
        _add_dataset(graph, radiograph, release)
    return graph


def _add_dataset(graph: Graph, radiograph: State, release: ReleaseView) -> None:
    """The release, its size and its graphs."""
    identifiers, ledger = radiograph.identifiers, radiograph.ledger
    dataset, union = URIRef(f"{identifiers.base}/sparql#dataset"), URIRef(f"{identifiers.base}/sparql#union")
    graph.add((dataset, DCT.isVersionOf, identifiers.catalogue()))
    graph.add((dataset, DCT.identifier, identifiers.release(release.number)))
    graph.add((union, VOID.triples, _number(release.triples)))
    with ledger.engine.connect() as connection:
        background = sorted(released_graphs(connection, release.number))
    uncounted = {str(identifiers.graph(name)) for name in (VOID_GRAPH, RELEASE)}
    for name in (*background, *derived_graphs(identifiers)):
        node = _add_named(graph, dataset, name)
        if name not in uncounted:
            # The same node carries the numbers of this graph in the VoID description.
            numbers = graph_node(identifiers, name)
            graph.add((node, SD.graph, numbers))
            graph.add((numbers, RDF.type, SD.Graph))
    count = ledger.count(release.number)
    if count > MAX_NAMED:
        graph.add((dataset, DCT.description, Literal(_MORE.format(count=count), lang="en")))
        return
    for iri in ledger.member_iris(release.number):
        _add_named(graph, dataset, str(identifiers.record(*identifiers.parse_dataset(iri))))


def _add_named(graph: Graph, dataset: URIRef, name: str) -> URIRef:
    node = URIRef(f"{name}#named-graph")
    graph.add((dataset, SD.namedGraph, node))
    graph.add((node, RDF.type, SD.NamedGraph))
    graph.add((node, SD.name, URIRef(name)))
    return node


def _number(value: int) -> Literal:
    return Literal(str(value), datatype=XSD.integer)
