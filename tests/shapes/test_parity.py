"""Parity with the official shapes: on broken descriptions by the thousand, the same (node, property, severity).

The oracle is pySHACL on the official files (oracle.py); where the two differ on purpose is written in
differences.toml, and each of these differences is shown to be needed.
"""

from __future__ import annotations

import random
import re
from functools import cache

import pytest
from rdflib import BNode, Graph, URIRef

from core.terms import DCAT, RDF, SH
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.validator import Validator
from tests.shapes.conftest import DATASET, EXAMPLES, ROOT, example
from tests.shapes.corpus import KINDS, Broken, Kind, broken, records
from tests.shapes.differences import Difference, differences, unexcused
from tests.shapes.oracle import HEALTH, Oracle, Problem, as_judged, dcat_ap, healthdcat_ap, level_of
from tests.shapes.test_constraints import ROWS, Mutation

pytestmark = pytest.mark.oracle

#: Descriptions of a kind: under DCAT-AP, and at each access level of HealthDCAT-AP.
QUICK = {"dcat-ap": 70, "healthdcat-ap": 35}
CAMPAIGN = {"dcat-ap": 1200, "healthdcat-ap": 500}
#: Test rows whose rules the official files of Release 8 and DCAT-AP know.
_OFFICIAL = ("dcat-ap", "healthdcat-ap")
_COMPARED = [row for row in ROWS if row.profile in _OFFICIAL]


class Comparison:
    """Ours and the official findings on one description after another."""

    def __init__(self, validator: Validator, profiles: Profiles, vocabularies: Vocabularies) -> None:
        self._validator = validator
        self._oracle = cache(lambda shapes: Oracle(shapes, profiles, vocabularies))

    def ours(self, stated: Graph, record: URIRef, profile: str) -> set[Problem]:
        is_dataset = (record, RDF.type, DCAT.Dataset) in stated
        judge = self._validator.validate if is_dataset else self._validator.validate_catalogue
        return {Problem(f.focus, f.path, f.severity) for f in judge(stated, record, profiles=[profile]).findings}

    def official(self, stated: Graph, record: URIRef, profile: str) -> set[Problem]:
        shapes = dcat_ap() if profile == "dcat-ap" else healthdcat_ap(level_of(stated, record))
        problems: set[Problem] = self._oracle(shapes).problems(stated, record)
        return problems

    def unexcused(self, stated: Graph, record: URIRef, profile: str, *less: Difference) -> set[tuple[str, Problem]]:
        """What only one of the two finds, and no difference, ``less`` left aside, explains."""
        sides = self.ours(stated, record, profile), self.official(stated, record, profile)
        return unexcused(*sides, profile, stated, [entry for entry in differences() if entry not in less])


@pytest.fixture(scope="module")
def comparison(validator: Validator, profiles: Profiles, vocabularies: Vocabularies) -> Comparison:
    return Comparison(validator, profiles, vocabularies)


def _disparities(comparison: Comparison, kind: Kind, seeds: range) -> dict[str, set[tuple[str, Problem]]]:
    found = {}
    for seed in seeds:
        item = broken(kind, seed)
        alone = comparison.unexcused(item.stated, item.record, kind.profile)
        if alone:
            found[f"{kind} {seed}: {item.source}, {item.record}, {', '.join(item.faults)}"] = alone
    return found


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_broken_descriptions_are_found_wrong_where_the_official_shapes_find_them_wrong(
    kind: Kind, comparison: Comparison
) -> None:
    assert not _disparities(comparison, kind, range(QUICK[kind.profile]))


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_campaign(kind: Kind, comparison: Comparison) -> None:
    assert not _disparities(comparison, kind, range(QUICK[kind.profile], CAMPAIGN[kind.profile]))


def _row_disparities(comparison: Comparison, rows: list[Mutation]) -> dict[str, set[tuple[str, Problem]]]:
    found = {}
    for row in rows:
        stated = as_judged(row.apply(), row.record)
        alone = comparison.unexcused(stated, row.record, row.profile)
        if alone:
            found[row.rule] = alone
    return found


def test_what_breaks_one_constraint_breaks_the_official_ones_likewise(comparison: Comparison) -> None:
    assert not _row_disparities(comparison, random.Random(1).sample(_COMPARED, 40))


@pytest.mark.slow
def test_what_breaks_any_constraint_breaks_the_official_ones_likewise(comparison: Comparison) -> None:
    assert not _row_disparities(comparison, _COMPARED)


@pytest.mark.parametrize("entry", differences(), ids=lambda entry: entry.id)
def test_every_written_difference_is_needed(entry: Difference, comparison: Comparison) -> None:
    """On its example all differences explain everything, and all but this one do not."""
    stated = as_judged(entry.description(), entry.record)
    for profile in entry.profiles:
        if profile == "dcat-ap" or entry.example.startswith(profile) or len(entry.profiles) == 1:
            assert not comparison.unexcused(stated, entry.record, profile)
            assert comparison.unexcused(stated, entry.record, profile, entry)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_examples_are_found_as_good_as_we_find_them(kind: Kind, comparison: Comparison) -> None:
    """Complete ones and catalogues have no finding, recommendations included; a minimal dataset no violation."""
    for name, record in records(kind):
        if not name.startswith(kind.profile) or name.startswith("healthdcat-ap-7"):
            continue
        stated = as_judged(example(name), record)
        assert not comparison.unexcused(stated, record, kind.profile), (name, record)
        ours = comparison.ours(stated, record, kind.profile)
        is_whole = "complete" in name if record == DATASET else "catalogue" in name
        assert not [p for p in ours if is_whole or (p.severity == "violation" and record == DATASET)], (name, record)


def test_the_corpus_is_the_same_each_time_and_has_faults_of_every_kind() -> None:
    def made(kind: Kind, seed: int) -> Broken:
        return broken(kind, seed)

    again = [made(KINDS[0], seed) for seed in range(5)]
    assert [set(item.stated) for item in again] == [set(made(KINDS[0], seed).stated) for seed in range(5)]
    faults = {fault for seed in range(60) for fault in made(KINDS[0], seed).faults}
    assert len(faults) == 9
    described = {path.stem for path in EXAMPLES.glob("*.ttl") if path.stem.startswith(("dcat", "eucaim", "health"))}
    assert described <= {name for kind in KINDS for name, _ in records(kind)}


def test_the_official_structured_data_rule_is_still_the_one_without_a_path() -> None:
    """When a release mends it, the oracle must run it and the written difference goes."""
    graph = Graph().parse(HEALTH / "shapes" / "public-shapes.ttl")
    pathless = [node for node in graph.objects(None, SH.property) if (node, SH.path, None) not in graph]
    assert len(pathless) == 1 and isinstance(pathless[0], BNode)


def test_the_page_on_profiles_tells_the_size_of_the_campaign_and_every_difference() -> None:
    page = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
    size = CAMPAIGN["dcat-ap"] + 3 * CAMPAIGN["healthdcat-ap"]
    assert f"{size:,} descriptions" in page
    listed = dict(re.findall(r"^\| `([\w-]+)` \| (.+?) \|$", page, flags=re.MULTILINE))
    assert {entry.id: entry.reason for entry in differences()}.items() <= listed.items()
