"""A description in which only concepts change: its content by exchanging lines, its verdict on these lines alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from rdflib import Graph, URIRef

from catalogue.description import StoredDescription
from core.canonical import canonical_ntriples
from core.identifiers import Identifiers
from core.terms import DCAT, RADIOGRAPH, RDF
from ingest.imaging import PHANTOMS, SCHEMES, Harmonised, add_facets
from ingest.locality import judged_alone, shapes_of_texts
from ingest.record import Facet
from ontology.background import background
from ontology.concept import Match
from ontology.vocabulary import Vocabularies
from shapes.engine import Engine, Result, plain_graph
from shapes.profiles import Profiles

_Told = tuple[str, str, str, float, tuple[str, ...]]


@dataclass(frozen=True)
class Substitution:
    """What two trees make of the texts of one record, where they differ; facets that cannot differ may be left out."""

    old: Harmonised
    new: Harmonised

    @classmethod
    def of(cls, old: Harmonised, new: Harmonised) -> Substitution:
        first, second = {_told(*one) for one in old.stated}, {_told(*one) for one in new.stated}
        return cls(_without(old, second, new.unmatched), _without(new, first, old.unmatched))

    @property
    def touches_people(self) -> bool:
        """Whether it may change of whom a description says that it counts people."""
        matches = [one for side in (self.old, self.new) for one in side.stated]
        phantoms = any(concept.iri in PHANTOMS for _, match in matches for concept in match.concepts)
        unknown = any(facet == "species" for side in (self.old, self.new) for facet, _ in side.unmatched)
        return phantoms or unknown or any(facet == "species" for facet, _ in matches)

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
        self._vocabularies = vocabularies
        self._engine: Engine | None = None
        if judged_alone(profiles):
            shapes, self._targets = shapes_of_texts(profiles)
            self._engine = Engine(shapes, profiles.classes)
        self._dataset = identifiers.dataset("any", "any")
        self._known: dict[tuple[str, object], frozenset[Result]] = {}

    def alike(self, kind: str, exchange: Substitution, before: Harmonised, after: Harmonised) -> bool:
        """Whether a dataset of ``kind`` has the same findings; false where that cannot be told from the exchange.

        The vocabularies must say the same of what goes as they did.
        """
        if self._engine is None or exchange.touches_people or _size(before) != _size(after):
            return False
        for facet in SCHEMES:
            old, new = before.concepts(facet), after.concepts(facet)
            if len(old) == len(new):
                # A constraint on a number of values says the same of both, and any other looks at each value.
                old, new = old - new, new - old
            if old != new and self._of_values(kind, facet, old) != self._of_values(kind, facet, new):
                return False
        return self._of_texts(kind, exchange.old) == self._of_texts(kind, exchange.new)

    def _of_values(self, kind: str, facet: Facet, values: set[str]) -> frozenset[Result]:
        key = (kind, (facet, frozenset(values)))
        if key not in self._known:
            graph = self._bare(kind)
            for value in values:
                graph.add((self._dataset, RADIOGRAPH[facet], URIRef(value)))
            self._known[key] = self._judge(graph)
        return self._known[key]

    def _of_texts(self, kind: str, said: Harmonised) -> frozenset[Result]:
        """The findings on texts, whatever the texts: nodes are named for them."""
        found: set[Result] = set()
        for facet, match in said.stated:
            found |= self._of_text(kind, facet, Match("text", match.concepts, match.rule, match.confidence))
        for facet, _ in said.unmatched:
            found |= self._of_text(kind, facet, None)
        return frozenset(found)

    def _of_text(self, kind: str, facet: Facet, match: Match | None) -> frozenset[Result]:
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
        graph = plain_graph()
        name = "AnnotationDataset" if kind == "annotations" else "ImagingDataset"
        graph.add((self._dataset, RDF.type, RADIOGRAPH[name]))
        graph.add((self._dataset, RDF.type, DCAT.Dataset))
        return graph

    def _judge(self, graph: Graph) -> frozenset[Result]:
        assert self._engine is not None
        own = set(graph.subjects())
        graph += background(graph, self._vocabularies, described=True)
        return frozenset(self._engine.run(graph, own, self._targets))


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
    graph = plain_graph()
    add_facets(graph, dataset, changed)
    for facet in SCHEMES:
        graph.remove((dataset, RADIOGRAPH[facet], None))
        for iri in own.concepts(facet) - others.concepts(facet):
            graph.add((dataset, RADIOGRAPH[facet], URIRef(iri)))
    return set(canonical_ntriples(graph).split(b"\n")) - {b""}
