"""Disclosure control: small counts of people are withheld before anything is stored or published.

What a description publishes is the counts of its strata and its totals, never a marginal. The rest that a reader gets
by subtracting the published strata from a total is itself a published number, so it must obey the same threshold. The
same is asked of every line of the cube (all strata of one modality, one body part or one sex), in case its marginal
is known from elsewhere. Where several lines together would still give one stratum away, no stratum
is published at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ingest.record import SourceRecord, SourceStratum
from ingest.statements import disclosed_statements


@dataclass(frozen=True, slots=True)
class Disclosure:
    """The record as it may be published, and how much was withheld."""

    record: SourceRecord
    withheld_strata: int = 0
    withheld_totals: bool = False

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was withheld, in words that give no number of people."""
        strata = f"{self.withheld_strata} strata withheld: counts of people below the threshold, or next to such"
        totals = "counts of subjects, studies and series withheld: below the threshold"
        return ((strata,) if self.withheld_strata else ()) + ((totals,) if self.withheld_totals else ())


def disclose(record: SourceRecord, k: int) -> Disclosure:
    """Withhold what would tell of fewer than ``k`` people; ``k`` = 1 withholds nothing.

    Doing it twice changes nothing more.
    """
    if k <= 1:
        return Disclosure(record)
    published = publishable_strata(record.strata, k)
    everything_gone = bool(record.strata) and not published
    totals_small = _is_small_total(record, k) or (everything_gone and sum(s.subjects for s in record.strata) < k)
    if totals_small:
        published = ()
    changes: dict[str, object] = {"strata": published}
    if totals_small:
        changes |= {"subjects": None, "studies": None, "series": None}
    withheld = False
    if record.statements is not None:
        changes["statements"], withheld = disclosed_statements(record.statements, k, none=totals_small)
    disclosed = record.model_copy(update=changes)
    return Disclosure(disclosed, len(record.strata) - len(published), totals_small or withheld)


def publishable_strata(strata: Sequence[SourceStratum], k: int) -> tuple[SourceStratum, ...]:
    """Return the strata that may be published, in their order.

    A stratum with fewer than ``k`` subjects is withheld with all its counts. Then, as long as what is withheld of a
    partly published line would tell too much by itself, the smallest published stratum of the line joins it.
    """
    by_size = sorted(range(len(strata)), key=lambda i: (strata[i].subjects, strata[i].series, _cell(strata[i])))
    subjects = [s.subjects for s in strata]
    withheld = {i for i in by_size if subjects[i] < k}
    lines = _lines(by_size, strata)
    while weak := next((line for line in lines if _is_weak(line, withheld, subjects, k)), None):
        withheld.add(next(i for i in weak if i not in withheld))
    if _is_solvable(lines, withheld):
        return ()
    return tuple(s for i, s in enumerate(strata) if i not in withheld)


def _cell(stratum: SourceStratum) -> tuple[str, str, str]:
    return stratum.modality, stratum.body_part, stratum.sex


def _lines(order: Sequence[int], strata: Sequence[SourceStratum]) -> list[list[int]]:
    """The whole cube, and all strata of one modality, one body part or one sex, as positions in ``order``."""
    lines: dict[tuple[int, str], list[int]] = {}
    for i in order:
        for dimension, value in enumerate(_cell(strata[i])):
            lines.setdefault((dimension, value), []).append(i)
    return [list(order), *lines.values()]


def _is_weak(line: Sequence[int], withheld: set[int], subjects: Sequence[int], k: int) -> bool:
    """Whether the withheld part of a partly published line is alone, small, or fixed by being as small as it is."""
    rest = [subjects[i] for i in line if i in withheld]
    if not rest or len(rest) == len(line):
        return False
    # Small strata have 1 to k - 1 subjects: a sum at either end of that range gives every one of them.
    at_an_end = max(rest) < k and sum(rest) in (len(rest), len(rest) * (k - 1))
    return len(rest) < 2 or sum(rest) < k or at_an_end


def _is_solvable(lines: Iterable[Sequence[int]], withheld: set[int]) -> bool:
    """Whether the marginals of the partly published lines, taken as equations, have a withheld count as solution."""
    rows = {line & withheld for line in map(frozenset, lines) if not line <= withheld}
    return any(len(row) == 1 for row in _reduced(rows - {frozenset()}))


def _reduced(rows: Iterable[frozenset[int]]) -> list[dict[int, Fraction]]:
    """Gauss-Jordan elimination, exact; each row maps unknown to coefficient and none is empty."""
    done: dict[int, dict[int, Fraction]] = {}
    for unknowns in sorted(rows, key=sorted):
        row = {unknown: Fraction(1) for unknown in unknowns}
        for pivot, known in done.items():
            row = _without(row, pivot, known)
        if not row:
            continue
        pivot = min(row)
        row = {unknown: value / row[pivot] for unknown, value in row.items()}
        done = {other: _without(known, pivot, row) for other, known in done.items()}
        done[pivot] = row
    return list(done.values())


def _without(row: dict[int, Fraction], pivot: int, known: dict[int, Fraction]) -> dict[int, Fraction]:
    factor = row.get(pivot, Fraction(0))
    if not factor:
        return row
    names = row.keys() | known.keys()
    changed = {name: row.get(name, Fraction(0)) - factor * known.get(name, Fraction(0)) for name in names}
    return {name: value for name, value in changed.items() if value}


def _is_small_total(record: SourceRecord, k: int) -> bool:
    """Studies are of at least one person each, so few studies are few people."""
    return any(count is not None and 0 < count < k for count in (record.subjects, record.studies))
