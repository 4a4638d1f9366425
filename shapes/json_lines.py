"""On which line of a JSON-LD text each statement stands.

The parser takes JSON-LD as a whole, so the text is read a second time, with lines, and its members are matched with the
statements of the graph. What cannot be matched for sure gets no line: a wrong one is worse than none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from core.terms import RDF
from shapes.document import Position, Positions
from shapes.json_terms import Terms

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[{}\[\]]|[^\s{}\[\]",:]+|[,:])', re.DOTALL)

#: Among more blank nodes at one property, those without identifier are not told apart.
_MOST_BLANK = 200


@dataclass(slots=True)
class Scalar:
    """A string, number, boolean or null; ``text`` is its content."""

    text: str
    line: int


@dataclass(slots=True)
class Member:
    """A key of an object, and its values; arrays are taken apart."""

    key: str
    line: int
    values: list[Scalar | Object] = field(default_factory=list)


@dataclass(slots=True)
class Object:
    """A JSON object; ``line`` is that of its opening brace."""

    line: int
    members: list[Member] = field(default_factory=list)

    def get(self, key: str) -> Member | None:
        """The member with this key."""
        return next((member for member in self.members if member.key == key), None)


def locate_json(text: str, graph: Graph, positions: Positions) -> None:
    """Add the positions of the statements of ``graph``, as far as the text, which is JSON, shows them plainly."""
    objects = [value for value in _Reader(text).values() if isinstance(value, Object)]
    locator = _Locator(graph, positions, Terms(json.loads(text, parse_int=str)))
    for value in objects:
        locator.place(value, None)


class _Reader:
    """Reads JSON that is known to be well-formed and not deeply nested, and counts lines."""

    def __init__(self, text: str) -> None:
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._line = 0
        self._tokens = _TOKEN.finditer(text)

    def values(self) -> list[Scalar | Object]:
        """The document's value, or its values if it is an array."""
        found: list[Scalar | Object] = []
        self._read(*self._next(), found)
        return found

    def _next(self) -> tuple[str, int]:
        match = next(self._tokens)
        start = match.start(1)
        while self._line < len(self._breaks) and self._breaks[self._line] < start:
            self._line += 1
        return match[1], self._line + 1

    def _read(self, token: str, line: int, found: list[Scalar | Object]) -> None:
        if token == "[":
            while (following := self._next())[0] != "]":
                if following[0] != ",":
                    self._read(*following, found)
        elif token == "{":
            found.append(self._object(line))
        else:
            found.append(Scalar(_text(token), line))

    def _object(self, line: int) -> Object:
        read = Object(line)
        while (key := self._next())[0] != "}":
            if key[0] == ",":
                continue
            self._next()
            member = Member(_text(key[0]), key[1])
            self._read(*self._next(), member.values)
            read.members.append(member)
        return read


class _Locator:
    """Matches the objects of a text with the nodes of its graph."""

    def __init__(self, graph: Graph, positions: Positions, terms: Terms) -> None:
        self._values: dict[Node, dict[Node, list[Node]]] = {}
        self._nodes: set[Node] = set()
        for s, p, o in graph:
            self._values.setdefault(s, {}).setdefault(p, []).append(o)
            self._nodes |= {s, o}
        self._positions = positions
        self._terms = terms
        self._taken: set[Node] = set()
        self._said: dict[Node, set[str]] = {}

    def place(self, read: Object, node: Node | None) -> None:
        """Add the positions of an object; ``node`` is what it is known to be, where it has no identifier."""
        subject = self._identified(read) or node
        told = [member for member in read.members if self._terms.keyword(member.key) != "@id"]
        if subject is not None and told:
            identifier = self._identifier(read)
            line = identifier.line if identifier is not None else read.line
            self._positions.add(subject, None, None, Position(line=line))
        for member in told:
            self._place_member(subject, member)

    def _place_member(self, subject: Node | None, member: Member) -> None:
        keyword = self._terms.keyword(member.key)
        inner = [value for value in member.values if isinstance(value, Object)]
        if keyword == "@context":
            return
        predicate = RDF.type if keyword == "@type" else None if keyword else self._terms.predicate(member.key)
        if subject is None or predicate is None or predicate not in self._values.get(subject, {}):
            # @graph, @included and @nest hold objects as well; what they are is known by their identifiers.
            for nested in inner:
                self.place(nested, subject if keyword == "@nest" else None)
            return
        self._positions.add(subject, predicate, None, Position(line=member.line))
        for value in self._flat(member):
            self._place_value(subject, predicate, value, inner)

    def _flat(self, member: Member) -> Iterator[Scalar | Object]:
        """The values, those of sets and language maps taken out."""
        languages = self._terms.container(member.key) == "@language"
        for value in member.values:
            holder = value.get("@set") if isinstance(value, Object) else None
            if holder is not None:
                yield from holder.values
            elif languages and isinstance(value, Object):
                for inner in value.members:
                    yield from inner.values
            else:
                yield value

    def _place_value(self, subject: Node, predicate: URIRef, value: Scalar | Object, inner: list[Object]) -> None:
        values = self._values[subject][predicate]
        if isinstance(value, Scalar):
            self._add_matching(subject, predicate, values, value)
        elif (literal := value.get("@value")) is not None:
            language = value.get("@language")
            said = str(language.values[0].text) if language and isinstance(language.values[0], Scalar) else None
            values = [v for v in values if isinstance(v, Literal) and (said is None or v.language == said.lower())]
            for scalar in literal.values:
                if isinstance(scalar, Scalar):
                    self._add_matching(subject, predicate, values, scalar)
        elif (items := value.get("@list")) is not None:
            for item in items.values:
                if isinstance(item, Object):
                    self.place(item, None)
        else:
            node = self._identified(value) or self._matching_blank(value, values, inner)
            if node in values:
                identifier = self._identifier(value)
                line = identifier.line if identifier is not None else value.line
                self._positions.add(subject, predicate, node, Position(line=line))
            self.place(value, node)

    def _add_matching(self, subject: Node, predicate: URIRef, values: list[Node], scalar: Scalar) -> None:
        iris = self._terms.iris(scalar.text)
        found = [v for v in values if str(v) == scalar.text or (isinstance(v, URIRef) and str(v) in iris)]
        if len(found) == 1:
            self._positions.add(subject, predicate, found[0], Position(line=scalar.line))

    def _identifier(self, read: Object) -> Member | None:
        """The member of an object that identifies it."""
        return next((member for member in read.members if self._terms.keyword(member.key) == "@id"), None)

    def _identified(self, read: Object) -> Node | None:
        """The node that an object's identifier names, if the graph has it."""
        member = self._identifier(read)
        if member is None or len(member.values) != 1 or not isinstance(member.values[0], Scalar):
            return None
        text = member.values[0].text
        nodes: list[Node] = [BNode(text[2:])] if text.startswith("_:") else [URIRef(i) for i in self._terms.iris(text)]
        found = [node for node in nodes if node in self._nodes]
        return found[0] if len(found) == 1 else None

    def _matching_blank(self, read: Object, values: list[Node], siblings: list[Object]) -> Node | None:
        """The blank node that an object without identifier is: the only one, or the only one that says the same."""
        blank = [value for value in values if isinstance(value, BNode) and value not in self._taken]
        if len(blank) > _MOST_BLANK:
            return None
        if len(blank) > 1 or len(siblings) > 1:
            said = {value.text for m in read.members for value in _scalars(m) if self._terms.keyword(m.key) != "@type"}
            blank = [node for node in blank if said and said <= self._said_of(node)]
        if len(blank) != 1:
            return None
        self._taken.add(blank[0])
        return blank[0]

    def _said_of(self, node: Node) -> set[str]:
        """The texts of all values of a node, and every way in which its IRIs may be written."""
        if node not in self._said:
            values = {str(value) for values in self._values.get(node, {}).values() for value in values}
            self._said[node] = {text for value in values for text in self._terms.written(value)}
        return self._said[node]


def _text(token: str) -> str:
    """What a token says: a string without its marks, anything else as it is written."""
    if not token.startswith('"'):
        return token
    return token[1:-1] if "\\" not in token else str(json.loads(token))


def _scalars(member: Member) -> Iterator[Scalar]:
    for value in member.values:
        if isinstance(value, Scalar):
            yield value
        elif (literal := value.get("@value")) is not None:
            yield from (v for v in literal.values if isinstance(v, Scalar))
