"""Makes statements of the rows of a form: a dataset, the nodes under it, and where in the table each value stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from rdflib import Graph, URIRef
from rdflib.term import Node

from core.terms import RDF, new_graph
from ingest.form_cell import read_cell
from ingest.form_table import Column
from ingest.sources.spreadsheet import Row
from ontology.vocabulary import Vocabularies
from shapes.document import Position, Positions
from shapes.forms.field import Form
from shapes.forms.key import Step, shown

Statement = tuple[Node, URIRef, Node]


@dataclass(frozen=True, slots=True)
class Remark:
    """What a person should know of a cell, a row or a column, and how to mend it."""

    position: Position
    message: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.position}: {self.message} ({self.remedy})"


@dataclass(frozen=True, slots=True)
class FilledRow:
    """One row: what it says of its dataset ``node`` and of nodes under it, which are called ``node#…``."""

    row: Row
    identifier: str
    node: URIRef
    statements: tuple[Statement, ...]
    remarks: tuple[Remark, ...]

    def graph(self) -> Graph:
        """The statements as a graph of its own."""
        graph = new_graph()
        for statement in self.statements:
            graph.add(statement)
        return graph


@dataclass(frozen=True, slots=True)
class _Link:
    """A property on the way to a value, and the end of the name of the node it leads to, with its classes."""

    predicate: URIRef
    end: str
    classes: tuple[URIRef, ...]


class RowReader:
    """Reads one row after the other; ``positions`` has the places of all of them."""

    def __init__(self, form: Form, columns: list[Column], vocabularies: Vocabularies, sheet: str | None) -> None:
        self._form = form
        self._columns = columns
        self._vocabularies = vocabularies
        self._sheet = sheet
        shared = _shared_names(columns)
        self._links = {column.index: list(_links(column, form, shared)) for column in columns}
        self.positions = Positions()

    def read(self, row: Row, identifier: str, node: URIRef) -> FilledRow:
        """Read a row; one with a problem says nothing."""
        if row.problem is not None:
            return FilledRow(row, identifier, node, (), ())
        self.positions.add(node, None, None, Position(row=row.number, sheet=self._sheet))
        statements: dict[Statement, None] = {(node, RDF.type, kind): None for kind in self._form.nodes[()]}
        remarks: list[Remark] = []
        stated = {node}
        for column in self._columns:
            text = cell_text(row, column)
            if text:
                remarks += self._read_cell(text, row, node, column, statements, stated)
        self._add_places(row, node, stated)
        return FilledRow(row, identifier, node, tuple(statements), tuple(remarks))

    def _read_cell(
        self,
        text: str,
        row: Row,
        root: URIRef,
        column: Column,
        statements: dict[Statement, None],
        stated: set[URIRef],
    ) -> Iterator[Remark]:
        position = self._position(row, column)
        cell = read_cell(text, column.field, column.key.language)
        for message, remedy in cell.remarks:
            yield Remark(position, message, remedy)
        subject = root
        for link in self._links[column.index] if cell.terms else ():
            node = URIRef(root + link.end)
            self._state(statements, (subject, link.predicate, node), position)
            if node not in stated:
                stated.add(node)
                self.positions.add(node, None, None, position)
                statements.update({(node, RDF.type, kind): None for kind in link.classes})
            subject = node
        for term in cell.terms:
            self._state(statements, (subject, column.key.steps[-1].predicate, term), position)
            for kind in self._classes(column, term):
                self._state(statements, (term, RDF.type, kind), position)

    def _state(self, statements: dict[Statement, None], statement: Statement, position: Position) -> None:
        statements[statement] = None
        self.positions.add(*statement, position)

    def _classes(self, column: Column, term: Node) -> tuple[URIRef, ...]:
        """What an address is to be, where neither a vocabulary nor the nature of the property says it."""
        if column.field is None or not isinstance(term, URIRef) or self._vocabularies.entry(str(term)):
            return ()
        return column.field.stated_classes

    def _add_places(self, row: Row, root: URIRef, stated: set[URIRef]) -> None:
        """Say of each empty cell where its value would be, so that what is missing is told at its column."""
        for column in self._columns:
            position = self._position(row, column)
            node = root
            for link in self._links[column.index]:
                self.positions.add(node, link.predicate, None, position)
                node = URIRef(root + link.end)
                if node not in stated:
                    break
            else:
                self.positions.add(node, column.key.steps[-1].predicate, None, position)

    def _position(self, row: Row, column: Column) -> Position:
        return Position(row=row.number, column=column.title, sheet=self._sheet)


def cell_text(row: Row, column: Column | None) -> str:
    """The text of a row in a column; empty where it has none."""
    return row.cells[column.index].strip() if column is not None and column.index < len(row.cells) else ""


def _links(column: Column, form: Form, shared: set[tuple[URIRef, ...]]) -> Iterator[_Link]:
    """The nodes on the way to the values of a column: ``#publisher``, ``#distribution-2.checksum``."""
    parts: list[str] = []
    for depth, step in enumerate(column.key.steps[:-1], start=1):
        path = column.key.path[:depth]
        parts.append(_name(step, path in shared))
        yield _Link(step.predicate, f"#{'.'.join(parts)}", form.nodes.get(path, ()))


def _name(step: Step, is_shared: bool) -> str:
    name = shown(step.predicate).replace(":", "-") if is_shared else _local(step.predicate)
    return quote(name, safe="") + (f"-{step.number}" if step.number > 1 else "")


def _shared_names(columns: Iterable[Column]) -> set[tuple[URIRef, ...]]:
    """The paths of nodes whose property has the same local name as another one beside it."""
    paths: dict[tuple[tuple[URIRef, ...], str], set[tuple[URIRef, ...]]] = defaultdict(set)
    for column in columns:
        for depth in range(1, len(column.key.steps)):
            path = column.key.path[:depth]
            paths[(path[:-1], _local(path[-1]))].add(path)
    return {path for found in paths.values() if len(found) > 1 for path in found}


def _local(iri: URIRef) -> str:
    return str(iri).rstrip("/#").replace("#", "/").rpartition("/")[2]
