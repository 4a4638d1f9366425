"""Statements of a document with their positions in it."""

from __future__ import annotations

from collections.abc import Iterator

from pyoxigraph import RdfFormat
from rdflib import BNode, Literal, URIRef

from core.canonical import from_oxigraph
from core.lines import LocatedParser
from shapes.document import Position

Term = URIRef | BNode | Literal
#: Subject, predicate, value, and where the statement stands if that is known.
Statement = tuple[Term, Term, Term, Position | None]


def located(data: bytes, form: RdfFormat) -> Iterator[Statement]:
    """Parse Turtle, TriG, N-Triples, N-Quads or RDF/XML and yield each statement with its line.

    Raises:
        SyntaxError: the data is not of this format.
        ValueError: it uses triple terms.
    """
    known: dict[int, Position] = {}
    for quad, line in LocatedParser(data, form):
        position = known.get(line)
        if position is None:
            position = known[line] = Position(line=line)
        yield from_oxigraph(quad.subject), from_oxigraph(quad.predicate), from_oxigraph(quad.object), position
