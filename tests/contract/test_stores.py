"""What every engine of the writer store must do; a new engine joins by adding itself to ``ENGINES``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.store.embedded import EmbeddedStore, count_triples
from catalogue.store.marker import Marker
from core.canonical import from_oxigraph, to_oxigraph
from core.errors import StoreError
from core.identifiers import Identifiers

IDENTIFIERS = Identifiers("https://catalogue.example.org/base")
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

Opener = Callable[[Path], EmbeddedStore]
ENGINES: dict[str, Opener] = {"embedded": lambda path: EmbeddedStore(path, IDENTIFIERS)}


@pytest.fixture(params=ENGINES)
def open_store(request: pytest.FixtureRequest) -> Opener:
    return ENGINES[request.param]


def marker(event: int = 1, **graphs: str) -> Marker:
    digests = {f"https://catalogue.example.org/base/graph/{name}": digest for name, digest in graphs.items()}
    return Marker("ledger", 1, event, "2026-01-01T00:00:00+00:00", CREATED, digests)


def triple(text: str) -> bytes:
    return f'<http://s> <http://p> "{text}" .\n'.encode()


def test_a_new_store_is_empty_and_has_no_marker(open_store: Opener, tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        assert len(store) == 0 and store.marker() is None


def test_replacing_moves_graphs_and_marker_together(open_store: Opener, tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        store.replace({"http://g/1": triple("one"), "http://g/2": triple("two")}, marker(1))
        store.replace({"http://g/1": triple("three"), "http://g/2": None, "http://g/3": None}, marker(2, links="abc"))
        assert store.marker() == marker(2, links="abc")
        assert store.graph_names() == {"http://g/1", str(IDENTIFIERS.graph("release"))}


def test_a_bad_graph_changes_nothing(open_store: Opener, tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        store.replace({"http://g/1": triple("one")}, marker(1))
        size = len(store)
        triple_of = b'<http://s> <http://p> "x" .'
        escaping = triple_of + b" } } ; DROP ALL ; INSERT DATA { GRAPH <http://g> { " + triple_of + b"\n"
        for bad in (b"no triples", escaping, b'<http://s> <http://p> "x" <http://elsewhere> .\n'):
            with pytest.raises(StoreError, match="http://g/1: not N-Triples"):
                store.replace({"http://g/2": triple("two"), "http://g/1": bad}, marker(2))
        assert store.marker() == marker(1) and len(store) == size


def test_loading_fills_an_empty_store_only(open_store: Opener, tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        store.load(((f"http://g/{number}", triple(str(number))) for number in range(1000)), marker(3))
        assert store.marker() == marker(3) and len(store.graph_names()) == 1001
        with pytest.raises(StoreError, match="only an empty store"):
            store.load([("http://g/1", triple("x"))], marker(4))


def test_a_load_cut_short_leaves_no_marker(open_store: Opener, tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        with pytest.raises(StoreError, match="not N-Triples"):
            store.load([("http://g/1", triple("x")), ("http://g/2", b"broken")], marker())
        assert store.marker() is None


def test_loading_and_replacing_hold_the_same(open_store: Opener, tmp_path: Path) -> None:
    graphs = {f"http://g/{number}": triple(str(number)) for number in range(20)}
    for name in ("loaded", "replaced"):
        with open_store(tmp_path / name) as store:
            if name == "loaded":
                store.load(graphs.items(), marker())
            else:
                store.replace(graphs, marker())
            store.checkpoint(tmp_path / f"{name}-checkpoint")
    loaded, replaced = (pyoxigraph.Store.read_only(str(tmp_path / f"{n}-checkpoint")) for n in ("loaded", "replaced"))
    assert set(loaded) == set(replaced)


def test_a_checkpoint_does_not_move(open_store: Opener, tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        store.replace({"http://g/1": triple("one")}, marker(1))
        store.checkpoint(tmp_path / "first")
        size = len(store)
        store.replace({"http://g/2": triple("two")}, marker(2))
        assert count_triples(tmp_path / "first") == size == len(store) - 1
        assert len(EmbeddedStore(tmp_path / "first", IDENTIFIERS)) == size


def test_what_was_written_is_there_after_reopening(open_store: Opener, tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        store.replace({"http://g/1": triple("one")}, marker(5))
    with open_store(tmp_path / "store") as store:
        assert store.marker() == marker(5)


def test_a_store_is_opened_once(open_store: Opener, tmp_path: Path) -> None:
    with open_store(tmp_path / "store"), pytest.raises(StoreError, match="cannot be opened"):
        open_store(tmp_path / "store")


def test_what_is_no_store_is_told(open_store: Opener, tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError, match="radiograph store rebuild"):
        open_store(tmp_path / "store")
    with pytest.raises(StoreError, match="checkpoint cannot be opened"):
        count_triples(tmp_path / "missing")


@settings(max_examples=6, deadline=None)
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=60))
def test_any_literal_survives(texts: list[str], tmp_path_factory: pytest.TempPathFactory) -> None:
    """Both ways in, whatever the text: quotes, escapes, control characters, SPARQL."""
    from rdflib import Literal

    ntriples = "".join(f"<http://s> <http://p> {to_oxigraph(Literal(text))} .\n" for text in texts).encode()
    folder = tmp_path_factory.mktemp("literal")
    for name in ("loaded", "replaced"):
        with EmbeddedStore(folder / name, IDENTIFIERS) as store:
            if name == "loaded":
                store.load([("http://g/1", ntriples)], marker())
            else:
                store.replace({"http://g/1": ntriples}, marker())
            store.checkpoint(folder / f"{name}-checkpoint")
        found = pyoxigraph.Store.read_only(str(folder / f"{name}-checkpoint"))
        graph = pyoxigraph.NamedNode("http://g/1")
        assert {str(from_oxigraph(quad.object)) for quad in found.quads_for_pattern(None, None, None, graph)} == set(
            texts
        )
