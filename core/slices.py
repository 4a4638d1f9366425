"""The part of a graph that speaks of one resource: its forward closure, cut at other catalogued resources.

Validating the slice of a dataset gives the same findings as validating the whole catalogue, because no
constraint of the profiles looks backwards or into a neighbouring dataset (reference: docs/architecture.md).
"""

from __future__ import annotations

from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from core.terms import DCAT, RDF, new_graph

#: Resources at which the walk stops: they are described by themselves.
BOUNDARIES = (DCAT.Catalog, DCAT.CatalogRecord, DCAT.Dataset, DCAT.DatasetSeries, DCAT.DataService)


def forward_closure(start: URIRef, *graphs: Graph) -> Graph:
    """Return all triples reachable from ``start`` by following objects through any of ``graphs``.

    Another dataset, series, service, record or catalogue is entered for its ``rdf:type`` only.
    """
    result = new_graph()
    queue: list[Node] = [start]
    seen: set[Node] = set()
    while queue:
        node = queue.pop()
        if node in seen or isinstance(node, Literal):
            continue
        seen.add(node)
        boundary = node != start and any((node, RDF.type, kind) in graph for graph in graphs for kind in BOUNDARIES)
        for graph in graphs:
            for predicate, value in graph.predicate_objects(node):
                if boundary and predicate != RDF.type:
                    continue
                result.add((node, predicate, value))
                if predicate != RDF.type:
                    queue.append(value)
    return result
