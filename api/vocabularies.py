"""What words mean, dereferenced: ``/ontology``, ``/concept/{scheme}`` and ``/concept/{scheme}/{notation}``.

Concepts have the same IRI in every deployment; here they are served under the deployment's own address.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from rdflib import Graph

from api.addresses import segments
from api.negotiation import GRAPH_VARIANTS, HTML
from api.responses import answer, choose, refusal, see_other
from api.serialisation import serialise
from api.state import State, state
from api.vocabulary_page import concept_page, ontology_page, scheme_page
from core.canonical import parse_ntriples
from core.terms import CONCEPT
from ontology.background import background
from ontology.vocabulary import Vocabularies

router = APIRouter(include_in_schema=False)

_METHODS = ["GET", "HEAD"]


@router.api_route("/ontology", methods=_METHODS)
def ontology(request: Request, radiograph: State = Depends(state)) -> Response:
    """The application ontology; as a page, with the concept schemes."""
    graph = parse_ntriples(vocabulary_graphs(radiograph.vocabularies)["ontology"])
    return _answer(request, lambda: graph, lambda: ontology_page(request, radiograph, graph))


@router.api_route("/concept", methods=_METHODS)
def schemes(request: Request, radiograph: State = Depends(state)) -> Response:
    """The concept schemes are listed with the ontology."""
    return see_other(request, f"{radiograph.identifiers.base}/ontology")


@router.api_route("/concept/{path:path}", methods=_METHODS)
def concept(request: Request, radiograph: State = Depends(state)) -> Response:
    """A concept, with the names of what it refers to, or a whole scheme."""
    parts = segments(request, "concept")
    vocabularies = radiograph.vocabularies
    ntriples = vocabulary_graphs(vocabularies).get(f"vocabulary/{parts[0]}") if parts else None
    if ntriples is None or len(parts) > 2:
        return _unknown(request)
    if len(parts) == 1:
        heading = _about(ntriples, vocabularies.headings[parts[0]].iri)
        return _answer(
            request, lambda: parse_ntriples(ntriples), lambda: scheme_page(request, radiograph, parts[0], heading)
        )
    found = vocabularies.concept(str(CONCEPT[f"{parts[0]}/{parts[1]}"]))
    if found is None:
        return _unknown(request)
    graph = _about(ntriples, found.iri)
    return _answer(
        request,
        lambda: graph + background(graph, vocabularies),
        lambda: concept_page(request, radiograph, found, graph),
    )


@lru_cache(maxsize=2)
def vocabulary_graphs(vocabularies: Vocabularies) -> dict[str, bytes]:
    """The canonical N-Triples of every vocabulary by name."""
    return dict(vocabularies.graphs())


def _about(ntriples: bytes, iri: str) -> Graph:
    """What is said of one subject; no other line is parsed."""
    subject = f"<{iri}> ".encode()
    return parse_ntriples(b"".join(line for line in ntriples.splitlines(keepends=True) if line.startswith(subject)))


def _answer(request: Request, graph: Callable[[], Graph], page: Callable[[], HTMLResponse]) -> Response:
    variant = choose(request, None, (*GRAPH_VARIANTS, HTML))
    if isinstance(variant, Response):
        return variant
    return page() if variant is HTML else answer(request, serialise(graph(), variant), variant)


def _unknown(request: Request) -> Response:
    return refusal(request, 404, "There is no such concept")
