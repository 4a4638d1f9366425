"""Findings as a person mends them: what has one cause is one trouble, and equal troubles are told once."""

from __future__ import annotations

from dataclasses import dataclass

from shapes.document import Position
from shapes.documents import Judged, Value
from shapes.guide import Guide
from shapes.report import Finding, Severity

_ORDER: dict[Severity, int] = {"violation": 0, "warning": 1, "info": 2}
#: Heading of the troubles that are relaxed.
RELAXED = "Demanded, and relaxed here to a warning"


@dataclass(frozen=True, slots=True)
class Spot:
    """One place a trouble is at: the node in words, where that is in the input, and the values that stand there."""

    node: str
    position: Position | None
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Findings with one cause, the worst first; ``spots`` are all places that have it."""

    findings: tuple[Finding, ...]
    spots: tuple[Spot, ...]

    @property
    def severity(self) -> Severity:
        """How bad the worst of it is."""
        return self.findings[0].severity

    @property
    def field(self) -> str:
        """What people call the property."""
        return self.findings[0].field

    @property
    def only_missing(self) -> bool:
        """Whether it is no more than a recommended property that is not there."""
        return self.severity == "warning" and not self.relaxed and not any(spot.values for spot in self.spots)

    @property
    def relaxed(self) -> bool:
        """Whether the worst of it is a violation that the operator has shown as a warning."""
        return self.findings[0].relaxed

    def at_record(self, one: Judged) -> bool:
        """Whether it is at the record itself, not at a part of it."""
        return self.findings[0].focus == one.report.record

    @property
    def rules(self) -> tuple[str | None, ...]:
        """The constraints that are broken: troubles with the same are equal but for the place."""
        return tuple(finding.rule for finding in self.findings)


def troubles(one: Judged) -> list[Trouble]:
    """The troubles of one record, the worst first, then the record's own before those of its parts, then by place."""
    causes: dict[tuple[str, str, str | None], list[Finding]] = {}
    for finding in one.report.findings:
        causes.setdefault((finding.focus, finding.path, finding.value), []).append(finding)
    equal: dict[tuple[object, ...], Trouble] = {}
    for found in causes.values():
        found.sort(key=lambda f: (_ORDER[f.severity], not f.relaxed, f.profile, f.rule or ""))
        at_record = found[0].focus == one.report.record
        key = (found[0].path, at_record, tuple((finding.rule, finding.message) for finding in found))
        spots = (*(equal[key].spots if key in equal else ()), _spot(one, found[0]))
        equal[key] = Trouble(tuple(found), tuple(sorted(spots, key=lambda spot: _line(spot.position))))
    return sorted(equal.values(), key=lambda trouble: _place(one, trouble))


def _place(one: Judged, trouble: Trouble) -> tuple[object, ...]:
    first = trouble.findings[0]
    lines = [_line(spot.position) for spot in trouble.spots if spot.position is not None]
    at_part = first.focus != one.report.record
    return (
        _ORDER[trouble.severity],
        not trouble.relaxed,
        trouble.only_missing,
        at_part,
        one.places.get(first.focus, ""),
        trouble.field,
        min(lines, default=0),
    )


def _line(position: Position | None) -> int:
    return (position.line or position.row or 0) if position is not None else 0


def _spot(one: Judged, finding: Finding) -> Spot:
    return Spot(node_in_words(one, finding.focus), one.positions.get(finding), one.values.get(finding, ()))


def node_in_words(one: Judged, node: str) -> str:
    """The record's kind, or the way to the node in labels; its IRI only where the input gives it one."""
    if node == one.report.record:
        return f"the {one.kind}"
    place = one.places.get(node, "")
    if one.is_made(node):
        return place or "a part without an IRI"
    return f"{place} <{node}>" if place else f"<{node}>"


def wanted_by(guide: Guide, finding: Finding) -> str:
    """Which profile wants it, and how badly."""
    if finding.relaxed:
        return f"demanded by {guide.profile_name(finding.profile)}, shown as a warning here"
    degree = {"violation": "demanded", "warning": "recommended", "info": "remarked"}[finding.severity]
    return f"{degree} by {guide.profile_name(finding.profile)}"
