"""Homes whose releases go to real servers, and what those servers hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from catalogue.remote.virtuoso import is_own_graph
from catalogue.remote.writer import RemoteWriter
from ontology.vocabulary import Vocabularies
from tests.catalogue.home import Home, make_settings
from tests.catalogue.remote.victim import one_vocabulary
from tests.servers import SparqlServer, declared, oxigraph, write_declaration

Maker = Callable[..., Home]


@pytest.fixture
def home_on(tmp_path: Path) -> Maker:
    """Makes a home on one or two servers, which are emptied first."""

    def make(*servers: SparqlServer, **options: object) -> Home:
        path = write_declaration(tmp_path / "store.toml", *servers, options={"grace": 0.1, **options})
        settings = make_settings(tmp_path / "home", store=path, query_timeout=0.1)
        store = declared(*servers)
        for endpoint in store.endpoint:
            with RemoteWriter(store, endpoint, settings.identifiers) as writer:
                writer.clear()
        return Home(settings)

    return make


@pytest.fixture
def green(tmp_path: Path) -> Iterator[SparqlServer]:
    """A second Oxigraph server, beside the one of the session."""
    server = oxigraph(tmp_path / "green")
    server.start()
    yield server
    server.stop()


def quads(server: SparqlServer) -> set[str]:
    """Everything a server holds, as text that can be compared."""
    query = "SELECT ?g ?s ?p ?o WHERE { GRAPH ?g { ?s ?p ?o } }"
    accept = {"Accept": "application/sparql-results+json"}
    answer = httpx.post(server.query, data={"query": query}, headers=accept, timeout=60)
    rows = answer.raise_for_status().json()["results"]["bindings"]
    return {json.dumps(row, sort_keys=True) for row in rows if not is_own_graph(row["g"]["value"])}


def titles(server: SparqlServer) -> dict[str, str]:
    """The titles a server holds, by identifier."""
    query = (
        "PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX dct: <http://purl.org/dc/terms/> "
        "SELECT ?id ?title WHERE { GRAPH ?g { ?s a dcat:Dataset ; dct:identifier ?id ; dct:title ?title } }"
    )
    accept = {"Accept": "application/sparql-results+json"}
    answer = httpx.post(server.query, data={"query": query}, headers=accept, timeout=60)
    rows = answer.raise_for_status().json()["results"]["bindings"]
    return {row["id"]["value"]: row["title"]["value"] for row in rows}


@pytest.fixture(scope="session")
def vocabularies() -> Vocabularies:
    """One small vocabulary: what is shown here does not depend on the others."""
    return one_vocabulary()
