"""Reading a query operation from a request, wherever SPARQL 1.1 Protocol §2.1 allows its parts to be."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from fastapi import Request
from starlette.requests import ClientDisconnect

from api.negotiation import NotAcceptable, Variant, negotiate
from api.refusal import Refusal
from catalogue.store.guard import MAX_LENGTH
from core.errors import QueryForbidden

#: Largest request body: the longest query there is, every character percent-encoded, and graph names.
MAX_BODY = 4 * MAX_LENGTH
#: Parameters that are read; more are refused.
_MAX_PARAMETERS = 1000
FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
ACCEPT_POST = f"{FORM}, {QUERY}"
_UPDATE = "application/sparql-update"
_UPDATE_PARAMETERS = ("update", "using-graph-uri", "using-named-graph-uri")
_CHARSETS = ("utf-8", "utf8", "us-ascii")


@dataclass(frozen=True, slots=True)
class Operation:
    """A query operation as the protocol has it. The graphs, where there are any, override FROM in the query."""

    query: str | None
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    formats: tuple[str, ...]


async def read_operation(request: Request) -> Operation:
    """The operation that a GET, a HEAD or one of the two kinds of POST asks for.

    Raises:
        QueryForbidden: it is an update.
        Refusal: it is given twice, in a form that is not understood, or too large.
    """
    parameters = _form(request.scope["query_string"])
    if request.method == "POST":
        media_type, charset = _content_type(request.headers.get("content-type", ""))
        if media_type == _UPDATE:
            raise _update()
        if media_type not in (FORM, QUERY):
            raise _unsupported(f"a query cannot be posted as {media_type[:80] or 'nothing in particular'}")
        if charset not in _CHARSETS:
            raise _unsupported(f"a query in the character encoding {charset[:40]} is not read here", in_utf_8=True)
        body = await _body(request)
        parameters += [("query", _text(body))] if media_type == QUERY else _form(body)
    values: dict[str, list[str]] = {}
    for name, value in parameters:
        values.setdefault(name, []).append(value)
    if any(name in values for name in _UPDATE_PARAMETERS):
        raise _update()
    if len(values.get("query", ())) > 1:
        raise Refusal(400, "the parameter query is given more than once", remedy="give it once")
    return Operation(
        query=next(iter(values.get("query", ())), None),
        default_graphs=tuple(values.get("default-graph-uri", ())),
        named_graphs=tuple(values.get("named-graph-uri", ())),
        formats=tuple(value for value in values.get("format", ()) if value),
    )


def choose(request: Request, operation: Operation, variants: Sequence[Variant]) -> Variant:
    """The first format known among those given, else the header's choice; SPARQLWrapper gives several.

    Raises:
        NotAcceptable: nothing that is asked for is offered.
    """
    for name in operation.formats[:-1]:
        with contextlib.suppress(NotAcceptable):
            return negotiate(None, variants, format=name)
    last = operation.formats[-1] if operation.formats else None
    accept = ", ".join(request.headers.getlist("accept"))
    return negotiate(accept, variants, format=last)


def _too_long() -> Refusal:
    return Refusal(413, f"the request is larger than {MAX_BODY:,} bytes", remedy="split the query")


async def _body(request: Request) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced[:20]) > MAX_BODY:
        raise _too_long()
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > MAX_BODY:
                raise _too_long()
    except ClientDisconnect:
        raise Refusal(400, "the request ended before its announced length") from None
    return bytes(body)


def _content_type(value: str) -> tuple[str, str]:
    """Media type and charset, in lower case; UTF-8 where none is named."""
    media_type, *parameters = (part.strip().lower() for part in value.split(";"))
    for parameter in parameters:
        name, _, text = parameter.partition("=")
        if name.strip() == "charset":
            return media_type, text.strip().strip('"')
    return media_type, "utf-8"


def _form(body: bytes) -> list[tuple[str, str]]:
    if not body:
        return []
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        raise Refusal(400, "the parameters are malformed", remedy="percent-encode them as UTF-8") from None


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refusal(400, f"the query is not UTF-8 at byte {error.start}", remedy="send it as UTF-8") from None


def _update() -> QueryForbidden:
    return QueryForbidden("this endpoint is read-only and takes no updates", remedy="ask with the parameter query")


def _unsupported(reason: str, *, in_utf_8: bool = False) -> Refusal:
    remedy = "send it as UTF-8" if in_utf_8 else f"post it as {FORM} or {QUERY}"
    return Refusal(415, reason, remedy=remedy, headers={"Accept-Post": ACCEPT_POST})
