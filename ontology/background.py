"""What must be known of the IRIs that a description points to, so that it can be read or validated by itself.

A description only names a theme, a licence or a web page; profiles demand that these are of certain classes. What a
vocabulary says of an IRI comes from the vocabulary. For pages and the like, which no vocabulary lists, the class that
the profile expects is added, as ``ranges.ttl`` declares; where a class must be stated by the description itself,
nothing is added, so that validation finds it missing.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pyoxigraph import NamedNode
from rdflib import Graph, URIRef

from core.terms import RDF, RDFS, SKOS, new_graph
from ontology.turtle import read_turtle
from ontology.vocabulary import Vocabularies

_RANGES = Path(__file__).parent / "ranges.ttl"


def background(graph: Graph, vocabularies: Vocabularies) -> Graph:
    """Return what is known of every IRI that ``graph`` points to and does not describe itself.

    The graph itself is left as it is; the result has only statements whose subjects it does not have.
    """
    described = set(graph.subjects())
    result = new_graph()
    for predicate, target in {(str(p), o) for p, o in graph.predicate_objects() if isinstance(o, URIRef)}:
        if target in described or predicate == str(RDF.type):
            continue
        entry = vocabularies.entry(str(target))
        for statement in entry:
            result.add(statement)
        if not any(p == RDF.type for _, p, _ in entry) and predicate in ranges():
            result.add((target, RDF.type, URIRef(ranges()[predicate])))
    for scheme in set(result.objects(None, SKOS.inScheme)) - described:
        for statement in vocabularies.entry(str(scheme)):
            result.add(statement)
    return result


@cache
def ranges() -> dict[str, str]:
    """Property to the class of the IRIs it points to, as ``ranges.ttl`` declares.

    Raises:
        VocabularyError: the file is damaged.
    """
    return {
        triple.subject.value: triple.object.value
        for triple in read_turtle(_RANGES).triples
        if triple.predicate.value == str(RDFS.range)
        and isinstance(triple.subject, NamedNode)
        and isinstance(triple.object, NamedNode)
    }
