"""The report for people: record by record, the worst first, each finding with its place, an example and its reason."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rdflib import Literal
from rdflib.term import Node

from core.terms import PREFIXES, XSD, prefixed
from shapes.document import Position
from shapes.documents import Judged, Judgement, Unjudged, judgements_of
from shapes.examples import Example
from shapes.formats.troubles import RELAXED, Spot, Trouble, troubles, wanted_by
from shapes.lifting import Rewrite

WIDTH = 80
#: Places of one trouble that are told; of the others the number.
_MOST_SPOTS = 3
#: Rewritten statements that are told; of the others the number.
_MOST_REWRITES = 12
_HEADINGS = {"violation": "To mend", "warning": "Better otherwise", "info": "Remarks"}
_MISSING = "Recommended, and not there"
_LABEL = 11
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
#: Characters of a value that are shown.
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the report, and what it is: a ``title``, ``good``, ``violation``, ``warning``, ``info`` or plain."""

    text: str = ""
    style: str = ""


def write_text(results: Sequence[Judgement | Unjudged], *, width: int = WIDTH) -> str:
    """The report without colours."""
    return "\n".join(line.text for line in report_lines(results, width=width))


def report_lines(results: Sequence[Judgement | Unjudged], *, width: int = WIDTH) -> Iterator[Line]:
    """The report, line by line; what was told in full once is told in short afterwards."""
    for line in _lines(results, width):
        # What a stranger wrote may hold codes that a terminal obeys.
        yield Line(_CONTROL.sub("�", line.text), line.style)


def _lines(results: Sequence[Judgement | Unjudged], width: int) -> Iterator[Line]:
    told: set[object] = set()
    for result in results:
        if isinstance(result, Unjudged):
            yield from _unjudged(result, width)
            continue
        writer = _Writer(result, width, told)
        for one in result.judged:
            yield from writer.record(one)
        yield from writer.remarks()
        yield from writer.rewrites()
        yield from writer.prefixes()
    good = all(isinstance(result, Judgement) and result.conforms for result in results)
    for text in textwrap.wrap(_summary(results), width):
        yield Line(text, "good" if good else "violation")


def _unjudged(result: Unjudged, width: int) -> Iterator[Line]:
    """What is told in the place of a document that cannot be judged."""
    yield Line(result.name, "title")
    yield from _wrapped("cannot be judged", width, "  ", "", "violation")
    yield Line()
    line = f"{result.name}:{result.line}" if result.line is not None else ""
    for label, text in (("where", line), ("problem", result.reason), ("to do", result.error.remedy or "")):
        yield from _labelled(label, text, width)
    yield Line()


class _Writer:
    """Writes the part of the report that is on one document."""

    def __init__(self, judgement: Judgement, width: int, told: set[object]) -> None:
        self._judgement = judgement
        self._guide = judgement.guide
        self._width = width
        self._told = told
        self._used: set[str] = set()

    def record(self, one: Judged) -> Iterator[Line]:
        """Title and IRI, a verdict for each profile, and the troubles."""
        yield Line(" ".join(one.title.split()), "title")
        name = "without an IRI" if one.unnamed_record else f"<{one.report.record}>"
        where = f", {self._where(one.position)}" if one.position is not None else ""
        yield Line(f"  {one.kind} {name}{where}")
        yield Line()
        for verdict in one.report.verdicts:
            word = "conforms to" if verdict.conforms else "does not conform to"
            recommended = count(verdict.warnings - verdict.relaxed, "recommendation")
            counts = f"{count(verdict.violations, 'violation')}, {_relaxed(verdict.relaxed)}{recommended}"
            name = self._guide.profile_name(verdict.profile)
            reason = one.reasons.get(verdict.profile)
            text = f"{word} {name}: {counts}" + (f" (applied because {reason})" if reason else "")
            yield from self._wrapped(text, "  ", "      ", "good" if verdict.conforms else "violation")
        yield Line()
        heading = ""
        found = troubles(one)
        again = [trouble for trouble in found if self._is_again(one, trouble)]
        for number, trouble in enumerate([trouble for trouble in found if trouble not in again], start=1):
            section = RELAXED if trouble.relaxed else _HEADINGS[trouble.severity]
            section = _MISSING if trouble.only_missing else section
            if section != heading:
                heading = section
                yield Line(f"  {heading}", "title")
                yield Line()
            yield from self._trouble(one, number, trouble)
        if again:
            names = ", ".join(trouble.field for trouble in again)
            yield from self._wrapped(
                f"Recommended, not there, and explained above: {names}.", "  ", "      ", "warning"
            )
            yield Line()

    def _is_again(self, one: Judged, trouble: Trouble) -> bool:
        """Whether the record lacks what another one lacked that has been told in full."""
        return trouble.only_missing and trouble.at_record(one) and trouble.rules in self._told

    def _trouble(self, one: Judged, number: int, trouble: Trouble) -> Iterator[Line]:
        yield Line(f"  {number}. {trouble.field}", trouble.severity)
        shown = list(dict.fromkeys(self._spot(spot) for spot in trouble.spots))
        for spot in shown[:_MOST_SPOTS]:
            yield from self._labelled("where", spot)
        if len(shown) > _MOST_SPOTS:
            yield from self._labelled("", f"and {len(shown) - _MOST_SPOTS} more of the same")
        same = (trouble.findings[0].focus, trouble.findings[0].value, trouble.rules)
        if same in self._told and not trouble.at_record(one):
            yield from self._labelled("", "the same as told for an earlier record that refers to it")
        else:
            yield from self._values(one, trouble)
            yield from self._explanation(trouble)
        self._told |= {same, trouble.rules}
        yield Line()

    def _values(self, one: Judged, trouble: Trouble) -> Iterator[Line]:
        values = [(spot, value) for spot in trouble.spots for value in spot.values if not one.is_made(str(value.term))]
        for spot, value in values[:_MOST_SPOTS]:
            line = f" ({value.position})" if len(spot.values) > 1 and value.position is not None else ""
            yield from self._labelled("value", f"{_value(value.term)}{line}")
        if len(values) > _MOST_SPOTS:
            yield from self._labelled("", f"and {len(values) - _MOST_SPOTS} more")

    def _explanation(self, trouble: Trouble) -> Iterator[Line]:
        """What is wrong; and, when it is told for the first time, what to do, how that looks, and who wants it."""
        problems = [finding.message.partition(". ") for finding in trouble.findings]
        if not trouble.only_missing:
            yield from self._labelled("problem", f"{problems[0][0].removesuffix('.')}.")
        if trouble.rules in self._told:
            yield from self._labelled("to do", "as told for the same problem above")
            return
        yield from self._labelled("to do", problems[0][2])
        for problem, _, advice in problems[1:]:
            yield from self._labelled("also", f"{problem}. {advice}")
        examples = [found for f in trouble.findings if (found := self._guide.example(f)) is not None]
        if examples:
            in_table = any(spot.position is not None and spot.position.row is not None for spot in trouble.spots)
            yield from self._snippet(min(examples, key=lambda found: len(found.turtle)), in_table)
        reasons = (f"{wanted_by(self._guide, each)}, {each.specification or ''}" for each in trouble.findings)
        for reason in dict.fromkeys(reasons):
            yield from self._labelled("why", reason)

    def _snippet(self, found: Example, in_table: bool) -> Iterator[Line]:
        if in_table and found.cell:
            yield from self._labelled("example", found.cell)
            return
        self._used |= set(found.prefixes)
        for number, text in enumerate(found.turtle.splitlines()):
            yield Line(f"     {'example' if number == 0 else '':<{_LABEL - 2}}{text}", "example")

    def _spot(self, spot: Spot) -> str:
        return f"{self._where(spot.position)}, {spot.node}" if spot.position is not None else spot.node

    def _where(self, position: Position) -> str:
        name = self._judgement.name
        return f"{name}:{position.line}" if position.line is not None else f"{name}, {position}"

    def remarks(self) -> Iterator[Line]:
        """What the reader of the input noticed."""
        remarks = self._judgement.document.remarks
        if remarks:
            yield Line("Noticed while reading", "title")
            for remark in remarks:
                yield from self._wrapped(remark, "  - ", "    ", "warning")
            yield Line()

    def rewrites(self) -> Iterator[Line]:
        """What was read in the terms of the current release."""
        rewrites = self._judgement.rewrites
        if not rewrites:
            return
        yield Line("Read in the terms of the current releases", "title")
        yield Line()
        equal: dict[tuple[str, str, str], list[Rewrite]] = {}
        for rewrite in rewrites:
            equal.setdefault((rewrite.before, rewrite.after, rewrite.reason), []).append(rewrite)
        for (before, after, reason), same in list(equal.items())[:_MOST_REWRITES]:
            position = same[0].position
            where = f"{self._where(position)}: " if position is not None else ""
            more = f" ({len(same)} times)" if len(same) > 1 else ""
            change = f"{before} stays" if same[0].kept else f"{before or 'added'} → {after}"
            yield from self._wrapped(f"{where}{change}{more}. {reason}", "  ", "      ")
        if len(equal) > _MOST_REWRITES:
            yield Line(f"  and {len(equal) - _MOST_REWRITES} more")
        yield Line()

    def prefixes(self) -> Iterator[Line]:
        """The declarations that the examples need and the input does not have."""
        text = self._judgement.document.text or ""
        missing = sorted(prefix for prefix in self._used if f"{prefix}:" not in text)
        if missing:
            yield Line("Prefixes that the examples use and this document does not declare", "title")
            yield Line()
            for prefix in missing:
                yield Line(f"  @prefix {prefix}: <{PREFIXES[prefix]}> .")
            yield Line()

    def _labelled(self, label: str, text: str) -> Iterator[Line]:
        return _labelled(label, text, self._width)

    def _wrapped(self, text: str, first: str, rest: str, style: str = "") -> Iterator[Line]:
        return _wrapped(text, self._width, first, rest, style)


def _labelled(label: str, text: str, width: int) -> Iterator[Line]:
    return _wrapped(text, width, f"     {label:<{_LABEL - 2}}", " " * (_LABEL + 3))


def _wrapped(text: str, width: int, first: str, rest: str, style: str = "") -> Iterator[Line]:
    wrapped = textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    for line in wrapped:
        yield Line(line, style)


def _value(term: Node) -> str:
    if not isinstance(term, Literal):
        return f"<{term}>"
    text = str(term) if len(term) <= _LONGEST_VALUE else f"{term[: _LONGEST_VALUE - 1]}…"
    tag = f"@{term.language}" if term.language else ""
    if term.datatype is not None and term.datatype != XSD.string:
        tag = f" (of type {prefixed(str(term.datatype))})"
    return f'"{text}"{tag}'


def _summary(results: Sequence[Judgement | Unjudged]) -> str:
    judgements = judgements_of(results)
    findings = [finding for judgement in judgements for finding in judgement.findings]
    severities = [finding.severity for finding in findings]
    relaxed = sum(finding.relaxed for finding in findings)
    violations, warnings = severities.count("violation"), severities.count("warning") - relaxed
    unjudged = len(results) - len(judgements)
    judged = [one for judgement in judgements for one in judgement.judged]
    if violations:
        next_step = "mend the violations and validate again."
    elif relaxed:
        next_step = "it does not conform: mend what is relaxed as well before you hand it in elsewhere."
    elif unjudged:
        next_step = "nothing else is to be mended."
    elif warnings:
        next_step = "ready to hand in; the recommendations make it easier to find and use."
    else:
        next_step = "ready to hand in."
    counts = f"{count(violations, 'violation')} to mend, {_relaxed(relaxed)}{count(warnings, 'recommendation')}"
    places = sum(trouble.severity == "violation" for one in judged for trouble in troubles(one))
    if places != violations:
        counts = counts.replace(" to mend", f" in {count(places, 'place')} to mend")
    first = f"{count(unjudged, 'document')} cannot be judged: mend that first. " if unjudged else ""
    return f"{first}{count(len(judged), 'record')}: {counts}; {next_step}"


def _relaxed(number: int) -> str:
    """How many violations the operator has shown as warnings, in a list of counts."""
    return f"{number} relaxed to {'a warning' if number == 1 else 'warnings'} by the operator, " if number else ""


def count(number: int, noun: str) -> str:
    """``3 violations``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
