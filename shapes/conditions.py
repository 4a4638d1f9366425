"""SHACL constraints as quick tests over a slice: each says yes, no, or "ask pySHACL".

Only a yes or a no that is certain is given. What SHACL has and this module does not know (SPARQL, comparisons,
paths that repeat, closed shapes …) is never certain, and neither is anything that hangs on it; so an unknown kind of
constraint costs time, not correctness. That pySHACL agrees is tested with data made at random for each kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from rdflib import Literal, URIRef
from rdflib.term import Node

from core.terms import RDF, SH, XSD
from shapes.engine import SAID_TO_PEOPLE
from shapes.shape_index import ShapeIndex
from shapes.slices import TYPE, Slice
from shapes.statements import node_of, text_of

#: What a node, or all values of a property, are found to be: conforming, not, or not known for certain.
Certainty = bool | None
Condition = Callable[[Slice, str], Certainty]
Test = Callable[[Slice, Sequence[str]], Certainty]
Walk = Callable[[Slice, str], Sequence[str]]
Above = Callable[[str], frozenset[str]]

#: Parameters that set no condition of their own.
_SILENT = {
    *(*SAID_TO_PEOPLE, SH.path, SH.flags),
    *(SH.targetClass, SH.targetObjectsOf, SH.targetSubjectsOf, SH.targetNode),
}
#: Parameters that may have several arguments; of any other, pySHACL must say what is wrong with a second one.
_REPEATABLE = {
    *(SH["and"], SH["class"], SH["not"], SH["or"]),
    *(SH.hasValue, SH.node, SH.pattern, SH.property, SH.xone),
}
#: Parameters that only property shapes may have.
_COUNTING = {SH.minCount, SH.maxCount, SH.uniqueLang, SH.qualifiedMinCount, SH.qualifiedMaxCount}
#: Shapes may refer to shapes; pySHACL stops at fifteen.
_MAX_DEPTH = 6
_KINDS = {
    SH.IRI: "<",
    SH.Literal: '"',
    SH.BlankNode: "_",
    SH.BlankNodeOrIRI: "_<",
    SH.BlankNodeOrLiteral: '_"',
    SH.IRIOrLiteral: '<"',
}
#: Datatypes for which pySHACL wants a value that rdflib could read.
_READ = {XSD.string, RDF.langString, XSD.integer, XSD.float, XSD.decimal, XSD.boolean, XSD.date, XSD.time, XSD.dateTime}


class UnknownConstraint(Exception):
    """A shape says something that only pySHACL can judge."""


def unsure(_slice: Slice, _node: str) -> Certainty:
    """The condition of which nothing is known."""
    return None


class Conditions:
    """Compiles the shapes of one graph.

    ``above`` gives the classes that a class is below, itself among them. Values of ``hidden`` properties are not in a
    slice (pySHACL also sees the subclass facts).
    """

    def __init__(self, shapes: ShapeIndex, above: Above, hidden: Iterable[Node]) -> None:
        self._shapes = shapes
        self._above = above
        self._hidden = frozenset(hidden)
        self._compiled: dict[tuple[Node, int], Condition] = {}

    def on_values(self, shape: Node, depth: int = 0) -> Test:
        """The test of a shape's constraints on the values of its path, or on a list of the focus node alone.

        Raises:
            UnknownConstraint: the shape says something that only pySHACL can judge.
        """
        each: list[Condition] = []
        all_: list[Test] = []
        counted = bool(self._shapes.objects(shape, SH.path))
        for parameter in self._shapes.parameters(shape) - _SILENT:
            arguments = self._shapes.objects(shape, parameter)
            if (len(arguments) > 1 and parameter not in _REPEATABLE) or (parameter in _COUNTING and not counted):
                raise UnknownConstraint
            for argument in arguments:
                found = self._constraint(shape, parameter, argument, depth)
                if found is not None:
                    each.append(found)
                else:
                    all_.append(self._on_all(shape, parameter, argument, depth))
        return _both(each, all_)

    def on_node(self, shape: Node, depth: int = 0) -> Condition:
        """The condition that a node conforms to a node or property shape."""
        if (shape, depth) not in self._compiled:
            try:
                self._compiled[shape, depth] = self._on_node(shape, depth)
            except (UnknownConstraint, ValueError, re.error):
                self._compiled[shape, depth] = unsure
        return self._compiled[shape, depth]

    def values(self, shape: Node) -> Walk:
        """How to find the value nodes of a shape for a focus node.

        Raises:
            UnknownConstraint: the path repeats a step, or the data of a step are not all in a slice.
        """
        path = self._shapes.value(shape, SH.path)
        return (lambda _slice, node: (node,)) if path is None else self._walk(path)

    def _walk(self, path: Node) -> Walk:
        if isinstance(path, URIRef):
            predicate = self._predicate(path)
            return lambda slice_, node: slice_.of(node).get(predicate, ())
        choice = self._shapes.value(path, SH.alternativePath)
        if choice is not None:
            return _choice([self._walk(step) for step in self._shapes.items(choice)])
        if self._shapes.objects(path, RDF.first):
            return _chain([self._walk(step) for step in self._shapes.items(path)])
        backwards = self._shapes.value(path, SH.inversePath)
        if isinstance(backwards, URIRef):
            return _backwards(self._predicate(backwards))
        raise UnknownConstraint

    def _predicate(self, step: URIRef) -> str:
        if step in self._hidden:
            raise UnknownConstraint
        return f"<{step}>"

    def _on_node(self, shape: Node, depth: int) -> Condition:
        if depth > _MAX_DEPTH or shape not in self._shapes:
            raise UnknownConstraint
        values, test = self.values(shape), self.on_values(shape, depth)
        return lambda slice_, node: test(slice_, values(slice_, node))

    def _constraint(self, shape: Node, parameter: Node, argument: Node, depth: int) -> Condition | None:
        """The condition that one argument of a parameter sets on each value; None where it is on all together."""
        match parameter:
            case SH.node | SH.property:
                return self.on_node(argument, depth + 1)
            case _ if parameter == SH["not"]:
                return _inverse(self.on_node(argument, depth + 1))
            case _ if parameter in (SH["and"], SH["or"], SH.xone):
                parts = [self.on_node(part, depth + 1) for part in self._shapes.items(argument)]
                return {SH["and"]: _every, SH["or"]: _some, SH.xone: _one}[URIRef(str(parameter))](parts)
            case _ if parameter == SH["class"]:
                return _instance(text_of(argument), self._above)
            case _ if parameter == SH["in"]:
                return _member(self._shapes.items(argument))
            case SH.nodeKind if argument in _KINDS:
                return _kind(_KINDS[URIRef(str(argument))])
            case SH.datatype:
                return _typed(argument)
            case SH.pattern:
                return _matching(str(argument), str(self._shapes.value(shape, SH.flags) or ""))
            case SH.minLength | SH.maxLength if (length := _number(argument)) is not None:
                return _long(length, at_least=parameter == SH.minLength)
            case SH.languageIn:
                return _language(self._shapes.items(argument))
        return None

    def _on_all(self, shape: Node, parameter: Node, argument: Node, depth: int) -> Test:
        number = _number(argument)
        match parameter:
            case SH.minCount if number is not None:
                return _at_least(number)
            case SH.maxCount if number is not None:
                return _at_most(number)
            case SH.hasValue:
                return _holding(text_of(argument))
            case SH.uniqueLang if argument == Literal(True):
                return _distinct_languages
            case SH.qualifiedMinCount | SH.qualifiedMaxCount if number is not None:
                wanted = self._shapes.objects(shape, SH.qualifiedValueShape)
                if len(wanted) == 1:
                    return _qualified(
                        self.on_node(wanted[0], depth + 1), number, least=parameter == SH.qualifiedMinCount
                    )
            case SH.qualifiedValueShape:
                return lambda _slice, _values: True
        raise UnknownConstraint


def _number(argument: Node) -> int | None:
    if isinstance(argument, Literal) and argument.datatype == XSD.integer and isinstance(argument.value, int):
        return argument.value if argument.value >= 0 else None
    return None


def _both(each: Sequence[Condition], all_: Sequence[Test]) -> Test:
    def test(slice_: Slice, values: Sequence[str]) -> Certainty:
        answer: Certainty = True
        for whole in all_:
            found = whole(slice_, values)
            if found is False:
                return False
            answer = answer and found
        for value in values:
            for condition in each:
                found = condition(slice_, value)
                if found is False:
                    return False
                answer = answer and found
        return answer

    return test


def _choice(walks: Sequence[Walk]) -> Walk:
    return lambda slice_, node: list(dict.fromkeys(value for walk in walks for value in walk(slice_, node)))


def _chain(walks: Sequence[Walk]) -> Walk:
    def values(slice_: Slice, node: str) -> Sequence[str]:
        found = [node]
        for walk in walks:
            found = list(dict.fromkeys(value for one in found for value in walk(slice_, one)))
        return found

    return values


def _backwards(predicate: str) -> Walk:
    def values(slice_: Slice, node: str) -> Sequence[str]:
        return [subject for subject, found in slice_.data.items() if node in found.get(predicate, ())]

    return values


def _inverse(condition: Condition) -> Condition:
    def test(slice_: Slice, node: str) -> Certainty:
        found = condition(slice_, node)
        return None if found is None else not found

    return test


def _every(parts: Sequence[Condition]) -> Condition:
    def test(slice_: Slice, node: str) -> Certainty:
        found = {part(slice_, node) for part in parts}
        return False if False in found else None if None in found else True

    return test


def _some(parts: Sequence[Condition]) -> Condition:
    def test(slice_: Slice, node: str) -> Certainty:
        answer: Certainty = False
        for part in parts:
            found = part(slice_, node)
            if found:
                return True
            answer = None if found is None else answer
        return answer

    return test


def _one(parts: Sequence[Condition]) -> Condition:
    def test(slice_: Slice, node: str) -> Certainty:
        found = [part(slice_, node) for part in parts]
        if found.count(True) > 1:
            return False
        return None if None in found else found.count(True) == 1

    return test


def _instance(kind: str, above: Above) -> Condition:
    def test(slice_: Slice, node: str) -> Certainty:
        if node.startswith('"'):
            return False
        # A description may bring subclass facts of its own, which pySHACL would heed: no certain no.
        return True if any(kind in above(found) for found in slice_.of(node).get(TYPE, ())) else None

    return test


def _member(members: Iterable[Node]) -> Condition:
    texts = {text_of(member) for member in members}
    return lambda _slice, node: node in texts


def _kind(initials: str) -> Condition:
    return lambda _slice, node: node[0] in initials


def _typed(datatype: Node) -> Condition:
    def test(_slice: Slice, node: str) -> Certainty:
        if not node.startswith('"'):
            return False
        if datatype == XSD.string and node.endswith('"'):
            return True
        literal = node_of(node)
        if not isinstance(literal, Literal) or literal.datatype != datatype or literal.ill_typed:
            return None
        return True if datatype not in _READ or literal.value is not None else None

    return test


def _matching(pattern: str, flags: str) -> Condition:
    found = re.compile(pattern, (re.I if "i" in flags.lower() else 0) | (re.M if "m" in flags.lower() else 0))

    def test(_slice: Slice, node: str) -> Certainty:
        return None if node.startswith("_") else bool(found.search(str(node_of(node))))

    return test


def _long(length: int, *, at_least: bool) -> Condition:
    def test(_slice: Slice, node: str) -> Certainty:
        if node.startswith("_"):
            return None
        characters = len(str(node_of(node)))
        return characters >= length if at_least else characters <= length

    return test


def _language(ranges: Iterable[Node]) -> Condition:
    wanted = {str(item).lower() for item in ranges}

    def test(_slice: Slice, node: str) -> Certainty:
        language = _language_of(node)
        return True if language and (language in wanted or language.split("-")[0] in wanted) else None

    return test


def _language_of(node: str) -> str:
    """The language tag of a literal in small letters, or nothing."""
    if not node.startswith('"') or node[-1] in '">':
        return ""
    return node.rpartition("@")[2].lower()


def _at_least(number: int) -> Test:
    return lambda _slice, values: len(values) >= number


def _at_most(number: int) -> Test:
    return lambda _slice, values: len(values) <= number


def _holding(wanted: str) -> Test:
    return lambda _slice, values: wanted in values


def _distinct_languages(_slice: Slice, values: Sequence[str]) -> Certainty:
    languages = [language for language in map(_language_of, values) if language]
    return True if len(languages) == len(set(languages)) else None


def _qualified(condition: Condition, number: int, *, least: bool) -> Test:
    def test(slice_: Slice, values: Sequence[str]) -> Certainty:
        found = [condition(slice_, value) for value in values]
        certain, possible = found.count(True), len(found) - found.count(False)
        if least:
            return True if certain >= number else False if possible < number else None
        return True if possible <= number else False if certain > number else None

    return test
