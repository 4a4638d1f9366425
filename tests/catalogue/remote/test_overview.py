"""`radiograph store show` and `radiograph status` with an external store."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from typer.testing import CliRunner, Result

from catalogue.publication import publish
from catalogue.remote.location import Switching
from ontology.vocabulary import Vocabularies
from radiograph import app
from tests.catalogue.remote.conftest import Maker
from tests.servers import SparqlServer

Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments: CliRunner().invoke(app, list(arguments))


def test_each_endpoint_says_what_it_holds(
    oxigraph_server: SparqlServer,
    green: SparqlServer,
    home_on: Maker,
    vocabularies: Vocabularies,
    monkeypatch: pytest.MonkeyPatch,
    run: Run,
) -> None:
    home = home_on(oxigraph_server, green, writing={"attempts": 1})
    monkeypatch.setenv("RADIOGRAPH_HOME", str(home.settings.home))
    monkeypatch.setenv("RADIOGRAPH_STORE", str(home.settings.store))
    monkeypatch.setenv("RADIOGRAPH_BASE_IRI", home.settings.base_iri)
    home.ingest(home.candidate("a"))
    assert run("store", "show").exit_code == 0, "there is nothing to serve yet"
    release = publish(home.settings, vocabularies)
    shown = json.loads(run("store", "show", "--json").stdout)
    empty = {"name": "green", "serving": False, "ready": False, "release": None, "triples": 0, "problem": None}
    full = {"name": "blue", "serving": True, "ready": True, "release": 1, "triples": release.triples, "problem": None}
    assert shown == {"engine": "oxigraph", "release": 1, "endpoints": [full, empty]}
    assert json.loads(run("status", "--json").stdout)["endpoint"] == "blue"
    assert "on endpoint blue" in run("status").stdout

    Switching("blue", 2, complete=False).write(home.settings.releases_path)
    green.kill()
    result = run("store", "show")
    assert result.exit_code == 1 and "store rebuild" in result.stderr
    assert "to be mended" in result.stdout and "the connection was refused" in result.stdout


def test_the_embedded_engine(
    run: Run, monkeypatch: pytest.MonkeyPatch, home_on: Maker, oxigraph_server: SparqlServer
) -> None:
    home = home_on(oxigraph_server)
    home.ingest(home.candidate("a"))
    monkeypatch.setenv("RADIOGRAPH_HOME", str(home.settings.home))
    monkeypatch.setenv("RADIOGRAPH_BASE_IRI", home.settings.base_iri)
    assert run("store", "show").stdout.startswith("embedded")
