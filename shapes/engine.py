"""pySHACL behind a small interface: shapes are prepared once, then run over one slice after another.

pySHACL finds a shape's parameters and focus nodes anew on each run over a whole shapes graph. Here the shapes
graph is built once, the focus nodes come from outside (a slice also holds vocabulary entries, which are not
the user's to mend), and a property shape that can only judge values that are there is not run where there are none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

import pyshacl
from pyshacl.errors import ConstraintLoadError, ReportableRuntimeError, ShapeLoadError
from pyshacl.pytypes import SHACLExecutor
from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from core.errors import ProfileError
from core.terms import RDF, RDFS, SH, SHAPE

#: Part of every cache key: a change of pySHACL, or of how this module runs it, makes old verdicts void.
ENGINE_VERSION = f"pyshacl-{pyshacl.__version__}/1"

#: Constraint parameters that hold by themselves where the path has no value (SHACL §4).
_JUDGES_VALUES_ONLY = {
    *(SH["and"], SH["class"], SH.datatype, SH["in"], SH.languageIn, SH.maxCount, SH.maxExclusive, SH.maxInclusive),
    *(SH.maxLength, SH.minExclusive, SH.minInclusive, SH.minLength, SH.node, SH.nodeKind, SH["not"], SH["or"]),
    *(SH.pattern, SH.uniqueLang, SH.xone),
}
_SAID_TO_PEOPLE = {
    *(SH.severity, SH.message, SH.name, SH.description, SH.order, SH.group),
    *(RDFS.label, RDFS.comment, RDFS.seeAlso),
}
_NO_CONSTRAINT = {
    *_SAID_TO_PEOPLE,
    *(SH.path, SH.flags, SH.deactivated, SH.property, SH.targetClass, SH.targetObjectsOf, SH.targetSubjectsOf),
    SH.targetNode,
}


@dataclass(frozen=True, slots=True)
class Result:
    """One validation result on one focus node; ``path`` is None where the shape names no property."""

    focus: Node
    path: URIRef | None
    value: Node | None
    rule: URIRef


@dataclass(frozen=True, slots=True)
class _Property:
    shape: Shape
    predicate: URIRef | None
    judges_values_only: bool


@dataclass(frozen=True, slots=True)
class _Target:
    classes: tuple[Node, ...]
    objects_of: tuple[URIRef, ...]
    subjects_of: tuple[URIRef, ...]
    properties: tuple[_Property, ...]
    whole: Shape | None


class Engine:
    """Runs prepared node shapes over a slice.

    Raises:
        ProfileError: the shapes are not well-formed SHACL.
    """

    def __init__(self, shapes: Graph, classes: Graph) -> None:
        self._graph = shapes
        self._classes = classes
        self._subclasses = _Subclasses(classes)
        self._executor = SHACLExecutor()
        try:
            self._prepared = ShapesGraph(_constraints_only(shapes))
            list(self._prepared.shapes)
        except (ShapeLoadError, ConstraintLoadError) as error:
            raise ProfileError(
                f"the shapes are not valid SHACL: {error.args[0]}", remedy="correct the shapes"
            ) from None
        self._targets: dict[URIRef, _Target] = {}
        self._rules = {node for node in shapes.subjects(SH.severity) if isinstance(node, URIRef)}

    def run(self, data: Graph, own: Set[Node], node_shapes: Iterable[URIRef]) -> list[Result]:
        """Return what the node shapes find at the focus nodes among ``own``.

        Objects that a shape targets with ``sh:targetObjectsOf`` are judged also where nothing is said of them.
        """
        for triple in self._classes:
            data.add(triple)
        by_class = self._by_class(data, own)
        results: list[Result] = []
        for name in node_shapes:
            target = self._target(name)
            focus = self._focus(target, data, own, by_class)
            if focus:
                results.extend(self._run_target(target, data, focus))
        return results

    def _run_target(self, target: _Target, data: Graph, focus: Collection[Node]) -> Iterator[Result]:
        if target.whole is not None:
            yield from self._validate(target.whole, data, focus)
        present = {node: set(data.predicates(node)) for node in focus}
        for item in target.properties:
            nodes = focus
            if item.judges_values_only:
                nodes = [node for node in focus if item.predicate in present[node]]
            if nodes:
                yield from self._validate(item.shape, data, nodes)

    def _validate(self, shape: Shape, data: Graph, focus: Collection[Node]) -> Iterator[Result]:
        try:
            conforms, reports = shape.validate(self._executor, data, focus=list(focus))  # type: ignore[arg-type]
        except (ConstraintLoadError, ReportableRuntimeError, ShapeLoadError) as error:
            raise ProfileError(f"{error}", where=str(shape.node), remedy="correct the shape") from None
        if conforms:
            return
        for _, result, triples in reports:
            # Only the constraint itself is reported; what the shapes it refers to found is left out.
            parts = {p: o[1] if isinstance(o, tuple) else o for s, p, o in triples if s == result}
            rule = parts[SH.sourceShape]
            if rule in self._rules:
                yield Result(parts[SH.focusNode], self._path(rule), parts.get(SH.value), rule)

    def _path(self, rule: Node) -> URIRef | None:
        path = self._graph.value(rule, SHAPE.reportedPath) or self._graph.value(rule, SH.path)
        return path if isinstance(path, URIRef) else None

    def _by_class(self, data: Graph, own: Set[Node]) -> Mapping[Node, list[Node]]:
        found: dict[Node, list[Node]] = {}
        for node in sorted(own, key=str):
            for kind in {s for o in data.objects(node, RDF.type) for s in self._subclasses.above(o)}:
                found.setdefault(kind, []).append(node)
        return found

    def _focus(self, target: _Target, data: Graph, own: Set[Node], by_class: Mapping[Node, list[Node]]) -> list[Node]:
        nodes = {node: None for kind in target.classes for node in by_class.get(kind, ())}
        for predicate in target.subjects_of:
            nodes.update({s: None for s in data.subjects(predicate) if s in own})
        for predicate in target.objects_of:
            nodes.update(
                {o: None for s, o in data.subject_objects(predicate) if s in own and not isinstance(o, Literal)}
            )
        return list(nodes)

    def _target(self, name: URIRef) -> _Target:
        if name not in self._targets:
            graph = self._graph
            shape = self._prepared.lookup_shape_from_node(name)
            parameters = {p for p in graph.predicates(name) if str(p).startswith(str(SH))} - _NO_CONSTRAINT
            properties = sorted(graph.objects(name, SH.property), key=str)
            self._targets[name] = _Target(
                tuple(graph.objects(name, SH.targetClass)),
                tuple(o for o in graph.objects(name, SH.targetObjectsOf) if isinstance(o, URIRef)),
                tuple(o for o in graph.objects(name, SH.targetSubjectsOf) if isinstance(o, URIRef)),
                () if parameters else tuple(self._property(node) for node in properties),
                shape if parameters else None,
            )
        return self._targets[name]

    def _property(self, node: Node) -> _Property:
        path = self._graph.value(node, SH.path)
        predicate = path if isinstance(path, URIRef) else None
        parameters = {p for p in self._graph.predicates(node) if str(p).startswith(str(SH))} - _NO_CONSTRAINT
        nested = (node, SH.property, None) in self._graph
        values_only = predicate is not None and not nested and parameters <= _JUDGES_VALUES_ONLY
        return _Property(self._prepared.lookup_shape_from_node(node), predicate, values_only)


def plain_graph() -> Graph:
    """An empty graph on rdflib's store without contexts, which answers faster."""
    return Graph(bind_namespaces="none")


class _Subclasses:
    """Answers which classes a class is below, itself first."""

    def __init__(self, classes: Graph) -> None:
        self._classes = classes
        self._above: dict[Node, tuple[Node, ...]] = {}

    def above(self, kind: Node) -> tuple[Node, ...]:
        if kind not in self._above:
            found = self._classes.transitive_objects(kind, RDFS.subClassOf)
            self._above[kind] = tuple(node for node in found if node is not None)
        return self._above[kind]


def _constraints_only(shapes: Graph) -> Graph:
    """A copy for pySHACL without what only people read: it looks at every triple of a shape on every run."""
    copy = plain_graph()
    for s, p, o in shapes:
        if p not in _SAID_TO_PEOPLE and p != SHAPE.reportedPath:
            copy.add((s, p, o))
    return copy
