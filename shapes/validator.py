"""Judges descriptions by the profiles that apply to them and reports in words a data steward understands."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Set
from dataclasses import dataclass

from rdflib import BNode, Graph, URIRef
from rdflib.term import Node

from core.canonical import canonical_ntriples, content_hash, skolemise
from core.errors import ProfileError
from core.slices import BOUNDARIES, forward_closure
from core.terms import RDF, RDFS, SH, new_graph
from ontology.background import background
from ontology.vocabulary import Vocabularies
from shapes.cache import VerdictCache
from shapes.engine import ENGINE_VERSION, Engine, Result, plain_graph
from shapes.profiles import Profile, Profiles
from shapes.report import Finding, Report, Severity, Verdict

_SEVERITIES: dict[Node, Severity] = {SH.Violation: "violation", SH.Warning: "warning", SH.Info: "info"}
_ORDER = {"violation": 0, "warning": 1, "info": 2}
#: What core.canonical calls a blank node; the hash tells a reader nothing.
_UNNAMED = re.compile(r"#node-[0-9a-f]{20}$")
#: A value longer than this many characters is cut in a report.
_LONGEST_VALUE = 300


@dataclass(frozen=True, slots=True)
class Rule:
    """A constraint as declared: whose it is, what the field is called, what to say, and where it is specified."""

    iri: URIRef
    profile: str
    field: str
    message: str
    severity: Severity
    specification: str


class Validator:
    """Prepared shapes of all profiles; one object serves a whole run.

    Raises:
        ProfileError: a constraint has no name, message, severity or specification, or is not valid SHACL.
    """

    def __init__(self, profiles: Profiles, vocabularies: Vocabularies, cache: VerdictCache | None = None) -> None:
        self._profiles = profiles
        self._vocabularies = vocabularies
        self._cache = cache
        shapes = new_graph()
        for file in profiles.files.values():
            shapes += file.graph
        self.rules = _rules(profiles)
        self._engine = Engine(shapes, profiles.classes)

    def validate(
        self,
        description: Graph,
        dataset: URIRef,
        *,
        context: Graph | None = None,
        repository: str | None = None,
        profiles: Iterable[str] | None = None,
        gate: str | None = None,
    ) -> Report:
        """Judge one dataset's description.

        ``context`` is the graph of the repository's catalogue and agents. ``profiles`` names the profiles to judge
        by; left out, those that apply by themselves, and ``gate`` besides. ``repository`` is the key that an
        operator's relaxations name.

        Raises:
            DescriptionError: blank nodes of the description form a cycle or nest too deeply.
            ProfileError: a named profile does not exist.
        """
        graphs = [_named(description, dataset)] + ([context] if context is not None else [])
        stated = forward_closure(dataset, *graphs)
        chosen = self._choose(stated, dataset, profiles, gate)
        files = [name for profile in chosen for name in _dataset_files(profile, stated, dataset)]
        return self._judge(stated, dataset, repository, chosen, files)

    def validate_catalogue(
        self,
        graph: Graph,
        catalogue: URIRef,
        *,
        repository: str | None = None,
        profiles: Iterable[str] | None = None,
        gate: str | None = None,
    ) -> Report:
        """Judge a catalogue with its agents, or a series, data service or catalogue record, in a pass of its own.

        Datasets it lists are not entered. Arguments and errors as in :meth:`validate`.
        """
        stated = forward_closure(catalogue, _named(graph, catalogue))
        chosen = self._choose(stated, catalogue, profiles, gate)
        files = [name for profile in chosen for name in profile.shapes.catalogue]
        return self._judge(stated, catalogue, repository, chosen, files)

    def _choose(
        self, stated: Graph, record: URIRef, profiles: Iterable[str] | None, gate: str | None
    ) -> tuple[Profile, ...]:
        named = tuple(profiles) if profiles is not None else self._profiles.applicable(stated, record)
        return self._profiles.select((*named, gate) if gate else named)

    def _judge(
        self, stated: Graph, record: URIRef, repository: str | None, chosen: tuple[Profile, ...], files: list[str]
    ) -> Report:
        own = _own_nodes(stated, record)
        data = plain_graph()
        for graph in (stated, background(stated, self._vocabularies)):
            for triple in graph:
                data.add(triple)
        key = self._key(data, own, files, chosen, record, repository) if self._cache else ""
        known = self._cache.get(key) if self._cache else None
        if known is not None:
            return Report.model_validate_json(known)
        shapes = dict.fromkeys(shape for name in files for shape in self._profiles.files[name].targets)
        report = self._report(record, repository, chosen, self._engine.run(data, own, shapes))
        if self._cache:
            self._cache.put(key, report.model_dump_json())
        return report

    def _report(
        self, record: URIRef, repository: str | None, chosen: tuple[Profile, ...], results: Iterable[Result]
    ) -> Report:
        relaxed = {r.rule for r in self._profiles.relaxed if not r.repositories or repository in r.repositories}
        findings = _folded(_finding(record, self.rules[result.rule], result, relaxed) for result in results)
        broken = {f.profile for f in findings if f.rule and self.rules[URIRef(f.rule)].severity == "violation"}
        verdicts = []
        for profile in chosen:
            lineage = {ancestor.id for ancestor in self._profiles.lineage(profile.id)}
            under = [f.severity for f in findings if f.profile in lineage]
            verdicts.append(
                Verdict(
                    profile=profile.id,
                    conforms=not lineage & broken,
                    violations=under.count("violation"),
                    warnings=under.count("warning"),
                )
            )
        return Report(record=str(record), verdicts=tuple(verdicts), findings=tuple(sorted(findings, key=_order)))

    def _key(
        self,
        data: Graph,
        own: Set[Node],
        files: Iterable[str],
        chosen: tuple[Profile, ...],
        record: URIRef,
        repository: str | None,
    ) -> str:
        content = content_hash(canonical_ntriples(data))
        parts = [ENGINE_VERSION, self._profiles.digest, str(record), repository or "", content]
        parts += [*sorted(str(node) for node in own), "", *files, "", *(profile.id for profile in chosen)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _rules(profiles: Profiles) -> dict[URIRef, Rule]:
    """Every constraint of every profile; one that two profiles share belongs to the first."""
    rules: dict[URIRef, Rule] = {}
    for profile in profiles:
        for name in profile.files():
            graph = profiles.files[name].graph
            for node in graph.subjects(SH.severity):
                if isinstance(node, URIRef) and node not in rules:
                    rules[node] = _rule(graph, node, profile.id, name)
    for name, file in profiles.files.items():
        for shape in file.targets:
            for node in file.graph.objects(shape, SH.property):
                if node not in rules:
                    raise ProfileError(
                        f"the constraint {node.n3()} on {file.graph.value(node, SH.path)} has no IRI or no sh:severity",
                        where=name,
                        remedy="give every constraint an IRI and a severity",
                    )
    return rules


def _rule(graph: Graph, node: URIRef, profile: str, file: str) -> Rule:
    values = {p: graph.value(node, p) for p in (SH.name, SH.message, SH.severity, RDFS.seeAlso)}
    missing = [graph.qname(p) for p, value in values.items() if value is None]
    if missing or values[SH.severity] not in _SEVERITIES:
        raise ProfileError(
            f"the constraint {node} lacks {', '.join(missing) or 'a known sh:severity'}",
            where=file,
            remedy="a reader must be told the field, what is wrong and where it is specified",
        )
    return Rule(
        iri=node,
        profile=profile,
        field=str(values[SH.name]),
        message=str(values[SH.message]),
        severity=_SEVERITIES[values[SH.severity] or SH.Violation],
        specification=str(values[RDFS.seeAlso]),
    )


def _dataset_files(profile: Profile, stated: Graph, dataset: URIRef) -> tuple[str, ...]:
    cases = [
        case for case in profile.cases if case.value in {str(o) for o in stated.objects(dataset, URIRef(case.path))}
    ]
    return (*profile.shapes.dataset, *(name for case in cases for name in case.shapes))


def _named(description: Graph, record: URIRef) -> Graph:
    """The description without blank nodes: nobody could find one again by the name in a report."""
    if any(isinstance(term, BNode) for s, _, o in description for term in (s, o)):
        return skolemise(description, record)
    return description


def _own_nodes(stated: Graph, record: URIRef) -> set[Node]:
    """The nodes whose description is the user's to mend: not a neighbour that is described by itself."""
    neighbours = {s for kind in BOUNDARIES for s in stated.subjects(RDF.type, kind)} - {record}
    return set(stated.subjects()) - neighbours


def _finding(record: URIRef, rule: Rule, result: Result, relaxed: Set[str]) -> Finding:
    value = None if result.value is None or result.value == result.focus else str(result.value)
    if value and _UNNAMED.search(value):
        value = "(a node without an IRI)"
    if value and len(value) > _LONGEST_VALUE:
        value = value[: _LONGEST_VALUE - 1] + "…"
    return Finding(
        record=str(record),
        path=str(result.path or ""),
        severity="warning" if str(rule.iri) in relaxed and rule.severity == "violation" else rule.severity,
        profile=rule.profile,
        message=rule.message,
        focus=str(result.focus),
        value=value,
        rule=str(rule.iri),
        field=rule.field,
        specification=rule.specification,
    )


def _folded(findings: Iterable[Finding]) -> set[Finding]:
    """Distinct findings; of a missing value that one profile demands and another recommends, only the demand."""
    distinct = set(findings)
    demanded = {(f.focus, f.path) for f in distinct if f.severity == "violation" and f.value is None}
    return {f for f in distinct if f.severity == "violation" or f.value or (f.focus, f.path) not in demanded}


def _order(finding: Finding) -> tuple[object, ...]:
    return (
        _ORDER[finding.severity],
        finding.focus != finding.record,
        finding.focus,
        finding.path,
        finding.rule,
        finding.value or "",
    )
