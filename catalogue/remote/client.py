"""The administrative client of an external store: updates, graphs and short queries, with log-in, limits and retries.

What it sends can be sent twice without harm, so a request that failed without an answer is tried again. Errors name
the endpoint as it is declared, never an address or a secret.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self
from urllib.parse import urlencode

import httpx

from catalogue.remote.declaration import Auth, Endpoint, RemoteStore
from core.errors import StoreError

#: Answers after which the same request may succeed.
_PASSING = frozenset({408, 425, 429, 502, 503, 504})
#: How Virtuoso says that another transaction was in the way.
_DEADLOCK = "40001"
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 10.0
_LONGEST_REASON = 300


class UpdateRefused(StoreError):
    """The store took the request for wrong or too large: a smaller one may go through."""


class AdminClient:
    """Talks to one endpoint for as long as it is open."""

    def __init__(self, store: RemoteStore, endpoint: Endpoint) -> None:
        """Prepare to talk; nothing is sent yet.

        Raises:
            SettingsError: the secret cannot be read.
        """
        self.endpoint = endpoint
        self.where = f"external store {endpoint.name!r}"
        self._attempts = store.writing.attempts
        timeout = httpx.Timeout(store.writing.timeout, connect=store.reading.connect_timeout)
        self._client = httpx.Client(timeout=timeout, headers={"User-Agent": "radiograph"})
        self._auth = log_in(store.auth) if store.auth else None
        self._reading_auth = self._auth if store.auth and store.auth.queries else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def update(self, text: str) -> None:
        """Send a SPARQL update, and wait until it is done.

        Raises:
            StoreError: the store cannot be reached, does not let us in, or refuses.
        """
        self._send("POST", self.endpoint.update, text.encode(), "application/sparql-update")

    def administer(self, query: str) -> None:
        """Ask at the update address, as who may change the store; for what a store does as functions of queries.

        Raises:
            StoreError: as for an update.
        """
        content = urlencode({"query": query}).encode()
        self._send("POST", self.endpoint.update, content, "application/x-www-form-urlencoded")

    def add(self, graph: str, ntriples: bytes) -> None:
        """Add N-Triples to a graph by the Graph Store Protocol.

        Raises:
            StoreError: as for an update.
        """
        assert self.endpoint.graph_store is not None
        address = httpx.URL(self.endpoint.graph_store).copy_merge_params({"graph": graph})
        self._send("POST", address, ntriples, "application/n-triples")

    def select(self, query: str) -> list[dict[str, str]]:
        """The rows of a short SELECT: the text of each bound variable.

        Raises:
            StoreError: as for an update, or the answer cannot be read.
        """
        return [{name: term["value"] for name, term in row.items()} for row in self._bindings(query)]

    def construct(self, query: str) -> bytes:
        """The N-Triples of a short CONSTRUCT.

        Raises:
            StoreError: as for an update.
        """
        return self._ask(query, "application/n-triples, text/plain;q=0.9").content

    def _bindings(self, query: str) -> list[dict[str, dict[str, str]]]:
        response = self._ask(query, "application/sparql-results+json")
        try:
            bindings: list[dict[str, dict[str, str]]] = response.json()["results"]["bindings"]
            return bindings
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                "the answer is no SPARQL result in JSON",
                where=self.where,
                remedy="check that `query` in the declaration is a SPARQL endpoint",
            ) from error

    def _ask(self, query: str, accept: str) -> httpx.Response:
        content = urlencode({"query": query}).encode()
        media_type = "application/x-www-form-urlencoded"
        response = self._send("POST", self.endpoint.query, content, media_type, accept, reading=True)
        # Virtuoso cuts an answer and says so in a header only.
        if "x-sql-state" in response.headers:
            raise StoreError("the store cut its answer", where=self.where, remedy="raise the time it gives a query")
        return response

    def _send(
        self,
        method: str,
        address: str | httpx.URL,
        content: bytes,
        media_type: str,
        accept: str = "*/*",
        *,
        reading: bool = False,
    ) -> httpx.Response:
        headers = {"Content-Type": media_type, "Accept": accept}
        auth = self._reading_auth if reading else self._auth
        pauses = self._pauses()
        while True:
            try:
                response = self._client.request(method, address, content=content, headers=headers, auth=auth)
            except httpx.TransportError as error:
                problem = StoreError(
                    f"no answer: {_name(error)}", where=self.where, remedy="check that it runs and can be reached"
                )
                passing = True
            else:
                if response.is_success:
                    return response
                problem = self._refusal(response)
                passing = response.status_code in _PASSING or _DEADLOCK in response.text[:_LONGEST_REASON]
            pause = next(pauses, None)
            if not passing or pause is None:
                raise problem
            time.sleep(pause)

    def _pauses(self) -> Iterator[float]:
        for attempt in range(self._attempts - 1):
            yield min(_FIRST_PAUSE * 4**attempt, _LONGEST_PAUSE)

    def _refusal(self, response: httpx.Response) -> StoreError:
        status = response.status_code
        if status in (401, 403):
            return StoreError(
                f"it does not let us in ({status})",
                where=self.where,
                remedy="check [auth] in the declaration, and that this user may write",
            )
        if status in (404, 405, 415):
            return StoreError(
                f"nothing there takes this request ({status})",
                where=self.where,
                remedy="check the addresses in the declaration",
            )
        reason = " ".join(response.text[:_LONGEST_REASON].split()) or response.reason_phrase
        kind = UpdateRefused if status in (400, 413, 500) else StoreError
        return kind(f"refused with {status}: {reason}", where=self.where, remedy="see the log of that store")


def log_in(auth: Auth) -> httpx.Auth:
    """How a request is signed; the digest scheme learns from the first refusal and signs ahead from then on.

    Raises:
        SettingsError: the secret cannot be read.
    """
    secret = auth.secret()
    if auth.scheme == "bearer":
        return _Bearer(secret)
    kind = httpx.DigestAuth if auth.scheme == "digest" else httpx.BasicAuth
    return kind(auth.user or "", secret)


class _Bearer(httpx.Auth):
    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        request.headers["Authorization"] = f"Bearer {self._token}"
        yield request


def _name(error: httpx.TransportError) -> str:
    """What went wrong in words; the texts of the HTTP library may hold addresses."""
    if isinstance(error, httpx.TimeoutException):
        return "it took too long"
    return "the connection was refused" if isinstance(error, httpx.ConnectError) else "the connection broke"
