"""Puts in the place of each SERVICE of a query what it asks for, so that the engine never sees one.

The search of this deployment is answered from the index of its release; any other endpoint that the operator allows
is asked for all solutions of the pattern by itself. Bindings of the rest of the query are not passed on.
"""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import httpx

from catalogue.federation.remote import ask, new_client, select
from catalogue.federation.search import read_pattern
from catalogue.federation.solutions import Solutions
from catalogue.search import SearchIndex
from catalogue.store.guard import QueryFacts, ServiceClause, inspect
from catalogue.store.querying import search_services
from catalogue.store.tokens import Declarations, tokens
from core.errors import QueryTimeout, QueryTooLarge, QueryUnavailable, ServiceError
from core.settings import Settings

#: Endpoints that are asked at a time, by all queries together.
MAX_AT_ONCE = 16
#: Bytes of a query with what it asked for put in; the frame to a worker holds three times as much.
MAX_BYTES = 5 * 1024 * 1024
#: Solutions that would set a SERVICE free, if the text around them could take a part of them for something else.
_PROBE = """ VALUES (?a) { ("SERVICE <x:y> {} ' SERVICE <x:y> {} \'\'\' SERVICE <x:y> {} # SERVICE <x:y> {}") } """


class Resolved(NamedTuple):
    """A query that an engine may see, and what is known of it."""

    query: str
    facts: QueryFacts


class Federation:
    """Answers what queries ask by SERVICE; one for the process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._search = search_services(settings)
        self._base = f"{settings.identifiers.base}/sparql"
        self._skolem = f"{settings.identifiers.base}/.well-known/genid/"
        self._client: httpx.AsyncClient | None = None
        self._places = asyncio.Semaphore(MAX_AT_ONCE)

    async def close(self) -> None:
        """Let go of connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def resolve(self, query: str, facts: QueryFacts, index: SearchIndex | None, deadline: float) -> Resolved:
        """The query with each SERVICE replaced by VALUES.

        Args:
            facts: what :meth:`QueryEngine.inspect` said of it.
            index: the search index of the release that the query will be answered from.
            deadline: when, by the event loop's clock, the query's time is over.

        Raises:
            ServiceError: an endpoint did not answer, and its SERVICE is not SILENT.
            QueryTooLarge: an endpoint gives more than may be, SILENT or not.
            QueryTimeout: the deadline passed.
            QueryError: what is asked is malformed, or not allowed.
        """
        if not facts.services:
            return Resolved(query, facts)
        # What is left without the SERVICE must be nothing that the engine could take for one, whatever is put in.
        left = inspect(_replaced(query, facts.services, [_PROBE] * len(facts.services)))
        declared = facts.declarations.within(self._base)
        tasks = [asyncio.create_task(self._answer(clause, declared, index)) for clause in facts.services]
        try:
            async with asyncio.timeout_at(deadline):
                answers = await asyncio.gather(*tasks)
        except TimeoutError:
            raise QueryTimeout(
                "the endpoints that the query asks by SERVICE did not answer within its deadline",
                remedy="narrow its patterns, or ask them by themselves",
            ) from None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        resolved = _replaced(query, facts.services, answers)
        if len(resolved) > MAX_BYTES or len(resolved.encode("utf-8", "replace")) > MAX_BYTES:
            raise QueryTooLarge(
                f"what the query asks by SERVICE comes to more than {MAX_BYTES:,} bytes", remedy="narrow its patterns"
            )
        return Resolved(
            resolved,
            QueryFacts(left.form, left.dataset_clause, facts.repeatable, declarations=facts.declarations),
        )

    async def _answer(self, clause: ServiceClause, declared: Declarations, index: SearchIndex | None) -> str:
        """What takes the place of one SERVICE."""
        if clause.iri in self._search:
            if index is None:
                raise QueryUnavailable("nothing has been published yet", remedy="try again later")
            pattern = read_pattern(clause.group, declared)
            solutions = await asyncio.to_thread(pattern.solutions, index)
            return solutions.values(self._skolem)
        if self._client is None:
            self._client = new_client(self._settings)
        query = select(clause.group, declared.text(), self._settings.service_rows)
        try:
            async with self._places:
                solutions = await ask(self._client, clause.iri, query, self._settings)
            return await asyncio.to_thread(solutions.values, self._skolem)
        except ServiceError as error:
            if clause.silent:
                return _nothing_bound(clause).values(self._skolem)
            if clause.iri in error.message:
                raise
            raise ServiceError(f"SERVICE {clause.iri} cannot be used: {error.message}", remedy=error.remedy) from None


def _replaced(query: str, services: tuple[ServiceClause, ...], texts: list[str]) -> str:
    parts = []
    done = 0
    for clause, text in zip(services, texts, strict=True):
        parts += [query[done : clause.start], text]
        done = clause.end
    return "".join([*parts, query[done:]])


def _nothing_bound(clause: ServiceClause) -> Solutions:
    """One solution without bindings (SPARQL 1.1 Federated Query §3); its variables stay known to ``SELECT *``."""
    read = list(tokens(clause.group))
    names = dict.fromkeys(token.text[1:] for token in read if token.kind == "variable")
    if any(token.keyword.startswith("SELECT") for token in read):
        names = {}
    return Solutions(tuple(names), [[None] * len(names)])
