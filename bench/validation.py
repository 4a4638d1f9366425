"""What validation costs beside plain pySHACL: CPU seconds, memory, growth, and the share of a second run.

Descriptions of 63 triples, one in twenty broken, are judged for DCAT-AP and HealthDCAT-AP: by Radiograph, one by one,
with a ledger that remembers verdicts; by Radiograph again after one in a hundred was changed; and by
``pyshacl.validate`` with the official shapes over all of them in one graph. Each run has a process of its own. Their
violations (which node, which property) are compared. The official shapes are not part of the project: where they are
not beside the checkout, only Radiograph is measured.

    python -m bench.validation [--sizes 1000 10000] [--plain 1000 10000] [--write]
"""

from __future__ import annotations

import argparse
import datetime
import gc
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import pyshacl
from rdflib import Graph, URIRef

from bench.demo import RESULTS, measure
from catalogue.ledger import Ledger
from core.canonical import canonical_ntriples, content_hash, from_oxigraph, parse_ntriples
from core.settings import Settings
from core.terms import RDF, SH, SKOS
from ontology.background import background
from ontology.turtle import read_turtle
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.submission import Submission
from shapes.validator import Validator

STANDARDS = Path(__file__).parents[2] / "shared" / "standards"
TEMPLATE = Path(__file__).parent / "validation.ttl"
BASE = "https://example.org/bench/"
_BROKEN, _CHANGED = 20, 100
_PROFILES = ("healthdcat-ap",)

_TITLES = {
    "first": "first run",
    "again": "1 % changed",
    "hashing": "nothing changed, hashed anew",
    "reading": "nothing changed, all reports read",
    "plain": "pySHACL, official shapes",
}
_READS_ALL = {"first": True, "again": False, "hashing": False, "reading": True, "plain": True}

#: Ways to break a description: a part of the line that goes, and what comes in its place. The official shapes tell some
#: faults twice (a distribution's also as the dataset's); such are not here, so that violations can be compared.
FAULTS = (
    ("/dataset> <http://purl.org/dc/terms/title> ", None),
    ("/dataset> <http://purl.org/dc/terms/identifier> ", None),
    ("/dataset> <http://www.w3.org/ns/dcat#distribution> ", None),
    ("/dataset> <http://healthdataportal.eu/ns/health#healthCategory> ", None),
    ("/dataset> <http://www.w3.org/ns/dcat#version> ", "<https://example.org/second>"),
    ("/publisher> <http://xmlns.com/foaf/0.1/name> ", None),
    ("/hdab> <http://xmlns.com/foaf/0.1/name> ", None),
    ("/dataset> <http://healthdataportal.eu/ns/health#numberOfRecords> ", '"forty"@en'),
    ("/dataset> <http://purl.org/dc/terms/publisher> ", '"Example Hospital"'),
    ("/dataset> <http://purl.org/dc/terms/accessRights> ", "<https://example.org/open>"),
)


@dataclass(frozen=True)
class Run:
    """What one process took: CPU seconds to make ready and to judge, peak megabytes, and what it found."""

    ready: float
    judging: float
    memory: float
    known: int
    violations: frozenset[tuple[str, str]]


def write_descriptions(path: Path, count: int, *, changed: bool = False) -> None:
    """Write ``count`` descriptions, where each is, and its hash; with ``changed``, one in a hundred is another."""
    lines = _template()
    marks = []
    with path.open("wb") as file:
        for number in range(count):
            own = _broken(lines, random.Random(number)) if number % _BROKEN == 0 else lines
            text = "".join(own).replace(f"{BASE}0/", f"{BASE}{number}/").replace("study 0", f"study {number}")
            if changed and number % _CHANGED == 1:
                text = text.replace(f"study {number}", f"study {number}, second edition")
            marks.append((file.tell(), file.write(text.encode()), content_hash(text.encode())))
    path.with_suffix(".json").write_text(json.dumps(marks), encoding="utf-8")


def read_descriptions(file: BinaryIO, marks: list[tuple[int, int, str]], *, hashed: bool) -> Iterator[Submission]:
    """The descriptions of a file, read when needed; ``hashed``, with the SHA-256 that the ledger has beside each."""

    def read(start: int, length: int) -> bytes:
        file.seek(start)
        return file.read(length)

    for number, (start, length, digest) in enumerate(marks):
        record = URIRef(f"{BASE}{number}/dataset")
        yield Submission(record, partial(read, start, length), digest if hashed else None)


def _template() -> list[str]:
    graph = Graph()
    for triple in read_turtle(TEMPLATE).triples:
        graph.add((from_oxigraph(triple.subject), from_oxigraph(triple.predicate), from_oxigraph(triple.object)))
    return canonical_ntriples(graph).decode().splitlines(keepends=True)


def _broken(lines: list[str], dice: random.Random) -> list[str]:
    part, value = dice.choice(FAULTS)
    (hit,) = (line for line in lines if part in line)
    mended = [f"{hit[: hit.index(part)]}{part}{value} .\n"] if value else []
    return sorted([line for line in lines if line != hit] + mended)


def judge(path: Path, home: Path, *, hashed: bool = False, read_all: bool = True) -> dict[str, object]:
    """Radiograph over a file of descriptions, with the ledger of ``home``.

    A verdict that is ``known`` is at hand without its report being read; reading those too is ``read_all``.
    """
    marks = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    with path.open("rb") as file, Ledger.open(Settings(home=home), create=True) as ledger:
        validator = Validator(Profiles.load(), Vocabularies.load(), ledger.verdicts)
        gc.collect()
        ready, known, violations = time.process_time(), 0, []
        for outcome in validator.validate_many(read_descriptions(file, marks, hashed=hashed), profiles=_PROFILES):
            known += outcome.known
            if read_all or not outcome.known:
                found = outcome.report.findings
                violations += [(one.focus, one.path) for one in found if one.severity == "violation"]
        ledger.verdicts.flush()
        judging = time.process_time() - ready
    return {"ready": ready, "judging": judging, "known": known, "violations": violations}


def judge_plainly(path: Path) -> dict[str, object]:
    """``pyshacl.validate`` with the official shapes over the same descriptions as one graph."""
    shapes, classes, vocabularies = healthdcat_ap_rules(), Profiles.load().classes, Vocabularies.load()
    gc.collect()
    ready = time.process_time()
    stated = parse_ntriples(path.read_bytes())
    own = {str(subject) for subject in stated.subjects()}
    data = stated + background(stated, vocabularies, described=True) + classes
    for scheme in set(data.objects(None, SKOS.inScheme)):
        data.add((scheme, RDF.type, SKOS.ConceptScheme))
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False)
    judging = time.process_time() - ready
    assert isinstance(report, Graph)
    violations = [
        (str(report.value(result, SH.focusNode)), str(report.value(result, SH.resultPath)))
        for result in report.subjects(SH.resultSeverity, SH.Violation)
        if str(report.value(result, SH.focusNode)) in own
    ]
    return {"ready": ready, "judging": judging, "known": 0, "violations": violations}


def healthdcat_ap_rules() -> Graph:
    """The official shapes and ranges for the access level PUBLIC, without the one rule that stops pySHACL.

    Without those of what is only recommended: violations are compared, and the reference shall have no more to do.
    """
    base, own = STANDARDS / "dcat-ap-3.0.1", STANDARDS / "healthdcat-ap-r8"
    graph = Graph()
    for file in (base / "shapes.ttl", base / "range.ttl", own / "shapes" / "public-shapes.ttl"):
        graph.parse(file)
    for file in (own / "ranges" / "range.ttl", own / "controlled-vocabularies" / "mdr-vocabularies.shape.ttl"):
        graph.parse(file)
    for shape, node in list(graph.subject_objects(SH.property)):
        if (node, SH.path, None) not in graph:
            graph.remove((shape, SH.property, node))
    return graph


def run(step: str, path: Path, folder: Path) -> Run:
    """One step in a process of its own."""
    answer = folder / f"{step}-{path.stem}.json"
    command = [sys.executable, "-m", "bench.validation", "--step", step, str(path), str(answer)]
    cost = measure(command, folder / f"home-{path.stem.split('-')[0]}")
    if not answer.exists():
        raise RuntimeError(f"{' '.join(command)} gave no answer")
    told = json.loads(answer.read_text(encoding="utf-8"))
    violations = frozenset((focus, path_) for focus, path_ in told["violations"])
    return Run(told["ready"], told["judging"], cost.memory, told["known"], violations)


def compare(sizes: list[int], plain: list[int], folder: Path) -> str:
    """All runs, as Markdown."""
    lines = [
        "| descriptions | run | CPU s | each ms | start-up CPU s | peak MB | violations |",
        "|---|---|---|---|---|---|---|",
    ]
    facts: list[str] = []
    judging: dict[int, float] = {}
    for size in sizes:
        path, changed = folder / f"{size}.nt", folder / f"{size}-changed.nt"
        write_descriptions(path, size)
        write_descriptions(changed, size, changed=True)
        first = run("first", path, folder)
        runs = {"first": first, "again": run("again", changed, folder)}
        runs |= {step: run(step, changed, folder) for step in ("hashing", "reading")}
        if size in plain:
            runs["plain"] = reference = run("plain", path, folder)
            ratio = reference.judging / first.judging
            facts.append(f"{size:,}: pySHACL takes {ratio:.1f} times the CPU of the first run.")
            facts += _differences(first.violations, reference.violations)
        for step, one in runs.items():
            lines.append(
                f"| {size:,} | {_TITLES[step]} | {one.judging:.2f} | {one.judging / size * 1000:.3f} | {one.ready:.2f} "
                f"| {one.memory:.0f} | {len(one.violations) if _READS_ALL[step] else ''} |"
            )
        facts.append(f"{size:,}: {_share(runs['again'], first, size)}")
        judging[size] = first.judging
    for small, large in pairwise(sizes):
        growth = judging[large] / judging[small] / (large / small)
        facts.append(f"From {small:,} to {large:,} a description takes {growth:.2f} times as long.")
    return "\n".join([*lines, "", *(f"- {fact}" for fact in facts), ""])


def _share(again: Run, first: Run, size: int) -> str:
    share, whole = again.judging / first.judging, _whole(again) / _whole(first)
    anew = size - again.known
    return f"with 1 % changed ({anew:,} judged anew) {share:.1%} of the first run's CPU; start-up counted, {whole:.1%}."


def _whole(one: Run) -> float:
    return one.ready + one.judging


def _differences(ours: frozenset[tuple[str, str]], official: frozenset[tuple[str, str]]) -> list[str]:
    if ours == official:
        return [f"The violations are the same, {len(ours):,} of them."]
    kinds = Counter((_field(path), "Radiograph") for _, path in ours - official)
    kinds += Counter((_field(path), "the official shapes") for _, path in official - ours)
    return [f"{count:,} violations on {path} only by {who}." for (path, who), count in sorted(kinds.items())]


def _field(path: str) -> str:
    return re.split(r"[#/]", path)[-1]


def main() -> None:
    """Measure, print and, with ``--write``, keep the dated figures."""
    parser = argparse.ArgumentParser(description="What validation costs beside plain pySHACL.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10000], help="how many descriptions")
    parser.add_argument("--plain", type=int, nargs="*", default=[1000], help="sizes at which pySHACL runs as well")
    parser.add_argument("--write", action="store_true", help="keep the figures under bench/results/")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        step, path, answer = options.step
        if step == "plain":
            told = judge_plainly(Path(path))
        else:
            hashed = step in ("again", "reading")
            told = judge(Path(path), Settings().home, hashed=hashed, read_all=_READS_ALL[step])
        Path(answer).write_text(json.dumps(told), encoding="utf-8")
        return
    plain = options.plain if STANDARDS.is_dir() else []
    with tempfile.TemporaryDirectory() as folder:
        text = compare(options.sizes, plain, Path(folder))
    sys.stdout.write(text)
    if options.write:
        today = datetime.datetime.now(datetime.UTC).date()
        machine = (
            f"{os.cpu_count()} cores, Python {sys.version.split()[0]}. CPU without start-up, which is told beside."
        )
        (RESULTS / f"{today}-validation.md").write_text(
            f"# Validation, {today}\n\n{machine}\n\n{text}", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
