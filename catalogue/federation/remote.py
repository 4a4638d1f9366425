"""Asks another SPARQL endpoint what a SERVICE wants to know, within limits of its own.

The endpoint is one that the operator allowed. It is asked by POST at that very address: redirects are not followed,
and an answer that may not be whole is an error.
"""

from __future__ import annotations

import asyncio
import contextlib

import httpx
import pyoxigraph

from catalogue.federation.solutions import Solutions
from core.errors import QueryError, QueryTooLarge, ServiceError
from core.settings import Settings
from core.version import program_version

_ACCEPT = "application/sparql-results+json, application/sparql-results+xml;q=0.5"


async def ask(client: httpx.AsyncClient, endpoint: str, query: str, settings: Settings) -> Solutions:
    """The solutions of a SELECT, all of them.

    Raises:
        ServiceError: the endpoint does not answer, not in time, or not with solutions.
        QueryTooLarge: there are more than may be.
    """
    try:
        async with asyncio.timeout(settings.service_timeout):
            data, media_type, most = await _fetch(client, endpoint, query, settings.service_bytes)
            return await asyncio.to_thread(_read, data, media_type, settings.service_rows, most)
    except TimeoutError:
        raise _error(endpoint, f"did not answer within {settings.service_timeout:g} seconds") from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise _error(endpoint, f"cannot be asked: {str(error) or type(error).__name__}") from None
    except QueryTooLarge as error:
        raise QueryTooLarge(f"SERVICE {endpoint} {error.message}", remedy=error.remedy) from None
    except ServiceError as error:
        raise _error(endpoint, error.message) from None


def select(group: str, declarations: str, rows: int) -> str:
    """The query that an endpoint is asked: one solution more than may be tells that there are too many."""
    return f"{declarations}SELECT * WHERE {group} LIMIT {rows + 1}"


def new_client(settings: Settings) -> httpx.AsyncClient:
    """A client for :func:`ask`; it keeps no cookies of its endpoints' and takes no compressed answers."""
    # Compressed, a few bytes could stand for gigabytes.
    headers = {"Accept": _ACCEPT, "Accept-Encoding": "identity", "User-Agent": f"radiograph/{program_version()}"}
    limits = httpx.Limits(max_connections=32, max_keepalive_connections=8)
    return httpx.AsyncClient(timeout=settings.service_timeout, headers=headers, limits=limits, follow_redirects=False)


async def _fetch(client: httpx.AsyncClient, endpoint: str, query: str, limit: int) -> tuple[bytes, str, int | None]:
    request = client.build_request("POST", endpoint, data={"query": query})
    response = await client.send(request, stream=True)
    try:
        if response.is_redirect:
            raise ServiceError("answered with a redirect, which is not followed")
        if response.status_code != 200:
            raise ServiceError(f"answered {response.status_code} {response.reason_phrase}".rstrip())
        if response.headers.get("x-sql-state"):
            raise ServiceError("gave up before its answer was whole")
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > limit:
                raise QueryTooLarge(
                    f"gives more than {limit:,} bytes", remedy="narrow its pattern, or ask that endpoint by itself"
                )
    finally:
        client.cookies.clear()
        with contextlib.suppress(httpx.HTTPError, OSError):
            await response.aclose()
    most = response.headers.get("x-sparql-maxrows", "")
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return bytes(body), media_type, int(most) if most.isdecimal() else None


def _read(data: bytes, media_type: str, rows: int, most: int | None) -> Solutions:
    """The solutions in ``data``; ``most`` is how many the endpoint ever gives, where it says so.

    Runs in a thread, in which the engine's objects have to end, too; the exceptions that still hold them stay here.
    """
    failure: QueryError
    try:
        return _parse(data, media_type, rows, most)
    except QueryError as error:
        failure = type(error)(error.message, remedy=error.remedy)
    except (SyntaxError, ValueError) as error:
        failure = ServiceError(f"answered with what cannot be read: {str(error)[:200]}")
    raise failure


def _parse(data: bytes, media_type: str, rows: int, most: int | None) -> Solutions:
    known = pyoxigraph.QueryResultsFormat.from_media_type(media_type)
    if known not in (pyoxigraph.QueryResultsFormat.JSON, pyoxigraph.QueryResultsFormat.XML):
        raise ServiceError(f"answered with {media_type[:80] or 'nothing in particular'} instead of solutions")
    found = pyoxigraph.parse_query_results(data, format=known)
    if not isinstance(found, pyoxigraph.QuerySolutions):
        raise ServiceError("answered with a boolean")
    variables = found.variables
    read = [[solution[variable] for variable in variables] for solution in found]
    if len(read) > rows:
        raise QueryTooLarge(
            f"gives more than {rows:,} solutions", remedy="narrow its pattern, or ask that endpoint by itself"
        )
    if most is not None and len(read) >= most:
        raise ServiceError(f"cuts its answers at {most:,} solutions")
    return Solutions(tuple(variable.value for variable in variables), read)


def _error(endpoint: str, reason: str) -> QueryError:
    return ServiceError(
        f"SERVICE {endpoint} {reason}", remedy="ask again later, or write SERVICE SILENT to go on without it"
    )
