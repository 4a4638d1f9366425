"""A difference as text for a terminal, as JSON for programs, and as Markdown for a pull request."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum

from core.terms import CONCEPT, PREFIXES
from ontology.change import Change, Impact
from ontology.difference import Difference

_TITLES = {Impact.BREAKING: "Breaking", Impact.ADDITIVE: "Additive", Impact.EDITORIAL: "Editorial"}
#: More changes of an impact than this are folded away in Markdown, and breaking ones never.
_UNFOLDED = 10
#: A comment on a pull request holds 65,536 characters; what is beyond is counted.
_MOST_LISTED = 200
_MARKDOWN = re.compile(r"([\\`*_\[\]#|~@$])")


class DifferenceFormat(StrEnum):
    """The formats of a difference."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def write_difference(difference: Difference, form: DifferenceFormat) -> str:
    """The difference in a format, ending with a line feed; the same bytes for the same trees."""
    if form is DifferenceFormat.JSON:
        return json.dumps(_as_json(difference), ensure_ascii=False, indent=2) + "\n"
    lines = _markdown(difference) if form is DifferenceFormat.MARKDOWN else _text(difference)
    return "".join(f"{line}\n" for line in lines)


def summary(difference: Difference) -> str:
    """The numbers in words: ``1 breaking, 2 additive, 0 editorial``."""
    return ", ".join(f"{number} {impact}" for impact, number in difference.counts().items())


def sentence(change: Change, names: Mapping[str, str]) -> tuple[str, str, str]:
    """What happened, to what, and the values: ``("moved", "Glioma (cancer/glioma)", "brain → head")``."""
    kind = change.kind.replace("-", " ")
    name = "" if change.name == change.subject else change.name
    where = short(change.subject)
    subject = f"{name} ({where})" if name and name != where else where
    if change.predicate and change.kind.startswith(("axiom", "note", "mapping", "version", "row")):
        subject = f"{subject} {short(change.predicate)}"
    return kind, subject, _values(change, names)


def short(iri: str) -> str:
    """An IRI as people write it: ``cancer/LUAD``, ``skos:broader``, or in full."""
    if iri.startswith(str(CONCEPT)):
        return iri.removeprefix(str(CONCEPT))
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(str(namespace)) and iri != str(namespace):
            return f"{prefix}:{iri.removeprefix(str(namespace))}"
    return iri


def _values(change: Change, names: Mapping[str, str]) -> str:
    before, after = (
        ", ".join(f"{names[value]} ({short(value)})" if value in names else short(value) for value in values)
        for values in (change.before, change.after)
    )
    if before and after:
        return f"{before} → {after}"
    return f"− {before}" if before else f"+ {after}" if after else ""


def _as_json(difference: Difference) -> dict[str, object]:
    return {
        "before": difference.before,
        "after": difference.after,
        "summary": {str(impact): number for impact, number in difference.counts().items()},
        "changes": [
            {
                "impact": str(change.impact),
                "kind": change.kind,
                "group": change.group,
                "subject": change.subject,
                "name": change.name,
                "predicate": change.predicate,
                "before": list(change.before),
                "after": list(change.after),
                "reason": change.reason,
            }
            for change in difference.changes
        ],
    }


def _grouped(changes: Iterable[Change]) -> Mapping[str, Sequence[Change]]:
    found: dict[str, list[Change]] = defaultdict(list)
    for change in changes:
        found[change.group].append(change)
    return found


def _text(difference: Difference) -> Iterator[str]:
    yield f"{difference.before} → {difference.after}"
    for impact in Impact:
        chosen = [change for change in difference.changes if change.impact is impact]
        for group, changes in _grouped(chosen).items():
            yield ""
            yield f"{_TITLES[impact]}: {group}"
            for change in changes:
                kind, subject, values = sentence(change, difference.names)
                yield f"  {kind}: {subject}" + (f": {values}" if values else "")
                if impact is Impact.BREAKING:
                    yield f"      {change.reason}"
    yield ""
    yield summary(difference) if difference.changes else "no difference"


def _markdown(difference: Difference) -> Iterator[str]:
    yield "## Vocabulary changes"
    yield ""
    yield f"From {plain(difference.before)} to {plain(difference.after)}."
    yield ""
    if not difference.changes:
        yield "No difference in what the vocabularies say."
        return
    yield "| | Breaking | Additive | Editorial |"
    yield "|---|---:|---:|---:|"
    groups = _grouped(sorted(difference.changes, key=lambda change: change.group))
    for group, changes in groups.items():
        numbers = (sum(change.impact is impact for change in changes) for impact in Impact)
        yield f"| {plain(group)} | {' | '.join(map(str, numbers))} |"
    yield f"| **all** | {' | '.join(str(number) for number in difference.counts().values())} |"
    for impact in Impact:
        chosen = [change for change in difference.changes if change.impact is impact]
        if chosen:
            yield ""
            yield from _section(impact, chosen, difference.names)


def _section(impact: Impact, changes: Sequence[Change], names: Mapping[str, str]) -> Iterator[str]:
    yield f"### {_TITLES[impact]}"
    yield ""
    folded = impact is not Impact.BREAKING and len(changes) > _UNFOLDED
    if folded:
        yield f"<details><summary>{len(changes)} changes</summary>"
        yield ""
    for change in changes[:_MOST_LISTED]:
        kind, subject, values = sentence(change, names)
        reason = f" ({change.reason})" if impact is Impact.BREAKING else ""
        told = f": {plain(values)}" if values else ""
        yield f"- **{kind}** in {plain(change.group)}: {plain(subject)}{told}{reason}"
    if len(changes) > _MOST_LISTED:
        yield f"- … and {len(changes) - _MOST_LISTED} more"
    if folded:
        yield ""
        yield "</details>"


def plain(text: str) -> str:
    """Text that Markdown shows as it is: nothing in a label becomes a link, a mention or a tag."""
    escaped = _MARKDOWN.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return " ".join(escaped.split())
