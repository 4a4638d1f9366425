from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ingest.disclosure import disclose, publishable_strata
from ingest.record import SourceRecord, SourceStratum

Cell = tuple[str, str, str]
K = 10


def stratum(cell: Cell, subjects: int) -> SourceStratum:
    modality, body_part, sex = cell
    return SourceStratum(
        modality=modality, body_part=body_part, sex=sex, subjects=subjects, studies=subjects + 1, series=subjects * 3
    )


def record(*strata: SourceStratum, subjects: int | None = None) -> SourceRecord:
    total = sum(s.subjects for s in strata) if subjects is None else subjects
    return SourceRecord(
        identifier="x", subjects=total, studies=total * 2, series=total * 3, byte_size=5, strata=tuple(strata)
    )


cells = st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from("abc"), st.sampled_from("mf")), unique=True)
cubes = cells.flatmap(
    lambda names: st.tuples(*(st.builds(stratum, st.just(name), st.integers(1, 30)) for name in names))
)


def determined(strata: tuple[SourceStratum, ...], published: tuple[SourceStratum, ...]) -> set[Cell]:
    """The withheld cells that a reader can compute who knows the total and the marginals of what is partly published.

    Independent of the implementation: x is determined if and only if adding it to the equations keeps their rank.
    """
    shown = {cell(s) for s in published}
    hidden = [cell(s) for s in strata if cell(s) not in shown]
    lines: dict[tuple[int, str], list[Cell]] = defaultdict(list)
    for s in strata:
        for dimension, value in enumerate(("*", *cell(s))):
            lines[dimension, value].append(cell(s))
    rows = [[Fraction(c in line) for c in hidden] for line in lines.values() if shown & set(line)]
    rank = matrix_rank(rows)
    return {c for c in hidden if matrix_rank([*rows, [Fraction(c == other) for other in hidden]]) == rank}


def matrix_rank(rows: list[list[Fraction]]) -> int:
    matrix, rank = [row[:] for row in rows], 0
    for column in range(len(matrix[0]) if matrix else 0):
        pivot = next((i for i in range(rank, len(matrix)) if matrix[i][column]), None)
        if pivot is None:
            continue
        matrix[rank], matrix[pivot] = matrix[pivot], matrix[rank]
        for i in range(rank + 1, len(matrix)):
            factor = matrix[i][column] / matrix[rank][column]
            matrix[i] = [a - factor * b for a, b in zip(matrix[i], matrix[rank], strict=True)]
        rank += 1
    return rank


def cell(s: SourceStratum) -> Cell:
    return s.modality, s.body_part, s.sex


@given(cubes)
def test_no_withheld_cell_follows_from_what_is_published(strata: tuple[SourceStratum, ...]) -> None:
    published = publishable_strata(strata, K)
    assert all(s.subjects >= K for s in published)
    assert determined(strata, published) == set()


@given(cubes)
def test_what_subtraction_leaves_is_no_small_group(strata: tuple[SourceStratum, ...]) -> None:
    published = publishable_strata(strata, K)
    for dimension in (None, "modality", "body_part", "sex"):
        groups: dict[str, list[SourceStratum]] = defaultdict(list)
        for s in strata:
            groups[getattr(s, dimension) if dimension else ""].append(s)
        for line in groups.values():
            rest = [s for s in line if s not in published]
            if rest and len(rest) < len(line):
                assert len(rest) >= 2
                assert sum(s.subjects for s in rest) >= K


@given(st.lists(st.integers(1, 6), min_size=2, max_size=5).map(tuple), st.integers(4, 9))
def test_bounds_give_no_cell_away(sizes: tuple[int, ...], k: int) -> None:
    """Who knows that every withheld cell holds 1 to k - 1 people still finds two solutions for each."""
    strata = tuple(stratum((str(i), str(i), "m"), size) for i, size in enumerate((*sizes, 200)))
    published = publishable_strata(strata, k)
    hidden = [s.subjects for s in strata if s not in published]
    assume(hidden and published and max(hidden) < k)
    solutions = [c for c in product(range(1, k), repeat=len(hidden)) if sum(c) == sum(hidden)]
    assert all(len({solution[i] for solution in solutions}) > 1 for i in range(len(hidden)))


@given(cubes, st.integers(1, 20))
def test_disclosing_twice_changes_nothing(strata: tuple[SourceStratum, ...], k: int) -> None:
    once = disclose(record(*strata), k)
    assert disclose(once.record, k).record == once.record


@given(cubes)
def test_nothing_is_withheld_from_public_data(strata: tuple[SourceStratum, ...]) -> None:
    original = record(*strata)
    disclosure = disclose(original, 1)
    assert disclosure.record == original
    assert disclosure.remarks == ()


@given(st.lists(st.integers(K, 1000), min_size=1, max_size=6))
def test_nothing_is_withheld_where_nothing_is_small(sizes: list[int]) -> None:
    strata = tuple(stratum((str(i), "a", "m"), size) for i, size in enumerate(sizes))
    assert publishable_strata(strata, K) == strata


def test_one_small_cell_takes_the_smallest_other_one_with_it() -> None:
    strata = (stratum(("A", "a", "m"), 3), stratum(("B", "b", "f"), 40), stratum(("C", "c", "o"), 300))
    disclosure = disclose(record(*strata), K)
    assert disclosure.record.strata == strata[2:]
    assert disclosure.record.subjects == 343
    assert disclosure.withheld_strata == 2
    assert not any(digit in " ".join(disclosure.remarks) for digit in ("3", "40", "343"))


def test_two_small_cells_that_are_small_together_get_company() -> None:
    sizes = {"A": 2, "B": 3, "C": 40, "D": 300}
    published = publishable_strata(tuple(stratum((name, name, name), size) for name, size in sizes.items()), K)
    assert [s.modality for s in published] == ["D"]


def test_a_large_cell_withheld_alone_in_a_line_gets_company() -> None:
    """Else its line would give it back, and no stratum could be published at all."""
    cells = {("A", "a", "m"): 50, ("A", "a", "f"): 60, ("A", "b", "f"): 3, ("B", "a", "m"): 50, ("B", "b", "f"): 40}
    published = publishable_strata(tuple(stratum(name, size) for name, size in cells.items()), K)
    assert [cell(s) for s in published] == [("A", "a", "f")]


@pytest.mark.parametrize(("subjects", "studies"), [(9, 400), (None, 9), (1, 1)])
def test_small_totals_are_withheld_with_every_stratum(subjects: int | None, studies: int) -> None:
    original = SourceRecord(
        identifier="x", subjects=subjects, studies=studies, series=500, byte_size=7,
        strata=(stratum(("A", "a", "m"), 500),),
    )  # fmt: skip
    published = disclose(original, K).record
    assert (published.subjects, published.studies, published.series, published.strata) == (None, None, None, ())
    assert published.byte_size == 7


def test_a_total_is_withheld_where_it_is_that_of_one_small_stratum() -> None:
    contradictory = record(stratum(("A", "a", "m"), 4), subjects=50)
    assert disclose(contradictory, K).record.subjects is None


def test_totals_without_strata_stay() -> None:
    published = disclose(record(subjects=50), K).record
    assert published.subjects == 50


def test_a_large_cube_is_judged_in_time() -> None:
    names = product([f"m{i}" for i in range(12)], [f"b{i}" for i in range(40)], "mf")
    strata = tuple(stratum(name, 1 + (i * 7919) % 60) for i, name in enumerate(names))
    published = publishable_strata(strata, K)
    assert 0 < len(published) < len(strata)
