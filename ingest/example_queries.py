"""The answers of example queries, before and after a change, on a copy of the release's checkpoint."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph

from catalogue.store.guard import inspect
from core.errors import InputError, QueryError, QueryForbidden, StoreError

#: By graph, what stands in it and what is to stand there, as N-Triples.
Replacements = Mapping[str, tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class ExampleQuery:
    """``name`` is that of its file, ``title`` its first line of comment."""

    name: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Answers:
    """The rows of one query, before and after, those that stay not repeated."""

    query: ExampleQuery
    before: int
    after: int
    gone: tuple[str, ...]
    come: tuple[str, ...]


def read_queries(folder: Path) -> tuple[ExampleQuery, ...]:
    """The queries of a folder, ``*.rq``, by name.

    Raises:
        InputError: there is no such folder, or a file is not UTF-8.
    """
    if not folder.is_dir():
        raise InputError("is no folder", where=str(folder), remedy="name a folder of example queries, *.rq")
    found = []
    for path in sorted(folder.glob("*.rq")):
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"is not UTF-8: {error.reason}", where=str(path), remedy="save it as UTF-8") from None
        title = text.partition("\n")[0].lstrip("# ").strip() if text.startswith("#") else path.stem
        found.append(ExampleQuery(path.name, title, text))
    return tuple(found)


def compare_answers(
    queries: Iterable[ExampleQuery], release: pyoxigraph.Store, before: Replacements, after: Replacements
) -> list[Answers]:
    """Ask every query of a release after the replacements of ``before``, then after those of ``after`` as well.

    ``release`` stays as it is: a copy is changed.

    Queries that call a SERVICE are left out: the engine would dial out for them.

    Raises:
        InputError: a query is not SPARQL, or changes something.
        StoreError: the checkpoint cannot be copied.
    """
    with tempfile.TemporaryDirectory(prefix="radiograph-") as folder:
        copy = Path(folder) / "store"
        try:
            release.backup(str(copy))
        except (OSError, RuntimeError) as error:
            raise StoreError(f"the release cannot be copied: {error}", remedy="make room on the disk") from error
        return _ask(copy, tuple(query for query in queries if not _calls(query)), before, after)


def _calls(query: ExampleQuery) -> bool:
    try:
        inspect(query.text)
    except QueryForbidden:
        return True
    except QueryError:
        return False  # what is wrong with it, the engine says better
    return False


def _ask(path: Path, queries: tuple[ExampleQuery, ...], before: Replacements, after: Replacements) -> list[Answers]:
    """The engine lets go of the folder when this returns: it has no other call for that."""
    store = pyoxigraph.Store(str(path))
    _replace(store, before)
    old = [(query, _rows(store, query)) for query in queries]
    _replace(store, after)
    return [_difference(query, rows, _rows(store, query)) for query, rows in old]


def _replace(store: pyoxigraph.Store, graphs: Replacements) -> None:
    for name, contents in graphs.items():
        graph = pyoxigraph.NamedNode(name)
        old, new = (set(ntriples.split(b"\n")) for ntriples in contents)
        for quad in _quads(old - new, graph):
            store.remove(quad)
        store.extend(_quads(new - old, graph))


def _quads(lines: Iterable[bytes], graph: pyoxigraph.NamedNode) -> Iterator[pyoxigraph.Quad]:
    for quad in pyoxigraph.parse(b"\n".join(lines), format=pyoxigraph.RdfFormat.N_TRIPLES):
        yield pyoxigraph.Quad(quad.subject, quad.predicate, quad.object, graph)


def _rows(store: pyoxigraph.Store, query: ExampleQuery) -> list[str]:
    try:
        found = store.query(query.text, use_default_graph_as_union=True)
    except (SyntaxError, ValueError) as error:
        raise InputError(f"is no query: {error}", where=query.name, remedy="correct it") from None
    if isinstance(found, pyoxigraph.QuerySolutions):
        names = [variable.value for variable in found.variables]
        return ["; ".join(f"{name} {_shown(row[name])}" for name in names if row[name] is not None) for row in found]
    if isinstance(found, pyoxigraph.QueryBoolean):
        return [str(bool(found)).lower()]
    return [str(triple) for triple in found]


def _shown(value: object) -> str:
    return value.value if isinstance(value, pyoxigraph.Literal | pyoxigraph.NamedNode) else str(value)


def _difference(query: ExampleQuery, old: list[str], new: list[str]) -> Answers:
    gone, come = _less(old, new), _less(new, old)
    return Answers(query, len(old), len(new), gone, come)


def _less(rows: list[str], others: list[str]) -> tuple[str, ...]:
    left = list(others)
    rest = []
    for row in sorted(rows):
        if row in left:
            left.remove(row)
        else:
            rest.append(row)
    return tuple(rest)
