"""The lines of a description as shown beside its findings; of a long one those around what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

#: A document of no more lines is shown whole; of a longer one, so many lines at most.
MOST_LINES = 1_500
#: Lines shown before and after one with a finding, where not all are shown.
AROUND = 3
#: Characters of a line that are shown.
_LONGEST_LINE = 600
_WORST = ("violation", "warning", "info")


def excerpt(text: str, marked: Mapping[int, Sequence[str]]) -> list[dict[str, Any]]:
    """Lines of ``text`` as dictionaries for the page, with gaps where lines are left out.

    ``marked`` has for each line that something was found on the severities of that. A line has ``number``, ``text``,
    ``severity`` (the worst, or "") and ``cut``; a gap has ``gap``, the number of lines left out.
    """
    # Not splitlines(): readers count line feeds, not form feeds and the like.
    lines = text.replace("\r\n", "\n").split("\n")
    if lines and not lines[-1]:
        lines.pop()
    shown = _shown(len(lines), marked)
    entries: list[dict[str, Any]] = []
    last = 0
    for number in shown:
        if number > last + 1:
            entries.append({"gap": number - last - 1})
        entries.append(_line(number, lines[number - 1], marked.get(number, ())))
        last = number
    if last < len(lines):
        entries.append({"gap": len(lines) - last})
    return entries


def _shown(total: int, marked: Mapping[int, Sequence[str]]) -> list[int]:
    if total <= MOST_LINES:
        return list(range(1, total + 1))
    found: dict[int, None] = dict.fromkeys(range(1, AROUND + 1))
    for number in sorted(marked):
        near = range(max(1, number - AROUND), min(total, number + AROUND) + 1)
        found |= dict.fromkeys(near)
        if len(found) >= MOST_LINES:
            break
    return sorted(found)[:MOST_LINES]


def _line(number: int, text: str, severities: Sequence[str]) -> dict[str, Any]:
    return {
        "number": number,
        "text": text[:_LONGEST_LINE],
        "cut": len(text) > _LONGEST_LINE,
        "severity": min(severities, key=_WORST.index) if severities else "",
        "findings": len(severities),
    }
