"""Terms: prefixes are unambiguous, and literals keep the form they were written in."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rdflib import URIRef

from core.canonical import canonical_ntriples
from core.terms import PREFIXES, new_graph


def test_no_two_prefixes_share_a_namespace() -> None:
    namespaces = [str(namespace) for namespace in PREFIXES.values()]
    assert len(set(namespaces)) == len(namespaces)
    assert all(namespace.endswith(("#", "/")) for namespace in namespaces)


def test_a_new_graph_is_empty_and_has_our_prefixes_only() -> None:
    graph = new_graph()
    assert len(graph) == 0
    bound = {prefix: str(namespace) for prefix, namespace in graph.namespaces()}
    assert {prefix: str(namespace) for prefix, namespace in PREFIXES.items()}.items() <= bound.items()
    assert set(bound) - set(PREFIXES) <= {"xml"}


def test_lexical_forms_survive_reading_whatever_is_imported_first() -> None:
    program = (
        "import core.terms\n"
        "import rdflib\n"
        "graph = rdflib.Graph().parse(data='<x:a> <x:p> \"007\"^^<http://www.w3.org/2001/XMLSchema#integer> .')\n"
        "print(next(graph.objects()))\n"
    )
    root = Path(__file__).parents[2]
    result = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert result.stdout == "007\n"


def test_the_vocabulary_does_not_depend_on_the_deployment() -> None:
    graph = new_graph()
    graph.add((URIRef("https://example.org/x"), PREFIXES["radiograph"].modality, URIRef("https://example.org/y")))
    assert b"<https://w3id.org/radiograph/ontology#modality>" in canonical_ntriples(graph)
