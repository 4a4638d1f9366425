"""The closure rule: what belongs to a dataset on a page of the feed, and where a harvester must not be led.

data.europa.eu's harvester follows object links to gather a record, then renames every dataset it met: two datasets
that are linked become one, and a catalogue that is reached destroys the record (reference: piveau's hub). On a page
nothing that belongs to a dataset may therefore lead to another description or to a catalogue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import pyoxigraph
from rdflib import Graph, URIRef
from rdflib.term import Node

from catalogue.description import StoredDescription
from core.canonical import from_oxigraph
from core.identifiers import Identifiers
from core.slices import BOUNDARIES
from core.terms import DCAT, RDF

Statement = tuple[Node, Node, Node]

#: What a harvester takes for a record or a catalogue wherever it meets it; a service may belong to a dataset.
_CATALOGUED = set(BOUNDARIES) - {DCAT.DataService}


class Closure:
    """Walks descriptions of one repository, whose ``agents`` graph they share."""

    def __init__(self, identifiers: Identifiers, agents: Graph) -> None:
        self._identifiers = identifiers
        self._agents = agents
        self._boundaries = boundaries(agents)
        base = identifiers.base
        self._owned = (f"{base}/dataset/", f"{base}/distribution/")
        self._elsewhere = tuple(f"{base}/{kind}/" for kind in ("catalogue", "record", "link", "release"))

    def statements(self, description: StoredDescription) -> Iterator[Statement]:
        """All that is reached from the dataset through resources of its own and its repository's agents."""
        own = _by_subject(description.ntriples)
        inner = {node for node in own if node != description.iri and _is_catalogued(own[node])}
        queue: list[Node] = [URIRef(description.iri)]
        seen: set[Node] = set(queue)
        while queue:
            node = queue.pop()
            said = own.get(str(node), ())
            statements = [(URIRef(triple.predicate.value), from_oxigraph(triple.object)) for triple in said]
            for source, shared in ((statements, False), (self._agents.predicate_objects(node), True)):
                for predicate, value in source:
                    if isinstance(value, URIRef):
                        if predicate == RDF.type and value in _CATALOGUED and value != DCAT.Dataset:
                            continue
                        if str(value) in inner or self._leads_away(value, description.iri, shared=shared):
                            continue
                        if predicate != RDF.type and value not in seen:
                            seen.add(value)
                            queue.append(value)
                    yield node, predicate, value

    def _leads_away(self, value: Node, dataset: str, *, shared: bool) -> bool:
        """Whether a statement with this object would lead out of the dataset's own description.

        An agent is shared by datasets, so nothing it says may lead into any of them, not even the present one.
        """
        iri = str(value)
        if iri.startswith(self._owned):
            return shared or not self._identifiers.owns(dataset, iri)
        if value in self._boundaries or iri == str(self._identifiers.catalogue()):
            return True
        return iri.startswith(self._elsewhere)


def boundaries(graph: Graph) -> set[Node]:
    """The resources in ``graph`` that are catalogued by themselves: where a walk ends."""
    return {node for kind in BOUNDARIES for node in graph.subjects(RDF.type, kind)}


def _is_catalogued(said: list[pyoxigraph.Triple]) -> bool:
    """Whether a node inside a description is called a dataset, catalogue or record of its own."""
    return any(
        triple.predicate.value == str(RDF.type) and from_oxigraph(triple.object) in _CATALOGUED for triple in said
    )


def _by_subject(ntriples: bytes) -> dict[str, list[pyoxigraph.Triple]]:
    found: dict[str, list[pyoxigraph.Triple]] = defaultdict(list)
    for triple in pyoxigraph.parse(ntriples, format=pyoxigraph.RdfFormat.N_TRIPLES):
        if isinstance(triple.subject, pyoxigraph.NamedNode):
            found[triple.subject.value].append(triple)
    return found
