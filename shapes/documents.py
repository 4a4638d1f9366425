"""Judges every dataset, catalogue, series, service and record of one RDF document, as it was handed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from core.canonical import skolemise
from core.errors import InputError
from core.slices import forward_closure
from core.terms import DCAT, DCT, FOAF, RDF, RDFS, SKOS, new_graph
from shapes.report import Report
from shapes.validator import Validator

#: Described by themselves, each judged in a pass of its own, datasets first.
_KINDS = (DCAT.Dataset, DCAT.Catalog, DCAT.DatasetSeries, DCAT.DataService, DCAT.CatalogRecord)
_UNNAMED = "urn:radiograph:unnamed:"


@dataclass(frozen=True, slots=True)
class Judged:
    """A resource of a document: its report, its title, and readable names of the nodes that findings are on."""

    title: str
    report: Report
    places: dict[str, str]


def judge(graph: Graph, validator: Validator, *, name: str, profiles: Iterable[str] | None = None) -> list[Judged]:
    """Judge all described resources of ``graph``; ``name`` is what messages call the document.

    A resource without an IRI is called ``urn:radiograph:unnamed:dataset-1`` and so on.

    Raises:
        InputError: the document describes none; or DescriptionError, where blank nodes of one cannot be named.
        ProfileError: a named profile does not exist.
    """
    graph = _name_resources(graph)
    chosen = tuple(profiles) if profiles is not None else None
    judged = []
    for kind in _KINDS:
        for record in sorted(s for s in graph.subjects(RDF.type, kind) if isinstance(s, URIRef)):
            if not _described(graph, record):
                continue
            stated = skolemise(forward_closure(record, graph), record)
            check = validator.validate if kind == DCAT.Dataset else validator.validate_catalogue
            report = check(stated, record, profiles=chosen)
            judged.append(Judged(_title(graph, record), report, _places(stated, record)))
    if not judged:
        raise InputError(
            "the document describes no dataset and no catalogue",
            where=name,
            remedy="give a resource the type dcat:Dataset (http://www.w3.org/ns/dcat#Dataset)",
        )
    return judged


def _described(graph: Graph, record: URIRef) -> bool:
    """Whether it is more than a reference: something beside its type is said of it, or nothing else speaks of it."""
    stated = any(predicate != RDF.type for predicate in graph.predicates(record))
    return stated or (None, None, record) not in graph


def _name_resources(graph: Graph) -> Graph:
    """Give IRIs to catalogued resources that are blank nodes, numbered by title, not by chance."""
    names: dict[Node, URIRef] = {}
    for kind in _KINDS:
        nodes = [s for s in set(graph.subjects(RDF.type, kind)) if isinstance(s, BNode) and s not in names]
        label = str(kind).rpartition("#")[2].lower()
        for number, node in enumerate(sorted(nodes, key=lambda node: _sort_key(graph, node)), start=1):
            names[node] = URIRef(f"{_UNNAMED}{label}-{number}")
    if not names:
        return graph
    result = new_graph()
    for s, p, o in graph:
        result.add((names.get(s, s), p, names.get(o, o)))
    return result


def _sort_key(graph: Graph, node: Node) -> tuple[str, ...]:
    return (_title(graph, node), *sorted(str(o) for o in graph.objects(node) if not isinstance(o, BNode)))


def _title(graph: Graph, record: Node) -> str:
    """The title to show: English first, else the first in order."""
    titles = [
        o for p in (DCT.title, RDFS.label, SKOS.prefLabel, FOAF.name) for o in graph.objects(record, p)
        if isinstance(o, Literal)
    ]  # fmt: skip
    titles.sort(key=lambda title: (not (title.language or "").startswith("en"), str(title)))
    return str(titles[0]) if titles else "(no title)"


def _places(stated: Graph, record: URIRef) -> dict[str, str]:
    """For each node, the properties that lead to it from the record, as the shortest path in prefixed names."""
    places = {str(record): ""}
    queue: list[Node] = [record]
    for node in queue:
        for predicate, value in sorted(_links(stated, node)):
            if str(value) not in places:
                places[str(value)] = f"{places[str(node)]} › {_short(stated, predicate)}".removeprefix(" › ")
                queue.append(value)
    return places


def _links(stated: Graph, node: Node) -> Iterator[tuple[Node, Node]]:
    return ((p, o) for p, o in stated.predicate_objects(node) if p != RDF.type and not isinstance(o, Literal))


def _short(graph: Graph, iri: Node) -> str:
    for prefix, namespace in graph.namespaces():
        if str(iri).startswith(str(namespace)):
            return f"{prefix}:{str(iri)[len(namespace) :]}"
    return str(iri)
