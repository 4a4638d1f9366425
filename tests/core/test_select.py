"""The variables of a SELECT, and its solutions."""

from __future__ import annotations

import gc
import sys
import threading

import pyoxigraph
import pytest

from core.select import selected, solutions


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("SELECT ?a (1 AS ?b) { ?a ?p ?o }", {"a", "b"}),
        ("SELECT * { ?s ?p ?o }", {"s", "p", "o"}),
        ("ASK {}", set()),
        ("CONSTRUCT WHERE { ?s ?p ?o }", set()),
    ],
)
def test_what_a_query_gives(query: str, names: set[str]) -> None:
    assert selected(query) == names


def test_what_is_no_query_is_said_so() -> None:
    with pytest.raises(SyntaxError):
        selected("SELECT ?a {")


@pytest.fixture
def store() -> pyoxigraph.Store:
    node = pyoxigraph.NamedNode
    store = pyoxigraph.Store()
    for n in range(6):
        graph = node(f"http://e/g{n % 2}")
        store.add(pyoxigraph.Quad(node("http://e/s"), node("http://e/p"), pyoxigraph.Literal(n), graph))
    return store


def test_solutions_have_what_is_bound(store: pyoxigraph.Store) -> None:
    query = "SELECT ?n ?more { ?s ?p ?n BIND(IF(?n > 3, 'large', ?none) AS ?more) } ORDER BY ?n"
    found = solutions(store, query, union=True)
    assert [int(row["n"].value) for row in found] == [0, 1, 2, 3, 4, 5]  # type: ignore[union-attr]
    assert [set(row) for row in found] == [{"n"}] * 4 + [{"n", "more"}] * 2
    assert solutions(store, query, union=True, limit=2) == found[:2]
    assert solutions(store, query) == []


def test_what_gives_no_solutions_is_said_so(store: pyoxigraph.Store) -> None:
    with pytest.raises(ValueError, match="no SELECT"):
        solutions(store, "ASK {}")
    with pytest.raises(SyntaxError):
        solutions(store, "SELECT {")


def test_a_failure_that_another_thread_clears_away_leaves_nothing_of_the_engine(
    store: pyoxigraph.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception in a cycle is garbage, which is collected in whatever thread that happens."""
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)

    def fail() -> None:
        try:
            solutions(store, "DESCRIBE <http://e/s>")
        except ValueError as error:
            cycle = [error]
            cycle.append(cycle)  # type: ignore[arg-type]

    fail()
    collector = threading.Thread(target=gc.collect)
    collector.start()
    collector.join()
    assert unraisable == []
