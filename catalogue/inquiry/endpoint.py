"""Putting a query to a SPARQL endpoint somewhere else: its answer as it comes, its refusals in one line."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

from core.errors import QueryError, QuerySyntaxError, QueryTimeout, QueryUnavailable
from core.version import program_version

#: Longer queries are posted; shorter ones go by GET, so that caches on the way can answer.
_LONGEST_GET = 1500
#: Bytes of a refusal that are read to find its reason.
_REASON = 64 * 1024
_TAG = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]*>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Foreign:
    """An answer that begins to arrive."""

    media_type: str
    chunks: AsyncIterator[bytes]


@asynccontextmanager
async def ask_endpoint(address: str, query: str, accept: str, timeout: float) -> AsyncIterator[Foreign]:
    """Put a query to the endpoint at ``address``; ``timeout`` seconds for everything.

    Raises:
        QueryError: it cannot be reached, refuses, or what came is not the whole answer.
    """
    place = _place(address)
    deadline = asyncio.get_running_loop().time() + timeout
    headers = {"Accept": accept, "User-Agent": f"radiograph/{program_version()}"}
    try:
        async with asyncio.timeout_at(deadline), httpx.AsyncClient(timeout=None, follow_redirects=True) as client:
            request = _request(client, address, query, headers)
            response = await client.send(request, stream=True)
            try:
                if response.status_code != 200:
                    raise await _refusal(response, place)
                _check_whole(response, place)
                media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
                yield Foreign(media_type, response.aiter_bytes())
            finally:
                await response.aclose()
    except TimeoutError:
        raise QueryTimeout(
            f"the answer was not there within {timeout:g} seconds", where=place, remedy="ask for less, or set --timeout"
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise _broken(error, place) from None


def _request(client: httpx.AsyncClient, address: str, query: str, headers: dict[str, str]) -> httpx.Request:
    if len(query) > _LONGEST_GET:
        return client.build_request("POST", address, data={"query": query}, headers=headers)
    url = httpx.URL(address).copy_merge_params({"query": query})
    return client.build_request("GET", url, headers=headers)


def _place(address: str) -> str:
    """The address as it may be shown: without a password.

    Raises:
        QueryError: it is no address of an endpoint.
    """
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise QueryError(
            f"{address[:200]!r} is no address of an endpoint",
            where="--endpoint",
            remedy="give an http or https address, for example http://127.0.0.1:8000/sparql",
        )
    return str(url.copy_with(username=None, password=None))


def _check_whole(response: httpx.Response, place: str) -> None:
    """Virtuoso answers 200 with what it has found when its time is up, and says so in a header alone."""
    if response.headers.get("x-sql-state", "").upper() == "S1TAT":
        raise QueryTimeout("the endpoint ran out of time and answered in part", where=place, remedy="ask for less")


async def _refusal(response: httpx.Response, place: str) -> QueryError:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _REASON:
            break
    reason = _reason(bytes(body[:_REASON]).decode("utf-8", errors="replace"))
    kind = {400: QuerySyntaxError, 408: QueryTimeout, 503: QueryUnavailable, 504: QueryTimeout}.get(
        response.status_code, QueryError
    )
    wait = response.headers.get("retry-after", "")
    return kind(
        f"{response.status_code} {response.reason_phrase}{': ' if reason else ''}{reason}".strip(),
        where=place,
        remedy=f"try again in {wait} seconds" if wait.isdigit() else None,
    )


def _reason(text: str) -> str:
    """What a refusal says, in one line: the detail of a problem document, or its text without markup."""
    try:
        problem = json.loads(text)
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        text = next((str(problem[key]) for key in ("detail", "title", "message", "error") if problem.get(key)), text)
    return " ".join(_TAG.sub(" ", text).split())[:500]


def _broken(error: Exception, place: str) -> QueryUnavailable:
    if isinstance(error, httpx.RemoteProtocolError):
        return QueryUnavailable(
            f"the answer was cut: {error}",
            where=place,
            remedy="what was written is not whole; try again, or ask for less",
        )
    said = str(error) or type(error).__name__
    return QueryUnavailable(
        f"the endpoint cannot be asked: {said}", where=place, remedy="check the address, or try again"
    )
