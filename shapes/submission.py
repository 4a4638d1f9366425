"""A description in the forms that judging needs, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from rdflib import BNode, Graph, URIRef

from core.canonical import canonical_ntriples, content_hash, parse_ntriples, skolemise
from core.errors import DescriptionError
from shapes.statements import Statements, read_statements


class Submission:
    """One description: a graph, or N-Triples, or how to get them, which is done only where they must be judged.

    Args:
        record: the dataset, catalogue or the like that is described; what becomes of blank nodes hangs on it.
        digest: the SHA-256 of the N-Triples, where it is known, as in the ledger.
    """

    def __init__(
        self, record: URIRef, description: Graph | bytes | Callable[[], bytes], digest: str | None = None
    ) -> None:
        self.record = record
        self._description = description
        self._digest = digest

    @cached_property
    def _given(self) -> Graph | bytes:
        return self._description() if callable(self._description) else self._description

    @property
    def digest(self) -> str | None:
        """What tells this description from any other; None where an IRI or tag in it cannot be written."""
        if self._digest is None and self.ntriples is not None:
            self._digest = content_hash(self.ntriples)
        return self._digest

    @cached_property
    def graph(self) -> Graph:
        """The statements for pySHACL, literals as RDF 1.1 has them, so that ``"x"^^xsd:string`` is ``"x"``.

        Raises:
            DescriptionError: see :attr:`named`.
        """
        return self.named if self.ntriples is None else parse_ntriples(canonical_ntriples(self.named))

    @cached_property
    def named(self) -> Graph:
        """Without blank nodes: nobody could find one again by the name in a report.

        Raises:
            DescriptionError: the N-Triples are not well-formed, or blank nodes form a cycle or nest too deeply.
        """
        graph = self._given
        if isinstance(graph, bytes):
            try:
                graph = parse_ntriples(graph)
            except SyntaxError as error:
                raise DescriptionError(
                    f"not N-Triples: {error.msg}", where=f"{self.record}: line {error.lineno}", remedy="correct it"
                ) from None
        if any(isinstance(term, BNode) for s, _, o in graph for term in (s, o)):
            return skolemise(graph, self.record)
        return graph

    @cached_property
    def ntriples(self) -> bytes | None:
        """As N-Triples; None where an IRI or tag in it cannot be written.

        Raises:
            DescriptionError: blank nodes form a cycle or nest too deeply.
        """
        given = self._given
        if isinstance(given, bytes):
            return given
        graph = self.named
        try:
            return canonical_ntriples(graph)
        except DescriptionError:
            return None

    @cached_property
    def statements(self) -> Statements | None:
        """In plain dictionaries; None where an IRI or a tag in it cannot be written.

        Raises:
            DescriptionError: see :attr:`named`.
        """
        if self.ntriples is None:
            return None
        try:
            statements = read_statements(self.ntriples)
        except SyntaxError:
            return read_statements(canonical_ntriples(self.named))
        if any(term.startswith("_") for term in _terms(statements)):
            return read_statements(canonical_ntriples(self.named))
        return statements


def _terms(statements: Statements) -> Iterator[str]:
    yield from statements
    yield from (value for found in statements.values() for values in found.values() for value in values)
