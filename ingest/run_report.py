"""What a run did, for the person who started it: as JSON, and as text to read.

For a repository that is not public the report is made of an allow-list: numbers, rule messages and
the position of a record in its source. File names, raw texts and rejected values stay where they are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from catalogue.description import Outcome
from catalogue.entries import RunSummary
from ingest.record import SourceFault
from shapes.report import Finding, Report

#: How many different reasons, faults and texts a report lists; their numbers are always complete.
LISTED = 200
_SHOWN = 12
_SHOWN_OTHERS = 6


class _Plain(BaseModel):
    model_config = ConfigDict(frozen=True)


class Reason(_Plain):
    """A broken rule and how many descriptions break it; one of the repository's gate (``rejects``) keeps them out."""

    profile: str
    rejects: bool
    path: str
    message: str
    descriptions: int
    examples: tuple[str, ...]


class RunReport(_Plain):
    """One run. ``faults`` holds errors and warnings, ``notes`` what needs no mending.

    ``judged`` counts descriptions by profile they were judged by, ``valid`` those that conform; ``concepts`` and
    ``unmatched`` count stated texts by facet: those that became concepts, and those that did not, by text (by nothing,
    where texts are withheld). ``unmatched_total`` counts the latter whether they are listed or not.
    """

    repository: str
    source: str
    run: int | None
    dry_run: bool
    complete: bool
    read: int
    accepted: int
    rejected: int
    judged: Mapping[str, int]
    valid: Mapping[str, int]
    reasons: tuple[Reason, ...]
    errors: int
    warnings: int
    remarks: int
    faults: tuple[SourceFault, ...]
    notes: tuple[SourceFault, ...]
    concepts: Mapping[str, int]
    unmatched: Mapping[str, Mapping[str, int]]
    unmatched_total: Mapping[str, int]
    outcomes: Mapping[str, int]

    @property
    def has_findings(self) -> bool:
        """Whether somebody should look: a record was lost or rejected, or a value was lost."""
        return bool(self.errors or self.warnings or self.rejected)

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return self.model_dump(mode="json")

    def to_text(self) -> str:
        """The report as lines of text."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterable[str]:
        where = f"run {self.run}" if self.run is not None else "dry run, nothing was written"
        yield f"{self.repository} ({self.source}), {where}"
        yield f"  read {self.read}, accepted {self.accepted}, rejected {self.rejected}, unusable {self.errors}"
        if self.judged:
            yield "  valid: " + ", ".join(
                f"{profile} {self.valid.get(profile, 0)} of {number}" for profile, number in self.judged.items()
            )
        if self.outcomes:
            yield "  ledger: " + ", ".join(f"{number} {outcome}" for outcome, number in self.outcomes.items())
        if not self.complete:
            yield "  not all of the source was read, so nothing was deleted"
        if self.concepts:
            yield "  concepts: " + ", ".join(f"{facet} {number}" for facet, number in self.concepts.items())
        yield from self._unmatched_lines()
        yield from self._reason_lines()
        yield from _fault_lines("not usable, or in part", self.faults, self.errors + self.warnings)
        yield from _fault_lines("notes", self.notes, self.remarks)

    def _unmatched_lines(self) -> Iterable[str]:
        for facet, texts in self.unmatched.items():
            first, total = list(texts.items())[:_SHOWN], self.unmatched_total[facet]
            shown = ", ".join(f"{text!r} ({number})" for text, number in first if text)
            others = total - sum(number for _, number in first)
            more = f", and {others} more" if others else ""
            yield f"  no concept for {total} texts of {facet}" + (f": {shown}{more}" if shown else "")

    def _reason_lines(self) -> Iterable[str]:
        for reason in [reason for reason in self.reasons if reason.rejects][:_SHOWN]:
            examples = ", ".join(reason.examples)
            yield f"  rejected {reason.descriptions}: {reason.message} [{reason.profile}] (for example {examples})"
        for reason in [reason for reason in self.reasons if not reason.rejects][:_SHOWN_OTHERS]:
            yield f"  short of {reason.profile}, {reason.descriptions}: {reason.message}"


def _fault_lines(label: str, faults: tuple[SourceFault, ...], number: int) -> Iterable[str]:
    if faults:
        yield f"  {label}: {number}"
    for fault in faults[:_SHOWN]:
        yield f"    {fault.location}: {fault.message} ({fault.remedy})"
    if number > _SHOWN:
        yield f"    and {number - min(_SHOWN, len(faults))} more; --json lists {len(faults)}"


class Tally:
    """Counts while a run goes on; :meth:`report` is what it came to.

    ``gate`` names the profiles that decide on publication. ``public`` is the repository's: where it is false, texts
    and places are withheld as they come in.
    """

    def __init__(self, repository: str, source: str, *, public: bool, gate: Iterable[str]) -> None:
        self._repository = repository
        self.source = source if public else "source withheld"
        self._public = public
        self._gate = frozenset(gate)
        self._read = self._accepted = self._rejected = 0
        self._judged: Counter[str] = Counter()
        self._valid: Counter[str] = Counter()
        self._reasons: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        self._severities: Counter[str] = Counter()
        self._faults: list[SourceFault] = []
        self._notes: list[SourceFault] = []
        self._concepts: Counter[str] = Counter()
        self._unmatched: dict[str, Counter[str]] = defaultdict(Counter)

    @property
    def read(self) -> int:
        """How many records were read so far, usable or not."""
        return self._read

    def record(self) -> None:
        """Count a record that was read."""
        self._read += 1

    def fault(self, fault: SourceFault) -> None:
        """Count a fault; an error that the source itself yields stands for a record."""
        self._severities[fault.severity] += 1
        told = fault if self._public else self._withheld(fault)
        kept = self._notes if fault.severity == "info" else self._faults
        if len(kept) < LISTED:
            kept.append(told)

    def verdict(
        self, identifier: str, report: Report, *, accepted: bool, places: Mapping[Finding, str] | None = None
    ) -> None:
        """Count a description that was judged; ``places`` tells where in the source its findings are."""
        self._accepted += accepted
        self._rejected += not accepted
        self._judged.update(verdict.profile for verdict in report.verdicts)
        self._valid.update(verdict.profile for verdict in report.verdicts if verdict.conforms)
        shown = identifier if self._public else f"record {self._read}"
        told: dict[tuple[str, str, str], str] = {}
        for f in report.findings:
            if f.severity == "violation":
                told.setdefault((f.profile, f.path, f.message), (places or {}).get(f, ""))
        for key, place in told.items():
            self._reasons[key].append(f"{shown} ({place})" if place else shown)

    def concept(self, facet: str, number: int) -> None:
        """Count stated texts that became concepts."""
        if number:
            self._concepts[facet] += number

    def unmatched(self, facet: str, text: str) -> None:
        """Count a stated text that became no concept."""
        self._unmatched[facet][text if self._public else ""] += 1

    def report(self, *, complete: bool, run: int | None, summary: RunSummary | None = None) -> RunReport:
        """What the run came to; ``summary`` is the ledger's, None in a dry run."""
        return RunReport(
            repository=self._repository,
            source=self.source,
            run=run,
            dry_run=run is None,
            complete=complete,
            read=self._read,
            accepted=self._accepted,
            rejected=self._rejected,
            judged=dict(sorted(self._judged.items())),
            valid=dict(sorted(self._valid.items())),
            reasons=self._ranked_reasons(),
            errors=self._severities["error"],
            warnings=self._severities["warning"],
            remarks=self._severities["info"],
            faults=tuple(self._faults),
            notes=tuple(self._notes),
            concepts=dict(sorted(self._concepts.items())),
            unmatched={facet: _ranked(texts) for facet, texts in sorted(self._unmatched.items())},
            unmatched_total={facet: texts.total() for facet, texts in sorted(self._unmatched.items())},
            outcomes=_outcomes(summary) if summary else {},
        )

    def _withheld(self, fault: SourceFault) -> SourceFault:
        messages: dict[Literal["error", "warning", "info"], str] = {
            "error": "the record is not usable; details are withheld, because the repository is not public",
            "warning": "a value was lost; details are withheld, because the repository is not public",
            "info": "a remark; details are withheld, because the repository is not public",
        }
        return SourceFault(
            location=f"record {self._read}",
            message=messages[fault.severity],
            remedy="look at the record where it is kept",
            severity=fault.severity,
        )

    def _ranked_reasons(self) -> tuple[Reason, ...]:
        ranked = sorted(self._reasons.items(), key=lambda item: (-len(item[1]), item[0]))
        return tuple(
            Reason(
                profile=profile,
                rejects=profile in self._gate,
                path=path,
                message=message,
                descriptions=len(names),
                examples=tuple(names[:3]),
            )
            for (profile, path, message), names in ranked[:LISTED]
        )


def _ranked(texts: Counter[str]) -> dict[str, int]:
    return dict(sorted(texts.items(), key=lambda item: (-item[1], item[0]))[:LISTED])


def _outcomes(summary: RunSummary) -> dict[str, int]:
    outcomes = {outcome.value: summary.outcomes.get(outcome, 0) for outcome in Outcome}
    return outcomes | {"deleted": summary.deleted}
