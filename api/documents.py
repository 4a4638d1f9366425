"""The RDF documents that are served: a description with all a reader needs beside it, and a page of the feed.

A description by itself does not say what its concepts are called, who its publisher is, or when it was entered. Each
document is therefore complete in itself: it passes DCAT-AP's shapes and class ranges without any other document.

A page of the feed obeys the closure rule as well (:mod:`api.closure`); the whole graph of a dataset, with its links
to others, is served at its own address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from api.closure import Closure, boundaries
from catalogue.content import graph_content, released_graphs
from catalogue.description import StoredDescription
from catalogue.links import Link, links_graph
from catalogue.records import record_graph
from core.canonical import from_oxigraph, parse_ntriples, select_statements
from core.errors import IdentifierError
from core.identifiers import Identifiers
from core.terms import ADMS, DCAT, DCT, PROV, RDF, RDFS, new_graph
from ontology.background import background
from ontology.vocabulary import Vocabularies

if TYPE_CHECKING:
    from api.state import State

WITHDRAWN = URIRef("http://publications.europa.eu/resource/authority/dataset-status/WITHDRAWN")


@dataclass(frozen=True)
class Documents:
    """Assembles documents from one release.

    ``catalogues`` has the release's graphs of the whole catalogue and of each repository, by IRI; ``released`` finds
    a description in the release by its IRI.
    """

    identifiers: Identifiers
    vocabularies: Vocabularies
    catalogues: Mapping[str, bytes]
    released: Callable[[str], StoredDescription | None]
    _parsed: dict[str, Graph] = field(default_factory=dict, repr=False)

    def dataset(self, description: StoredDescription, links: Iterable[Link] = ()) -> Graph:
        """The whole description, its record, links, publisher and contact, and what its terms are called."""
        graph = description.graph()
        self._add_neighbours(graph, description)
        self._add_reachable(graph, self.repository_graph(description.repository))
        graph += record_graph(description, self.identifiers)
        graph += links_graph(links, self.identifiers)
        return self._with_background(graph)

    def record(self, description: StoredDescription) -> Graph:
        """The catalogue record, with the dataset's title as far as its type demands one."""
        graph = record_graph(description, self.identifiers)
        graph += _headline(description)
        return self._with_background(graph)

    def feed(self, descriptions: Iterable[StoredDescription]) -> Graph:
        """The catalogue with the datasets of one page, each closed in itself."""
        catalogue = self.identifiers.catalogue()
        page = new_graph()
        page += self._catalogue_graph(catalogue)
        page.remove((catalogue, DCAT.catalog, None))
        closures: dict[str, Closure] = {}
        for description in descriptions:
            repository = description.repository
            if repository not in closures:
                closures[repository] = Closure(self.identifiers, self.repository_graph(repository))
            record = self.identifiers.record(description.repository, description.identifier)
            page.add((catalogue, DCAT.dataset, URIRef(description.iri)))
            page.add((catalogue, DCAT.record, record))
            page += record_graph(description, self.identifiers)
            for statement in closures[repository].statements(description):
                page.add(statement)
        return self._with_background(page)

    def catalogue(self) -> Graph:
        """The whole catalogue, with the catalogues of all repositories; datasets are listed by the feed."""
        root = self.identifiers.catalogue()
        graph = new_graph()
        for catalogue in self.catalogues:
            graph += self._catalogue_graph(URIRef(catalogue))
        graph.add((root, RDFS.seeAlso, URIRef(f"{self.identifiers.base}/catalog")))
        return self._with_background(graph)

    def repository(self, repository: str) -> Graph:
        """The catalogue of one repository with its agents and contact; empty where the release has none."""
        graph = new_graph()
        graph += self.repository_graph(repository)
        return self._with_background(graph) if len(graph) else graph

    def agent(self, repository: str, agent: URIRef) -> Graph:
        """What is said of an agent or contact; empty where there is none."""
        graph = new_graph()
        source = self.repository_graph(repository)
        for statement in source.triples((agent, None, None)):
            graph.add(statement)
        self._add_reachable(graph, source)
        return self._with_background(graph) if len(graph) else graph

    def link(self, link: Link) -> Graph:
        return links_graph([link], self.identifiers)

    def repository_graph(self, repository: str) -> Graph:
        """The graph of a repository's catalogue, agents and contact; empty where the release has none."""
        try:
            return self._catalogue_graph(self.identifiers.catalogue(repository))
        except IdentifierError:
            return new_graph()

    def _catalogue_graph(self, catalogue: URIRef) -> Graph:
        iri = str(catalogue)
        if iri not in self._parsed:
            self._parsed[iri] = parse_ntriples(self.catalogues.get(iri, b""))
        return self._parsed[iri]

    def _with_background(self, graph: Graph) -> Graph:
        for statement in background(graph, self.vocabularies):
            graph.add(statement)
        return graph

    def _add_neighbours(self, graph: Graph, description: StoredDescription) -> None:
        """Say of other datasets what their type demands; a statement about one that is not released is left out.

        ``prov:wasDerivedFrom`` stays in any case: its range is any entity, and the origin is worth telling.
        """
        for subject, predicate, value in list(graph):
            if not self._is_dataset(value) or str(value) == description.iri:
                continue
            neighbour = self.released(str(value))
            if neighbour is not None:
                graph += _headline(neighbour)
            elif predicate != PROV.wasDerivedFrom:
                graph.remove((subject, predicate, value))

    def _add_reachable(self, graph: Graph, source: Graph) -> None:
        """Add what ``source`` says of the resources that ``graph`` refers to, but not of catalogues."""
        queue = list(graph.objects())
        seen: set[Node] = boundaries(source)
        while queue:
            node = queue.pop()
            if node in seen or isinstance(node, Literal):
                continue
            seen.add(node)
            for statement in source.triples((node, None, None)):
                graph.add(statement)
                queue.append(statement[2])

    def _is_dataset(self, value: Node) -> bool:
        return isinstance(value, URIRef) and value.startswith(f"{self.identifiers.base}/dataset/") and "#" not in value


def documents(radiograph: State, release: int) -> Documents:
    """The documents of a release."""
    ledger, identifiers = radiograph.ledger, radiograph.identifiers
    root = str(identifiers.catalogue())
    with ledger.engine.connect() as connection:
        catalogues = {
            name: graph_content(connection, digest)
            for name, digest in released_graphs(connection, release).items()
            if name == root or name.startswith(f"{root}/")
        }
    return Documents(
        identifiers, radiograph.vocabularies, catalogues, lambda iri: ledger.description(iri, release=release)
    )


def withdrawal(dataset: URIRef) -> Graph:
    """All that is said of a withdrawn dataset: that it is withdrawn."""
    graph = new_graph()
    graph.add((dataset, ADMS.status, WITHDRAWN))
    graph.add((dataset, RDFS.comment, Literal("This dataset was withdrawn from the catalogue.", lang="en")))
    return graph


def _headline(description: StoredDescription) -> Graph:
    """Type, title and description of a dataset: what DCAT-AP demands of anything called a dataset."""
    graph = new_graph()
    dataset = URIRef(description.iri)
    graph.add((dataset, RDF.type, DCAT.Dataset))
    for subject, predicate, value in select_statements(description.ntriples, (str(DCT.title), str(DCT.description))):
        if subject == description.iri:
            graph.add((dataset, URIRef(predicate), from_oxigraph(value)))
    return graph
