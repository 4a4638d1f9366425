"""Looking for datasets: ``/datasets`` as a page, ``/datasets.json`` as data; all state is in the address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from api.negotiation import HTML, JSON, negotiate
from api.rendering import Addresses, nothing_published, page
from catalogue.facets import FACETS, FacetCount
from catalogue.indexing import SORTS, Sort
from catalogue.matching import MAX_TEXT
from catalogue.search import Hit, SearchIndex, SearchRequest, SearchResult

router = APIRouter()

PAGE_SIZE = 20
#: Values of a facet shown at once; the others are one click away.
SHOWN = 12
_MAX_VALUES = 40
_SORT_LABELS = {"relevance": "Relevance", "title": "Title", "subjects": "Most subjects", "modified": "Last changed"}


@dataclass(frozen=True, slots=True)
class FacetRow:
    """One value of a facet and where choosing it, or dropping it, leads."""

    count: FacetCount
    href: str


@dataclass(frozen=True, slots=True)
class FacetView:
    """A facet as shown: ``rows`` first, ``more`` behind a disclosure (the whole tree)."""

    name: str
    heading: str
    rows: tuple[FacetRow, ...]
    more: tuple[FacetRow, ...]


@dataclass(frozen=True, slots=True)
class ActiveFilter:
    """A choice that was made, and where dropping it leads."""

    heading: str
    label: str
    href: str


@router.api_route("/datasets", methods=["GET", "HEAD"], include_in_schema=False)
def datasets(request: Request) -> Response:
    """The search page, or JSON for a client that prefers it."""
    variant = negotiate(request.headers.get("accept"), (HTML, JSON), format=request.query_params.get("format"))
    return datasets_json(request) if variant is JSON else _datasets_page(request)


@router.api_route(
    "/datasets.json", methods=["GET", "HEAD"], tags=["search"], summary="Search datasets, with facets and counts"
)
def datasets_json(request: Request) -> Response:
    """One page of results and the counts of every facet.

    Parameters: ``q`` (text), any facet by name (repeatable; keys or IRIs), ``sort``, ``page``, ``size`` (at most 100).
    Behind the last page there are no results, so a client may read until it finds none.
    """
    release = request.app.state.radiograph.release
    if release is None:
        return JSONResponse({"detail": "nothing is published yet"}, 503, headers={"Retry-After": "30"})
    wanted = read_request(request)
    result = release.search.search(wanted)
    page = max(wanted.page, 1)
    return JSONResponse(
        {
            "release": release.number,
            "total": result.total,
            "page": page,
            "pages": result.pages,
            "text": wanted.text,
            "sort": wanted.sort,
            "matched": result.matched,
            "filters": result.filters,
            "results": [_hit_json(hit) for hit in result.hits] if page <= result.pages else [],
            "facets": {name: [_count_json(count) for count in counts] for name, counts in result.facets.items()},
        },
        headers={"Vary": "Accept"},
    )


def read_request(request: Request) -> SearchRequest:
    """Read the query of an address; what is malformed falls back to the default, so no address is an error."""
    query = request.query_params
    filters = {facet: tuple(query.getlist(facet)[:_MAX_VALUES]) for facet in FACETS if facet in query}
    sort: Sort = next((name for name in SORTS if name == query.get("sort")), "relevance")
    return SearchRequest(
        text=query.get("q", "")[:MAX_TEXT].strip(),
        filters=filters,
        sort=sort,
        page=_whole(query.get("page"), 1),
        size=_whole(query.get("size"), PAGE_SIZE),
    )


def _datasets_page(request: Request) -> Response:
    state = request.app.state.radiograph
    if state.release is None:
        return nothing_published(request)
    index: SearchIndex = state.release.search
    wanted = read_request(request)
    result = index.search(wanted)
    place = _Place(Addresses.of(request, state.identifiers.base), wanted, result)
    return page(
        request,
        "datasets.html",
        wanted=wanted,
        result=result,
        hidden=[pair for pair in place.parameters() if pair[0] not in {"q", "page"}],
        facets=[place.facet(name, heading) for name, heading in FACETS.items()],
        active=list(place.active(index)),
        sorts=[(name, _SORT_LABELS[name], place.at(sort=name)) for name in SORTS],
        pages=place.pages(),
        json_href=place.at(path="datasets.json", page=result.page),
        everything=place.to.path("datasets"),
        without_text=place.at(text=""),
        chip=place.chip,
        concept_facets=("cancer", "body_part", "modality", "annotation"),
        headings=FACETS,
    )


class _Place:
    """Where the reader stands, and the addresses of the neighbouring places."""

    def __init__(self, to: Addresses, wanted: SearchRequest, result: SearchResult) -> None:
        self.to = to
        self._wanted = wanted
        self._result = result

    def parameters(
        self,
        *,
        text: str | None = None,
        filters: dict[str, tuple[str, ...]] | None = None,
        sort: str | None = None,
        page: int = 1,
    ) -> list[tuple[str, str]]:
        text = self._wanted.text if text is None else text
        sort = sort or self._wanted.sort
        chosen = self._result.filters if filters is None else filters
        pairs = [("q", text)] if text else []
        pairs += [(facet, value) for facet, values in chosen.items() for value in values]
        pairs += [("sort", sort)] if sort != "relevance" else []
        return pairs + ([("page", str(page))] if page > 1 else [])

    def at(self, *, path: str = "datasets", **changes: Any) -> str:
        return self.to.path(path, self.parameters(**changes))

    def toggled(self, facet: str, key: str) -> str:
        values = self._result.filters.get(facet, ())
        values = tuple(v for v in values if v != key) if key in values else (*values, key)
        return self.at(filters={**self._result.filters, facet: values})

    def chip(self, facet: str, iri: str, index: SearchIndex) -> str:
        return self.to.path("datasets", [(facet, index.directory.key(facet, iri))])

    def facet(self, name: str, heading: str) -> FacetView:
        counts = self._result.facets[name]
        first = set(first_rows(counts))
        rows = tuple(FacetRow(count, self.toggled(name, count.key)) for count in counts)
        shown = tuple(row for row in rows if row.count.key in first)
        return FacetView(name, heading, shown, rows if len(shown) < len(rows) else ())

    def active(self, index: SearchIndex) -> Iterable[ActiveFilter]:
        if self._wanted.text:
            yield ActiveFilter("Text", self._wanted.text, self.at(text=""))
        for facet, values in self._result.filters.items():
            for value in values:
                yield ActiveFilter(FACETS[facet], index.directory.entry(facet, value).label, self.toggled(facet, value))

    def pages(self) -> list[tuple[str, str | None]]:
        """Page numbers around the current one with their addresses; None where no link is wanted."""
        now, last = self._result.page, self._result.pages
        near = sorted({1, last, *range(max(1, now - 1), min(last, now + 1) + 1)})
        links: list[tuple[str, str | None]] = []
        for previous, number in zip([0, *near], near, strict=False):
            if number - previous > 1:
                links.append(("…", None))
            links.append((str(number), self.at(page=number) if number != now else None))
        return links if last > 1 else []


def first_rows(counts: Iterable[FacetCount]) -> list[str]:
    """The keys to show at once: what is selected with the way to it and the level below, then the most frequent.

    Below a value that holds half of everything (the entire body) the next level is shown, because it tells nothing.
    """
    rows = list(counts)
    above = [_above(rows, index) for index in range(len(rows))]
    chosen = {rows[one].key for index, row in enumerate(rows) if row.selected for one in (index, *above[index])}
    most = max((row.count for row in rows), default=0)
    opened = chosen | {row.key for row in rows if 2 * row.count >= most}
    wanted: dict[str, int] = {}
    for index, row in enumerate(rows):
        parent = rows[above[index][0]].key if above[index] else None
        if row.key in chosen or parent in chosen:
            wanted[row.key] = most + 1
        elif parent is None or parent in opened:
            wanted[row.key] = row.count
    best = sorted(wanted, key=lambda key: -wanted[key])
    shown = set(best[: max(SHOWN, sum(value > most for value in wanted.values()))])
    return [row.key for row in rows if row.key in shown]


def _above(rows: list[FacetCount], index: int) -> list[int]:
    """The rows under which a row is indented, nearest first."""
    found, depth = [], rows[index].depth
    for above in range(index - 1, -1, -1):
        if rows[above].depth < depth:
            found.append(above)
            depth = rows[above].depth
    return found


def _hit_json(hit: Hit) -> dict[str, Any]:
    snippet = [{"text": part.text, "marked": part.marked} for part in hit.snippet]
    return {**hit.card, "snippet": snippet, "reasons": [asdict(reason) for reason in hit.reasons]}


def _count_json(count: FacetCount) -> dict[str, Any]:
    return asdict(count)


def _whole(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else default
