"""What good clients notice while others do their worst, and what is left behind afterwards.

A service on the real catalogue; good clients ask small questions at an even pace, first alone, then beside hostile
ones (:mod:`bench.hostile`), each client with a loopback address of its own. Told are the good clients' times in both
halves and their ratio, every answer that was dishonest, the memory of all processes, processes, threads and files
left over, and connections to a listener that nobody may call.

    python -m bench.abuse [--seconds 600] [--attacks 1000] [--write]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime
import hashlib
import json
import multiprocessing
import os
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from bench.hostile import Attack, attacks
from bench.watching import Trap, Watch
from tests.deployment import Deployment, Server, build, serving

RESULTS = Path(__file__).parent / "results"
#: What the service under attack is told: limits that a public deployment might have.
SETTINGS = {
    "RADIOGRAPH_QUERY_TIMEOUT": "10",
    "RADIOGRAPH_WORKER_MEMORY_MB": "512",
    "RADIOGRAPH_QUERY_MAX_BYTES": str(64 * 1024 * 1024),
}
GOOD_CLIENTS = 4
#: Requests of one good client in a second.
PACE = 5.0
#: Hostile clients at work at one time, and how many come at once three times in a run.
HOSTILE_CLIENTS, CROWD = 20, 200
#: How much they leave the processor to the service (nice(1)): more than its workers at long queries.
_BEHIND = 10
_JSON = {"Accept": "application/sparql-results+json"}
_DAWDLING = 20.0
_PREFIXES = "PREFIX dct: <http://purl.org/dc/terms/> PREFIX radiograph: <https://w3id.org/radiograph/ontology#> "
QUESTIONS = (
    "SELECT ?d ?t { ?d a radiograph:ImagingDataset ; dct:title ?t } ORDER BY ?t LIMIT 20",
    "SELECT ?d ?n { ?d radiograph:subjectCount ?n FILTER(?n > 500) } ORDER BY DESC(?n) ?d LIMIT 50",
    "ASK { ?d a radiograph:AnnotationDataset }",
    "SELECT (COUNT(?d) AS ?n) { ?d a radiograph:ImagingDataset }",
)


@dataclass
class Good:
    """What good clients saw: seconds an answer, and what was wrong with answers."""

    seconds: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """In seconds; 0 where nothing was answered."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


@dataclass
class Outcome:
    """All that is told of a run."""

    quiet: Good
    abused: Good
    attacks: Counter[tuple[str, str]]
    dishonest: list[str]
    watch: Watch
    trapped: int
    seconds: float

    @property
    def ratio(self) -> float:
        return self.abused.percentile(0.99) / self.quiet.percentile(0.99)


def run(home: Path, *, seconds: float, quiet: float, number: int, log: Path) -> Outcome:
    """Serve ``home`` and attack it for ``seconds`` with ``number`` hostile requests."""
    with Trap() as trap, serving(Deployment(home), log, published=True, **SETTINGS) as server:
        expected = asyncio.run(_expected(server))
        calm = asyncio.run(_good_clients(server, quiet, expected))
        with Watch(server.process.pid) as watch:
            receiving, sending = multiprocessing.get_context("spawn").Pipe(duplex=False)
            process = multiprocessing.get_context("spawn").Process(
                target=_attack, args=(server.url, trap.url, seconds, number, sending), daemon=True
            )
            process.start()
            sending.close()
            began = time.monotonic()
            abused = asyncio.run(_good_clients(server, seconds, expected))
            try:
                outcomes, dishonest = receiving.recv() if receiving.poll(120) else (Counter(), ["no report"])
            except EOFError:
                outcomes, dishonest = Counter(), ["the attackers ended without a report"]
            process.join(30)
            elapsed = time.monotonic() - began
            watch.settle()
        return Outcome(calm, abused, outcomes, dishonest, watch, trap.connections, elapsed)


async def _expected(server: Server) -> dict[str, str]:
    async with httpx.AsyncClient(timeout=30) as client:
        return {question: _digest(await _ask(client, server, question, 0)) for question in QUESTIONS}


async def _good_clients(server: Server, seconds: float, expected: dict[str, str]) -> Good:
    seen = Good()
    end = time.monotonic() + seconds
    await asyncio.gather(*(_good_client(server, f"127.0.1.{n + 1}", end, expected, seen) for n in range(GOOD_CLIENTS)))
    return seen


async def _good_client(server: Server, address: str, end: float, expected: dict[str, str], seen: Good) -> None:
    choose = random.Random(address)
    transport = httpx.AsyncHTTPTransport(local_address=address)
    async with httpx.AsyncClient(transport=transport, timeout=30) as client:
        while time.monotonic() < end:
            question = choose.choice(QUESTIONS)
            began = time.perf_counter()
            try:
                response = await _ask(client, server, question, choose.getrandbits(60))
            except httpx.HTTPError as error:
                seen.wrong.append(f"{type(error).__name__} after {time.perf_counter() - began:.1f} s")
                continue
            took = time.perf_counter() - began
            seen.seconds.append(took)
            if response.status_code != 200:
                seen.wrong.append(f"status {response.status_code} after {took:.1f} s")
            elif _digest(response) != expected[question]:
                seen.wrong.append(f"another answer to {question}")
            await asyncio.sleep(max(0.0, 1 / PACE - took))


async def _ask(client: httpx.AsyncClient, server: Server, question: str, number: int) -> httpx.Response:
    # The number makes each text a new one, so that the engine answers and not the cache.
    query = f"{_PREFIXES}{question} # {number}"
    return await client.get(f"{server.url}/sparql", params={"query": query}, headers=_JSON)


def _digest(response: httpx.Response) -> str:
    return hashlib.sha256(response.content).hexdigest()


def _attack(url: str, trap: str, seconds: float, number: int, report: Connection) -> None:
    """Run the attacks in a process of their own, behind everybody else: attackers bring their own machines.

    Linux shares the processor between sessions before niceness counts (autogroups, sched(7)), so both are told. Behind
    is not last: attackers without any processor are none.
    """
    os.setsid()
    os.nice(_BEHIND)
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_BEHIND))
    outcomes: Counter[tuple[str, str]] = Counter()
    dishonest: list[str] = []
    asyncio.run(_attackers(url, trap, seconds, number, outcomes, dishonest))
    report.send((outcomes, dishonest))
    report.close()


async def _attackers(
    url: str, trap: str, seconds: float, number: int, outcomes: Counter[tuple[str, str]], dishonest: list[str]
) -> None:
    began, source = time.monotonic(), attacks(trap)
    room = asyncio.Semaphore(CROWD)
    steady = asyncio.Semaphore(HOSTILE_CLIENTS)

    async def one(attack: Attack, place: int, limit: asyncio.Semaphore) -> None:
        async with room, limit:
            outcome = await _strike(url, attack, f"127.0.2.{place % 200 + 1}")
        outcomes[attack.kind, outcome] += 1
        if outcome.startswith("!"):
            dishonest.append(f"{attack.kind}: {outcome} {attack.query[:120]}")

    crowds = {number // 4, number // 2, 3 * number // 4}
    tasks = []
    for place in range(number):
        if place in crowds:
            tasks += [asyncio.create_task(one(next(source), n, room)) for n in range(min(CROWD, number // 4))]
        tasks.append(asyncio.create_task(one(next(source), place, steady)))
        await asyncio.sleep(max(0.0, began + seconds * (place + 1) / number - time.monotonic()))
    await asyncio.wait(tasks, timeout=90)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _strike(url: str, attack: Attack, address: str) -> str:
    """Send one attack; what came of it, with ``!`` in front where the answer was dishonest."""
    if attack.manner == "trickles":
        return await _trickle(url, attack)
    transport = httpx.AsyncHTTPTransport(local_address=address)
    name = "update" if attack.update else "query"
    async with httpx.AsyncClient(transport=transport, timeout=60) as client:
        try:
            async with client.stream(
                "POST", f"{url}/sparql", data={name: attack.query}, headers={**_JSON, **attack.headers}
            ) as response:
                return await _read(response, attack)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            return "aborted"
        except httpx.HTTPError as error:
            return type(error).__name__


async def _read(response: httpx.Response, attack: Attack) -> str:
    if response.status_code not in attack.statuses:
        return f"!{response.status_code}"
    if response.status_code != 200:
        await response.aread()
        return str(response.status_code)
    body = bytearray()
    async for piece in response.aiter_bytes(16 * 1024):
        if attack.manner == "leaves":
            return "left"
        if attack.manner == "dawdles" and len(body) < 512 * 1024:
            await asyncio.sleep(_DAWDLING / 32)
        body += piece
    return "200" if _is_whole(bytes(body), response.headers["content-type"]) else "!cut"


def _is_whole(body: bytes, media_type: str) -> bool:
    if "json" not in media_type:
        return body.endswith((b".\n", b">\n"))
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


async def _trickle(url: str, attack: Attack) -> str:
    """Send a request a few bytes a second, until the server has enough of it."""
    host, _, port = url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /sparql HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/sparql-query\r\nContent-Length: 9000"
    try:
        for byte in f"{head}\r\n\r\n{attack.query}"[:60].encode():
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(0.75)
        return "waited for"
    except OSError:
        return "closed"
    finally:
        writer.close()


def text(outcome: Outcome) -> str:
    """The report in Markdown."""
    quiet, abused, watch = outcome.quiet, outcome.abused, outcome.watch
    lines = [
        f"# Abuse, {datetime.datetime.now(datetime.UTC).date()}",
        "",
        f"{sum(outcome.attacks.values()):,} hostile requests in {outcome.seconds:.0f} s, up to {CROWD} at a time; "
        f"{GOOD_CLIENTS} good clients with {PACE:g} requests a second each beside them; "
        f"all on one machine with {os.cpu_count()} cores, of which the attackers get less than the service.",
        "",
        "| Good clients | alone | under attack | ratio |",
        "|---|---|---|---|",
        *(
            _row(f"p{int(share * 100)}", quiet.percentile(share), abused.percentile(share))
            for share in (0.5, 0.95, 0.99)
        ),
        f"| answers | {len(quiet.seconds):,} | {len(abused.seconds):,} | |",
        f"| refused, failed or wrong | {len(quiet.wrong)} | {len(abused.wrong)} | |",
        "",
        f"- Dishonest answers (cut and looking whole, or a status that does not fit): {len(outcome.dishonest)}",
        f"- Connections to the listener that nobody may call: {outcome.trapped}",
        *(f"- {line}" for line in watch.lines()),
        "",
        "| Attack | what came of it |",
        "|---|---|",
        *_kinds(outcome.attacks),
        "",
        *(f"- {line}" for line in (*outcome.dishonest[:20], *Counter(abused.wrong).keys())),
    ]
    return "\n".join(lines) + "\n"


def _row(name: str, quiet: float, abused: float) -> str:
    return f"| {name} | {quiet * 1000:.1f} ms | {abused * 1000:.1f} ms | {abused / quiet if quiet else 0:.2f} |"


def _kinds(outcomes: Counter[tuple[str, str]]) -> Sequence[str]:
    kinds = sorted({kind for kind, _ in outcomes})
    told = {kind: ", ".join(f"{o}: {n}" for (k, o), n in sorted(outcomes.items()) if k == kind) for kind in kinds}
    return [f"| {kind} | {what} |" for kind, what in told.items()]


def main() -> None:
    """Build a catalogue, attack it, print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--quiet", type=float, default=60, help="seconds that good clients are alone first")
    parser.add_argument("--attacks", type=int, default=1000)
    parser.add_argument("--home", type=Path, help="a home with a release; made from the IDC index where it is missing")
    parser.add_argument("--write", action="store_true", help=f"keep the report under {RESULTS.name}/")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = chosen.home or Path(folder) / "home"
        if not home.exists():
            build(home)
        outcome = run(home, seconds=chosen.seconds, quiet=chosen.quiet, number=chosen.attacks, log=Path(folder) / "log")
    report = text(outcome)
    print(report)
    print(f"median of the good clients alone: {statistics.median(outcome.quiet.seconds) * 1000:.1f} ms")
    if chosen.write:
        date = datetime.datetime.now(datetime.UTC).date()
        (RESULTS / f"{date}-abuse.md").write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
