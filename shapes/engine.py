"""pySHACL behind a small interface: shapes are prepared once, then run over one slice after another.

pySHACL finds a shape's parameters and focus nodes anew on each run over a whole shapes graph. Here the shapes
graph is built once, the focus nodes come from outside (a slice also holds vocabulary entries, which are not
the user's to mend), and a property shape that can only judge values that are there is not run where there are none.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

import pyoxigraph
import pyshacl
import rdflib
from pyshacl.errors import ConstraintLoadError, ReportableRuntimeError, ShapeLoadError
from pyshacl.pytypes import SHACLExecutor
from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from core.errors import ProfileError
from core.terms import RDF, RDFS, SH, SHAPE
from shapes.shape_index import ShapeIndex

#: Part of every cache key: another pySHACL, or another way of reading literals, makes old verdicts void.
ENGINE_VERSION = f"pyshacl-{pyshacl.__version__} rdflib-{rdflib.__version__} pyoxigraph-{pyoxigraph.__version__}"

#: Constraint parameters that hold by themselves where the path has no value (SHACL §4).
_JUDGES_VALUES_ONLY = {
    *(SH["and"], SH["class"], SH.datatype, SH["in"], SH.languageIn, SH.maxCount, SH.maxExclusive, SH.maxInclusive),
    *(SH.maxLength, SH.minExclusive, SH.minInclusive, SH.minLength, SH.node, SH.nodeKind, SH["not"], SH["or"]),
    *(SH.pattern, SH.uniqueLang, SH.xone),
}
_ANYBODY = URIRef("urn:x-radiograph:anybody")
#: What shapes say to people only.
SAID_TO_PEOPLE = {
    *(SH.severity, SH.message, SH.name, SH.description, SH.order, SH.group, SH.defaultValue),
    *(RDFS.label, RDFS.comment, RDFS.seeAlso),
}
#: Constraint parameters that see nothing but the number of values where the path has none.
_JUDGES_ABSENCE = {
    *_JUDGES_VALUES_ONLY,
    *(SH.minCount, SH.hasValue, SH.qualifiedValueShape, SH.qualifiedMinCount, SH.qualifiedMaxCount),
}
_NO_CONSTRAINT = {
    *SAID_TO_PEOPLE,
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


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What is run at once: a property shape, or a node shape that has constraints of its own.

    ``predicate`` is its path where that is a property. ``values_only``: it holds where there is no value.
    ``absence_alike``: where there is no value, all focus nodes fare alike.
    """

    shape: Shape
    predicate: URIRef | None = None
    values_only: bool = False
    absence_alike: bool = False

    @property
    def node(self) -> Node:
        """The shape's name."""
        return self.shape.node


@dataclass(frozen=True, slots=True)
class Target:
    """A node shape: which nodes it judges, and the parts it is run in."""

    classes: tuple[Node, ...]
    objects_of: tuple[URIRef, ...]
    subjects_of: tuple[URIRef, ...]
    parts: tuple[Part, ...]


class Engine:
    """Runs prepared node shapes over a slice.

    Raises:
        ProfileError: the shapes are not well-formed SHACL.
    """

    def __init__(self, shapes: Graph, classes: Graph) -> None:
        self.index = ShapeIndex(shapes)
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
        self._targets: dict[URIRef, Target] = {}
        self._absences: dict[Part, tuple[Result, ...]] = {}
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
            target = self.target(name)
            focus = self._focus(target, data, own, by_class)
            if focus:
                results.extend(self._run_target(target, data, focus))
        return results

    def _run_target(self, target: Target, data: Graph, focus: Collection[Node]) -> Iterator[Result]:
        present = {node: set(data.predicates(node)) for node in focus}
        for part in target.parts:
            nodes = focus
            if part.values_only:
                nodes = [node for node in focus if part.predicate in present[node]]
            if nodes:
                yield from self.judge(part, data, nodes)

    def absence(self, part: Part) -> tuple[Result, ...]:
        """What one part finds at any focus node without a value, where that is alike for all: pySHACL is asked once."""
        if part not in self._absences:
            self._absences[part] = tuple(self.judge(part, plain_graph(), [_ANYBODY]))
        return self._absences[part]

    def judge(self, part: Part, data: Graph, focus: Collection[Node]) -> Iterator[Result]:
        """What pySHACL finds with one part at some nodes of the data, which hold the subclass facts.

        Raises:
            ProfileError: the shape cannot be evaluated.
        """
        try:
            conforms, reports = part.shape.validate(self._executor, data, focus=list(focus))  # type: ignore[arg-type]
        except (ConstraintLoadError, ReportableRuntimeError, ShapeLoadError) as error:
            raise ProfileError(f"{error}", where=str(part.node), remedy="correct the shape") from None
        except re.error as error:
            raise ProfileError(
                f"its sh:pattern cannot be read: {error}", where=str(part.node), remedy="correct the shape"
            ) from None
        except (MemoryError, RecursionError):
            raise  # the data may be to blame
        except Exception as error:
            # A query of sh:sparql, say, is only read when it is run, and each parser has errors of its own.
            reason = " ".join(str(error).split()) or type(error).__name__
            raise ProfileError(
                f"cannot be evaluated: {reason}", where=str(part.node), remedy="correct the shape"
            ) from error
        if conforms:
            return
        for _, result, triples in reports:
            # Only the constraint itself is reported; what the shapes it refers to found is left out.
            parts = {p: o[1] if isinstance(o, tuple) else o for s, p, o in triples if s == result}
            rule = parts[SH.sourceShape]
            if rule in self._rules:
                yield Result(parts[SH.focusNode], self._path(rule), parts.get(SH.value), rule)

    def _path(self, rule: Node) -> URIRef | None:
        path = self.index.value(rule, SHAPE.reportedPath) or self.index.value(rule, SH.path)
        return path if isinstance(path, URIRef) else None

    def _by_class(self, data: Graph, own: Set[Node]) -> Mapping[Node, list[Node]]:
        found: dict[Node, list[Node]] = {}
        for node in sorted(own, key=str):
            for kind in {s for o in data.objects(node, RDF.type) for s in self._subclasses.above(o)}:
                found.setdefault(kind, []).append(node)
        return found

    def _focus(self, target: Target, data: Graph, own: Set[Node], by_class: Mapping[Node, list[Node]]) -> list[Node]:
        nodes = {node: None for kind in target.classes for node in by_class.get(kind, ())}
        for predicate in target.subjects_of:
            nodes.update({s: None for s in data.subjects(predicate) if s in own})
        for predicate in target.objects_of:
            nodes.update(
                {o: None for s, o in data.subject_objects(predicate) if s in own and not isinstance(o, Literal)}
            )
        return list(nodes)

    def target(self, name: URIRef) -> Target:
        """The node shape of this name, made ready."""
        if name not in self._targets:
            index = self.index
            parts = tuple(self._property(node) for node in sorted(index.objects(name, SH.property), key=str))
            if index.parameters(name) - _NO_CONSTRAINT:
                parts = (Part(self._prepared.lookup_shape_from_node(name)),)
            self._targets[name] = Target(
                tuple(index.objects(name, SH.targetClass)),
                tuple(o for o in index.objects(name, SH.targetObjectsOf) if isinstance(o, URIRef)),
                tuple(o for o in index.objects(name, SH.targetSubjectsOf) if isinstance(o, URIRef)),
                parts,
            )
        return self._targets[name]

    def above(self, kind: Node) -> tuple[Node, ...]:
        """The class and all that it is below."""
        return self._subclasses.above(kind)

    def _property(self, node: Node) -> Part:
        path = self.index.value(node, SH.path)
        parameters = self.index.parameters(node) - _NO_CONSTRAINT
        plain = isinstance(path, URIRef) and not self.index.objects(node, SH.property)
        return Part(
            self._prepared.lookup_shape_from_node(node),
            path if isinstance(path, URIRef) else None,
            values_only=plain and parameters <= _JUDGES_VALUES_ONLY,
            absence_alike=plain and parameters <= _JUDGES_ABSENCE,
        )


def plain_graph() -> Graph:
    """An empty graph on rdflib's store without contexts, which answers faster."""
    return Graph(bind_namespaces="none")


class _Subclasses:
    """Answers which classes a class is below, itself first."""

    def __init__(self, classes: Graph) -> None:
        self._above = {
            kind: tuple(node for node in classes.transitive_objects(kind, RDFS.subClassOf) if node is not None)
            for kind in set(classes.subjects(RDFS.subClassOf))
        }

    def above(self, kind: Node) -> tuple[Node, ...]:
        return self._above.get(kind, (kind,))


def _constraints_only(shapes: Graph) -> Graph:
    """A copy for pySHACL without what only people read: it looks at every triple of a shape on every run."""
    copy = plain_graph()
    for s, p, o in shapes:
        if p not in SAID_TO_PEOPLE and p != SHAPE.reportedPath:
            copy.add((s, p, o))
    return copy
