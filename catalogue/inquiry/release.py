"""Putting a query to the release in this home, as the service would: same engine, guard, isolation and limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from catalogue.federation.federation import Federation
from catalogue.ledger import Ledger
from catalogue.query_engine import query_engine
from catalogue.release import Release
from catalogue.search import SearchIndex
from catalogue.store.querying import AnswerStream
from core.errors import ReleaseError
from core.settings import Settings


@asynccontextmanager
async def ask_release(settings: Settings, query: str, accept: str) -> AsyncIterator[AnswerStream]:
    """Put a query to the current release.

    Raises:
        ReleaseError: nothing has been published yet.
        QueryError: the query is refused or cut, or workers cannot run here.
    """
    release = _current(settings)
    engine = query_engine(settings, for_one_query=True)
    federation = Federation(settings)
    try:
        facts = await engine.inspect(query)  # before anything is started: most refusals come at once
        deadline = asyncio.get_running_loop().time() + settings.query_timeout
        index = SearchIndex.open(release.path / "search") if facts.services else None
        resolved = await federation.resolve(query, facts, index, deadline)
        await engine.switch(release.path / "store")
        async with engine.query(resolved.query, accept=accept, facts=resolved.facts) as answer:
            yield answer
    finally:
        await federation.close()
        await engine.stop()


def _current(settings: Settings) -> Release:
    with Ledger.open(settings, read_only=True) as ledger:
        release = ledger.current_release()
    if release is None:
        raise ReleaseError("there is no release yet", remedy="run `radiograph publish`, or name an --endpoint")
    return release
