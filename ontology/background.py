"""What must be known of the IRIs that a description points to, so that it can be read or validated by itself.

A description only names a theme, a licence or a web page; profiles demand that these are of certain classes. What a
vocabulary says of an IRI comes from the vocabulary. Of a list that the vocabularies hold in part, an IRI that has the
form of its entries counts as one. For pages and the like, which no vocabulary lists, the class that the profile expects
is added. Both are declared in ``ranges.ttl``; where a class must be stated by the description itself, nothing is
added, so that validation finds it missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pyoxigraph import NamedNode
from rdflib import Graph, URIRef
from rdflib.term import Node

from core.canonical import from_oxigraph
from core.terms import RDF, RDFS, SKOS, VOID, new_graph
from ontology.turtle import read_turtle
from ontology.vocabulary import Vocabularies

_RANGES = Path(__file__).parent / "ranges.ttl"


@dataclass(frozen=True, slots=True)
class OpenList:
    """A list held in part: its IRI, the form of its entries' IRIs, their classes, and whether it is a SKOS scheme."""

    iri: URIRef
    form: re.Pattern[str]
    classes: tuple[URIRef, ...]
    is_scheme: bool

    def entry(self, iri: URIRef) -> Iterator[tuple[URIRef, URIRef, Node]]:
        """What can be said of an IRI of this form."""
        for kind in self.classes:
            yield iri, RDF.type, kind
        if self.is_scheme:
            yield iri, SKOS.inScheme, self.iri
            yield self.iri, RDF.type, SKOS.ConceptScheme


def background(graph: Graph, vocabularies: Vocabularies, *, described: bool = False) -> Graph:
    """Return what is known of every IRI that ``graph`` points to and does not describe itself.

    With ``described``, entries of vocabularies are told also where the graph says something of them: a description
    that gives a language its type and no more has still chosen it from the list. The graph is left as it is.
    """
    own = set(graph.subjects())
    result = new_graph()
    for predicate, target in {(str(p), o) for p, o in graph.predicate_objects() if isinstance(o, URIRef)}:
        if (target in own and not described) or predicate == str(RDF.type):
            continue
        for statement in known_of(target, predicate, vocabularies, described=target in own):
            result.add(statement)
    for scheme in set(result.objects(None, SKOS.inScheme)) - own:
        for statement in vocabularies.entry(str(scheme)):
            result.add(statement)
    return result


def known_of(
    target: URIRef, predicate: str, vocabularies: Vocabularies, *, described: bool
) -> list[tuple[URIRef, URIRef, Node]]:
    """What is known of one IRI because ``predicate`` points to it; ``described`` by the graph that points there."""
    entry = vocabularies.entry(str(target)) or _open_entry(target)
    if not described and predicate in ranges() and not any(p == RDF.type for _, p, _ in entry):
        entry.append((target, RDF.type, URIRef(ranges()[predicate])))
    return entry


def _open_entry(iri: URIRef) -> list[tuple[URIRef, URIRef, Node]]:
    return next((list(one.entry(iri)) for one in open_lists() if one.form.match(iri)), [])


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


@cache
def open_lists() -> tuple[OpenList, ...]:
    """The lists held in part, as ``ranges.ttl`` declares.

    Raises:
        VocabularyError: the file is damaged.
    """
    graph = new_graph()
    for triple in read_turtle(_RANGES).triples:
        graph.add((from_oxigraph(triple.subject), from_oxigraph(triple.predicate), from_oxigraph(triple.object)))
    return tuple(
        OpenList(
            URIRef(str(iri)),
            re.compile(str(form)),
            tuple(sorted(URIRef(str(kind)) for kind in graph.objects(iri, VOID["class"]))),
            (iri, RDF.type, SKOS.ConceptScheme) in graph,
        )
        for iri, form in sorted(graph.subject_objects(VOID.uriRegexPattern))
    )
