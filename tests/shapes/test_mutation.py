"""Remove or change anything in the shapes, and a row of ``mutations/*.tsv`` fails: the score is told in the docs."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

import pytest

from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.validator import Validator
from tests.shapes.conftest import ROOT
from tests.shapes.mutants import Mutant, mutants
from tests.shapes.test_constraints import ACCEPTED, ROWS, Change, fails, known, unbroken

#: Mutants that live on, with the reason: nothing that is said of a description changes with them.
EQUIVALENT: dict[str, str] = {}
_SAMPLE = 40


class Trial:
    """Runs the rows that a mutant touches, and looks at whole examples, which a stricter mutant finds fault with."""

    def __init__(self, profiles: Profiles, vocabularies: Vocabularies, validator: Validator) -> None:
        self._profiles = profiles
        self._vocabularies = vocabularies
        self._whole = validator
        self._rows: dict[str, list[Change]] = {}
        for row in (*ROWS, *ACCEPTED):
            self._rows.setdefault(row.rule, []).append(row)

    def survivors(self, tried: Iterable[Mutant]) -> list[str]:
        return [str(mutant) for mutant in tried if not self._is_noticed(mutant)]

    def _is_noticed(self, mutant: Mutant) -> bool:
        changed: dict[str, Validator] = {}
        for row in (row for rule in sorted(mutant.rules) for row in self._rows[rule]):
            if row.profile not in changed:
                changed[row.profile] = mutant.validator(row.profile, self._profiles, self._vocabularies)
            validator = changed[row.profile]
            if fails(validator, row, self._whole) or unbroken(validator, row) != known(self._whole, row):
                return True
        return False


@pytest.fixture
def trial(profiles: Profiles, vocabularies: Vocabularies, validator: Validator) -> Trial:
    return Trial(profiles, vocabularies, validator)


def test_a_sample_of_removed_constraints_is_noticed(profiles: Profiles, trial: Trial) -> None:
    removals = [mutant for mutant in mutants(profiles) if mutant.is_removal]
    assert not trial.survivors(random.Random(7).sample(removals, _SAMPLE))


@pytest.mark.slow
def test_every_removed_constraint_is_noticed(profiles: Profiles, validator: Validator, trial: Trial) -> None:
    removals = [mutant for mutant in mutants(profiles) if mutant.is_removal]
    assert len(removals) == len(validator.rules)
    assert not trial.survivors(removals)


@pytest.mark.slow
def test_every_changed_constraint_is_noticed(profiles: Profiles, trial: Trial) -> None:
    changes = [mutant for mutant in mutants(profiles) if not mutant.is_removal]
    survivors = trial.survivors(changes)
    assert set(survivors) == set(EQUIVALENT), f"{len(changes) - len(survivors)} of {len(changes)} noticed"


def test_the_page_on_profiles_tells_how_many_mutants_there_are(profiles: Profiles) -> None:
    page = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    told = [int(number.replace(",", "")) for number in re.findall(r"\*\*([\d,]+) of [\d,]+\*\*", page)]
    made = list(mutants(profiles))
    removals = sum(mutant.is_removal for mutant in made)
    assert told == [removals, len(made) - removals - len(EQUIVALENT)]
