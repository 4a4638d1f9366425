"""Every constraint of every profile, one by one: ``mutations/*.tsv`` break an example so that only it complains.

A constraint that is removed, loosened or moved makes its row fail; one that is added without a row fails too.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from rdflib import Graph, URIRef

from core.terms import SHAPE
from shapes.profiles import Profiles
from shapes.report import Finding
from shapes.validator import Validator
from tests.shapes.conftest import DATASET, EX, example, term, turtle

_ELSEWHERE = {EX.catalogue, EX.record, EX.service, EX.series}


@dataclass(frozen=True)
class Mutation:
    """A row: take ``example``, remove all values of the ``remove`` paths, add the Turtle of ``add``."""

    rule: str
    example: str
    remove: str
    add: str
    path: str
    severity: str

    def apply(self) -> Graph:
        graph = example(self.example)
        for pair in filter(None, self.remove.split("|")):
            subject, predicate = pair.split()
            graph.remove((term(subject), term(predicate), None))
        for triple in turtle(self.add):
            graph.add(triple)
        return graph

    @property
    def record(self) -> URIRef:
        subject = term((self.remove or self.add).split()[0])
        return subject if subject in _ELSEWHERE else DATASET


def _rows() -> list[Mutation]:
    rows = []
    for path in sorted((Path(__file__).parent / "mutations").glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows += [Mutation(**row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    return rows


ROWS = _rows()
_BEFORE: dict[tuple[str, URIRef], set[Finding]] = {}


def _findings(validator: Validator, graph: Graph, mutation: Mutation) -> set[Finding]:
    gate = "healthdcat-ap" if mutation.example.startswith("health") else None
    judge = validator.validate if mutation.record == DATASET else validator.validate_catalogue
    return set(judge(graph, mutation.record, gate=gate).findings)


def _unbroken(validator: Validator, mutation: Mutation) -> set[Finding]:
    key = (mutation.example, mutation.record)
    if key not in _BEFORE:
        _BEFORE[key] = _findings(validator, example(mutation.example), mutation)
    return _BEFORE[key]


@pytest.mark.parametrize("mutation", ROWS, ids=lambda row: row.rule)
def test_only_the_constraint_that_is_broken_complains(mutation: Mutation, validator: Validator) -> None:
    after = _findings(validator, mutation.apply(), mutation) - _unbroken(validator, mutation)
    assert {(f.rule, f.path, f.severity) for f in after} == {
        (str(SHAPE[mutation.rule]), str(term(mutation.path)), mutation.severity)
    }


def test_every_constraint_has_a_row_and_every_row_a_constraint(validator: Validator) -> None:
    assert {str(SHAPE[row.rule]) for row in ROWS} == {str(rule) for rule in validator.rules}


def test_messages_say_what_is_wrong_and_then_what_to_do(validator: Validator) -> None:
    """Two sentences or more, the last of which starts with a verb that tells the reader what to do."""
    advice = re.compile(r"(Add|Ask|Choose|Describe|Give|Keep|Refer|Write) \S+")
    for rule in validator.rules.values():
        problem, _, remedy = rule.message.partition(". ")
        assert problem and advice.match(remedy), rule
        assert rule.message.endswith("."), rule
        assert "sh:" not in rule.message and "SHACL" not in rule.message, rule
        assert rule.field and rule.field[0].isupper(), rule


def test_every_constraint_names_its_section_of_the_specification(validator: Validator, profiles: Profiles) -> None:
    specifications = {profile.id: profile.specification for profile in profiles}
    for rule in validator.rules.values():
        assert rule.specification.startswith(specifications[rule.profile] + "#"), rule
