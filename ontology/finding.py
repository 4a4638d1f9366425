"""What the curator's commands find: one finding names what is wrong, where, and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal

from core.annotations import Annotation, Level, github_commands, sarif_log
from core.version import program_version

Severity = Literal["error", "warning", "info"]

_ORDER: dict[Severity, int] = {"error": 0, "warning": 1, "info": 2}
_LEVELS: dict[Severity, Level] = {"error": "error", "warning": "warning", "info": "note"}
_ABOUT = "https://w3id.org/radiograph/ontology"


class Format(StrEnum):
    """The formats findings can be written in."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, or worth knowing.

    ``check`` is the stable name of what found it, ``file`` the name in the tree, ``line`` counts from 1 and is None
    where the whole file is meant. ``subject`` is the IRI or text it is about; ``source`` says where the rule is from.
    """

    severity: Severity
    check: str
    file: str
    line: int | None
    message: str
    remedy: str
    subject: str = ""
    source: str | None = None

    def placed(self, file: str) -> Finding:
        """The same finding under another name of the file, such as its path."""
        return replace(self, file=file)

    def because(self, reasons: str) -> Finding:
        """The same finding with reasons, a line each, under its message."""
        return replace(self, message=self.message + reasons)


def matters(findings: Iterable[Finding]) -> bool:
    """Whether any is an error or a warning; what is only for information breaks nothing."""
    return any(finding.severity != "info" for finding in findings)


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Each finding once, by file and line, the graver first."""
    return sorted(set(findings), key=lambda f: (f.file, f.line or 0, _ORDER[f.severity], f.check, f.subject, f.message))


def write(findings: Sequence[Finding], form: Format, *, title: str) -> str:
    """The findings in a format, ending with a line feed; ``title`` heads the text, and is empty for none."""
    if form is Format.JSON:
        return json.dumps([_as_json(finding) for finding in findings], ensure_ascii=False, indent=2) + "\n"
    annotations = [_annotation(finding) for finding in findings]
    if form is Format.GITHUB:
        return github_commands(annotations)
    if form is Format.SARIF:
        log = sarif_log(annotations, tool="Radiograph", version=program_version(), information_uri=_ABOUT)
        return json.dumps(log, ensure_ascii=False, indent=2) + "\n"
    return "".join(f"{line}\n" for line in _lines(findings, title))


def counts(findings: Iterable[Finding]) -> str:
    """How many findings of each severity, in words: ``2 errors, 1 warning``, or ``nothing found``."""
    numbers = dict.fromkeys(_ORDER, 0)
    for finding in findings:
        numbers[finding.severity] += 1
    words = {"error": ("error", "errors"), "warning": ("warning", "warnings"), "info": ("remark", "remarks")}
    told = [f"{number} {words[name][number != 1]}" for name, number in numbers.items() if number]
    return ", ".join(told) or "nothing found"


def _lines(findings: Sequence[Finding], title: str) -> Iterator[str]:
    for finding in findings:
        place = f"{finding.file}:{finding.line}" if finding.line else finding.file
        first, *rest = finding.message.split("\n")
        yield f"{place}: {finding.severity}: {first} [{finding.check}]"
        yield from (f"    {line}" for line in rest)
        yield f"    {finding.remedy}"
    if title:
        yield f"{title}: {counts(findings)}"


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "severity": finding.severity,
        "check": finding.check,
        "file": finding.file,
        "line": finding.line,
        "subject": finding.subject,
        "message": finding.message,
        "remedy": finding.remedy,
        "source": finding.source,
    }


def _annotation(finding: Finding) -> Annotation:
    return Annotation(
        file=finding.file,
        line=finding.line,
        column=None,
        level=_LEVELS[finding.severity],
        rule=finding.check,
        title=finding.check.replace("-", " "),
        message=f"{finding.message} {finding.remedy}",
        help_uri=finding.source,
        subject=finding.subject,
    )
