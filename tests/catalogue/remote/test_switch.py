"""Releases on real external stores: which endpoint gets them, what they hold, and what stops a publication."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import httpx
import pytest

from catalogue.backup import backup, restore
from catalogue.publication import publish, rebuild_store, rollback
from catalogue.remote.location import Location, Switching, is_blocked
from catalogue.remote.writer import RemoteWriter
from core.errors import ReleaseError, SettingsError
from ontology.vocabulary import Vocabularies
from tests.catalogue.home import Home, make_settings
from tests.catalogue.remote.conftest import Maker, quads, titles
from tests.servers import SparqlServer, declared, write_declaration


@pytest.fixture(params=["oxigraph", pytest.param("virtuoso", marks=pytest.mark.ci)])
def server(request: pytest.FixtureRequest) -> SparqlServer:
    found: SparqlServer = request.getfixturevalue(f"{request.param}_server")
    return found


def holder(home: Home, number: int) -> str:
    location = Location.read(home.settings.releases_path / str(number) / "store")
    assert location is not None and location.release == number
    return location.endpoint


def age(home: Home) -> None:
    """Let the current release be old enough that nobody reads the one before any more."""
    for folder in home.settings.releases_path.glob("*/store"):
        os.utime(folder, (0, 0))


def test_one_endpoint_from_the_first_release_to_a_rollback(
    server: SparqlServer, home_on: Maker, vocabularies: Vocabularies
) -> None:
    """By the events since the marker it comes to what loading anew comes to, and numbers go on."""
    home = home_on(server)
    home.ingest(*(home.candidate(name) for name in "abcd"))
    first = publish(home.settings, vocabularies)
    assert titles(server) == {name: f"{name} first" for name in "abcd"}
    assert first.triples == len(quads(server)) == json.loads((first.path / "manifest.json").read_text())["triples"]
    assert [path.name for path in (first.path / "store").iterdir()] == ["endpoint.json"]
    assert Switching.read(home.settings.releases_path) == Switching("blue", 1, complete=True)

    home.ingest(home.candidate("a", "second"), home.candidate("b"), home.candidate("c"), home.candidate("e"))
    second = publish(home.settings, vocabularies, allow_shrink=True)
    expected = {"a": "a second", "b": "b first", "c": "c first", "e": "e first"}
    assert titles(server) == expected and second.triples == len(quads(server))
    by_events = quads(server)
    assert rebuild_store(home.settings, vocabularies) == second
    assert quads(server) == by_events
    assert publish(home.settings, vocabularies) == second, "nothing new"

    third = rollback(home.settings, vocabularies, 1)
    assert third.number == 3 and titles(server) == {name: f"{name} first" for name in "abcd"}


def test_two_endpoints_take_turns(
    oxigraph_server: SparqlServer, green: SparqlServer, home_on: Maker, vocabularies: Vocabularies
) -> None:
    home = home_on(oxigraph_server, green)
    for number, (name, server) in enumerate((("blue", oxigraph_server), ("green", green)) * 2, start=1):
        home.ingest(home.candidate("a", f"version {number}"), home.candidate(f"new-{number}"), complete=False)
        other = titles(green if server is oxigraph_server else oxigraph_server)
        assert publish(home.settings, vocabularies).number == number
        assert holder(home, number) == name and titles(server)["a"] == f"a version {number}"
        assert f"new-{number - 1}" in titles(server) or number == 1, "what the release it missed brought, too"
        assert titles(green if server is oxigraph_server else oxigraph_server) == other, "the other serves on"
        age(home)
    by_events = quads(green)
    assert rebuild_store(home.settings, vocabularies) is not None
    assert holder(home, 4) == "blue" and quads(oxigraph_server) == by_events


@pytest.mark.ci
def test_an_endpoint_that_was_served_a_moment_ago_is_left_time_to_finish(
    oxigraph_server: SparqlServer,
    green: SparqlServer,
    home_on: Maker,
    vocabularies: Vocabularies,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("catalogue.remote.switch.time.sleep", waits.append)
    home = home_on(oxigraph_server, green)
    for number in range(3):
        home.ingest(home.candidate("a", f"version {number}"))
        publish(home.settings, vocabularies)
    assert len(waits) == 2 and all(1 < wait <= 3.1 for wait in waits)


def test_what_is_not_ours_is_not_touched(
    server: SparqlServer, home_on: Maker, vocabularies: Vocabularies, tmp_path: Path
) -> None:
    home = home_on(server)
    home.ingest(home.candidate("a"))
    _insert(server, "http://elsewhere.example/graph")
    with pytest.raises(ReleaseError, match="graphs that are not of this catalogue, such as http://elsewhere"):
        publish(home.settings, vocabularies)
    assert len(quads(server)) == 1
    _update(server, "DROP SILENT GRAPH <http://elsewhere.example/graph>")

    publish(home.settings, vocabularies)
    held = quads(server)
    stranger = Home(make_settings(tmp_path / "stranger", store=home.settings.store))
    stranger.ingest(stranger.candidate("b"))
    with pytest.raises(ReleaseError, match="another catalogue with the same base IRI"):
        publish(stranger.settings, vocabularies)
    assert quads(server) == held


@pytest.mark.ci
def test_a_store_that_lost_its_content_is_filled_again(
    oxigraph_server: SparqlServer, home_on: Maker, vocabularies: Vocabularies
) -> None:
    home = home_on(oxigraph_server)
    home.ingest(home.candidate("a"), home.candidate("b"))
    release = publish(home.settings, vocabularies)
    held = quads(oxigraph_server)
    _update(oxigraph_server, "DROP ALL")
    assert publish(home.settings, vocabularies) == release, "nothing new, but something to mend"
    assert quads(oxigraph_server) == held
    _update(oxigraph_server, "DROP ALL")
    home.ingest(home.candidate("a", "second"), home.candidate("b"))
    publish(home.settings, vocabularies)
    assert titles(oxigraph_server) == {"a": "a second", "b": "b first"}


@pytest.mark.ci
def test_moving_to_an_external_store_and_back(
    oxigraph_server: SparqlServer, home_on: Maker, vocabularies: Vocabularies
) -> None:
    outside = home_on(oxigraph_server)
    inside = Home(make_settings(outside.settings.home))
    inside.ingest(inside.candidate("a"))
    release = publish(inside.settings, vocabularies)
    moved = publish(outside.settings, vocabularies)
    assert moved.number == release.number and titles(oxigraph_server) == {"a": "a first"}
    assert holder(outside, 1) == "blue"
    assert publish(inside.settings, vocabularies).number == 1
    assert (release.path / "store" / "CURRENT").exists(), "a checkpoint again"


@pytest.mark.ci
def test_a_backup_is_restored_to_the_store(
    oxigraph_server: SparqlServer, home_on: Maker, vocabularies: Vocabularies, tmp_path: Path
) -> None:
    """The store holds a later release by then; that its ledger is gone is no obstacle."""
    home = home_on(oxigraph_server)
    home.ingest(home.candidate("a"))
    publish(home.settings, vocabularies)
    held = quads(oxigraph_server)
    backup(home.settings, tmp_path / "all.tar")
    home.ingest(home.candidate("a", "second"))
    publish(home.settings, vocabularies)
    restore(home.settings, tmp_path / "all.tar", vocabularies, force=True)
    assert quads(oxigraph_server) == held and holder(home, 1) == "blue"
    home.ingest(home.candidate("a", "third"))
    assert publish(home.settings, vocabularies).number == 2 and titles(oxigraph_server) == {"a": "a third"}


@pytest.mark.ci
def test_a_wrong_password_changes_nothing_and_is_not_told(
    virtuoso_server: SparqlServer, home_on: Maker, vocabularies: Vocabularies, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = home_on(virtuoso_server)
    home.ingest(home.candidate("a"))
    first = publish(home.settings, vocabularies)
    held = quads(virtuoso_server)
    home.ingest(home.candidate("a", "second"))
    monkeypatch.setenv("RADIOGRAPH_TEST_STORE_PASSWORD", "wr0ng-secret")
    with pytest.raises(ReleaseError, match="does not let us in") as refused:
        publish(home.settings, vocabularies)
    assert "the last one goes on serving" in str(refused.value) and "check [auth]" in str(refused.value)
    assert "wr0ng" not in str(refused.value)
    assert quads(virtuoso_server) == held and not is_blocked(home.settings, first)
    monkeypatch.delenv("RADIOGRAPH_TEST_STORE_PASSWORD")
    with pytest.raises(SettingsError, match=r"RADIOGRAPH_TEST_STORE_PASSWORD: .*empty"):
        publish(home.settings, vocabularies)


@pytest.mark.ci
def test_an_endpoint_that_is_down(
    oxigraph_server: SparqlServer, green: SparqlServer, home_on: Maker, vocabularies: Vocabularies
) -> None:
    """The other one serves on, and a rebuild brings back what the dead one held."""
    home = home_on(oxigraph_server, green, writing={"attempts": 2})
    home.ingest(home.candidate("a"))
    first = publish(home.settings, vocabularies)
    age(home)
    home.ingest(home.candidate("a", "second"))
    green.kill()
    with pytest.raises(ReleaseError, match=r"the last one goes on serving: no answer: .*'green'"):
        publish(home.settings, vocabularies)
    assert titles(oxigraph_server) == {"a": "a first"} and not is_blocked(home.settings, first)
    green.start()
    assert publish(home.settings, vocabularies).number == 2 and titles(green) == {"a": "a second"}
    green.kill()
    shutil.rmtree(green.folder / "data")
    age(home)
    assert rebuild_store(home.settings, vocabularies) is not None
    assert holder(home, 2) == "blue" and titles(oxigraph_server) == {"a": "a second"}


def test_a_declaration_that_is_wrong_is_told_by_name(
    home_on: Maker, oxigraph_server: SparqlServer, vocabularies: Vocabularies
) -> None:
    home = home_on(oxigraph_server)
    assert isinstance(home.settings.store, Path)
    write_declaration(home.settings.store, oxigraph_server, options={"kind": "blazegraph"})
    home.ingest(home.candidate("a"))
    with pytest.raises(SettingsError, match="kind: "):
        publish(home.settings, vocabularies)


def _update(server: SparqlServer, text: str) -> None:
    headers = {"Content-Type": "application/sparql-update"}
    httpx.post(server.update, content=text, headers=headers, auth=server.auth).raise_for_status()


def _insert(server: SparqlServer, graph: str) -> None:
    _update(server, f"INSERT DATA {{ GRAPH <{graph}> {{ <http://s> <http://p> 1 }} }}")


@pytest.mark.ci
def test_the_writer_sees_no_graphs_that_virtuoso_brings(virtuoso_server: SparqlServer, home_on: Maker) -> None:
    home = home_on(virtuoso_server)
    store = declared(virtuoso_server)
    with RemoteWriter(store, store.endpoint[0], home.settings.identifiers) as writer:
        assert writer.graph_names() == set() and len(writer) == 0
