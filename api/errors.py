"""From an exception to an answer: one reason, one remedy, in the form the client reads."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Match

from api.negotiation import NotAcceptable
from api.refusal import Refusal
from api.responses import refusal
from core.errors import (
    CatalogueError,
    FetchError,
    IdentifierError,
    InputError,
    QueryError,
    QueryForbidden,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooComplex,
    QueryTooLarge,
    QueryUnavailable,
    RadiographError,
    RateLimited,
    SearchError,
    ServiceError,
)

logger = logging.getLogger(__name__)

#: Seconds after which a client may ask again when no worker was free.
RETRY_AFTER = 5

_STATUS: tuple[tuple[type[RadiographError], int], ...] = (
    (QuerySyntaxError, 400),
    (QueryTooComplex, 400),
    (QueryForbidden, 403),
    (QueryTooLarge, 413),
    (QueryUnavailable, 503),
    (QueryTimeout, 504),
    (RateLimited, 429),
    (ServiceError, 502),
    (QueryError, 500),
    (NotAcceptable, 406),
    (SearchError, 400),
    (IdentifierError, 400),
    (FetchError, 422),
    (InputError, 400),
    (CatalogueError, 503),
)
#: How methods are listed; others after them.
_ORDER = ("GET", "HEAD", "POST", "OPTIONS")
_REASONS = {
    404: ("There is nothing at this address", "Start at the catalogue's home page or its feed"),
    405: ("This address does not take that method", "See the Allow header"),
}


def status_of(error: RadiographError) -> int:
    """The HTTP status that says what kind of error it is."""
    if isinstance(error, Refusal):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def install(app: FastAPI, routes: Sequence[BaseRoute]) -> None:
    """Make every exception that leaves one of the routes an answer."""
    app.state.routes = routes
    app.add_exception_handler(RadiographError, _radiograph)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(Exception, _unforeseen)


def _radiograph(request: Request, error: Exception) -> Response:
    assert isinstance(error, RadiographError)
    status = status_of(error)
    headers = dict(error.headers) if isinstance(error, Refusal) else {}
    if status == 503:
        headers.setdefault("Retry-After", str(RETRY_AFTER))
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.retry_after)
    if status in (500, 503) and not isinstance(error, QueryError | Refusal):
        # Its place and detail may name files of this machine, so they are for the log.
        logger.error("%s %s: %s", request.method, request.url.path, error)
        return refusal(
            request, status, "The catalogue cannot answer right now", remedy="Try again later", headers=headers
        )
    return refusal(request, status, error.message.rstrip("."), remedy=error.remedy, headers=headers)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message, remedy = _REASONS.get(error.status_code, (str(error.detail), None))
    headers = {**(error.headers or {}), **({"Allow": _allowed(request)} if error.status_code == 405 else {})}
    return refusal(request, error.status_code, message, remedy=remedy, headers=headers)


def _allowed(request: Request) -> str:
    """What the address takes; the router names the methods of one route only, and an address may have several."""
    routes = [route for route in request.app.state.routes if route.matches(request.scope)[0] is not Match.NONE]
    methods = {method for route in routes for method in getattr(route, "methods", None) or ()}
    return ", ".join(sorted(methods, key=lambda method: ((*_ORDER, method).index(method), method)))


def _validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    return refusal(request, 400, f"{name}: {first['msg']}", remedy="Correct the request")


def _unforeseen(request: Request, error: Exception) -> Response:
    return refusal(request, 500, "Something went wrong here", remedy="Tell the operator what you asked for, and when")
