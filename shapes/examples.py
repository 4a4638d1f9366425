"""Examples of right values: for a constraint, the statement that meets it in the profile's complete example.

Nobody writes examples into shapes. A profile names complete descriptions in ``profiles.toml``; what stands there at the
constraint's property, on a node the constraint is about, is what a reader is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from core.canonical import from_oxigraph
from core.errors import ProfileError
from core.terms import PREFIXES, RDF, RDFS, SH, SHAPE, XSD, new_graph
from shapes.declarations import Profile
from shapes.profiles import Profiles

#: Statements shown of a node that is the value; more would hide what matters.
_SHOWN = 4
#: A longer text is cut.
_LONGEST = 60
_LOCAL_NAME = re.compile(r"[A-Za-z_](?:[\w-]*\w)?")


@dataclass(frozen=True, slots=True)
class Example:
    """A right statement: as Turtle to put at the subject, ending in a semicolon, and its value as a table has it."""

    turtle: str
    cell: str
    prefixes: tuple[str, ...]


class Examples:
    """Finds examples for the constraints of all declared profiles; files are read when first needed.

    Raises:
        ProfileError: an example file that a profile names is missing or is not Turtle.
    """

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles
        self._graphs: dict[str, Graph] = {}
        self._found: dict[tuple[str, str], Example | None] = {}
        self._required = {path for file in profiles.files.values() for path in _required(file.graph)}
        self._shapes = {str(rule): file.graph for file in profiles.files.values() for rule in file.constraints}

    def find(self, rule: str, profile_id: str) -> Example | None:
        """The example that ``profile_id`` gives for a constraint; None where its examples have none."""
        key = (rule, profile_id)
        if key not in self._found:
            self._found[key] = self._search(rule, profile_id)
        return self._found[key]

    def _search(self, rule: str, profile_id: str) -> Example | None:
        shapes = self._shapes.get(rule)
        if shapes is None:
            return None
        path = shapes.value(URIRef(rule), SHAPE.reportedPath) or shapes.value(URIRef(rule), SH.path)
        lineage = self._profiles.lineage(profile_id)
        for profile in (*reversed(lineage), *(other for other in self._profiles if other not in lineage)):
            for graph in self.graphs(profile):
                for node in self._focus(shapes, URIRef(rule), graph):
                    for value in sorted(graph.objects(node, path), key=str):
                        return _Writer(graph, self._required).example(path, value)
        return None

    def _focus(self, shapes: Graph, rule: URIRef, graph: Graph) -> Iterator[Node]:
        """The nodes of an example that the constraint is about."""
        holders = sorted([*shapes.subjects(SH.property, rule), rule], key=str)
        for holder in holders:
            for kind in shapes.objects(holder, SH.targetClass):
                for each in self._profiles.classes.transitive_subjects(RDFS.subClassOf, kind):
                    yield from sorted(graph.subjects(RDF.type, each), key=str)
            for predicate in shapes.objects(holder, SH.targetObjectsOf):
                yield from sorted(graph.objects(None, predicate), key=str)
            for predicate in shapes.objects(holder, SH.targetSubjectsOf):
                yield from sorted(graph.subjects(predicate), key=str)

    def graphs(self, profile: Profile) -> Iterator[Graph]:
        """The examples that a profile names, in order."""
        # The shipped declarations lie in shapes/, beside examples/; an overlay is laid out alike.
        base = Path(profile.source).parent.parent
        for name in profile.examples:
            path = str(base / name)
            if path not in self._graphs:
                self._graphs[path] = _read_turtle(base / name, profile)
            yield self._graphs[path]


def _required(shapes: Graph) -> Iterator[Node]:
    """The properties that something must have."""
    for rule in shapes.subjects(SH.minCount):
        if (rule, SH.severity, SH.Violation) in shapes:
            yield from shapes.objects(rule, SH.path)


def _read_turtle(path: Path, profile: Profile) -> Graph:
    graph = new_graph()
    try:
        for triple in pyoxigraph.parse(path=path, format=pyoxigraph.RdfFormat.TURTLE):
            graph.add((from_oxigraph(triple.subject), from_oxigraph(triple.predicate), from_oxigraph(triple.object)))
    except (OSError, SyntaxError) as error:
        raise ProfileError(
            f"the example {path} of the profile {profile.id!r} cannot be read: {error}",
            where=profile.source,
            remedy="correct the file or its name",
        ) from None
    return graph


class _Writer:
    """Writes statements of one example as Turtle that people can copy."""

    def __init__(self, graph: Graph, required: Set[Node]) -> None:
        self._graph = graph
        self._required = required
        self._prefixes: set[str] = set()

    def example(self, path: Node | None, value: Node) -> Example:
        """The statement that ``value`` stands at ``path``; what is said of the value is in it, or beside it."""
        if isinstance(value, URIRef) and set(self._graph.predicates(value)) == {RDF.type}:
            kinds = self._kinds(value)
            turtle = f"{self._term(path)} {self._term(value)} .\n{self._term(value)} {kinds} ."
        else:
            turtle = f"{self._term(path)} {self._value(value)} ;"
        return Example(turtle, self._cell(value), tuple(sorted(self._prefixes)))

    def _cell(self, value: Node) -> str:
        return str(value) if isinstance(value, Literal) or not self._is_part(value) else ""

    def _kinds(self, value: Node) -> str:
        kinds = sorted(self._graph.objects(value, RDF.type), key=str)
        return f"a {' , '.join(self._term(kind) for kind in kinds)}" if kinds else ""

    def _value(self, value: Node, above: tuple[Node, ...] = ()) -> str:
        """A value; a part of the description with the most needed of what is said of it, in brackets."""
        if not self._is_part(value) or value in above or len(above) > 1:
            return self._term(value)
        kinds = self._kinds(value)
        said = [(p, o) for p, o in self._graph.predicate_objects(value) if p != RDF.type]
        said.sort(key=lambda pair: (pair[0] not in self._required, self._is_part(pair[1]), *map(str, pair)))
        shown = said[: _SHOWN - len(above)]
        statements = [kinds] if kinds else []
        statements += [f"{self._term(p)} {self._value(o, (*above, value))}" for p, o in shown]
        if len(statements) < 2 or above:
            return f"[ {' ; '.join(statements)} ]" if statements else self._term(value)
        return "[\n" + "".join(f"    {statement} ;\n" for statement in statements) + "]"

    def _is_part(self, value: Node) -> bool:
        """Whether the value is described in the example and is not an entry of somebody's list."""
        if isinstance(value, BNode):
            return True
        own = isinstance(value, URIRef) and str(value).startswith("https://example.org/")
        return own and (value, None, None) in self._graph

    def _term(self, term: Node | None) -> str:
        if isinstance(term, Literal):
            return self._literal(term)
        if term == RDF.type:
            return "a"
        for prefix, namespace in PREFIXES.items():
            local = str(term).removeprefix(str(namespace))
            if local != str(term) and _LOCAL_NAME.fullmatch(local):
                self._prefixes.add(prefix)
                return f"{prefix}:{local}"
        return f"<{term}>"

    def _literal(self, literal: Literal) -> str:
        text = str(literal) if len(literal) <= _LONGEST else str(literal)[: _LONGEST - 1] + "…"
        if literal.language:
            return Literal(text, lang=literal.language).n3()
        if literal.datatype is None or literal.datatype == XSD.string:
            return Literal(text).n3()
        if literal.datatype == XSD.boolean:
            return text
        return f"{Literal(text).n3()}^^{self._term(literal.datatype)}"
