"""What is not a dataset, dereferenced: catalogues, agents, links and releases."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from rdflib import Graph, Literal

from api.addresses import segments
from api.documents import Documents, documents
from api.negotiation import GRAPH_VARIANTS, HTML, JSON
from api.responses import answer, choose, refusal, see_other, unavailable
from api.serialisation import serialise
from api.state import State, state
from catalogue.records import timestamp
from catalogue.release import Release
from core.errors import IdentifierError
from core.terms import DCT, PROV, RDF, VOID, XSD, new_graph

router = APIRouter(include_in_schema=False)

_METHODS = ["GET", "HEAD"]


@router.api_route("/catalogue", methods=_METHODS)
def whole_catalogue(request: Request, radiograph: State = Depends(state)) -> Response:
    """The catalogue of catalogues; a browser is sent to the search page."""
    return _rdf_or_page(request, _documents(radiograph).catalogue(), f"{radiograph.identifiers.base}/datasets")


@router.api_route("/catalogue/{repository}", methods=_METHODS)
def catalogue(request: Request, repository: str, radiograph: State = Depends(state)) -> Response:
    """The catalogue of one repository; a browser is sent to the search in it."""
    graph = _documents(radiograph).repository(repository)
    if not len(graph):
        return _unknown(request, "repository")
    return _rdf_or_page(request, graph, f"{radiograph.identifiers.base}/datasets?repository={repository}")


@router.api_route("/agent/{path:path}", methods=_METHODS)
def agent(request: Request, radiograph: State = Depends(state)) -> Response:
    """An agent or contact of a repository."""
    parts = segments(request, "agent")
    if len(parts) != 2:
        return _unknown(request, "agent")
    try:
        graph = _documents(radiograph).agent(parts[0], radiograph.identifiers.agent(*parts))
    except IdentifierError:
        return _unknown(request, "agent")
    return _rdf(request, graph) if len(graph) else _unknown(request, "agent")


@router.api_route("/link/{digest}", methods=_METHODS)
def link(request: Request, digest: str, radiograph: State = Depends(state)) -> Response:
    """A link with its method and evidence, as RDF or JSON."""
    if radiograph.release is None:
        return unavailable(request, "Nothing has been published yet")
    found = radiograph.release.links.named(digest)
    if found is None:
        return _unknown(request, "link")
    return _rdf_or_json(request, _documents(radiograph).link(found), found.to_json())


@router.api_route("/release/{number}", methods=_METHODS)
def release(request: Request, number: str, radiograph: State = Depends(state)) -> Response:
    """What a release holds, as RDF or JSON."""
    found = next((one for one in radiograph.ledger.releases() if str(one.number) == number), None)
    if found is None:
        return _unknown(request, "release")
    feed = f"{radiograph.identifiers.base}/catalog?page=1&release={found.number}"
    summary = {
        "release": found.number,
        "created": str(timestamp(found.created)),
        "datasets": found.datasets,
        "triples": found.triples,
        "links": found.links,
        "feed": None if found.dropped else feed,
    }
    return _rdf_or_json(request, _release_graph(found, radiograph), summary)


def _documents(radiograph: State) -> Documents:
    return documents(radiograph, radiograph.release.number if radiograph.release else 0)


def _release_graph(found: Release, radiograph: State) -> Graph:
    graph = new_graph()
    node = radiograph.identifiers.release(found.number)
    graph.add((node, RDF.type, PROV.Entity))
    graph.add((node, DCT.isVersionOf, radiograph.identifiers.catalogue()))
    graph.add((node, DCT.created, timestamp(found.created)))
    graph.add((node, VOID.triples, Literal(str(found.triples), datatype=XSD.integer)))
    return graph


def _rdf(request: Request, graph: Graph) -> Response:
    variant = choose(request, None, GRAPH_VARIANTS)
    return variant if isinstance(variant, Response) else answer(request, serialise(graph, variant), variant)


def _rdf_or_page(request: Request, graph: Graph, page: str) -> Response:
    variant = choose(request, None, (*GRAPH_VARIANTS, HTML))
    if isinstance(variant, Response):
        return variant
    return see_other(request, page) if variant is HTML else answer(request, serialise(graph, variant), variant)


def _rdf_or_json(request: Request, graph: Graph, document: dict[str, Any]) -> Response:
    variant = choose(request, None, (*GRAPH_VARIANTS, JSON))
    if isinstance(variant, Response):
        return variant
    if variant is JSON:
        return answer(request, json.dumps(document, ensure_ascii=False).encode(), JSON)
    return answer(request, serialise(graph, variant), variant)


def _unknown(request: Request, kind: str) -> Response:
    return refusal(request, 404, f"There is no such {kind}")
