"""One small release, held by the embedded engine and by real servers, and what each of them answers."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph

from catalogue.remote.declaration import remote_store
from catalogue.remote.location import Location
from catalogue.remote.queries import RemoteQueries
from catalogue.remote.writer import RemoteWriter
from catalogue.store.embedded import EmbeddedStore
from catalogue.store.marker import Marker
from catalogue.store.pool import QueryPool
from catalogue.store.querying import QueryEngine
from core.settings import Settings
from core.terms import XSD
from tests.servers import SparqlServer, declared, write_declaration

BASE = "https://catalogue.example.org"
SOURCE = Path(__file__).parents[2] / "api" / "catalogue.trig"
VALUES = Path(__file__).parent / "values.trig"
#: Triples of the graph that is there for its size.
MANY = 2000

Graphs = Mapping[str, bytes]


def sample() -> dict[str, bytes]:
    """The graphs of a release: descriptions, one literal of each kind, and many alike."""
    graphs: dict[str, list[pyoxigraph.Triple]] = {}
    for path in (SOURCE, VALUES):
        for quad in pyoxigraph.parse(path=path, format=pyoxigraph.RdfFormat.TRIG):
            assert isinstance(quad.graph_name, pyoxigraph.NamedNode)
            graphs.setdefault(quad.graph_name.value, []).append(quad.triple)
    many = (f'<{BASE}/many/{n}> <{BASE}/many#number> "{n}"^^<{XSD.integer}> .\n' for n in range(MANY))
    serialised = {
        name: pyoxigraph.serialize(triples, format=pyoxigraph.RdfFormat.N_TRIPLES) or b""
        for name, triples in graphs.items()
    }
    return serialised | {f"{BASE}/graph/many": "".join(many).encode()}


def marker(release: int = 1) -> Marker:
    """What the release's marker says."""
    return Marker("ledger", release, 7, "2026-01-01T00:00:00+00:00", datetime(2026, 1, 2, tzinfo=UTC))


def embed(folder: Path, graphs: Graphs) -> Path:
    """A checkpoint that holds the graphs."""
    settings = Settings(base_iri=BASE)
    with EmbeddedStore(folder / "writer", settings.identifiers) as store:
        store.load(graphs.items(), marker())
        store.checkpoint(folder / "checkpoint")
    return folder / "checkpoint"


def hold(folder: Path, server: SparqlServer, graphs: Graphs, **options: object) -> tuple[Settings, Path]:
    """Settings that choose the server, and the ``store/`` folder of a release that it holds."""
    declaration = write_declaration(folder / "store.toml", server, options=options)
    settings = Settings(base_iri=BASE, home=folder / "home", store=declaration, query_timeout=20, workers=1)
    store = declared(server)
    with RemoteWriter(store, store.endpoint[0], settings.identifiers) as writer:
        writer.check()
        writer.clear()
        writer.load(graphs.items(), marker())
    return settings, locate(settings, store.endpoint[0].name)


def locate(settings: Settings, endpoint: str, release: int = 1) -> Path:
    """The ``store/`` folder of a release on an endpoint."""
    folder = settings.releases_path / str(release) / "store"
    Location(endpoint, release, "ledger", 7).write(folder)
    return folder


@asynccontextmanager
async def embedded(checkpoint: Path) -> AsyncIterator[QueryPool]:
    """The embedded engine on a checkpoint."""
    pool = QueryPool(Settings(base_iri=BASE, workers=1))
    await pool.switch(checkpoint)
    try:
        yield pool
    finally:
        await pool.stop()


@asynccontextmanager
async def remote(settings: Settings, store: Path) -> AsyncIterator[RemoteQueries]:
    """The remote engine on a release."""
    declared = remote_store(settings)
    assert declared is not None
    queries = RemoteQueries(settings, declared)
    try:
        await queries.switch(store)
        yield queries
    finally:
        await queries.stop()


async def ask(
    engine: QueryEngine,
    query: str,
    accept: str | None = None,
    *,
    default_graphs: tuple[str, ...] = (),
    named_graphs: tuple[str, ...] = (),
    timeout: float | None = None,
) -> bytes:
    """The whole answer to a query."""
    async with engine.query(
        query, accept=accept, default_graphs=default_graphs, named_graphs=named_graphs, timeout=timeout
    ) as answer:
        return b"".join([chunk async for chunk in answer])


def comparable(body: bytes, media_type: str = "") -> object:
    """An answer in a form that is equal for equal answers; by default it is in JSON or Turtle.

    The embedded engine gives xsd:integer for every datatype derived from it; a store may keep the one that was written.
    """
    graph_format = pyoxigraph.RdfFormat.from_media_type(media_type)
    if graph_format is not None or not (media_type or body.startswith(b'{"head"')):
        triples = pyoxigraph.parse(body, format=graph_format or pyoxigraph.RdfFormat.TURTLE)
        dataset = pyoxigraph.Dataset(pyoxigraph.Quad(*quad.triple) for quad in triples)
        dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.UNSTABLE)
        return frozenset(_plain(str(quad)) for quad in dataset)
    if media_type == "text/csv":
        return Counter(tuple(row) for row in csv.reader(io.StringIO(body.decode(), newline="")))
    results_format = pyoxigraph.QueryResultsFormat.from_media_type(media_type or "application/sparql-results+json")
    assert results_format is not None
    found = pyoxigraph.parse_query_results(body, format=results_format)
    if isinstance(found, pyoxigraph.QueryBoolean):
        return bool(found)
    assert isinstance(found, pyoxigraph.QuerySolutions)
    names = sorted(variable.value for variable in found.variables)
    return Counter(tuple(f"{name}={_plain(str(row[name]))}" for name in names) for row in found)


def _plain(text: str) -> str:
    return re.sub("XMLSchema#(?:nonNegative|positive)Integer", "XMLSchema#integer", text)
