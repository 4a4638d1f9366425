"""What the remote engine adds to asking its store directly, and where an external store overtakes the embedded engine.

A Virtuoso of its own is filled with triples made from the real graph (:mod:`bench.stores`) in chunks, as publishing
does. The queries are those of ``bench/mix``. Each is asked directly, by the leanest client there is (the engine's own
connections, bytes read and thrown away), and through the engine, in blocks of ten by turns, so that whatever else the
machine does hits both alike; each time with another comment, so that no cache of texts helps. The embedded engine is
asked beside them. Then the whole service is: the same query anew, and again from its result cache.

    python -m bench.remote [--triples 1000000 5000000] [--requests 200] [--turns 5] [--write]

Ratios count, not milliseconds.
"""

from __future__ import annotations

import argparse
import datetime
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count, groupby
from pathlib import Path
from urllib.parse import quote_plus, urlsplit

import pyoxigraph
import uvloop

from bench.sparql import EXPORTS, MIX, SLOW, SMALL, Client, Server, accepted, running
from bench.stores import BASE, environment, large_home, quads_of, store_of
from catalogue.remote.connection import Connections, Target
from catalogue.remote.declaration import RemoteStore
from catalogue.remote.location import Location
from catalogue.remote.queries import RemoteQueries
from catalogue.remote.writer import RemoteWriter
from catalogue.store.marker import Marker
from catalogue.store.pool import QueryPool
from catalogue.store.querying import QueryEngine
from core.settings import Settings
from tests.deployment import COMMAND
from tests.servers import declared, virtuoso, write_declaration

RESULTS = Path(__file__).parent / "results"
_RELEASE = f"{BASE}/graph/release"
_numbers = count(time.time_ns())

Asks = Callable[[str, str], Awaitable[int]]


@dataclass(frozen=True)
class Loaded:
    """A Virtuoso that holds the triples, a home whose release it is, and seconds that filling it took."""

    address: str
    declared: RemoteStore
    settings: Settings
    checkpoint: Path
    triples: int
    seconds: float

    @property
    def store(self) -> Path:
        return store_of(self.settings.home)


@contextmanager
def loaded(triples: int, folder: Path) -> Iterator[Loaded]:
    """Fill a new Virtuoso, a graph at a time, so that no more than the largest graph and a chunk are in memory."""
    made, quads = large_home(triples), quads_of(triples)
    home = folder / "home"
    shutil.copytree(made, home, ignore=shutil.ignore_patterns("store"))
    server = virtuoso(folder / "virtuoso", buffers=120_000)
    server.start()
    try:
        path = write_declaration(folder / "store.toml", server, options={"writing": {"chunk_triples": 5000}})
        settings = Settings(home=home, base_iri=BASE, store=path, workers=1, query_timeout=600)
        store = declared(server)
        graphs = ((name, ntriples) for name, ntriples in _graphs(quads) if name != _RELEASE)
        marker = _marker(quads)
        begun = time.perf_counter()
        with RemoteWriter(store, store.endpoint[0], settings.identifiers) as writer:
            writer.check()
            writer.load(graphs, marker)
            held = len(writer)
        seconds = time.perf_counter() - begun
        release = max((home / "releases").glob("[0-9]*"), key=lambda found: int(found.name))
        Location(store.endpoint[0].name, marker.release, marker.ledger, marker.event).write(release / "store")
        yield Loaded(server.query, store, settings, store_of(made), held, seconds)
    finally:
        server.kill()


def _graphs(quads: Path) -> Iterator[tuple[str, bytes]]:
    """The graphs of a file of N-Quads in which the lines of each stand together."""
    with quads.open("rb") as lines:
        for name, group in groupby(lines, key=lambda line: line.rsplit(b" ", 2)[1]):
            yield name[1:-1].decode(), b"".join(line.rsplit(b" ", 2)[0] + b" .\n" for line in group)


def _marker(quads: Path) -> Marker:
    found = next(ntriples for name, ntriples in _graphs(quads) if name == _RELEASE)
    marker = Marker.from_quads(pyoxigraph.parse(found, format=pyoxigraph.RdfFormat.N_TRIPLES))
    if marker is None:
        raise RuntimeError(f"{quads} has no marker of a release")
    return marker


@asynccontextmanager
async def engines(held: Loaded) -> AsyncIterator[tuple[Asks, Asks, Asks]]:
    """What asks Virtuoso directly, through the remote engine, and the embedded engine; each gives a number of bytes."""
    target = Target.of(held.address)
    connections = Connections(target, 5.0, 8)

    async def direct(query: str, accept: str) -> int:
        head = f"GET {target.path}?query={quote_plus(query)} HTTP/1.1\r\nHost: {target.authority}\r\nAccept: {accept}"
        connection = await connections.ask(f"{head}\r\n\r\n".encode())
        size = 0
        while (data := await connection.read()) is not None:
            size += len(data)
        connections.give_back(connection)
        return size

    def through(engine: QueryEngine) -> Asks:
        async def ask(query: str, accept: str) -> int:
            async with engine.query(query, accept=accept) as answer:
                return sum([len(chunk) async for chunk in answer])

        return ask

    remote, pool = RemoteQueries(held.settings, held.declared), QueryPool(held.settings)
    await remote.switch(held.store)
    await pool.switch(held.checkpoint)
    try:
        yield direct, through(remote), through(pool)
    finally:
        connections.close()
        await remote.stop()
        await pool.stop()


async def compare(held: Loaded, requests: int, turns: int) -> list[str]:
    """A line for each query of the mix: medians of the small ones, the best turn of the others."""
    heads = ("query", "directly, ms", "remote, ms", "ratio", "difference, ms", "embedded, ms", "embedded / remote")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    totals: dict[str, list[float]] = {}
    asked = [(name, accepted(name)) for name in (*SMALL, *SLOW)]
    asked += [(name, media_type) for name, media_types in EXPORTS.items() for media_type in media_types]
    async with engines(held) as asks:
        for name, accept in asked:
            small = name in SMALL
            block = 10 if small else 1
            taken: list[list[float]] = [[], [], []]
            for turn in range(requests // 10 if small else turns):
                for ask, times in zip(asks if turn < 3 else asks[:2], taken, strict=False):
                    times += [await _timed(ask, MIX[name], accept) for _ in range(block)]
            straight, remote, inside = (statistics.median(times[block:]) if small else min(times) for times in taken)
            for group in (f"all {name.partition('-')[0]}-*", "all of them"):
                before = totals.get(group, [0.0, 0.0])
                totals[group] = [before[0] + straight, before[1] + remote]
            shown = f"{name} ({accept.rpartition('/')[2]})" if name in EXPORTS else name
            lines.append(_line(shown, straight, remote) + f" {inside:.2f} | {inside / remote:.2f} |")
    return [*lines, *(f"{_line(group, *totals[group])} | |" for group in sorted(totals, key="all of them".__eq__))]


def _line(name: str, straight: float, remote: float) -> str:
    return f"| {name} | {straight:.2f} | {remote:.2f} | {remote / straight:.2f} | {remote - straight:+.2f} |"


async def _timed(ask: Asks, query: str, accept: str) -> float:
    text = f"# {next(_numbers)}\n{query}"
    begun = time.perf_counter()
    size = await ask(text, accept)
    taken = time.perf_counter() - begun
    if not size:
        raise RuntimeError(f"nothing came for\n{query}")
    return taken * 1e3


def whole(held: Loaded, folder: Path, requests: int) -> list[str]:
    """The small queries by an ordinary client: of Virtuoso, of the service anew, and of the service again."""
    settings = {"RADIOGRAPH_STORE": str(held.settings.store), "RADIOGRAPH_CLIENT_SECONDS": "0"}
    command = [*COMMAND, "serve", "--port", "{port}"]
    lines = ["| query | Virtuoso, ms | the service, ms | difference, ms | asked again, ms |", "|---|---|---|---|---|"]
    with running("Radiograph", "/sparql", command, environment(held.settings.home, **settings), folder) as service:
        store = Server("Virtuoso", urlsplit(held.address).port or 80, "/sparql")
        for name in SMALL:
            clients = [Client(store), Client(service), Client(service)]
            taken: list[list[float]] = [[], [], []]
            for _ in range(requests // 10):
                for number, (client, times) in enumerate(zip(clients, taken, strict=True)):
                    answers = [client.ask(MIX[name], accepted(name), fresh=number < 2) for _ in range(10)]
                    times += [answer.whole * 1e3 for answer in answers]
            its, mine, again = (statistics.median(times[10:]) for times in taken)
            lines.append(f"| {name} | {its:.2f} | {mine:.2f} | {mine - its:+.2f} | {again:.2f} |")
    return lines


def report(sizes: list[int], requests: int, turns: int) -> str:
    """Everything, as Markdown."""
    lines = [f"# The remote engine beside Virtuoso and the embedded engine, {datetime.date.today()}", ""]
    lines += ["Made by `python -m bench.remote`; what is measured how stands at its head. Compare ratios.", ""]
    for size in sizes:
        with tempfile.TemporaryDirectory() as name, loaded(size, Path(name)) as held:
            rate = held.triples / held.seconds
            lines += [f"## {held.triples:,} triples", "", f"Written in chunks at {rate:,.0f} triples/s.", ""]
            lines += [*uvloop.run(compare(held, requests, turns)), "", *whole(held, Path(name), requests), ""]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write the results where wanted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--triples", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--requests", type=int, default=200, help="of each small query, to each")
    parser.add_argument("--turns", type=int, default=5, help="of each slow query and export")
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    text = report(arguments.triples, arguments.requests, arguments.turns)
    print(text)
    if arguments.write:
        (RESULTS / f"{datetime.date.today()}-remote.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
