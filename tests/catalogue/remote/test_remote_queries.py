"""The remote engine's limits, failures and switches, on real servers."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from catalogue.remote.location import Switching
from catalogue.remote.queries import RemoteQueries
from core.errors import (
    QuerySyntaxError,
    QueryTimeout,
    QueryTooLarge,
    QueryUnavailable,
    StoreError,
)
from core.settings import Settings
from tests.catalogue.remote.engines import BASE, ask, comparable, hold, locate, remote, sample
from tests.servers import SparqlServer, oxigraph

pytestmark = pytest.mark.ci

ALL = "SELECT * { ?s ?p ?o }"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(params=["oxigraph", "virtuoso"])
def server(request: pytest.FixtureRequest) -> SparqlServer:
    found: SparqlServer = request.getfixturevalue(f"{request.param}_server")
    return found


@pytest.fixture
def held(server: SparqlServer, tmp_path: Path) -> tuple[Settings, Path]:
    return hold(tmp_path, server, sample())


def test_limits_and_refusals(held: tuple[Settings, Path]) -> None:
    settings, store = held

    async def run() -> None:
        small = settings.model_copy(update={"query_max_bytes": 20_000})
        async with remote(small, store) as engine:
            assert len(await ask(engine, "SELECT * { ?s ?p ?o } LIMIT 3")) < 20_000
            with pytest.raises(QueryTooLarge, match="20,000 bytes"):
                await ask(engine, ALL)
            with pytest.raises(QuerySyntaxError):
                await ask(engine, "SELECT * {")
            with pytest.raises(QueryTimeout):
                await ask(engine, ENDLESS, timeout=1.0)
            status = engine.status()
            assert status.kills["timeout"] == 1 and status.kills["memory"] == 1
            assert comparable(await ask(engine, "ASK {}")) is True

    asyncio.run(run())


def test_waiting_is_bounded_and_in_turn(server: SparqlServer, tmp_path: Path) -> None:
    settings, store = hold(tmp_path, server, sample(), reading={"connections": 1})
    settings = settings.model_copy(update={"query_queue_timeout": 0.5})

    async def run() -> None:
        async with remote(settings, store) as engine:
            slow = asyncio.create_task(ask(engine, ENDLESS, timeout=2.0))
            await asyncio.sleep(0.2)
            assert engine.status().busy == 1
            with pytest.raises(QueryUnavailable, match="busy"):
                await ask(engine, "ASK {}")
            with pytest.raises(QueryTimeout):
                await slow
            while engine.status().busy:
                await asyncio.sleep(0.05)
            assert comparable(await ask(engine, "ASK {}")) is True

    asyncio.run(run())


def test_virtuoso_stops_when_the_client_is_gone(virtuoso_server: SparqlServer, tmp_path: Path) -> None:
    settings, store = hold(tmp_path, virtuoso_server, sample())

    async def run() -> None:
        async with remote(settings, store) as engine:
            task = asyncio.create_task(ask(engine, ENDLESS, timeout=3))
            await asyncio.sleep(1)
            assert not task.done()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            status = engine.status()
            assert status.kills["disconnect"] == 1 and status.busy == 1  # until it surely has stopped
            await _until(lambda: engine.status().busy == 0)

    asyncio.run(run())
    assert _settles(lambda: _load(virtuoso_server.pid) < 0.2)


def test_virtuoso_says_when_it_cuts(virtuoso_server: SparqlServer, tmp_path: Path) -> None:
    """At its own time limit (S1TAT), and at its number of solutions, also of a graph."""
    settings, store = hold(tmp_path, virtuoso_server, sample())
    settings = settings.model_copy(update={"query_timeout": 90})
    pairs = f"{{ ?s <{BASE}/many#number> ?n . ?t <{BASE}/many#number> ?m }}"

    async def run() -> None:
        async with remote(settings, store) as engine:
            with pytest.raises(QueryTooLarge, match="1,048,576 solutions"):
                await ask(engine, f"SELECT ?n {pairs}", "text/csv")
            with pytest.raises(QueryTooLarge, match="1,048,576 solutions"):
                await ask(engine, f"CONSTRUCT {{ <{BASE}/a> <{BASE}/b> ?n }} WHERE {pairs}")
            asker = engine._askers["blue"]
            with pytest.raises(QueryTimeout, match="the store ended the query"):
                await asker.ask(ENDLESS, "application/sparql-results+xml", 1.0)

    asyncio.run(run())


def test_a_store_that_is_down_and_comes_back(tmp_path: Path) -> None:
    server = oxigraph(tmp_path / "data")
    server.start()
    settings, store = hold(tmp_path, server, sample())

    async def run() -> None:
        async with remote(settings, store) as engine:
            assert comparable(await ask(engine, "ASK { ?s ?p ?o }")) is True
            server.kill()
            with pytest.raises(QueryUnavailable) as caught:
                await ask(engine, "ASK { ?s ?p ?o }")
            assert "127.0.0.1" not in str(caught.value)
            await _until(lambda: bool(engine.status().problem))
            assert engine.status().idle == 0
            server.start()
            begun = time.monotonic()
            while True:
                try:
                    assert comparable(await ask(engine, "ASK { ?s ?p ?o }")) is True
                    break
                except QueryUnavailable:
                    await asyncio.sleep(0.05)
            assert time.monotonic() - begun < 2
        server.kill()
        # A service may start before its store does.
        async with remote(settings, store) as engine:
            with pytest.raises(QueryUnavailable):
                await ask(engine, "ASK {}")
            server.start()
            await _until(lambda: not engine.status().problem)
            assert comparable(await ask(engine, "ASK { ?s ?p ?o }")) is True

    try:
        asyncio.run(run())
    finally:
        server.stop()


def test_an_answer_is_cut_when_its_store_dies(tmp_path: Path) -> None:
    server = oxigraph(tmp_path / "data")
    server.start()
    settings, store = hold(tmp_path, server, sample())

    async def run() -> None:
        endless = "SELECT * { ?s ?p ?o . ?t ?q ?r }"
        async with remote(settings, store) as engine:
            for media_type in ("application/sparql-results+json", "text/csv"):
                with pytest.raises(QueryUnavailable):
                    async with engine.query(endless, accept=media_type) as answer:
                        async for chunk in answer:
                            assert chunk
                            server.kill()
                server.start()
                await _until(lambda: not engine.status().problem)

    try:
        asyncio.run(run())
    finally:
        server.stop()


def test_queries_wait_for_the_end_of_a_switch(held: tuple[Settings, Path]) -> None:
    settings, store = held

    async def run() -> None:
        async with remote(settings, store) as engine:
            assert comparable(await ask(engine, "ASK { ?s ?p ?o }")) is True
            Switching("blue", 2, complete=False).write(settings.releases_path)
            with pytest.raises(QueryUnavailable, match="new release"):
                await ask(engine, "ASK { ?s ?p ?o }")
            await _until(lambda: engine.status().idle == 0)
            # Another release is there now: nothing is answered until the service has switched, too.
            Switching("blue", 2, complete=True).write(settings.releases_path)
            with pytest.raises(QueryUnavailable):
                await ask(engine, "ASK { ?s ?p ?o }")
            with pytest.raises(QueryUnavailable):
                await _switched(engine, locate(settings, "blue", 2))
            Switching("blue", 1, complete=True).write(settings.releases_path)
            await engine.switch(store)
            assert comparable(await ask(engine, "ASK { ?s ?p ?o }")) is True

    asyncio.run(run())


def test_running_answers_end_with_the_grace_of_a_switch(server: SparqlServer, tmp_path: Path) -> None:
    settings, store = hold(tmp_path, server, sample(), grace=0.3)

    async def run() -> None:
        async with remote(settings, store) as engine:
            running = asyncio.create_task(ask(engine, ENDLESS))
            await asyncio.sleep(0.3)
            Switching("blue", 2, complete=False).write(settings.releases_path)
            begun = time.monotonic()
            with pytest.raises(QueryUnavailable, match="new release"):
                await running
            assert time.monotonic() - begun < 2

    asyncio.run(run())


def test_what_names_no_endpoint_is_refused(held: tuple[Settings, Path], tmp_path: Path) -> None:
    settings, _ = held

    async def run() -> None:
        for store in (tmp_path / "nothing", locate(settings, "unknown", 3)):
            with pytest.raises(StoreError):
                async with remote(settings, store):
                    pass

    asyncio.run(run())


def test_graphs_of_others_are_not_shown(virtuoso_server: SparqlServer, tmp_path: Path) -> None:
    """In Virtuoso, whose default graph is all that it holds."""
    strange = "http://elsewhere.example/graph"
    settings, store = hold(tmp_path, virtuoso_server, sample())
    _update(virtuoso_server, f"INSERT DATA {{ GRAPH <{strange}> {{ <http://s> <http://p> 1 }} }}")

    async def run() -> None:
        async with remote(settings, store) as engine:
            assert strange in engine.status().problem
            with pytest.raises(QueryUnavailable, match="not of this catalogue"):
                await ask(engine, ALL)
            _update(virtuoso_server, f"DROP SILENT GRAPH <{strange}>")
            await _until(lambda: not engine.status().problem)
            assert await ask(engine, ALL)

    asyncio.run(run())


def _update(server: SparqlServer, text: str) -> None:
    headers = {"Content-Type": "application/sparql-update"}
    httpx.post(server.update, content=text, headers=headers, auth=server.auth).raise_for_status()


async def _switched(engine: RemoteQueries, store: Path) -> None:
    """The store holds the first release, whatever its folder says: the next one is not served from it."""
    await engine.switch(store)
    await ask(engine, "ASK { ?s ?p ?o }")


async def _until(holds: Callable[[], bool], seconds: float = 5) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.05)


def _load(pid: int) -> float:
    """Processors that a process uses at the moment."""

    def used() -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    before = used()
    time.sleep(0.5)
    return (used() - before) / 0.5


def _settles(holds: Callable[[], bool], tries: int = 12) -> bool:
    return any(holds() for _ in range(tries))
