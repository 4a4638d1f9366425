"""Descriptions as plain dictionaries of N-Triples terms: quick to read, to walk and to look things up in.

rdflib needs some ten microseconds for a triple; a catalogue of ten thousand descriptions has a million. Here a term
is its N-Triples text (``<iri>``, ``"text"@en``), so that equal terms are equal strings. :func:`view` shows such
statements to code that expects an rdflib graph, without copying them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import pyoxigraph
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.store import Store
from rdflib.term import Node

from core.canonical import from_oxigraph, to_oxigraph

#: Subject to predicate to objects, each as N-Triples.
Statements = dict[str, dict[str, list[str]]]

_NTRIPLES = pyoxigraph.RdfFormat.N_TRIPLES
#: Terms whose rdflib twins are remembered; those of profiles and vocabularies come again in every description.
_REMEMBERED = 20_000


def read_statements(ntriples: bytes) -> Statements:
    """Read N-Triples.

    Raises:
        SyntaxError: they are not well-formed.
    """
    canonical = pyoxigraph.serialize(pyoxigraph.parse(ntriples, format=_NTRIPLES), format=_NTRIPLES) or b""
    found: Statements = {}
    for line in dict.fromkeys(canonical.decode().split("\n")):
        if line:
            subject, predicate, rest = line.split(" ", 2)
            found.setdefault(subject, {}).setdefault(predicate, []).append(rest[:-2])
    return found


def from_triples(triples: Iterable[tuple[Node, Node, Node]]) -> Statements:
    """The statements of an rdflib graph, or of any triples that are all different.

    Raises:
        ValueError: an IRI or language tag is malformed.
    """
    found: Statements = {}
    for s, p, o in triples:
        found.setdefault(text_of(s), {}).setdefault(text_of(p), []).append(text_of(o))
    return found


def text_of(node: Node) -> str:
    """The N-Triples of an rdflib term.

    Raises:
        ValueError: the language tag is malformed.
    """
    if isinstance(node, URIRef):
        return f"<{node}>"
    return str(to_oxigraph(node))


@lru_cache(_REMEMBERED)
def node_of(text: str) -> URIRef | BNode | Literal:
    """The rdflib term that N-Triples text stands for."""
    if text.startswith("<"):
        return URIRef(text[1:-1])
    (triple,) = pyoxigraph.parse(f"<x:s> <x:p> {text} .".encode(), format=_NTRIPLES)
    return from_oxigraph(triple.object)


def view(*layers: Mapping[str, Mapping[str, list[str]]]) -> Graph:
    """An rdflib graph, to read only, that shows the statements of all layers."""
    return Graph(store=_Layers(layers), bind_namespaces="none")


class _Layers(Store):
    """Answers rdflib's patterns from dictionaries; terms are made as they are asked for."""

    def __init__(self, layers: tuple[Mapping[str, Mapping[str, list[str]]], ...]) -> None:
        super().__init__()
        self._layers = layers

    def triples(
        self, triple_pattern: tuple[Node | None, Node | None, Node | None], context: Graph | None = None
    ) -> Iterator[tuple[tuple[Node, Node, Node], Iterator[None]]]:
        subject, predicate, value = (None if term is None else text_of(term) for term in triple_pattern)
        for layer in self._layers:
            for s in (subject,) if subject is not None else tuple(layer):
                properties = layer.get(s, {})
                for p in (predicate,) if predicate is not None else tuple(properties):
                    for o in properties.get(p, ()):
                        if value is None or o == value:
                            yield (node_of(s), node_of(p), node_of(o)), iter(())

    def __len__(self, context: Graph | None = None) -> int:
        return sum(len(values) for layer in self._layers for found in layer.values() for values in found.values())

    # rdflib asks its stores for these where a graph is told prefixes.
    def bind(self, prefix: str, namespace: URIRef, override: bool = True) -> None:
        return None

    def namespace(self, prefix: str) -> URIRef | None:
        return None

    def prefix(self, namespace: URIRef) -> str | None:
        return None

    def namespaces(self) -> Iterator[tuple[str, URIRef]]:
        return iter(())
