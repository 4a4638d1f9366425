"""Asking one endpoint: the request as its kind of store takes it, and what its refusals mean to whoever asked."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote_plus, urljoin

import httpx

from catalogue.remote.client import log_in
from catalogue.remote.connection import Connection, ConnectionFailed, Connections, Head, Target
from catalogue.remote.declaration import Endpoint, RemoteStore
from core.errors import QueryError, QuerySyntaxError, QueryTimeout, QueryTooComplex, QueryTooLarge, QueryUnavailable

logger = logging.getLogger(__name__)

#: Longest request target; a longer question is posted. Virtuoso sees that a client has gone away in either case.
MAX_TARGET = 4000
#: Bytes that are read of a refusal.
_MAX_REFUSAL = 64 * 1024
_MAX_MESSAGE = 300


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question on its way: the head of the answer has come, the rest is read from the connection."""

    connection: Connection
    head: Head

    @property
    def media_type(self) -> str:
        return self.head.fields.get("content-type", "").partition(";")[0].strip().lower()


class Asker:
    """Asks one endpoint."""

    def __init__(self, store: RemoteStore, endpoint: Endpoint) -> None:
        """Prepare to ask; nothing is sent yet.

        Raises:
            SettingsError: the secret cannot be read.
        """
        self.name = endpoint.name
        self.kind = store.kind
        self.most_solutions: int | None = None
        """Solutions after which the store stops, where that is known; it does not say so of a graph."""
        self._target = Target.of(endpoint.query)
        self._url = endpoint.query
        self._connections = Connections(self._target, store.reading.connect_timeout, store.reading.connections)
        self._auth = log_in(store.auth) if store.auth and store.auth.queries else None

    async def ask(
        self,
        query: str,
        accept: str,
        seconds: float,
        *,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        union: bool = False,
    ) -> Exchange:
        """Ask, and wait for the head of an answer that is one.

        Args:
            seconds: what the store may take, for a store that can be told.
            union: whether the default graph is to be the union of all graphs, for a store that can be told.

        Raises:
            QueryError: what the store says against it, or that it says nothing.
        """
        form = f"query={quote_plus(query)}"
        form += "".join(f"&default-graph-uri={quote_plus(graph)}" for graph in default_graphs)
        form += "".join(f"&named-graph-uri={quote_plus(graph)}" for graph in named_graphs)
        if self.kind == "virtuoso":
            form += f"&timeout={max(1000, int(seconds * 1000))}"
        elif self.kind == "oxigraph" and union:
            form += "&union-default-graph="
        try:
            exchange = await self._exchange(form, accept)
        except ConnectionFailed as error:
            raise self.unavailable(str(error)) from None
        state = exchange.head.fields.get("x-sql-state", "")
        if exchange.head.status == 200 and not state:
            return exchange
        if state == "S1TAT":
            self.drop(exchange)
            raise QueryTimeout(
                "the store ended the query at its time limit, before its answer was whole",
                remedy="narrow its patterns, or ask for less at a time",
            )
        raise await self._refusal(exchange)

    def keep(self, exchange: Exchange) -> None:
        """The answer was read to its end: its connection serves the next question."""
        self._connections.give_back(exchange.connection)

    def drop(self, exchange: Exchange) -> None:
        """The rest of the answer is not wanted."""
        exchange.connection.close()

    def close(self) -> None:
        """End the connections that nobody uses."""
        self._connections.close()

    def unavailable(self, reason: str) -> QueryUnavailable:
        """The error for a store that cannot be asked; the reason is for the operator, not for the client."""
        logger.warning("the external store %r cannot be asked: %s", self.name, reason)
        return QueryUnavailable("the triple store behind this endpoint does not answer", remedy="try again later")

    async def read(self, exchange: Exchange, most: int) -> bytes:
        """A short answer whole.

        Raises:
            QueryError: it is longer than ``most`` bytes, or was cut.
        """
        parts: list[bytes] = []
        size = 0
        try:
            while (part := await exchange.connection.read()) is not None:
                parts.append(part)
                size += len(part)
                if size > most:
                    self.drop(exchange)
                    raise QueryTooLarge(f"the answer is larger than {most:,} bytes", remedy="ask for less at a time")
        except ConnectionFailed as error:
            raise self.unavailable(str(error)) from None
        except BaseException:
            self.drop(exchange)
            raise
        self.keep(exchange)
        return b"".join(parts)

    async def _exchange(self, form: str, accept: str) -> Exchange:
        """One request and the head of its answer; a second one where the store wants to know who asks."""
        target = self._target.path
        body = b""
        if len(form) <= MAX_TARGET:
            target += f"{'&' if '?' in target else '?'}{form}"
        else:
            body = form.encode()
        if self._auth is None:
            connection = await self._connections.ask(self._bytes(target, body, accept, None))
            return Exchange(connection, await connection.head())
        unsigned = httpx.Request("POST" if body else "GET", urljoin(self._url, target), content=body)
        flow = self._auth.sync_auth_flow(unsigned)
        request = next(flow)
        while True:
            signed = self._bytes(target, body, accept, request.headers.get("authorization"))
            connection = await self._connections.ask(signed)
            head = await connection.head()
            try:
                request = flow.send(httpx.Response(head.status, headers=head.fields, request=request))
            except StopIteration:
                return Exchange(connection, head)
            connection.close()

    def _bytes(self, target: str, body: bytes, accept: str, authorisation: str | None) -> bytes:
        lines = [f"{'POST' if body else 'GET'} {target} HTTP/1.1", f"Host: {self._target.authority}"]
        lines += [f"Accept: {accept}", "User-Agent: radiograph"]
        if authorisation is not None:
            lines.append(f"Authorization: {authorisation}")
        if body:
            lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
        return "\r\n".join((*lines, "", "")).encode("latin-1") + body

    async def _refusal(self, exchange: Exchange) -> QueryError:
        status = exchange.head.status
        if status in (401, 403):
            self.drop(exchange)
            return self.unavailable(f"it does not let us ask ({status}); check [auth] in the declaration")
        try:
            body = await self.read(exchange, _MAX_REFUSAL)
        except QueryTooLarge:
            body = b""
        text = body.decode(errors="replace").strip()
        if status in (408, 504):
            return QueryTimeout("the store gave up on the query", remedy="narrow its patterns")
        if status in (429, 502, 503):
            return self.unavailable(f"status {status}")
        if status in (404, 405, 406, 415) or status // 100 == 3:
            return self.unavailable(f"status {status}; check the addresses in the declaration")
        reason = _virtuoso(text) if self.kind == "virtuoso" else None
        if reason is not None:
            return reason
        if status in (400, 414):
            return QuerySyntaxError(_short(text) or "the store refuses the query", remedy=_SYNTAX)
        logger.warning("the external store %r failed with %d: %s", self.name, status, _short(text))
        return QueryError("the query could not be evaluated by the store", remedy="change the query")


_SYNTAX = "see https://www.w3.org/TR/sparql11-query/"
_SHORTER = "split it; give at most 2,000 values at a time in VALUES or IN"
_VIRTUOSO = re.compile(r"Virtuoso (\w{5}) Error (?:(\w{2}\w*): )?(.*)", re.DOTALL)
_TOO_LARGE = frozenset({"SR319", "SR325", "SR353", "SR511", "FRVEC", "42VEC"})
_TOO_COMPLEX = frozenset({"SQ199", "SQ200", "SQ186"})


def _virtuoso(text: str) -> QueryError | None:
    """What Virtuoso says, by its codes; None where it says nothing of its own kind."""
    match = _VIRTUOSO.match(text)
    if not text:
        return QueryTooComplex("the store failed at the query without a reason", remedy=_SHORTER)
    if match is None:
        return None
    state, code, message = match.groups()
    message = _short(message.partition("\n\nSPARQL query:")[0].removeprefix("SPARQL compiler, "))
    if "exceeds the limit" in message or state in ("S1TAT", "S1T00"):
        return QueryTimeout("the store expects the query to take longer than it may", remedy="narrow its patterns")
    if code in _TOO_LARGE or "memory" in message.lower():
        return QueryTooLarge(
            f"the store cannot hold what the query needs: {message}", remedy="sort, group and join less at a time"
        )
    if "Too many arguments" in message:
        return QueryTooComplex(
            "the store behind this endpoint takes no list as long as the one in VALUES or IN",
            remedy=_SHORTER,
        )
    if code in _TOO_COMPLEX or "too many nested" in message.lower():
        return QueryTooComplex(f"the query is too large for the store: {message}", remedy=_SHORTER)
    if "transitive start" in message:
        return QueryError(
            "the store follows a path with * or + only from a resource that is given or found before",
            remedy="name one end of the path, or bind it in a pattern of its own",
        )
    if code and code.startswith("SP"):
        return QuerySyntaxError(message, remedy=_SYNTAX)
    return QueryError(f"the query could not be evaluated: {message}", remedy="change the query")


def _short(text: str) -> str:
    return " ".join(text.split())[:_MAX_MESSAGE]
