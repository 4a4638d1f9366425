"""What validation said of what is released: how often each rule is broken, and by which dataset.

A rule that a released description breaks, relaxed or not, is a ``dqv:Metric``, and so is for each profile the number
of violations and of warnings; a ``dqv:QualityMeasurement`` says how often a dataset breaks it. Of descriptions that
were held back only their number is told, by repository: what is not released is not named. No value of a description
is repeated here.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyoxigraph
from pydantic import ValidationError
from rdflib import URIRef
from sqlalchemy import Connection, func, select

from catalogue import schema
from core.identifiers import Identifiers
from core.terms import DCT, DQV, RDF, RDFS, SH, SKOS, XSD
from shapes.report import Finding, Report

#: Name of the graph.
GRAPH = "quality"
_HELD_BACK = "held-back"
_MEANINGS = {
    "violations": "How many violations a description has under the profile, those the operator shows as warnings too.",
    "warnings": "How many warnings a description has under the profile, without relaxed violations.",
    _HELD_BACK: "How many descriptions that the repository delivered last did not pass the profile that gates it.",
}

Lines = Iterator[str]


def quality_graph(connection: Connection, identifiers: Identifiers, profiles: Mapping[str, str]) -> bytes:
    """The measurements for what the next release will hold, as sorted N-Triples; ``profiles`` are IRIs by id."""
    measured = _Measurements(identifiers, profiles)
    d, r = schema.description.c, schema.revision.c
    joined = schema.revision.join(schema.description, d.id == r.description)
    for text in connection.execute(select(r.report).select_from(joined).where(r.upcoming.is_(True))).scalars():
        try:
            measured.add(Report.model_validate_json(text))
        except ValidationError:
            continue  # written by something else than ingest: nothing is known of its quality
    held_back = (
        select(d.repository, func.count()).select_from(joined).where(r.state == "rejected").group_by(d.repository)
    )
    measured.held_back = {row[0]: row[1] for row in connection.execute(held_back)}
    return "".join(sorted(set(measured.lines()))).encode()


@dataclass
class _Measurements:
    """Counts by dataset and metric."""

    identifiers: Identifiers
    profiles: Mapping[str, str]
    held_back: Mapping[str, int] = field(default_factory=dict)
    _rules: dict[str, Finding] = field(default_factory=dict)
    _counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    _totals: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def add(self, report: Report) -> None:
        """Count the findings of one report."""
        for finding in report.findings:
            if finding.rule and (finding.severity == "violation" or finding.relaxed):
                self._rules.setdefault(finding.rule, finding)
                self._counts[report.record, finding.rule] += 1
        for verdict in report.verdicts:
            self._totals[report.record, "violations", verdict.profile] = verdict.violations + verdict.relaxed
            self._totals[report.record, "warnings", verdict.profile] = verdict.warnings - verdict.relaxed

    def lines(self) -> Lines:
        """All statements."""
        for rule, finding in self._rules.items():
            yield from self._rule(rule, finding)
        for (dataset, rule), count in self._counts.items():
            yield from self._measurement(dataset, rule, count)
        for (dataset, kind, profile), count in self._totals.items():
            yield from self._metric(self._named(f"{kind}-{profile}"), kind, profile)
            yield from self._measurement(dataset, self._named(f"{kind}-{profile}"), count)
        for repository, count in self.held_back.items():
            yield from self._metric(self._named(_HELD_BACK), _HELD_BACK, None)
            yield from self._measurement(str(self.identifiers.catalogue(repository)), self._named(_HELD_BACK), count)

    def _rule(self, rule: str, finding: Finding) -> Lines:
        """A rule as a metric, in the words of its shape."""
        yield _line(rule, RDF.type, DQV.Metric)
        yield _line(rule, SH.name, _text(finding.field or finding.path))
        yield _line(rule, SKOS.definition, _text(finding.message))
        if finding.path:
            yield _line(rule, SH.path, URIRef(finding.path))
        yield from self._profile(rule, finding.profile)

    def _metric(self, metric: str, kind: str, profile: str | None) -> Lines:
        yield _line(metric, RDF.type, DQV.Metric)
        yield _line(metric, SKOS.definition, _text(_MEANINGS[kind]))
        if profile is not None:
            yield from self._profile(metric, profile)

    def _profile(self, metric: str, profile: str) -> Lines:
        """The profile that a metric belongs to; ``rdfs:label`` is its id, as ``--profile`` takes it."""
        iri = self.profiles.get(profile) or self._named(f"profile-{profile}")
        yield _line(metric, DCT.isPartOf, URIRef(iri))
        yield _line(iri, RDF.type, DCT.Standard)
        yield _line(iri, RDFS.label, pyoxigraph.Literal(profile))

    def _measurement(self, subject: str, metric: str, count: int) -> Lines:
        node = self._named(hashlib.sha256(f"{subject}\n{metric}".encode()).hexdigest()[:24])
        yield _line(node, RDF.type, DQV.QualityMeasurement)
        yield _line(node, DQV.computedOn, URIRef(subject))
        yield _line(node, DQV.isMeasurementOf, URIRef(metric))
        integer = pyoxigraph.NamedNode(str(XSD.integer))
        yield _line(node, DQV.value, pyoxigraph.Literal(str(count), datatype=integer))

    def _named(self, name: str) -> str:
        return f"{self.identifiers.graph(GRAPH)}#{name}"


def _text(text: str) -> pyoxigraph.Literal:
    return pyoxigraph.Literal(text, language="en")


def _line(subject: str, predicate: URIRef, value: URIRef | pyoxigraph.Literal) -> str:
    object_ = pyoxigraph.NamedNode(str(value)) if isinstance(value, URIRef) else value
    return f"{pyoxigraph.Triple(pyoxigraph.NamedNode(subject), pyoxigraph.NamedNode(str(predicate)), object_)} .\n"
