"""What every request needs: settings, ledger, vocabularies, profiles, query workers, and the release being served.

A background task looks once a second whether the ledger has a new current release and switches to it. A request
sees one release from its beginning to its end, whatever is switched meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Receive, Scope, Send

from api.sparql.cache import ResultCache
from api.sparql.rates import Rates
from api.validation.intake import Intake
from api.validation.pool import JudgePool
from catalogue.examples import examples
from catalogue.federation.federation import Federation
from catalogue.identities import Identities
from catalogue.ledger import Ledger
from catalogue.link_index import LinkIndex
from catalogue.links import read_links
from catalogue.query_engine import query_engine
from catalogue.release import Release
from catalogue.search import SearchIndex
from catalogue.store.querying import QueryEngine
from catalogue.usage import Usage
from core.errors import RadiographError, ReleaseError
from core.identifiers import Identifiers
from core.settings import Settings
from ontology.mapping_index import MappingIndex
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles

logger = logging.getLogger(__name__)

#: Seconds between two looks at the ledger.
POLL_INTERVAL = 1.0


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """One release, opened for reading."""

    number: int
    path: Path
    search: SearchIndex
    aggregates: dict[str, Any]
    usage: Usage
    links: LinkIndex
    identities: Identities
    triples: int

    @classmethod
    def open(cls, release: Release) -> ReleaseView:
        """Open the search index and the derived files of a release.

        Raises:
            ReleaseError, SearchError: a file of the release is missing or damaged.
        """
        aggregates = release.path / "aggregates.json"
        try:
            counts = json.loads(aggregates.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ReleaseError(
                f"the counts of the release cannot be read: {error}",
                where=str(aggregates),
                remedy="publish a new release",
            ) from error
        return cls(
            number=release.number,
            path=release.path,
            search=SearchIndex.open(release.path / "search"),
            aggregates=counts,
            usage=Usage.read(release.path) or Usage({}),
            links=LinkIndex(read_links(release.path / "links.ndjson")),
            identities=Identities(release.path),
            triples=release.triples,
        )

    @property
    def store(self) -> Path:
        return self.path / "store"


#: The release that the request being handled began with; unset outside of requests.
_begun_with: ContextVar[ReleaseView | None] = ContextVar("release")


class State:
    """The service's state; one for the process."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        vocabularies: Vocabularies,
        mappings: MappingIndex,
        profiles: Profiles,
    ) -> None:
        self.settings = settings
        self.identifiers: Identifiers = settings.identifiers
        self.ledger = ledger
        self.vocabularies = vocabularies
        self.mappings = mappings
        self.profiles = profiles
        self.pool: QueryEngine = query_engine(settings)
        self.results = ResultCache(settings.result_cache_mb * 2**20)
        self.rates = Rates(settings, self.pool.spending)
        self.federation = Federation(settings)
        self.judges = JudgePool(settings)
        self.intake = Intake(settings)
        self._current: ReleaseView | None = None
        self._refused: int | None = None

    @property
    def release(self) -> ReleaseView | None:
        """The release to answer from: in a request the one it began with; None before the first."""
        return _begun_with.get(self._current)

    @property
    def current(self) -> ReleaseView | None:
        """The release that new requests are answered from."""
        return self._current

    async def refresh(self) -> None:
        """Switch to the ledger's current release, if it is not the one being served.

        Raises:
            RadiographError: the new release or its workers cannot be opened; the old one is served on.
        """
        release = await asyncio.to_thread(self.ledger.current_release)
        if release is None or (self._current is not None and release.number == self._current.number):
            return
        view = await asyncio.to_thread(ReleaseView.open, release)
        await self.pool.switch(view.store)
        self._current = view
        self._refused = None
        examples.cache_clear()  # those of the overlay came with the release
        logger.info("serving release %d", view.number)

    async def follow(self) -> None:
        """Look for new releases for ever; what cannot be opened is logged once and tried again."""
        while True:
            await asyncio.sleep(POLL_INTERVAL)
            try:
                await self.refresh()
            except (RadiographError, SQLAlchemyError, OSError) as error:
                served = self._current.number if self._current else 0
                if self._refused != served:
                    logger.error("a new release cannot be served: %s", error)
                self._refused = served


@asynccontextmanager
async def open_state(settings: Settings) -> AsyncIterator[State]:
    """Open everything, start the query workers and follow the ledger until the block ends.

    Raises:
        RadiographError: the ledger, vocabularies or profiles are broken, or query workers cannot run here.
    """
    vocabularies = await asyncio.to_thread(Vocabularies.load, settings.overlay)
    mappings = await asyncio.to_thread(MappingIndex.load, settings.overlay)
    profiles = await asyncio.to_thread(Profiles.load, settings.overlay)
    if not settings.ledger_path.exists():
        # The service may be started before the first ingest; it says so until there is a release.
        Ledger.open(settings, create=True).close()
    with Ledger.open(settings, read_only=True) as ledger:
        state = State(settings, ledger, vocabularies, mappings, profiles)
        follower: asyncio.Task[None] | None = None
        try:
            await state.refresh()
            if state.current is None:
                await state.pool.probe()
            follower = asyncio.create_task(state.follow())
            yield state
        finally:
            if follower is not None:
                follower.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await follower
            await state.judges.stop()
            await state.pool.stop()
            await state.federation.close()


class OneRelease:
    """ASGI middleware: a request sees the release that was current when it came, to its end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = _begun_with.set(scope["app"].state.radiograph.current)
        try:
            await self._app(scope, receive, send)
        finally:
            _begun_with.reset(token)


async def state(request: Request) -> State:
    """The dependency that hands a route the state; asynchronous, or each request would go to a thread for it."""
    found: State = request.app.state.radiograph
    return found
