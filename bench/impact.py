"""What impact costs beside the two full remaps it stands for, on the whole Imaging Data Commons.

A remap here is what it takes to see its effects: every description derived, judged (no verdict is remembered) and
written, and a release made. Everything runs in one process, and CPU seconds are told. Reading vocabularies, mapping
sets and profiles is in both sides, starting the program in neither.

    python -m bench.impact [--runs 3] [--write]
"""

from __future__ import annotations

import argparse
import datetime
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from sqlalchemy import delete

from catalogue import schema
from catalogue.ledger import Ledger
from catalogue.publication import publish
from core.settings import Settings
from ingest.declaration import RepositoryDeclaration
from ingest.impact_commands import impact_of
from ingest.pipeline import IngestRoom, ingest
from ingest.remap import remap
from ingest.sources.idc import IdcSource
from ontology import tree
from ontology.vocabulary import Vocabularies
from tests.ingest import changed_trees

T = TypeVar("T")
RESULTS = Path(__file__).parent / "results"
QUERIES = Path(__file__).parents[1] / "catalogue" / "queries"
EDITS = (changed_trees.move, changed_trees.split, changed_trees.deprecate)


@dataclass(frozen=True)
class Figures:
    """CPU seconds of two remaps and of impact for one edit, and how many records it touches."""

    edit: str
    full: float
    quick: float
    touched: int


def run_once(folder: Path) -> list[Figures]:
    """Ingest and publish, then measure each edit on copies."""
    before = changed_trees.copy(folder / "before")
    settings = Settings(home=folder / "home", overlay=before, _env_file=None)
    with IngestRoom.open(settings) as room:
        ingest(IdcSource(None, room.harmoniser), RepositoryDeclaration.load("idc"), room)
        publish(settings, room.vocabularies)
    return [_measure(folder, settings, before, edit) for edit in EDITS]


def _measure(folder: Path, settings: Settings, before: Path, edit: Callable[[Path], None]) -> Figures:
    after = changed_trees.copy(folder / edit.__name__)
    edit(after)
    tree._parse.cache_clear()  # as in a process of its own
    quick, told = _cpu(partial(impact_of, before, after, settings, QUERIES))
    home = folder / f"{edit.__name__}-home"
    shutil.copytree(folder / "home", home)
    full = 0.0
    for overlay in (after, before):
        side = settings.model_copy(update={"home": home, "overlay": overlay})
        full += _cpu(partial(_remap, side))[0]
    return Figures(edit.__name__, full, quick, told.touched)


def _remap(settings: Settings) -> None:
    with Ledger.open(settings) as ledger, ledger.writing("a measurement") as connection:
        connection.execute(delete(schema.verdict))
    remap(settings)
    publish(settings, Vocabularies.load(settings.overlay))


def _cpu(work: Callable[[], T]) -> tuple[float, T]:
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def report(runs: list[list[Figures]]) -> str:
    """A Markdown table of medians."""
    lines = ["| edit | two remaps, CPU s | impact, CPU s | ratio | records touched |", "|---|---|---|---|---|"]
    for same in zip(*runs, strict=True):
        full, quick = statistics.median(one.full for one in same), statistics.median(one.quick for one in same)
        lines.append(f"| {same[0].edit} | {full:.1f} | {quick:.2f} | {full / quick:.1f} | {same[0].touched} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and, with ``--write``, keep the dated figures."""
    parser = argparse.ArgumentParser(description="What impact costs.")
    parser.add_argument("--runs", type=int, default=3, help="how many times (the medians are told)")
    parser.add_argument("--write", action="store_true", help="keep the figures under bench/results/")
    options = parser.parse_args()
    runs = []
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory() as folder:
            runs.append(run_once(Path(folder)))
    text = report(runs)
    sys.stdout.write(text)
    if options.write:
        today = datetime.datetime.now(datetime.UTC).date()
        machine = f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, {options.runs} runs, medians."
        (RESULTS / f"{today}-impact.md").write_text(f"# Impact, {today}\n\n{machine}\n\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
