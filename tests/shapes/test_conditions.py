"""Each kind of constraint against pySHACL, on data made at random: the screen never differs from it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from core.canonical import canonical_ntriples, parse_ntriples
from core.terms import RDF, RDFS, SH, XSD, new_graph
from shapes.conditions import Conditions, UnknownConstraint
from shapes.engine import Engine
from shapes.screen import Screen
from shapes.slices import Slice
from shapes.statements import read_statements, text_of
from tests.shapes.conftest import EX, turtle
from tests.shapes.test_engine import CONSTRAINTS as ONES_OF_THE_ENGINE

#: "around a circle" is such a shape: pySHACL warns as it backs out.
pytestmark = pytest.mark.filterwarnings("ignore::pyshacl.errors.ShapeRecursionWarning")

_HEAD = "ex:shape a sh:NodeShape ; sh:targetClass ex:Thing ; sh:severity sh:Violation ; "
_OTHER = (
    "ex:other a sh:NodeShape ; sh:targetObjectsOf ex:p ; sh:property ex:named . ex:named sh:path ex:q ; sh:minCount 1 ."
    "ex:third a sh:NodeShape ; sh:targetSubjectsOf ex:q ; sh:property ex:single . ex:single sh:path ex:q ;"
    "sh:maxCount 1 . ex:named sh:severity sh:Warning . ex:single sh:severity sh:Warning ."
)
_PROPERTY = "sh:property ex:rule . ex:rule sh:path ex:p ; "
#: By parameter, with the arguments that our own shapes have and others.
CONSTRAINTS = ONES_OF_THE_ENGINE | {
    "min 2": _PROPERTY + "sh:minCount 2 .",
    "max 0": _PROPERTY + "sh:maxCount 0 .",
    "count": _PROPERTY + "sh:minCount 1 ; sh:maxCount 2 ; sh:nodeKind sh:IRI .",
    **{f"kind {kind}": _PROPERTY + f"sh:nodeKind sh:{kind} ." for kind in ("IRI", "Literal", "BlankNodeOrIRI")},
    **{f"kind {kind}": _PROPERTY + f"sh:nodeKind sh:{kind} ." for kind in ("BlankNode", "IRIOrLiteral")},
    **{
        f"datatype {name}": _PROPERTY + f"sh:datatype xsd:{name} ."
        for name in ("string", "integer", "nonNegativeInteger", "decimal", "boolean", "date", "dateTime", "gYear")
    },
    **{f"datatype {name}": _PROPERTY + f"sh:datatype xsd:{name} ." for name in ("anyURI", "duration", "double")},
    "datatype langString": _PROPERTY + "sh:datatype rdf:langString .",
    "pattern with flags": _PROPERTY + 'sh:pattern "^HTTP.*B$" ; sh:flags "i" .',
    "pattern of lines": _PROPERTY + 'sh:pattern "^b$" ; sh:flags "m" .',
    "not pattern": _PROPERTY + "sh:not [ sh:pattern '/b$' ] .",
    "short": _PROPERTY + "sh:maxLength 3 .",
    "long": _PROPERTY + "sh:minLength 2 .",
    "never short": _PROPERTY + "sh:minLength 0 .",
    "in terms": _PROPERTY + "sh:in ( ex:a 'x' 'x'@en true '2020'^^xsd:gYear ) .",
    "has literal": _PROPERTY + "sh:hasValue 'x'@en .",
    "language": _PROPERTY + "sh:languageIn ( 'en' 'de' ) .",
    "any language": _PROPERTY + "sh:languageIn ( '*' ) .",
    "one a language": _PROPERTY + "sh:uniqueLang true .",
    "many a language": _PROPERTY + "sh:uniqueLang false .",
    "two classes": _PROPERTY + "sh:class ex:Thing, ex:Special .",
    "not class": _PROPERTY + "sh:not [ sh:class ex:Thing ] .",
    "and": _PROPERTY + "sh:and ( [ sh:nodeKind sh:Literal ] [ sh:minLength 1 ] ) .",
    "or": _PROPERTY + "sh:or ( [ sh:datatype xsd:date ] [ sh:datatype xsd:gYear ] [ sh:class ex:Thing ] ) .",
    "not or": _PROPERTY + "sh:not [ sh:or ( [ sh:hasValue ex:a ] [ sh:class ex:Special ] ) ] .",
    "node deep": _PROPERTY + "sh:node [ sh:property [ sh:path ex:q ; sh:node [ sh:class ex:Thing ] ] ] .",
    "property deep": _PROPERTY + "sh:property [ sh:path ex:q ; sh:minCount 1 ; sh:nodeKind sh:IRI ] .",
    "qualified max": _PROPERTY + "sh:qualifiedMaxCount 1 ; sh:qualifiedValueShape [ sh:class ex:Thing ] .",
    "qualified least": _PROPERTY
    + "sh:qualifiedMinCount 2 ; sh:qualifiedValueShape [ sh:not [ sh:in ( ex:a 'x' ) ] ] .",
    "choice": "sh:property ex:rule . ex:rule sh:path [ sh:alternativePath ( ex:p ex:q ) ] ; sh:maxCount 2 .",
    "choice of chains": "sh:property ex:rule . ex:rule sh:path [ sh:alternativePath ( ( ex:p ex:q ) "
    "[ sh:inversePath ex:q ] ) ] ; sh:class ex:Thing .",
    "repeated path": "sh:property ex:rule . ex:rule sh:path [ sh:zeroOrMorePath ex:q ] ; sh:class ex:Thing .",
    "closed": "sh:closed true ; sh:ignoredProperties ( rdf:type ex:q ) ; " + _PROPERTY + "sh:minCount 0 .",
    "switched off": _PROPERTY + "sh:minCount 1 ; sh:deactivated true .",
    "at most": _PROPERTY + "sh:maxInclusive 3 .",
    "by property": _PROPERTY + "sh:lessThan ex:q .",
    "node of a node": "sh:node [ sh:property [ sh:path ex:p ; sh:minCount 1 ] ] .",
    "of the type": "sh:property ex:rule . ex:rule sh:path rdf:type ; sh:hasValue ex:Thing ; sh:maxCount 1 .",
    "of the classes": "sh:property ex:rule . ex:rule sh:path rdfs:subClassOf ; sh:maxCount 0 .",
    "around a circle": _PROPERTY + "sh:node ex:round . ex:round sh:property [ sh:path ex:q ; sh:node ex:round ] .",
}
CLASSES = "ex:Special rdfs:subClassOf ex:Thing . ex:Rare rdfs:subClassOf ex:Special ."

_nodes = st.sampled_from(
    [EX.a, EX.b, EX.c, URIRef("http://example.org/b"), EX.Special, URIRef("https://example.org/é")]
)
_types = st.sampled_from([EX.Thing, EX.Special, EX.Rare, EX.Other])
_texts = st.sampled_from(
    ["", "x", "X", "b", "xy", "a\nb", 'say "b"', "back\\slash", "\u2028", "http://x/b", "2020", "12"]
)
_datatypes = st.sampled_from(
    [
        *(XSD.string, XSD.integer, XSD.decimal, XSD.boolean, XSD.date, XSD.dateTime, XSD.gYear, XSD.anyURI),
        *(XSD.double, XSD.nonNegativeInteger, XSD.duration, EX.datatype),
    ]
)
_odd = [
    "2020-01-31",
    "2020-13-45",
    "2020-01-01T00:00:00Z",
    "true",
    "1",
    "-1",
    "007",
    "1.5",
    "NaN",
    "P1D",
    "2020",
    "",
    "x",
]
_literals = st.one_of(
    st.builds(Literal, _texts),
    st.builds(lambda text, tag: Literal(text, lang=tag), _texts, st.sampled_from(["en", "EN", "en-GB", "de", "fr"])),
    st.builds(lambda text, kind: Literal(text, datatype=kind, normalize=False), st.sampled_from(_odd), _datatypes),
)
_triples = st.one_of(
    st.tuples(_nodes, st.just(RDF.type), _types),
    st.tuples(_nodes, st.sampled_from([EX.p, EX.q]), st.one_of(_nodes, _literals)),
    st.tuples(st.sampled_from([EX.Special, EX.Other]), st.just(RDFS.subClassOf), _types),
)


def _prepared(name: str) -> tuple[Engine, Screen, list[URIRef], Graph]:
    shapes, classes = turtle(_HEAD + CONSTRAINTS[name] + _OTHER), turtle(CLASSES)
    shapes.add((EX.rule, SH.severity, SH.Violation))
    engine = Engine(shapes, classes)
    return engine, Screen(engine, classes), [EX.shape, EX.other, EX.third], classes


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_screen_finds_what_pyshacl_finds(name: str) -> None:
    engine, screen, targets, _ = _prepared(name)

    @settings(max_examples=8, deadline=None, database=None)
    @given(st.sets(_triples, max_size=14))
    def check(triples: set[tuple[Node, Node, Node]]) -> None:
        _compare(engine, screen, targets, triples)

    check()


@pytest.mark.slow
@pytest.mark.parametrize("name", CONSTRAINTS)
def test_the_screen_finds_what_pyshacl_finds_on_much_data(name: str) -> None:
    engine, screen, targets, _ = _prepared(name)

    @settings(max_examples=300, deadline=None, database=None)
    @given(st.sets(_triples, max_size=24))
    def check(triples: set[tuple[Node, Node, Node]]) -> None:
        _compare(engine, screen, targets, triples)

    check()


def _compare(engine: Engine, screen: Screen, targets: list[URIRef], triples: set[tuple[Node, Node, Node]]) -> None:
    given = new_graph()
    for triple in triples:
        given.add(triple)
    text = canonical_ntriples(given)
    data, statements = parse_ntriples(text), read_statements(text)
    own = set(data.subjects())
    slice_ = Slice(statements, statements, frozenset(map(text_of, own)))
    expected = {(r.focus, r.path, r.value, r.rule) for r in engine.run(data, own, targets)}
    assert {(r.focus, r.path, r.value, r.rule) for r in screen.run(slice_, targets)} == expected


KNOWN = ("min", "max", "has value", "in", "node", "not", "xone", "pattern", "class", "qualified", "inverse", "sequence")


@pytest.mark.parametrize("name", [*KNOWN, "choice", "or", "not pattern", "language", "one a language", "short"])
def test_what_the_shipped_shapes_use_is_known_to_the_screen(name: str) -> None:
    """Or nothing would be gained by it."""
    engine, _, _, _ = _prepared(name)
    Conditions(engine.index, lambda kind: frozenset((kind,)), ()).on_values(EX.rule)


@pytest.mark.parametrize("name", ["equals", "disjoint", "switched off", "at most", "by property"])
def test_what_the_screen_does_not_know_it_says(name: str) -> None:
    engine, _, _, _ = _prepared(name)
    with pytest.raises(UnknownConstraint):
        Conditions(engine.index, lambda kind: frozenset((kind,)), ()).on_values(EX.rule)


def test_blank_nodes_are_no_iris() -> None:
    engine, screen, targets, _ = _prepared("kind IRI")
    data = turtle("ex:a a ex:Thing ; ex:p [] , ex:b , 'x' .")
    statements = {
        "<https://example.org/synthetic/a>": {f"<{RDF.type}>": [f"<{EX.Thing}>"], f"<{EX.p}>": ["_:x", "<b:b>"]}
    }
    slice_ = Slice(statements, statements, frozenset(statements))
    assert {type(r.value) for r in engine.run(data, {EX.a}, targets[:1])} == {BNode, Literal}
    assert [type(r.value) for r in screen.run(slice_, targets[:1])] == [BNode]
