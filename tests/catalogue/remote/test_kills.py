"""SIGKILL of the publisher at every step, with real stores: nobody is ever answered from a half-written release."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from catalogue.publication import publish, rebuild_store
from catalogue.release import Release
from catalogue.remote.location import Location, is_blocked
from ontology.vocabulary import Vocabularies
from tests.catalogue.home import Home
from tests.catalogue.remote import victim
from tests.catalogue.remote.conftest import Maker, quads
from tests.servers import SparqlServer

ROOT = Path(__file__).parents[3]
#: Those of the run in CI; all of them are for the campaign.
FEW = ("services are told", "some of the graphs are written", "the switch is complete", "old releases are forgotten")
SIZES = [
    pytest.param(FEW, id="few", marks=pytest.mark.ci),
    pytest.param(tuple(victim.POINTS), id="all", marks=pytest.mark.slow),
]
#: After these the release is current already.
COMMITTED = {"old releases are forgotten"}


class Victims:
    """The process that forks the children to be killed."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def order(self, **order: Any) -> int:
        """Let a child publish; returns its exit status."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def victims(home: Home) -> Iterator[Victims]:
    script = Path(victim.__file__)
    process = subprocess.Popen(
        [sys.executable, str(script), str(home.settings.home), str(home.settings.store)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Victims(process)
    finally:
        process.communicate(timeout=30)


def current(home: Home) -> Release:
    with home.open() as ledger:
        release = ledger.current_release()
    assert release is not None
    return release


def age(home: Home) -> None:
    for folder in home.settings.releases_path.glob("*/store"):
        os.utime(folder, (0, 0))


@pytest.mark.parametrize("points", SIZES)
def test_with_two_endpoints_the_last_release_serves_on(
    points: tuple[str, ...],
    oxigraph_server: SparqlServer,
    green: SparqlServer,
    home_on: Maker,
    vocabularies: Vocabularies,
) -> None:
    home = home_on(oxigraph_server, green, writing={"chunk_graphs": 10})
    servers = {"blue": oxigraph_server, "green": green}
    with victims(home) as killer:
        assert killer.order(version=0) == 0
        age(home)
        assert killer.order(version=1) == 0
        for version, point in enumerate(points, start=2):
            age(home)
            before = current(home)
            held = quads(_server(home, servers))
            assert killer.order(version=version, point=point) == -9, point
            assert not is_blocked(home.settings, current(home)), point
            if point in COMMITTED:
                assert current(home).number == before.number + 1
            else:
                assert current(home) == before and quads(_server(home, servers)) == held, point
        _finish(home, servers, killer, version, vocabularies)


@pytest.mark.parametrize("kind", [pytest.param("oxigraph", marks=pytest.mark.slow), "virtuoso"])
@pytest.mark.parametrize("points", SIZES)
def test_with_one_endpoint_it_is_whole_or_not_ready(
    points: tuple[str, ...], kind: str, request: pytest.FixtureRequest, home_on: Maker, vocabularies: Vocabularies
) -> None:
    server: SparqlServer = request.getfixturevalue(f"{kind}_server")
    home = home_on(server, writing={"chunk_graphs": 10})
    chance, outcomes = random.Random(20261122), []
    with victims(home) as killer:
        assert killer.order(version=0) == 0
        for version, point in enumerate(points, start=1):
            assert killer.order(version=version, point=point) == -9, point
            outcomes.append(_whole_or_blocked(home, server))
        for _ in range(2):
            version += 1
            killer.order(version=version, after=chance.uniform(0.1, 1.0))
            outcomes.append(_whole_or_blocked(home, server))
        assert {"blocked", "whole"} <= set(outcomes)
        assert killer.order(version=version + 1, point="some of the graphs are written") == -9
        assert is_blocked(home.settings, current(home))
        release = current(home)
        assert rebuild_store(home.settings, vocabularies) == release
        assert _whole_or_blocked(home, server) == "whole"
        _finish(home, {"blue": server}, killer, version + 2, vocabularies)


def _server(home: Home, servers: dict[str, SparqlServer]) -> SparqlServer:
    location = Location.read(current(home).path / "store")
    assert location is not None
    return servers[location.endpoint]


def _whole_or_blocked(home: Home, server: SparqlServer) -> str:
    release = current(home)
    if is_blocked(home.settings, release):
        return "blocked"
    assert len(quads(server)) == release.triples
    return "whole"


def _finish(
    home: Home, servers: dict[str, SparqlServer], killer: Victims, version: int, vocabularies: Vocabularies
) -> None:
    """Undisturbed, it comes to what loading all of it anew comes to."""
    age(home)
    assert killer.order(version=version) == 0
    assert not is_blocked(home.settings, current(home))
    reached = quads(_server(home, servers))
    assert len(reached) == current(home).triples
    age(home)
    assert rebuild_store(home.settings, vocabularies) is not None
    assert quads(_server(home, servers)) == reached
    assert publish(home.settings, vocabularies) == current(home)
