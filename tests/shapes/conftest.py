"""The shipped profiles, prepared once, and the shipped examples to break."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pyoxigraph
import pytest
from rdflib import Graph, Namespace, URIRef

from core.canonical import from_oxigraph
from core.terms import ACCESS_RIGHT, PREFIXES, RDF, new_graph
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.validator import Validator

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
EX = Namespace("https://example.org/synthetic/")
DATASET = EX.dataset
_MORE = {
    "ex": EX,
    "access": ACCESS_RIGHT,
    "freq": "http://publications.europa.eu/resource/authority/frequency/",
    "time": "http://www.w3.org/2006/time#",
    "locn": "http://www.w3.org/ns/locn#",
}
_HEADER = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in {**PREFIXES, **_MORE}.items())


def turtle(text: str) -> Graph:
    """A graph from Turtle in which every prefix of the project, ``ex:``, ``access:`` and ``freq:`` are declared."""
    graph = new_graph()
    for triple in pyoxigraph.parse((_HEADER + text).encode(), format=pyoxigraph.RdfFormat.TURTLE):
        graph.add((from_oxigraph(triple.subject), from_oxigraph(triple.predicate), from_oxigraph(triple.object)))
    return graph


def term(name: str) -> URIRef:
    """The IRI that a prefixed name stands for."""
    return next(URIRef(str(s)) for s in turtle(f"{name} a {name} .").subjects(RDF.type))


@cache
def _read(name: str) -> bytes:
    return (EXAMPLES / f"{name}.ttl").read_bytes()


def example(name: str) -> Graph:
    """A fresh copy of a shipped example."""
    return turtle(_read(name).decode())


@pytest.fixture(scope="session")
def profiles() -> Profiles:
    return Profiles.load()


@pytest.fixture(scope="session")
def validator(profiles: Profiles, vocabularies: Vocabularies) -> Validator:
    return Validator(profiles, vocabularies)
