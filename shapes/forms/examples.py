"""Right values for the columns of a form, from the complete descriptions of its profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rdflib import Graph, URIRef
from rdflib.term import Node

from core.terms import DCAT, RDF


class FormExamples:
    """The values that complete descriptions have at a path from their dataset; the first description counts most.

    ``level`` puts those first whose dataset has it as a value: the access level.
    """

    def __init__(self, graphs: Iterable[Graph], level: str | None = None) -> None:
        described = [(graph, dataset) for graph in graphs if (dataset := _dataset(graph)) is not None]
        fitting = [one for one in described if level is not None and (one[1], None, URIRef(level)) in one[0]]
        self._described = [*fitting, *(one for one in described if one not in fitting)]

    def values(self, path: tuple[URIRef, ...]) -> list[Node]:
        """The values at the end of a path, of the first description that has any."""
        for graph, dataset in self._described:
            values = list(dict.fromkeys(_follow(graph, dataset, path)))
            if values:
                return sorted(values, key=str)
        return []


def _dataset(graph: Graph) -> Node | None:
    """The dataset that an example is about: the one of which most is said."""
    datasets = graph.subjects(RDF.type, DCAT.Dataset)
    ranked = sorted((-len(list(graph.predicates(node))), str(node), node) for node in datasets)
    return ranked[0][2] if ranked else None


def _follow(graph: Graph, node: Node, path: tuple[URIRef, ...]) -> Iterator[Node]:
    if not path:
        yield node
        return
    for value in graph.objects(node, path[0]):
        yield from _follow(graph, value, path[1:])
