"""A description that a source gives in RDF: made a record, kept to what may be told, and brought under our IRIs.

A form, and any other source that speaks in the terms of the profiles, yields statements about
:data:`ingest.record.DESCRIBED`. They are published as they are, with names that the catalogue owns.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, cast

from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from core.canonical import canonical_ntriples, parse_ntriples
from core.identifiers import Identifiers
from core.slices import forward_closure
from core.terms import DCAT, DCT, RADIOGRAPH, RDF, XSD, new_graph
from ingest.record import DESCRIBED, Facet
from ontology.vocabulary import Vocabularies

_ROOT = URIRef(DESCRIBED)
_DIGITS = re.compile(r"\d{1,15}")


@dataclass(frozen=True, slots=True)
class Meanings:
    """``statements.toml``: properties whose values are texts of a facet, and properties that count."""

    facets: Mapping[URIRef, Facet]
    counts: Mapping[URIRef, str]


@cache
def meanings() -> Meanings:
    """What the shipped ``statements.toml`` says."""
    table = tomllib.loads((resources.files("ingest") / "statements.toml").read_text(encoding="utf-8"))
    facets = {URIRef(iri): cast(Facet, name) for iri, name in table["facets"].items()}
    return Meanings(facets, {URIRef(iri): name for iri, name in table["counts"].items()})


def record_fields(graph: Graph, vocabularies: Vocabularies) -> dict[str, Any]:
    """The fields of a :class:`~ingest.record.SourceRecord` for a graph about ``DESCRIBED``.

    Counts that are numbers become fields, so that they pass disclosure control as those of every source do.
    """
    said = meanings()
    kept = new_graph()
    fields: dict[str, Any] = {}
    terms: dict[Facet, list[str]] = {}
    for s, p, o in graph:
        name = said.counts.get(URIRef(str(p)))
        number = _count(o)
        if (
            s == _ROOT
            and name not in (None, "other")
            and number is not None
            and fields.get(str(name), number) == number
        ):
            fields[str(name)] = number
        else:
            kept.add((s, p, o))
    for predicate, facet in said.facets.items():
        texts = sorted(_label(value, vocabularies) for value in graph.objects(_ROOT, predicate))
        if texts:
            terms.setdefault(facet, []).extend(texts)
    if (_ROOT, RDF.type, RADIOGRAPH.AnnotationDataset) in kept and (
        _ROOT,
        RDF.type,
        RADIOGRAPH.ImagingDataset,
    ) not in kept:
        fields["kind"] = "annotations"
    fields["statements"] = canonical_ntriples(kept).decode()
    fields["terms"] = {facet: tuple(dict.fromkeys(texts)) for facet, texts in terms.items()}
    return fields


def disclosed_statements(statements: str, k: int, *, none: bool = False) -> tuple[str, bool]:
    """The statements without counts of fewer than ``k``, or without any count; and whether something was withheld.

    What is no number may tell a small one in words, so it is withheld as well.
    """
    graph = parse_ntriples(statements.encode())
    small = [
        triple
        for predicate in meanings().counts
        for triple in graph.triples((None, predicate, None))
        if none or (number := _count(triple[2])) is None or 0 < number < k
    ]
    for triple in small:
        graph.remove(triple)
    return (canonical_ntriples(graph).decode() if small else statements), bool(small)


@dataclass(frozen=True, slots=True)
class Stated:
    """The statements under our IRIs, and what they say of resources that are not ours."""

    graph: Graph
    references: Graph
    remarks: tuple[str, ...]


def stated(statements: str, dataset: URIRef, identifiers: Identifiers) -> Stated:
    """Bring statements under the IRI of the dataset.

    Of a resource that is not ours a description can say only that it is there; its type is kept apart, for validation.
    """
    source = parse_ntriples(statements.encode())
    names = owned_names(source, dataset, identifiers)
    graph, references, remarks = new_graph(), new_graph(), []
    for s, p, o in source:
        is_ours = s in names
        (graph if is_ours else references).add((names.get(s, s), p, names.get(o, o)))
    if (dataset, DCT.creator, None) in graph:
        graph.remove((dataset, DCT.creator, None))
        graph = forward_closure(dataset, graph)
        remarks.append("creators are not carried over: a description names no persons")
    return Stated(graph, references, tuple(remarks))


def owned_names(graph: Graph, dataset: URIRef, identifiers: Identifiers, root: URIRef = _ROOT) -> dict[Node, URIRef]:
    """The names that the nodes of a description get: those under its dataset, and of distributions their own."""
    repository, identifier = identifiers.parse_dataset(dataset)
    names: dict[Node, URIRef] = {root: dataset}
    for node in set(graph.subjects()):
        local = str(node).removeprefix(f"{root}#")
        if local == str(node):
            continue
        if (node, RDF.type, DCAT.Distribution) in graph:
            names[node] = identifiers.distribution(repository, identifier, local)
        else:
            names[node] = URIRef(f"{dataset}#{local}")
    return names


def _count(value: Node) -> int | None:
    is_number = isinstance(value, Literal) and value.datatype in (XSD.nonNegativeInteger, XSD.integer)
    return int(str(value)) if is_number and _DIGITS.fullmatch(str(value)) else None


def _label(value: Node, vocabularies: Vocabularies) -> str:
    concept = vocabularies.concept(str(value))
    return concept.label if concept is not None else str(value)
