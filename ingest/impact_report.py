"""An impact as text for a terminal, as JSON for programs, and as Markdown for a pull request."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any

from catalogue.facets import FACETS
from catalogue.links import Link
from catalogue.summary import term
from ingest.example_queries import Answers
from ingest.impact import DatasetImpact, FacetImpact, Impact

#: How many of a kind are shown where people read; numbers are always complete, and JSON has all.
EXAMPLES = 10

_Rule = tuple[str, str, str]


class ImpactFormat(StrEnum):
    """The formats of an impact."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def write_impact(impact: Impact, form: ImpactFormat) -> str:
    """The impact in a format, ending with a line feed; the same bytes for the same trees and catalogue."""
    if form is ImpactFormat.JSON:
        return json.dumps(_as_json(impact), ensure_ascii=False, indent=2) + "\n"
    markdown = form is ImpactFormat.MARKDOWN
    before, after = impact.titles
    lines = [f"## Impact of {before} → {after}" if markdown else f"impact of {before} → {after}", ""]
    for heading, entries in _sections(impact):
        lines.append(f"### {heading}" if markdown else heading)
        lines += [""] if markdown else []
        lines += [f"- {entry}" if markdown else f"  {entry}" for entry in _first(entries)]
        lines.append("")
    lines += [f"> {remark}" if markdown else f"note: {remark}" for remark in impact.remarks]
    if not impact.anything:
        lines.append("nothing in the catalogue changes")
    told = f"{impact.records:,} records looked at, {impact.touched:,} of them touched"
    lines.append(told if impact.words else "the trees say the same")
    return "".join(f"{line}\n" for line in lines)


def _first(entries: Sequence[str]) -> list[str]:
    rest = len(entries) - EXAMPLES
    return [*entries[:EXAMPLES], *([f"and {rest:,} more"] if rest > 0 else [])]


def _sections(impact: Impact) -> Iterator[tuple[str, Sequence[str]]]:
    """The headings with their numbers, and all that stands below each."""
    sections: list[tuple[str, list[str]]] = [
        ("datasets change", [_dataset(one, impact) for one in impact.changed]),
        ("facet values change", [_facet(one) for one in impact.facets]),
        ("links go", [_link(link) for link in impact.links[0]]),
        ("links come", [_link(link) for link in impact.links[1]]),
        ("datasets are judged otherwise", [_judgement(one) for one in impact.judged_otherwise]),
        ("findings change", [_rule(*found) for found in _rules(impact.judged_otherwise)]),
        ("example queries are answered otherwise", [_answers(one) for one in impact.queries]),
    ]
    for heading, entries in sections:
        if entries:
            yield f"{len(entries):,} {heading}", entries


def _dataset(one: DatasetImpact, impact: Impact) -> str:
    parts = []
    for facet, gone, come in _moves(one, impact):
        parts.append(f"{FACETS[facet].lower()}: " + ", ".join([*(f"− {t}" for t in gone), *(f"+ {t}" for t in come)]))
    if one.stood[0] is None:
        parts = ["enters the catalogue"]
    return f"{one.title} ({one.repository}): " + (
        "; ".join(parts) or "only how its texts were matched, or its profiles"
    )


def _moves(one: DatasetImpact, impact: Impact) -> Iterator[tuple[str, list[str], list[str]]]:
    """By facet, the labels that a dataset loses and gains."""
    old, new = one.facts
    if impact.words is None or not old or not new:
        return
    first, second = (words.vocabularies for words in impact.words)
    for facet in FACETS:
        gone = sorted(term(iri, first).label for iri in old.get(facet, set()) - new.get(facet, set()))
        come = sorted(term(iri, second).label for iri in new.get(facet, set()) - old.get(facet, set()))
        if gone or come:
            yield facet, gone, come


def _facet(one: FacetImpact) -> str:
    old, new = one.labels
    label = new if old == new else f"{old} → {new}"
    return f"{FACETS[one.facet]}: {label}: {one.counts[0]:,} → {one.counts[1]:,}"


def _link(link: Link) -> str:
    return f"{link.subject} {link.kind} {link.object} ({link.state}, {link.method})"


def _judgement(one: DatasetImpact) -> str:
    if one.sides is None:
        return ""
    before, after = one.sides
    parts = []
    if before.accepted and not after.accepted:
        parts.append("its gate refuses it now; what is published stays, flagged stale")
    elif after.accepted and not before.accepted:
        parts.append("its gate accepts it now")
    parts += [f"no longer meets {name}" for name in sorted(before.conforms - after.conforms)]
    parts += [f"meets {name} now" for name in sorted(after.conforms - before.conforms)]
    parts += [f"cannot be described: {after.fault}"] if after.fault else []
    gone, come = len(before.findings - after.findings), len(after.findings - before.findings)
    parts += [f"{come} findings come, {gone} go"] if gone or come else []
    return f"{one.title} ({one.repository}): " + "; ".join(parts)


def _rules(datasets: Iterable[DatasetImpact]) -> list[tuple[_Rule, int, int]]:
    """The rules whose findings come or go, with the number of datasets of each."""
    gone: Counter[_Rule] = Counter()
    come: Counter[_Rule] = Counter()
    for one in datasets:
        old, new = (side.findings for side in one.sides) if one.sides else (frozenset(), frozenset())
        gone.update({(f.profile, f.severity, f.message) for f in old - new})
        come.update({(f.profile, f.severity, f.message) for f in new - old})
    return [(rule, gone[rule], come[rule]) for rule in sorted(gone.keys() | come.keys())]


def _rule(rule: _Rule, gone: int, come: int) -> str:
    profile, severity, message = rule
    return f"{profile}, {severity}: {message} (goes in {gone:,} datasets, comes in {come:,})"


def _answers(one: Answers) -> str:
    rows = [*(f"− {row}" for row in one.gone[:2]), *(f"+ {row}" for row in one.come[:2])]
    return f"{one.query.title} ({one.query.name}.rq): {one.before:,} → {one.after:,} rows; " + " | ".join(rows)


def _as_json(impact: Impact) -> dict[str, Any]:
    facets: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for one in impact.facets:
        labels = {"label": one.labels[1]} | ({"label_before": one.labels[0]} if one.labels[0] != one.labels[1] else {})
        facets[one.facet].append({"value": one.value, **labels, "before": one.counts[0], "after": one.counts[1]})
    return {
        "before": impact.titles[0],
        "after": impact.titles[1],
        "records": impact.records,
        "touched": impact.touched,
        "summary": {heading.partition(" ")[2]: len(entries) for heading, entries in _sections(impact)},
        "datasets": [
            {
                "iri": one.iri,
                "repository": one.repository,
                "title": one.title,
                "enters": one.stood[0] is None,
                "facets": {facet: {"gone": gone, "come": come} for facet, gone, come in _moves(one, impact)},
            }
            for one in impact.changed
        ],
        "facets": facets,
        "links": {
            "gone": [link.to_json() for link in impact.links[0]],
            "come": [link.to_json() for link in impact.links[1]],
        },
        "validation": {
            "datasets": [
                {
                    "iri": one.iri,
                    "accepted": [side.accepted for side in one.sides or ()],
                    "conforms": [sorted(side.conforms) for side in one.sides or ()],
                    "told": _judgement(one),
                }
                for one in impact.judged_otherwise
            ],
            "findings": [
                {"profile": rule[0], "severity": rule[1], "message": rule[2], "gone": gone, "come": come}
                for rule, gone, come in _rules(impact.judged_otherwise)
            ],
        },
        "queries": [
            {
                "file": f"{one.query.name}.rq",
                "title": one.query.title,
                "before": one.before,
                "after": one.after,
                "gone": list(one.gone),
                "come": list(one.come),
            }
            for one in impact.queries
        ],
        "remarks": list(impact.remarks),
    }
