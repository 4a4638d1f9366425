"""The writer store on an external SPARQL 1.1 store: what ``EmbeddedStore`` is for publishing, over HTTP.

Updates are cut to what such stores take. No request relies on another having been the same transaction: everything
can be sent twice, and the marker is written last, after what was sent has been counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Self

import pyoxigraph

from catalogue.remote import virtuoso
from catalogue.remote.client import AdminClient, UpdateRefused
from catalogue.remote.declaration import Endpoint, RemoteStore
from catalogue.store.embedded import checked_ntriples
from catalogue.store.marker import Marker
from core.errors import StoreError
from core.identifiers import Identifiers

#: Triples in one GRAPH block: Virtuoso's parser runs out of memory at some five thousand.
_BLOCK = 500
_COUNTS = "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
_NAMES = "SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }"
_TOTAL = "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }"
_BLANK_SUBJECT = re.compile(r"_:(\S+)")
_BLANK_OBJECT = re.compile(r' _:([^\s"]+) \.$')
#: Literals of which a store may keep two as one: "1" and "01", or "true" and "1".
_TYPED = re.compile(r'^(\S+ \S+) .*"\^\^<\S+> \.$', re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Graph:
    """A graph, or a part of one, as lines of N-Triples; ``drop`` says that what stood there goes first."""

    name: str
    lines: tuple[str, ...]
    drop: bool

    @property
    def size(self) -> int:
        return sum(map(len, self.lines))

    def bounds(self) -> tuple[int, int]:
        """The fewest and the most triples that a store may count when it has taken in all of it."""
        typed = [match[1] for match in map(_TYPED.match, self.lines) if match]
        return len(self.lines) - len(typed) + len(set(typed)), len(self.lines)


class RemoteWriter:
    """One endpoint of an external store, opened for publishing."""

    def __init__(self, store: RemoteStore, endpoint: Endpoint, identifiers: Identifiers) -> None:
        """Get ready; nothing is sent yet.

        Raises:
            SettingsError: the secret cannot be read.
        """
        self.endpoint = endpoint
        self._kind = store.kind
        self._limits = store.writing
        self._identifiers = identifiers
        self._release_graph = str(identifiers.graph("release"))
        self._client = AdminClient(store, endpoint)
        self.where = self._client.where

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return sum(self.counts().values())

    def close(self) -> None:
        """Let go of the connections; what was written stays."""
        self._client.close()

    def check(self) -> None:
        """See that the store can be reached, and lets us write.

        Raises:
            StoreError: it does not; nothing was changed.
        """
        self._client.update(f"DROP SILENT GRAPH <{self._identifiers.graph('none')}>")
        if self._kind == "virtuoso":
            seen = [row["g"] for row in self._client.select(_NAMES) if virtuoso.is_own_graph(row.get("g", ""))]
            for query in virtuoso.hiding(seen) if seen else ():
                self._client.administer(query)

    def marker(self) -> Marker | None:
        """What the store says it holds; None where it is empty or was never finished."""
        graph = f"<{self._release_graph}>"
        answer = self._client.construct(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH {graph} {{ ?s ?p ?o }} }}")
        try:
            return Marker.from_quads(pyoxigraph.parse(answer, format=pyoxigraph.RdfFormat.N_TRIPLES))
        except (SyntaxError, ValueError):
            return None

    def counts(self) -> dict[str, int]:
        """How many triples each graph holds, without the graphs that the store brings itself.

        Raises:
            StoreError: the store cannot be asked, or cuts its answers.
        """
        counts = {row["g"]: int(row["n"]) for row in self._client.select(_COUNTS) if "g" in row}
        total = int(self._client.select(_TOTAL)[0]["n"])
        if sum(counts.values()) != total:
            raise StoreError(
                f"the store lists {len(counts):,} graphs, but holds triples in more",
                where=self.where,
                remedy="let it answer without a limit of rows (Virtuoso: ResultSetMaxRows)",
            )
        return {name: count for name, count in counts.items() if not self._own(name)}

    def graph_names(self) -> set[str]:
        """The names of all graphs in the store, without those that it brings itself."""
        return set(self.counts())

    def replace(self, graphs: Mapping[str, bytes | None], marker: Marker) -> None:
        """Replace named graphs by N-Triples (None removes one), then the marker.

        Raises:
            StoreError: something is not N-Triples, and nothing is changed; or the store failed, and the marker is
                still the one before.
        """
        whole = [self._graph(name, ntriples, drop=True) for name, ntriples in graphs.items()]
        for chunk in self._chunks(whole):
            self._write(chunk)
        self._verify({graph.name: graph.bounds() for graph in whole})
        self._mark(marker)

    def load(self, graphs: Iterable[tuple[str, bytes]], marker: Marker) -> None:
        """Fill an empty store; the marker comes last, so that a load cut short is seen by its absence.

        Raises:
            StoreError: the store is not empty, something is not N-Triples, the store failed, or does not hold
                what it was sent.
        """
        if self.counts():
            raise StoreError("only an empty store can be loaded", where=self.where)
        expected: dict[str, tuple[int, int]] = {}

        def prepared() -> Iterator[_Graph]:
            for name, ntriples in graphs:
                graph = self._graph(name, ntriples, drop=False)
                expected[graph.name] = graph.bounds()
                yield graph

        for chunk in self._chunks(prepared()):
            self._write(chunk)
        self._compare(expected, self.counts())
        self._mark(marker)

    def clear(self) -> None:
        """Remove every graph, the marker first.

        Raises:
            StoreError: the store failed.
        """
        self._client.update(f"DROP SILENT GRAPH <{self._release_graph}>")
        if self._kind != "virtuoso":
            self._client.update("DROP SILENT NAMED")
            return
        for names in _slices(sorted(self.graph_names()), self._limits.chunk_graphs):
            self._client.update(" ;\n".join(f"DROP SILENT GRAPH {pyoxigraph.NamedNode(name)}" for name in names))

    def _own(self, name: str) -> bool:
        return self._kind == "virtuoso" and virtuoso.is_own_graph(name)

    def _graph(self, name: str, ntriples: bytes | None, *, drop: bool) -> _Graph:
        """A graph in the form in which the store keeps all of it: checked, and without blank nodes."""
        graph = pyoxigraph.NamedNode(name).value
        lines = dict.fromkeys(checked_ntriples(name, ntriples).decode().split("\n")) if ntriples else {}
        lines.pop("", None)
        named = (self._named(graph, line) if "_:" in line else line for line in lines)
        if self._kind != "virtuoso":
            return _Graph(graph, tuple(named), drop)
        if any(map(virtuoso.has_long_iri, lines)):
            raise StoreError(
                f"an IRI has more than {virtuoso.MAX_IRI:,} bytes, which this store would cut",
                where=graph,
                remedy="withdraw that description, or use another store",
            )
        return _Graph(graph, tuple(map(virtuoso.escaped, named)), drop)

    def _named(self, graph: str, line: str) -> str:
        """A line with IRIs for blank nodes: those cannot be sent in parts, nor twice, nor in Virtuoso's INSERT DATA."""
        start = f"<{self._identifiers.base}/.well-known/genid/{sha256(graph.encode()).hexdigest()[:12]}-"
        line = _BLANK_OBJECT.sub(rf" {start}\1> .", line)
        return _BLANK_SUBJECT.sub(rf"{start}\1>", line, count=1) if line.startswith("_:") else line

    def _chunks(self, graphs: Iterable[_Graph]) -> Iterator[list[_Graph]]:
        """Graphs and parts of graphs, as many as one request takes."""
        limits = self._limits
        chunk: list[_Graph] = []
        triples = size = 0
        for graph in graphs:
            for part in _parts(graph, limits.chunk_triples, limits.chunk_bytes):
                full = triples + len(part.lines) > limits.chunk_triples or size + part.size > limits.chunk_bytes
                if chunk and (full or len(chunk) >= limits.chunk_graphs):
                    yield chunk
                    chunk, triples, size = [], 0, 0
                chunk.append(part)
                triples += len(part.lines)
                size += part.size
        if chunk:
            yield chunk

    def _write(self, chunk: list[_Graph]) -> None:
        """Send a chunk; one that the store refuses is halved until it takes it, or one triple is refused."""
        try:
            if len(chunk) == 1 and self.endpoint.graph_store and len(chunk[0].lines) > _BLOCK:
                self._add(chunk[0])
            else:
                self._client.update(_update(chunk))
        except UpdateRefused as error:
            halves = _halves(chunk)
            if not halves:
                raise StoreError(error.message, where=f"{self.where}, {chunk[0].name}", remedy=error.remedy) from error
            for half in halves:
                self._write(half)

    def _add(self, graph: _Graph) -> None:
        """Send the part of a large graph by the Graph Store Protocol."""
        if graph.drop:
            self._client.update(_update([replace(graph, lines=())]))
        self._client.add(graph.name, ("\n".join(graph.lines) + "\n").encode())

    def _verify(self, expected: Mapping[str, tuple[int, int]]) -> None:
        found: dict[str, int] = {}
        for names in _slices(list(expected), self._limits.chunk_graphs):
            values = " ".join(f"<{name}>" for name in names)
            rows = self._client.select(_COUNTS.replace("{ GRAPH", f"{{ VALUES ?g {{ {values} }} GRAPH", 1))
            found |= {row["g"]: int(row["n"]) for row in rows if "g" in row}
        self._compare(expected, found)

    def _compare(self, expected: Mapping[str, tuple[int, int]], found: Mapping[str, int]) -> None:
        for name, (fewest, most) in expected.items():
            if not fewest <= found.get(name, 0) <= most:
                raise StoreError(
                    f"the store holds {found.get(name, 0):,} triples of {name}, but was sent {most:,}",
                    where=self.where,
                    remedy="see the log of that store, then publish again",
                )

    def _mark(self, marker: Marker) -> None:
        graph = self._graph(self._release_graph, marker.ntriples(self._identifiers), drop=True)
        self._client.update(_update([graph]))


def _update(chunk: list[_Graph]) -> str:
    operations = [f"DROP SILENT GRAPH <{graph.name}>" for graph in chunk if graph.drop]
    blocks = [
        f"GRAPH <{graph.name}> {{\n{lines}\n}}"
        for graph in chunk
        for lines in map("\n".join, _slices(graph.lines, _BLOCK))
    ]
    if blocks:
        operations.append("INSERT DATA {\n" + "\n".join(blocks) + "\n}")
    return " ;\n".join(operations)


def _parts(graph: _Graph, triples: int, size: int) -> Iterator[_Graph]:
    """A graph in parts of at most so many triples and bytes; only the first one drops what was there."""
    part: list[str] = []
    length, drop = 0, graph.drop
    for line in graph.lines:
        if part and (len(part) >= triples or length + len(line) > size):
            yield _Graph(graph.name, tuple(part), drop)
            part, length, drop = [], 0, False
        part.append(line)
        length += len(line)
    if part or drop:
        yield _Graph(graph.name, tuple(part), drop)


def _halves(chunk: list[_Graph]) -> list[list[_Graph]]:
    if len(chunk) > 1:
        middle = len(chunk) // 2
        return [chunk[:middle], chunk[middle:]]
    graph, middle = chunk[0], len(chunk[0].lines) // 2
    if not middle:
        return []
    return [[replace(graph, lines=graph.lines[:middle])], [replace(graph, lines=graph.lines[middle:], drop=False)]]


def _slices(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (items[start : start + size] for start in range(0, len(items), size))
