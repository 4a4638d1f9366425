"""The written differences between our findings and the official ones: data in ``differences.toml``."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from rdflib import Graph, URIRef

from core.terms import RDF
from tests.shapes.conftest import DATASET, ELSEWHERE, example, term, turtle
from tests.shapes.oracle import Problem

FILE = Path(__file__).parent / "differences.toml"


@dataclass(frozen=True)
class Difference:
    """One entry of the file; an attribute that the entry leaves out excuses whatever it has."""

    id: str
    profiles: tuple[str, ...]
    side: Literal["ours", "official"]
    severity: str
    reason: str
    example: str
    add: str
    focus: str = "any"
    path: tuple[str, ...] | Literal["any"] = "any"
    value: str = ""
    instead: Literal["", "value", "violation"] = ""
    remove: str = ""

    def excuses(self, problem: Problem, side: str, profile: str, stated: Graph, other: Iterable[Problem]) -> bool:
        """Whether ``side`` may report ``problem`` alone, the other side having found ``other``."""
        node, path = URIRef(problem.focus), URIRef(problem.path)
        values = {str(value) for value in stated.objects(node, path)}
        return (
            side == self.side
            and profile in self.profiles
            and problem.severity == self.severity
            and (self.path == "any" or problem.path in {str(term(name)) for name in self.path})
            and (self.focus == "any" or (node, RDF.type, term(self.focus)) in stated)
            and (not self.value or any(re.search(self.value, value) for value in values))
            and self._has_instead(problem, stated, values, other)
        )

    def _has_instead(self, problem: Problem, stated: Graph, values: set[str], other: Iterable[Problem]) -> bool:
        places = {
            "": lambda found: True,
            "violation": lambda found: not values and (found.focus, found.path) == (problem.focus, problem.path),
            "value": lambda found: found.severity == problem.severity and found.focus in _below(stated, values),
        }
        return not self.instead or any(map(places[self.instead], other))

    @property
    def record(self) -> URIRef:
        """Which record of the example is judged: the first that the entry speaks of, or else its dataset."""
        subject = term((self.remove or self.add or "ex:dataset").split()[0])
        return subject if subject in ELSEWHERE else DATASET

    def description(self) -> Graph:
        """The example on which the difference shows."""
        graph = example(self.example)
        for pair in filter(None, self.remove.split("|")):
            subject, predicate = pair.split()
            graph.remove((term(subject), term(predicate), None))
        return graph + turtle(self.add)


@cache
def differences() -> tuple[Difference, ...]:
    """All entries of the file, in its order."""
    entries = tomllib.loads(FILE.read_text(encoding="utf-8"))["difference"]
    return tuple(Difference(**_attributes(entry)) for entry in entries)


def _attributes(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}


def unexcused(
    ours: set[Problem], official: set[Problem], profile: str, stated: Graph, allowed: Iterable[Difference] | None = None
) -> set[tuple[str, Problem]]:
    """What one side reports alone and no written difference explains."""
    entries = tuple(differences() if allowed is None else allowed)
    sides = (("ours", ours - official, official), ("official", official - ours, ours))
    return {
        (side, problem)
        for side, alone, other in sides
        for problem in alone
        if not any(entry.excuses(problem, side, profile, stated, other) for entry in entries)
    }


def _below(stated: Graph, values: set[str]) -> set[str]:
    """The values and the nodes that they point to in turn: a column is below the table below the dataset."""
    found, queue = set(values), list(values)
    for value in queue:
        for item in {str(o) for o in stated.objects(URIRef(value))} - found:
            found.add(item)
            queue.append(item)
    return found
