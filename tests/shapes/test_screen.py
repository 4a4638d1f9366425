"""The screen in front of pySHACL changes no report: on every row, on broken examples, on SHACL it does not know."""

from __future__ import annotations

import logging
import random
from pathlib import Path

import pytest
from rdflib import Graph, Literal, URIRef

from core.errors import RadiographError
from core.slices import forward_closure
from core.terms import RDF, XSD
from ontology.background import background
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.screen import Screen
from shapes.slices import Slicer
from shapes.statements import from_triples, text_of
from shapes.submission import Submission
from shapes.validator import Validator
from tests.shapes.conftest import DATASET, EX, EXAMPLES, example, turtle
from tests.shapes.test_constraints import ROWS, Mutation

NAMES = sorted(path.stem for path in EXAMPLES.glob("*.ttl"))
_QUICK, _SLOW = 20, 1500


@pytest.fixture(scope="module")
def plain(profiles: Profiles, vocabularies: Vocabularies) -> Validator:
    """pySHACL alone."""
    return Validator(profiles, vocabularies, screened=False)


@pytest.fixture
def pure(caplog: pytest.LogCaptureFixture, validator: Validator) -> Validator:
    """The screened validator; it is a failure as well when the screen fails and pySHACL steps in."""
    caplog.set_level(logging.WARNING, "shapes.validator")
    return validator


def _compare(screened: Validator, plain: Validator, graph: Graph, record: URIRef, **terms: object) -> None:
    answers = []
    for validator in (screened, plain):
        judge = validator.validate if record == DATASET else validator.validate_catalogue
        try:
            answers.append(judge(graph, record, **terms))  # type: ignore[arg-type]
        except RadiographError as error:
            answers.append(str(error))  # type: ignore[arg-type]
    assert answers[0] == answers[1]


def _row(mutation: Mutation, pure: Validator, plain: Validator) -> None:
    _compare(pure, plain, mutation.apply(), mutation.record, profiles=[mutation.profile])


def broken(seed: int) -> Graph:
    """An example with one to four faults, the same for the same seed."""
    dice = random.Random(seed)
    graph = example(dice.choice(NAMES))
    for _ in range(dice.randint(1, 4)):
        s, p, o = dice.choice(sorted(graph))
        odd = [Literal(""), Literal("x", lang="de"), Literal("2020-13-45", datatype=XSD.date), EX.nowhere, EX.dataset]
        match dice.randrange(6):
            case 0:
                graph.remove((s, p, o))
            case 1:
                graph.remove((s, p, None))
            case 2:
                graph.set((s, p, dice.choice(odd)))
            case 3:
                graph.add((s, p, dice.choice(odd)))
            case 4:
                graph.add((s, p, dice.choice(sorted(graph))[2]))
            case _:
                graph.remove((s, RDF.type, None))
    return graph


@pytest.mark.parametrize("mutation", ROWS[::25], ids=lambda row: row.rule)
def test_rows_are_judged_alike(mutation: Mutation, pure: Validator, plain: Validator) -> None:
    _row(mutation, pure, plain)


@pytest.mark.slow
@pytest.mark.parametrize("mutation", ROWS, ids=lambda row: row.rule)
def test_all_rows_are_judged_alike(
    mutation: Mutation, pure: Validator, plain: Validator, caplog: pytest.LogCaptureFixture
) -> None:
    _row(mutation, pure, plain)
    assert not caplog.records


@pytest.mark.parametrize("seed", range(_QUICK))
def test_broken_examples_are_judged_alike(
    seed: int, pure: Validator, plain: Validator, caplog: pytest.LogCaptureFixture
) -> None:
    _compare(pure, plain, broken(seed), DATASET)
    assert not caplog.records


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(_QUICK, _SLOW))
def test_many_broken_examples_are_judged_alike(
    seed: int, pure: Validator, plain: Validator, caplog: pytest.LogCaptureFixture
) -> None:
    _compare(pure, plain, broken(seed), DATASET)
    assert not caplog.records


@pytest.mark.parametrize("name", NAMES)
def test_both_ways_of_slicing_give_the_same_statements(name: str, vocabularies: Vocabularies) -> None:
    graph, slicer = example(name), Slicer(vocabularies)
    for record in {s for s in graph.subjects() if isinstance(s, URIRef)}:
        stated = forward_closure(record, graph)
        cut = slicer.cut(text_of(record), [from_triples(graph)])
        assert set(cut.graph({})) == set(stated) | set(background(stated, vocabularies, described=True))
        assert {triple for triple in graph if text_of(triple[0]) in cut.own} == {
            triple for triple in stated if text_of(triple[0]) in cut.own
        }


def test_a_description_in_ntriples_is_judged_as_its_graph(validator: Validator) -> None:
    graph = example("healthdcat-ap-public-minimal") + turtle("ex:dataset dct:relation [ rdfs:label 'a \\\\ b\\n' ] .")
    for text in (graph.serialize(format="nt").encode(), graph.serialize(format="nt").encode().replace(b" ", b"  ")):
        (outcome,) = validator.validate_many([Submission(DATASET, text)])
        assert outcome.report == validator.validate(graph, DATASET)


@pytest.mark.parametrize("text", [b"<a:a> <a:b> .", b"\xff", b'<a:a> <a:b> "x"@ .'])
def test_what_is_not_ntriples_is_refused_by_name(text: bytes, validator: Validator) -> None:
    with pytest.raises(RadiographError, match=f"{DATASET}.*not N-Triples"):
        list(validator.validate_many([Submission(DATASET, text)]))


class _Failing(Screen):
    """A screen with a bug."""

    def run(self, *_: object) -> list[object]:  # type: ignore[override]
        raise KeyError("a bug")


def test_where_the_screen_fails_pyshacl_judges(
    profiles: Profiles, vocabularies: Vocabularies, validator: Validator, caplog: pytest.LogCaptureFixture
) -> None:
    failing = Validator(profiles, vocabularies)
    failing._screen = _Failing(failing._engine, profiles.classes)
    graph = example("dcat-ap-minimal")
    assert failing.validate(graph, DATASET) == validator.validate(graph, DATASET)
    assert "the screen failed on https://example.org/synthetic/dataset" in caplog.text


_HOUSE = """
[[profile]]
id = "house-rules"
label = "House rules"
release = "1"
iri = "https://example.org/house-rules/1"
specification = "https://example.org/house-rules/"

[profile.shapes]
dataset = ["house/rules.ttl"]
"""
_HEAD = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix house: <https://example.org/house-rules/> .
"""
_RULE = """
house:dataset a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:property house:{name} .
house:{name} a sh:PropertyShape ;
    sh:severity sh:Violation ; sh:name "{name}" ; sh:message "It is broken. Add what is missing." ;
    rdfs:seeAlso house:{name} ;
"""
_QUERY = '"SELECT $this ?value WHERE { $this dct:title ?value FILTER NOT EXISTS { $this dct:creator ?c } }"'
UNKNOWN = {
    "sparql": f"sh:path dct:title ; sh:sparql [ sh:prefixes house:p ; sh:select {_QUERY} ] . house:p sh:declare "
    '[ sh:prefix "dct" ; sh:namespace "http://purl.org/dc/terms/"^^<http://www.w3.org/2001/XMLSchema#anyURI> ] .',
    "comparison": "sh:path dct:issued ; sh:lessThan dct:modified .",
    "repeating-path": "sh:path ( [ sh:zeroOrMorePath dct:relation ] dct:creator ) ; sh:minCount 1 .",
    "closed": "sh:path dct:publisher ; sh:node [ sh:closed true ; sh:property [ sh:path rdfs:label ] ] .",
    "range": "sh:path dcat:byteSize ; sh:minInclusive 1 .",
    "subclasses": "sh:path rdfs:subClassOf ; sh:minCount 1 .",
    "component": "sh:path dct:description ; house:words 50 . house:words-component a sh:ConstraintComponent ; "
    "sh:parameter [ sh:path house:words ] ; sh:validator [ a sh:SPARQLAskValidator ; "
    'sh:ask "ASK { FILTER (strlen(str($value)) > 1000) }" ] .',
}


def test_constraints_that_the_screen_does_not_know_are_judged_by_pyshacl(
    tmp_path: Path, vocabularies: Vocabularies
) -> None:
    rules = "".join(_RULE.format(name=name) + text for name, text in UNKNOWN.items())
    (tmp_path / "shapes" / "house").mkdir(parents=True)
    (tmp_path / "shapes" / "profiles.toml").write_text(_HOUSE, encoding="utf-8")
    (tmp_path / "shapes" / "house" / "rules.ttl").write_text(_HEAD + rules, encoding="utf-8")
    profiles = Profiles.load(tmp_path)
    graph = example("dcat-ap-minimal") + turtle(
        "ex:dataset dct:issued 2 ; dct:modified 1 ; dcat:byteSize 0 ; dct:description 'short' ; dct:publisher ex:them ."
        "ex:them a foaf:Agent ; foaf:name 'They' ."
    )
    reports = [
        Validator(profiles, vocabularies, screened=screened).validate(graph, DATASET, profiles=["house-rules"])
        for screened in (True, False)
    ]
    assert reports[0] == reports[1]
    assert {finding.field for finding in reports[0].findings} == UNKNOWN.keys()
