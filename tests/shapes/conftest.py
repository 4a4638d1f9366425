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
#: Records of the examples that are judged in a pass of their own.
ELSEWHERE = {EX.catalogue, EX.record, EX.service, EX.series, EX.link}
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


#: A description with a term that only :func:`overlay` knows.
OWN_TERM = (
    "@prefix dcat: <http://www.w3.org/ns/dcat#> . "
    "<http://e/a> a dcat:Dataset ; dcat:keyword 'CT' ; <urn:own:name> 'Lung CT' ."
)


def overlay(folder: Path) -> None:
    """Lay a rule of lifting and a check of one's own into an overlay folder."""
    files = {
        "lifting/own.toml": '[[property]]\nfrom = ["own:name"]\nto = "dct:title"\nreason = "Our name for titles."\n'
        '[prefixes]\nown = "urn:own:"\n',
        "checks/own.toml": '[[check]]\nname = "keyword-alone"\nquery = "own.rq"\nseverity = "info"\nfield = "Keyword"\n'
        'message = "One keyword is few. Add another."\nspecification = "https://example.org/rules"\n',
        "checks/own.rq": "PREFIX dcat: <http://www.w3.org/ns/dcat#>\nSELECT ?record { ?record dcat:keyword [] }\n",
    }
    for name, text in files.items():
        path = folder / "shapes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def profiles() -> Profiles:
    return Profiles.load()


@pytest.fixture(scope="session")
def validator(profiles: Profiles, vocabularies: Vocabularies) -> Validator:
    return Validator(profiles, vocabularies)
