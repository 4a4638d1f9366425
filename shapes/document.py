"""What was handed in: the graph, and where in the input each of its statements stands.

A reader makes a :class:`Document` of a file, an address, a pasted text or a filled form; what is found wrong is then
told at a line of the text, or a row and column of the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rdflib import Graph
from rdflib.term import Node


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the input; what does not apply, or is not known, is None.

    ``line`` counts from 1 in a text. ``row`` counts from 1 as a spreadsheet shows it, the header included, and
    ``column`` is the text of the column's header.
    """

    line: int | None = None
    row: int | None = None
    column: str | None = None
    sheet: str | None = None

    def __str__(self) -> str:
        if self.line is not None:
            return f"line {self.line}"
        parts = [f"sheet {self.sheet!r}"] if self.sheet else []
        parts += [f"row {self.row}"] if self.row is not None else []
        parts += [f"column {self.column!r}"] if self.column else []
        return ", ".join(parts)


class Positions:
    """Positions of statements, of the values of a property, and of resources, the most exact first.

    Nodes are those of the document's graph, blank nodes included.
    """

    def __init__(self) -> None:
        self._told: list[tuple[Node, Node | None, Node | None, Position]] = []
        self._index: dict[tuple[Node, Node | None, Node | None], Position] = {}

    def __bool__(self) -> bool:
        return bool(self._told or self._index)

    def add(self, subject: Node, predicate: Node | None, value: Node | None, position: Position) -> None:
        """Keep where a statement stands; the first place of a property and of a resource is kept with it."""
        self._told.append((subject, predicate, value, position))

    def find(self, subject: Node, predicate: Node | None = None, value: Node | None = None) -> Position | None:
        """The position of the statement, else of the property at that subject, else of the subject; or None."""
        keys = ((subject, predicate, value), (subject, predicate, None), (subject, None, None))
        found = self._found()
        return next((found[key] for key in keys if key in found), None)

    def _found(self) -> dict[tuple[Node, Node | None, Node | None], Position]:
        """What is known by now; it is sorted in when somebody asks, so that reading a document costs little."""
        for subject, predicate, value, position in self._told:
            for key in ((subject, predicate, value), (subject, predicate, None), (subject, None, None)):
                self._index.setdefault(key, position)
        self._told.clear()
        return self._index

    def renamed(self, names: Mapping[Node, Node]) -> Positions:
        """The same positions where nodes have other names."""
        copy = Positions()
        copy._index = {
            (names.get(s, s), p, o if o is None else names.get(o, o)): position
            for (s, p, o), position in self._found().items()
        }
        return copy


@dataclass(frozen=True, slots=True)
class Document:
    """A description, or several, as handed in.

    ``name`` is what messages call it: a file's name, an address, "standard input". ``text`` is the input itself
    where it is text that can be shown beside the findings. ``remarks`` are what its reader noticed and a person should
    know, each with its place and remedy; ``profiles`` those that the input itself says it is made for.
    """

    name: str
    graph: Graph
    positions: Positions = field(default_factory=Positions)
    text: str | None = None
    remarks: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
