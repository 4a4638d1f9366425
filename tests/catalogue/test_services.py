"""SERVICE in queries: found with its exact place in every spelling that is answered, refused in every other."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.store.guard import MAX_SERVICES, inspect
from catalogue.store.querying import SEARCH_SERVICE, inspect_for_engine, inspect_query, search_services
from core.errors import QueryError, QueryForbidden, QuerySyntaxError, QueryTooComplex
from core.settings import Settings

HERE = "http://127.0.0.1:7/sparql"
ALLOWED = frozenset({HERE})

SPELLINGS = [
    f"SERVICE <{HERE}> {{ ?s ?p ?o }}",
    f"service<{HERE}>{{?s ?p ?o}}",
    f"SeRvIcE SILENT <{HERE}> {{ ?s ?p ?o }}",
    f"SERVICE # one {{\n silent # two }}\n <{HERE}> # {{ three\n {{ ?s ?p ?o }}",
    "SERVICE e:sparql { ?s ?p ?o }",
    "SERVICE : { ?s ?p ?o }",
    "SERVICE </sparql> { ?s ?p ?o }",
    "SERVICE <sparql> { ?s ?p ?o }",
    f"SERVICE <{HERE.replace('s', chr(92) + 'u0073')}> {{ ?s ?p ?o }}",
    rf"SERV\u0049CE <{HERE}> {{ ?s ?p ?o }}",
    rf"\U00000053ERVICE S\u0049LENT <{HERE}> {{ ?s ?p ?o }}",
    f"SERVICE <{HERE}> {{ ?s ?p \"}}\", '''}}'''@en . # }}\n FILTER(?o > 1 && (?o < 5)) {{ }} [] ?q () }}",
]  # fmt: skip
PROLOGUE = "BASE <http://127.0.0.1:7/> PREFIX e: <http://127.0.0.1:7/> PREFIX : <sparql> "
PLACES = [
    "SELECT * {{ {} }}",
    "SELECT * {{ ?a ?b 1{} }}",
    "SELECT * {{ ?a ?b ?c . {} ?d ?e ?f }}",
    "SELECT * {{ OPTIONAL {{ {} }} }}",
    "ASK {{ {{ {} }} UNION {{ ?s ?p 'SERVICE <http://x> {{}}' }} # SERVICE <http://x> {{}}\n }}",
    "SELECT * {{ GRAPH ?g {{ {} }} }}",
    "SELECT * {{ {{ SELECT ?s {{ {} }} }} }}",
    "CONSTRUCT {{ ?s a <SERVICE> }} WHERE {{ FILTER NOT EXISTS {{ {} }} }}",
    "DESCRIBE ?s {{ {} MINUS {{ ?s ?p ?o }} }}",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("place", PLACES)
def test_an_allowed_endpoint_is_found_with_its_place(place: str, spelling: str) -> None:
    query = PROLOGUE + place.format(spelling)
    (clause,) = inspect(query, ALLOWED).services
    assert query[clause.start : clause.end] == spelling
    assert clause.iri == HERE and clause.silent == ("SIL" in spelling.upper().replace(r"\U0049", "I"))
    assert spelling.endswith(clause.group) and clause.group[0] == "{" and clause.group[-1] == "}"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_the_same_is_refused_where_it_is_not_allowed(spelling: str) -> None:
    for allowed in ((), {"http://127.0.0.1:7/sparql/"}, {"HTTP://127.0.0.1:7/sparql"}, {"http://127.0.0.1/sparql"}):
        with pytest.raises(QueryForbidden, match="SERVICE"):
            inspect(f"{PROLOGUE} ASK {{ {spelling} }}", allowed)


@pytest.mark.parametrize(
    "call",
    [
        f"SERVICESILENT<{HERE}>{{}}",
        f"trueSERVICE<{HERE}>{{}}",
        "SERVICEe:sparql{}",
        "SERVICE:{}",
        f"SERVICE <{HERE}/> {{}}",
        f"SERVICE <{HERE}#> {{}}",
        f"SERVICE <{HERE}?query=x> {{}}",
        "SERVICE <http://127.0.0.1:07/sparql> {}",
        "SERVICE <http://LOCALHOST:7/sparql> {}",
        "SERVICE <> {}",
        "SERVICE unknown:sparql {}",
        "SERVICE {}",
        "SERVICE 'http://127.0.0.1:7/sparql' {}",
        f"SERVICE <{HERE}> {{ SERVICE <{HERE}> {{}} }}",
        f"SERVICE <{HERE}> {{ OPTIONAL {{ SERVICE SILENT <http://other.example> {{}} }} }}",
    ],
)
def test_other_spellings_and_other_addresses_are_refused(call: str) -> None:
    with pytest.raises(QueryForbidden, match="SERVICE"):
        inspect(f"{PROLOGUE} ASK {{ {call} }}", ALLOWED)


@pytest.mark.parametrize(
    "query",
    [
        "ASK { SERVICE ?x {} }",
        f"ASK {{ SERVICE <{HERE}> {{ SERVICE $x {{}} }} }}",
        f"ASK {{ SERVICE <{HERE}> ?s ?p ?o }}",
        f"ASK {{ SERVICE <{HERE}> {{ ?s ?p {{",
        f"ASK {{ SERVICE <{HERE}> {{ ?s ?p (1 }} ) }}",
        f"ASK {{ ( SERVICE <{HERE}> {{ }} ) }}",
        f"ASK {{ ?s ?p ' SERVICE <{HERE}> {{ }}\n}}",
        f'ASK {{ ?s ?p """ SERVICE <{HERE}> {{ }}\n}}',
        f"ASK }} SERVICE <{HERE}> {{ }}",
    ],
)
def test_what_is_malformed_is_said_so(query: str) -> None:
    with pytest.raises(QuerySyntaxError):
        inspect(query, ALLOWED)


def test_how_many_there_may_be() -> None:
    call = f"SERVICE <{HERE}> {{}}"
    assert len(inspect(f"ASK {{ {call * MAX_SERVICES} }}", ALLOWED).services) == MAX_SERVICES
    with pytest.raises(QueryTooComplex, match="SERVICE"):
        inspect(f"ASK {{ {call * (MAX_SERVICES + 1)} }}", ALLOWED)


def test_only_what_is_answered_here_is_repeatable() -> None:
    assert inspect(f"ASK {{ SERVICE <{SEARCH_SERVICE}> {{}} }}", (), {SEARCH_SERVICE}).repeatable
    assert not inspect(f"ASK {{ SERVICE <{HERE}> {{}} }}", ALLOWED, {SEARCH_SERVICE}).repeatable


def test_a_deployment_answers_its_own_search_by_three_names() -> None:
    deployment = Settings(base_iri="https://catalogue.example.org/x", service_allow=(HERE,))
    assert f"{deployment.base_iri}/search" in search_services(deployment)
    for name in ("search", SEARCH_SERVICE, "https://catalogue.example.org/x/search", HERE):
        facts = asyncio.run(inspect_query(f"ASK {{ SERVICE <{name}> {{}} }}", deployment))
        assert facts.services[0].iri == name and facts.repeatable == (name != HERE)
    with pytest.raises(QueryForbidden):
        asyncio.run(inspect_query("BASE <http://x/> ASK { SERVICE <search> {} }", deployment))


def test_no_engine_takes_a_query_with_service_on_anybodys_word() -> None:
    query = f"ASK {{ SERVICE <{HERE}> {{}} }}"
    with pytest.raises(QueryForbidden):
        asyncio.run(inspect_for_engine(query, inspect(query, ALLOWED)))


PIECES = st.sampled_from([
    "SERVICE", "service ", "SERV\\u0049CE ", "SILENT ", f"<{HERE}>", "<http://evil.example/>", "e:sparql", "?x ", "{",
    "}", "(", ")", "[", "]", "'", '"', "'''", '"""', "#", "\n", " ", "?s ?p ?o ", ". ", "1", "true", "<", ">", "\\",
    "FILTER(", "GRAPH ", "UNION", "<http://x#it's>", "\\u007B", "e:", "@en", "_:b", "||",
    f"SERVICE <{HERE}> {{ ?s ?p ?o }}",
])  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=14))
def test_whatever_the_spelling_nothing_of_service_is_left_when_what_was_found_is_taken_out(pieces: list[str]) -> None:
    query = f"{PROLOGUE}ASK {{ {''.join(pieces)} }}"
    try:
        services = inspect(query, ALLOWED).services
    except QueryError as error:
        assert error.remedy
        return
    left, done = "", 0
    for clause in services:
        assert clause.iri == HERE and done <= clause.start < clause.end
        assert query[clause.start : clause.end].endswith(clause.group)
        left += query[done : clause.start] + " {} "
        done = clause.end
    left += query[done:]
    assert inspect(left).services == ()
