"""Real SPARQL servers for tests: Virtuoso 7 and ``oxigraph serve``, each in a folder of its own on loopback ports.

A test that asks for one is skipped, with a reason, where its program is not installed; under
``RADIOGRAPH_REQUIRE_ALL`` it fails instead. A server started here ends with the process that started it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import string
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from catalogue.remote.declaration import RemoteStore

PASSWORD = "radiograph-test"
SECRET = "RADIOGRAPH_TEST_STORE_PASSWORD"
_INI = Path(__file__).with_name("virtuoso.ini")
_START = 60.0


@dataclass
class SparqlServer:
    """One server with its addresses; ``kill`` and ``start`` again keep what it holds."""

    kind: str
    folder: Path
    command: list[str]
    query: str
    update: str
    graph_store: str
    user: str = ""
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def auth(self) -> httpx.Auth | None:
        """What writes to it; reading needs nothing."""
        return httpx.DigestAuth(self.user, PASSWORD) if self.user else None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers a query."""
        with (self.folder / "output.log").open("ab") as output:
            self._process = subprocess.Popen(
                [*_dying_with_us(), *self.command], cwd=self.folder, stdout=output, stderr=output
            )
        deadline = time.monotonic() + _START
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx.get(self.query, params={"query": "ASK {}"}, timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        self.stop()
        pytest.fail(f"{self.kind} did not start:\n{(self.folder / 'output.log').read_text()[-2000:]}")

    def stop(self) -> None:
        """End it in order; at the latest after ten seconds it is killed."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def oxigraph(folder: Path) -> SparqlServer:
    """An Oxigraph server over the store in ``folder``, not started yet."""
    program = Path(sys.executable).with_name("oxigraph")
    if not program.exists():
        missing("the Oxigraph server is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    command = [str(program), "serve", "--location", str(folder / "data"), "--bind", f"127.0.0.1:{port}"]
    return SparqlServer("oxigraph", folder, command, f"{url}/query", f"{url}/update", f"{url}/store")


def virtuoso(folder: Path, *, buffers: int = 4000, most_rows: int = 0) -> SparqlServer:
    """A new Virtuoso in ``folder``, its password set, not started yet; both together take some four seconds."""
    program = shutil.which("virtuoso-t")
    if program is None:
        missing("Virtuoso 7 (virtuoso-opensource-7-bin) is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    sql_port, http_port = free_ports(2)
    ini = string.Template(_INI.read_text()).substitute(
        sql_port=sql_port,
        http_port=http_port,
        buffers=buffers,
        dirty_buffers=buffers * 3 // 4,
        most_rows=most_rows,
    )
    (folder / "virtuoso.ini").write_text(ini)
    command = [str(program), "+configfile", str(folder / "virtuoso.ini"), "+foreground"]
    passwords = ["+pwdold", "dba", "+pwddba", PASSWORD, "+pwddav", PASSWORD]
    subprocess.run([*command, *passwords], cwd=folder, capture_output=True, check=True, timeout=_START)
    url = f"http://127.0.0.1:{http_port}"
    return SparqlServer(
        "virtuoso", folder, command, f"{url}/sparql", f"{url}/sparql-auth", f"{url}/sparql-graph-crud-auth", user="dba"
    )


def declaration(
    *servers: SparqlServer, graph_store: bool = False, options: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """What declares these servers as the external store, the first one named ``blue``, the second ``green``."""
    addresses = ("query", "update", *(("graph_store",) if graph_store else ()))
    content: dict[str, Any] = {"kind": servers[0].kind, **(options or {})}
    content["endpoint"] = [
        {"name": name, **{key: getattr(server, key) for key in addresses}}
        for name, server in zip(("blue", "green"), servers, strict=False)
    ]
    if servers[0].user:
        os.environ[SECRET] = PASSWORD
        content.setdefault("auth", {"scheme": "digest", "user": servers[0].user, "secret_env": SECRET})
    return content


def declared(
    *servers: SparqlServer, graph_store: bool = False, options: Mapping[str, object] | None = None
) -> RemoteStore:
    """These servers as an external store."""
    return RemoteStore.model_validate(declaration(*servers, graph_store=graph_store, options=options))


def write_declaration(
    path: Path, *servers: SparqlServer, graph_store: bool = False, options: Mapping[str, object] | None = None
) -> Path:
    """The declaration of these servers as a TOML file."""
    lines: list[str] = []
    tables: list[str] = []
    for key, value in declaration(*servers, graph_store=graph_store, options=options).items():
        if isinstance(value, dict | list):
            for table in value if isinstance(value, list) else [value]:
                tables += [f"[[{key}]]" if isinstance(value, list) else f"[{key}]"]
                tables += [f"{name} = {json.dumps(entry)}" for name, entry in table.items()]
        else:
            lines.append(f"{key} = {json.dumps(value)}")
    path.write_text("\n".join([*lines, *tables]) + "\n", encoding="utf-8")
    return path


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on."""
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def missing(reason: str) -> None:
    """Skip the test; where everything is required, fail."""
    if os.environ.get("RADIOGRAPH_REQUIRE_ALL"):
        pytest.fail(reason)
    pytest.skip(reason)


def _dying_with_us() -> list[str]:
    program = shutil.which("setpriv")
    return [program, "--pdeathsig", "KILL"] if program else []


@pytest.fixture(scope="module")
def virtuoso_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparqlServer]:
    """A running Virtuoso; what a test left in it is still there for the next one of its module."""
    server = virtuoso(tmp_path_factory.mktemp("virtuoso"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def oxigraph_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparqlServer]:
    """A running Oxigraph server; what a test left in it, runaway queries too, is there until its module ends."""
    server = oxigraph(tmp_path_factory.mktemp("oxigraph"))
    server.start()
    yield server
    server.stop()
