"""How two engines' answers to a case of the W3C's suites are compared."""

from __future__ import annotations

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

#: What is compared: the graph of an answer, and its rows in order where that matters and no blank node is in them.
Comparable = tuple[Graph, list[object] | None]


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
    if not isomorphic(expected[0], found[0]):
        return "another answer"
    return None if expected[1] == found[1] else "another order"


def comparable(answer: object, case: Case) -> Comparable:
    """An answer as a graph, in which blank nodes may be named otherwise: each solution a node with its values."""
    graph = new_graph()
    if isinstance(answer, pyoxigraph.QueryBoolean):
        graph.add((RADIOGRAPH.answer, RADIOGRAPH["is"], Literal(bool(answer))))
        return graph, None
    if not isinstance(answer, pyoxigraph.QuerySolutions):
        for triple in answer:  # type: ignore[attr-defined]
            graph.add((from_oxigraph(triple.subject), from_oxigraph(triple.predicate), from_oxigraph(triple.object)))
        return graph, None
    names = [variable.value for variable in answer.variables]
    rows = []
    for solution in answer:
        node = BNode()
        values = [solution[name] for name in names]
        graph.add((node, RADIOGRAPH.row, Literal("row")))
        for name, value in zip(names, values, strict=True):
            if value is not None:
                graph.add((node, RADIOGRAPH[f"value-{name}"], from_oxigraph(value)))
        rows.append(tuple(str(value) for value in values))
    blank = any("_:" in text for row in rows for text in row)
    return graph, list(rows) if case.ordered and not blank else None


def _parsed(body: bytes, graph: bool) -> object:
    if graph:
        return list(pyoxigraph.parse(body, format=pyoxigraph.RdfFormat.N_TRIPLES))
    return pyoxigraph.parse_query_results(body, format=pyoxigraph.QueryResultsFormat.JSON)
