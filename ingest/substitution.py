"""A description in which only concepts change: its content by exchanging lines, its verdict on these lines alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rdflib import Graph, URIRef

from catalogue.description import StoredDescription
from core.canonical import canonical_ntriples
from core.identifiers import Identifiers
from core.terms import DCAT, RADIOGRAPH, RDF, new_graph
from ingest.imaging import SCHEMES, Harmonised, add_facets
from ingest.locality import judged_alone
from ingest.record import Facet
from ontology.concept import Match
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.report import Finding
from shapes.validator import Validator

_Told = tuple[str, str, str, float, tuple[str, ...]]


@dataclass(frozen=True)
class Substitution:
    """What two trees make of the texts of one record, where they differ."""

    old: Harmonised
    new: Harmonised

    @classmethod
    def of(cls, old: Harmonised, new: Harmonised) -> Substitution:
        first, second = {_told(*one) for one in old.stated}, {_told(*one) for one in new.stated}
        return cls(_without(old, second, new.unmatched), _without(new, first, old.unmatched))

    def apply(self, stood: StoredDescription, before: Harmonised, after: Harmonised) -> StoredDescription | None:
        """The description after the exchange; None where what stands was not made of the first tree."""
        dataset = URIRef(stood.iri)
        lines = set(stood.ntriples.split(b"\n")) - {b""}
        gone, come = _lines(dataset, self.old, before, after), _lines(dataset, self.new, after, before)
        if not gone <= lines:
            return None
        return replace(stood, ntriples=b"".join(line + b"\n" for line in sorted((lines - gone) | come)))


class Judge:
    """Says whether an exchange of concepts changes any finding, remembering what it was asked."""

    def __init__(self, profiles: Profiles, vocabularies: Vocabularies, identifiers: Identifiers) -> None:
        self._alone = judged_alone(profiles)
        self._profiles = [profile.id for profile in profiles if profile.enabled]
        self._cases = [(URIRef(case.path), URIRef(case.value)) for profile in profiles for case in profile.cases]
        self._validator = Validator(profiles, vocabularies) if self._alone else None
        self._dataset = identifiers.dataset("any", "any")
        self._known: dict[tuple[str, object], frozenset[Finding]] = {}

    def alike(self, kind: str, exchange: Substitution, before: Harmonised, after: Harmonised) -> bool:
        """Whether a dataset of ``kind`` has the same findings; false where that cannot be told from the exchange.

        The vocabularies must say the same of what goes as they did.
        """
        if self._validator is None or before.of_humans_only != after.of_humans_only or _size(before) != _size(after):
            return False
        for facet in SCHEMES:
            old, new = before.concepts(facet), after.concepts(facet)
            if old != new and self._of_values(kind, facet, old) != self._of_values(kind, facet, new):
                return False
        return self._of_texts(kind, exchange.old) == self._of_texts(kind, exchange.new)

    def _of_values(self, kind: str, facet: Facet, values: set[str]) -> frozenset[Finding]:
        key = (kind, (facet, frozenset(values)))
        if key not in self._known:
            graph = self._bare(kind)
            for value in values:
                graph.add((self._dataset, RADIOGRAPH[facet], URIRef(value)))
            self._known[key] = self._judge(graph)
        return self._known[key]

    def _of_texts(self, kind: str, said: Harmonised) -> frozenset[Finding]:
        """The findings on texts, whatever the texts: nodes are named for them."""
        found: set[Finding] = set()
        for facet, match in said.stated:
            found |= self._of_text(kind, facet, Match("text", match.concepts, match.rule, match.confidence))
        for facet, _ in said.unmatched:
            found |= self._of_text(kind, facet, None)
        return frozenset(found)

    def _of_text(self, kind: str, facet: Facet, match: Match | None) -> frozenset[Finding]:
        key = (kind, _told(facet, match) if match is not None else facet)
        if key not in self._known:
            graph = self._bare(kind)
            add_facets(
                graph, self._dataset, Harmonised([(facet, match)]) if match else Harmonised([], [(facet, "text")])
            )
            graph.remove((self._dataset, RADIOGRAPH[facet], None))
            self._known[key] = self._judge(graph)
        return self._known[key]

    def _bare(self, kind: str) -> Graph:
        graph = new_graph()
        name = "AnnotationDataset" if kind == "annotations" else "ImagingDataset"
        graph.add((self._dataset, RDF.type, RADIOGRAPH[name]))
        graph.add((self._dataset, RDF.type, DCAT.Dataset))
        for path, value in self._cases:
            graph.add((self._dataset, path, value))
        return graph

    def _judge(self, graph: Graph) -> frozenset[Finding]:
        assert self._validator is not None
        report = self._validator.validate(graph, self._dataset, profiles=self._profiles)
        return frozenset(report.findings)


def _size(said: Harmonised) -> int:
    """How many stated values a description has."""
    return len({(facet, match.text) for facet, match in said.stated} | set(said.unmatched))


def _told(facet: Facet, match: Match) -> _Told:
    """All that a description shows of a match."""
    return facet, match.text, match.rule, round(match.confidence, 4), tuple(one.iri for one in match.concepts)


def _without(said: Harmonised, known: set[_Told], unmatched: Iterable[tuple[Facet, str]]) -> Harmonised:
    skipped = set(unmatched)
    return Harmonised(
        [one for one in said.stated if _told(*one) not in known],
        [one for one in said.unmatched if one not in skipped],
    )


def _lines(dataset: URIRef, changed: Harmonised, own: Harmonised, others: Harmonised) -> set[bytes]:
    """The lines of what changed, and of the concepts that a dataset has on this side alone."""
    graph = new_graph()
    add_facets(graph, dataset, changed)
    for facet in SCHEMES:
        graph.remove((dataset, RADIOGRAPH[facet], None))
        for iri in own.concepts(facet) - others.concepts(facet):
            graph.add((dataset, RADIOGRAPH[facet], URIRef(iri)))
    return set(canonical_ntriples(graph).split(b"\n")) - {b""}
