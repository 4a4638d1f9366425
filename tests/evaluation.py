"""How two engines' answers to a case of the W3C's suites are compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyoxigraph
from rdflib import BNode, Graph, Literal
from rdflib.compare import isomorphic

from catalogue.store.guard import inspect
from catalogue.store.querying import QueryEngine
from core.canonical import from_oxigraph
from core.errors import QueryError
from core.terms import RADIOGRAPH, new_graph
from tests.w3c import Case

#: The serialisations of the suites' data, by the ends of their files' names.
FORMATS = {
    ".ttl": pyoxigraph.RdfFormat.TURTLE,
    ".rdf": pyoxigraph.RdfFormat.RDF_XML,
    ".nt": pyoxigraph.RdfFormat.N_TRIPLES,
}


@dataclass(frozen=True)
class Comparable:
    """An answer as it is compared: a graph in which blank nodes may be named otherwise, or solutions without any.

    ``order`` are the solutions in their order, where that matters and no blank node is in them.
    """

    graph: Graph | None
    solutions: Counter[tuple[str, ...]]
    order: list[tuple[str, ...]] | None = None

    def same_as(self, other: Comparable) -> bool:
        """Whether both say the same, in whatever order."""
        if self.graph is None or other.graph is None:
            return self.graph is other.graph and self.solutions == other.solutions
        return isomorphic(self.graph, other.graph)


async def difference(
    engine: QueryEngine, plain: pyoxigraph.Store, case: Case, default_graphs: list[str], named_graphs: list[str]
) -> str | None:
    """How the engine's answer to a case differs from the plain engine's; where the plain one refuses, both must."""
    try:
        expected = comparable(plain.query(case.query), case)
    except (SyntaxError, ValueError) as error:
        expected = None
        reason = str(error)
    try:
        graph = inspect(case.query).form.gives_graph
        accept = "application/n-triples" if graph else "application/sparql-results+json"
        async with engine.query(
            case.query, accept=accept, default_graphs=default_graphs, named_graphs=named_graphs
        ) as answer:
            body = b"".join([chunk async for chunk in answer])
    except QueryError as error:
        return None if expected is None else f"refused: {error}"
    if expected is None:
        return f"answered, where the plain engine says {reason}"
    found = comparable(_parsed(body, graph), case)
    if not expected.same_as(found):
        return "another answer"
    return None if expected.order == found.order else "another order"


def comparable(answer: object, case: Case) -> Comparable:
    """An answer as it is compared; with blank nodes in them, each solution is a node of a graph."""
    if isinstance(answer, pyoxigraph.QueryBoolean):
        return Comparable(None, Counter([(str(bool(answer)),)]))
    graph = new_graph()
    if not isinstance(answer, pyoxigraph.QuerySolutions):
        for triple in answer:  # type: ignore[attr-defined]
            graph.add((from_oxigraph(triple.subject), from_oxigraph(triple.predicate), from_oxigraph(triple.object)))
        return Comparable(graph, Counter())
    names = [variable.value for variable in answer.variables]
    solutions = [[solution[name] for name in names] for solution in answer]
    rows = [tuple(map(str, values)) for values in solutions]
    if not any("_:" in text for row in rows for text in row):
        named = (tuple(f"?{name} {text}" for name, text in sorted(zip(names, row, strict=True))) for row in rows)
        return Comparable(None, Counter(named), rows if case.ordered else None)
    for values in solutions:
        node = BNode()
        graph.add((node, RADIOGRAPH.row, Literal("row")))
        for name, value in zip(names, values, strict=True):
            if value is not None:
                graph.add((node, RADIOGRAPH[f"value-{name}"], from_oxigraph(value)))
    return Comparable(graph, Counter())


def _parsed(body: bytes, graph: bool) -> object:
    if graph:
        return list(pyoxigraph.parse(body, format=pyoxigraph.RdfFormat.N_TRIPLES))
    return pyoxigraph.parse_query_results(body, format=pyoxigraph.QueryResultsFormat.JSON)
