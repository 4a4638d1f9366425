"""The entry of a version in ``ontology/CHANGELOG.md``, drafted from what is different."""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping

from ontology.change import Change, Impact
from ontology.difference import Difference
from ontology.difference_report import plain, sentence

FILE = "CHANGELOG.md"

_HEAD = """# Changes of the vocabularies

Versions follow [SemVer](https://semver.org/): what is breaking needs a new major version, what is additive a minor one.
Entries are drafted by `radiograph ontology release` and edited by curators.
"""
_MOST_NAMED = 12
_ENTRY = re.compile(r"^## ", re.MULTILINE)


def with_entry(text: str | None, version: str, date: datetime.date, difference: Difference) -> str:
    """The change log with the entry of a version above the others."""
    text = text if text else _HEAD
    first = _ENTRY.search(text)
    place = first.start() if first else len(text)
    head = text[:place].rstrip("\n")
    return f"{head}\n\n{entry(version, date, difference)}" + (f"\n{text[place:]}" if first else "")


def entry(version: str, date: datetime.date, difference: Difference) -> str:
    """The entry alone, ending with a line feed."""
    lines = [f"## {version} - {date.isoformat()}"]
    for impact in Impact:
        changes = [c for c in difference.changes if c.impact is impact and c.kind != "version"]
        if changes:
            lines += ["", f"### {impact.value.capitalize()}", ""]
            lines += _each(changes, difference.names) if impact is Impact.BREAKING else _together(changes)
    return "".join(f"{line}\n" for line in lines)


def _each(changes: list[Change], names: Mapping[str, str]) -> Iterator[str]:
    for change in changes:
        kind, subject, values = sentence(change, names)
        told = f": {plain(values)}" if values else ""
        yield f"- {change.group}: {kind}: {plain(subject)}{told}"


def _together(changes: list[Change]) -> Iterator[str]:
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for change in changes:
        named = groups[change.group, change.kind]
        if change.name not in named:
            named.append(change.name)
    for (group, kind), named in groups.items():
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        yield f"- {group}: {kind.replace('-', ' ')}: {plain(', '.join(named[:_MOST_NAMED]))}{more}"
