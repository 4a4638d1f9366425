"""The part of a graph that speaks of one resource: its forward closure, cut at other catalogued resources.

Validating the slice of a dataset gives the same findings as validating the whole catalogue, because no
constraint of the profiles looks into a neighbouring dataset, and only a series and a data cube are asked who points
to them (reference: docs/architecture.md).
"""

from __future__ import annotations

from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from core.terms import DCAT, QB, RDF, new_graph

#: Resources at which the walk stops: they are described by themselves.
BOUNDARIES = (DCAT.Catalog, DCAT.CatalogRecord, DCAT.Dataset, DCAT.DatasetSeries, DCAT.DataService)


def forward_closure(start: URIRef, *graphs: Graph) -> Graph:
    """Return all triples reachable from ``start`` by following objects through any of ``graphs``.

    Another dataset, series, service, record or catalogue is entered for its ``rdf:type`` only. Of a series, the
    members belong to it: that they say so, and their ``rdf:type``. Of a data cube, the observations belong to it.
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
            if not boundary:
                queue.extend(graph.subjects(QB.dataSet, node))
    for graph in graphs:
        for member in graph.subjects(DCAT.inSeries, start):
            if isinstance(member, URIRef):
                result.add((member, DCAT.inSeries, start))
                for kind in graph.objects(member, RDF.type):
                    result.add((member, RDF.type, kind))
    return result
