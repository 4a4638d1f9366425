"""The result cache by itself: what it keeps, what it forgets, its one bound, and one run for many who ask at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from starlette.types import Message

from api.sparql.cache import Entry, Key, ResultCache
from api.sparql.compression import GzipStream, compressed, takes_gzip
from api.sparql.flight import Flight
from api.sparql.transfer import QueryTransfer
from catalogue.store.querying import AnswerStream
from core.errors import QueryError, QuerySyntaxError, QueryTimeout, QueryUnavailable

STORE = Path("/release/1/store")
NEVER = float("inf")


def key(query: str, release: int = 1) -> Key:
    return Key(release, query, (), (), "text/csv")


class Engine:
    """Answers with the pieces it is given; counts how often it is asked, and how many of those have ended."""

    def __init__(self, *pieces: bytes | QueryError, store: Path = STORE, gate: asyncio.Event | None = None) -> None:
        self.pieces = pieces
        self.store: Path | None = store
        self.gate = gate
        self.asked = 0
        self.deadlines: list[float] = []
        self.ended = 0
        self.given = 0
        self.media_type = "text/csv"
        self.deadline = float("inf")

    @asynccontextmanager
    async def ask(self, deadline: float) -> AsyncIterator[AnswerStream]:
        self.asked += 1
        self.deadlines.append(deadline)
        try:
            yield self
        finally:
            self.ended += 1

    async def close(self) -> None:
        pass

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, QueryError):
                raise piece
            self.given += 1
            yield piece
            await asyncio.sleep(0)
            if self.gate is not None:
                await self.gate.wait()


def cache(max_bytes: int = 1 << 20) -> ResultCache:
    made = ResultCache(max_bytes)
    made.turn_to(1)
    return made


async def read(flight: Flight) -> bytes:
    try:
        await flight.begin()
        return b"".join([piece async for piece in flight.pieces()])
    finally:
        await flight.leave()


async def transfer(kept: ResultCache, engine: Engine, patience: float) -> bytes:
    """The body that a client is sent who asks for ``q`` and stays to the end."""
    sent: list[Message] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        return {}

    async def send(message: Message) -> None:
        sent.append(message)

    response = QueryTransfer(kept, key("q"), engine.ask, store=STORE, headers={}, gzip=False, patience=patience)
    await response({"type": "http", "method": "GET"}, receive, send)
    return b"".join(message.get("body", b"") for message in sent)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(10):
            await test()

    asyncio.run(limited())


def test_a_whole_answer_is_kept_until_the_next_release() -> None:
    async def test() -> None:
        kept, engine = cache(), Engine(b"a,b\n", b"1,2\n")
        assert kept.get(key("q")) is None
        assert await read(kept.run(key("q"), engine.ask, STORE, NEVER)) == b"a,b\n1,2\n"
        entry = kept.get(key("q"))
        assert entry is not None and entry.body == b"a,b\n1,2\n" and kept.status().entries == 1
        assert kept.get(key("other")) is None and kept.get(key("q", 2)) is None
        kept.turn_to(2)
        assert kept.get(key("q")) is None and entry.dropped
        assert (kept.status().bytes, kept.status().entries) == (0, 0)
        # A run that was begun for the release before leaves nothing behind.
        assert await read(kept.run(key("q"), engine.ask, STORE, NEVER)) == b"a,b\n1,2\n"
        assert kept.status().bytes == 0

    run(test)


@pytest.mark.parametrize(
    "engine",
    [
        Engine(QueryTimeout("late")),
        Engine(b"a,b\n", QueryTimeout("late")),
        Engine(b"a,b\n", store=Path("/release/2/store")),
        Engine(*[b"x" * 1024] * 100),
    ],
    ids=["failed", "cut", "of the next release", "too large"],
)
def test_nothing_else_is_kept(engine: Engine) -> None:
    async def test() -> None:
        kept = cache()
        for _ in range(2):
            flight = kept.run(key("q"), engine.ask, STORE, NEVER)
            with suppress(QueryTimeout):
                await read(flight)
            assert kept.get(key("q")) is None and kept.flight(key("q")) is None
            assert kept.status().bytes == 0

    run(test)


def test_a_run_that_is_cut_never_looks_whole() -> None:
    async def test() -> None:
        flight = cache().run(key("q"), Engine(b"a", QueryTimeout("late"), b"b").ask, STORE, NEVER)
        with pytest.raises(QueryTimeout):
            await read(flight)
        never = Engine(b"a", gate=asyncio.Event())
        flight = cache().run(key("q"), never.ask, STORE, NEVER)
        await flight.begin()
        flight._task.cancel()
        with pytest.raises(QueryUnavailable, match="given up"):
            await read(flight)

    run(test)


def test_many_who_ask_the_same_at_once_cause_one_run() -> None:
    async def test() -> None:
        kept, gate = cache(), asyncio.Event()
        engine = Engine(b"a", b"b", gate=gate)
        first = kept.run(key("q"), engine.ask, STORE, NEVER)
        under_way = kept.flight(key("q"))
        assert under_way is first
        others = [asyncio.create_task(first.outcome()) for _ in range(50)]
        reader = asyncio.create_task(read(first))
        await asyncio.sleep(0.01)
        gate.set()
        entries = {id(entry): entry for entry in await asyncio.gather(*others)}
        (entry,) = entries.values()
        assert isinstance(entry, Entry) and entry.body == await reader == b"ab"
        assert engine.asked == 1 and kept.flight(key("q")) is None

    run(test)


def test_whoever_waits_shares_the_verdict_on_a_query_but_not_bad_luck() -> None:
    async def test() -> None:
        for error, shared in ((QueryTimeout("late"), True), (QueryUnavailable("busy"), False)):
            flight = cache().run(key("q"), Engine(error).ask, STORE, NEVER)
            other = asyncio.create_task(flight.outcome())
            with pytest.raises(type(error)):
                await read(flight)
            if shared:
                with pytest.raises(QueryTimeout, match="late"):
                    await other
            else:
                assert await other is None

    run(test)


def test_a_run_goes_on_without_its_reader_only_for_others() -> None:
    async def test() -> None:
        kept, gate = cache(), asyncio.Event()
        engine = Engine(b"a", b"b", gate=gate)
        flight = kept.run(key("q"), engine.ask, STORE, NEVER)
        await flight.begin()
        await flight.leave()
        assert (engine.ended, flight.done, kept.flight(key("q"))) == (1, True, None)
        flight = kept.run(key("q"), engine.ask, STORE, NEVER)
        other = asyncio.create_task(flight.outcome())
        await flight.begin()
        await flight.leave()
        assert engine.ended == 1
        gate.set()
        entry = await other
        assert entry is not None and entry.body == b"ab"
        # Nobody is left at all: neither the reader nor one who waits.
        flight = kept.run(key("r"), Engine(b"a", gate=asyncio.Event()).ask, STORE, NEVER)
        other = asyncio.create_task(flight.outcome())
        await flight.begin()
        await flight.leave()
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
        assert flight.done and kept.flight(key("r")) is None

    run(test)


def test_an_answer_too_large_to_keep_waits_for_its_reader_and_nobody_for_it() -> None:
    async def test() -> None:
        engine = Engine(*[b"x" * 1024] * 2000)
        flight = cache().run(key("q"), engine.ask, STORE, NEVER)
        other = asyncio.create_task(flight.outcome())
        await flight.begin()
        assert await other is None
        await asyncio.sleep(0.05)
        assert engine.given < 100
        assert len(await read(flight)) == 2_048_000

    run(test)


def test_waiting_for_another_and_running_it_oneself_take_one_deadline_in_all() -> None:
    async def test() -> None:
        patience, loop = 0.5, asyncio.get_running_loop()
        kept, gate = cache(), asyncio.Event()
        first = kept.run(key("q"), Engine(*[b"x" * 60_000] * 2, gate=gate).ask, STORE, NEVER)
        mine = Engine(b"mine")
        arrived = loop.time()
        asking = asyncio.create_task(transfer(kept, mine, patience))
        await asyncio.sleep(0.3)
        assert not mine.asked
        gate.set()  # the second piece shows that the answer is too large to be kept
        assert await asking == b"mine"
        assert mine.deadlines == [pytest.approx(arrived + patience, abs=0.1)]
        await first.leave()

    run(test)


def test_waiting_for_another_ends_at_the_deadline_of_whoever_waits() -> None:
    async def test() -> None:
        kept = cache()
        first = kept.run(key("q"), Engine(b"a", gate=asyncio.Event()).ask, STORE, NEVER)
        mine = Engine(b"mine")
        with pytest.raises(QueryTimeout, match=r"at most 0\.2 seconds"):
            await transfer(kept, mine, 0.2)
        assert not mine.asked and not first.done
        await first.leave()

    run(test)


def test_a_run_that_was_begun_late_does_not_tell_others_that_the_query_takes_too_long() -> None:
    async def test() -> None:
        for error, shared in ((QueryTimeout("late"), False), (QuerySyntaxError("no query"), True)):
            flight = cache().run(key("q"), Engine(error).ask, STORE, NEVER, late=True)
            other = asyncio.create_task(flight.outcome())
            with pytest.raises(type(error)):
                await read(flight)
            if shared:
                with pytest.raises(QuerySyntaxError):
                    await other
            else:
                assert await other is None

    run(test)


def test_all_memory_counts_against_one_bound() -> None:
    async def test() -> None:
        kept = cache(1 << 20)
        for number in range(60):
            await read(kept.run(key(f"{number}"), Engine(b"x" * 30_000).ask, STORE, NEVER))
            assert kept.status().bytes <= 1 << 20
        assert 20 < kept.status().entries < 60
        assert kept.get(key("59")) is not None and kept.get(key("0")) is None
        entry = kept.get(key("59"))
        assert entry is not None
        with entry:
            kept.turn_to(2)
            # Whoever reads it has it in memory still, so it counts.
            assert entry.body and kept.status().bytes == entry.size
        assert kept.status().bytes == 0 and not entry.body
        before = cache(0)
        assert await read(before.run(key("q"), Engine(b"a").ask, STORE, NEVER)) == b"a"
        assert before.get(key("q")) is None

    run(test)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, False), ("", False), ("gzip", True), ("gzip, deflate, br", True), ("br;q=1.0, gzip;q=0.5", True),
        ("gzip;q=0", False), ("*", True), ("*;q=0", False), ("identity", False), ("GZIP ; q=0.3", True),
        ("gzip;q=0.2, identity;q=0.8", False), ("x-gzip", True), ("gzip;q=banana", False), ("deflate", False),
    ],
)  # fmt: skip
def test_the_coding_a_client_takes(header: str | None, expected: bool) -> None:
    assert takes_gzip(header) is expected


def test_a_compressed_stream_can_be_read_from_its_first_piece_on() -> None:
    async def test() -> None:
        import zlib

        stream, reader = GzipStream(), zlib.decompressobj(16 + zlib.MAX_WBITS)
        assert reader.decompress(await stream.add(b"head,er\n")) == b"head,er\n"
        large = bytes(range(256)) * 400
        coded = await stream.add(large) + stream.end()
        assert reader.decompress(coded) == large and reader.eof
        assert await compressed(large) == await compressed(large)

    run(test)
