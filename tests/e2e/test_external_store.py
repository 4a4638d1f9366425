"""Publishing to an external store under a running service: no answer mixes releases, two endpoints fail no query."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from catalogue.publication import publish
from tests.catalogue.home import Home, few_vocabularies, make_settings
from tests.deployment import Deployment, Server, serving
from tests.servers import SparqlServer, oxigraph, virtuoso, write_declaration

SIZE = 40
QUERY = """PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX dct: <http://purl.org/dc/terms/>
SELECT ?version (COUNT(*) AS ?n) WHERE { ?s a dcat:Dataset ; dct:title ?t
  BIND(STRAFTER(STR(?t), "version ") AS ?version) }
GROUP BY ?version #"""

pytestmark = pytest.mark.ci


class Reader(threading.Thread):
    """Asks without a pause, each time another query, so that no cache has the answer."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._url = f"{server.url}/sparql"
        self._end = threading.Event()
        self.seen: Counter[tuple[int, str]] = Counter()

    def run(self) -> None:
        with httpx.Client(headers={"Accept": "text/csv"}, timeout=20) as client:
            for number in range(20_000):
                if self._end.wait(0.01):
                    return
                answer = client.get(self._url, params={"query": f"{QUERY} {number}"})
                self.seen[answer.status_code, answer.text if answer.is_success else ""] += 1

    def wait_for(self, version: int) -> None:
        """Until an answer was of this release, for a while at most."""
        deadline = time.monotonic() + 8
        while time.monotonic() < deadline and not any(f"{version},{SIZE}" in text for _, text in list(self.seen)):
            time.sleep(0.05)

    def stop(self) -> None:
        self._end.set()
        self.join()


@pytest.mark.parametrize(
    "kinds", [[oxigraph], [oxigraph, oxigraph], [virtuoso, virtuoso]], ids=["one", "two", "virtuosos"]
)
def test_every_answer_is_of_one_release(kinds: list[Callable[[Path], SparqlServer]], tmp_path: Path) -> None:
    servers = [start(tmp_path / f"server-{number}") for number, start in enumerate(kinds)]
    for server in servers:
        server.start()
    declaration = write_declaration(tmp_path / "store.toml", *servers, options={"grace": 1.0})
    home, vocabularies = (
        Home(make_settings(tmp_path / "home", store=declaration, query_timeout=1.0)),
        few_vocabularies(),
    )
    settings = {
        "RADIOGRAPH_STORE": str(declaration),
        "RADIOGRAPH_BASE_IRI": home.settings.base_iri,
        "RADIOGRAPH_QUERY_TIMEOUT": "1",
        "RADIOGRAPH_CLIENT_SECONDS": "0",
    }

    def release(version: int) -> None:
        home.ingest(*(home.candidate(f"c{number}", f"version {version}") for number in range(SIZE)))
        publish(home.settings, vocabularies)

    try:
        release(1)
        with serving(Deployment(tmp_path / "home"), tmp_path / "log", published=True, **settings) as running:
            reader = Reader(running)
            reader.start()
            try:
                for version in (2, 3):
                    release(version)
                    reader.wait_for(version)
            finally:
                reader.stop()
    finally:
        for server in servers:
            server.kill()
    answers = {text.split()[-1] for status, text in reader.seen if status == 200}
    assert answers == {f"{version},{SIZE}" for version in (1, 2, 3)}
    assert all(len(text.split()) == 2 for status, text in reader.seen if status == 200), "a heading and one version"
    refused = {status for status, _ in reader.seen} - {200}
    assert refused == ({503} if len(servers) == 1 else set())
