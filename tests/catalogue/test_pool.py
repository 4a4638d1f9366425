"""The pool with real workers: deadlines, limits, line, recovery, and the switch to a new release."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from catalogue.store import child, process
from catalogue.store.pool import QueryPool
from catalogue.store.process import WorkerProcess
from core.errors import QueryError, QueryTimeout, QueryTooLarge, QueryUnavailable, StoreError
from core.settings import Settings

RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
SORT = "SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c ?f"
ALL = "SELECT * { ?a ?b ?c . ?d ?e ?f }"
COUNT = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two releases: 5,000 triples and 10."""
    folder = tmp_path_factory.mktemp("stores")
    paths = []
    for index, size in enumerate((5000, 10)):
        store = ox.Store(str(folder / f"writer{index}"))
        node = ox.NamedNode
        store.extend(
            ox.Quad(node(f"http://example.org/s{n}"), node("http://example.org/p"), ox.Literal(n), node("http://g"))
            for n in range(size)
        )
        store.backup(str(folder / f"checkpoint{index}"))
        paths.append(folder / f"checkpoint{index}")
    return paths


def with_pool(store: Path, work: Callable[[QueryPool], Awaitable[None]], **changes: object) -> None:
    """Run ``work`` on a pool of one worker and its spare, and see that nothing of it is left."""
    values = {"workers": 1, "query_timeout": 10, "query_queue_timeout": 0.5, "worker_memory_mb": 128, **changes}

    async def run() -> None:
        pool = QueryPool(Settings(**values))  # type: ignore[arg-type]
        await pool.start(store)
        pids = [worker._process.pid for worker in pool._idle]
        try:
            await work(pool)
        finally:
            await pool.stop()
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)

    asyncio.run(run())


async def ask(pool: QueryPool, query: str, timeout: float | None = None, client: str = "") -> bytes:
    async with pool.query(query, timeout=timeout, client=client) as answer:
        return b"".join([chunk async for chunk in answer])


async def count(pool: QueryPool, client: str = "") -> int:
    return int(json.loads(await ask(pool, COUNT, client=client))["results"]["bindings"][0]["n"]["value"])


def test_a_runaway_query_is_cut_at_its_deadline_and_the_next_answered_at_once(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        started = time.monotonic()
        with pytest.raises(QueryTimeout):
            await ask(pool, RUNAWAY, timeout=1)
        assert 0.9 < time.monotonic() - started < 2.5
        started = time.monotonic()
        assert await count(pool) == 5000
        assert time.monotonic() - started < 0.5
        assert pool.status().replaced == pool.status().kills["timeout"] == 1

    with_pool(checkpoints[0], work)


def test_a_memory_hog_is_told_so(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        with pytest.raises(QueryTooLarge, match="memory"):
            await ask(pool, SORT)
        assert await count(pool) == 5000

    with_pool(checkpoints[0], work)


def test_an_answer_beyond_the_limit_is_cut(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        read = 0
        with pytest.raises(QueryTooLarge, match="larger than"):
            async with pool.query(ALL) as answer:
                async for chunk in answer:
                    read += len(chunk)
        assert read <= 100_000
        assert await count(pool) == 5000

    with_pool(checkpoints[0], work, query_max_bytes=100_000)


def test_a_killed_worker_fails_its_query_and_no_other(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        running = asyncio.create_task(ask(pool, RUNAWAY))
        await asyncio.sleep(0.2)
        (worker,) = pool._busy
        os.kill(worker._process.pid, signal.SIGSEGV)
        with pytest.raises(QueryError, match="ended unexpectedly"):
            await running
        assert await count(pool) == 5000
        await idle(pool, 2)

    with_pool(checkpoints[0], work)


def test_an_idle_worker_that_ends_is_replaced(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        for worker in list(pool._idle):
            os.kill(worker._process.pid, signal.SIGKILL)
        await asyncio.sleep(0.5)
        await idle(pool, 2)
        assert await count(pool) == 5000

    with_pool(checkpoints[0], work)


async def idle(pool: QueryPool, number: int) -> None:
    async with asyncio.timeout(5):
        while pool.status().idle < number:
            await asyncio.sleep(0.02)


def test_the_line_is_fair_and_its_wait_bounded(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        order: list[int] = []

        async def numbered(number: int) -> None:
            await ask(pool, COUNT)
            order.append(number)

        await asyncio.gather(*(numbered(number) for number in range(20)))
        assert order == list(range(20))
        hog = asyncio.create_task(ask(pool, RUNAWAY, timeout=1.5, client="hog"))
        await asyncio.sleep(0.05)
        started = time.monotonic()
        with pytest.raises(QueryUnavailable, match="busy"):
            await ask(pool, COUNT, client="hog")
        assert 0.4 < time.monotonic() - started < 1
        with pytest.raises(QueryTimeout):
            await hog

    with_pool(checkpoints[0], work)


def test_a_reader_who_leaves_frees_the_worker(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        async with pool.query(ALL) as answer:
            async for _ in answer:
                break
        assert await count(pool) == 5000
        abandoned = asyncio.create_task(ask(pool, RUNAWAY))
        await asyncio.sleep(0.1)
        abandoned.cancel()
        with pytest.raises(asyncio.CancelledError):
            await abandoned
        assert await count(pool) == 5000
        hasty = asyncio.create_task(ask(pool, COUNT))
        await asyncio.sleep(0)
        hasty.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hasty
        await idle(pool, 2)
        assert pool.status().busy == 0

    with_pool(checkpoints[0], work)


def test_a_slow_reader_holds_neither_memory_nor_the_worker(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        async with pool.query("SELECT * { ?s ?p ?o } LIMIT 2000") as answer:
            await asyncio.sleep(0.2)
            # The answer fits the read-ahead, so its worker is free although nobody has read.
            assert pool.status().busy == 0
            assert len(b"".join([chunk async for chunk in answer])) > 100_000
        with pytest.raises(QueryTimeout):
            async with pool.query(ALL, timeout=1) as answer:
                await asyncio.sleep(0.3)
                assert answer._chunks.full()
                await asyncio.sleep(1)
                assert pool.status().busy == 0
                async for _ in answer:
                    pass
        assert await count(pool) == 5000

    with_pool(checkpoints[0], work)


def test_a_new_release_takes_over_while_the_old_one_drains(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        async with pool.query(ALL) as old:
            assert old.store == checkpoints[0]
            await pool.switch(checkpoints[1])
            assert await count(pool) == 10
            read = 0
            async for chunk in old:
                read += len(chunk)
                if read > 2_000_000:
                    break
        await idle(pool, 2)
        with pytest.raises(StoreError):
            await pool.switch(checkpoints[1] / "missing")
        assert await count(pool) == 10

    with_pool(checkpoints[0], work)


def test_a_checkpoint_may_go_while_it_is_served(checkpoints: list[Path], tmp_path: Path) -> None:
    copy = tmp_path / "checkpoint"
    shutil.copytree(checkpoints[1], copy)

    async def work(pool: QueryPool) -> None:
        shutil.rmtree(copy)
        assert await count(pool) == 10

    with_pool(copy, work)


def test_a_worn_worker_is_replaced(checkpoints: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalogue.store.pool.MAX_ANSWERS", 2)

    async def work(pool: QueryPool) -> None:
        for _ in range(6):
            assert await count(pool) == 10
            await idle(pool, 2)
        assert pool.status().replaced >= 2

    with_pool(checkpoints[1], work)


def test_a_worker_that_is_not_ready_in_time_is_tried_again(
    checkpoints: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(pool: QueryPool) -> None:
        with monkeypatch.context() as slow:
            slow.setattr(process, "START_TIMEOUT", 0.001)
            with pytest.raises(QueryUnavailable, match="not ready after"):
                await WorkerProcess.start(checkpoints[1], memory=2**28, isolation=True)
            for worker in list(pool._idle):
                os.kill(worker._process.pid, signal.SIGKILL)
            await asyncio.sleep(1)
            assert pool.status().idle == 0
        await idle(pool, 2)
        assert await count(pool) == 10

    with_pool(checkpoints[1], work)


def test_workers_that_cannot_isolate_themselves_do_not_start(
    checkpoints: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A machine where the filter is refused, made by a module that comes first and says it is another machine."""
    (tmp_path / "sitecustomize.py").write_text("import platform\nplatform.machine = lambda: 'pdp11'\n")
    environment = child._environment
    monkeypatch.setattr(
        child,
        "_environment",
        lambda: environment() | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{environment()['PYTHONPATH']}"},
    )

    async def run() -> None:
        with pytest.raises(QueryUnavailable, match="RADIOGRAPH_WORKER_ISOLATION=off"):
            await WorkerProcess.start(checkpoints[1], memory=2**28, isolation=True)
        worker = await WorkerProcess.start(checkpoints[1], memory=2**28, isolation=False)
        assert not worker.ready.isolated
        await worker.end()

    asyncio.run(run())
