"""A filled form as a repository: each row is a dataset, described in the terms of the profile the form is of."""

from __future__ import annotations

from collections.abc import Iterator

from rdflib import Graph, URIRef
from rdflib.term import Node

from core.errors import InputError, RadiographError
from core.identifiers import Identifiers
from core.terms import PROV, new_graph
from ingest.form_row import FilledRow
from ingest.forms import FilledForm
from ingest.record import DESCRIBED, SourceFault, SourceRecord
from ingest.sources.table import row_fault
from ingest.statements import owned_names, record_fields
from ontology.vocabulary import Vocabularies
from shapes.document import Position
from shapes.report import Finding


class FormSource:
    """Yields the rows of a form; ``partial`` says that it holds only some of the repository's datasets."""

    def __init__(
        self, filled: FilledForm, repository: str, vocabularies: Vocabularies, *, partial: bool = False
    ) -> None:
        self.repository = repository
        self.complete = not partial and filled.complete
        self._filled = filled
        self._vocabularies = vocabularies
        self._rows: dict[str, FilledRow] = {}
        self._identifiers = frozenset(row.identifier for row in filled.rows if row.identifier)

    def records(self) -> Iterator[SourceRecord | SourceFault]:
        """Yield a record for each usable row, in the order of the form, and a fault for each thing wrong.

        Raises:
            InputError: the form has no column of identifiers.
        """
        filled = self._filled
        if not filled.has_identifiers:
            raise InputError(
                "the form has no column dct:identifier, so nobody can tell one dataset from another",
                where=f"{filled.name}, row 1",
                remedy="add the column, with an identifier that stays the same",
            )
        for remark in filled.remarks:
            yield SourceFault(
                location=f"{filled.name}, {remark.position}",
                message=remark.message,
                remedy=remark.remedy,
                severity="warning",
            )
        seen: dict[str, str] = {}
        for row in filled.rows:
            yield from self._row(row, seen)

    def _row(self, row: FilledRow, seen: dict[str, str]) -> Iterator[SourceRecord | SourceFault]:
        location = f"{self._filled.name}, {row.row.location}"
        fault = row_fault(row.row, location, row.identifier, seen)
        if fault is not None:
            yield fault
            return
        for remark in row.remarks:
            yield SourceFault(
                location=f"{self._filled.name}, {remark.position}",
                message=remark.message,
                remedy=remark.remedy,
                identifier=row.identifier,
                severity="warning",
            )
        try:
            described, derived_from = self._described(row)
            fields = record_fields(described, self._vocabularies)
        except RadiographError as error:
            yield SourceFault(
                location=location,
                message=error.message,
                remedy=error.remedy or "correct the row",
                identifier=row.identifier,
            )
            return
        self._rows[row.identifier] = row
        yield SourceRecord(identifier=row.identifier, location=location, derived_from=derived_from, **fields)

    def _described(self, row: FilledRow) -> tuple[Graph, tuple[str, ...]]:
        """The row's statements with the names that records use, and the other rows that it says it is derived from."""
        graph, derived_from = new_graph(), []
        for s, p, o in row.statements:
            if p == PROV.wasDerivedFrom and str(o) in self._identifiers:
                derived_from.append(str(o))
            else:
                graph.add((_renamed(s, row.node), p, _renamed(o, row.node)))
        return graph, tuple(derived_from)

    def place(self, identifier: str, finding: Finding, dataset: URIRef, identifiers: Identifiers) -> Position | None:
        """The cell that a finding on a description is about; that of the column where its value is missing."""
        row = self._rows.get(identifier)
        if row is None:
            return None
        graph = row.graph()
        names = owned_names(graph, dataset, identifiers, row.node)
        nodes = {name: node for node, name in names.items()}
        focus, path = URIRef(finding.focus), URIRef(finding.path)
        node = nodes.get(focus, focus)
        values = [v for v in graph.objects(node, path) if str(names.get(v, v)) == finding.value]
        return self._filled.positions.find(node, path, values[0] if values else None) or self._filled.positions.find(
            row.node
        )


def _renamed(term: Node, root: URIRef) -> Node:
    own = isinstance(term, URIRef) and (term == root or str(term).startswith(f"{root}#"))
    return URIRef(DESCRIBED + str(term).removeprefix(str(root))) if own else term
