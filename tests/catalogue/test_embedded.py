"""What is particular to the embedded engine; the rest is in ``tests/contract/test_stores.py``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyoxigraph
import pytest

from catalogue.store.embedded import EmbeddedStore, count_triples
from catalogue.store.marker import Marker
from core.canonical import from_oxigraph
from core.errors import StoreError
from core.identifiers import Identifiers

IDENTIFIERS = Identifiers("https://catalogue.example.org")
MARKER = Marker("ledger", 3, 17, "2026-01-01T00:00:00+00:00", datetime(2026, 1, 2, tzinfo=UTC), {"http://g": "abc"})
TRIPLE = b'<http://s> <http://p> "x" .\n'


def test_numbers_come_back_normalised_so_descriptions_are_never_read_from_here(tmp_path: Path) -> None:
    integer = "http://www.w3.org/2001/XMLSchema#nonNegativeInteger"
    with EmbeddedStore(tmp_path / "store", IDENTIFIERS) as store:
        store.replace({"http://g": f'<http://s> <http://p> "018"^^<{integer}> .\n'.encode()}, MARKER)
        store.checkpoint(tmp_path / "checkpoint")
    found = pyoxigraph.Store.read_only(str(tmp_path / "checkpoint"))
    graph = pyoxigraph.NamedNode("http://g")
    assert [str(from_oxigraph(quad.object)) for quad in found.quads_for_pattern(None, None, None, graph)] == ["18"]


def test_a_checkpoint_shares_its_files_with_the_store(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "store", IDENTIFIERS) as store:
        store.load([("http://g", b'<http://s> <http://p> "x" .\n')], MARKER)
        store.checkpoint(tmp_path / "checkpoint")
    assert all(file.stat().st_nlink > 1 for file in (tmp_path / "checkpoint").glob("*.sst"))


def test_a_marker_with_a_part_missing_is_no_marker() -> None:
    graph = pyoxigraph.NamedNode(str(IDENTIFIERS.graph("release")))
    parsed = pyoxigraph.parse(MARKER.ntriples(IDENTIFIERS), format=pyoxigraph.RdfFormat.N_TRIPLES)
    quads = [pyoxigraph.Quad(quad.subject, quad.predicate, quad.object, graph) for quad in parsed]
    assert Marker.from_quads(quads) == MARKER
    for index, quad in enumerate(quads):
        if quad.predicate.value.endswith(("releaseNumber", "lastEvent", "ledgerIdentifier", "issued")):
            assert Marker.from_quads(quads[:index] + quads[index + 1 :]) is None


def test_a_checkpoint_does_not_move(tmp_path: Path) -> None:
    with EmbeddedStore(tmp_path / "store", IDENTIFIERS) as store:
        store.replace({"http://g/1": TRIPLE}, MARKER)
        store.checkpoint(tmp_path / "first")
        size = len(store)
        store.replace({"http://g/2": TRIPLE}, MARKER)
        assert count_triples(tmp_path / "first") == size == len(store) - 1
        assert len(EmbeddedStore(tmp_path / "first", IDENTIFIERS)) == size


def test_a_store_is_opened_once(tmp_path: Path) -> None:
    with (
        EmbeddedStore(tmp_path / "store", IDENTIFIERS),
        pytest.raises(StoreError, match="cannot be opened"),
    ):
        EmbeddedStore(tmp_path / "store", IDENTIFIERS)


def test_what_is_no_store_is_told(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StoreError, match="radiograph store rebuild"):
        EmbeddedStore(tmp_path / "store", IDENTIFIERS)
    with pytest.raises(StoreError, match="checkpoint cannot be opened"):
        count_triples(tmp_path / "missing")
