"""One answer on its way from an external store to whoever asked: mended, converted, and never cut without a word.

The last piece is held back until it is certain that the answer is whole: the connection said so, no limit of the
store was met, and the store still holds the release it was asked for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from catalogue.remote import repair
from catalogue.remote.asking import Asker, Exchange
from catalogue.remote.connection import ConnectionFailed
from catalogue.remote.conversion import NotReadable, converted, converting
from catalogue.remote.quirks import Question
from catalogue.store.querying import out_of_time, too_many_bytes
from core.errors import QueryError, QueryTimeout, QueryTooLarge, QueryUnavailable
from core.settings import Settings

_XML = "application/sparql-results+xml"
_NTRIPLES = "application/n-triples"
#: Bytes of the table that stands for an ASK.
_MAX_TRUTH = 64 * 1024
#: Seconds that a store needs at least for each solution that a graph is made of.
_SECONDS_PER_SOLUTION = 0.2e-6
#: How a whole result ends, in JSON and XML.
_ENDS = {
    "application/sparql-results+json": re.compile(rb"(?:\]\s*\}|\"boolean\"\s*:\s*(?:true|false))\s*\}\s*$"),
    _XML: re.compile(rb"</sparql>\s*$"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How a query is answered: what the store is asked, in which format, and what the answer is turned into.

    ``mends`` says that the store's bytes are Virtuoso's, ``asks`` that the query is an ASK.
    """

    question: Question
    accept: str
    wanted: str
    union: bool
    mends: bool
    asks: bool
    converts: bool


class RemoteAnswer:
    """An asynchronous iterator of bytes; where it raises, what was read so far is not the whole answer."""

    def __init__(
        self,
        asker: Asker,
        plan: Plan,
        deadline: float,
        settings: Settings,
        store: Path,
        still_there: Callable[[], Awaitable[bool]],
        finish: Callable[[str], None],
    ) -> None:
        """``still_there`` tells whether the store holds what it was asked for, ``finish`` is told how it ended."""
        self.media_type = plan.wanted
        self.store: Path | None = store
        self.deadline = deadline
        self._asker = asker
        self._plan = plan
        self._settings = settings
        self._still_there = still_there
        self._finish = finish
        self._exchange: Exchange | None = None
        self._read = False
        self._finished = False
        self._aborted: QueryError | None = None
        self._task: asyncio.Task[object] | None = None
        self._first: bytes | None = None
        self._asked = 0.0
        self._pieces = self._held_back(self._limited(self._converted()))

    @property
    def computing(self) -> bool:
        """Whether the store has not begun to answer."""
        return self._exchange is None

    @property
    def limited(self) -> bool:
        """Whether the store was told the deadline, and does not surely notice that nobody waits any more."""
        return self._asker.kind == "virtuoso"

    async def begin(self) -> None:
        """Wait for the first bytes.

        Raises:
            QueryError: there will be none.
        """
        self._first = await self._next()

    async def close(self) -> None:
        """Let go of the connection; a question that is still being answered is given up."""
        if self._exchange is not None and not self._read:
            self._asker.drop(self._exchange)
        await self._pieces.aclose()
        self._end("disconnect")

    def abort(self, error: QueryError) -> None:
        """Cut the answer where it is."""
        self._aborted = error
        if self._exchange is not None and not self._read:
            self._asker.drop(self._exchange)
        elif self._task is not None:
            self._task.cancel()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._iterate()

    async def _iterate(self) -> AsyncIterator[bytes]:
        piece = self._first
        while piece is not None:
            yield piece
            piece = None if self._finished else await self._next()

    async def _next(self) -> bytes | None:
        """The next piece, or None at the end.

        Raises:
            QueryError: the answer is cut here.
        """
        if self._aborted is not None:
            raise self._aborted
        self._task = asyncio.current_task()
        try:
            async with asyncio.timeout_at(self.deadline):
                return await anext(self._pieces, None)
        except TimeoutError:
            self._end("timeout")
            raise out_of_time(self._settings) from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if self._aborted is None or task is None:
                raise
            task.uncancel()
            raise self._aborted from None
        except QueryTimeout:
            self._end("timeout")
            raise
        except QueryTooLarge:
            self._end("memory")
            raise
        except QueryError as error:
            self._end("")
            raise self._aborted or error from None
        finally:
            self._task = None

    def _end(self, fate: str) -> None:
        if not self._finished:
            self._finished = True
            self._finish(fate)

    async def _held_back(self, pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """All pieces; the last one only when the answer is whole."""
        held: bytes | None = None
        async for piece in pieces:
            if held is not None:
                yield held
            held = piece
        if self._plan.question.solutions:
            await self._refuse_overflow(asyncio.get_running_loop().time() - self._asked)
        if not await self._still_there():
            raise QueryUnavailable("the release changed while the query was answered", remedy="ask again")
        self._end("")
        yield held or b""

    async def _limited(self, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        size = 0
        async for piece in pieces:
            size += len(piece)
            if size > self._settings.query_max_bytes:
                raise too_many_bytes(self._settings)
            yield piece

    async def _converted(self) -> AsyncIterator[bytes]:
        """The answer in the wanted serialisation."""
        plan = self._plan
        question = plan.question
        self._asked = asyncio.get_running_loop().time()
        self._exchange = exchange = await self._asker.ask(
            question.query,
            plan.accept,
            self.deadline - self._asked,
            default_graphs=question.default_graphs,
            named_graphs=question.named_graphs,
            union=plan.union,
        )
        given = exchange.media_type
        if given not in plan.accept:
            self._asker.drop(exchange)
            raise self._asker.unavailable(f"it answers in {given or 'nothing known'}, asked for {plan.accept}")
        try:
            if plan.mends and plan.asks:
                body = repair.truth(await self._asker.read(exchange, _MAX_TRUTH))
                self._read = True
                yield converted(body, _XML, plan.wanted)
            elif plan.converts:
                async for piece in converting(self._raw(exchange), given, plan.wanted):
                    yield piece
            else:
                async for piece in self._ending(self._raw(exchange), given):
                    yield piece
        except NotReadable as error:
            raise self._asker.unavailable(f"its answer is malformed or was cut: {error}") from None

    async def _ending(self, pieces: AsyncIterator[bytes], given: str) -> AsyncIterator[bytes]:
        """Bytes as they come; a result must end as one ends."""
        tail = b""
        async for piece in pieces:
            tail = (tail + piece)[-64:]
            yield piece
        ends = _ENDS.get(given)
        if ends is not None and ends.search(tail) is None:
            raise NotReadable("it stops in the middle")

    async def _raw(self, exchange: Exchange) -> AsyncIterator[bytes]:
        """The store's bytes, mended.

        Raises:
            QueryError: they stop before their end, or at a limit of the store.
        """
        mend = None
        if self._plan.mends:
            mend = repair.xml_repair() if exchange.media_type == _XML else repair.ntriples_repair()
        try:
            while (data := await exchange.connection.read()) is not None:
                piece = mend.feed(data) if mend else data
                if piece:
                    yield piece
        except ConnectionFailed as error:
            raise self._asker.unavailable(str(error)) from None
        self._read = True
        self._asker.keep(exchange)
        if mend is None:
            return
        piece = mend.end()
        self._check_rows(exchange, mend.rows)
        if piece:
            yield piece

    async def _refuse_overflow(self, seconds: float) -> None:
        """See that a graph was made of all solutions there are; Virtuoso stops at a number of them, without a sign."""
        question = self._plan.question
        most = self._asker.most_solutions
        check = question.more_than(most)
        if not check or seconds < (most or 0) * _SECONDS_PER_SOLUTION:
            return
        exchange = await self._asker.ask(
            check,
            "text/csv",
            self.deadline - asyncio.get_running_loop().time(),
            default_graphs=question.default_graphs,
            named_graphs=question.named_graphs,
        )
        if most is not None:
            if len((await self._asker.read(exchange, _MAX_TRUTH)).splitlines()) > 1:
                raise _overflow(most)
            return
        self._asker.drop(exchange)
        self._check_rows(exchange, None)

    def _check_rows(self, exchange: Exchange, rows: int | None) -> None:
        """See that the store did not stop at its number of rows: of a table it says so where it did."""
        said = exchange.head.fields.get("x-sparql-maxrows", "")
        limit = self._plan.question.limit
        if said.isdigit() and (rows is None or rows >= int(said)) and (limit is None or limit > int(said)):
            raise _overflow(int(said))


def _overflow(most: int) -> QueryTooLarge:
    return QueryTooLarge(
        f"the triple store behind this endpoint gives at most {most:,} solutions",
        remedy="ask for it in parts with LIMIT and OFFSET over a sorted query",
    )
