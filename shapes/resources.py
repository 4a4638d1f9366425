"""The resources a document describes: which they are, what they are called, and how their parts are reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from core.terms import DCAT, DCT, FOAF, RDF, RDFS, SKOS, new_graph

#: Described by themselves, each judged in a pass of its own, datasets first; with what people call them.
KINDS: dict[URIRef, str] = {
    DCAT.Dataset: "dataset",
    DCAT.Catalog: "catalogue",
    DCAT.DatasetSeries: "dataset series",
    DCAT.DataService: "data service",
    DCAT.CatalogRecord: "catalogue record",
}
#: What readers of forms, and this module, call what has no IRI in the input.
_MADE = "urn:radiograph:"
_UNNAMED = f"{_MADE}unnamed:"


@dataclass(frozen=True, slots=True)
class Place:
    """How a node is reached: the node before it, the property that leads on, and the labels of the whole way."""

    parent: Node
    predicate: Node
    path: str


def records(graph: Graph) -> Iterator[tuple[URIRef, URIRef]]:
    """Each described resource once with its kind, in the order in which they are judged."""
    seen: set[Node] = set()
    for kind in KINDS:
        for record in sorted(s for s in graph.subjects(RDF.type, kind) if isinstance(s, URIRef)):
            if record not in seen and _described(graph, record):
                seen.add(record)
                yield record, kind


def _described(graph: Graph, record: URIRef) -> bool:
    """Whether it is more than a reference: something beside its type is said of it, or nothing else speaks of it."""
    stated = any(predicate != RDF.type for predicate in graph.predicates(record))
    return stated or (None, None, record) not in graph


def names_for_unnamed(graph: Graph) -> dict[Node, URIRef]:
    """IRIs for catalogued resources that are blank nodes, numbered by title, not by chance."""
    names: dict[Node, URIRef] = {}
    for kind in KINDS:
        nodes = [s for s in set(graph.subjects(RDF.type, kind)) if isinstance(s, BNode) and s not in names]
        label = str(kind).rpartition("#")[2].lower()
        for number, node in enumerate(sorted(nodes, key=lambda node: _sort_key(graph, node)), start=1):
            names[node] = URIRef(f"{_UNNAMED}{label}-{number}")
    return names


def is_unnamed(node: str) -> bool:
    """Whether the IRI was made by us, for a node that has none in the input."""
    return node.startswith(_MADE)


def renamed(graph: Graph, names: Mapping[Node, URIRef]) -> Graph:
    """The graph where nodes have other names; the same object where none has."""
    if not names:
        return graph
    result = new_graph()
    for s, p, o in graph:
        result.add((names.get(s, s), p, names.get(o, o)))
    return result


def _sort_key(graph: Graph, node: Node) -> tuple[str, ...]:
    return (title(graph, node), *sorted(str(o) for o in graph.objects(node) if not isinstance(o, BNode)))


def title(graph: Graph, record: Node) -> str:
    """The title to show: English first, else the first in order."""
    titles = [
        o for p in (DCT.title, RDFS.label, SKOS.prefLabel, FOAF.name) for o in graph.objects(record, p)
        if isinstance(o, Literal)
    ]  # fmt: skip
    titles.sort(key=lambda title: (not (title.language or "").startswith("en"), str(title)))
    return str(titles[0]) if titles else "(no title)"


def places(stated: Graph, record: URIRef, labels: Mapping[str, str]) -> dict[Node, Place]:
    """For each node below the record, the shortest way to it; properties by their ``labels``."""
    found: dict[Node, Place] = {}
    queue: list[Node] = [record]
    for node in queue:
        above = found[node].path if node in found else ""
        for predicate, value in sorted(_links(stated, node)):
            if value not in found and value != record:
                label = labels.get(str(predicate)) or _short(stated, predicate)
                found[value] = Place(node, predicate, f"{above} › {label}".removeprefix(" › "))
                queue.append(value)
    return found


def _links(stated: Graph, node: Node) -> Iterator[tuple[Node, Node]]:
    return ((p, o) for p, o in stated.predicate_objects(node) if p != RDF.type and not isinstance(o, Literal))


def _short(graph: Graph, iri: Node) -> str:
    for prefix, namespace in graph.namespaces():
        if str(iri).startswith(str(namespace)):
            return f"{prefix}:{str(iri)[len(namespace) :]}"
    return str(iri)
