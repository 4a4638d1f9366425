"""The pages: the start, and the files they are made with. The other pages live beside this module:
:mod:`api.search` (finding datasets), :mod:`api.dataset_page`, :mod:`api.sparql.page`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.picture import draw
from api.rendering import Addresses, assets, message_page, nothing_published, page
from api.search import router as search_router
from api.sparql.compression import takes_gzip
from api.state import State
from catalogue.facets import FACETS, FacetDirectory

router = APIRouter()
router.include_router(search_router)

#: Lines of each list under "Browse".
TOP = 8


@router.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
def home(request: Request) -> Response:
    """What is inside, in numbers and one picture."""
    state: State = request.app.state.radiograph
    if state.release is None:
        return nothing_published(request)
    aggregates = state.release.aggregates
    directory = state.release.search.directory
    to = Addresses.of(request, state.identifiers.base)
    return page(
        request,
        "home.html",
        totals=aggregates["totals"],
        picture=draw(aggregates["matrix"], directory, to),
        tops=[
            (FACETS[facet], facet, _bars(aggregates["facets"][facet], facet, directory, to))
            for facet in ("cancer", "body_part", "annotation")
            if aggregates["facets"][facet]
        ],
        repositories=[
            {
                **repository,
                "title": directory.entry("repository", repository["key"]).label,
                "href": to.path("datasets", {"repository": repository["key"]}),
            }
            for repository in aggregates["repositories"]
        ],
    )


@router.api_route("/static/{name:path}", methods=["GET", "HEAD"], include_in_schema=False)
def static(request: Request, name: str) -> Response:
    """A file of the pages; its address has its version, so it may be kept for ever."""
    asset = assets().get(name)
    if asset is None:
        return message_page(request, 404, "There is no such file")
    headers = {
        "Cache-Control": "public, max-age=31536000, immutable",
        "Content-Type": asset.media_type,
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
    if takes_gzip(request.headers.get("accept-encoding")):
        return Response(asset.compressed, headers={**headers, "Content-Encoding": "gzip"})
    return Response(asset.content, headers=headers)


def _bars(rows: list[dict[str, Any]], facet: str, directory: FacetDirectory, to: Addresses) -> list[dict[str, Any]]:
    most = max(row["datasets"] for row in rows)
    return [
        {
            **row,
            "share": round(100 * row["datasets"] / most, 1),
            "href": to.path("datasets", {facet: directory.key(facet, row["iri"])}),
        }
        for row in rows[:TOP]
    ]
