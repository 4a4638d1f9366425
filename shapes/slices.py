"""The slice of a description in plain dictionaries: the same statements as ``core.slices`` and ``ontology.background``.

Those two say what a slice is and work on rdflib graphs; this module does so several times as fast, for the screen.
Tests hold the two equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rdflib import Graph, URIRef

from core.slices import BOUNDARIES
from core.terms import DCAT, QB, RDF, SKOS
from ontology.background import known_of
from ontology.vocabulary import Vocabularies
from shapes.statements import Statements, from_triples, view

TYPE = f"<{RDF.type}>"
_IN_SCHEME = f"<{SKOS.inScheme}>"
_IN_SERIES = f"<{DCAT.inSeries}>"
_DATA_SET = f"<{QB.dataSet}>"
_BOUNDARIES = frozenset(f"<{kind}>" for kind in BOUNDARIES)
_NOTHING: dict[str, list[str]] = {}
#: What is known of this many pairs of a property and an IRI is remembered.
_REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Slice:
    """What is ``stated`` of a record; that and what is known besides, in ``data``; and whose nodes are whose.

    ``own`` are the subjects that are the user's to mend.
    """

    stated: Statements
    data: Statements
    own: frozenset[str]

    def of(self, node: str) -> dict[str, list[str]]:
        """Predicates and values of one node."""
        return self.data.get(node, _NOTHING)

    def graph(self, classes: Statements) -> Graph:
        """All of it, and subclass facts, as the graph to validate."""
        return view(self.data, classes)


class Slicer:
    """Cuts slices; one object remembers what it looked up in the vocabularies."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        def known(target: str, predicate: str, described: bool) -> Statements:
            found = known_of(URIRef(target[1:-1]), predicate[1:-1], vocabularies, described=described)
            return from_triples(dict.fromkeys(found))

        def entry(iri: str) -> Statements:
            return from_triples(dict.fromkeys(vocabularies.entry(iri[1:-1])))

        self._known = lru_cache(_REMEMBERED)(known)
        self._entry = lru_cache(_REMEMBERED)(entry)

    def cut(self, record: str, sources: Sequence[Statements]) -> Slice:
        """The slice of ``record`` in the union of ``sources``."""
        stated = _closure(record, sources)
        neighbours = {
            node for node, found in stated.items() if node != record and not _BOUNDARIES.isdisjoint(found.get(TYPE, ()))
        }
        data = dict(stated)
        for node, parts in self._background(stated).items():
            data[node] = _merged([stated[node], *parts]) if node in stated else _merged(parts)
        return Slice(stated, data, frozenset(stated.keys() - neighbours))

    def _background(self, stated: Statements) -> dict[str, list[dict[str, list[str]]]]:
        """By node, the parts of what is known of it."""
        known: dict[str, list[dict[str, list[str]]]] = {}
        pairs = {
            (predicate, value)
            for found in stated.values()
            for predicate, values in found.items()
            if predicate != TYPE
            for value in values
            if value.startswith("<")
        }
        for predicate, target in pairs:
            for node, found in self._known(target, predicate, target in stated).items():
                known.setdefault(node, []).append(found)
        schemes = {scheme for parts in known.values() for part in parts for scheme in part.get(_IN_SCHEME, ())}
        for scheme in schemes - stated.keys():
            for node, found in self._entry(scheme).items():
                known.setdefault(node, []).append(found)
        return known


def _closure(start: str, sources: Sequence[Statements]) -> Statements:
    """As :func:`core.slices.forward_closure`."""
    stated: Statements = {}
    observations = _observations(sources)
    queue = [start]
    seen: set[str] = set()
    while queue:
        node = queue.pop()
        if node in seen:
            continue
        seen.add(node)
        found = _merged([source[node] for source in sources if node in source])
        if node != start and not _BOUNDARIES.isdisjoint(found.get(TYPE, ())):
            found = {TYPE: found[TYPE]}
        else:
            queue.extend(observations.get(node, ()))
        if found:
            stated[node] = found
        for predicate, values in found.items():
            if predicate != TYPE:
                queue.extend(value for value in values if not value.startswith('"'))
    for source in sources:
        for member, found in source.items():
            if start in found.get(_IN_SERIES, ()) and member.startswith("<"):
                part = {_IN_SERIES: [start]} | ({TYPE: found[TYPE]} if TYPE in found else {})
                stated[member] = _merged([stated.get(member, {}), part])
    return stated


def _observations(sources: Sequence[Statements]) -> dict[str, list[str]]:
    """By data cube, the nodes that say they are its observations."""
    found: dict[str, list[str]] = {}
    for source in sources:
        for node, said in source.items():
            for cube in said.get(_DATA_SET, ()):
                found.setdefault(cube, []).append(node)
    return found


def _merged(parts: Sequence[dict[str, list[str]]]) -> dict[str, list[str]]:
    """The union of several parts; a single one as it is."""
    if len(parts) == 1:
        return parts[0]
    merged: dict[str, dict[str, None]] = {}
    for part in parts:
        for predicate, values in part.items():
            merged.setdefault(predicate, {}).update(dict.fromkeys(values))
    return {predicate: list(values) for predicate, values in merged.items()}
