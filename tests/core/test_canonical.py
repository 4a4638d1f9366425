"""Canonical form: names of blank nodes stay while neighbours change, and what cannot be named is refused."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from core.canonical import (
    MAX_DEPTH,
    MAX_TRIPLES,
    canonical_ntriples,
    content_hash,
    parse_ntriples,
    select_statements,
    skolemise,
)
from core.errors import DescriptionError
from core.terms import DCAT, DCT, RDF, SKOS, XSD, new_graph

OWNER = URIRef("https://catalogue.example.org/dataset/idc/x")
EX = "https://example.org/"


def graph(turtle: str) -> Graph:
    return new_graph().parse(data=f"@prefix : <{EX}> . @prefix x: <{OWNER}#> .\n{turtle}", format="turtle")


def skolemised(turtle: str) -> set[tuple[Node, Node, Node]]:
    return set(skolemise(graph(turtle), OWNER))


def about(statements: set[tuple[Node, Node, Node]], text: str) -> Node:
    return next(s for s, _, o in statements if isinstance(o, Literal) and str(o) == text)


SUBJECT = f"<{OWNER}>"


def test_no_blank_node_is_left_and_all_hang_under_the_owner() -> None:
    result = skolemised(f'{SUBJECT} :p [ :q [ :r "deep" ] ; :s "flat" ] .')
    nodes = {term for statement in result for term in statement}
    assert not any(isinstance(term, BNode) for term in nodes)
    assert {str(s).startswith(f"{OWNER}#node-") for s, _, _ in result if s != OWNER} == {True}


def test_a_name_does_not_move_when_a_neighbour_changes() -> None:
    before = skolemised(f'{SUBJECT} :p [ :q "one" ] , [ :q "two" ] ; :title "old" .')
    after = skolemised(f'{SUBJECT} :p [ :q "one" ] , [ :q "2" ] , [ :q "three" ] ; :title "new" ; :z [ :q "one" ] .')
    assert about(before, "one") in {s for s, _, o in after if str(o) == "one"}


def test_a_name_changes_with_its_content_and_with_its_owner() -> None:
    one, other = f'{SUBJECT} :p [ :q "one" ] .', f'{SUBJECT} :p [ :q "two" ] .'
    assert about(skolemised(one), "one") != about(skolemised(other), "two")
    elsewhere = skolemise(graph(one), URIRef(f"{OWNER}y"))
    assert about(skolemised(one), "one") != about(set(elsewhere), "one")


def test_equal_content_at_different_paths_is_two_nodes() -> None:
    result = skolemised(f'{SUBJECT} :p [ :q "one" ] ; :r [ :q "one" ] .')
    assert len({s for s, _, o in result if str(o) == "one"}) == 2


def test_a_shared_node_stays_one() -> None:
    result = skolemised(f'{SUBJECT} :p _:a ; :r _:a . _:a :q "one" .')
    assert len({s for s, _, o in result if str(o) == "one"}) == 1


@st.composite
def trees(draw: st.DrawFn) -> list[tuple[Node, URIRef, Node]]:
    """A description whose blank nodes form a directed graph without cycles, hanging from the owner."""
    size = draw(st.integers(1, 6))
    blanks = [BNode() for _ in range(size)]
    predicates = st.sampled_from([URIRef(EX + name) for name in "pqr"])
    triples: list[tuple[Node, URIRef, Node]] = [(OWNER, draw(predicates), blanks[0])]
    for index in range(1, size):
        above = draw(st.sampled_from([OWNER, *blanks[:index]]))
        triples.append((above, draw(predicates), blanks[index]))
    for blank in blanks:
        for value in draw(st.lists(st.sampled_from(["a", "b", "c"]), max_size=2)):
            triples.append((blank, draw(predicates), Literal(value)))
    return triples


@given(trees(), st.integers(0, 1000))
def test_order_and_labels_of_blank_nodes_do_not_matter(triples: list[tuple[Node, URIRef, Node]], seed: int) -> None:
    fresh: dict[Node, Node] = {term: BNode() for s, _, o in triples for term in (s, o) if isinstance(term, BNode)}
    renamed = [(fresh.get(s, s), p, fresh.get(o, o)) for s, p, o in triples]
    random.Random(seed).shuffle(renamed)
    first, second = Graph(), Graph()
    for statement in triples:
        first.add(statement)
    for statement in renamed:
        second.add(statement)
    assert canonical_ntriples(skolemise(first, OWNER)) == canonical_ntriples(skolemise(second, OWNER))


@given(trees())
def test_skolemising_twice_changes_nothing(triples: list[tuple[Node, URIRef, Node]]) -> None:
    first = Graph()
    for statement in triples:
        first.add(statement)
    once = skolemise(first, OWNER)
    assert set(skolemise(once, OWNER)) == set(once)


def test_lists_keep_their_order() -> None:
    one, other = (skolemise(graph(f"{SUBJECT} :p ( {items} ) ."), OWNER) for items in ('"a" "b" "c"', '"c" "b" "a"'))
    for result, expected in ((one, ["a", "b", "c"]), (other, ["c", "b", "a"])):
        head = result.value(OWNER, URIRef(EX + "p"))
        assert [str(item) for item in result.items(head)] == expected  # type: ignore[arg-type]


def test_lists_that_share_their_items_are_named_at_once() -> None:
    """Each list holds the next at two positions: walked once for each way to it, the last would be met 2⁴⁰ times."""
    lists, description = [BNode() for _ in range(41)], new_graph()
    description.add((OWNER, URIRef(EX + "p"), lists[0]))
    for head, inner in pairwise(lists):
        items: list[Node] = [URIRef(f"{EX}{number}") for number in range(11)]
        items[2] = items[10] = inner
        Collection(description, head, items)
    Collection(description, lists[-1], [Literal("end")])
    result = skolemise(description, OWNER)
    assert len(result) == len(description)
    assert not any(isinstance(term, BNode) for triple in result for term in triple)


def test_equal_items_of_a_list_stay_apart() -> None:
    result = skolemise(graph(f'{SUBJECT} :p ( [ :q "a" ] [ :q "a" ] "x" "x" ) .'), OWNER)
    items = list(result.items(result.value(OWNER, URIRef(EX + "p"))))  # type: ignore[arg-type]
    assert len(items) == 4
    assert len(set(items[:2])) == 2


@pytest.mark.parametrize(
    "turtle",
    [
        f"{SUBJECT} :p _:a . _:a :q _:b . _:b :q _:a .",
        f"{SUBJECT} :p _:a . _:a :q _:a .",
        f"{SUBJECT} :p _:a . _:a :q _:b . _:b :q _:a . {SUBJECT} :r _:b .",
        f"{SUBJECT} :p _:a . _:a rdf:first 1 ; rdf:rest _:b . _:b rdf:first 2 ; rdf:rest _:a .",
        f"{SUBJECT} :p _:a . _:a rdf:first _:a ; rdf:rest rdf:nil .",
    ],
)
def test_cycles_are_refused(turtle: str) -> None:
    with pytest.raises(DescriptionError, match="cycl"):
        skolemised(f"@prefix rdf: <{RDF}> .\n{turtle}")


@pytest.mark.parametrize("turtle", ['_:a :q "loose" .', f'{SUBJECT} :p "x" . _:a :q _:b .', "_:a :q _:a ."])
def test_loose_nodes_are_refused(turtle: str) -> None:
    with pytest.raises(DescriptionError, match="not reachable"):
        skolemised(turtle)


def test_deep_nesting_is_refused_and_told() -> None:
    turtle = f"{SUBJECT} :p " + "[ :p " * (MAX_DEPTH + 1) + '"x"' + " ]" * (MAX_DEPTH + 1) + " ."
    with pytest.raises(DescriptionError, match="deeper"):
        skolemised(turtle)


def test_many_paths_to_one_node_do_not_take_for_ever() -> None:
    """Thirty diamonds in a row have 2**30 paths."""
    rungs = "".join(f"_:n{i} :p _:n{i + 1} ; :q _:n{i + 1} .\n" for i in range(30))
    result = skolemised(f'{SUBJECT} :p _:n0 .\n{rungs}_:n30 :q "end" .')
    assert len({s for s, _, o in result if str(o) == "end"}) == 1


def test_too_large_a_description_is_refused() -> None:
    large = Graph()
    for number in range(MAX_TRIPLES + 1):
        large.add((OWNER, DCT.title, Literal(number)))
    with pytest.raises(DescriptionError, match="at most"):
        skolemise(large, OWNER)


def test_a_blank_node_has_no_canonical_form() -> None:
    with pytest.raises(DescriptionError, match="blank node"):
        canonical_ntriples(graph(f'{SUBJECT} :p [ :q "x" ] .'))


@pytest.mark.parametrize(
    "statement",
    [
        (OWNER, DCT.title, URIRef("not an iri")),
        (OWNER, DCT.title, URIRef("relative")),
        (URIRef("https://example.org/<>"), DCT.title, Literal("x")),
        (OWNER, URIRef("https://example.org/a b"), Literal("x")),
    ],
)
def test_malformed_iris_are_refused(statement: tuple[Node, Node, Node]) -> None:
    broken = Graph()
    broken.add(statement)
    with pytest.raises(DescriptionError):
        canonical_ntriples(broken)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
literals = st.one_of(
    st.builds(Literal, texts),
    st.builds(lambda text: Literal(text, lang="pt-br"), texts),
    st.sampled_from(
        [
            Literal("007", datatype=XSD.integer),
            Literal("1.10", datatype=XSD.decimal),
            Literal("2021-02-30", datatype=XSD.date),
            Literal("x", datatype=XSD.string),
            Literal("1", datatype=XSD.boolean),
            Literal("", datatype=URIRef(EX + "type")),
        ]
    ),
)


@given(st.lists(st.tuples(st.sampled_from([DCT.title, DCT.issued, DCAT.keyword]), literals), max_size=10))
def test_literals_come_back_as_they_were(properties: list[tuple[URIRef, Literal]]) -> None:
    first = new_graph()
    for predicate, value in properties:
        first.add((OWNER, predicate, value))
    data = canonical_ntriples(first)
    assert canonical_ntriples(parse_ntriples(data)) == data
    lexical = {(str(o), o.language) for o in first.objects() if isinstance(o, Literal)}
    assert {(str(o), o.language) for o in parse_ntriples(data).objects() if isinstance(o, Literal)} == lexical
    assert data.count(b"\n") == len(data.splitlines()) or b"\x0b" in data or b"\x0c" in data


def test_lexical_forms_survive_whatever_others_do_to_rdflib(monkeypatch: pytest.MonkeyPatch) -> None:
    data = canonical_ntriples(graph(f'{SUBJECT} :p "007"^^<{XSD.integer}> .'))
    monkeypatch.setattr(rdflib, "NORMALIZE_LITERALS", True)
    assert canonical_ntriples(parse_ntriples(data)) == data


def test_lines_are_sorted_and_hashed() -> None:
    data = canonical_ntriples(graph(f'{SUBJECT} :b "2" ; :a "1" .'))
    lines = data.split(b"\n")
    assert lines == [*sorted(lines[:-1]), b""]
    assert content_hash(data) == content_hash(canonical_ntriples(graph(f'{SUBJECT} :a "1" . {SUBJECT} :b "2" .')))
    assert content_hash(data) != content_hash(data + b" ")


def test_selected_statements_are_those_with_the_predicate_and_no_text_that_looks_like_it() -> None:
    trap = f'<{DCT.identifier}> "x" .\\n<https://example.org/a> <{DCT.identifier}> "trap" .'
    data = canonical_ntriples(
        graph(f'{SUBJECT} <{DCT.title}> """{trap}""" ; <{DCT.identifier}> "real" ; <{SKOS.notation}> :n .')
    )
    assert [(s, p, v.value) for s, p, v in select_statements(data, [str(DCT.identifier), str(SKOS.notation)])] == [
        (str(OWNER), str(DCT.identifier), "real"),
        (str(OWNER), str(SKOS.notation), EX + "n"),
    ]
    assert list(select_statements(data, [])) == []
    assert list(select_statements(b"", [str(DCT.title)])) == []
