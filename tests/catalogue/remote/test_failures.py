"""Stores that die or fill up while a release is being written to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalogue.publication import publish
from catalogue.remote.location import is_blocked
from catalogue.remote.writer import RemoteWriter
from core.errors import ReleaseError
from ontology.vocabulary import Vocabularies
from tests.catalogue.remote.conftest import Maker, quads, titles
from tests.servers import SparqlServer, oxigraph


@pytest.fixture
def full(tmp_path: Path) -> Iterator[SparqlServer]:
    """A server none of whose files may grow beyond 400 KiB, as on a full disk."""
    server = oxigraph(tmp_path / "full")
    command = server.command
    server.command = ["sh", "-c", 'trap "" XFSZ; ulimit -f 800; exec "$0" "$@"', *command]
    server.start()
    yield server
    server.command = command
    server.stop()


def die_in_the_middle(server: SparqlServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill a server when the first part of a release has been written to it."""
    real = RemoteWriter._write

    def dying(self: RemoteWriter, chunk: Any) -> None:
        real(self, chunk)
        server.kill()

    monkeypatch.setattr(RemoteWriter, "_write", dying)


@pytest.mark.parametrize("name", ["green", pytest.param("virtuoso_server", marks=pytest.mark.ci)])
def test_the_only_endpoint_dies_in_the_middle(
    name: str,
    request: pytest.FixtureRequest,
    home_on: Maker,
    vocabularies: Vocabularies,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server: SparqlServer = request.getfixturevalue(name)
    home = home_on(server, writing={"attempts": 1, "chunk_graphs": 3})
    home.ingest(*(home.candidate(letter) for letter in "abcdefgh"))
    first = publish(home.settings, vocabularies)
    home.ingest(*(home.candidate(letter, "second") for letter in "abcdefgh"))
    with monkeypatch.context() as patch:
        die_in_the_middle(server, patch)
        with pytest.raises(ReleaseError, match="answered with 503 until it is: no answer: the connection was refused"):
            publish(home.settings, vocabularies)
    assert is_blocked(home.settings, first)
    with pytest.raises(ReleaseError, match="answered with 503"):
        publish(home.settings, vocabularies)
    server.start()
    assert set(titles(server).values()) > {"a second"}, "half of it is there"
    second = publish(home.settings, vocabularies)
    assert not is_blocked(home.settings, second) and len(quads(server)) == second.triples
    assert set(titles(server).values()) == {f"{letter} second" for letter in "abcdefgh"}


@pytest.mark.ci
def test_one_of_two_endpoints_dies_in_the_middle(
    oxigraph_server: SparqlServer,
    green: SparqlServer,
    home_on: Maker,
    vocabularies: Vocabularies,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home = home_on(oxigraph_server, green, writing={"attempts": 1, "chunk_graphs": 3})
    home.ingest(*(home.candidate(name) for name in "abcdefgh"))
    first = publish(home.settings, vocabularies)
    held = quads(oxigraph_server)
    home.ingest(home.candidate("a", "second"))
    with monkeypatch.context() as patch:
        die_in_the_middle(green, patch)
        with pytest.raises(ReleaseError, match="the last one goes on serving: no answer"):
            publish(home.settings, vocabularies, allow_shrink=True)
    assert not is_blocked(home.settings, first) and quads(oxigraph_server) == held
    green.start()
    second = publish(home.settings, vocabularies, allow_shrink=True)
    assert titles(green) == {"a": "a second"} and len(quads(green)) == second.triples


@pytest.mark.ci
def test_a_full_store_is_told_and_no_release_is_made(
    full: SparqlServer, oxigraph_server: SparqlServer, home_on: Maker, vocabularies: Vocabularies
) -> None:
    home = home_on(oxigraph_server, full, writing={"attempts": 1})
    home.ingest(*(home.candidate(f"c{number}") for number in range(300)))
    first = publish(home.settings, vocabularies)
    held = quads(oxigraph_server)
    home.ingest(home.candidate("c1", "second"))
    with pytest.raises(ReleaseError, match=r"the last one goes on serving: .*'green'"):
        publish(home.settings, vocabularies, allow_shrink=True)
    assert quads(oxigraph_server) == held and not is_blocked(home.settings, first)
    with home.open() as ledger:
        assert ledger.current_release() == first
