"""One run of a query: collected at the engine's speed while it may be kept, else at the speed of whoever reads it."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from catalogue.store.protocol import CHUNK
from catalogue.store.querying import AnswerStream
from core.errors import QueryError, QueryTimeout, QueryUnavailable, RadiographError, RateLimited, ServiceError

if TYPE_CHECKING:
    from api.sparql.cache import Entry

logger = logging.getLogger(__name__)

#: Pieces read ahead of the reader of an answer that is not kept; the answer itself reads ahead, too.
_AHEAD = 2
#: Reasons for having no answer that say nothing of the query, so that the next one who asks tries again.
_OF_THE_MOMENT = (QueryUnavailable, RateLimited, ServiceError)


class Place(Protocol):
    """Where an answer is kept once it is whole."""

    def grow(self, size: int) -> bool:
        """Take room for more bytes; False where it is too large to be kept."""

    def settle(self, body: bytes | None) -> Entry | None:
        """Fill the place, or give it up."""


class Flight:
    """A query being answered for one reader; others who ask the same wait for the whole.

    The reader goes through :meth:`begin` and :meth:`pieces` and, whatever happens, :meth:`leave`. The run outlives
    its reader only while others wait for it; when nobody does, it is ended, and with it the work on the query.
    """

    def __init__(
        self,
        ask: Callable[[float], AbstractAsyncContextManager[AnswerStream]],
        store: Path,
        place: Place | None,
        deadline: float,
        *,
        late: bool = False,
    ) -> None:
        self.place = place
        self.entry: Entry | None = None
        self.store: Path | None = None
        """Where the answer comes from, once it has begun."""
        self.deadline = deadline
        self.done = False
        self._expected = store
        self._late = late
        # Until the run has come to its good end, whatever ends it has cut the answer.
        self._error: RadiographError | None = QueryUnavailable("the answer was given up", remedy="try again")
        self._held: Entry | None = None
        self._collected: list[bytes] = []
        self._unread: deque[bytes | memoryview] = deque()
        self._waiting = 0
        self._read = True
        self._more = asyncio.Event()
        self._room = asyncio.Event()
        self._settled = asyncio.Event()
        if place is None:
            self._settled.set()
        self._task = asyncio.create_task(self._run(ask))

    async def begin(self) -> None:
        """Wait for the first bytes.

        Raises:
            RadiographError: there will be none.
        """
        while not self._unread and not self.done:
            await self._next()
        if self.done and self._error is not None:
            raise self._error

    async def pieces(self) -> AsyncIterator[bytes]:
        """The bytes of the answer as they come.

        Raises:
            RadiographError: there is no more, and what was read so far is not the whole answer.
        """
        while True:
            while self._unread:
                piece = self._unread.popleft()
                self._room.set()
                for start in range(0, len(piece), CHUNK):
                    yield bytes(piece[start : start + CHUNK]) if len(piece) > CHUNK else bytes(piece)
            if self.done:
                if self._error is not None:
                    raise self._error
                return
            await self._next()

    def rest(self) -> bytes:
        """All that is left to read, when it is :attr:`done`."""
        rest = b"".join(self._unread)
        self._unread.clear()
        return rest

    async def leave(self) -> None:
        """The reader goes."""
        self._read = False
        self._unread.clear()
        if self._held is not None:
            self._held.__exit__()
            self._held = None
        if not self._waiting:
            await self._end()

    async def outcome(self) -> Entry | None:
        """Wait for the whole answer; None where it is not kept, so that it has to be asked for again.

        Raises:
            RadiographError: the query has no answer, whoever asks. That it took too long says so only of a run that
                was not begun late.
        """
        self._waiting += 1
        try:
            await self._settled.wait()
        finally:
            self._waiting -= 1
            if not self._read and not self._waiting:
                await self._end()
        mine_alone = (*_OF_THE_MOMENT, QueryTimeout) if self._late else _OF_THE_MOMENT
        if isinstance(self._error, QueryError) and not isinstance(self._error, mine_alone):
            raise type(self._error)(self._error.message, where=self._error.where, remedy=self._error.remedy)
        return self.entry

    async def _next(self) -> None:
        self._more.clear()
        await self._more.wait()

    async def _end(self) -> None:
        if not self.done:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._finish()  # a task that was cancelled before its first step has not done so

    async def _run(self, ask: Callable[[float], AbstractAsyncContextManager[AnswerStream]]) -> None:
        try:
            async with ask(self.deadline) as answer:
                self.store, self.deadline = answer.store, answer.deadline
                if answer.store != self._expected:
                    self._give_up()
                async for piece in answer:
                    await self._take(piece)
                # Told before the answer is closed, which takes a moment in which it could be on its way.
                self._error = None
                self._settle(b"".join(self._collected))
                self._finish()
        except RadiographError as error:
            self._error = self._error and error
        except Exception as error:
            logger.exception("a query could not be run")
            self._error = self._error and QueryUnavailable(
                f"the query could not be run ({type(error).__name__})", remedy="try again"
            )
        finally:
            self._finish()

    async def _take(self, piece: bytes) -> None:
        if self.place is not None and not self.place.grow(len(piece)):
            self._give_up()
        if self.place is not None:
            self._collected.append(piece)
        elif not self._read:
            raise QueryUnavailable("nobody reads the answer any more")
        if self._read:
            self._unread.append(piece)
            self._more.set()
        while self.place is None and len(self._unread) >= _AHEAD:
            self._room.clear()
            await self._room.wait()

    def _finish(self) -> None:
        self.done = True
        self._give_up()
        self._more.set()

    def _give_up(self) -> None:
        """What is collected will not be kept; whoever waited for it runs the query again."""
        self._settle(None)

    def _settle(self, body: bytes | None) -> None:
        self._collected = []
        if self.place is None:
            return
        self.entry = self.place.settle(body)
        self.place = None
        self._settled.set()
        if self.entry is not None and self._unread:
            # The reader goes on in what is kept, so that the answer is in memory once.
            self._held = self.entry.__enter__()
            start = len(self.entry.body) - sum(len(piece) for piece in self._unread)
            self._unread = deque([memoryview(self.entry.body)[start:]])
