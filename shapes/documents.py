"""Judges every dataset, catalogue, series, service and record of one document, as it was handed in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from rdflib import Graph, URIRef
from rdflib.term import Node

from core.canonical import skolem_names
from core.errors import InputError
from core.slices import forward_closure
from core.terms import DCAT
from shapes.checks import Checks, store_of
from shapes.document import Document, Position, Positions
from shapes.guide import Guide, guide_for
from shapes.lifting import Rewrite, lift
from shapes.lifting_rules import Lifting
from shapes.profiles import Profiles
from shapes.report import Finding, Report
from shapes.resources import KINDS, Place, is_unnamed, names_for_unnamed, places, records, renamed, title
from shapes.validator import Validator

_MADE_FOR = "the form is made for it"


@dataclass(frozen=True, slots=True)
class Value:
    """A value in the input and where it stands, if that is known."""

    term: Node
    position: Position | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A resource of a document: its title, what kind of thing it is, its report, and where its findings are.

    ``reasons`` tells for each profile why it was applied. ``places`` names a node by the labels of the properties
    that lead to it from the record; the record itself has the place "". ``positions`` has the findings whose
    place in the input is known, ``values`` what stands there: the offending value, else all values of the property.
    ``unnamed`` are the nodes without an IRI in the input, ``position`` is where the description of the record begins.
    """

    title: str
    kind: str
    report: Report
    reasons: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    positions: Mapping[Finding, Position] = field(default_factory=dict)
    values: Mapping[Finding, tuple[Value, ...]] = field(default_factory=dict)
    unnamed: frozenset[str] = frozenset()
    position: Position | None = None

    @property
    def unnamed_record(self) -> bool:
        """Whether the record itself has no IRI in the input."""
        return is_unnamed(self.report.record)

    def is_made(self, node: str) -> bool:
        """Whether a node has no IRI in the input: the one it has here was made by us and tells a reader nothing."""
        return node in self.unnamed or is_unnamed(node)


@dataclass(frozen=True, slots=True)
class Judgement:
    """All that was found out about one document, which is kept as it was handed in.

    ``guide`` has the words and examples for its findings.
    """

    document: Document
    judged: tuple[Judged, ...]
    guide: Guide
    rewrites: tuple[Rewrite, ...] = ()

    @property
    def name(self) -> str:
        """What the document is called."""
        return self.document.name

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings on all records, in the order of the records."""
        return tuple(finding for one in self.judged for finding in one.report.findings)

    @property
    def conforms(self) -> bool:
        """Whether every record meets every profile that was applied to it."""
        return all(verdict.conforms for one in self.judged for verdict in one.report.verdicts) and not any(
            finding.severity == "violation" for finding in self.findings
        )


def line_of(error: InputError, name: str) -> int | None:
    """The line that an error of a reader names."""
    found = re.fullmatch(r":(\d+)", (error.where or "").removeprefix(name))
    return int(found.group(1)) if found else None


@dataclass(frozen=True, slots=True)
class Unjudged:
    """A document that could not be read, or describes nothing, and why."""

    name: str
    error: InputError

    @property
    def line(self) -> int | None:
        """The line that the error names."""
        return line_of(self.error, self.name)

    @property
    def reason(self) -> str:
        """What is wrong, with the place where that is neither the whole document nor a line."""
        where = self.error.where
        told = where is None or where == self.name or self.line is not None
        return self.error.message if told else f"{where}: {self.error.message}"


def judgements_of(results: Iterable[Judgement | Unjudged]) -> list[Judgement]:
    """Those that could be judged."""
    return [result for result in results if isinstance(result, Judgement)]


def judge(
    document: Document,
    validator: Validator,
    *,
    profiles: Iterable[str] | None = None,
    checks: Checks | None = None,
    rules: Lifting | None = None,
) -> Judgement:
    """Judge all described resources of ``document``, once it is in the terms of the pinned releases.

    A resource without an IRI is called ``urn:radiograph:unnamed:dataset-1`` and so on. What ``checks`` find across
    the document, the shipped ones if left out, is filed under the record that it names. ``rules`` are those of lifting;
    again the shipped ones if left out.

    Raises:
        InputError: the document describes none; or DescriptionError, where blank nodes of one cannot be named.
        ProfileError: a named profile does not exist.
    """
    lifted = lift(document, rules)
    names = names_for_unnamed(lifted.document.graph)
    graph = renamed(lifted.document.graph, names)
    positions = lifted.document.positions.renamed(names) if names else lifted.document.positions
    chosen = tuple(profiles) if profiles is not None else (document.profiles or None)
    described = [_Described.of(graph, record, kind) for record, kind in records(graph)]
    if not described:
        raise InputError(
            "the document describes no dataset and no catalogue",
            where=document.name,
            remedy="give a resource the type dcat:Dataset (http://www.w3.org/ns/dcat#Dataset)",
        )
    across = _across(graph, checks or _shipped_checks())
    through = {} if chosen else _through_members(described, graph, validator.profiles)
    judged = tuple(
        _judge_one(one, positions, validator, chosen, across.get(str(one.record), ()), through.get(one.record, {}))
        for one in described
    )
    if profiles is None and document.profiles:
        judged = tuple(
            replace(one, reasons={**one.reasons, **dict.fromkeys(chosen or (), _MADE_FOR)}) for one in judged
        )
    return Judgement(document, judged, guide_for(validator.profiles), lifted.rewrites)


@dataclass(frozen=True, slots=True)
class _Described:
    """A record and all that is stated of it, its blank nodes named; ``names`` are those names."""

    record: URIRef
    kind: URIRef
    title: str
    stated: Graph
    names: Mapping[Node, URIRef]

    @classmethod
    def of(cls, graph: Graph, record: URIRef, kind: URIRef) -> _Described:
        closure = forward_closure(record, graph)
        names = skolem_names(closure, record)
        return cls(record, kind, title(graph, record), renamed(closure, names), names)


@lru_cache(maxsize=1)
def _shipped_checks() -> Checks:
    return Checks.load()


def _across(graph: Graph, checks: Checks) -> dict[str, list[Finding]]:
    """What is wrong between the records, by record."""
    found: dict[str, list[Finding]] = {}
    for finding in checks.run(store_of(graph)):
        found.setdefault(finding.record, []).append(finding)
    return found


def _through_members(described: Sequence[_Described], graph: Graph, profiles: Profiles) -> dict[Node, dict[str, str]]:
    """By catalogue, series and service, the profiles that apply to a dataset of it and not to itself, and why.

    What a profile demands of a catalogue is often said in words of other namespaces: the catalogue would not tell.
    """
    datasets: dict[Node, _Described] = {one.record: one for one in described if one.kind == DCAT.Dataset}
    told = {node: profiles.applicable(one.stated, one.record) for node, one in datasets.items()}
    found: dict[Node, dict[str, str]] = {}
    for one in described:
        if one.kind not in (DCAT.Catalog, DCAT.DatasetSeries, DCAT.DataService):
            continue
        own = profiles.applicable(one.stated, one.record)
        members = {*graph.objects(one.record, DCAT.dataset), *graph.objects(one.record, DCAT.servesDataset)}
        members |= set(graph.subjects(DCAT.inSeries, one.record))
        for member in sorted(members & datasets.keys(), key=str):
            for name in told[member]:
                if name not in own:
                    reason = f"it applies to a dataset of the {KINDS[one.kind]}, {datasets[member].title}"
                    found.setdefault(one.record, {}).setdefault(name, reason)
    return found


def _judge_one(
    one: _Described,
    positions: Positions,
    validator: Validator,
    profiles: tuple[str, ...] | None,
    across: Sequence[Finding],
    through: Mapping[str, str],
) -> Judged:
    check = validator.validate if one.kind == DCAT.Dataset else validator.validate_catalogue
    reasons = validator.profiles.reasons(one.stated, one.record, named=profiles or ())
    if through:
        profiles = (*validator.profiles.applicable(one.stated, one.record), *through)
        reasons = {**validator.profiles.reasons(one.stated, one.record, named=profiles), **reasons, **through}
    report = check(one.stated, one.record, profiles=profiles)
    report = report.model_copy(update={"findings": (*report.findings, *across)})
    ways = places(one.stated, one.record, guide_for(validator.profiles).labels)
    original: dict[Node, Node] = {name: node for node, name in one.names.items()}
    finder = _Finder(one.stated, ways, original, positions)
    return Judged(
        title=one.title,
        kind=KINDS[one.kind],
        report=report,
        reasons=reasons,
        places={str(one.record): ""} | {str(node): way.path for node, way in ways.items()},
        positions={f: where for f in report.findings if (where := finder.find(f)) is not None},
        values={finding: finder.values(finding) for finding in report.findings},
        unnamed=frozenset(str(name) for name in one.names.values()),
        position=positions.find(one.record),
    )


@dataclass(frozen=True, slots=True)
class _Finder:
    """Finds where in the input a finding is; nodes had other names there."""

    stated: Graph
    ways: Mapping[Node, Place]
    original: Mapping[Node, Node]
    positions: Positions

    def find(self, finding: Finding) -> Position | None:
        """Where the value stands, else the property, else the node it is missing from, else what refers to it."""
        focus, path = URIRef(finding.focus), URIRef(finding.path)
        terms = self._terms(finding) if finding.value is not None else []
        found = self._at(focus, path, terms[0] if len(terms) == 1 else None)
        if found is None and (way := self.ways.get(focus)) is not None:
            found = self._at(way.parent, way.predicate, focus)
        return found

    def values(self, finding: Finding) -> tuple[Value, ...]:
        """The term that the finding gives as text, or several that begin like it; without one, all at the property."""
        focus, path = URIRef(finding.focus), URIRef(finding.path)
        return tuple(Value(term, self._at(focus, path, term)) for term in self._terms(finding))

    def _terms(self, finding: Finding) -> list[Node]:
        terms = sorted(self.stated.objects(URIRef(finding.focus), URIRef(finding.path)), key=str)
        if finding.value is not None and len(terms) > 1:
            named = [term for term in terms if str(term).startswith(finding.value.removesuffix("…"))]
            exact = [term for term in named if str(term) == finding.value]
            return exact or named
        return terms

    def _at(self, subject: Node, predicate: Node, value: Node | None) -> Position | None:
        old = self.original
        return self.positions.find(old.get(subject, subject), predicate, old.get(value, value) if value else None)
