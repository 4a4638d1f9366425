"""Remarks on lines of files, as code hosting sites show them: GitHub workflow commands and SARIF 2.1.0."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Literal
from urllib.parse import quote

Level = Literal["error", "warning", "note"]

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: GitHub says "notice" where SARIF says "note".
_GITHUB_LEVELS: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}


@dataclass(frozen=True, slots=True)
class Annotation:
    """One remark. ``rule`` is the rule's stable name, ``title`` its short heading, ``help_uri`` where it is explained.

    ``line`` and ``column`` count from 1; None where they are not known. ``subject`` tells remarks of one rule in one
    file apart when lines move.
    """

    file: str
    line: int | None
    column: int | None
    level: Level
    rule: str
    title: str
    message: str
    help_uri: str | None = None
    subject: str = ""


def github_commands(annotations: Iterable[Annotation]) -> str:
    """One workflow command a remark, as GitHub Actions reads them from the output of a step."""
    return "".join(_github_command(annotation) + "\n" for annotation in annotations)


def _github_command(annotation: Annotation) -> str:
    properties = {"file": annotation.file, "line": annotation.line, "col": annotation.column, "title": annotation.title}
    told = ",".join(f"{key}={_escaped(str(value), property=True)}" for key, value in properties.items() if value)
    message = annotation.message + (f"\n{annotation.help_uri}" if annotation.help_uri else "")
    return f"::{_GITHUB_LEVELS[annotation.level]} {told}::{_escaped(message)}"


def _escaped(text: str, *, property: bool = False) -> str:
    for character in "%\r\n" + (":," if property else ""):
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def sarif_log(annotations: Sequence[Annotation], *, tool: str, version: str, information_uri: str) -> dict[str, Any]:
    """One run of ``tool`` as a SARIF 2.1.0 log."""
    rules: dict[str, Annotation] = {}
    for annotation in annotations:
        rules.setdefault(annotation.rule, annotation)
    numbers = {rule: number for number, rule in enumerate(rules)}
    driver = {
        "name": tool,
        "version": version,
        "informationUri": information_uri,
        "rules": [_sarif_rule(annotation) for annotation in rules.values()],
    }
    results = [_sarif_result(annotation, numbers[annotation.rule]) for annotation in annotations]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _sarif_rule(annotation: Annotation) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": annotation.rule,
        "shortDescription": {"text": annotation.title},
        "defaultConfiguration": {"level": annotation.level},
    }
    if annotation.help_uri:
        rule["helpUri"] = annotation.help_uri
    return rule


def _sarif_result(annotation: Annotation, number: int) -> dict[str, Any]:
    location: dict[str, Any] = {"artifactLocation": {"uri": _sarif_uri(annotation.file)}}
    if annotation.line:
        location["region"] = {"startLine": annotation.line}
        if annotation.column:
            location["region"]["startColumn"] = annotation.column
    identity = "\n".join((annotation.rule, annotation.file, annotation.subject, annotation.message))
    return {
        "ruleId": annotation.rule,
        "ruleIndex": number,
        "level": annotation.level,
        "message": {"text": annotation.message},
        "locations": [{"physicalLocation": location}],
        "partialFingerprints": {"radiograph/v1": hashlib.sha256(identity.encode()).hexdigest()[:32]},
    }


def _sarif_uri(file: str) -> str:
    """A file's name as an URI reference: percent-encoded unless it is an address already."""
    if "://" in file:
        return file
    return quote(PurePath(file).as_posix())
