"""Slices: what belongs to a dataset, cut where another catalogued resource begins."""

from __future__ import annotations

from rdflib import Graph, Literal, URIRef

from core.slices import forward_closure
from core.terms import DCAT, DCT, FOAF, QB, RDF, SKOS, new_graph

EX = "https://example.org/"
DATASET = URIRef(EX + "dataset")

DESCRIPTION = """
:dataset a dcat:Dataset ; dct:title "A" ; dct:publisher :agent ; dcat:distribution :dist ; dcat:theme :lung ;
  dct:source :other ; dcat:inCatalog :catalogue ; dct:relation [ dct:title "blank" ] .
:dist a dcat:Distribution ; dct:license :licence ; dct:isPartOf :dataset .
:other a dcat:Dataset ; dct:title "B" ; dct:publisher :stranger .
:catalogue a dcat:Catalog ; dct:title "all" ; dcat:dataset :dataset , :other .
:unrelated dct:title "C" ; dct:subject :dataset .
:stranger a foaf:Agent ; foaf:name "Stranger" .
"""
AGENTS = ':agent a foaf:Agent ; foaf:name "Me" ; foaf:knows :agent .'


def read(turtle: str) -> Graph:
    header = f"@prefix : <{EX}> . @prefix dcat: <{DCAT}> . @prefix dct: <{DCT}> . @prefix foaf: <{FOAF}> . "
    header += f"@prefix qb: <{QB}> . "
    return new_graph().parse(data=header + turtle, format="turtle")


def titles(graph: Graph) -> set[str]:
    return {str(value) for value in graph.objects(None, DCT.title)}


def test_the_closure_follows_objects_through_all_graphs() -> None:
    result = forward_closure(DATASET, read(DESCRIPTION), read(AGENTS))
    assert (URIRef(EX + "agent"), FOAF.name, Literal("Me")) in result
    assert (URIRef(EX + "dist"), DCT.license, URIRef(EX + "licence")) in result
    assert titles(result) == {"A", "blank"}


def test_other_resources_are_entered_for_their_type_only() -> None:
    result = forward_closure(DATASET, read(DESCRIPTION))
    for name, kind in (("other", DCAT.Dataset), ("catalogue", DCAT.Catalog)):
        assert list(result.predicate_objects(URIRef(EX + name))) == [(RDF.type, kind)]
    assert (URIRef(EX + "stranger"), FOAF.name, None) not in result


def test_types_are_not_entered() -> None:
    ontology = read('dcat:Dataset dct:title "the class" .')
    assert "the class" not in titles(forward_closure(DATASET, read(DESCRIPTION), ontology))


def test_concepts_are_followed() -> None:
    vocabulary = new_graph()
    vocabulary.add((URIRef(EX + "lung"), SKOS.prefLabel, Literal("Lung", lang="en")))
    assert (URIRef(EX + "lung"), SKOS.prefLabel, None) in forward_closure(DATASET, read(DESCRIPTION), vocabulary)


def test_a_resource_nobody_describes_gives_nothing() -> None:
    assert len(forward_closure(URIRef(EX + "nobody"), read(DESCRIPTION))) == 0


def test_the_graphs_are_left_as_they_were() -> None:
    graph = read(DESCRIPTION)
    before = set(graph)
    forward_closure(DATASET, graph)
    assert set(graph) == before


def test_a_series_is_told_who_belongs_to_it_and_nothing_else_of_them() -> None:
    graph = read(':series a dcat:DatasetSeries . :one a dcat:Dataset ; dct:title "One" ; dcat:inSeries :series .')
    one, series = URIRef(EX + "one"), URIRef(EX + "series")
    result = forward_closure(series, graph)
    assert set(result.predicate_objects(one)) == {(RDF.type, DCAT.Dataset), (DCAT.inSeries, series)}


def test_the_observations_of_a_cube_belong_to_its_dataset_and_those_of_a_neighbour_do_not() -> None:
    graph = read(
        """:dataset a dcat:Dataset ; dct:relation :cube , :other . :cube a qb:DataSet .
        :one qb:dataSet :cube ; dct:title "one" . :two qb:dataSet :cube ; dct:title "two" .
        :other a dcat:Dataset . :theirs qb:dataSet :other ; dct:title "theirs" ."""
    )
    assert titles(forward_closure(DATASET, graph)) == {"one", "two"}
