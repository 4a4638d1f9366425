"""A deployment as an operator has it: a home folder, the command line, and a running service."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
TABLE = ROOT.parent / "shared" / "data" / "openmedlab.csv"
COMMAND = [sys.executable, str(ROOT / "radiograph.py")]


@dataclass(frozen=True)
class Deployment:
    """A home folder and how to run commands on it."""

    home: Path

    def environment(self, **extra: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RADIOGRAPH_")}
        return kept | {"RADIOGRAPH_HOME": str(self.home), "NO_COLOR": "1", **extra}

    def run(self, *arguments: str, codes: tuple[int, ...] = (0,)) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [*COMMAND, *arguments], env=self.environment(), capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode in codes, f"radiograph {' '.join(arguments)}: {done.returncode}\n{done.stderr}"
        return done


def build(home: Path) -> None:
    """Ingest both repositories (the table only where it is at hand) and publish."""
    deployment = Deployment(home)
    deployment.run("ingest", "idc", codes=(0, 1))
    if TABLE.exists():
        mapping = str(ROOT / "ingest" / "mappings" / "openmedlab.toml")
        deployment.run("ingest", "table", str(TABLE), "--repository", "openmedlab", "--mapping", mapping, codes=(0, 1))
    deployment.run("publish")


@dataclass(frozen=True)
class Server:
    """A running service."""

    url: str
    process: subprocess.Popen[bytes]


def start(deployment: Deployment, log: Path, *, published: bool = True, **settings: str) -> Server:
    """Start ``radiograph serve`` on a free loopback port and wait until it is healthy.

    Before anything is ``published``, it answers that it is not.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--host", "127.0.0.1", "--port", str(port)],
            env=deployment.environment(**settings),
            stdout=output,
            stderr=output,
        )
    url = f"http://127.0.0.1:{port}"
    for _ in range(150):
        try:
            if httpx.get(f"{url}/health", timeout=2).status_code == (200 if published else 503):
                return Server(url, process)
        except httpx.TransportError:
            pass
        if process.poll() is not None:
            break
        time.sleep(0.2)
    stop(process)
    raise AssertionError(f"the service did not become healthy:\n{log.read_text()}")


def stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def serving(deployment: Deployment, log: Path, *, published: bool = True, **settings: str) -> Iterator[Server]:
    """A running service that ends with the block."""
    server = start(deployment, log, published=published, **settings)
    try:
        yield server
    finally:
        stop(server.process)
