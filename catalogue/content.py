"""Which named graphs a release is made of, and what stands in each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import pyoxigraph
from sqlalchemy import Connection, select

from catalogue import schema
from catalogue.census import Census
from catalogue.description import StoredDescription
from catalogue.examples import GRAPH as EXAMPLES
from catalogue.examples import examples, examples_graph
from catalogue.links import Link, derive_links, links_graph
from catalogue.quality import GRAPH as QUALITY
from catalogue.quality import quality_graph
from catalogue.records import record_statements, root_catalogue_graph
from catalogue.revisions import keep_content
from catalogue.store.marker import Marker
from catalogue.void import GRAPH as VOID
from catalogue.void import Counted, void_graph
from core.canonical import canonical_ntriples, content_hash
from core.identifiers import Identifiers
from core.settings import Settings
from ontology.vocabulary import Vocabularies
from shapes.profiles import profile_iris

#: Names of the graphs of the links and of the marker.
LINKS = "links"
RELEASE = "release"


def background_graphs(connection: Connection, settings: Settings, vocabularies: Vocabularies) -> dict[str, bytes]:
    """The graphs that belong to no description: vocabularies, repositories, the whole catalogue, examples, quality."""
    identifiers = settings.identifiers
    graphs = {str(identifiers.graph(name)): stable_blank_nodes(ntriples) for name, ntriples in vocabularies.graphs()}
    content = schema.content.c
    query = select(schema.repository.c.id, content.ntriples).join(
        schema.content, content.hash == schema.repository.c.content_hash
    )
    repositories = {row.id: row.ntriples for row in connection.execute(query)}
    graphs |= {str(identifiers.catalogue(name)): ntriples for name, ntriples in repositories.items()}
    graphs[str(identifiers.catalogue())] = canonical_ntriples(root_catalogue_graph(settings, repositories))
    graphs[str(identifiers.graph(EXAMPLES))] = examples_graph(examples(settings.overlay), identifiers)
    graphs[str(identifiers.graph(QUALITY))] = quality_graph(connection, identifiers, profile_iris(settings.overlay))
    return graphs


def stable_blank_nodes(ntriples: bytes) -> bytes:
    """Name the blank nodes of a graph by its content (RDFC-1.0), and apart from those of any other graph.

    A parser names them anew at every start, and equal content must be equal bytes.
    """
    if b"_:" not in ntriples:
        return ntriples
    dataset = pyoxigraph.Dataset(pyoxigraph.parse(ntriples, format=pyoxigraph.RdfFormat.N_TRIPLES))
    dataset.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    digest = content_hash("\n".join(sorted(str(quad) for quad in dataset)).encode())[:16]

    def name(term: object) -> object:
        return pyoxigraph.BlankNode(f"{digest}{term.value}") if isinstance(term, pyoxigraph.BlankNode) else term

    return "".join(sorted(f"{name(q.subject)} {q.predicate} {name(q.object)} .\n" for q in dataset)).encode()


def keep_graphs(connection: Connection, graphs: dict[str, bytes]) -> dict[str, str]:
    """Keep graphs in the ledger, so that the release can be made again from it alone; returns their hashes."""
    digests = {name: content_hash(ntriples) for name, ntriples in graphs.items()}
    for name, digest in digests.items():
        keep_content(connection, graphs[name], digest)
    return digests


def released_graphs(connection: Connection, release: int) -> dict[str, str]:
    """The hashes of the graphs of a release that belong to no description, by graph IRI."""
    table = schema.release_graph.c
    query = select(table.graph, table.content_hash).where(table.release == release)
    return {row.graph: row.content_hash for row in connection.execute(query)}


def derived_graphs(identifiers: Identifiers) -> tuple[str, ...]:
    """The names of the graphs that every release has and that follow from all others: they are not in the ledger."""
    return tuple(str(identifiers.graph(name)) for name in (LINKS, VOID, RELEASE))


def graph_content(connection: Connection, digest: str) -> bytes:
    """The canonical N-Triples kept under a hash."""
    content = schema.content.c
    ntriples: bytes = connection.execute(select(content.ntriples).where(content.hash == digest)).scalar_one()
    return ntriples


@dataclass(frozen=True)
class ReleaseContent:
    """All that a release consists of; ``descriptions`` reads them anew at each call and keeps none in memory."""

    number: int
    created: datetime
    event: int
    event_at: str
    ledger: str
    background: dict[str, bytes]
    descriptions: Callable[[], Iterator[StoredDescription]]
    identifiers: Identifiers

    @cached_property
    def links(self) -> list[Link]:
        return derive_links(self.descriptions(), self.identifiers)

    @cached_property
    def graphs(self) -> dict[str, bytes]:
        """The graphs that belong to no description, by graph IRI; the last tells in numbers what all others hold."""
        links = canonical_ntriples(links_graph(self.links, self.identifiers))
        graphs = {**self.background, str(self.identifiers.graph(LINKS)): links}
        with Census(graphs, self.identifiers) as census:
            for description in self.descriptions():
                census.add(description, description_graph(description, self.identifiers)[1])
            census.close()
            void = void_graph(Counted(self.identifiers, graphs, self.links, census, self.created))
        return {**graphs, str(self.identifiers.graph(VOID)): canonical_ntriples(void)}

    @cached_property
    def marker(self) -> Marker:
        """What the store says when it holds all of this."""
        digests = {name: content_hash(ntriples) for name, ntriples in self.graphs.items()}
        return Marker(self.ledger, self.number, self.event, self.event_at, self.created, digests)

    def everything(self) -> Iterator[tuple[str, bytes]]:
        """Every named graph except the marker's."""
        yield from self.graphs.items()
        for description in self.descriptions():
            yield description_graph(description, self.identifiers)


def description_graph(description: StoredDescription, identifiers: Identifiers) -> tuple[str, bytes]:
    """Name and content of a description's graph: what was validated, and the catalogue record derived for it."""
    name = str(identifiers.record(description.repository, description.identifier))
    return name, description.ntriples + canonical_ntriples(record_statements(description, identifiers))
