"""Every constraint of every profile, one by one: ``mutations/*.tsv`` break an example so that only it complains.

A constraint that is removed, loosened or moved makes its row fail; one that is added without a row fails too.
``accepted/*.tsv`` hold what a constraint must let pass: the other ways in which a value may be right.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rdflib import Graph, URIRef

from core.terms import DCAT, SHAPE
from shapes.profiles import Profiles
from shapes.report import Finding
from shapes.validator import Validator
from tests.shapes.conftest import DATASET, ELSEWHERE, EX, ROOT, example, term, turtle


@dataclass(frozen=True)
class Change:
    """A row: take ``example``, remove all values of the ``remove`` paths, add the Turtle of ``add``."""

    profile: str
    rule: str
    example: str
    remove: str
    add: str

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
        return subject if subject in ELSEWHERE else DATASET


@dataclass(frozen=True)
class Mutation(Change):
    """A change after which ``rule`` complains at ``path``.

    ``also`` names rules that cannot but complain as well: a theme without an IRI is in no list either.
    """

    path: str
    severity: str
    also: str = ""


def _rows(folder: str) -> Iterator[dict[str, str]]:
    for path in sorted((Path(__file__).parent / folder).glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                yield {"profile": path.stem, **row}


ROWS = [Mutation(**row) for row in _rows("mutations")]
ACCEPTED = [Change(**row) for row in _rows("accepted")]
_BEFORE: dict[tuple[str, str, URIRef], set[Finding]] = {}


def _findings(validator: Validator, graph: Graph, change: Change) -> set[Finding]:
    judge = validator.validate if change.record == DATASET else validator.validate_catalogue
    return set(judge(graph, change.record, profiles=[change.profile]).findings)


def unbroken(validator: Validator, change: Change) -> set[Finding]:
    """What is found in the example as it is."""
    return _findings(validator, example(change.example), change)


def known(validator: Validator, change: Change) -> set[Finding]:
    key = (change.profile, change.example, change.record)
    if key not in _BEFORE:
        _BEFORE[key] = unbroken(validator, change)
    return _BEFORE[key]


def complaints(validator: Validator, change: Change, whole: Validator) -> set[tuple[str, str, str]]:
    """Rule, path and severity of what ``validator`` finds after the change and ``whole`` not before it."""
    after = _findings(validator, change.apply(), change) - known(whole, change)
    return {(str(f.rule).removeprefix(str(SHAPE)), f.path, f.severity) for f in after}


def fails(validator: Validator, row: Change, whole: Validator) -> bool:
    """Whether the row's test fails with ``validator``; ``whole`` is the one with nothing changed."""
    found = complaints(validator, row, whole)
    if not isinstance(row, Mutation):
        return any(rule == row.rule for rule, _, _ in found)
    also = set(row.also.split())
    named = {finding for finding in found if finding[0] not in also}
    return named != {(row.rule, str(term(row.path)), row.severity)}


@pytest.mark.parametrize("mutation", ROWS, ids=lambda row: row.rule)
def test_only_the_constraint_that_is_broken_complains(mutation: Mutation, validator: Validator) -> None:
    assert not fails(validator, mutation, validator), complaints(validator, mutation, validator)


@pytest.mark.parametrize("change", ACCEPTED, ids=lambda row: row.rule)
def test_a_constraint_lets_pass_what_is_right_by_it(change: Change, validator: Validator) -> None:
    assert not fails(validator, change, validator), complaints(validator, change, validator)


def test_every_constraint_has_a_row_and_every_row_a_constraint(validator: Validator) -> None:
    assert {str(SHAPE[row.rule]) for row in ROWS} == {str(rule) for rule in validator.rules}
    assert {str(SHAPE[row.rule]) for row in ACCEPTED} <= {str(rule) for rule in validator.rules}


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
        address, _, section = rule.specification.partition("#")
        assert section and address.startswith(specifications[rule.profile]), rule


def test_the_lists_of_health_data_stand_in_for_those_of_dcat_ap(validator: Validator) -> None:
    """A media type that IANA does not know is a violation of DCAT-AP, and worth a warning in HealthDCAT-AP."""
    graph = example("healthdcat-ap-public-complete")
    graph.remove((EX.distribution, DCAT.mediaType, None))
    graph.add((EX.distribution, DCAT.mediaType, EX.own))
    for profile, severity in (("dcat-ap", "violation"), ("healthdcat-ap", "warning")):
        report = validator.validate(graph, DATASET, profiles=[profile])
        assert [f.severity for f in report.findings if f.path == str(DCAT.mediaType)] == [severity]


def test_the_page_on_profiles_counts_the_constraints(validator: Validator, profiles: Profiles) -> None:
    page = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([\w-]+)` [^|]*\| [^|]*\| (\d+) violations, (\d+) warnings \|", page, flags=re.MULTILINE)
    counted = []
    for profile in profiles:
        severities = [validator.rules[rule].severity for rule in profiles.constraints(profile.id)]
        counted.append((profile.id, str(severities.count("violation")), str(severities.count("warning"))))
    assert told == counted
