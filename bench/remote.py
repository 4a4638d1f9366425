"""What the remote engine adds to asking its store directly, and where an external store overtakes the embedded engine.

    python -m bench.remote [--write] [--triples 100000 1000000]

A Virtuoso of its own is filled with descriptions made alike; each query is asked directly and through the remote
engine in turn, then of the embedded engine. Ratios count, not seconds: both run on the same machine at the same time.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from catalogue.remote.connection import Connections, Target
from catalogue.remote.declaration import remote_store
from catalogue.remote.location import Location
from catalogue.remote.queries import RemoteQueries
from catalogue.remote.writer import RemoteWriter
from catalogue.store.embedded import EmbeddedStore
from catalogue.store.marker import Marker
from catalogue.store.pool import QueryPool
from catalogue.store.querying import QueryEngine
from core.settings import Settings
from tests.servers import declared, virtuoso, write_declaration

_BASE = "https://bench.example.org"
_RESULT = Path(__file__).parent / "results" / "2026-11-22-remote.md"
_PREFIXES = f"PREFIX v: <{_BASE}/v#> PREFIX dct: <http://purl.org/dc/terms/> "
#: Queries by what they stand for; the facets are aggregates over everything.
MIX = {
    "one title": f"SELECT ?t {{ <{_BASE}/d/17> dct:title ?t }}",
    "one description": f"SELECT ?p ?o {{ <{_BASE}/d/18> ?p ?o }}",
    "graph": f"CONSTRUCT WHERE {{ <{_BASE}/d/19> ?p ?o }}",
    "search and page": "SELECT ?d ?t { ?d v:modality 'M3' ; dct:title ?t } ORDER BY ?t LIMIT 100",
    "facet": "SELECT ?m (COUNT(?d) AS ?n) { ?d v:modality ?m } GROUP BY ?m",
    "two facets": "SELECT ?m ?b (COUNT(DISTINCT ?d) AS ?n) { ?d v:modality ?m ; v:bodyPart ?b } GROUP BY ?m ?b",
}
FACETS = ("facet", "two facets")
EXPORT = "SELECT ?d ?p ?o { ?d ?p ?o } LIMIT 100000"
_PROPERTIES = 10


def _graphs(triples: int) -> Iterator[tuple[str, bytes]]:
    """Descriptions in a graph each hundred, of ten triples each."""
    number = triples // _PROPERTIES
    for start in range(0, number, 100):
        lines = [line for n in range(start, min(start + 100, number)) for line in _description(n)]
        yield f"{_BASE}/record/{start}", "".join(lines).encode()


def _description(n: int) -> Iterator[str]:
    subject = f"<{_BASE}/d/{n}>"
    yield f'{subject} <http://purl.org/dc/terms/title> "Collection {n} of images"@en .\n'
    yield f'{subject} <{_BASE}/v#modality> "M{n % 12}" .\n'
    yield f'{subject} <{_BASE}/v#bodyPart> "B{n % 37}" .\n'
    for k in range(_PROPERTIES - 3):
        yield f'{subject} <{_BASE}/v#p{k}> "value {n * k % 1009} of property {k}" .\n'


async def _time(ask: Callable[[], Awaitable[int]], runs: int) -> float:
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        assert await ask()
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


async def _whole(engine: QueryEngine, query: str, accept: str | None = None) -> int:
    async with engine.query(query, accept=accept) as answer:
        return sum([len(chunk) async for chunk in answer])


async def _measure(triples: int, folder: Path) -> list[str]:
    settings = Settings(base_iri=_BASE, home=folder / "home", workers=1, query_timeout=120)
    marker = Marker("bench", 1, 1, "2026-01-01T00:00:00+00:00", datetime(2026, 1, 1, tzinfo=UTC))
    with EmbeddedStore(folder / "writer", settings.identifiers) as store:
        store.load(_graphs(triples), marker)
        store.checkpoint(folder / "checkpoint")
    server = virtuoso(folder / "virtuoso", buffers=120_000)
    server.start()
    try:
        path = write_declaration(folder / "store.toml", server, options={"writing": {"chunk_triples": 5000}})
        remote_settings = settings.model_copy(update={"store": path})
        endpoint = declared(server).endpoint[0]
        with RemoteWriter(declared(server), endpoint, settings.identifiers) as writer:
            writer.check()
            writer.load(_graphs(triples), marker)
        held = remote_settings.releases_path / "1" / "store"
        Location(endpoint.name, 1, "bench", 1).write(held)
        declaration = remote_store(remote_settings)
        assert declaration is not None
        remote, pool = RemoteQueries(remote_settings, declaration), QueryPool(settings)
        await remote.switch(held)
        await pool.switch(folder / "checkpoint")
        try:
            return await _compare(triples, remote, pool, server.query)
        finally:
            await remote.stop()
            await pool.stop()
    finally:
        server.kill()


async def _compare(triples: int, remote: RemoteQueries, pool: QueryPool, address: str) -> list[str]:
    rows = []
    ratios = []
    target = Target.of(address)
    connections = Connections(target, 5.0, 8)

    async def direct(query: str, accept: str) -> int:
        path = f"{target.path}?{urlencode({'query': _PREFIXES + query})}"
        request = f"GET {path} HTTP/1.1\r\nHost: {target.authority}\r\nAccept: {accept}\r\n\r\n"
        connection = await connections.ask(request.encode())
        size = 0
        while (data := await connection.read()) is not None:
            size += len(data)
        connections.give_back(connection)
        return size

    for name, query in [*MIX.items(), ("export of 100,000 rows", EXPORT)]:
        accept = "text/turtle" if query.startswith("CONSTRUCT") else "application/sparql-results+json"
        runs = 3 if query == EXPORT or name in FACETS else 200
        text = _PREFIXES + query
        await _whole(remote, text, accept)
        straight = [await _time(lambda: direct(query, accept), runs) for _ in range(2)]  # noqa: B023
        through = [await _time(lambda: _whole(remote, text, accept), runs) for _ in range(2)]  # noqa: B023
        inside = await _time(lambda: _whole(pool, text, accept), 3)  # noqa: B023
        ratio = min(through) / min(straight)
        ratios.append(ratio)
        rows.append(
            f"| {triples:,} | {name} | {min(straight) * 1000:.1f} | {min(through) * 1000:.1f} | {ratio:.2f} "
            f"| {inside * 1000:.1f} | {inside / min(through):.2f} |"
        )
    rows.append(f"| {triples:,} | median of the ratios | | | {statistics.median(ratios):.2f} | | |")
    return rows


def main() -> None:
    """Measure, print, and keep the table where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    heads = ("Triples", "Query", "Virtuoso directly, ms", "Remote, ms", "Ratio", "Embedded, ms", "Embedded / remote")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for triples in options.triples:
        with tempfile.TemporaryDirectory() as folder:
            lines += asyncio.run(_measure(triples, Path(folder)))
    print("\n".join(lines))
    if options.write:
        _RESULT.write_text(f"# The remote engine beside Virtuoso and the embedded engine\n\n{chr(10).join(lines)}\n")


if __name__ == "__main__":
    main()
