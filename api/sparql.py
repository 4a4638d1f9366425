"""The SPARQL endpoint: ``/sparql`` (SPARQL 1.1 Protocol, query operation; Service Description)."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response
from rdflib import Graph
from starlette.requests import ClientDisconnect

from api.negotiation import GRAPH_VARIANTS, HTML, RESULT_VARIANTS, TURTLE, NotAcceptable, Variant, negotiate
from api.query_page import sparql_page
from api.refusal import Refusal
from api.rendering import nothing_published
from api.responses import answer, matches
from api.serialisation import serialise
from api.state import State, state
from api.transfer import QueryTransfer
from catalogue.store.guard import MAX_LENGTH
from core.errors import QueryForbidden, QueryUnavailable

router = APIRouter()

#: Largest request body: the longest query there is, every character percent-encoded, and graph names.
MAX_BODY = 4 * MAX_LENGTH
_ALLOW = "GET, HEAD, POST, OPTIONS"
_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_SERVICE = Path(__file__).parent / "service.ttl"


@dataclass(frozen=True, slots=True)
class Operation:
    """A query operation as the protocol has it (SPARQL 1.1 Protocol §2.1)."""

    query: str | None
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    formats: tuple[str, ...]


@router.api_route("/sparql", methods=["GET", "HEAD", "POST"], summary="Ask the catalogue in SPARQL 1.1")
async def sparql(request: Request, radiograph: State = Depends(state)) -> Response:
    """Answer ``query`` in the format asked for; a browser gets a page; without a query, describe the service."""
    operation = await _read(request)
    if _wants_page(request, operation):
        return nothing_published(request) if radiograph.release is None else await _page(request, radiograph, operation)
    if operation.query is None or not operation.query.strip():
        return _describe(request, radiograph, operation)
    facts = await radiograph.pool.inspect(operation.query)
    variants = GRAPH_VARIANTS if facts.form.gives_graph else RESULT_VARIANTS
    variant = _choose(request, operation, variants)
    headers = {"Content-Type": variant.content_type, "Vary": "Accept", "Cache-Control": "no-cache"}
    release = radiograph.release
    if release is None:
        raise QueryUnavailable("nothing has been published yet", remedy="try again later")
    if request.method != "POST" and facts.repeatable:
        etag = _etag(release.number, operation, variant)
        headers |= {"ETag": etag, "Cache-Control": "public, max-age=0, must-revalidate"}
        if matches(request.headers.get("if-none-match"), etag.removeprefix("W/")):
            return Response(status_code=304, headers=headers)
    if request.method == "HEAD":
        return Response(headers=headers)
    return QueryTransfer(
        radiograph.pool,
        operation.query,
        variant,
        default_graphs=operation.default_graphs,
        named_graphs=operation.named_graphs,
        store=release.store,
        headers=headers,
    )


@router.options("/sparql", include_in_schema=False)
async def options() -> Response:
    """What the endpoint takes."""
    return Response(status_code=204, headers={"Allow": _ALLOW, "Accept-Post": f"{_FORM}, {_QUERY}"})


async def _read(request: Request) -> Operation:
    """The operation, wherever the protocol allows it to be.

    Raises:
        QueryForbidden: it is an update.
        Refusal: it is given twice, in a form that is not understood, or too large.
    """
    parameters = _form(request.scope["query_string"])
    if request.method == "POST":
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if media_type == _QUERY:
            parameters.append(("query", _text(await _body(request))))
        elif media_type == _FORM:
            parameters += _form(await _body(request))
        elif media_type == "application/sparql-update":
            raise _update()
        else:
            raise Refusal(
                415,
                f"a query cannot be posted as {media_type[:80] or 'nothing in particular'}",
                remedy=f"post it as {_FORM} or {_QUERY}",
                headers={"Accept-Post": f"{_FORM}, {_QUERY}"},
            )
    values: dict[str, list[str]] = {}
    for name, value in parameters:
        values.setdefault(name, []).append(value)
    if "update" in values or "using-graph-uri" in values or "using-named-graph-uri" in values:
        raise _update()
    if len(values.get("query", ())) > 1:
        raise Refusal(400, "the parameter query is given more than once", remedy="give it once")
    return Operation(
        query=next(iter(values.get("query", ())), None),
        default_graphs=tuple(values.get("default-graph-uri", ())),
        named_graphs=tuple(values.get("named-graph-uri", ())),
        formats=tuple(value for value in values.get("format", ()) if value),
    )


def _choose(request: Request, operation: Operation, variants: Sequence[Variant]) -> Variant:
    """The first format known among those given, else the header's choice; SPARQLWrapper gives several.

    Raises:
        NotAcceptable: nothing that is asked for is offered.
    """
    for name in operation.formats[:-1]:
        with contextlib.suppress(NotAcceptable):
            return negotiate(None, variants, format=name)
    last = operation.formats[-1] if operation.formats else None
    return negotiate(request.headers.get("accept"), variants, format=last)


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY:
                raise Refusal(413, f"the request is larger than {MAX_BODY:,} bytes", remedy="split the query")
    except ClientDisconnect:
        raise Refusal(400, "the request ended before its announced length") from None
    return bytes(body)


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError:
        raise Refusal(400, "the parameters are malformed", remedy="percent-encode them as UTF-8") from None


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(400, f"the query is not UTF-8 at byte {error.start}", remedy="send it as UTF-8") from None


def _update() -> QueryForbidden:
    return QueryForbidden("this endpoint is read-only and takes no updates", remedy="ask with the parameter query")


def _wants_page(request: Request, operation: Operation) -> bool:
    """Whether the client is a browser: it likes HTML better than anything a query can be answered in."""
    try:
        return _choose(request, operation, (*RESULT_VARIANTS, *GRAPH_VARIANTS, HTML)) is HTML
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


def _describe(request: Request, radiograph: State, operation: Operation) -> Response:
    if request.method == "POST":
        raise Refusal(400, "there is no query", remedy="send it as the parameter query")
    try:
        variant = _choose(request, operation, GRAPH_VARIANTS)
    except NotAcceptable:
        variant = TURTLE  # whoever forgot the query is told more by the description than by a 406
    graph = Graph().parse(_SERVICE, format="turtle", publicID=f"{radiograph.identifiers.base}/")
    return answer(request, serialise(graph, variant), variant)


def _etag(release: int, operation: Operation, variant: Variant) -> str:
    asked = repr((release, operation.query, operation.default_graphs, operation.named_graphs, variant.name))
    return f'W/"{hashlib.sha256(asked.encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'
