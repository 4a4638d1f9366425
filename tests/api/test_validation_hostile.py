"""Documents made to do harm, posted to a real server: each is answered in words, within limits, and nobody is called.

The server is a process of its own, as an operator runs it; what it and its judging processes hold is read from /proc.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from catalogue.store.isolation import memory_in_use
from tests.api.hostile.families import inputs
from tests.api.hostile.request import LISTENER, Hostile
from tests.deployment import Deployment, Server, serving

#: Limits of the server under test.
SECONDS = 4
MEMORY = 512
#: Seconds that an answer may take besides: waiting for a process, starting one, and sending tens of megabytes.
PATIENCE = 20
_GOOD = (Path(__file__).parents[2] / "examples" / "dcat-ap-minimal.ttl").read_bytes()


@dataclass
class Listener:
    """Listens on the loopback interface, where no document may have anybody call."""

    port: int
    calls: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        found = Listener(server.getsockname()[1])
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    connection, caller = server.accept()
                except TimeoutError:
                    continue
                found.calls.append(str(caller))
                connection.close()

        thread = threading.Thread(target=listen)
        thread.start()
        yield found
        done.set()
        thread.join(5)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("hostile")
    limits = {"RADIOGRAPH_VALIDATE_TIMEOUT": str(SECONDS), "RADIOGRAPH_VALIDATE_MEMORY_MB": str(MEMORY)}
    with serving(Deployment(home / "home"), home / "log", published=False, **limits) as running:
        yield running


class Watch:
    """The most memory that the server and each of its children held, in bytes."""

    def __init__(self, pid: int) -> None:
        self.server = self.children = 0
        self._pid = pid
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(5)

    def _look(self) -> None:
        while not self._done.wait(0.1):
            self.server = max(self.server, _resident(self._pid))
            self.children = max([self.children, *(_resident(pid) for pid in children(self._pid))])


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def _resident(pid: int) -> int:
    try:
        return memory_in_use(pid)[1]
    except OSError:
        return 0


def _post(client: httpx.Client, one: Hostile, listener: Listener) -> tuple[str, int, str | None]:
    """The family of a document, the status of the answer to it, and what is wrong with that; None where it is right."""
    body = one.body().replace(LISTENER.encode(), f"http://127.0.0.1:{listener.port}".encode())
    headers = {**({"Content-Type": one.media_type} if one.media_type else {}), **one.headers}
    content = iter([body[start : start + 65536] for start in range(0, len(body), 65536)]) if one.chunked else body
    started = time.monotonic()
    try:
        response = client.post(f"/validate?{one.query}", content=content, headers=headers)
    except httpx.HTTPError as error:
        return one.family, 0, f"{one.family}, {one.media_type!r}, {body[:80]!r}: no answer, {error!r}"
    return one.family, response.status_code, _wrong(one, body, response, time.monotonic() - started)


def _wrong(one: Hostile, body: bytes, response: httpx.Response, seconds: float) -> str | None:
    told = f"{one.family}, {one.media_type!r}, {body[:80]!r}: {response.status_code} after {seconds:.1f} s"
    if response.status_code not in one.right or not (200 <= response.status_code < 500):
        return f"{told}, not {sorted(one.right)}: {response.text[:300]}"
    if seconds > SECONDS + PATIENCE:
        return f"{told}, too late"
    if response.status_code == 200:
        return None if "conforms" in response.json() else f"{told}: no judgement"
    problem = json.loads(response.text)
    reasoned = (
        problem["title"] and problem["detail"] and len(response.content) < 20_000 and "Traceback" not in response.text
    )
    return None if reasoned else f"{told}: {response.text[:300]}"


def _run(chosen: list[Hostile], server: Server, listener: Listener) -> None:
    with httpx.Client(base_url=server.url, timeout=120) as client, Watch(server.process.pid) as watch:
        assert client.post("/validate", content=_GOOD, headers={"Content-Type": "text/turtle"}).json()["conforms"]
        # As many at a time as there are judging processes: nobody is told to come again.
        with ThreadPoolExecutor(2) as threads:
            answers = list(threads.map(lambda one: _post(client, one, listener), chosen))
        assert client.post("/validate", content=_GOOD, headers={"Content-Type": "text/turtle"}).json()["conforms"]
    print(f"\n{len(chosen)} documents; the server held {watch.server >> 20} MB, a process {watch.children >> 20} MB")
    for family in dict.fromkeys(one.family for one in chosen):
        print(
            f"| {family} | {dict(sorted(Counter(status for named, status, _ in answers if named == family).items()))} |"
        )
    troubles = [trouble for _, _, trouble in answers if trouble]
    assert not troubles, "\n".join(troubles)
    assert listener.calls == []
    assert server.process.poll() is None
    assert watch.server < 500 << 20
    assert 0 < watch.children < (MEMORY + 250) << 20


def _quick(everything: list[Hostile]) -> list[Hostile]:
    """A seventh of each family, and never the ones that are meant to be ended by the clock."""
    kept: list[Hostile] = []
    seen: Counter[str] = Counter()
    for one in everything:
        seen[one.family] += 1
        if seen[one.family] % 7 == 1 and one.family not in ("many", "prefixes", "huge terms"):
            kept.append(one)
    return kept


def test_there_are_as_many_as_promised() -> None:
    counted = Counter(one.family for one in inputs())
    assert sum(counted.values()) >= 500 and len(counted) >= 20


def test_hostile_documents_are_answered(server: Server, listener: Listener) -> None:
    _run(_quick(list(inputs())), server, listener)


@pytest.mark.slow
def test_all_hostile_documents_are_answered(server: Server, listener: Listener) -> None:
    _run(list(inputs()), server, listener)


def test_the_listener_would_have_heard(listener: Listener) -> None:
    with socket.create_connection(("127.0.0.1", listener.port)):
        pass
    for _ in range(50):
        if listener.calls:
            break
        time.sleep(0.05)
    assert listener.calls
