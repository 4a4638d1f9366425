"""The application: all routes, what surrounds them, and the state they share."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import contexts, errors, feed, health, metrics, pages, resources, vocabularies
from api.access_log import AccessLog
from api.observation import Observed, Observer
from api.sparql import endpoint as sparql
from api.sparql import graphs, guide
from api.sparql.front import Front
from api.state import OneRelease, open_state
from api.validation import routes as validation
from core.errors import RadiographError
from core.settings import Settings
from core.version import program_version

#: For answers that say nothing else: they are data, and no page may be made of them.
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_EXPOSED = ("ETag", "Link", "Retry-After", "Content-Location", "Allow")


def create_app(settings: Settings) -> FastAPI:
    """The application for one deployment; everything is opened when it starts and closed when it stops."""

    figures = metrics.Metrics()
    log = AccessLog(settings.access_log) if settings.access_log != "off" else None

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with open_state(settings) as state:
                app.state.radiograph = state
                figures.follow(state)
                yield
        except RadiographError as error:
            app.state.refusal = error
            raise
        finally:
            if log is not None:
                log.close()

    app = _Application(
        title=settings.title,
        description=settings.description,
        version=program_version(),
        # FastAPI's pages for it load scripts from elsewhere; the document itself is for tools.
        docs_url=None,
        redoc_url=None,
        # The redirect to an address without its last slash would repeat the Host header of the request.
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.refusal = None
    app.state.metrics = figures
    app.observers = [figures.observe, *([log.observe] if log is not None else [])]
    rooms = (health, metrics, contexts, sparql, graphs, guide, validation, feed, resources, vocabularies, pages)
    for room in rooms:
        app.include_router(room.router)
    errors.install(app, [route for room in rooms for route in room.router.routes])
    app.add_middleware(OneRelease)
    app.add_middleware(SafeHeaders)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=("*",),
        allow_methods=("GET", "HEAD", "POST", "OPTIONS"),
        allow_headers=("*",),  # some clients send X-Requested-With and the like; there are no credentials to guard
        expose_headers=_EXPOSED,
        max_age=86400,
    )
    return app


class _Application(FastAPI):
    """FastAPI with a short way for answers that are kept, and a description that names each operation once."""

    observers: list[Observer]

    def build_middleware_stack(self) -> ASGIApp:
        """The layers, with :class:`Front` around them all, and what is noted of every request around that."""
        layers = super().build_middleware_stack()
        self.front = Front(layers, lambda: getattr(self.state, "radiograph", None), self.observers)
        return Observed(self.front, self.observers)

    def openapi(self) -> dict[str, Any]:
        """GET and HEAD share a route, and so would share an operation id; that there is HEAD goes without saying."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Duplicate Operation ID")
            document = super().openapi()
        for path in document["paths"].values():
            if "get" in path:
                path.pop("head", None)
        return document


class SafeHeaders:
    """ASGI middleware: headers that keep browsers from making more of an answer than it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                present = {name.lower() for name, _ in headers}
                message = {**message, "headers": headers + [pair for pair in _HEADERS if pair[0] not in present]}
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)
