"""The DCAT feed: ``/catalog`` in pages, for harvesters (data.europa.eu, CKAN, and whoever follows hydra links).

Absence means deletion to a harvester. Every page therefore comes from one frozen release, every paging link names
that release, and whatever cannot be answered in full is refused: 503 before the first release or where
members cannot be read, 410 where the release has been dropped. Addresses start with the configured base, never with
what the request calls us.
"""

from __future__ import annotations

import logging
import re
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from fastapi import APIRouter, Depends, Request, Response
from rdflib import Graph, Literal, URIRef
from sqlalchemy.exc import SQLAlchemyError

from api.documents import Documents, documents
from api.negotiation import GRAPH_VARIANTS, HTML, Variant
from api.responses import answer, choose, refusal, see_other, unavailable
from api.serialisation import serialise
from api.state import State, state
from catalogue.description import StoredDescription
from core.errors import CatalogueError, InputError, ReleaseError
from core.terms import HYDRA, RDF, XSD, new_graph

logger = logging.getLogger(__name__)
router = APIRouter()

_NUMBER = re.compile(r"[0-9]{1,9}")
_VARIANTS = {variant.name: variant for variant in GRAPH_VARIANTS}
#: What reading damaged members can end in.
_UNREADABLE = (CatalogueError, InputError, SQLAlchemyError, SyntaxError, ValueError, zlib.error)
#: Pages kept as bytes; a harvest asks for each page twice (HEAD, then GET).
_CACHED_PAGES = 16


@dataclass(frozen=True, slots=True)
class Paging:
    """One page of a release; ``address`` is the feed's, with the extension the client chose."""

    address: str
    page: int
    size: int
    release: int
    total: int

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size

    @property
    def expected(self) -> int:
        """How many datasets the page has to have."""
        return min(self.size, self.total - self.offset)

    def iri(self, page: int) -> URIRef:
        return URIRef(f"{self.address}?page={page}&release={self.release}")

    def graph(self, catalogue: URIRef) -> Graph:
        """The paging node as harvesters read it: one a page, both names for the next page, none on the last."""
        graph = new_graph()
        view = self.iri(self.page)
        graph.add((catalogue, HYDRA.view, view))
        graph.add((view, RDF.type, HYDRA.PartialCollectionView))
        graph.add((view, HYDRA.totalItems, Literal(str(self.total), datatype=XSD.integer)))
        graph.add((view, HYDRA.itemsPerPage, Literal(str(self.size), datatype=XSD.integer)))
        graph.add((view, HYDRA.first, self.iri(1)))
        graph.add((view, HYDRA.last, self.iri(self.last)))
        if self.page > 1:
            graph.add((view, HYDRA.previous, self.iri(self.page - 1)))
        if self.page < self.last:
            graph.add((view, HYDRA.next, self.iri(self.page + 1)))
            graph.add((view, HYDRA.nextPage, self.iri(self.page + 1)))
        return graph


@router.api_route("/catalog", methods=["GET", "HEAD"], summary="The DCAT feed, by content negotiation")
def negotiated_feed(request: Request, radiograph: State = Depends(state)) -> Response:
    """A page of the feed in the format the client asks for; a browser is sent to the search page."""
    variant = choose(request, None, (*GRAPH_VARIANTS, HTML))
    if isinstance(variant, Response):
        return variant
    if variant is HTML:
        return see_other(request, f"{radiograph.identifiers.base}/datasets")
    # A format given by name is not in the Accept header of the next request: its pages go on by extension.
    suffix = f".{variant.name}" if request.query_params.get("format") else ""
    return _feed(request, radiograph, variant, f"{radiograph.identifiers.base}/catalog{suffix}")


@router.api_route("/catalog.{extension}", methods=["GET", "HEAD"], summary="The DCAT feed, by file extension")
def feed(request: Request, extension: str, radiograph: State = Depends(state)) -> Response:
    """A page of the feed: ``/catalog.ttl``, ``.rdf``, ``.jsonld`` or ``.nt``, with ``page`` and ``release``."""
    variant = _VARIANTS.get(extension)
    if variant is None:
        offered = ", ".join(f"/catalog.{name}" for name in _VARIANTS)
        return refusal(request, 404, f"There is no feed in the format {extension[:20]!r}", remedy=f"Use {offered}")
    return _feed(request, radiograph, variant, f"{radiograph.identifiers.base}/catalog.{extension}")


def _feed(request: Request, radiograph: State, variant: Variant, address: str) -> Response:
    numbers = {name: request.query_params.get(name) for name in ("page", "release")}
    for name, text in numbers.items():
        if text is not None and not _NUMBER.fullmatch(text):
            return refusal(request, 400, f"{name} is {text[:40]!r}, not a number", remedy=f"Give {name}=1, for example")
    if radiograph.release is None:
        return unavailable(request, "Nothing has been published yet")
    release_number = int(numbers["release"] or radiograph.release.number)
    try:
        paging = _page_of(request, radiograph, address, int(numbers["page"] or 1), release_number)
        if isinstance(paging, Response):
            return paging
        body = _body(radiograph, paging, variant)
    except _UNREADABLE as error:
        # The detail may name files of this machine, so it is for the log, not for the client.
        logger.error("page of the feed not answered: %s", error)
        return unavailable(request, "The members of the release cannot be read")
    kept = "public, max-age=3600" if numbers["release"] is not None else "public, max-age=0, must-revalidate"
    return answer(request, body, variant, cache=kept)


def _page_of(request: Request, radiograph: State, address: str, page: int, number: int) -> Paging | Response:
    """The page that was asked for, or why there is none: what is gone is told apart from what never was."""
    release = next((release for release in radiograph.ledger.releases() if release.number == number), None)
    again = f"Begin again at {address}"
    if release is None:
        return refusal(request, 404, f"There is no release {number}", remedy=again)
    if release.dropped or not release.path.is_dir():
        remedy = f"Discard what was read of it and begin again at {address}"
        return refusal(request, 410, f"Release {number} is no longer kept", remedy=remedy)
    total = radiograph.ledger.count(number)
    if total == 0 or total != release.datasets:
        return unavailable(request, f"Release {number} is empty or incomplete")
    paging = Paging(address, page, radiograph.settings.page_size, number, total)
    if not 1 <= page <= paging.last:
        return refusal(request, 404, f"There is no page {page}; release {number} has {paging.last}", remedy=again)
    return paging


def _body(radiograph: State, paging: Paging, variant: Variant) -> bytes:
    # One at a time: many harvesters that begin together ask for the same page, and each would hold its graph.
    with _building:
        members = radiograph.ledger.members(paging.release, offset=paging.offset, limit=paging.size)
        if len(members) != paging.expected:
            raise ReleaseError(f"release {paging.release}, page {paging.page}: only {len(members)} members can be read")
        return _pages.get(documents(radiograph, paging.release), members, paging, variant)


class _Pages:
    """The pages served last, as bytes; a page of a release never changes."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()

    def get(self, documents: Documents, members: list[StoredDescription], paging: Paging, variant: Variant) -> bytes:
        content = tuple((member.content_hash, member.modified) for member in members)
        key = (paging, variant.name, content, documents.vocabularies.digest)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        graph = documents.feed(members)
        graph += paging.graph(documents.identifiers.catalogue())
        body = self._kept[key] = serialise(graph, variant)
        while len(self._kept) > _CACHED_PAGES:
            self._kept.popitem(last=False)
        return body


_pages = _Pages()
_building = Lock()
