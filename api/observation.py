"""What is noted of every request while it is answered: for ``/metrics`` and for the access log.

One pure ASGI layer around everything, so that answers from the cache and refusals by middleware count as well.
What only an inner layer knows (the query, whether the cache had its answer) it writes into the request's
:class:`Observation`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KEY = "radiograph.observation"
#: First parts of the paths that are told apart; all others are "other", so that nobody can make up new ones.
_ROUTES = frozenset(
    {"agent", "catalog", "catalogue", "concept", "context", "dataset", "datasets", "distribution", "graph", "graphs"}
    | {"health", "link", "metrics", "ontology", "record", "release", "sparql", "static", "validate"}
)
_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "PATCH"})


@dataclass(slots=True)
class Observation:
    """One request. Times are in seconds from its arrival; ``first_byte`` is None where nothing was sent.

    ``status`` is 0 until an answer begins, ``cut`` whether it was not sent to its end; ``cache`` is "hit", "miss" or
    empty where the result cache was not asked; ``query`` is the text of a SPARQL query.
    """

    method: str
    route: str
    path: str
    status: int = 0
    sent: int = 0
    first_byte: float | None = None
    seconds: float = 0.0
    complete: bool = False
    cache: str = ""
    query: str | None = None
    _began: float = field(default_factory=time.perf_counter)

    @property
    def cut(self) -> bool:
        return not self.complete

    def take(self, message: Message) -> None:
        """Note a message on its way to the client."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            if self.first_byte is None:
                self.first_byte = time.perf_counter() - self._began
            self.sent += len(message.get("body", b""))
            self.complete = not message.get("more_body", False)

    def end(self) -> None:
        """Note that nothing more will be sent."""
        self.seconds = time.perf_counter() - self._began


def observation(scope: Scope) -> Observation | None:
    """The observation of the request with this scope, if it is observed."""
    found: Observation | None = scope.get(_KEY)
    return found


Observer = Callable[[Observation], None]


class Observed:
    """ASGI layer that observes every request and hands what it saw to ``observers`` when the answer has ended."""

    def __init__(self, app: ASGIApp, observers: Sequence[Observer]) -> None:
        self._app = app
        self._observers = observers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = scope[_KEY] = Observation(_method(scope["method"]), route_of(scope), scope["path"])

        async def observed(message: Message) -> None:
            await send(message)
            seen.take(message)

        try:
            await self._app(scope, receive, observed)
        finally:
            seen.end()
            for observe in self._observers:
                observe(seen)


def route_of(scope: Scope) -> str:
    """Which part of the service a request is for."""
    path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
    first = path.strip("/").partition("/")[0]
    route = first.partition(".")[0]
    return route if route in _ROUTES else "other" if first else "home"


def _method(method: str) -> str:
    return method if method in _METHODS else "other"
