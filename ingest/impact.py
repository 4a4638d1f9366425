"""What a change of the vocabularies does to the catalogue, as :mod:`ingest.impact_search` finds it."""

from __future__ import annotations

from dataclasses import dataclass, field

from catalogue.description import StoredDescription
from catalogue.links import Link
from ingest.derivation import Words
from ingest.example_queries import Answers
from ingest.standing import Facts, Side


@dataclass(frozen=True, slots=True)
class DatasetImpact:
    """One dataset: what stands in the catalogue under each tree.

    ``sides`` is what its record becomes, or None where only concepts change and the verdict is known to stay.
    """

    iri: str
    repository: str
    title: str
    sides: tuple[Side, Side] | None
    stood: tuple[StoredDescription | None, StoredDescription | None]
    facts: tuple[Facts, Facts]

    @property
    def changed(self) -> bool:
        """Whether the catalogue says something else of it."""
        before, after = self.stood
        if before is None or after is None:
            return before is not after
        return (before.ntriples, before.conforms_to) != (after.ntriples, after.conforms_to)

    @property
    def judged_otherwise(self) -> bool:
        """Whether validation finds something else, or its gate decides otherwise."""
        if self.sides is None:
            return False
        before, after = self.sides
        same = before.findings == after.findings and before.conforms == after.conforms
        return not same or before.accepted != after.accepted or before.fault != after.fault


@dataclass(frozen=True, slots=True)
class FacetImpact:
    """One value of a facet whose number of datasets, broader ones counted as well, or whose label changes."""

    facet: str
    value: str
    labels: tuple[str, str]
    counts: tuple[int, int]


@dataclass(frozen=True)
class Impact:
    """All that a change does.

    ``records`` were looked at, ``touched`` of them get other answers, and ``derived`` of these were derived under both
    trees: of the others only concepts are exchanged.
    """

    titles: tuple[str, str]
    records: int = 0
    touched: int = 0
    derived: int = 0
    datasets: tuple[DatasetImpact, ...] = ()
    facets: tuple[FacetImpact, ...] = ()
    links: tuple[tuple[Link, ...], tuple[Link, ...]] = ((), ())
    queries: tuple[Answers, ...] = ()
    remarks: tuple[str, ...] = ()
    words: tuple[Words, Words] | None = field(default=None, repr=False)

    @property
    def changed(self) -> tuple[DatasetImpact, ...]:
        return tuple(one for one in self.datasets if one.changed)

    @property
    def judged_otherwise(self) -> tuple[DatasetImpact, ...]:
        return tuple(one for one in self.datasets if one.judged_otherwise)

    @property
    def anything(self) -> bool:
        return bool(self.datasets or self.facets or any(self.links) or self.queries)
