"""From a query to its answer: the client's budget, what other endpoints say, and then the engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from api.state import State
from catalogue.store.guard import QueryFacts
from catalogue.store.querying import AnswerStream
from core.errors import QueryUnavailable

#: Times that a query with SERVICE is begun, if a new release comes between its search and its answer.
_ATTEMPTS = 3


@asynccontextmanager
async def ask(
    radiograph: State,
    query: str,
    facts: QueryFacts | None,
    deadline: float,
    *,
    client: str,
    accept: str,
    default_graphs: Sequence[str] = (),
    named_graphs: Sequence[str] = (),
) -> AsyncIterator[AnswerStream]:
    """Answer a query, as :meth:`QueryEngine.query` does, with what it asks by SERVICE put in.

    ``deadline`` is when, by the event loop's clock, the answer has to be there.

    The whole answer is of one release: that whose index was searched is that whose store is asked.

    Raises:
        RateLimited: the client has used up its budget.
        QueryError: there is no answer.
    """
    radiograph.rates.check(client)
    loop = asyncio.get_running_loop()
    text, known = query, facts
    calls = facts is not None and bool(facts.services)
    for _ in range(_ATTEMPTS):
        release = radiograph.current
        if facts is not None and calls:
            with radiograph.pool.spending.work(client):
                index = release.search if release else None
                text, known = await radiograph.federation.resolve(query, facts, index, deadline)
        async with radiograph.pool.query(
            text,
            accept=accept,
            default_graphs=default_graphs,
            named_graphs=named_graphs,
            timeout=max(0.001, deadline - loop.time()),
            client=client,
            facts=known,
        ) as answer:
            if not calls or (release is not None and answer.store == release.store):
                yield answer
                return
    raise QueryUnavailable("new releases came while the query was answered", remedy="try again in a few seconds")
