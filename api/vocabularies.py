"""What words mean, dereferenced: ``/ontology``, ``/ontology/{version}``, ``/concept/{scheme}`` and
``/concept/{scheme}/{notation}``; and ``/concept?q=``, which finds concepts by any of their names.

Concepts have the same IRI in every deployment; here they are served under the deployment's own address.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from rdflib import Graph

import ontology
from api.addresses import segments
from api.concept_page import concept_page
from api.negotiation import GRAPH_VARIANTS, HTML, JSON
from api.responses import answer, choose, refusal, see_other
from api.serialisation import serialise
from api.state import State, state
from api.vocabulary_page import SHOWN, ontology_page, scheme_page, search_page
from api.vocabulary_tree import heirs
from core.canonical import parse_ntriples
from core.terms import CONCEPT, OWL
from ontology.background import background
from ontology.label_search import MAX_TEXT, Hit, label_index
from ontology.release_archive import kept_tree, kept_versions
from ontology.tree import ONTOLOGY
from ontology.vocabulary import Vocabularies

router = APIRouter(include_in_schema=False)

_METHODS = ["GET", "HEAD"]
#: The folder with the versions that are kept.
_RELEASED = Path(ontology.__file__).parent


@router.api_route("/ontology", methods=_METHODS)
def application_ontology(request: Request, radiograph: State = Depends(state)) -> Response:
    """The application ontology; as a page, with the concept schemes."""
    graph = parse_ntriples(vocabulary_graphs(radiograph.vocabularies)["ontology"])
    kept = kept_versions(_RELEASED)
    return _answer(request, lambda: graph, lambda: ontology_page(request, radiograph, graph, kept=kept))


@router.api_route("/ontology/{version}", methods=_METHODS)
def ontology_version(request: Request, version: str, radiograph: State = Depends(state)) -> Response:
    """A version of the application ontology: the one in use, or an earlier one that is kept."""
    present = parse_ntriples(vocabulary_graphs(radiograph.vocabularies)["ontology"])
    kept = kept_versions(_RELEASED)
    if any(str(value) == version for value in present.objects(None, OWL.versionInfo)):
        return _answer(request, lambda: present, lambda: ontology_page(request, radiograph, present, kept=kept))
    if version not in kept:
        have = ", ".join(kept) or "only the present one"
        return refusal(request, 404, "This version of the ontology is not kept", remedy=f"Kept: {have}")
    graph = parse_ntriples(_kept_ontology(version))
    return _answer(request, lambda: graph, lambda: ontology_page(request, radiograph, graph, kept=kept, old=True))


@router.api_route("/concept", methods=_METHODS)
def concepts(request: Request, radiograph: State = Depends(state)) -> Response:
    """The concepts that have what ``q`` says in any name; without it, the schemes, which are listed with the ontology.

    Parameters: ``q``, ``scheme`` (the name of one) and ``page``.
    """
    text = request.query_params.get("q", "").strip()[:MAX_TEXT]
    if not text:
        return see_other(request, f"{radiograph.identifiers.base}/ontology")
    variant = choose(request, None, (HTML, JSON))
    if isinstance(variant, Response):
        return variant
    vocabularies = radiograph.vocabularies
    named = request.query_params.get("scheme")
    scheme = named if named in vocabularies.schemes else None
    number = _page_number(request.query_params.get("page", ""))
    hits = label_index(vocabularies).search(text, scheme=scheme)
    if variant is HTML:
        return search_page(request, radiograph, text, hits, scheme=scheme, number=number)
    found = [_as_json(hit, radiograph) for hit in hits[(number - 1) * SHOWN : number * SHOWN]]
    document = {"query": text, "scheme": scheme, "total": len(hits), "page": number, "concepts": found}
    return JSONResponse(document, headers={"Vary": "Accept", "Cache-Control": "public, max-age=0, must-revalidate"})


@router.api_route("/concept/{path:path}", methods=_METHODS)
def concept(request: Request, radiograph: State = Depends(state)) -> Response:
    """A concept, with the names of what it refers to, or a whole scheme; as pages, deprecated ones too on request."""
    parts = segments(request, "concept")
    vocabularies = radiograph.vocabularies
    deprecated = request.query_params.get("deprecated") == "1"
    ntriples = vocabulary_graphs(vocabularies).get(f"vocabulary/{parts[0]}") if parts else None
    if ntriples is None or len(parts) > 2:
        return _unknown(request)
    if len(parts) == 1:
        heading = _about(ntriples, vocabularies.headings[parts[0]].iri)
        return _answer(
            request,
            lambda: parse_ntriples(ntriples),
            lambda: scheme_page(request, radiograph, parts[0], heading, deprecated=deprecated),
        )
    found = vocabularies.concept(str(CONCEPT[f"{parts[0]}/{parts[1]}"]))
    if found is None:
        return _unknown(request)
    graph = _about(ntriples, found.iri)
    return _answer(
        request,
        lambda: graph + background(graph, vocabularies),
        lambda: concept_page(request, radiograph, found, graph, deprecated=deprecated),
    )


@lru_cache(maxsize=2)
def vocabulary_graphs(vocabularies: Vocabularies) -> dict[str, bytes]:
    """The canonical N-Triples of every vocabulary by name."""
    return dict(vocabularies.graphs())


@lru_cache(maxsize=16)
def _kept_ontology(version: str) -> bytes:
    """The N-Triples of the application ontology as it was released in a version."""
    statements = kept_tree(_RELEASED, version).statements[ONTOLOGY].triples
    return "".join(sorted({f"{triple} .\n" for triple in statements})).encode()


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


def _page_number(text: str) -> int:
    return min(max(int(text), 1), 10_000) if text.isascii() and text.isdecimal() and len(text) < 9 else 1


def _as_json(hit: Hit, radiograph: State) -> dict[str, object]:
    one, release = hit.concept, radiograph.release
    return {
        "iri": one.iri,
        "scheme": one.scheme,
        "notation": one.notation,
        "label": one.label,
        "matched": {"text": hit.name.text, "language": hit.name.language or None, "kind": hit.name.kind},
        "deprecated": one.deprecated,
        "replaced_by": [heir.iri for heir in heirs(one, radiograph.vocabularies)],
        "datasets": release.usage.of(one.iri).total if release else 0,
    }
