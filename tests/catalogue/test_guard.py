"""The guard: what it refuses, what it lets pass, and that the engine sees no SERVICE it has not seen."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.store.guard import MAX_DEPTH, MAX_LENGTH, MAX_OPERATORS, Form, inspect
from core.errors import QueryError, QueryForbidden, QuerySyntaxError, QueryTooComplex

ROOT = Path(__file__).parents[2]
CALL = "SERVICE<http://127.0.0.1:999/>{}"

PASSING = [
    ("SELECT * { ?s ?p ?o }", Form.SELECT),
    ("# SERVICE <http://x> {}\nASK { ?service <http://example.org/SERVICE> 'SERVICE <http://x> {}' }", Form.ASK),
    (
        'PREFIX ex: <http://x/> CONSTRUCT { ?s ex:service """it"s SERVICE""" } WHERE { ?s ex:service ?o }',
        Form.CONSTRUCT,
    ),
    ("base<http://x/>prefix : <y>DESCRIBE<z>", Form.DESCRIBE),
    ("PREFIX service: <http://x/> SELECT * { GRAPH service:g { service:a ?p service:b } }", Form.SELECT),
    ("SELECT*FROM<http://x/service#it's>WHERE{}", Form.SELECT),
    ("SELECT ?s { VALUES (?s ?o) { (<urn:x#a> <urn:x#b>) } }", Form.SELECT),
    ("SELECT * { ?s ?p ?o FILTER(?o<5&&?o>1) FILTER(STR(?o)<'>') }", Form.SELECT),
    ("ASK { FILTER NOT EXISTS { ?s ?p 1.5e3 } MINUS { ?s a _:b.c } }", Form.ASK),
    ("SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s (<a>/<b>|^<c>)+ ?o } GROUP BY ?o HAVING(?n > 1)", Form.SELECT),
    ("ASK{" + "{" * (MAX_DEPTH - 1) + "}" * (MAX_DEPTH - 1) + "}", Form.ASK),
]

CALLS = [
    f"ASK {{ {CALL} }}",
    "ASK { service silent <http://x> { ?s ?p ?o } }",
    "ASK { sErViCe # why\n <http://x> {} }",
    "PREFIX ex: <http://x/> ASK { SERVICE ex:a {} }",
    "PREFIX ex: <http://x/> ASK { SERVICEex:a{} }",
    "PREFIX : <http://x/> ASK { SERVICE:a # why\n {} }",
    f"ASK {{ ?s ?p 1{CALL} }}",
    f"ASK {{ ?s ?p 1.e5{CALL} }}",
    f"ASK {{ ?s ?p true{CALL} }}",
    f"ASK {{ ?s ?p 'x'{CALL} }}",
    "ASK { SERVICESILENT<http://x>{} }",
    f"PREFIX : <http://x/> ASK {{ ?s ?p :.{CALL} }}",
    r"ASK { SERV\u0049CE <http://x> {} }",
    r"ASK { \U00000053ERVICE <http://x> {} }",
    f"ASK {{ ?s ?p ?o FILTER(?o<'>'){CALL}#'\n }}",
    f"ASK {{ ?s ?p ?o FILTER(?o=?o||?o<?b#>'''\n){CALL}#'''\n }}",
    f"PREFIX ex: <http://x/> ASK {{ ?s ?p ?o FILTER(?o=?o||?o<ex:b#>'''\n){CALL}#'''\n }}",
    f"ASK {{ ?s ?p ?o BIND(?o<'>' AS ?z){CALL}#'\n }}",
    f'ASK {{ VALUES ?x {{ """ " }} {CALL} # \\x """\n }}',
    f'ASK {{ VALUES ?x {{ """a"""" " }} {CALL} #"\n }}',
    f'ASK {{ VALUES ?x {{ """ " }} {CALL} # \\uD800 """\n }}',
]


@pytest.mark.parametrize(("query", "form"), PASSING)
def test_queries_pass(query: str, form: Form) -> None:
    assert inspect(query).form is form


@pytest.mark.parametrize("query", CALLS)
def test_no_spelling_of_service_passes(query: str) -> None:
    with pytest.raises(QueryForbidden, match="SERVICE"):
        inspect(query)


@pytest.mark.parametrize("query", ["ASK { SERVICE ?x {} }", "ASK { SERVICE SILENT $x { ?s ?p ?o } }"])
def test_service_with_a_variable_is_malformed_here(query: str) -> None:
    with pytest.raises(QuerySyntaxError, match="variable"):
        inspect(query)


@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { <a> <b> <c> }", "PREFIX x: <y> DELETE WHERE { ?s ?p ?o }", "load <http://x>", "CLEAR ALL",
        "DROP GRAPH <x>", "CREATE GRAPH <x>", "WITH <x> DELETE {} WHERE {}", "COPY <a> TO <b>", "MOVE <a> TO <b>",
        "ADD <a> TO <b>", r"\u0044ROP ALL",
    ],
)  # fmt: skip
def test_updates_are_refused(update: str) -> None:
    with pytest.raises(QueryForbidden, match="read-only"):
        inspect(update)


@pytest.mark.parametrize(
    "text", ["", " # nothing", "PREFIX x: <y>", "SELEKT * {}", "{}", "\ufeffASK{}", "PREFIX ASK{}"]
)
def test_what_is_no_query_is_said_so(text: str) -> None:
    with pytest.raises(QuerySyntaxError):
        inspect(text)


@pytest.mark.parametrize(
    "query",
    [
        "ASK " + "{" * 3000 + "}" * 3000,
        "SELECT * { ?s ?p ?o FILTER(" + "(" * 10_000 + "1" + ")" * 10_000 + ") }",
        "ASK { ?s ?p " + "[<p> " * 3000 + "1" + "]" * 3000 + "}",
        "SELECT * {" + " UNION ".join(["{?s ?p ?o}"] * (MAX_OPERATORS + 2)) + "}",
        "SELECT * { ?s ?p ?o FILTER(" + "||".join(["?s"] * (MAX_OPERATORS + 2)) + ")}",
        "SELECT * { ?s ?p ?o FILTER(" + "!" * 3000 + "?s)}",
        "SELECT * {" + "OPTIONAL {?s ?p ?o}" * 3000 + "}",
        "SELECT * { ?s " + "/".join(["<p>"] * 3000) + " ?o }",
        "ASK { " + "<<" * 200 + "?s ?p ?o" + ">> ?p ?o" * 200 + " }",
        "ASK { ?s ?p ?o . " + "<< ?s ?p " * 200 + "?o" + " >>" * 200 + " ?p ?o }",
        "ASK {} #" + "x" * MAX_LENGTH,
    ],
)  # fmt: skip
def test_what_the_engine_does_not_bear_is_refused(query: str) -> None:
    with pytest.raises(QueryTooComplex):
        inspect(query)


def test_brackets_in_strings_comments_and_iris_do_not_count() -> None:
    many = "{([" * 200
    inspect(f'ASK {{ ?s ?p \'{many}\', """{many}\n""" # {many}\n }}')


def test_quoted_triples_beside_each_other_do_not_nest() -> None:
    inspect("ASK { " + "<< ?s ?p <o> >> ?p <<<s> <p> <o>>> . " * 200 + "}")
    inspect("ASK { FILTER(" + " && ".join(["?a < ?b"] * 200) + ") }")


def test_what_the_front_needs_to_know() -> None:
    assert inspect("SELECT * FROM <a> {}").dataset_clause
    assert inspect("ASK FROM NAMED <a> {}").dataset_clause
    assert not inspect("ASK { ?from <FROM> 'FROM' }").dataset_clause
    assert not inspect("SELECT (NOW() AS ?n) {}").repeatable
    assert inspect("SELECT * {?now <rand> ?uuid}").repeatable


@given(st.text(max_size=300))
def test_any_text_is_read_without_harm(text: str) -> None:
    for query in (text, f"SELECT * {{ {text}"):
        try:
            inspect(query)
        except QueryError as error:
            assert error.remedy


@settings(max_examples=30, deadline=2000)
@given(st.text(alphabet="a.:-_'\"\\u0<>#{@%1e", min_size=1, max_size=6))
def test_reading_takes_time_in_proportion(piece: str) -> None:
    try:
        inspect("ASK {" + piece * (60_000 // len(piece)))
    except QueryError as error:
        assert error.message


def test_the_engine_dials_out_on_nothing_that_passes() -> None:
    """In a process without network the engine fails where it meets SERVICE; whatever passes must not fail so."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "service_hunt.py"), "20000"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, env={"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    tried, met, replaced = map(int, done.stdout.split())
    assert tried > 500 and met > 30 and replaced > 30
