"""The answers of example queries, before and after a change, on a copy of the release's checkpoint."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph

from catalogue.examples import Example
from catalogue.store.guard import inspect
from catalogue.store.syntax import readable
from core.errors import InputError, QueryError, QueryForbidden, StoreError

#: By graph, what stands in it and what is to stand there, as N-Triples.
Replacements = Mapping[str, tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answers:
    """The rows of one query, before and after, those that stay not repeated."""

    query: Example
    before: int
    after: int
    gone: tuple[str, ...]
    come: tuple[str, ...]


def compare_answers(
    queries: Iterable[Example], release: pyoxigraph.Store, before: Replacements, after: Replacements
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


def _calls(query: Example) -> bool:
    try:
        inspect(query.query)
    except QueryForbidden:
        return True
    except QueryError:
        return False  # what is wrong with it, the engine says better
    return False


def _ask(path: Path, queries: tuple[Example, ...], before: Replacements, after: Replacements) -> list[Answers]:
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


def _rows(store: pyoxigraph.Store, query: Example) -> list[str]:
    try:
        found = store.query(query.in_place, use_default_graph_as_union=True)
    except (SyntaxError, ValueError) as error:
        reason = f"is no query: {readable(str(error))}"
        raise InputError(reason, where=f"{query.name}.rq", remedy="correct it") from None
    if isinstance(found, pyoxigraph.QuerySolutions):
        names = [variable.value for variable in found.variables]
        return ["; ".join(f"{name} {_shown(row[name])}" for name in names if row[name] is not None) for row in found]
    if isinstance(found, pyoxigraph.QueryBoolean):
        return [str(bool(found)).lower()]
    return [str(triple) for triple in found]


def _shown(value: object) -> str:
    return value.value if isinstance(value, pyoxigraph.Literal | pyoxigraph.NamedNode) else str(value)


def _difference(query: Example, old: list[str], new: list[str]) -> Answers:
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
