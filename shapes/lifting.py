"""Rewrites older names and shapes to the pinned releases, and tells each rewrite; what it does not know, it keeps.

A description that is already current comes back as the same object. Rules are data (:mod:`shapes.lifting_rules`); this
module finds the statements they speak of, keeps where in the input each rewritten statement stood, and says what stands
now. Rules apply one after another until none does, so that lifting a second time changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pyoxigraph
from rdflib import BNode, Graph, URIRef
from rdflib import Literal as Text
from rdflib.term import Node

from core.errors import ProfileError
from core.terms import RDF, new_graph
from shapes.checks import store_of
from shapes.conversions import convert
from shapes.document import Document, Position
from shapes.lifting_queries import rows
from shapes.lifting_rules import Class, Lifting, Namespace, Obsolete, Property, Query, Rule, Value, shipped_rules

Triple = tuple[Node, Node, Node]
#: Rules that have not come to rest after so many rounds undo each other.
_MAX_ROUNDS = 10
_LONGEST_TEXT = 80


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One statement that stands otherwise now.

    ``before`` and ``after`` are the statement without its subject, in prefixed names; ``before`` is empty where a
    statement was added, and equal to ``after`` where it stays although the pinned release has no place for it.
    ``focus`` is the subject, or the named resource that leads to it; ``rule`` names the rules.
    """

    focus: str
    before: str
    after: str
    reason: str
    rule: str
    position: Position | None = None

    @property
    def kept(self) -> bool:
        """Whether the statement was told only, and not changed."""
        return self.before == self.after


@dataclass(frozen=True, slots=True)
class Lifted:
    """The document in the pinned releases' terms, and what was rewritten for it."""

    document: Document
    rewrites: tuple[Rewrite, ...] = ()


@dataclass(slots=True)
class _Trace:
    """What became of one statement of the input; ``original`` is None for one that a rule added at ``subject``."""

    original: Triple | None
    subject: Node
    current: list[Triple]
    rules: list[Rule] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Change:
    """``old`` becomes ``new``; without ``old`` it is added, with ``stays`` the old statement remains as well."""

    rule: Rule
    old: Triple | None
    new: Triple
    subject: Node
    stays: bool = False


def lift(document: Document, rules: Lifting | None = None) -> Lifted:
    """Rewrite what an older release called otherwise; a description already current comes back unchanged.

    Raises:
        ProfileError: two rules undo each other.
    """
    rules = rules or shipped_rules()
    run = _Run(document, rules)
    for _ in range(_MAX_ROUNDS):
        if not run.round():
            return run.lifted()
    raise ProfileError(
        "the rules of lifting do not come to rest",
        where=", ".join(sorted({trace.rules[-1].name for trace in run.changed()}))[:500],
        remedy="remove the rule that undoes another",
    )


class _Run:
    """Lifts one document; its graph is copied when the first rule applies."""

    def __init__(self, document: Document, rules: Lifting) -> None:
        self._document = document
        self._rules = rules
        self._graph = document.graph
        self._copied = False
        self._store: pyoxigraph.Store | None = None
        self._traces: dict[Triple, list[_Trace]] = {}
        self._all: list[_Trace] = []
        self._names: dict[Node, str] = {}

    def round(self) -> bool:
        """Apply every rule once; whether any did."""
        finders: dict[type, Callable[[Rule], Iterator[_Change]]] = {
            Class: self._classes,
            Property: self._properties,
            Value: self._values,
            Query: self._queries,
        }
        applied = self._apply(list(self._namespaces()))
        for kind, find in finders.items():
            for rule in self._rules.of(kind):
                applied = self._apply(list(find(rule))) or applied
        return applied

    def changed(self) -> Iterator[_Trace]:
        """The statements that stand otherwise now."""
        return (trace for trace in self._all if trace.current != [trace.original])

    def lifted(self) -> Lifted:
        """The result: the same document where nothing was rewritten."""
        document = self._document
        told = list(self._obsolete())
        if self._copied:
            positions = document.positions.renamed({})
            for trace in self.changed():
                position = self._position(trace)
                if position is not None:
                    for triple in trace.current:
                        positions.add(*triple, position)
            document = Document(document.name, self._graph, positions, document.text)
        told += [self._rewrite(trace) for trace in self.changed()]
        told.sort(key=lambda r: (r.position.line or 0 if r.position else 0, r.focus, r.before, r.after))
        return Lifted(document, tuple(told))

    def _namespaces(self) -> Iterator[_Change]:
        """All namespace rules in one walk over the graph, because any term of any statement may be meant."""
        moves = [(str(rule.term(old)), str(rule.term(rule.declared.to)), rule)
                 for rule in self._rules.of(Namespace) if isinstance(rule.declared, Namespace)
                 for old in rule.declared.old]  # fmt: skip
        prefixes = tuple(old for old, _, _ in moves)

        def move(term: Node) -> tuple[Node, Rule | None]:
            if isinstance(term, URIRef) and str(term).startswith(prefixes):
                old, new, rule = next(item for item in moves if term.startswith(item[0]))
                return URIRef(new + term[len(old) :]), rule
            return term, None

        if not moves:
            return
        for triple in self._graph:
            moved = [move(term) for term in triple]
            rule = next((rule for _, rule in moved if rule is not None), None)
            if rule is not None:
                yield _Change(rule, triple, (moved[0][0], moved[1][0], moved[2][0]), moved[0][0])

    def _classes(self, rule: Rule) -> Iterator[_Change]:
        declared = rule.declared
        assert isinstance(declared, Class)
        for old in declared.old:
            for node in self._graph.subjects(RDF.type, rule.term(old)):
                if self._rules.plays(self._graph, node, declared.on):
                    new = (node, RDF.type, rule.term(declared.to))
                    yield _Change(rule, (node, RDF.type, rule.term(old)), new, node, self._stays(declared.beside, node))

    def _properties(self, rule: Rule) -> Iterator[_Change]:
        declared = rule.declared
        assert isinstance(declared, Property)
        datatype = rule.term(declared.datatype) if declared.datatype else None
        for old in declared.old:
            for node, value in self._graph.subject_objects(rule.term(old)):
                text = isinstance(value, Text)
                if (declared.links and text) or (
                    datatype and not (isinstance(value, Text) and value.datatype == datatype)
                ):
                    continue
                changed = convert(declared.convert, value) if declared.convert else value
                if changed is not None and self._rules.plays(self._graph, node, declared.on):
                    triple = (node, rule.term(old), value)
                    new = (node, rule.term(declared.to), changed)
                    yield _Change(rule, triple, new, node, self._stays(declared.beside, node))

    def _values(self, rule: Rule) -> Iterator[_Change]:
        declared = rule.declared
        assert isinstance(declared, Value)
        texts = {text.casefold() for text in declared.texts}
        iris = {rule.term(name) for name in declared.old}
        predicate = rule.term(declared.property)
        for node, value in self._graph.subject_objects(predicate):
            known = str(value).strip().casefold() in texts if isinstance(value, Text) else value in iris
            if known and self._rules.plays(self._graph, node, declared.on):
                yield _Change(rule, (node, predicate, value), (node, predicate, rule.term(declared.to)), node)

    def _queries(self, rule: Rule) -> Iterator[_Change]:
        if self._occurs(rule):
            self._store = self._store or store_of(self._graph)
            for row in rows(self._store, rule):
                yield _Change(rule, row.old, row.new, row.subject)

    def _occurs(self, rule: Rule) -> bool:
        """Whether a statement is there that the query may rewrite; without one it need not run."""
        declared = rule.declared
        assert isinstance(declared, Query)
        return any(
            (declared.values is None or isinstance(value, Text) == (declared.values == "texts"))
            and self._rules.plays(self._graph, node, declared.on)
            for predicate in rule.terms.values()
            for node, value in self._graph.subject_objects(predicate)
        )

    def _obsolete(self) -> Iterator[Rewrite]:
        for rule in self._rules.of(Obsolete):
            for predicate in rule.terms.values():
                for node, value in self._graph.subject_objects(predicate):
                    stated = self._short(predicate, value)
                    position = self._document.positions.find(*self._origin((node, predicate, value)))
                    yield Rewrite(self._named(node), stated, stated, rule.declared.reason, rule.name, position)

    def _origin(self, triple: Triple) -> Triple:
        traces = self._traces.get(triple, [])
        return next((trace.original for trace in traces if trace.original), triple)

    def _stays(self, beside: str | None, node: Node) -> bool:
        return beside is not None and self._rules.plays(self._graph, node, beside)

    def _apply(self, changes: list[_Change]) -> bool:
        """Make the changes that change something; the document's own graph is never touched."""
        applied = False
        replaced: dict[Triple, list[_Trace]] = {}
        for change in changes:
            if change.new == change.old or ((change.old is None or change.stays) and change.new in self._graph):
                continue
            if not self._copied:
                self._graph, self._copied = _copy(self._graph), True
            self._follow(change, replaced)
            if change.old is not None and not change.stays:
                self._graph.remove(change.old)
            self._graph.add(change.new)
            applied, self._store = True, None
        return applied

    def _follow(self, change: _Change, replaced: dict[Triple, list[_Trace]]) -> None:
        """Keep what becomes of a statement; one that becomes several is among ``replaced`` after the first."""
        old, new = change.old, change.new
        traces = [_Trace(None, change.subject, [])]
        if old is not None:
            traces = self._traces.get(old) or replaced.get(old) or [_Trace(old, old[0], [old])]
            if not change.stays:
                replaced[old] = traces
                self._traces.pop(old, None)
        for trace in traces:
            if not trace.rules:
                self._all.append(trace)
            trace.rules += [change.rule] if change.rule not in trace.rules else []
            if old in trace.current and not change.stays:
                trace.current.remove(old)
            trace.current.append(new)
        self._traces.setdefault(new, []).extend(traces)

    def _rewrite(self, trace: _Trace) -> Rewrite:
        subject = trace.original[0] if trace.original else trace.subject
        after = []
        for new in trace.current:
            moved = new[0] != trace.subject and isinstance(new[0], URIRef | BNode)
            after.append((f"{self._short(new[0])} " if moved else "") + self._short(*new[1:]))
        return Rewrite(
            focus=self._named(subject if (subject, None, None) in self._graph else trace.current[0][0]),
            before=self._short(*trace.original[1:]) if trace.original else "",
            after=" ; ".join(dict.fromkeys(after)),
            reason=" ".join(rule.declared.reason for rule in trace.rules),
            rule=", ".join(rule.name for rule in trace.rules),
            position=self._position(trace),
        )

    def _position(self, trace: _Trace) -> Position | None:
        positions = self._document.positions
        return positions.find(*trace.original) if trace.original else positions.find(trace.subject)

    def _named(self, node: Node) -> str:
        """The node's IRI, or that of the nearest named resource that refers to it."""
        way: list[Node] = []
        while isinstance(node, BNode) and node not in self._names and node not in way:
            way.append(node)
            node = min(self._graph.subjects(None, node), key=lambda s: (isinstance(s, BNode), str(s)), default=node)
        name = self._names.get(node, "" if isinstance(node, BNode) else str(node))
        self._names.update(dict.fromkeys(way, name))
        return name

    def _short(self, *terms: Node) -> str:
        return " ".join(_name(self._graph, term) for term in terms)


def _copy(graph: Graph) -> Graph:
    copy = new_graph()
    copy += graph
    return copy


def _name(graph: Graph, term: Node) -> str:
    if isinstance(term, BNode):
        return "[…]"
    if term == RDF.type:
        return "a"
    if isinstance(term, URIRef):
        for prefix, namespace in graph.namespaces():
            if term.startswith(str(namespace)):
                return f"{prefix}:{term[len(namespace) :]}"
        return f"<{term}>"
    assert isinstance(term, Text)
    text = str(term) if len(term) <= _LONGEST_TEXT else f"{term[: _LONGEST_TEXT - 1]}…"
    datatype = f"^^{_name(graph, term.datatype)}" if term.datatype else ""
    return f'"{text}"' + (f"@{term.language}" if term.language else datatype)
