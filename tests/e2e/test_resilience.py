"""The service under kill -9, and while releases are published as fast as they can be."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bench.watching import children
from tests.deployment import ROOT, Deployment, Server, serving, start, stop

pytestmark = pytest.mark.idc

_EXAMPLE = ROOT / "examples" / "dcat-ap-minimal.ttl"
#: Seconds within which the service has to answer again.
AGAIN = 2.0
_HEAVY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
#: The release that an answer comes from, by the store's own word and by what it holds.
_CONSISTENT = """PREFIX radiograph: <https://w3id.org/radiograph/ontology#> PREFIX dcat: <http://www.w3.org/ns/dcat#>
SELECT ?release (COUNT(DISTINCT ?record) AS ?records) {
  ?r radiograph:releaseNumber ?release . ?record a dcat:CatalogRecord ; <http://xmlns.com/foaf/0.1/primaryTopic> ?d
} GROUP BY ?release"""


def _ask(server: Server, query: str = "ASK { ?s ?p ?o }", timeout: float = 30) -> httpx.Response:
    number = time.monotonic_ns()  # a text of its own, so that workers answer and not the cache
    address = f"{server.url}/sparql"
    return httpx.post(address, data={"query": f"{query} # {number}"}, headers={"Accept": "*/*"}, timeout=timeout)


def _ask_in_vain(server: Server) -> None:
    with pytest.raises(httpx.TransportError):
        _ask(server, _HEAVY)


def _answers_again(server: Server) -> float:
    """Seconds until a query is answered."""
    began = time.monotonic()
    while time.monotonic() < began + 30:
        try:
            if _ask(server, timeout=AGAIN).status_code == 200:
                return time.monotonic() - began
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise AssertionError("the service did not answer for 30 seconds")


def test_any_killed_process_is_replaced(published: Deployment, tmp_path: Path) -> None:
    """Idle workers, busy workers, all workers at once, a judge of descriptions: kill -9 to each."""
    with serving(published, tmp_path / "log", RADIOGRAPH_QUERY_TIMEOUT="20") as server:
        judged = httpx.post(
            f"{server.url}/validate",
            content=_EXAMPLE.read_bytes(),
            headers={"Content-Type": "text/turtle"},
            timeout=60,
        )
        assert judged.status_code == 200
        waits = []
        for victim in children(server.process.pid):
            os.kill(victim, signal.SIGKILL)
            waits.append(_answers_again(server))
        busy = threading.Thread(target=_ask, args=(server, _HEAVY))
        busy.start()
        time.sleep(0.5)
        for victim in children(server.process.pid):
            os.kill(victim, signal.SIGKILL)
        waits.append(_answers_again(server))
        busy.join(30)
        assert not busy.is_alive()
        assert len(waits) >= 4 and max(waits) < AGAIN, waits


def test_workers_end_with_their_parent(published: Deployment, tmp_path: Path) -> None:
    server = start(published, tmp_path / "log", RADIOGRAPH_QUERY_TIMEOUT="30")
    try:
        busy = threading.Thread(target=_ask_in_vain, args=(server,))
        busy.start()
        time.sleep(0.5)
        workers = children(server.process.pid)
        assert len(workers) >= 2
        server.process.kill()
        server.process.wait(10)
        busy.join(30)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and any(_running(worker) for worker in workers):
            time.sleep(0.05)
        assert not [worker for worker in workers if _running(worker)]
    finally:
        stop(server.process)
    with serving(published, tmp_path / "log-2") as again:
        assert _ask(again).status_code == 200


@pytest.mark.ci
def test_releases_under_load_lose_and_mix_nothing(copied: Deployment, tmp_path: Path) -> None:
    """Every answer is of one release, none fails, and clients never see an older one again."""
    records = [json.loads(line) for line in copied.run("events", "list", "--json").stdout.splitlines()]
    # All clients have one address here, and together they use more than one may.
    with serving(copied, tmp_path / "log", RADIOGRAPH_CLIENT_SECONDS="0") as server, _load(server) as seen:
        for record in records[:2]:
            copied.run("descriptions", "withdraw", str(record["iri"]), "--reason", "test")
            copied.run("publish")
            time.sleep(1.5)
        time.sleep(1.0)
    assert not seen.failures
    pairs = set(seen.answers)
    assert {release for release, _ in pairs} == {1, 2, 3}
    assert len(pairs) == 3, f"an answer mixes releases: {sorted(pairs)}"
    first = next(number for release, number in pairs if release == 1)
    assert {number for _, number in pairs} == {first, first - 1, first - 2}
    for answers in seen.by_client.values():
        assert [release for release, _ in answers] == sorted(release for release, _ in answers)


class _Seen:
    """What the clients of a load got: pairs of release and number of records."""

    def __init__(self) -> None:
        self.by_client: dict[int, list[tuple[int, int]]] = {}
        self.failures: list[str] = []

    @property
    def answers(self) -> list[tuple[int, int]]:
        return [pair for answers in self.by_client.values() for pair in answers]


@contextmanager
def _load(server: Server, clients: int = 6) -> Iterator[_Seen]:
    """Clients that ask without a pause until the block ends."""
    seen, over = _Seen(), threading.Event()

    def client(number: int) -> None:
        own = seen.by_client[number] = []
        with httpx.Client(timeout=30) as connection:
            while not over.is_set():
                query = f"{_CONSISTENT} # {number} {len(own)}"
                try:
                    response = connection.get(
                        f"{server.url}/sparql", params={"query": query}, headers={"Accept": "application/json"}
                    )
                    (row,) = response.raise_for_status().json()["results"]["bindings"]
                except (httpx.HTTPError, ValueError) as error:
                    seen.failures.append(repr(error))
                else:
                    own.append((int(row["release"]["value"]), int(row["records"]["value"])))

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join(60)


def _running(pid: int) -> bool:
    """Whether a process still runs; one that only waits to be reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
