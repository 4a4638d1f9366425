"""A judgement as remarks on lines, for code hosting sites and editors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from core.annotations import Annotation, Level, github_commands, sarif_log
from core.version import program_version
from shapes.documents import Judged, Judgement, Unjudged
from shapes.report import Finding

_LEVELS: dict[str, Level] = {"violation": "error", "warning": "warning", "info": "note"}
_ABOUT = "https://w3id.org/radiograph/shapes"


def to_annotations(results: Sequence[Judgement | Unjudged]) -> Iterator[Annotation]:
    """A remark for each finding, and one for each document that cannot be judged."""
    for result in results:
        if isinstance(result, Unjudged):
            yield _unjudged(result)
            continue
        for one in result.judged:
            for finding in one.report.findings:
                yield _annotation(result, one, finding)


def write_github(results: Sequence[Judgement | Unjudged]) -> str:
    """GitHub workflow commands; nothing where there is no finding."""
    return github_commands(to_annotations(results))


def write_sarif(results: Sequence[Judgement | Unjudged]) -> str:
    """A SARIF 2.1.0 log."""
    annotations = list(to_annotations(results))
    log = sarif_log(annotations, tool="Radiograph", version=program_version(), information_uri=_ABOUT)
    return json.dumps(log, ensure_ascii=False, indent=2)


def _unjudged(result: Unjudged) -> Annotation:
    return Annotation(
        file=result.name,
        line=result.line,
        column=None,
        level="error",
        rule="cannot-be-judged",
        title="Cannot be judged",
        message=f"{result.reason} ({result.error.remedy})" if result.error.remedy else result.reason,
    )


def _annotation(judgement: Judgement, one: Judged, finding: Finding) -> Annotation:
    position = one.positions.get(finding)
    line = position.line if position is not None else None
    place = one.places.get(finding.focus, "")
    message = f"{one.title}" + (f" › {place}" if place else "") + f": {finding.message}"
    if finding.value is not None:
        message += f" Value: {finding.value}"
    if position is not None and line is None:
        message += f" ({position})"
    return Annotation(
        file=judgement.name,
        line=line,
        column=None,
        level=_LEVELS[finding.severity],
        rule=(finding.rule or finding.path).rpartition("#")[2],
        title=f"{finding.field} ({judgement.guide.profile_name(finding.profile)})",
        message=message,
        help_uri=finding.specification,
        subject=f"{finding.record} {finding.focus} {finding.path}",
    )
