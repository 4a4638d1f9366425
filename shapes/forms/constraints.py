"""What the shapes of a profile say of each property of a kind of node, gathered from all constraints on it.

The shapes are flat: a constraint is one property shape with one demand. A form wants the demands of one property
together, from the profile and all it extends.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rdflib import Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from core.terms import RDF, RDFS, SH, SHAPE, SKOS, new_graph
from shapes.declarations import Case
from shapes.forms.key import shown
from shapes.guide import guide_for
from shapes.profiles import Profiles

#: How a shape asks that its values meet another; what values must not be is no help in a form.
_LOGICAL = (SH.node, SH["or"], SH["and"], SH.xone, SH.qualifiedValueShape)
_VALUE_TERMS = (SH.datatype, SH.nodeKind, SH["class"], SH["in"], SH.pattern)
_PREFERRED = re.compile(r"^Add \S+ (?:with|for) (?P<what>.+)$")
#: What in the shapes' advice is for writers of RDF: addresses of lists, and classes.
_TECHNICAL = re.compile(
    r",? (?:from|of|such as|for example)(?: the (?:EU )?list)? https?://\S+?(?=[,;.]?(?:\s|$))"
    r"|,? (?:described as|typed) (?:an? )?[a-z]+:\w+|, from the list(?=[,;.])"
)


@dataclass(frozen=True, slots=True)
class Demand:
    """One constraint on one property. ``case`` is the access level, say, that it holds for; None is always.

    ``named`` are all IRIs that it names, lists among them; ``inner`` is what it demands of properties of the value.
    One that stands inside another has no name and no message.
    """

    profile: str
    name: str
    message: str
    severity: Node
    case: Case | None
    required: bool
    single: bool
    either: tuple[URIRef, ...]
    datatypes: frozenset[URIRef]
    kinds: frozenset[Node]
    classes: tuple[URIRef, ...]
    listed: tuple[Node, ...]
    patterns: tuple[str, ...]
    named: frozenset[URIRef]
    description: str | None = None
    inner: tuple[tuple[URIRef, Demand], ...] = ()


@dataclass(slots=True)
class Facts:
    """All demands on one property of one kind of node."""

    predicate: URIRef
    demands: list[Demand] = field(default_factory=list)
    usual: str = ""

    @property
    def label(self) -> str:
        """What the most special profile calls the property; the name that most of its constraints have."""
        named = [d for d in self.demands if d.name and not d.either] or [d for d in self.demands if d.name]
        names = Counter(demand.name for demand in named if demand.profile == named[-1].profile)
        return names.most_common(1)[0][0] if names else self.usual

    @property
    def advice(self) -> str:
        """What to write, from the shapes' description or from what they say where the value is missing."""
        described = [demand.description for demand in self.demands if demand.description]
        if described:
            return described[-1]
        missing = [demand.message for demand in self.demands if demand.required and not demand.either]
        told = [advice for message in reversed(missing) if (advice := message.partition(". ")[2])]
        for advice in told:
            if found := _PREFERRED.match(advice):
                what = _TECHNICAL.sub("", found["what"]).strip()
                is_name = ":" in what.split(" ", 1)[0]
                return what if is_name else what[:1].upper() + what[1:]
        return told[0] if told else ""

    @property
    def single(self) -> bool:
        return any(demand.single for demand in self.demands)

    @property
    def classes(self) -> tuple[URIRef, ...]:
        return tuple(dict.fromkeys(kind for demand in self.demands for kind in demand.classes))

    @property
    def datatypes(self) -> frozenset[URIRef]:
        return frozenset().union(*(demand.datatypes for demand in self.demands))

    @property
    def node_kinds(self) -> frozenset[Node]:
        return frozenset().union(*(demand.kinds for demand in self.demands))

    @property
    def either(self) -> tuple[URIRef, ...]:
        """The properties one of which must be there, this one among them."""
        return next((demand.either for demand in reversed(self.demands) if demand.either), ())

    def required(self, severity: Node) -> tuple[bool, list[Case]]:
        """Whether a value is wanted with this severity always, and the cases in which it is."""
        wanting = [d for d in self.demands if d.required and not d.either and d.severity == severity]
        return any(d.case is None for d in wanting), [d.case for d in wanting if d.case is not None]


Pair = tuple[URIRef, Demand]


class Constraints:
    """The constraints of a profile and all it extends, by the class or the property whose nodes they are about.

    ``levels`` are values of cases (an access level) that hold; None takes in all cases, and their demands name them.
    """

    def __init__(self, profiles: Profiles, profile_id: str, levels: Sequence[str] | None = None) -> None:
        self._subclasses = profiles.classes
        self._labels = guide_for(profiles).labels
        self._graph = new_graph()
        self._facts: dict[tuple[URIRef, Node], dict[URIRef, Facts]] = {}
        lineage = profiles.lineage(profile_id)
        files = {
            name: (profile.id, case)
            for profile in lineage
            for case in (None, *profile.cases)
            if case is None or levels is None or case.value in levels
            for name in (profile.shapes.dataset if case is None else case.shapes)
        }
        self._rules = profiles.constraints(profile_id, files)
        for name in files:
            self._graph += profiles.files[name].graph
        for name, (owner, case) in files.items():
            file = profiles.files[name]
            for shape in file.targets:
                self._read_shape(file.graph, shape, owner, case if levels is None else None)

    def facts(self, classes: Iterable[URIRef], leading: Facts | None = None) -> dict[URIRef, Facts]:
        """What is demanded of a node of these classes to which the property ``leading`` leads, by property in order."""
        kinds = dict.fromkeys(broader for kind in classes for broader in self._broader(kind))
        contexts: list[tuple[URIRef, Node]] = [(SH.targetClass, kind) for kind in kinds]
        if leading is not None:
            contexts.append((SH.targetObjectsOf, leading.predicate))
        found: dict[URIRef, Facts] = {}
        for context in contexts:
            for name, facts in self._facts.get(context, {}).items():
                found.setdefault(name, Facts(name, usual=facts.usual)).demands += facts.demands
        for name, demand in (pair for outer in leading.demands for pair in outer.inner) if leading else ():
            found.setdefault(name, self.unsaid(name)).demands.append(demand)
        return found

    def unsaid(self, predicate: URIRef) -> Facts:
        """A property of which nothing is demanded yet, called as it is elsewhere."""
        return Facts(predicate, usual=self._labels.get(str(predicate), shown(predicate)))

    def _broader(self, kind: URIRef) -> Iterator[URIRef]:
        yield from (
            node for node in self._subclasses.transitive_objects(kind, RDFS.subClassOf) if isinstance(node, URIRef)
        )

    def _read_shape(self, graph: Graph, shape: URIRef, profile: str, case: Case | None) -> None:
        contexts = [(p, node) for p in (SH.targetClass, SH.targetObjectsOf) for node in graph.objects(shape, p)]
        nodes = [node for node in (*graph.objects(shape, SH.property), shape) if node in self._rules]
        for node in nodes:
            for predicate, demand in self._demands(node, profile, case):
                for context in contexts:
                    properties = self._facts.setdefault(context, {})
                    properties.setdefault(predicate, self.unsaid(predicate)).demands.append(demand)

    def _demands(
        self, node: Node, profile: str, case: Case | None, outer: Node | None = None, *, certain: bool = True
    ) -> Iterator[Pair]:
        """What one property shape demands, by property; ``outer`` is the severity of the one it stands inside.

        One that is an alternative among others is not ``certain``: it tells what values may be, not how many.
        """
        graph = self._graph
        predicates, direct = self._predicates(node)
        same, inside = self._value_shapes(node)
        alternatives = any((node, p, None) in graph for p in (SH["or"], SH.xone))
        of = {p: [o for s in same for o in graph.objects(s, p)] for p in _VALUE_TERMS} if direct else {}
        counts = (SH.minCount, SH.qualifiedMinCount)
        inner = tuple(
            pair
            for shape in inside
            for pair in self._demands(
                shape, profile, case, graph.value(node, SH.severity) or outer, certain=certain and not alternatives
            )
            if pair[0] != SKOS.inScheme
        )
        demand = Demand(
            profile=profile,
            name=str(graph.value(node, SH.name) or "") if outer is None else "",
            message=str(graph.value(node, SH.message) or "") if outer is None else "",
            severity=graph.value(node, SH.severity) or outer or SH.Violation,
            case=case,
            required=certain
            and (
                any(_number(graph.value(node, p)) >= 1 for p in counts)
                or (direct and graph.value(node, SH.hasValue) is not None)
            ),
            single=certain
            and direct
            and any(_number(graph.value(node, p), 2) <= 1 for p in (SH.maxCount, SH.qualifiedMaxCount)),
            either=tuple(predicates) if len(predicates) > 1 else (),
            datatypes=frozenset(n for n in of.get(SH.datatype, ()) if isinstance(n, URIRef)),
            kinds=frozenset(of.get(SH.nodeKind, ())),
            classes=tuple(n for n in of.get(SH["class"], ()) if isinstance(n, URIRef)),
            listed=tuple(dict.fromkeys(v for head in of.get(SH["in"], ()) for v in Collection(graph, head))),
            patterns=tuple(map(str, of.get(SH.pattern, ()))),
            named=frozenset(o for s in (*same, *inside) for o in self._values(s)),
            description=_text(graph.value(node, SH.description)),
            inner=inner if direct else (),
        )
        for predicate in predicates:
            yield predicate, demand

    def _predicates(self, node: Node) -> tuple[list[URIRef], bool]:
        """The properties that a constraint is about, and whether it is about their values or about what lies behind."""
        graph = self._graph
        path = graph.value(node, SH.path) or graph.value(node, SHAPE.reportedPath)
        if isinstance(path, URIRef):
            return [path], (node, SH.path, path) in graph
        alternatives = graph.value(path, SH.alternativePath) if path is not None else None
        if alternatives is not None:
            return [p for p in Collection(graph, alternatives) if isinstance(p, URIRef)], True
        first = graph.value(path, RDF.first) if path is not None else None
        return ([first] if isinstance(first, URIRef) else []), False

    def _value_shapes(self, node: Node) -> tuple[list[Node], list[Node]]:
        """The shapes that a constraint's values must meet, itself first, and those for properties of the values."""
        same, inside = [node], []
        for one in same:
            reached = [
                shape
                for p in _LOGICAL
                for head in self._graph.objects(one, p)
                for shape in (Collection(self._graph, head) if (head, RDF.first, None) in self._graph else (head,))
            ]
            inside += [shape for shape in self._graph.objects(one, SH.property) if shape not in inside]
            for shape in reached:
                target = inside if (shape, SH.path, None) in self._graph else same
                if shape not in target:
                    target.append(shape)
        return same, inside

    def _values(self, node: Node) -> Iterator[URIRef]:
        """The IRIs that a constraint names: entries of lists, and lists themselves."""
        for predicate, value in self._graph.predicate_objects(node):
            if predicate == SH["in"]:
                yield from (one for one in Collection(self._graph, value) if isinstance(one, URIRef))
            elif predicate in (SH.hasValue, SH["class"]) and isinstance(value, URIRef):
                yield value


def _number(node: Node | None, missing: int = 0) -> int:
    return int(node) if isinstance(node, Literal) and str(node).isdecimal() else missing


def _text(node: Node | None) -> str | None:
    return None if node is None else str(node)
