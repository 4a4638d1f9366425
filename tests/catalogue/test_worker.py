"""A worker process by itself: its frames, formats, datasets and faults."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest

from catalogue.store.process import WorkerProcess
from catalogue.store.protocol import CHUNK, Channel, Kind, ProtocolError, Request, encode
from core.errors import QueryError, QuerySyntaxError, StoreError

JSON = "application/sparql-results+json"
EX = "http://example.org/"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    store = ox.Store(str(folder / "writer"))
    for graph in "ab":
        for number in range(1000):
            store.add(
                ox.Quad(
                    ox.NamedNode(f"{EX}{graph}{number}"),
                    ox.NamedNode(f"{EX}p"),
                    ox.Literal(number),
                    ox.NamedNode(EX + graph),
                )
            )
    store.backup(str(folder / "checkpoint"))
    return folder / "checkpoint"


@pytest.fixture(scope="module")
def ask(checkpoint: Path) -> Callable[..., list[bytes | QueryError]]:
    """Ask one worker several requests in turn; a fault takes the place of what was left of the answer."""

    def run(*requests: Request) -> list[bytes | QueryError]:
        async def turn() -> list[bytes | QueryError]:
            worker = await WorkerProcess.start(checkpoint, memory=256 * 2**20, isolation=True)
            assert worker.ready.isolated and worker.ready.triples == 2000 and worker.ready.resident > 0
            answers: list[bytes | QueryError] = []
            try:
                for request in requests:
                    answers.append(await read(worker, request))
            finally:
                await worker.end()
            return answers

        return asyncio.run(turn())

    return run


async def read(worker: WorkerProcess, request: Request) -> bytes | QueryError:
    parts = []
    try:
        await worker.ask(request)
        while (chunk := await worker.receive()) is not None:
            assert len(chunk) <= CHUNK
            parts.append(chunk)
    except QueryError as error:
        return error
    return b"".join(parts)


def count(answer: Any) -> int:
    return int(json.loads(answer)["results"]["bindings"][0]["n"]["value"])


def test_datasets(ask: Callable[..., list[bytes]]) -> None:
    default = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    named = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    from_a = f"SELECT (COUNT(*) AS ?n) FROM <{EX}a> {{ ?s ?p ?o }}"
    answers = ask(
        Request(default, JSON, True),
        Request(from_a, JSON, False),
        Request(default, JSON, False, [EX + "a", EX + "b"], []),
        Request(from_a, JSON, False, [EX + "nowhere"], []),
        Request(named, JSON, False, [], [EX + "b"]),
        Request(named, JSON, False, [EX + "b"], []),
        Request(default, JSON, False, [], [EX + "b"]),
    )
    assert [count(answer) for answer in answers] == [2000, 1000, 2000, 0, 1000, 0, 0]


def test_every_format(ask: Callable[..., list[bytes]]) -> None:
    select, construct = "SELECT * { ?s ?p 7 }", "CONSTRUCT WHERE { ?s ?p 7 }"
    results = [JSON, "application/sparql-results+xml", "text/csv", "text/tab-separated-values"]
    graphs = ["text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json"]
    answers = ask(*[Request(select, f, True) for f in results], *[Request(construct, f, True) for f in graphs])
    assert all(b"http://example.org/" in answer and b"7" in answer for answer in answers)
    for answer, media_type in zip(answers[:2], results, strict=False):
        parsed = ox.parse_query_results(answer, format=ox.QueryResultsFormat.from_media_type(media_type))
        assert isinstance(parsed, ox.QuerySolutions) and len(list(parsed)) == 2
    for answer, media_type in zip(answers[4:], graphs, strict=True):
        assert len(list(ox.parse(answer, format=ox.RdfFormat.from_media_type(media_type)))) == 2


def test_faults_leave_the_worker_whole(ask: Callable[..., list[Any]]) -> None:
    answers = ask(
        Request("SELECT * {", JSON, True),
        Request("ASK {}", "text/turtle", True),
        Request("ASK {}", JSON, False, ["not an iri"], []),
        Request("ASK { SERVICE <http://127.0.0.1:9999/> {} }", JSON, True),
        Request("ASK {}", JSON, True),
    )
    assert [type(answer) for answer in answers] == [QuerySyntaxError] * 3 + [QueryError, bytes]
    assert answers[0].message.startswith("error at 1:") and len(answers[0].message) < 400
    assert "not permitted" in answers[3].message
    assert json.loads(answers[4])["boolean"] is True


def test_a_missing_store_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        asyncio.run(WorkerProcess.start(tmp_path / "none", memory=2**28, isolation=True))


def test_frames_are_told_from_noise(tmp_path: Path) -> None:
    path = tmp_path / "frames"
    path.write_bytes(encode(Kind.DATA, b"abc") + encode(Kind.END) + b"Traceback")
    with path.open("rb") as file:
        channel = Channel(file.fileno(), -1)
        assert channel.receive() == (Kind.DATA, b"abc")
        assert channel.receive() == (Kind.END, b"")
        with pytest.raises(ProtocolError, match="kind of frame"):
            channel.receive()


def test_a_worker_is_apart_from_the_terminal_and_shares_the_processor_with_its_parent(checkpoint: Path) -> None:
    """Ctrl-C is not for it; between sessions niceness would not count (autogroups, sched(7))."""

    async def turn() -> None:
        worker = await WorkerProcess.start(checkpoint, memory=256 * 2**20, isolation=True)
        try:
            pid = worker._process.pid
            assert os.getpgid(pid) == pid and os.getsid(pid) == os.getsid(0)
            worker.yield_to_others(7)
            assert os.getpriority(os.PRIO_PROCESS, worker.ready.thread) == 7
            assert worker.ready.thread != pid, "the thread that answers is another than the first"
        finally:
            await worker.end()

    asyncio.run(turn())
