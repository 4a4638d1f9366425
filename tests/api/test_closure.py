"""The closure of one dataset: all of its own, the agents it names, and nothing beyond."""

from __future__ import annotations

from datetime import UTC, datetime

from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from api.closure import Closure, boundaries
from catalogue.description import StoredDescription
from core.canonical import canonical_ntriples
from core.identifiers import Identifiers
from core.terms import DCAT, DCT, FOAF, RDF, new_graph

IDS = Identifiers("https://catalogue.example.org")
DATASET, OTHER = IDS.dataset("idc", "a"), IDS.dataset("idc", "b")
AGENT, CATALOGUE = IDS.agent("idc", "publisher"), IDS.catalogue("idc")


def closed(*statements: tuple[Node, Node, Node], agents: Graph | None = None) -> Graph:
    graph, result = new_graph(), new_graph()
    for statement in statements:
        graph.add(statement)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    description = StoredDescription(str(DATASET), "idc", "a", 1, canonical_ntriples(graph), "", (), now, now)
    for statement in Closure(IDS, new_graph() if agents is None else agents).statements(description):
        result.add(statement)
    return result


def test_own_nodes_are_followed_and_unreached_ones_left_out() -> None:
    node, far = URIRef(f"{DATASET}#node"), URIRef(f"{DATASET}#far")
    reached: list[tuple[Node, Node, Node]] = [(DATASET, DCT.provenance, node), (node, DCT.title, Literal("007"))]
    unreached = [(far, DCT.isPartOf, DATASET)]
    assert set(closed(*reached, *unreached)) == set(reached)


def test_a_way_back_to_the_dataset_from_its_own_nodes_is_harmless() -> None:
    node = URIRef(f"{DATASET}#node")
    statements = [(DATASET, DCT.provenance, node), (node, DCT.isPartOf, DATASET)]
    assert set(closed(*statements)) == set(statements)


def test_other_descriptions_and_catalogues_are_not_even_named() -> None:
    away = [OTHER, URIRef(f"{OTHER}#node"), IDS.distribution("idc", "b", "d"), IDS.catalogue(), CATALOGUE]
    away += [IDS.record("idc", "a"), IDS.record("idc", "b"), IDS.link("0"), IDS.release(1)]
    assert len(closed(*((DATASET, DCT.relation, iri) for iri in away))) == 0


def test_neighbours_whose_names_begin_alike_are_told_apart() -> None:
    alike = URIRef(f"{DATASET}b")
    assert len(closed((DATASET, DCT.relation, alike), (alike, DCT.title, Literal("x")))) == 0


def test_agents_are_described_and_lead_nowhere() -> None:
    agents = new_graph()
    agents.add((AGENT, RDF.type, FOAF.Agent))
    agents.add((AGENT, FOAF.name, Literal("me")))
    for away in (DATASET, OTHER, CATALOGUE):
        agents.add((AGENT, FOAF.made, away))
    agents.add((CATALOGUE, RDF.type, DCAT.Catalog))
    assert boundaries(agents) == {CATALOGUE}
    result = closed((DATASET, DCT.publisher, AGENT), agents=agents)
    assert set(result.predicate_objects(AGENT)) == {(RDF.type, FOAF.Agent), (FOAF.name, Literal("me"))}


def test_types_are_said_and_not_entered() -> None:
    node = URIRef(f"{DATASET}#class")
    result = closed((DATASET, RDF.type, node), (DATASET, RDF.type, CATALOGUE), (node, DCT.title, Literal("a class")))
    assert set(result) == {(DATASET, RDF.type, node)}


def test_a_dataset_inside_a_dataset_is_cut_off_and_a_service_is_not() -> None:
    inner, service = URIRef(f"{DATASET}#inner"), URIRef(f"{DATASET}#service")
    kept = [(DATASET, RDF.type, DCAT.Dataset), (DATASET, DCAT.accessService, service)]
    kept += [(service, RDF.type, DCAT.DataService)]
    cut = [(DATASET, DCT.hasPart, inner), (inner, RDF.type, DCAT.Dataset), (DATASET, RDF.type, DCAT.Catalog)]
    assert set(closed(*kept, *cut)) == set(kept)
