"""A process whose children are killed while they ingest and publish; started by ``test_crash.py``.

It imports everything once and forks a child for each act, so that a kill costs milliseconds. It never opens a
ledger or a store itself: their threads and locks would not survive the fork. Prints one JSON object.
"""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select

from catalogue import assembly, publication, schema
from catalogue.assembly import damage
from catalogue.publication import publish
from catalogue.store.embedded import EmbeddedStore, count_triples
from core.errors import LedgerError, ReleaseError
from ontology.vocabulary import Vocabularies
from tests.catalogue.home import Home, few_vocabularies, make_settings

SIZE = 450
#: Where a publication is cut: the function after whose end the process dies.
POINTS: dict[str, tuple[Any, str]] = {
    "store is prepared": (publication, "prepare_store"),
    "folder is assembled": (publication, "assemble"),
    "folder has its name": (assembly.Assembled, "install"),
    "rows are written but not committed": (publication, "commit_release"),
    "old releases are forgotten": (publication, "drop_releases"),
    "half of the store is updated": (EmbeddedStore, "replace"),
}


def ingest(home: Home, version: int) -> None:
    """Each version changes a third of the descriptions, and leaves out others."""
    kept = (number for number in range(SIZE) if number % 17 != version % 17)
    home.ingest(*(home.candidate(f"c{number}", f"version {max(0, version - number % 3)}") for number in kept))


def forked(act: Callable[[], object], kill_after: float | None = None) -> int:
    """Run ``act`` in a child and return its exit status, negative for a signal."""
    pid = os.fork()
    if pid == 0:
        try:
            act()
            os._exit(0)
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
            os._exit(1)
    if kill_after is not None:
        time.sleep(kill_after)
        os.kill(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def die_after(owner: Any, name: str) -> None:
    """Let the process be killed right after the first call of a function."""
    real = getattr(owner, name)

    def dying(*arguments: Any, **options: Any) -> None:
        real(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, dying)


def check(home: Home) -> None:
    """Whatever happened, the current release is whole, and the ledger agrees with itself."""
    with home.open() as ledger:
        release = ledger.current_release()
        assert release is not None
        with ledger.engine.connect() as connection:
            manifest = connection.execute(
                select(schema.release.c.manifest).where(schema.release.c.number == release.number)
            ).scalar_one()
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert damage(release.path, manifest) is None, damage(release.path, manifest)
        assert count_triples(release.path / "store") == release.triples
        assert len(ledger.members(release.number)) == release.datasets
        present: set[str] = set()
        for event in ledger.events():
            assert (event.kind == "create") == (event.iri not in present), event
            (present.discard if event.kind == "delete" else present.add)(event.iri)


def starved(home: Home, vocabularies: Vocabularies, limit: int) -> None:
    """Publish where no file may grow beyond ``limit`` bytes, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        publish(home.settings, vocabularies, allow_shrink=True)
    except (LedgerError, ReleaseError) as error:
        assert "free space" in str(error), error
    else:
        raise AssertionError("there was room enough")


def work(home: Home, version: int, vocabularies: Vocabularies) -> None:
    ingest(home, version)
    publish(home.settings, vocabularies, allow_shrink=True)


#: Tries to hit a random moment: on a machine that is busy at first, many come after the end.
_MOST_MOMENTS = 40


def kills(path: Path, seed: int) -> dict[str, Any]:
    """Kill at every point and at random moments; check after each; then finish undisturbed."""
    home, vocabularies, chance = Home(make_settings(path)), few_vocabularies(), random.Random(seed)
    started = time.monotonic()
    assert forked(lambda: work(home, 0, vocabularies)) == 0
    duration = time.monotonic() - started
    statuses: dict[str, int] = {}
    version = 0
    for point, (owner, name) in POINTS.items():
        version += 1

        def act(version: int = version, owner: Any = owner, name: str = name) -> None:
            ingest(home, version)
            die_after(owner, name)
            publish(home.settings, vocabularies, allow_shrink=True)

        statuses[point] = forked(act)
        assert forked(lambda: check(home)) == 0, point
    for number in range(_MOST_MOMENTS):
        if number >= 6 and list(statuses.values()).count(-9) >= 10:
            break
        version += 1
        moment = chance.uniform(0, duration)
        statuses[f"random {number}"] = forked(lambda version=version: work(home, version, vocabularies), moment)  # type: ignore[misc]
        assert forked(lambda: check(home)) == 0, (number, moment)
    assert forked(lambda: work(home, version, vocabularies)) == 0
    assert forked(lambda: check(home)) == 0
    return {"statuses": statuses, "version": version}


def full_disk(path: Path) -> dict[str, Any]:
    """Run out of room at several sizes; the last release serves on, and with room the next one is made."""
    home, vocabularies = Home(make_settings(path)), few_vocabularies()
    assert forked(lambda: work(home, 0, vocabularies)) == 0
    assert forked(lambda: ingest(home, 1)) == 0
    statuses = {}
    for limit in (1_000, 60_000, 150_000, 600_000):
        statuses[limit] = forked(lambda limit=limit: starved(home, vocabularies, limit))  # type: ignore[misc]
        assert forked(lambda: check(home)) == 0, limit
    assert forked(lambda: work(home, 1, vocabularies)) == 0
    assert forked(lambda: check(home)) == 0
    return {"statuses": statuses}


if __name__ == "__main__":
    where, what = Path(sys.argv[1]), sys.argv[2]
    print(json.dumps(kills(where, int(sys.argv[3])) if what == "kills" else full_disk(where)))
