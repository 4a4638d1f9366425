"""Links by the thousand: how many lead from where to where, for the VoID description of a release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from catalogue.links import SAME_DATASET, Link
from core.canonical import select_statements
from core.identifiers import Identifiers
from core.terms import SKOS

#: The properties by which a concept is said to be one of another vocabulary.
MAPPINGS = tuple(str(SKOS[name]) for name in ("exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch"))


@dataclass(frozen=True, slots=True, order=True)
class Linkset:
    """The triples of one property from one dataset to another.

    ``source`` is a repository or the name of a graph, ``target`` a repository or what the IRIs there begin with.
    """

    source: str
    predicate: str
    target: str
    triples: int


def link_linksets(links: Iterable[Link], identifiers: Identifiers) -> Iterator[Linkset]:
    """The accepted links between the repositories' datasets; sameness is stated in both directions."""
    stated: set[tuple[str, str, str]] = set()
    for link in links:
        if link.state == "accepted":
            stated.add((link.subject, link.kind, link.object))
            if link.kind == SAME_DATASET:
                stated.add((link.object, link.kind, link.subject))

    def repository(iri: str) -> str:
        return identifiers.parse_dataset(iri)[0]

    counts = Counter((repository(subject), kind, repository(object_)) for subject, kind, object_ in stated)
    for key, triples in sorted(counts.items()):
        yield Linkset(*key, triples)


def mapping_linksets(name: str, ntriples: bytes) -> Iterator[Linkset]:
    """The mappings of the vocabulary in the graph ``name``, by what the IRIs they lead to begin with."""
    statements = {(s, p, o.value) for s, p, o in select_statements(ntriples, MAPPINGS)} if ntriples else set()
    counts = Counter((predicate, uri_space(value)) for _, predicate, value in statements)
    for (predicate, target), triples in sorted(counts.items()):
        yield Linkset(name, predicate, target, triples)


def uri_space(iri: str) -> str:
    """What the IRIs of one vocabulary begin with: all but the last part (``…/obo/NCIT_`` of ``…/obo/NCIT_C3262``)."""
    return iri[: max(iri.rfind(mark) for mark in "/#_:") + 1]
