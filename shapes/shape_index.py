"""All statements of the shapes by subject and property: preparing a few hundred constraints asks thousands of times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rdflib import Graph
from rdflib.term import Node

from core.terms import RDF, SH

_SHACL = str(SH)


class ShapeIndex:
    """Read-only access to a shapes graph as it was when it was indexed."""

    def __init__(self, shapes: Graph) -> None:
        self._statements: dict[Node, dict[Node, list[Node]]] = {}
        for s, p, o in shapes:
            self._statements.setdefault(s, {}).setdefault(p, []).append(o)
        parameters = [node for found in self._statements.values() for node in found.get(SH.parameter, ())]
        self._custom = {path for parameter in parameters for path in self.objects(parameter, SH.path)}

    def __contains__(self, shape: Node) -> bool:
        return shape in self._statements

    def objects(self, subject: Node, predicate: Node) -> Sequence[Node]:
        """All values of one property."""
        return self._statements.get(subject, {}).get(predicate, ())

    def value(self, subject: Node, predicate: Node) -> Node | None:
        """A value of one property, or None."""
        return next(iter(self.objects(subject, predicate)), None)

    def parameters(self, shape: Node) -> set[Node]:
        """The properties of a shape that SHACL defines, and those of constraint components that the shapes define."""
        found = self._statements.get(shape, {})
        return {p for p in found if str(p).startswith(_SHACL) or p in self._custom}

    def items(self, head: Node) -> Iterator[Node]:
        """The members of an RDF list.

        Raises:
            ValueError: it is no well-formed list.
        """
        seen: set[Node] = set()
        while head != RDF.nil:
            first, rest = self.objects(head, RDF.first), self.objects(head, RDF.rest)
            if len(first) != 1 or len(rest) != 1 or head in seen:
                raise ValueError(f"{head} does not begin an RDF list")
            seen.add(head)
            yield first[0]
            head = rest[0]
