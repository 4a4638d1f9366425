"""The report that programs read; its schema is ``docs/validation-report.schema.json``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shapes.document import Position
from shapes.documents import Judged, Judgement, Unjudged, judgements_of
from shapes.lifting import Rewrite
from shapes.report import Finding, Severity

_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
VERSION: Literal["1"] = "1"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Where(_Part):
    """A place in the input; what does not apply or is not known is left out."""

    line: int | None = Field(None, description="Line of a text, from 1")
    row: int | None = Field(None, description="Row of a table as a spreadsheet shows it, the header being row 1")
    column: str | None = Field(None, description="Header of a table's column")
    sheet: str | None = Field(None, description="Sheet of a workbook")


class ProfileVerdict(_Part):
    """How one record fares under one profile."""

    profile: str
    label: str
    release: str
    conforms: bool
    violations: int
    warnings: int
    relaxed: int = Field(0, description="How many of the warnings are violations that the operator relaxed")
    reason: str = Field(description="Why the profile was applied, in words that follow 'because'")


class RecordReport(_Part):
    """One described resource of a document."""

    document: str
    record: str = Field(description="IRI; one that begins with urn:radiograph: where it has none")
    title: str
    kind: str
    verdicts: tuple[ProfileVerdict, ...]
    position: Where | None = None


class FindingReport(_Part):
    """One thing wrong with a record."""

    document: str = Field(description="The file, address or other name of what was handed in")
    record: str = Field(description="IRI of the record")
    title: str = Field(description="Title of the record")
    path: str = Field(description="IRI of the property")
    field: str = Field(description="What people call the property")
    severity: Severity
    profile: str = Field(description="Id of the profile that wants it")
    message: str = Field(description="What is wrong, and then what to do")
    focus: str = Field(description="IRI of the node the property is missing from or wrong at")
    unnamed: bool = Field(description="The focus has no IRI in the input; the one given here is made of its content")
    place: str = Field(description="Labels of the properties that lead from the record to the focus")
    value: str | None = Field(None, description="The offending value")
    rule: str | None = Field(None, description="IRI of the constraint")
    specification: str | None = Field(None, description="Address of the section that demands it")
    relaxed: bool = Field(False, description="A violation that the operator has shown as a warning")
    position: Where | None = None
    example: str | None = Field(None, description="A right statement, in Turtle")


class RewriteReport(_Part):
    """One statement that was read in the terms of the pinned release."""

    document: str
    focus: str
    before: str
    after: str
    reason: str
    rule: str
    position: Where | None = None


class RemarkReport(_Part):
    """What the reader of a document noticed: a column that is unknown, a form of an older release."""

    document: str
    text: str


class ErrorReport(_Part):
    """A document that cannot be judged."""

    document: str
    message: str = Field(description="What is wrong")
    remedy: str | None = Field(None, description="What to do")
    position: Where | None = None


class ValidationReport(_Part):
    """The answer of ``radiograph validate --format json``."""

    version: Literal["1"] = VERSION
    conforms: bool = Field(description="Every document could be judged, and no record of any has a violation")
    violations: int
    warnings: int
    infos: int
    records: tuple[RecordReport, ...]
    findings: tuple[FindingReport, ...]
    rewrites: tuple[RewriteReport, ...]
    remarks: tuple[RemarkReport, ...]
    errors: tuple[ErrorReport, ...] = Field((), description="Documents that cannot be judged")


def validation_report(results: Sequence[Judgement | Unjudged]) -> ValidationReport:
    """The report on one document or several."""
    judgements = judgements_of(results)
    errors = tuple(_error(result) for result in results if isinstance(result, Unjudged))
    severities = [finding.severity for judgement in judgements for finding in judgement.findings]
    return ValidationReport(
        conforms=not errors and all(judgement.conforms for judgement in judgements),
        violations=severities.count("violation"),
        warnings=severities.count("warning"),
        infos=severities.count("info"),
        records=tuple(_record(judgement, one) for judgement in judgements for one in judgement.judged),
        findings=tuple(finding for judgement in judgements for finding in _findings(judgement)),
        rewrites=tuple(_rewrite(judgement, r) for judgement in judgements for r in judgement.rewrites),
        remarks=tuple(RemarkReport(document=j.name, text=text) for j in judgements for text in j.document.remarks),
        errors=errors,
    )


def write_json(results: Sequence[Judgement | Unjudged]) -> str:
    """The report as JSON; what is not known is left out."""
    value = validation_report(results).model_dump(exclude_none=True)
    return json.dumps(value, ensure_ascii=False, indent=2)


def report_schema() -> dict[str, Any]:
    """The JSON Schema of the report."""
    return {"$schema": _SCHEMA, **ValidationReport.model_json_schema(mode="serialization")}


def _record(judgement: Judgement, one: Judged) -> RecordReport:
    verdicts = []
    for verdict in one.report.verdicts:
        profile = judgement.guide.profile(verdict.profile)
        reason = one.reasons.get(profile.id, "")
        known = verdict.model_dump()
        verdicts.append(ProfileVerdict(**known, label=profile.label, release=profile.release, reason=reason))
    return RecordReport(
        document=judgement.name,
        record=one.report.record,
        title=one.title,
        kind=one.kind,
        verdicts=tuple(verdicts),
        position=_where(one.position),
    )


def _findings(judgement: Judgement) -> Iterator[FindingReport]:
    for one in judgement.judged:
        for finding in one.report.findings:
            yield _finding(judgement, one, finding)


def _finding(judgement: Judgement, one: Judged, finding: Finding) -> FindingReport:
    example = judgement.guide.example(finding)
    return FindingReport(
        **finding.model_dump(),
        document=judgement.name,
        title=one.title,
        unnamed=one.is_made(finding.focus),
        place=one.places.get(finding.focus, ""),
        position=_where(one.positions.get(finding)),
        example=example.turtle if example else None,
    )


def _error(result: Unjudged) -> ErrorReport:
    position = Where(line=result.line) if result.line is not None else None
    return ErrorReport(document=result.name, message=result.reason, remedy=result.error.remedy, position=position)


def _rewrite(judgement: Judgement, rewrite: Rewrite) -> RewriteReport:
    return RewriteReport(
        document=judgement.name,
        focus=rewrite.focus,
        before=rewrite.before,
        after=rewrite.after,
        reason=rewrite.reason,
        rule=rewrite.rule,
        position=_where(rewrite.position),
    )


def _where(position: Position | None) -> Where | None:
    if position is None:
        return None
    return Where(line=position.line, row=position.row, column=position.column, sheet=position.sheet)
