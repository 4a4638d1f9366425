"""The VoID description of a small release: numbers, families, links, what is told of the whole, and the prefixes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from catalogue.census import Census
from catalogue.examples import examples, examples_graph
from catalogue.links import DERIVED_FROM, SAME_DATASET, Link, links_graph
from catalogue.records import root_catalogue_graph
from catalogue.void import VOID_EXT, Counted, graph_node, prefixes_graph, void_graph
from core.canonical import canonical_ntriples
from core.identifiers import Identifiers
from core.terms import DCAT, DCT, FOAF, PREFIXES, RDF, SH, VOID, XSD
from tests.catalogue.home import BASE, make_settings
from tests.catalogue.test_census import EX, TYPE, description

IDS = Identifiers(BASE)
CREATED = datetime(2026, 11, 22, 12, tzinfo=UTC)
LICENCE = "https://creativecommons.org/publicdomain/zero/1.0/"
VOCABULARY = f"{BASE}/graph/vocabulary/kind"
SCHEME = f"""<{EX}concept/1> {TYPE} <http://www.w3.org/2004/02/skos/core#Concept> .
<{EX}concept/1> <http://www.w3.org/2004/02/skos/core#exactMatch> <http://purl.obolibrary.org/obo/NCIT_C1> .
<{EX}concept/1> <http://www.w3.org/2004/02/skos/core#exactMatch> <http://purl.obolibrary.org/obo/NCIT_C2> .
<{EX}concept/1> <http://www.w3.org/2004/02/skos/core#closeMatch> <http://snomed.info/id/1> .
<{EX}scheme> {TYPE} <http://www.w3.org/2004/02/skos/core#ConceptScheme> .
<{EX}scheme> <http://purl.org/dc/terms/license> <https://licence.example/> .
<{EX}scheme> <http://purl.org/dc/terms/title> "Kinds"@en .
""".encode()


def dataset(repository: str, identifier: str) -> str:
    return str(IDS.dataset(repository, identifier))


@pytest.fixture(scope="module")
def void(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    settings = make_settings(tmp_path_factory.mktemp("home"), licence=LICENCE)
    links = [
        Link(dataset("one", "a"), dataset("two", "a"), SAME_DATASET, "accepted", 1.0, "shared-doi", "evidence"),
        Link(dataset("one", "a"), dataset("two", "b"), SAME_DATASET, "proposed", 0.3, "shared-doi", "evidence"),
        Link(dataset("one", "bb"), dataset("one", "a"), DERIVED_FROM, "accepted", 1.0, "declared-by-source", "e"),
    ]
    background = {
        str(IDS.catalogue()): canonical_ntriples(root_catalogue_graph(settings, ["one", "two"])),
        VOCABULARY: SCHEME,
        str(IDS.graph("links")): canonical_ntriples(links_graph(links, IDS)),
    }
    with Census(background, IDS) as census:
        for repository, identifier in (("one", "a"), ("one", "bb"), ("two", "a")):
            iri = dataset(repository, identifier)
            lines = [
                f"<{iri}> {TYPE} <{DCAT.Dataset}>",
                f'<{iri}> <{DCT.title}> "A title"@en',
                f'<{iri}> <{EX}count> "018"^^<{XSD.nonNegativeInteger}>',
                f"<{iri}> <{EX}kind> <{EX}concept/1>",
                f"<{iri}#node> {TYPE} <{EX}Node>",
            ]
            one = description(identifier, lines, repository)
            census.add(one, one.ntriples)
        census.close()
        return void_graph(Counted(IDS, background, links, census, CREATED))


WHOLE = URIRef(f"{IDS.graph('void')}#whole")
ONE = URIRef(f"{IDS.graph('void')}#repository-one")


def number(void: Graph, node: Node, predicate: URIRef) -> int:
    (value,) = void.objects(node, predicate)
    assert isinstance(value, Literal)
    assert value.datatype == XSD.integer
    return int(value)


def part(void: Graph, whole: Node, partition: URIRef, naming: URIRef, of: URIRef) -> Node:
    (found,) = [node for node in void.objects(whole, partition) if (node, naming, of) in void]
    return found


def test_the_numbers_of_a_repository(void: Graph) -> None:
    counts = {"triples": 10, "entities": 4, "classes": 2, "properties": 4, "distinctSubjects": 4, "distinctObjects": 5}
    assert {name: number(void, ONE, VOID[name]) for name in counts} == counts
    datasets = part(void, ONE, VOID.classPartition, VOID["class"], DCAT.Dataset)
    assert number(void, datasets, VOID.entities) == 2
    assert (ONE, VOID.exampleResource, URIRef(dataset("one", "a"))) in void
    assert (WHOLE, VOID.subset, ONE) in void


def test_the_whole_has_its_dates_licence_publisher_and_endpoint(void: Graph) -> None:
    told = {predicate: {str(value) for value in void.objects(WHOLE, predicate)} for predicate in void.predicates(WHOLE)}
    assert told[DCT.modified] == {"2026-11-22T12:00:00Z"}
    assert told[DCT.issued] == {"2026-01-01T00:00:00Z"}
    assert told[DCT.license] == {LICENCE}
    assert told[DCT.publisher] == {f"{BASE}/catalogue#publisher"}
    assert told[VOID.sparqlEndpoint] == {f"{BASE}/sparql"}
    assert {str(DCAT), str(DCT), str(FOAF), EX} <= told[VOID.vocabulary]
    assert told[VOID.exampleResource] == {dataset("one", "a"), dataset("one", "bb"), dataset("two", "a")}


def test_an_editor_learns_what_a_class_says_and_with_which_values(void: Graph) -> None:
    datasets = part(void, WHOLE, VOID.classPartition, VOID["class"], DCAT.Dataset)
    assert number(void, datasets, VOID.entities) == 3
    properties = {str(void.value(node, VOID.property)) for node in void.objects(datasets, VOID.propertyPartition)}
    same = "https://w3id.org/radiograph/ontology#sameDatasetAs"  # which the links say of datasets
    assert properties == {str(RDF.type), str(DCT.title), f"{EX}count", f"{EX}kind", same}
    kind = part(void, datasets, VOID.propertyPartition, VOID.property, URIRef(f"{EX}kind"))
    concepts = part(
        void, kind, VOID.classPartition, VOID["class"], URIRef("http://www.w3.org/2004/02/skos/core#Concept")
    )
    assert number(void, concepts, VOID.triples) == 3
    count = part(void, datasets, VOID.propertyPartition, VOID.property, URIRef(f"{EX}count"))
    assert (number(void, count, VOID.triples), number(void, count, VOID.distinctSubjects)) == (3, 3)
    part(void, count, VOID_EXT.datatypePartition, VOID_EXT.datatype, XSD.nonNegativeInteger)


def test_a_vocabulary_is_told_with_its_title_licence_and_where_it_is(void: Graph) -> None:
    node = graph_node(IDS, VOCABULARY)
    assert str(node) == f"{BASE}/graph/void#vocabulary-kind"
    assert void.value(node, DCT.title) == Literal("Kinds", lang="en")
    assert void.value(node, DCT.license) == URIRef("https://licence.example/")
    assert void.value(node, VOID.dataDump) == URIRef(VOCABULARY)
    assert number(void, node, VOID.triples) == 7


def test_links_and_mappings_are_linksets(void: Graph) -> None:
    found = set()
    for node in void.subjects(RDF.type, VOID.Linkset):
        target = void.value(node, VOID.objectsTarget)
        space = void.value(target, VOID.uriSpace)
        source = str(void.value(node, VOID.subjectsTarget)).rpartition("#")[2]
        predicate = str(void.value(node, VOID.linkPredicate)).rpartition("#")[2]
        found.add((source, predicate, str(space), number(void, node, VOID.triples)))
    assert found == {
        ("repository-one", "sameDatasetAs", f"{BASE}/dataset/two/", 1),
        ("repository-two", "sameDatasetAs", f"{BASE}/dataset/one/", 1),
        ("repository-one", "wasDerivedFrom", f"{BASE}/dataset/one/", 1),
        ("vocabulary-kind", "exactMatch", "http://purl.obolibrary.org/obo/NCIT_", 2),
        ("vocabulary-kind", "closeMatch", "http://snomed.info/id/", 1),
    }


def test_the_graph_says_what_it_is_about(void: Graph) -> None:
    document = IDS.graph("void")
    assert (document, RDF.type, VOID.DatasetDescription) in void
    assert (document, FOAF.primaryTopic, WHOLE) in void


def test_every_known_prefix_is_declared_once_where_the_examples_look_for_it(void: Graph) -> None:
    queries = Graph().parse(data=examples_graph(examples(), IDS).decode(), format="nt")
    (node,) = set(queries.objects(None, SH.prefixes))
    declared = {
        str(void.value(one, SH.prefix)): void.value(one, SH.namespace) for one in void.objects(node, SH.declare)
    }
    assert declared == {prefix: Literal(str(iri), datatype=XSD.anyURI) for prefix, iri in PREFIXES.items()}
    assert set(prefixes_graph(IDS)) <= set(void)
