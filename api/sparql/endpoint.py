"""The SPARQL endpoint: ``/sparql`` (SPARQL 1.1 Protocol, query operation; Service Description)."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request, Response

from api.negotiation import (
    CONSTRUCT_VARIANTS,
    HTML,
    RESULT_VARIANTS,
    NotAcceptable,
    Variant,
)
from api.observation import observation
from api.refusal import Refusal
from api.rendering import nothing_published
from api.responses import matches
from api.sparql.asking import ask
from api.sparql.cache import Ask, Key
from api.sparql.clients import client_of
from api.sparql.compression import takes_gzip
from api.sparql.description import describe
from api.sparql.operation import ACCEPT_POST, Operation, choose, read_operation
from api.sparql.page import sparql_page
from api.sparql.transfer import REPLAY, Again, QueryTransfer
from api.state import State, state
from catalogue.store.guard import QueryFacts
from core.errors import QueryUnavailable

router = APIRouter()

_ALLOW = "GET, HEAD, POST, OPTIONS"
_VARY = "Accept, Accept-Encoding"


@router.api_route("/sparql", methods=["GET", "HEAD", "POST"], summary="Ask the catalogue in SPARQL 1.1")
async def sparql(request: Request, radiograph: State = Depends(state)) -> Response:
    """Answer ``query`` in the format asked for; a browser gets a page; without a query, describe the service."""
    operation = await read_operation(request)
    if _wants_page(request, operation):
        return nothing_published(request) if radiograph.release is None else await _page(request, radiograph, operation)
    if operation.query is None or not operation.query.strip():
        if request.method == "POST":
            raise Refusal(400, "there is no query", remedy="send it as the parameter query")
        return await describe(request, radiograph, operation)
    return await _answer(request, radiograph, operation, operation.query)


@router.options("/sparql", include_in_schema=False)
async def options() -> Response:
    """What the endpoint takes."""
    return Response(status_code=204, headers={"Allow": _ALLOW, "Accept-Post": ACCEPT_POST})


async def _answer(request: Request, radiograph: State, operation: Operation, query: str) -> Response:
    seen = observation(request.scope)
    if seen is not None:
        seen.query = query
    facts = await radiograph.pool.inspect(query)
    variant = choose(request, operation, CONSTRUCT_VARIANTS if facts.form.gives_graph else RESULT_VARIANTS)
    release, current = radiograph.release, radiograph.current
    if release is None or current is None:
        raise QueryUnavailable("nothing has been published yet", remedy="try again later")
    radiograph.results.turn_to(current.number)
    headers = {"Content-Type": variant.content_type, "Vary": _VARY, "Cache-Control": "no-cache"}
    key: Key | None = None
    if facts.repeatable:
        key = Key(release.number, query, operation.default_graphs, operation.named_graphs, variant.media_type)
        if request.method != "POST":
            headers |= {"ETag": key.etag, "Cache-Control": "public, max-age=0, must-revalidate"}
            if matches(request.headers.get("if-none-match"), key.etag.removeprefix("W/")):
                return _unchanged(request, key, headers)
    return QueryTransfer(
        radiograph.results,
        key,
        _ask(radiograph, operation, query, facts, variant, client_of(request.scope, radiograph.settings)),
        store=release.store,
        headers=headers,
        gzip=takes_gzip(request.headers.get("accept-encoding")),
        patience=radiograph.settings.query_timeout,
    )


def _ask(radiograph: State, operation: Operation, query: str, facts: QueryFacts, variant: Variant, client: str) -> Ask:
    """How the query is run, if it has to be."""
    return lambda deadline: ask(
        radiograph,
        query,
        facts,
        deadline,
        client=client,
        accept=variant.media_type,
        default_graphs=operation.default_graphs,
        named_graphs=operation.named_graphs,
    )


def _unchanged(request: Request, key: Key, headers: dict[str, str]) -> Response:
    """What the client has is what it would get."""
    request.scope[REPLAY] = Again(key, None)
    return Response(status_code=304, headers={name: value for name, value in headers.items() if name != "Content-Type"})


def _wants_page(request: Request, operation: Operation) -> bool:
    """Whether the client is a browser: it likes HTML better than anything a query can be answered in."""
    if not operation.formats and "html" not in request.headers.get("accept", ""):
        return False
    try:
        return choose(request, operation, (*RESULT_VARIANTS, *CONSTRUCT_VARIANTS, HTML)) is HTML
    except NotAcceptable:
        return False


async def _page(request: Request, radiograph: State, operation: Operation) -> Response:
    page: Response = await sparql_page(
        request,
        radiograph,
        operation.query,
        default_graphs=operation.default_graphs,
        named_graphs=operation.named_graphs,
    )
    return page
