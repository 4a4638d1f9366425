"""Shapes with one thing wrong, to see whether the test rows notice.

A constraint that is removed must make a row fail; so must one that is loosened, moved or mixed up. The mutants are made
from the shapes themselves, of all profiles, so a new constraint is tried without a word here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from core.terms import FOAF, RDF, SH, SHAPE, SKOS, XSD, new_graph
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.validator import Validator

Edit = Callable[[Graph], None]
_REMOVED = "removed"


@dataclass(frozen=True)
class Mutant:
    """One change to one file: ``rules`` are the constraints that it touches, whose rows must notice."""

    file: str
    rules: frozenset[str]
    what: str
    edit: Edit

    def __str__(self) -> str:
        return f"{self.file}: {', '.join(sorted(self.rules)[:3])}: {self.what}"

    @property
    def is_removal(self) -> bool:
        """Whether it is a whole constraint that is gone."""
        return self.what == _REMOVED

    def validator(self, profile: str, profiles: Profiles, vocabularies: Vocabularies) -> Validator:
        """A validator for ``profile`` with the change made."""
        lineage = profiles.lineage(profile)
        files = {name: profiles.files[name] for ancestor in lineage for name in ancestor.files()}
        if self.file in files:
            graph = new_graph() + files[self.file].graph
            self.edit(graph)
            constraints = frozenset(node for node in graph.subjects(SH.severity) if isinstance(node, URIRef))
            files[self.file] = replace(files[self.file], graph=graph, constraints=constraints, digest=str(self))
        known = {str(rule) for file in files.values() for rule in file.constraints}
        kept = [p.model_copy(update={"without": tuple(r for r in p.without if r in known)}) for p in lineage]
        return Validator(Profiles(kept, files, profiles.classes), vocabularies, screened=False)


def mutants(profiles: Profiles) -> Iterator[Mutant]:
    """All there are, in the order of files and names."""
    users = _users(profiles)
    for name, file in sorted(profiles.files.items()):
        for rule in sorted(file.constraints):
            yield Mutant(name, frozenset({_short(rule)}), _REMOVED, _removal(rule))
            yield from (Mutant(name, frozenset({_short(rule)}), *change) for change in _changes(file.graph, rule))
        for shape in sorted(file.targets):
            rules = frozenset(
                _short(rule) for rule in {shape, *file.graph.objects(shape, SH.property)} & file.constraints
            )
            for target in sorted(file.graph.objects(shape, SH.targetClass), key=str):
                yield Mutant(name, rules, "another target", _swap(shape, SH.targetClass, target, SKOS.Note))
        for helper in sorted(_helpers(file.graph) - file.constraints - set(file.targets)):
            rules = frozenset(_short(rule) for rule in users.get(helper, ()))
            yield from (Mutant(name, rules, f"{_short(helper)}: {w}", edit) for w, edit in _changes(file.graph, helper))


def _changes(graph: Graph, node: Node) -> Iterator[tuple[str, Edit]]:
    """What can be changed in one shape, and in the shapes without a name that it is made of."""
    for predicate, value in sorted(graph.predicate_objects(node)):
        name = str(predicate).rpartition("#")[2]
        if predicate in _SWAPS:
            others = [other for other in _SWAPS[predicate] if other != value]
            yield f"{name} {_short(value)} becomes {_short(others[0])}", _swap(node, predicate, value, others[0])
        elif predicate in _STEPS:
            changed = Literal(int(str(value)) + _STEPS[predicate], datatype=XSD.integer)
            yield f"{name} {value} becomes {changed}", _swap(node, predicate, value, changed)
        elif predicate in _DROPPED:
            yield f"without {name}", _swap(node, predicate, value, None)
        elif predicate in (SH["in"], SH["or"]):
            members = list(Collection(graph, value))
            for index in range(len(members)) if predicate == SH["or"] else [0, len(members) - 1]:
                yield f"{name} without {_short(members[index])}", _shorten(node, predicate, value, index)
        if isinstance(value, BNode) and predicate in (SH.property, SH["not"], SH.qualifiedValueShape, SH.node):
            yield from ((f"{name} › {what}", edit) for what, edit in _changes(graph, value))


_SWAPS: dict[Node, tuple[Node, ...]] = {
    SH.severity: (SH.Warning, SH.Violation),
    SH["class"]: (FOAF.Project, SKOS.Note),
    SH.datatype: (XSD.base64Binary, XSD.hexBinary),
    SH.hasValue: (SHAPE.nothing,),
}
_STEPS: dict[Node, int] = {SH.minCount: -1, SH.qualifiedMinCount: -1, SH.maxCount: 1, SH.minInclusive: -1}
_DROPPED = {
    SH.pattern,
    SH.nodeKind,
    SH["not"],
    SH.node,
    SH.languageIn,
    SH.lessThanOrEquals,
    SH.uniqueLang,
    SH.minLength,
}


def _removal(rule: Node) -> Edit:
    def edit(graph: Graph) -> None:
        graph.remove((rule, None, None))
        graph.remove((None, SH.property, rule))

    return edit


def _swap(node: Node, predicate: Node, value: Node, other: Node | None) -> Edit:
    def edit(graph: Graph) -> None:
        graph.remove((node, predicate, value))
        if other is not None:
            graph.add((node, predicate, other))

    return edit


def _shorten(node: Node, predicate: Node, head: Node, index: int) -> Edit:
    def edit(graph: Graph) -> None:
        members = list(Collection(graph, head))
        shorter = BNode()
        Collection(graph, shorter, members[:index] + members[index + 1 :])
        graph.remove((node, predicate, head))
        graph.add((node, predicate, shorter if len(members) > 1 else RDF.nil))

    return edit


def _helpers(graph: Graph) -> set[URIRef]:
    return {node for node in graph.subjects(RDF.type, SH.NodeShape) if isinstance(node, URIRef)}


def _users(profiles: Profiles) -> dict[Node, set[Node]]:
    """Which constraints a shape that others refer to takes part in."""
    whole = new_graph()
    for file in profiles.files.values():
        whole += file.graph
    users: dict[Node, set[Node]] = {}
    for rule in {rule for file in profiles.files.values() for rule in file.constraints}:
        for part in _parts(whole, rule):
            users.setdefault(part, set()).add(rule)
    return users


def _parts(graph: Graph, shape: Node) -> Iterable[Node]:
    """The shapes below a shape."""
    found, queue = {shape}, [shape]
    for node in queue:
        below = [o for p in (SH.node, SH["not"], SH.property, SH.qualifiedValueShape) for o in graph.objects(node, p)]
        below += [
            o
            for p in (SH["or"], SH["and"], SH.xone)
            for head in graph.objects(node, p)
            for o in Collection(graph, head)
        ]
        queue.extend(set(below) - found)
        found.update(below)
    return found


def _short(node: Node) -> str:
    return str(node).removeprefix(str(SHAPE)).rpartition("#")[2].rpartition("/")[2]
