"""What the page shows of a judgement: verdicts and why they apply, troubles worst first, and lines with their marks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from typing import Any

from rdflib import Literal
from rdflib.term import Node

from api.validation.source import excerpt
from shapes.document import Position
from shapes.documents import Judged, Judgement
from shapes.formats.troubles import RELAXED, Spot, Trouble, troubles, wanted_by
from shapes.report import Finding

#: Troubles, places of one trouble, and rewrites that are shown; all are in the downloads.
MOST_TROUBLES = 300
MOST_SPOTS = 20
MOST_REWRITES = 100
#: Records that are shown with their verdicts.
MOST_RECORDS = 200
_LONGEST_VALUE = 300
_SECTIONS = {"violation": "To mend", "warning": "Better otherwise", "info": "Remarks"}
MISSING = "Recommended, and not there"


def page_view(judgement: Judgement) -> dict[str, Any]:
    """Everything the template needs, as JSON has it."""
    numbers = count(1)
    records = [_record(judgement, one, numbers) for one in judgement.judged[:MOST_RECORDS]]
    found = [trouble for record in records for section in record["sections"] for trouble in section["troubles"]]
    marked, first = _marks(found)
    text = judgement.document.text
    lines = excerpt(text, marked) if text is not None else []
    for line in lines:
        line["first"] = first.get(line.get("number", 0))
    shown = {line["number"] for line in lines if "number" in line}
    for spot in (spot for trouble in found for spot in trouble["spots"]):
        spot["linked"] = spot["line"] in shown
    severities = ["relaxed" if finding.relaxed else finding.severity for finding in judgement.findings]
    return {
        "conforms": judgement.conforms,
        "counts": {severity: severities.count(severity) for severity in ("violation", "relaxed", "warning", "info")},
        "records": records,
        "total": len(judgement.judged),
        "rewrites": [_rewrite(judgement, number) for number in range(min(len(judgement.rewrites), MOST_REWRITES))],
        "more_rewrites": max(0, len(judgement.rewrites) - MOST_REWRITES),
        "remarks": list(judgement.document.remarks),
        "lines": lines,
        "whole": not any("gap" in line for line in lines),
    }


def _marks(found: list[dict[str, Any]]) -> tuple[dict[int, list[str]], dict[int, int]]:
    """For each line the severities of what is wrong there, and the first trouble it leads to."""
    marked: dict[int, list[str]] = defaultdict(list)
    first: dict[int, int] = {}
    for trouble in found:
        for line in {line for spot in trouble["spots"] for line in spot["lines"]}:
            marked[line].append(trouble["severity"])
            first.setdefault(line, trouble["number"])
    return marked, first


def _record(judgement: Judgement, one: Judged, numbers: Iterator[int]) -> dict[str, Any]:
    found = troubles(one)
    sections: dict[str, list[dict[str, Any]]] = {}
    left = 0
    for trouble in found:
        number = next(numbers)
        if number > MOST_TROUBLES:
            left += 1
            continue
        section = RELAXED if trouble.relaxed else _SECTIONS[trouble.severity]
        section = MISSING if trouble.only_missing else section
        sections.setdefault(section, []).append(_trouble(judgement, one, trouble, number))
    return {
        "title": " ".join(one.title.split()),
        "kind": one.kind,
        "iri": None if one.unnamed_record else one.report.record,
        "place": _place(one.position),
        "verdicts": [
            {
                "name": judgement.guide.profile_name(verdict.profile),
                "reason": one.reasons.get(verdict.profile, ""),
                **verdict.model_dump(),
            }
            for verdict in one.report.verdicts
        ],
        "sections": [
            {"name": name, "folded": name == MISSING, "troubles": listed} for name, listed in sections.items()
        ],
        "more": left,
    }


def _trouble(judgement: Judgement, one: Judged, trouble: Trouble, number: int) -> dict[str, Any]:
    problems = [finding.message.partition(". ") for finding in trouble.findings]
    values = [value.term for spot in trouble.spots for value in spot.values if str(value.term) not in one.unnamed]
    shown = list(dict.fromkeys(_value(term) for term in values))
    return {
        "number": number,
        "severity": trouble.severity,
        "relaxed": trouble.relaxed,
        "field": trouble.field,
        "problem": problems[0][0].removesuffix("."),
        "advice": problems[0][2],
        "also": [f"{problem}. {advice}" for problem, _, advice in problems[1:]],
        "values": shown[:MOST_SPOTS],
        "spots": [_spot(spot) for spot in trouble.spots[:MOST_SPOTS]],
        "more_spots": max(0, len(trouble.spots) - MOST_SPOTS),
        "example": _example(judgement, trouble),
        "why": [_why(judgement, finding) for finding in trouble.findings],
    }


def _spot(spot: Spot) -> dict[str, Any]:
    positions = [spot.position, *(value.position for value in spot.values)]
    lines = sorted({position.line for position in positions if position is not None and position.line is not None})
    return {
        "node": spot.node,
        "place": _place(spot.position),
        "line": spot.position.line if spot.position is not None else None,
        "lines": lines,
    }


def _example(judgement: Judgement, trouble: Trouble) -> str | None:
    """The shortest example of a right statement; for a table, of a right cell."""
    found = [one for finding in trouble.findings if (one := judgement.guide.example(finding)) is not None]
    if not found:
        return None
    best = min(found, key=lambda one: len(one.turtle))
    in_table = any(spot.position is not None and spot.position.row is not None for spot in trouble.spots)
    return best.cell if in_table and best.cell else best.turtle


def _why(judgement: Judgement, finding: Finding) -> dict[str, Any]:
    return {"text": wanted_by(judgement.guide, finding), "href": finding.specification}


def _value(term: Node) -> str:
    text = str(term) if len(str(term)) <= _LONGEST_VALUE else f"{str(term)[: _LONGEST_VALUE - 1]}…"
    if not isinstance(term, Literal):
        return f"<{text}>"
    return f'"{text}"@{term.language}' if term.language else f'"{text}"'


def _rewrite(judgement: Judgement, number: int) -> dict[str, Any]:
    rewrite = judgement.rewrites[number]
    return {
        "before": rewrite.before,
        "after": rewrite.after,
        "kept": rewrite.kept,
        "reason": rewrite.reason,
        "place": _place(rewrite.position),
    }


def _place(position: Position | None) -> str:
    return str(position) if position is not None else ""
