"""The report as RDF is one that tools for SHACL read."""

from __future__ import annotations

import json
from pathlib import Path

import pyshacl
import pytest
from rdflib import BNode, Graph, Literal, URIRef

from core.terms import DCAT, DCT, FOAF, RDF, SH
from shapes.documents import Judgement
from shapes.formats.shacl import report_graph, write_jsonld, write_turtle
from shapes.reader import parse_rdf

SHAPES = Path(__file__).with_name("report-shape.ttl")


def _read(text: str, form: str) -> Graph:
    return parse_rdf(text.encode(), name="report", suffix=form)


def test_both_syntaxes_are_valid_reports(broken: Judgement, sound: Judgement) -> None:
    shapes = Graph().parse(SHAPES)
    for judgement in (broken, sound):
        for text, form in ((write_turtle([judgement]), ".ttl"), (write_jsonld([judgement]), ".jsonld")):
            graph = _read(text, form)
            conforms, _, words = pyshacl.validate(graph, shacl_graph=shapes)
            assert conforms, words
            assert len(list(graph.objects(None, SH.result))) == len(judgement.findings)


def test_the_shape_of_reports_can_fail(broken: Judgement) -> None:
    graph = report_graph([broken])
    graph.remove((None, SH.focusNode, None))
    assert not pyshacl.validate(graph, shacl_graph=Graph().parse(SHAPES))[0]


def test_conforms_is_false_with_any_result(broken: Judgement, sound: Judgement) -> None:
    assert [str(o) for o in report_graph([broken]).objects(None, SH.conforms)] == ["false"]
    assert [str(o) for o in report_graph([sound]).objects(None, SH.conforms)] == ["true"]


@pytest.mark.parametrize(
    ("focus", "path", "value", "component"),
    [
        ("http://e/lung", DCT.issued, Literal("last year"), SH.OrConstraintComponent),
        ("http://e/lung/1", DCAT.accessURL, None, SH.MinCountConstraintComponent),
    ],
)
def test_a_result_says_what_a_machine_needs(
    broken: Judgement, focus: str, path: URIRef, value: Literal | None, component: URIRef
) -> None:
    graph = report_graph([broken])
    (result,) = (
        r
        for r in graph.subjects(SH.focusNode, URIRef(focus))
        if (r, SH.resultPath, path) in graph and (r, SH.resultSeverity, SH.Violation) in graph
    )
    assert graph.value(result, SH.value) == value
    assert graph.value(result, SH.sourceConstraintComponent) == component
    assert str(graph.value(result, SH.sourceShape)).startswith("https://w3id.org/radiograph/shapes#dcat-ap-")


def test_nodes_without_iri_are_blank_and_the_same_in_all_results(broken: Judgement) -> None:
    graph = _read(write_turtle([broken]), ".ttl")
    at_agent = {node for path in (FOAF.name, DCT.type) for r in graph.subjects(SH.resultPath, path)
                for node in graph.objects(r, SH.focusNode)}  # fmt: skip
    assert len(at_agent) == 1 and isinstance(at_agent.pop(), BNode)
    assert "#node-" not in write_turtle([broken]) + write_jsonld([broken])


def test_the_context_of_the_json_is_in_it(broken: Judgement) -> None:
    document = json.loads(write_jsonld([broken]))
    assert document["@context"]["sh"] == str(SH)
    assert any(node["@type"] == "sh:ValidationReport" for node in document["@graph"])
    assert (None, RDF.type, SH.ValidationReport) in _read(write_jsonld([broken]), ".jsonld")
