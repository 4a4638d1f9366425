"""What our way of answering costs: the service beside ``oxigraph serve-read-only`` and rdflib-endpoint.

All three serve the same triples (:mod:`bench.stores`), on loopback, in one run; each query is asked of one server after
the other, so that whatever else the machine does hits all alike. The queries are the files in ``bench/mix``:

- ``small-*``: medians over one connection, each time another query text, so that nothing comes from a cache;
- ``slow-*`` (more than 50 ms) and ``export-*`` (100,000 rows): the best of several turns, also uncached;
- repeated: requests a second of the small ones from the cache, by wrk with 8 connections.

    python -m bench.sparql [--triples 1000000 5000000] [--rdflib 1000000] [--turns 7] [--write]
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import http.client
import itertools
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from bench.stores import environment, large_home, quads_of, store_of

RESULTS = Path(__file__).parent / "results"
MIX = {path.stem: path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent / "mix").glob("*.rq"))}
SMALL = [name for name in MIX if name.startswith("small-")]
SLOW = [name for name in MIX if name.startswith("slow-")]
EXPORTS = {
    "export-rows": ("application/sparql-results+json", "text/csv"),
    "export-graph": ("application/n-triples",),
}
#: Requests of each small query, and seconds that wrk asks each.
REQUESTS = 200
WRK_SECONDS = 4
#: Seconds that rdflib-endpoint may take for one query.
PATIENCE = 120.0
_BIN = Path(sys.executable).parent
_numbers = itertools.count(time.time_ns())


@dataclass(frozen=True)
class Server:
    """One of the servers, and where it takes queries."""

    name: str
    port: int
    path: str


@dataclass(frozen=True)
class Answer:
    """Seconds to the first byte and to the last, and how many bytes there were."""

    first: float
    whole: float
    size: int


class Client:
    """One connection to a server."""

    def __init__(self, server: Server, timeout: float = 600.0) -> None:
        self._server = server
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=timeout)

    def ask(self, query: str, accept: str, *, fresh: bool = True) -> Answer:
        """Ask a query, by default one that nobody has asked before.

        Raises:
            RuntimeError: it was not answered.
        """
        body = urlencode({"query": f"# {next(_numbers)}\n{query}" if fresh else query})
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": accept}
        started = time.perf_counter()
        self._connection.request("POST", self._server.path, body, headers)
        response = self._connection.getresponse()
        size = len(response.read(1))
        first = time.perf_counter() - started
        while part := response.read(1 << 20):
            size += len(part)
        if response.status != 200:
            raise RuntimeError(f"{self._server.name} answered {response.status} to\n{query}")
        return Answer(first, time.perf_counter() - started, size)


def accepted(name: str) -> str:
    """The usual format for the answer to a query of the mix."""
    return "text/turtle" if "construct" in name else "application/sparql-results+json"


@contextlib.contextmanager
def running(name: str, path: str, command: list[str], environ: dict[str, str], log: Path) -> Iterator[Server]:
    """A server on a free port of the loopback, ``{port}`` in its command, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = Server(name, probe.getsockname()[1], path)
    with (log / f"{path.strip('/')}-{server.port}").open("wb") as output:
        process = subprocess.Popen(
            [part.format(port=server.port) for part in command], env=environ, stdout=output, stderr=output
        )
    try:
        _wait(server, process)
        yield server
    finally:
        process.terminate()
        process.wait(30)


def _wait(server: Server, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers a query; the one that reads its file first takes its time."""
    for _ in range(1200):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError, http.client.HTTPException, RuntimeError):
            Client(server, 20).ask("ASK {}", "application/sparql-results+json")
            return
        time.sleep(0.5)
    raise RuntimeError(f"{server.name} does not answer")


@contextlib.contextmanager
def servers(triples: int, *, with_rdflib: bool) -> Iterator[list[Server]]:
    """Ours, Oxigraph's and, where wanted, rdflib's, on the same triples."""
    home = large_home(triples)
    plain = environment(home)
    limits = {"RADIOGRAPH_QUERY_TIMEOUT": "600", "RADIOGRAPH_CLIENT_SECONDS": "0"}
    with contextlib.ExitStack() as stack:
        log = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        ours = [str(_BIN / "radiograph"), "serve", "--port", "{port}"]
        oxigraph = [str(_BIN / "oxigraph"), "serve-read-only", "--location", str(store_of(home))]
        oxigraph += ["--bind", "127.0.0.1:{port}", "--union-default-graph"]
        found = [
            stack.enter_context(running("Radiograph", "/sparql", ours, environment(home, **limits), log)),
            stack.enter_context(running("oxigraph serve", "/query", oxigraph, plain, log)),
        ]
        if with_rdflib:
            rdflib = [str(_BIN / "rdflib-endpoint"), "serve", "--host", "127.0.0.1", "--port", "{port}"]
            rdflib.append(str(quads_of(triples)))
            found.append(stack.enter_context(running("rdflib-endpoint", "/", rdflib, plain, log)))
        yield found


def small(ours: Server, other: Server) -> list[str]:
    """Medians of the small queries, both servers by turns in blocks of ten."""
    lines = ["| small query | Radiograph, ms | oxigraph serve, ms | difference, ms |", "|---|---|---|---|"]
    for name in SMALL:
        clients = [Client(ours), Client(other)]
        seconds: list[list[float]] = [[], []]
        for _ in range(REQUESTS // 10):
            for client, taken in zip(clients, seconds, strict=True):
                taken += [client.ask(MIX[name], accepted(name)).whole for _ in range(10)]
        mine, its = (statistics.median(taken[10:]) * 1e3 for taken in seconds)
        lines.append(f"| {name} | {mine:.2f} | {its:.2f} | {mine - its:+.2f} |")
    return lines


def repeated(ours: Server, other: Server) -> list[str]:
    """Requests a second of the small queries, asked again and again."""
    lines = [f"| repeated query | Radiograph, requests/s | {other.name}, requests/s | ratio |", "|---|---|---|---|"]
    for name in SMALL:
        rates: list[list[float]] = [[], []]
        for _ in range(2):
            for server, measured in zip((ours, other), rates, strict=True):
                address = f"http://127.0.0.1:{server.port}{server.path}?query={quote(MIX[name])}"
                measured.append(_wrk(address, accepted(name)))
        mine, its = (max(measured) for measured in rates)
        lines.append(f"| {name} | {mine:,.0f} | {its:,.0f} | {mine / its:.2f} |")
    return lines


def _wrk(address: str, accept: str) -> float:
    command = ["wrk", "-t1", "-c8", f"-d{WRK_SECONDS}s", "-H", f"Accept: {accept}", address]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    if found is None or "Non-2xx" in printed:
        raise RuntimeError(printed)
    return float(found[1])


def large(ours: Server, other: Server, turns: int) -> list[str]:
    """The slow queries and the exports: the best of ``turns`` turns, and the median to the first byte."""
    lines = [
        "| query | Radiograph, ms | oxigraph serve, ms | ratio | first byte, ms | MB |",
        "|---|---|---|---|---|---|",
    ]
    asked = [(name, accepted(name)) for name in SLOW]
    asked += [(name, media_type) for name, media_types in EXPORTS.items() for media_type in media_types]
    for name, accept in asked:
        answers: list[list[Answer]] = [[], []]
        for _ in range(turns):
            for server, taken in zip((ours, other), answers, strict=True):
                taken.append(Client(server).ask(MIX[name], accept))
        if len({answer.size for taken in answers for answer in taken}) > 1 and name.startswith("export"):
            raise RuntimeError(f"the servers disagree on {name} as {accept}")
        mine, its = (min(answer.whole for answer in taken) * 1e3 for taken in answers)
        first = statistics.median(answer.first for answer in answers[0]) * 1e3
        shown = f"{name} ({accept.rpartition('/')[2]})" if name in EXPORTS else name
        size = answers[0][0].size / 1e6
        lines.append(f"| {shown} | {mine:.0f} | {its:.0f} | {mine / its:.2f} | {first:.0f} | {size:.1f} |")
    return lines


def against_rdflib(ours: Server, rdflib: Server) -> list[str]:
    """Every query of the mix: the best of three that nobody asked before, and the median when it is asked again.

    A query that rdflib-endpoint refuses, or does not finish in its time, is said to be so.
    """
    lines = [
        "| query | Radiograph, ms | rdflib-endpoint, ms | times | asked again, ms | rdflib-endpoint, ms | times |",
        "|---|---|---|---|---|---|---|",
    ]
    for name in MIX:
        accept = "text/turtle" if name == "export-graph" else accepted(name)
        mine, again = _fresh_and_again(ours, name, accept)
        try:
            its, its_again = _fresh_and_again(rdflib, name, accept)
        except (TimeoutError, RuntimeError) as error:
            lines.append(f"| {name} | {mine:.1f} | {str(error).partition(' to')[0]} | – | {again:.1f} | – | – |")
            if isinstance(error, TimeoutError):
                break  # it goes on with that query and answers nothing else meanwhile
            continue
        lines.append(
            f"| {name} | {mine:.1f} | {its:,.1f} | {its / mine:,.1f} | "
            f"{again:.2f} | {its_again:,.1f} | {its_again / again:,.1f} |"
        )
    return lines


def _fresh_and_again(server: Server, name: str, accept: str) -> tuple[float, float]:
    """Milliseconds of a new query, the best of three, and of one that was asked before, the median."""
    client = Client(server, PATIENCE)
    fresh = min(client.ask(MIX[name], accept).whole for _ in range(3))
    turns = 3 if fresh > 1 else 30
    again = statistics.median(client.ask(MIX[name], accept, fresh=False).whole for _ in range(turns))
    return fresh * 1e3, again * 1e3


def report(sizes: list[int], rdflib: int, turns: int) -> str:
    """Everything, as Markdown."""
    lines = [f"# The SPARQL endpoint beside others, {datetime.date.today()}", ""]
    lines += [
        "Made by `python -m bench.sparql`; what is measured how stands at its head. Compare ratios, not milliseconds.",
        "",
    ]
    for size in sizes:
        with servers(size, with_rdflib=False) as (ours, other):
            lines += [f"## {size:,} triples", "", *small(ours, other), "", *repeated(ours, other), ""]
            lines += [*large(ours, other, turns), ""]
    if rdflib:
        with servers(rdflib, with_rdflib=True) as (ours, _, third):
            lines += [f"## rdflib-endpoint, {rdflib:,} triples", "", *repeated(ours, third), ""]
            lines += [*against_rdflib(ours, third), ""]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and write the results where wanted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--triples", type=int, nargs="*", default=[1_000_000, 5_000_000])
    parser.add_argument("--rdflib", type=int, default=1_000_000, help="triples for rdflib-endpoint; 0 leaves it out")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    text = report(arguments.triples, arguments.rdflib, arguments.turns)
    print(text)
    if arguments.write:
        (RESULTS / f"{datetime.date.today()}-sparql.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
