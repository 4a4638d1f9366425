"""Whether verdicts on a description's concepts can be had without the rest of it.

A description says what its texts became in a few properties (:data:`SAID`). Where every constraint on these looks at
nothing but the values of its own property, and no other constraint looks at them, a change of concepts can be judged on
a description that has nothing else. Profiles of an operator may have other constraints; then whole descriptions
are judged.
"""

from __future__ import annotations

from collections.abc import Iterable

from rdflib import Graph, URIRef
from rdflib.namespace import SH
from rdflib.term import Node

from core.terms import CONCEPT, RADIOGRAPH, RDF
from ingest.imaging import SCHEMES
from shapes.engine import plain_graph
from shapes.profiles import Profiles

#: The properties that say what texts became.
SAID = frozenset(
    RADIOGRAPH[name] for name in (*SCHEMES, "statedValue", "facet", "text", "rule", "confidence", "concept")
)
_LOCAL = frozenset(
    SH[name]
    for name in (
        *("minCount", "maxCount", "class", "node", "nodeKind", "datatype", "in", "hasValue", "pattern", "flags"),
        *("minLength", "maxLength", "minInclusive", "maxInclusive", "minExclusive", "maxExclusive", "languageIn"),
        *("uniqueLang", "or", "and", "not", "xone", "path", "name", "message", "severity", "description", "order"),
        *("group", "deactivated"),
    )
)
_PAIRS = (SH.equals, SH.disjoint, SH.lessThan, SH.lessThanOrEquals, SH.targetObjectsOf, SH.targetSubjectsOf)
_OPAQUE = (SH.sparql, SH.target, SH.closed, SH.js, SH.expression, SH.rule)
_NESTING = (SH.node, SH.property, SH["not"], SH.qualifiedValueShape, RDF.first)


def judged_alone(profiles: Profiles) -> bool:
    """Whether all constraints on :data:`SAID` look at their own values only, and no others look at them."""
    if any(_is_concept_space(space) for one in profiles if one.applies for space in one.applies.namespaces):
        return False
    if any(URIRef(case.path) in SAID for one in profiles for case in one.cases):
        return False
    return all(_is_local(graph) for graph in {id(f.graph): f.graph for f in profiles.files.values()}.values())


def shapes_of_texts(profiles: Profiles) -> tuple[Graph, tuple[URIRef, ...]]:
    """The shapes of all profiles, without their constraints on other properties, and the names of those to be run."""
    files = {
        name: file for name, file in profiles.files.items() if not SAID.isdisjoint(file.graph.objects(None, SH.path))
    }
    targets = tuple(sorted({target for file in files.values() for target in file.targets}))
    shapes = plain_graph()
    for file in files.values():
        for triple in file.graph:
            shapes.add(triple)
    while further := _further(shapes, profiles):
        for triple in further:
            shapes.add(triple)
    for target in targets:
        for shape in list(shapes.objects(target, SH.property)):
            if shapes.value(shape, SH.path) not in SAID:
                shapes.remove((target, SH.property, shape))
    return shapes, targets


def _further(shapes: Graph, profiles: Profiles) -> Graph | None:
    """A file of what the shapes refer to and do not have."""
    missing = {term for nesting in _NESTING for term in shapes.objects(None, nesting)} - set(shapes.subjects())
    found = (file.graph for file in profiles.files.values() if not missing.isdisjoint(file.graph.subjects()))
    return next(found, None) if missing else None


def _is_concept_space(namespace: str) -> bool:
    """Whether a profile is chosen by the namespace of concepts."""
    return namespace.startswith(str(CONCEPT)) or str(CONCEPT).startswith(namespace)


def _is_local(shapes: Graph) -> bool:
    if any((None, predicate, None) in shapes for predicate in _OPAQUE):
        return False
    if any((None, predicate, term) in shapes for predicate in _PAIRS for term in SAID):
        return False
    for shape, path in shapes.subject_objects(SH.path):
        if path in SAID:
            if not _looks_at_its_own(shapes, shape):
                return False
        elif not isinstance(path, URIRef) and not SAID.isdisjoint(_parts(shapes, path)):
            return False
    return True


def _looks_at_its_own(shapes: Graph, shape: Node) -> bool:
    """Whether a property shape has only parameters about its values, and counts by itself, not in a choice."""
    parameters = {predicate for predicate in shapes.predicates(shape) if str(predicate).startswith(str(SH))}
    if not parameters <= _LOCAL:
        return False
    for holder, predicate in shapes.subject_predicates(shape):
        if predicate != SH.property or any((None, nesting, holder) in shapes for nesting in _NESTING):
            return False
    return True


def _parts(shapes: Graph, node: Node) -> Iterable[Node]:
    """All terms of a path expression."""
    seen: set[Node] = set()
    waiting = [node]
    while waiting:
        for value in shapes.objects(waiting.pop()):
            if value not in seen:
                seen.add(value)
                waiting.append(value)
    return seen
