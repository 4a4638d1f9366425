"""The whole service on real servers: queries, search, graphs and the cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pyoxigraph
import pytest

from catalogue.publication import publish
from core.settings import Settings
from ontology.vocabulary import Vocabularies
from tests.catalogue.home import BASE, Home, make_settings
from tests.deployment import Deployment, Server, serving
from tests.servers import SparqlServer, oxigraph, virtuoso, write_declaration

pytestmark = pytest.mark.ci

SIZE = 12
PREFIXES = "PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX dct: <http://purl.org/dc/terms/> "
SEARCH = f"""{PREFIXES} PREFIX search: <https://w3id.org/radiograph/search#>
SELECT ?title ?id {{
  SERVICE <https://w3id.org/radiograph/search> {{ [] search:text "c7" ; search:dataset ?dataset ; search:limit 3 }}
  ?dataset dct:title ?title ; dct:identifier ?id
}}"""
VERSIONS = f"""{PREFIXES} SELECT ?version (COUNT(*) AS ?n) {{ ?s a dcat:Dataset ; dct:title ?t
  BIND(STRAFTER(STR(?t), "version ") AS ?version) }} GROUP BY ?version #"""
RESULTS = ("application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/tab-separated-values")
GRAPHS = ("text/turtle", "application/n-triples", "application/rdf+xml", "application/ld+json")


@dataclass(frozen=True)
class Running:
    """A service, and the address of one of its datasets."""

    server: Server
    dataset: str

    def get(self, path: str, accept: str = "text/csv", **parameters: str) -> httpx.Response:
        return httpx.get(f"{self.server.url}{path}", params=parameters, headers={"Accept": accept}, timeout=20)


@pytest.fixture(scope="module", params=["virtuoso", "oxigraph", "sparql11"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, vocabularies: Vocabularies
) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp(request.param)
    store = virtuoso(folder / "store") if request.param == "virtuoso" else oxigraph(folder / "store")
    if request.param == "sparql11":
        # What the declaration demands of such a store: the union of all graphs for its default graph.
        store = replace(store, kind="sparql11", command=[*store.command, "--union-default-graph"])
    store.start()
    home = make_home(folder, store)
    release(home, vocabularies)
    try:
        with serving(
            Deployment(home.settings.home), folder / "log", published=True, **environment(home.settings)
        ) as server:
            yield Running(server, home.iri("c7"))
    finally:
        store.stop()


def make_home(folder: Path, store: SparqlServer) -> Home:
    return Home(make_settings(folder / "home", store=write_declaration(folder / "store.toml", store)))


def release(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(*(home.candidate(f"c{number}", "version 1") for number in range(SIZE)))
    publish(home.settings, vocabularies)


def environment(settings: Settings) -> dict[str, str]:
    return {
        "RADIOGRAPH_STORE": str(settings.store),
        "RADIOGRAPH_BASE_IRI": settings.base_iri,
        "RADIOGRAPH_CLIENT_SECONDS": "0",
    }


def test_queries_in_every_format(running: Running) -> None:
    select = f"{PREFIXES} SELECT ?t {{ ?d a dcat:Dataset ; dct:title ?t }} ORDER BY ?t LIMIT 3"
    for media_type in RESULTS:
        answer = running.get("/sparql", media_type, query=select)
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, media_type)
        assert answer.text.count("version 1") == 3
    for media_type in GRAPHS:
        answer = running.get("/sparql", media_type, query=f"DESCRIBE <{running.dataset}>")
        assert answer.status_code == 200 and len(triples(answer)) == 4
    assert running.get("/sparql", RESULTS[0], query=f"ASK {{ <{running.dataset}> ?p ?o }}").json()["boolean"] is True
    counted = running.get("/sparql", query=f"{PREFIXES} SELECT (COUNT(*)/5 AS ?n) {{ ?d a dcat:Dataset }}")
    assert counted.text.split() == ["n", "2.4"]
    for refused, status in (("SELECT * {", 400), ("INSERT DATA { <a:a> <a:b> <a:c> }", 403)):
        assert running.get("/sparql", query=refused).status_code == status


def test_the_same_query_again_comes_from_the_cache(running: Running) -> None:
    hits = cache_hits(running)
    first, again = (running.get("/sparql", query=f"{VERSIONS} again") for _ in range(2))
    assert first.text == again.text and first.text.split() == ["version,n", f"1,{SIZE}"]
    tagged = httpx.get(first.url, headers={"Accept": "text/csv", "If-None-Match": first.headers["etag"]}, timeout=20)
    assert tagged.status_code == 304
    assert cache_hits(running) > hits


def cache_hits(running: Running) -> float:
    text = running.get("/metrics", "text/plain").text
    found = [
        line for line in text.splitlines() if line.startswith("radiograph_result_cache_requests") and "yes" in line
    ]
    return sum(float(line.split()[-1]) for line in found)


def test_search_stands_in_queries(running: Running) -> None:
    answer = running.get("/sparql", query=SEARCH)
    assert answer.status_code == 200, answer.text
    assert answer.text.split("\r\n")[:2] == ["title,id", "c7 version 1,c7"]
    foreign = SEARCH.replace("https://w3id.org/radiograph/search>", "http://127.0.0.1:1/sparql>")
    assert running.get("/sparql", query=foreign).status_code == 403


def test_graphs_by_their_names(running: Running) -> None:
    record = running.dataset.replace("/dataset/", "/record/")
    for media_type in GRAPHS:
        answer = running.get("/graphs", media_type, graph=record)
        assert answer.status_code == 200 and len(triples(answer)) > 4, media_type
        direct = running.get("/graph/release", media_type)
        assert triples(direct) == triples(running.get("/graphs", media_type, graph=f"{BASE}/graph/release"))
    everything = triples(running.get("/graphs", "application/n-triples", default=""))
    count = running.get("/sparql", query="SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?s ?p ?o { ?s ?p ?o } }")
    assert len(everything) == int(count.text.split()[1]) > 4 * SIZE
    assert running.get("/graphs", graph=f"{BASE}/record/one/never").status_code == 404
    assert httpx.head(f"{running.server.url}/graph/release", timeout=20).status_code == 200


def test_it_says_that_it_is_ready(running: Running) -> None:
    assert running.get("/health/ready", "application/json").status_code == 200


def triples(answer: httpx.Response) -> set[str]:
    media_type = answer.headers["content-type"].partition(";")[0]
    found = pyoxigraph.RdfFormat.from_media_type(media_type)
    return {str(quad.triple) for quad in pyoxigraph.parse(answer.content, format=found)}
