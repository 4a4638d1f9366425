"""The pool under many clients: long queries make way, light clients are served beside heavy ones, all is counted."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catalogue.store import pool as pools
from catalogue.store.pool import QueryPool
from catalogue.store.process import WorkerProcess
from catalogue.store.querying import KILLS
from catalogue.store.shift import ASIDE, HUMBLE
from core.errors import QueryError, QueryForbidden, QueryTimeout, QueryTooLarge, QueryUnavailable
from tests.catalogue.test_pool import ALL, COUNT, RUNAWAY, SORT, ask, checkpoints, count, idle, with_pool

__all__ = ["checkpoints"]


def niceness(pool: QueryPool) -> list[int]:
    """Of the threads that answer: the first one of a process would say nothing about them."""
    return sorted(_niceness(worker) for worker in pool._busy)


def _niceness(worker: WorkerProcess) -> int:
    return os.getpriority(os.PRIO_PROCESS, worker.ready.thread)


def test_long_queries_go_aside_and_short_ones_are_answered_beside_them(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        long = asyncio.create_task(ask(pool, RUNAWAY, 3, client="long"))
        await asyncio.sleep(1.6)
        assert niceness(pool) == [ASIDE]
        await idle(pool, 2)
        for _ in range(5):
            assert await count(pool, "short") == 5000
        with pytest.raises(QueryTimeout):
            await long
        await idle(pool, 2)
        assert pool.status().kills == dict.fromkeys(KILLS, 0) | {"timeout": 1} and pool.status().recycled == 0

    with_pool(checkpoints[0], work)


def test_a_flood_of_one_client_is_no_wall_for_another(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        pool.spending.add("flood", 30)
        flood = [asyncio.create_task(ask(pool, RUNAWAY, client="flood")) for _ in range(40)]
        await asyncio.sleep(0.1)
        waits = []
        for _ in range(8):
            started = time.monotonic()
            assert await count(pool, "light") == 5000
            waits.append(time.monotonic() - started)
            await asyncio.sleep(0.2)
        assert max(waits) < 1.5, "the spare is for who has used little"
        assert sorted(waits)[4] < 0.5
        for task in flood:
            task.cancel()
        await asyncio.gather(*flood, return_exceptions=True)
        await idle(pool, 2)
        assert pool.status().busy == pool.status().waiting == 0

    with_pool(checkpoints[0], work, query_queue_timeout=8)


def test_quick_clients_wait_for_nobody_else(checkpoints: list[Path]) -> None:
    """However many new clients come with however heavy queries, who was quick before is answered at once."""

    async def work(pool: QueryPool) -> None:
        for _ in range(5):
            assert await count(pool, "known") == 5000
        assert pool.spending.is_quick("known") and not pool.spending.is_quick("new-0")
        crowd = [asyncio.create_task(ask(pool, RUNAWAY, client=f"new-{number}")) for number in range(30)]
        await asyncio.sleep(0.1)
        for _ in range(20):
            assert await count(pool, "known") == 5000
            assert sum(work.quick for work in pool._busy._busy.values()) == 0
        humble = [worker for worker in pool._busy if worker.humble]
        assert humble and all(_niceness(worker) in (HUMBLE, ASIDE) for worker in humble)
        assert not any(task.done() and not task.exception() for task in crowd)
        for task in crowd:
            task.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
        await asyncio.sleep(0)

    with_pool(checkpoints[0], work, query_queue_timeout=0.4)


def test_when_everybody_is_at_a_long_query_the_dearest_is_ended_for_who_waits(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        for client in ("a", "b", "c"):
            pool.spending.add(client, 20)
        pool.spending.add("b", 10)
        heavy = {name: asyncio.create_task(ask(pool, RUNAWAY, client=name)) for name in ("a", "b")}
        await asyncio.sleep(1.5)
        heavy["c"] = asyncio.create_task(ask(pool, RUNAWAY, client="c"))
        await asyncio.sleep(0.5)
        light = [asyncio.create_task(ask(pool, RUNAWAY, 6, client=f"light{number}")) for number in range(3)]
        done, _ = await asyncio.wait(heavy.values(), timeout=8, return_when=asyncio.FIRST_COMPLETED)
        assert done == {heavy["b"]}
        with pytest.raises(QueryUnavailable, match="others waited"):
            await heavy["b"]
        assert pool.status().kills["pressure"] == 1
        for task in (*heavy.values(), *light):
            task.cancel()
        await asyncio.gather(*heavy.values(), *light, return_exceptions=True)

    with_pool(checkpoints[0], work, query_queue_timeout=10, query_timeout=20)


def test_nothing_is_ended_for_a_client_that_uses_as_much(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        same = [asyncio.create_task(ask(pool, RUNAWAY, 2.8, client="same")) for _ in range(4)]
        outcomes = await asyncio.gather(*same, return_exceptions=True)
        assert all(isinstance(outcome, QueryTimeout | QueryUnavailable) for outcome in outcomes)
        assert pool.status().kills["pressure"] == 0

    with_pool(checkpoints[0], work, query_queue_timeout=2.5)


def test_the_line_has_an_end_and_what_is_refused_is_counted(
    checkpoints: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "MAX_WAITING", 2)
    monkeypatch.setattr(pools, "MAX_WAITING_IN_ALL", 3)

    async def work(pool: QueryPool) -> None:
        hog = asyncio.create_task(ask(pool, RUNAWAY, 0.9, client="hog"))
        await asyncio.sleep(0.1)
        flood = [asyncio.create_task(count(pool, "flood")) for _ in range(3)]
        await asyncio.sleep(0)
        other = asyncio.create_task(count(pool, "other"))
        third = asyncio.create_task(count(pool, "third"))
        outcomes = await asyncio.gather(*flood, other, third, hog, return_exceptions=True)
        refused = [outcome for outcome in outcomes if isinstance(outcome, QueryUnavailable)]
        assert len(refused) == pool.status().refused == 2
        assert outcomes[3] == outcomes[4] == 5000
        assert pool.status().waited >= 3 and pool.status().wait_seconds > 1

    with_pool(checkpoints[0], work, query_queue_timeout=2)


def test_every_end_is_counted_by_its_reason(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        with pytest.raises(QueryTooLarge):
            await ask(pool, SORT)
        await idle(pool, 2)
        async with pool.query(ALL) as answer:
            async for _ in answer:
                break
        await idle(pool, 2)
        running = asyncio.create_task(ask(pool, RUNAWAY))
        await asyncio.sleep(0.2)
        (worker,) = pool._busy
        os.kill(worker._process.pid, signal.SIGSEGV)
        with pytest.raises(QueryError):
            await running
        await idle(pool, 2)
        with pytest.raises(QueryError):
            await ask(pool, "SELECT * {")
        await idle(pool, 3)
        status = pool.status()
        assert status.kills == dict.fromkeys(KILLS, 0) | {"memory": 1, "disconnect": 1, "crash": 1}
        assert status.started == 6 and status.recycled == 0 and status.replaced == 3
        assert pool.spending.used("") > 0

    with_pool(checkpoints[0], work)


def test_a_query_with_service_never_comes_to_a_worker(checkpoints: list[Path]) -> None:
    async def work(pool: QueryPool) -> None:
        query = "ASK { SERVICE <http://127.0.0.1:9/x> { } }"
        facts = await pool.inspect(query)
        assert facts.services
        with pytest.raises(QueryForbidden):
            async with pool.query(query, facts=facts):
                pass
        with pytest.raises(QueryForbidden):
            await ask(pool, query)
        assert await ask(pool, COUNT)

    with_pool(checkpoints[0], work, service_allow=("http://127.0.0.1:9/x",))


@pytest.mark.ci
def test_whoever_is_new_is_answered_beside_busy_programs_of_the_same_machine(checkpoints: list[Path]) -> None:
    """To leave the processor to others is not to be left without it."""

    async def work(pool: QueryPool) -> None:
        busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2 * (os.cpu_count() or 1))]
        try:
            assert len(await ask(pool, f"{ALL} LIMIT 100000", client="new")) > 30_000_000
        finally:
            for program in busy:
                program.kill()
                program.wait()

    with_pool(checkpoints[0], work, query_timeout=30)
