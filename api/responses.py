"""Answers over HTTP: validators (ETag, 304), HEAD, and refusals that say what to do instead.

Refusals are ``application/problem+json`` (RFC 9457), and a page for a browser.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from api.negotiation import HTML, NotAcceptable, Variant, accepts, negotiate
from api.rendering import Addresses, message_page

#: Seconds after which a client may ask again where the catalogue cannot answer yet.
RETRY_AFTER = 120


def choose(request: Request, named: Variant | None, offered: tuple[Variant, ...]) -> Variant | Response:
    """The variant that the extension, the ``format`` parameter or the Accept header asks for, or a 406."""
    if named is not None:
        return named
    try:
        return negotiate(request.headers.get("accept"), offered, format=request.query_params.get("format"))
    except NotAcceptable as error:
        return refusal(request, 406, error.message, remedy=error.remedy)


def answer(
    request: Request,
    body: bytes,
    variant: Variant,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    cache: str = "public, max-age=0, must-revalidate",
) -> Response:
    """An answer with a strong ETag made of its bytes and format; 304 where the client has it, no body for HEAD."""
    digest = hashlib.sha256(body).hexdigest()[:32]
    etag = f'"{digest}-{variant.name}"'
    fields = {"ETag": etag, "Cache-Control": cache, "Vary": "Accept", **(headers or {})}
    if status == 200 and matches(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=fields)
    fields |= {"Content-Type": variant.content_type, "Content-Length": str(len(body))}
    return Response(b"" if request.method == "HEAD" else body, status_code=status, headers=fields)


def matches(condition: str | None, etag: str) -> bool:
    """Whether ``If-None-Match`` names this entity tag, compared weakly as RFC 9110 §13.1.2 wants it."""
    if condition is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in condition.split(",")]
    return "*" in tags or etag in tags


def refusal(
    request: Request, status: int, message: str, *, remedy: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Say why there is no answer and what to do instead."""
    fields = {"Cache-Control": "no-store", "Vary": "Accept", **(headers or {})}
    if accepts(request.headers.get("accept"), HTML):
        return message_page(request, status, message, remedy=remedy, headers=fields)
    text = f"{message}. {remedy}." if remedy else f"{message}."
    problem = {"type": "about:blank", "status": status, "title": message, "detail": text}
    return JSONResponse(problem, status, headers=fields, media_type="application/problem+json")


def unavailable(request: Request, message: str) -> Response:
    """503 with Retry-After: harvesters take absence for deletion, so an empty answer would be a false one."""
    return refusal(request, 503, message, remedy="Try again later", headers={"Retry-After": str(RETRY_AFTER)})


def see_other(request: Request, iri: str) -> Response:
    """303 to another resource; one of our own by a path relative to the request, as pages link.

    So it is found behind any proxy and port, whatever the base of the IRIs is, and no Host header is repeated.
    """
    base = request.app.state.radiograph.identifiers.base
    address = Addresses.of(request, base).iri(iri) or iri
    return Response(status_code=303, headers={"Location": header_iri(address), "Vary": "Accept"})


def header_iri(iri: str) -> str:
    """An IRI as it may stand in a header: ASCII only, nothing that could end the field or the link."""
    return quote(iri, safe=":/?#[]@!$&'()*+,;=%-._~")


def link_header(links: Iterable[tuple[str, str, str | None]]) -> str:
    """A ``Link`` header (RFC 8288) of ``(target, relation, media type)``."""
    parts = []
    for target, relation, media_type in links:
        kind = f'; type="{media_type}"' if media_type else ""
        parts.append(f'<{header_iri(target)}>; rel="{relation}"{kind}')
    return ", ".join(parts)
