"""The engine gives what pySHACL gives, for SHACL that our own shapes do not use as well."""

from __future__ import annotations

import pyshacl
import pytest
from rdflib import Graph

from core.errors import ProfileError
from core.terms import RDF, SH, new_graph
from shapes.engine import Engine
from tests.shapes.conftest import turtle

_HEAD = "ex:shape a sh:NodeShape ; sh:targetClass ex:Thing ; sh:severity sh:Violation ; "
_RULE = "ex:rule sh:severity sh:Violation ; "
CONSTRAINTS = {
    "min": "sh:property ex:rule . ex:rule sh:path ex:p ; sh:minCount 1 .",
    "max": "sh:property ex:rule . ex:rule sh:path ex:p ; sh:maxCount 1 .",
    "has value": "sh:property ex:rule . ex:rule sh:path ex:p ; sh:hasValue 1 .",
    "in": "sh:property ex:rule . ex:rule sh:path ex:p ; sh:in ( 1 2 ) .",
    "equals": "sh:property ex:rule . ex:rule sh:path ex:p ; sh:equals ex:q .",
    "disjoint": "sh:property ex:rule . ex:rule sh:path ex:p ; sh:disjoint ex:q .",
    "qualified": "sh:property ex:rule . ex:rule sh:path ex:p ; sh:qualifiedMinCount 1 ; "
    "sh:qualifiedValueShape [ sh:datatype xsd:integer ] .",
    "inverse": "sh:property ex:rule . ex:rule sh:path [ sh:inversePath ex:q ] ; sh:maxCount 0 .",
    "sequence": "sh:property ex:rule . ex:rule sh:path ( ex:q ex:p ) ; sh:minCount 1 .",
    "node": "sh:property ex:rule . ex:rule sh:path ex:q ; sh:node [ sh:property [ sh:path ex:p ; sh:minCount 1 ] ] .",
    "not": "sh:property ex:rule . ex:rule sh:path ex:p ; sh:not [ sh:datatype xsd:string ] .",
    "xone": "sh:property ex:rule . ex:rule sh:path ex:p ; sh:xone ( [ sh:in ( 1 ) ] [ sh:datatype xsd:integer ] ) .",
    "on the node": "sh:or ( [ sh:path ex:p ; sh:minCount 2 ] [ sh:path ex:q ; sh:minCount 1 ] ) .",
    "both": "sh:nodeKind sh:BlankNode ; sh:property ex:rule . ex:rule sh:path ex:p ; sh:minCount 1 .",
    "pattern": 'sh:property ex:rule . ex:rule sh:path ex:p ; sh:pattern "^x" .',
    "class": "sh:property ex:rule . ex:rule sh:path ex:q ; sh:class ex:Thing .",
}
DATA = """
ex:a a ex:Thing ; ex:p 1, 2 ; ex:q ex:b .
ex:b a ex:Special ; ex:p 'x' ; ex:q 'x', ex:c .
ex:c a ex:Thing .
ex:d ex:q ex:a .
"""
CLASSES = "ex:Special rdfs:subClassOf ex:Thing ."


def _expected(shapes: Graph, data: Graph) -> set[tuple[str, str, str]]:
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes)
    assert isinstance(report, Graph)
    return {
        tuple(str(report.value(result, p)) for p in (SH.focusNode, SH.value, SH.sourceShape))  # type: ignore[misc]
        for result in report.objects(None, SH.result)
    }


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_results_equal_those_of_pyshacl(name: str) -> None:
    shapes = turtle(_HEAD + CONSTRAINTS[name]) + turtle(_RULE + "sh:name 'Rule' .")
    data, classes = turtle(DATA), turtle(CLASSES)
    engine = Engine(shapes, classes)
    shape = next(shapes.subjects(SH.targetClass))
    results = engine.run(data, set(data.subjects()), [shape])  # type: ignore[list-item]
    expected = _expected(shapes, turtle(DATA) + classes)
    assert expected
    assert {(str(r.focus), str(r.value), str(r.rule)) for r in results} == expected


def test_only_own_nodes_are_judged_but_objects_are_judged_wherever_they_come_from() -> None:
    shapes = turtle(
        "ex:shape a sh:NodeShape ; sh:targetClass ex:Thing ; sh:property ex:rule ."
        "ex:other a sh:NodeShape ; sh:targetObjectsOf ex:q ; sh:property ex:rule ."
        "ex:rule sh:path ex:r ; sh:minCount 1 ; sh:severity sh:Warning ."
    )
    data = turtle(DATA)
    own = {next(data.subjects(RDF.type, kind)) for kind in data.objects(None, RDF.type) if "Special" in str(kind)}
    engine = Engine(shapes, turtle(CLASSES))
    by_class = engine.run(data, own, [next(shapes.subjects(SH.targetClass))])  # type: ignore[list-item]
    by_object = engine.run(data, own, [next(shapes.subjects(SH.targetObjectsOf))])  # type: ignore[list-item]
    assert [str(r.focus).rpartition("/")[2] for r in by_class] == ["b"]
    assert [str(r.focus).rpartition("/")[2] for r in by_object] == ["c"]


def test_the_engine_leaves_the_shapes_as_they_are() -> None:
    shapes = turtle(_HEAD + CONSTRAINTS["min"])
    before = set(shapes)
    Engine(shapes, new_graph()).run(turtle(DATA), set(), [])
    assert set(shapes) == before


def test_a_query_that_cannot_be_read_is_a_fault_of_the_constraint() -> None:
    query = "sh:sparql [ a sh:SPARQLConstraint ; sh:select 'SELECT $this WHERE { $this ?p' ] ."
    shapes = turtle(f"{_HEAD} sh:property ex:rule . ex:rule sh:path ex:p ; sh:severity sh:Violation ; {query}")
    data = turtle(DATA)
    rule = str(next(shapes.objects(None, SH.property)))
    with pytest.raises(ProfileError, match="cannot be evaluated: ") as caught:
        Engine(shapes, new_graph()).run(data, set(data.subjects()), [next(shapes.subjects(SH.targetClass))])  # type: ignore[list-item]
    assert caught.value.where == rule and "\n" not in caught.value.message and caught.value.remedy
