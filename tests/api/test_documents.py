"""Documents: whatever descriptions say, a page of the feed keeps datasets apart and a document is complete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from api.documents import Documents
from catalogue.description import StoredDescription
from core.canonical import canonical_ntriples, content_hash
from core.identifiers import Identifiers
from core.terms import DCAT, DCT, FOAF, PROV, RDF, SKOS, new_graph
from ontology.vocabulary import Vocabularies

IDS = Identifiers("https://catalogue.example.org")
NOW = datetime(2026, 1, 2, tzinfo=UTC)
NAMES = ("a", "b", "a.b")
DATASETS = [IDS.dataset("idc", name) for name in NAMES]
AGENT, CONTACT = IDS.agent("idc", "publisher"), IDS.agent("idc", "contact")
CT = URIRef("https://w3id.org/radiograph/concept/modality/CT")
CATALOGUED = {DCAT.Catalog, DCAT.CatalogRecord, DCAT.Dataset, DCAT.DatasetSeries, DCAT.DataService}

Statement = tuple[URIRef, URIRef, URIRef | Literal]


def own(name: str) -> list[URIRef]:
    """What the description of a dataset may speak about."""
    dataset = IDS.dataset("idc", name)
    return [dataset, URIRef(f"{dataset}#x"), IDS.distribution("idc", name, "d"), URIRef(f"{IDS.record('idc', name)}#y")]


def stored(name: str, statements: Sequence[Statement]) -> StoredDescription:
    dataset = IDS.dataset("idc", name)
    graph = new_graph()
    graph.add((dataset, RDF.type, DCAT.Dataset))
    graph.add((dataset, DCT.title, Literal(name, lang="en")))
    graph.add((dataset, DCT.description, Literal(f"about {name}", lang="en")))
    for statement in statements:
        graph.add(statement)
    ntriples = canonical_ntriples(graph)
    return StoredDescription(str(dataset), "idc", name, 1, ntriples, content_hash(ntriples), (), NOW, NOW)


def catalogues(agents: list[Statement]) -> Mapping[str, bytes]:
    result = {}
    for catalogue in (IDS.catalogue(), IDS.catalogue("idc")):
        graph = new_graph()
        graph.add((catalogue, RDF.type, DCAT.Catalog))
        graph.add((catalogue, DCT.title, Literal("catalogue", lang="en")))
        graph.add((catalogue, DCAT.catalog, IDS.catalogue("idc")))
        if catalogue == IDS.catalogue("idc"):
            graph.add((AGENT, RDF.type, FOAF.Agent))
            graph.add((AGENT, FOAF.name, Literal("publisher")))
            for statement in agents:
                graph.add(statement)
        result[str(catalogue)] = canonical_ntriples(graph)
    return result


def reachable(graph: Graph, start: URIRef) -> set[Node]:
    reached, queue = {start}, [start]
    while queue:
        for value in graph.objects(queue.pop()):
            if isinstance(value, URIRef) and value not in reached:
                reached.add(value)
                queue.append(value)
    return set(reached)


everything = st.sampled_from(
    [
        *(iri for name in NAMES for iri in own(name)),
        *(IDS.record("idc", name) for name in NAMES),
        IDS.catalogue(),
        IDS.catalogue("idc"),
        IDS.link("0"),
        IDS.release(1),
        *CATALOGUED,
        AGENT,
        CONTACT,
        CT,
        URIRef("https://example.org/page"),
    ]
)
predicates = st.sampled_from(
    [
        RDF.type,
        DCT.relation,
        DCT.source,
        DCT.hasVersion,
        DCAT.inCatalog,
        DCAT.distribution,
        DCT.publisher,
        PROV.wasDerivedFrom,
    ]
)


def descriptions() -> st.SearchStrategy[list[StoredDescription]]:
    def of(name: str) -> st.SearchStrategy[StoredDescription]:
        statements = st.lists(st.tuples(st.sampled_from(own(name)), predicates, everything), max_size=8)
        return statements.map(lambda chosen: stored(name, chosen))

    return st.tuples(*(of(name) for name in NAMES)).map(list)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    chosen=descriptions(),
    agents=st.lists(st.tuples(st.sampled_from([AGENT, CONTACT]), predicates, everything), max_size=4),
)
def test_no_description_leads_out_of_itself_on_a_page(
    vocabularies: Vocabularies, chosen: list[StoredDescription], agents: list[Statement]
) -> None:
    documents = Documents(IDS, vocabularies, catalogues(agents), lambda iri: None)
    page = documents.feed(chosen)
    described = {node for kind in CATALOGUED for node in page.subjects(RDF.type, kind)}
    assert described >= set(DATASETS)
    for dataset in DATASETS:
        reached = reachable(page, dataset)
        assert {node for node in reached & described if not str(node).startswith(f"{dataset}#")} == {dataset}
        others = tuple(f"{base}" for base in (IDS.catalogue(), f"{IDS.base}/record/", f"{IDS.base}/link/"))
        assert not [node for node in reached if str(node).startswith(others)]
        assert (dataset, DCT.description, None) in page


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(chosen=descriptions())
def test_the_document_of_a_dataset_says_all_its_description_says(
    vocabularies: Vocabularies, chosen: list[StoredDescription]
) -> None:
    by_iri = {description.iri: description for description in chosen}
    documents = Documents(IDS, vocabularies, catalogues([]), by_iri.get)
    for description in chosen:
        document = documents.dataset(description)
        assert set(description.graph()) <= set(document)
        for neighbour in set(DATASETS) - {URIRef(description.iri)}:
            if (None, None, neighbour) in description.graph():
                assert (neighbour, DCT.title, None) in document


def test_pages_do_not_depend_on_what_was_asked_before(vocabularies: Vocabularies) -> None:
    documents = Documents(IDS, vocabularies, catalogues([]), lambda iri: None)
    chosen = [stored(name, [(IDS.dataset("idc", name), DCT.publisher, AGENT)]) for name in NAMES]
    first = canonical_ntriples(documents.feed(chosen))
    documents.dataset(chosen[0])
    documents.catalogue()
    documents.agent("idc", AGENT)
    assert canonical_ntriples(documents.feed(chosen)) == first
    assert canonical_ntriples(documents.feed(list(reversed(chosen)))) == first


def test_concepts_come_with_their_names(vocabularies: Vocabularies) -> None:
    documents = Documents(IDS, vocabularies, catalogues([]), lambda iri: None)
    description = stored("a", [(DATASETS[0], DCT.subject, CT)])
    for graph in (documents.dataset(description), documents.feed([description])):
        assert (CT, SKOS.prefLabel, None) in graph


def test_what_a_release_does_not_have_is_empty(vocabularies: Vocabularies) -> None:
    documents = Documents(IDS, vocabularies, catalogues([]), lambda iri: None)
    assert len(documents.repository("none")) == 0
    assert len(documents.repository("No Key")) == 0
    assert len(documents.agent("none", AGENT)) == 0
    assert len(documents.agent("idc", IDS.agent("idc", "none"))) == 0
