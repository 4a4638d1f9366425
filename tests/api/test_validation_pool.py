"""Processes that judge: they are ended when they take too long or too much, and nobody waits for ever."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from api.refusal import Refusal
from api.validation import pool
from api.validation.messages import Job
from api.validation.pool import JudgePool
from catalogue.store.isolation import memory_in_use
from core.settings import Settings
from tests.shapes.conftest import OWN_TERM, overlay

TURTLE = Job("mine.ttl", "text/turtle", ".ttl", (), "json")
GOOD = (Path(__file__).parents[2] / "examples" / "dcat-ap-minimal.ttl").read_bytes()
#: Takes seconds to judge: a dataset with forty thousand distributions.
HEAVY = b"@prefix dcat: <http://www.w3.org/ns/dcat#> .\n<a:d> a dcat:Dataset ; dcat:distribution " + b",\n".join(
    b"[ a dcat:Distribution ; dcat:accessURL <a:%d> ]" % number for number in range(40_000)
)


def with_pool(work: Callable[[JudgePool], Awaitable[None]], **settings: object) -> None:
    async def run() -> None:
        judges = JudgePool(Settings(validate_workers=1, **settings))  # type: ignore[arg-type]
        try:
            async with asyncio.timeout(100):
                await work(judges)
        finally:
            pids = {process._process.pid for process in judges.processes}
            await judges.stop()
        assert not [pid for pid in pids if alive(pid)]

    asyncio.run(run())


def alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def judged(judges: JudgePool, document: bytes = GOOD) -> bool:
    answer = json.loads(await judges.judge(TURTLE, document))
    return bool(answer["conforms"])


def pid_of(judges: JudgePool) -> int:
    (process,) = judges.processes
    return process._process.pid


async def refusal(work: Awaitable[object]) -> Refusal:
    with pytest.raises(Refusal) as told:
        await work
    assert told.value.remedy
    return told.value


def test_a_process_starts_when_it_is_needed_and_stays_warm() -> None:
    async def work(judges: JudgePool) -> None:
        assert judges.processes == ()
        assert await judged(judges)
        first = pid_of(judges)
        assert (await refusal(judged(judges, b"<a> <b"))).status == 400
        assert (await refusal(judged(judges, b"<a:b> <a:c> <a:d> ."))).status == 422
        assert await judged(judges) and pid_of(judges) == first

    with_pool(work)


def test_whoever_opens_the_page_finds_a_process_warm() -> None:
    async def work(judges: JudgePool) -> None:
        judges.warm()
        judges.warm()
        assert await judged(judges)
        assert len(judges.processes) == 1

    with_pool(work)


def test_a_process_is_replaced_after_some_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "MAX_JUDGED", 2)

    async def work(judges: JudgePool) -> None:
        await judged(judges)
        first = pid_of(judges)
        await judged(judges)
        await judged(judges)
        assert pid_of(judges) != first

    with_pool(work)


def test_a_document_that_takes_too_long_is_given_up() -> None:
    async def work(judges: JudgePool) -> None:
        await judged(judges)
        first = pid_of(judges)
        told = await refusal(judged(judges, HEAVY))
        assert told.status == 413 and "takes longer than 0.6 seconds" in told.message
        assert "radiograph validate FILE" in str(told.remedy)
        assert await judged(judges)
        assert not alive(first)

    with_pool(work, validate_timeout=0.6)


def test_a_document_that_takes_too_much_memory_is_given_up() -> None:
    large = HEAVY[:-1] + b"".join(b',\n[ a <a:c%d> ; <a:p> "%d" ]' % (n, n) for n in range(260_000))
    most = 0

    async def work(judges: JudgePool) -> None:
        nonlocal most
        await judged(judges)
        first = pid_of(judges)
        asked = asyncio.ensure_future(judges.judge(TURTLE, large))
        while not asked.done():
            if alive(first):
                most = max(most, memory_in_use(first)[1])
            await asyncio.sleep(0.05)
        told = await refusal(asked)
        assert told.status == 413 and "memory" in told.message
        assert await judged(judges)

    with_pool(work, validate_memory_mb=384, validate_timeout=90)
    assert most < 640 * 1024 * 1024


def test_when_nobody_waits_for_the_answer_its_process_is_ended() -> None:
    async def work(judges: JudgePool) -> None:
        await judged(judges)
        first = pid_of(judges)
        asked = asyncio.ensure_future(judges.judge(TURTLE, HEAVY))
        await asyncio.sleep(0.3)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        assert await judged(judges)
        assert not alive(first)

    with_pool(work)


def test_a_process_that_ends_by_itself_is_told_and_replaced() -> None:
    async def work(judges: JudgePool) -> None:
        await judged(judges)
        asked = asyncio.ensure_future(judges.judge(TURTLE, HEAVY))
        await asyncio.sleep(0.3)
        os.kill(pid_of(judges), signal.SIGSEGV)
        told = await refusal(asked)
        assert told.status == 500 and "ended unexpectedly" in told.message
        assert await judged(judges)
        os.kill(pid_of(judges), signal.SIGKILL)
        await asyncio.sleep(0.2)
        assert await judged(judges)

    with_pool(work)


def test_nobody_waits_in_line_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "QUEUE_SECONDS", 0.3)
    monkeypatch.setattr(pool, "MAX_WAITING", 1)

    async def work(judges: JudgePool) -> None:
        await judged(judges)
        busy = asyncio.ensure_future(judges.judge(TURTLE, HEAVY))
        await asyncio.sleep(0.1)
        waiting = asyncio.ensure_future(judged(judges))
        await asyncio.sleep(0.1)
        assert "too many documents are waiting" in (await refusal(judged(judges))).message
        told = await refusal(waiting)
        assert told.status == 503 and "others' documents" in told.message
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)
        assert await judged(judges)

    with_pool(work)


def test_a_stopped_pool_judges_nothing() -> None:
    async def run() -> None:
        judges = JudgePool(Settings())
        await judges.stop()
        judges.warm()
        assert (await refusal(judges.judge(TURTLE, GOOD))).status == 503
        assert judges.processes == ()

    asyncio.run(run())


def test_rules_and_checks_of_the_overlay_count(tmp_path: Path) -> None:
    overlay(tmp_path)

    async def work(judges: JudgePool) -> None:
        found = json.loads(await judges.judge(TURTLE, OWN_TERM.encode()))
        assert [rewrite["after"] for rewrite in found["rewrites"]] == ['dct:title "Lung CT"']
        assert "check-keyword-alone" in {finding["rule"].partition("#")[2] for finding in found["findings"]}

    with_pool(work, overlay=tmp_path)


def test_a_process_that_cannot_load_what_it_judges_by_is_told_to_the_operator(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "shapes").mkdir()
    (tmp_path / "shapes" / "profiles.toml").write_text("nonsense")

    async def work(judges: JudgePool) -> None:
        told = await refusal(judges.judge(TURTLE, GOOD))
        assert told.status == 503 and str(tmp_path) not in str(told)

    with_pool(work, overlay=tmp_path)
    assert "profiles.toml" in caplog.text
