"""The quick look before pySHACL: which constraints hold for certain at which nodes, so that only the others are run.

A description that keeps to its profiles breaks few constraints or none, and most of what is amiss is a recommended
property that is not there. The screen goes through a slice in plain dictionaries and clears what is sure to hold;
every finding is still pySHACL's, on the constraint and the nodes in question. Whatever the screen does not know is
left to pySHACL as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from rdflib import Graph, URIRef

from core.terms import RDFS
from shapes.conditions import Conditions, Test, UnknownConstraint, Walk
from shapes.engine import Engine, Part, Result
from shapes.slices import TYPE, Slice
from shapes.statements import from_triples, node_of


@dataclass(slots=True)
class _Plan:
    """One node shape: whom it judges, and its parts by when they must be looked at."""

    classes: frozenset[str]
    objects_of: tuple[str, ...]
    subjects_of: tuple[str, ...]
    #: Parts on a property, looked at where it has values.
    present: dict[str, list[tuple[Part, Test]]] = field(default_factory=dict)
    #: Parts on a property that may not hold where it has no value.
    absent: dict[str, list[Part]] = field(default_factory=dict)
    #: Parts on other paths, or on the node itself.
    always: list[tuple[Part, Walk, Test]] = field(default_factory=list)
    #: Parts that only pySHACL can judge, each with the property that must be there for that, if there is one.
    unknown: list[tuple[Part, str | None]] = field(default_factory=list)


class Screen:
    """Runs node shapes over slices, as :meth:`Engine.run` does, and gives the same results.

    Raises:
        ProfileError: a shape cannot be evaluated.
    """

    def __init__(self, engine: Engine, classes: Graph) -> None:
        self._engine = engine
        self._classes = from_triples(classes)
        self._hidden = {RDFS.subClassOf, *classes.predicates()}
        self._supers = {kind: self._above(kind) for kind in self._classes}
        self._conditions = Conditions(engine.index, self.above, self._hidden)
        self._plans: dict[URIRef, _Plan] = {}

    def above(self, kind: str) -> frozenset[str]:
        """The class and all that it is below."""
        return self._supers.get(kind) or frozenset((kind,))

    def run(self, slice_: Slice, node_shapes: Iterable[URIRef]) -> list[Result]:
        """Return what the node shapes find at the focus nodes that are the user's."""
        kinds = self._kinds(slice_)
        suspects: dict[Part, list[str]] = {}
        results: list[Result] = []
        for name in node_shapes:
            plan = self._plan(name)
            for node in self._focus(plan, slice_, kinds):
                for part, absent in _doubts(plan, slice_, node):
                    if absent and part.absence_alike:
                        results += [replace(found, focus=node_of(node)) for found in self._engine.absence(part)]
                    else:
                        suspects.setdefault(part, []).append(node)
        if suspects:
            data = slice_.graph(self._classes)
            for part, nodes in suspects.items():
                results += self._engine.judge(part, data, [node_of(node) for node in nodes])
        return results

    def _kinds(self, slice_: Slice) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for node in slice_.own:
            types = slice_.data[node].get(TYPE, ())
            for kind in {kind for one in types for kind in self.above(one)}:
                found.setdefault(kind, []).append(node)
        return found

    def _focus(self, plan: _Plan, slice_: Slice, kinds: dict[str, list[str]]) -> Iterable[str]:
        nodes = {node: None for kind in plan.classes for node in kinds.get(kind, ())}
        for predicate in plan.subjects_of:
            nodes.update((node, None) for node in slice_.own if predicate in slice_.data[node])
        for predicate in plan.objects_of:
            objects = (value for node in slice_.own for value in slice_.data[node].get(predicate, ()))
            nodes.update((value, None) for value in objects if not value.startswith('"'))
        return nodes

    def _plan(self, name: URIRef) -> _Plan:
        if name not in self._plans:
            target = self._engine.target(name)
            if self._hidden.intersection((*target.objects_of, *target.subjects_of)):
                raise UnknownConstraint
            plan = _Plan(
                frozenset(f"<{kind}>" for kind in target.classes),
                tuple(f"<{predicate}>" for predicate in target.objects_of),
                tuple(f"<{predicate}>" for predicate in target.subjects_of),
            )
            for part in target.parts:
                self._enter(plan, part)
            self._plans[name] = plan
        return self._plans[name]

    def _enter(self, plan: _Plan, part: Part) -> None:
        try:
            walk, test = self._conditions.values(part.node), self._conditions.on_values(part.node)
        except (UnknownConstraint, ValueError, re.error):
            needed = part.values_only and part.predicate not in self._hidden
            plan.unknown.append((part, f"<{part.predicate}>" if needed else None))
            return
        if part.predicate is None:
            plan.always.append((part, walk, test))
            return
        predicate = f"<{part.predicate}>"
        plan.present.setdefault(predicate, []).append((part, test))
        if not part.values_only and test(_EMPTY, ()) is not True:
            plan.absent.setdefault(predicate, []).append(part)

    def _above(self, kind: str) -> frozenset[str]:
        return frozenset(f"<{found}>" for found in self._engine.above(node_of(kind)))


_EMPTY = Slice({}, {}, frozenset())


def _doubts(plan: _Plan, slice_: Slice, node: str) -> Iterator[tuple[Part, bool]]:
    """The parts that may not hold at ``node``, each with whether its property is absent there."""
    properties = slice_.of(node)
    for predicate, values in properties.items():
        for part, test in plan.present.get(predicate, ()):
            if test(slice_, values) is not True:
                yield part, False
    for predicate in plan.absent.keys() - properties.keys():
        for part in plan.absent[predicate]:
            yield part, True
    for part, walk, test in plan.always:
        if test(slice_, walk(slice_, node)) is not True:
            yield part, False
    for part, needed in plan.unknown:
        if needed is None or needed in properties:
            yield part, False
