"""The VoID description of a release: what the graph ``{base}/graph/void`` says of all others.

The whole catalogue is one dataset, with the numbers of the union of its graphs; the descriptions of each repository and
every other graph are its subsets, with numbers of their own. Of the whole it is also told which properties the
subjects of each class have and what their values are, so that editors can complete queries (reference:
W3C VoID; ``void-ext:datatypePartition`` of http://ldf.fi/void-ext for the datatypes of values). This graph and that of
the release's marker are not counted. Prefixes are declared here as well, for editors and for the example queries.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rdflib import Graph, Literal, Namespace, URIRef

from catalogue.census import Census, Family
from catalogue.examples import prefixes_iri
from catalogue.links import Link
from catalogue.linksets import Linkset, link_linksets, mapping_linksets
from catalogue.records import timestamp
from catalogue.tally import Tally
from core.canonical import parse_ntriples
from core.identifiers import Identifiers
from core.terms import DCAT, DCT, FOAF, OWL, PREFIXES, RDF, RDFS, SH, SKOS, VOID, XSD, new_graph

VOID_EXT = Namespace("http://ldf.fi/void-ext#")
#: Name of the graph.
GRAPH = "void"

#: The kinds of resources that stand for a whole graph, and what is taken over from what they say of themselves.
_HEADS = (SKOS.ConceptScheme, OWL.Ontology, DCAT.Catalog)
_TAKEN = (DCT.title, DCT.publisher, DCT.license)


@dataclass(frozen=True, slots=True)
class Counted:
    """A release and what was counted of it; ``background`` are the graphs that belong to no description."""

    identifiers: Identifiers
    background: Mapping[str, bytes]
    links: Iterable[Link]
    census: Census
    created: datetime


def void_graph(counted: Counted) -> Graph:
    """Return the graph ``{base}/graph/void``."""
    return _Description(counted).graph()


def prefixes_graph(identifiers: Identifiers) -> Graph:
    """Return the declarations of all prefixes that Radiograph knows (``sh:declare``)."""
    graph, node = new_graph(), prefixes_iri(identifiers)
    graph.add((node, RDF.type, OWL.Ontology))
    graph.add((node, RDFS.label, Literal("Prefixes of this endpoint", lang="en")))
    for prefix, namespace in PREFIXES.items():
        declaration = URIRef(f"{identifiers.base}/sparql#prefix-{prefix}")
        graph.add((node, SH.declare, declaration))
        graph.add((declaration, RDF.type, SH.PrefixDeclaration))
        graph.add((declaration, SH.prefix, Literal(prefix)))
        graph.add((declaration, SH.namespace, Literal(str(namespace), datatype=XSD.anyURI)))
    return graph


def graph_node(identifiers: Identifiers, name: str) -> URIRef:
    """The node that carries the numbers of the graph ``name``, which belongs to no description."""
    slug = name.removeprefix(f"{identifiers.base}/").removeprefix("graph/").replace("/", "-")
    return URIRef(f"{identifiers.graph(GRAPH)}#{slug}")


class _Description:
    """The graph while it is being made."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._identifiers = counted.identifiers
        self._census = counted.census
        self._document = counted.identifiers.graph(GRAPH)
        self._graph = prefixes_graph(counted.identifiers)
        self._whole = self._node("whole")

    def graph(self) -> Graph:
        """Everything."""
        self._describe_itself()
        self._describe_whole()
        for repository, family in sorted(self._census.repositories.items()):
            self._describe_repository(repository, family)
        for name, family in sorted(self._census.others.items()):
            self._describe_other(name, family)
        for linkset in link_linksets(self._counted.links, self._identifiers):
            self._link(linkset, self._node(f"repository-{linkset.source}"), self._node(f"repository-{linkset.target}"))
        for name, ntriples in self._counted.background.items():
            for linkset in mapping_linksets(name, ntriples):
                target = self._node("target-" + _digest(linkset.target))
                self._add(target, RDF.type, VOID.Dataset)
                self._add(target, VOID.uriSpace, Literal(linkset.target))
                self._link(linkset, graph_node(self._identifiers, name), target)
        return self._graph

    def _describe_itself(self) -> None:
        self._add(self._document, RDF.type, VOID.DatasetDescription)
        self._add(self._document, DCT.title, Literal("What this catalogue holds, in numbers", lang="en"))
        self._add(self._document, FOAF.primaryTopic, self._whole)
        self._add(self._document, DCT.modified, timestamp(self._counted.created))

    def _describe_whole(self) -> None:
        census, whole, base = self._census, self._whole, self._identifiers.base
        tally, repositories = census.whole, list(census.repositories.values())
        self._number(whole, tally, census.distinct_objects)
        self._take_over(whole, str(self._identifiers.catalogue()))
        issued = min((one.issued for one in repositories if one.issued is not None), default=self._counted.created)
        self._add(whole, DCT.issued, timestamp(issued))
        self._add(whole, DCT.modified, timestamp(self._counted.created))
        self._add(whole, FOAF.homepage, URIRef(f"{base}/"))
        self._add(whole, VOID.sparqlEndpoint, URIRef(f"{base}/sparql"))
        self._add(whole, VOID.uriSpace, Literal(f"{base}/"))
        for term in (*tally.classes, *tally.properties()):
            self._add(whole, VOID.vocabulary, URIRef(_namespace(_iri(term))))
        for family in repositories:
            for example in family.examples:
                self._add(whole, VOID.exampleResource, URIRef(example))
        for kind, entities in tally.classes.items():
            partition = self._class_partition(whole, kind, entities)
            for predicate, counts in tally.properties(kind).items():
                self._values(self._property_partition(partition, predicate, counts), tally, kind, predicate)
        for predicate, counts in tally.properties().items():
            self._property_partition(whole, predicate, counts)

    def _describe_repository(self, repository: str, family: Family) -> None:
        node, catalogue = self._node(f"repository-{repository}"), self._identifiers.catalogue(repository)
        self._subset(node, family)
        self._take_over(node, str(catalogue))
        self._add(node, RDFS.seeAlso, catalogue)
        self._add(node, VOID.uriSpace, Literal(f"{self._identifiers.base}/dataset/{repository}/"))
        if family.issued is not None and family.modified is not None:
            self._add(node, DCT.issued, timestamp(family.issued))
            self._add(node, DCT.modified, timestamp(family.modified))
        for example in family.examples:
            self._add(node, VOID.exampleResource, URIRef(example))

    def _describe_other(self, name: str, family: Family) -> None:
        """A graph by itself; it can be fetched under its name (Graph Store Protocol)."""
        node = graph_node(self._identifiers, name)
        self._subset(node, family)
        self._take_over(node, name)
        self._add(node, VOID.dataDump, URIRef(name))

    def _subset(self, node: URIRef, family: Family) -> None:
        self._add(self._whole, VOID.subset, node)
        self._number(node, family.tally, family.distinct_objects)
        self._add(node, VOID.sparqlEndpoint, URIRef(f"{self._identifiers.base}/sparql"))
        for kind, entities in family.tally.classes.items():
            self._class_partition(node, kind, entities)
        for predicate, counts in family.tally.properties().items():
            self._property_partition(node, predicate, counts)

    def _number(self, node: URIRef, tally: Tally, objects: int) -> None:
        self._add(node, RDF.type, VOID.Dataset)
        self._count(node, VOID.triples, tally.triples)
        self._count(node, VOID.entities, tally.entities)
        self._count(node, VOID.classes, len(tally.classes))
        self._count(node, VOID.properties, len(tally.properties()))
        self._count(node, VOID.distinctSubjects, tally.subjects.total())
        self._count(node, VOID.distinctObjects, objects)

    def _class_partition(self, dataset: URIRef, kind: bytes, entities: int) -> URIRef:
        node = self._part(dataset, "class", kind)
        self._add(dataset, VOID.classPartition, node)
        self._add(node, VOID["class"], URIRef(_iri(kind)))
        self._count(node, VOID.entities, entities)
        return node

    def _property_partition(self, dataset: URIRef, predicate: bytes, counts: tuple[int, int]) -> URIRef:
        node = self._part(dataset, "property", predicate)
        self._add(dataset, VOID.propertyPartition, node)
        self._add(node, VOID.property, URIRef(_iri(predicate)))
        self._count(node, VOID.triples, counts[0])
        self._count(node, VOID.distinctSubjects, counts[1])
        return node

    def _values(self, partition: URIRef, tally: Tally, kind: bytes, predicate: bytes) -> None:
        by_class, by_datatype = tally.values(kind, predicate)
        for value, triples in by_class.items():
            node = self._part(partition, "class", value)
            self._add(partition, VOID.classPartition, node)
            self._add(node, VOID["class"], URIRef(_iri(value)))
            self._count(node, VOID.triples, triples)
        for datatype, triples in by_datatype.items():
            node = self._part(partition, "datatype", datatype)
            self._add(partition, VOID_EXT.datatypePartition, node)
            self._add(node, VOID_EXT.datatype, URIRef(_iri(datatype)))
            self._count(node, VOID.triples, triples)

    def _link(self, linkset: Linkset, source: URIRef, target: URIRef) -> None:
        node = self._node("linkset-" + _digest(f"{source} {linkset.predicate} {target}"))
        self._add(self._whole, VOID.subset, node)
        self._add(node, RDF.type, VOID.Linkset)
        self._add(node, VOID.subjectsTarget, source)
        self._add(node, VOID.linkPredicate, URIRef(linkset.predicate))
        self._add(node, VOID.objectsTarget, target)
        self._count(node, VOID.triples, linkset.triples)

    def _take_over(self, node: URIRef, name: str) -> None:
        """Title, publisher and licence, as the graph ``name`` states them of what it is about."""
        graph = _heading(self._counted.background.get(name, b""))
        for kind in _HEADS:
            for subject in graph.subjects(RDF.type, kind):
                for predicate in _TAKEN:
                    for value in graph.objects(subject, predicate):
                        self._graph.add((node, predicate, value))

    def _node(self, name: str) -> URIRef:
        return URIRef(f"{self._document}#{name}")

    def _part(self, whole: URIRef, kind: str, term: bytes) -> URIRef:
        return URIRef(f"{whole}-{kind}-{_digest(term.decode())}")

    def _count(self, node: URIRef, predicate: URIRef, number: int) -> None:
        self._add(node, predicate, Literal(str(number), datatype=XSD.integer))

    def _add(self, subject: URIRef, predicate: URIRef, value: URIRef | Literal) -> None:
        self._graph.add((subject, predicate, value))


def _heading(ntriples: bytes) -> Graph:
    """The few statements that :meth:`_Description._take_over` looks at; no other line is parsed."""
    predicates = {f"<{predicate}>".encode() for predicate in _TAKEN}
    types = tuple(f"<{RDF.type}> <{kind}> .".encode() for kind in _HEADS)
    lines = ntriples.split(b"\n")
    wanted = [line for line in lines if line.endswith(types) or line.split(b" ", 2)[1:2] in ([p] for p in predicates)]
    return parse_ntriples(b"\n".join(wanted))


def _iri(term: bytes) -> str:
    return term[1:-1].decode()


def _namespace(iri: str) -> str:
    """The IRI without its last part."""
    end = max(iri.rfind("#"), iri.rfind("/"))
    return iri[: end + 1]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
