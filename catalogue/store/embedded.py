"""The writer store on Oxigraph, embedded: it takes in releases; queries read its checkpoints, never itself.

Numeric literals come back from it normalised (``"18"^^xsd:nonNegativeInteger`` as ``xsd:integer``), so a
description is never read from here: the ledger has its bytes.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self, cast

import pyoxigraph

from catalogue.store.marker import Marker
from core.errors import StoreError
from core.identifiers import Identifiers

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class EmbeddedStore:
    """A folder with named graphs, opened by one process at a time."""

    def __init__(self, path: Path, identifiers: Identifiers) -> None:
        """Open the store in ``path``, or make an empty one.

        Raises:
            StoreError: another process has it open, or it is damaged.
        """
        self.path = path
        self._identifiers = identifiers
        self._release_graph = str(identifiers.graph("release"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._store = pyoxigraph.Store(str(path))
        except (OSError, RuntimeError) as error:
            locked = "lock" in str(error).lower()
            raise StoreError(
                f"the writer store cannot be opened: {error}",
                where=str(path),
                remedy="end the process that has it open"
                if locked
                else "check free space and permissions; if they are in order, run `radiograph store rebuild`",
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self._store)

    def close(self) -> None:
        """Let go of the folder; the store cannot be used afterwards."""
        # The engine closes when nothing refers to it any more; it has no call for that.
        del self._store

    def marker(self) -> Marker | None:
        """What the store says it holds; None where it is empty or was never finished."""
        graph = pyoxigraph.NamedNode(self._release_graph)
        return Marker.from_quads(self._store.quads_for_pattern(None, None, None, graph))

    def graph_names(self) -> set[str]:
        """The names of all graphs in the store."""
        return {graph.value for graph in self._store.named_graphs() if isinstance(graph, pyoxigraph.NamedNode)}

    def replace(self, graphs: Mapping[str, bytes | None], marker: Marker) -> None:
        """Replace named graphs by N-Triples (None removes one), and the marker, in one transaction.

        Raises:
            StoreError: something is not N-Triples; nothing is changed.
        """
        operations = [
            operation
            for name, ntriples in [*graphs.items(), (self._release_graph, marker.ntriples(self._identifiers))]
            for operation in _replacement(name, ntriples)
        ]
        try:
            self._store.update(" ;\n".join(operations))
        except SyntaxError as error:
            raise StoreError(f"an update was refused: {error}", where=str(self.path)) from error

    def load(self, graphs: Iterable[tuple[str, bytes]], marker: Marker) -> None:
        """Fill an empty store; the marker comes last, so that a load cut short is seen by its absence.

        Raises:
            StoreError: the store is not empty, or something is not N-Triples.
        """
        if len(self._store):
            raise StoreError("only an empty store can be loaded", where=str(self.path))
        chunks = (_quads(name, ntriples) for name, ntriples in graphs)
        stream = cast(IO[bytes], _ChunkReader(chunks))
        self._store.bulk_load(stream, format=pyoxigraph.RdfFormat.N_QUADS)
        self._store.flush()
        self.replace({}, marker)

    def checkpoint(self, path: Path) -> int:
        """Make an immutable copy in the missing folder ``path``; files are shared by hard links where possible.

        Returns how many triples are in it, opened as queries will.

        Raises:
            StoreError: it does not open.
        """
        self._store.flush()
        self._store.backup(str(path))
        return count_triples(path)


def count_triples(path: Path) -> int:
    """Open a checkpoint as queries will, and count its triples.

    Raises:
        StoreError: it cannot be opened.
    """
    try:
        return len(pyoxigraph.Store.read_only(str(path)))
    except (OSError, RuntimeError) as error:
        raise StoreError(f"the checkpoint cannot be opened: {error}", where=str(path)) from error


def remove_store(path: Path) -> None:
    """Remove a store's folder, if it is there."""
    if path.exists():
        shutil.rmtree(path)


def _replacement(name: str, ntriples: bytes | None) -> Iterator[str]:
    graph = pyoxigraph.NamedNode(name)
    yield f"DROP SILENT GRAPH {graph}"
    if ntriples:
        yield f"INSERT DATA {{ GRAPH {graph} {{ {checked_ntriples(name, ntriples).decode()} }} }}"


def _quads(name: str, ntriples: bytes) -> bytes:
    # In N-Triples " .\n" ends a line and stands nowhere else: line ends in literals are escaped.
    return checked_ntriples(name, ntriples).replace(b" .\n", f" {pyoxigraph.NamedNode(name)} .\n".encode())


def checked_ntriples(name: str, ntriples: bytes) -> bytes:
    """Parse and write N-Triples again, so that nothing in them can reach beyond their graph."""
    try:
        triples = pyoxigraph.parse(ntriples, format=pyoxigraph.RdfFormat.N_TRIPLES)
        checked = pyoxigraph.serialize((quad.triple for quad in triples), format=pyoxigraph.RdfFormat.N_TRIPLES)
    except (SyntaxError, ValueError) as error:
        raise StoreError(f"not N-Triples: {error}", where=name) from error
    return checked or b""


class _ChunkReader(io.RawIOBase):
    """A readable file made of chunks, so that a bulk load needs no copy of the whole."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
