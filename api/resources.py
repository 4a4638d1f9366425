"""Datasets and what belongs to them, dereferenced by content negotiation or by extension.

Only what the current release holds is shown. A draft or rejected description answers 404 like one that never was;
one that had been published and is withdrawn answers 410. Identifiers may have dots, so an identifier that matches
exactly wins over one with an extension cut off.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request, Response
from rdflib import URIRef

from api import catalogues
from api.addresses import readings, segments
from api.dataset_page import render_dataset
from api.documents import documents, withdrawal
from api.negotiation import GRAPH_VARIANTS, HTML, Variant
from api.responses import answer, choose, link_header, refusal, see_other, unavailable
from api.serialisation import serialise
from api.state import State, state
from catalogue.description import StoredDescription
from core.canonical import select_statements
from core.errors import IdentifierError
from core.identifiers import normalise_doi
from core.terms import DCT

router = APIRouter(include_in_schema=False)
# The application mounts this one router for every IRI of the catalogue.
router.include_router(catalogues.router)

_METHODS = ["GET", "HEAD"]
_TEXT = Variant("txt", "text/plain")
_SCHEMA_DATASET = "https://schema.org/Dataset"
#: No header names more licences, or more datasets of one identifier, than this.
_MAX_TARGETS = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A dataset that an address names, withdrawn where it has no description; ``variant`` is the extension's."""

    iri: URIRef
    description: StoredDescription | None
    variant: Variant | None = None


@router.api_route("/dataset", methods=_METHODS)
def dataset_by_identifier(request: Request, radiograph: State = Depends(state)) -> Response:
    """Find a dataset by any of its identifiers: 303 to it, or 300 with a list where several carry it."""
    identifier = request.query_params.get("identifier")
    search = f"{radiograph.identifiers.base}/datasets"
    if identifier is None:
        return see_other(request, search)
    if radiograph.release is None:
        return unavailable(request, "Nothing has been published yet")
    datasets = radiograph.release.identities.find(identifier)
    if not datasets:
        return refusal(
            request, 404, f"No dataset has the identifier {identifier[:200]!r}", remedy=f"Search at {search}"
        )
    if len(datasets) == 1:
        return see_other(request, datasets[0])
    links = {"Link": link_header((iri, "alternate", None) for iri in datasets[:_MAX_TARGETS])}
    return answer(request, "".join(f"{iri}\n" for iri in datasets).encode(), _TEXT, status=300, headers=links)


@router.api_route("/dataset/{path:path}", methods=_METHODS)
def dataset(request: Request, radiograph: State = Depends(state)) -> Response:
    """A dataset as RDF or as a page."""
    parts = segments(request, "dataset")
    found = _find(radiograph, *parts) if len(parts) == 2 else None
    if found is None or found.description is None:
        return _absent(request, radiograph, found)
    variant = choose(request, found.variant, (*GRAPH_VARIANTS, HTML))
    if isinstance(variant, Response):
        return variant
    headers = {"Link": link_header(_signposts(found.description, variant, radiograph))}
    if variant is HTML:
        page = render_dataset(request, radiograph, found.description, headers=headers)
        return answer(request, bytes(page.body), HTML, headers=_without_entity(page.headers))
    assert radiograph.release is not None
    links = radiograph.release.links.of(found.description.iri)
    graph = documents(radiograph, radiograph.release.number).dataset(found.description, links)
    return answer(request, serialise(graph, variant), variant, headers=headers)


@router.api_route("/record/{path:path}", methods=_METHODS)
def record(request: Request, radiograph: State = Depends(state)) -> Response:
    """A catalogue record as RDF; a browser is sent to the dataset's page."""
    parts = segments(request, "record")
    found = _find(radiograph, *parts) if len(parts) == 2 else None
    if found is None or found.description is None or radiograph.release is None:
        return _absent(request, radiograph, found)
    variant = choose(request, found.variant, (*GRAPH_VARIANTS, HTML))
    if isinstance(variant, Response):
        return variant
    if variant is HTML:
        return see_other(request, found.iri)
    graph = documents(radiograph, radiograph.release.number).record(found.description)
    return answer(request, serialise(graph, variant), variant)


@router.api_route("/distribution/{path:path}", methods=_METHODS)
def distribution(request: Request, radiograph: State = Depends(state)) -> Response:
    """A distribution is described with its dataset: 303 to that."""
    parts = segments(request, "distribution")
    found = _find(radiograph, *parts[:2]) if len(parts) == 3 else None
    if found is None or found.description is None or found.variant is not None:
        return _absent(request, radiograph, found)
    try:
        iri = radiograph.identifiers.distribution(*parts)
    except IdentifierError:
        return _absent(request, radiograph, None)
    if f"\n<{iri}> ".encode() not in b"\n" + found.description.ntriples:
        return _absent(request, radiograph, None)
    return see_other(request, found.iri)


def _find(radiograph: State, repository: str, name: str) -> Found | None:
    """The dataset a path names, first with its last part as it is, then without an extension."""
    for identifier, variant in readings(name):
        try:
            iri = radiograph.identifiers.dataset(repository, identifier)
        except IdentifierError:
            continue
        if radiograph.ledger.state(iri) == "withdrawn":
            # What was withdrawn before it was ever published had never been there for anybody.
            if any(revision.released for revision in radiograph.ledger.history(iri)):
                return Found(iri, None, variant)
        elif radiograph.release is not None:
            description = radiograph.ledger.description(iri, release=radiograph.release.number)
            if description is not None:
                return Found(iri, description, variant)
    return None


def _absent(request: Request, radiograph: State, found: Found | None) -> Response:
    if radiograph.release is None:
        return unavailable(request, "Nothing has been published yet")
    search = f"{radiograph.identifiers.base}/datasets"
    if found is None or found.description is not None:
        return refusal(request, 404, "There is no such resource in the catalogue", remedy=f"Search at {search}")
    variant = choose(request, found.variant, (_TEXT, HTML, *GRAPH_VARIANTS))
    if isinstance(variant, Response) or variant in (_TEXT, HTML):
        return refusal(
            request, 410, f"{found.iri} was withdrawn from the catalogue", remedy=f"Search for others at {search}"
        )
    return answer(request, serialise(withdrawal(found.iri), variant), variant, status=410)


def _signposts(
    description: StoredDescription, variant: Variant, radiograph: State
) -> Iterator[tuple[str, str, str | None]]:
    """Typed links for machines that read headers only (signposting.org, FAIR profile level 1)."""
    yield description.iri, "canonical", None
    yield _citable(description), "cite-as", None
    yield _SCHEMA_DATASET, "type", None
    yield str(radiograph.identifiers.catalogue(description.repository)), "collection", None
    licences = {value.value for _, _, value in select_statements(description.ntriples, (str(DCT.license),))}
    for licence in sorted(licences)[:_MAX_TARGETS]:
        yield licence, "license", None
    relation = "describedby" if variant is HTML else "alternate"
    for other in (*GRAPH_VARIANTS, HTML):
        if other is not variant:
            yield f"{description.iri}.{other.name}", "alternate" if other is HTML else relation, other.media_type


def _citable(description: StoredDescription) -> str:
    """The DOI of the first publisher as an address, or our own IRI."""
    for subject, _, value in select_statements(description.ntriples, (str(DCT.identifier),)):
        doi = normalise_doi(value.value) if subject == description.iri else None
        if doi:
            return f"https://doi.org/{doi}"
    return description.iri


def _without_entity(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a rendered page without those that are made anew for the answer."""
    made_anew = {"content-length", "content-type", "etag", "vary", "cache-control"}
    return {name: value for name, value in headers.items() if name.lower() not in made_anew}
