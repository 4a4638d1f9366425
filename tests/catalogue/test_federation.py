"""SERVICE answered by the front: the same as the engine gives that asks by itself, within limits, or a clear error."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter
from collections.abc import Iterator

import pyoxigraph as ox
import pytest

from catalogue.federation.federation import Federation, Resolved
from catalogue.store.querying import inspect_for_engine, inspect_query
from core.errors import QueryError, QueryForbidden, QueryTimeout, QueryTooLarge, ServiceError
from core.settings import Settings
from tests.catalogue.endpoints import Endpoint, endpoint, listener

REMOTE = r"""
@prefix : <http://x/> .
:a :name "Anna", "Änne"@de ; :age 30 ; :knows :b, [ :name "nobody" ] .
:b :name "Bob \"the\\ quote\"\n}" ; :age 4.5 ; :flag true .
:c :name "SERVICE <http://evil.example/> {}", "it's # not a comment" ; :at <http://x/it's#(c)> .
"""
LOCAL = "@prefix : <http://x/> . :a :likes :c . :b :likes :b . :z :likes :y ; :age 30 ."
MISBEHAVIOURS = ["slow", "drip", "redirect", "error", "page", "boolean", "broken", "short", "anytime", "capped", "iri",
                 "variable", "language"]  # fmt: skip
QUERIES = [
    "SELECT * { SERVICE e:sparql { ?s :name ?n } }",
    "SELECT * { ?s :likes ?o . SERVICE e:sparql { ?s :name ?n } ?s ?p ?q }",
    "SELECT * { ?s :likes ?o OPTIONAL { SERVICE e:sparql { ?o :age ?n } } }",
    "SELECT * { { SERVICE e:xml { ?s :age ?n } } UNION { ?s :age ?n } }",
    "SELECT * { ?s :likes ?o MINUS { SERVICE e:sparql { ?s :age ?n } } }",
    "SELECT (COUNT(*) AS ?c) { SERVICE e:sparql { ?s ?p ?o FILTER(?o > 1) } SERVICE e:xml { ?s :name ?n } }",
    "SELECT ?s ?m { SERVICE e:sparql { SELECT ?s (MAX(?n) AS ?m) { ?s :age ?n } GROUP BY ?s } BIND(STR(?s) AS ?t) }",
    "SELECT * { { SELECT ?s { SERVICE SILENT e:sparql { ?s :name ?n OPTIONAL { ?s :age ?a } } } ORDER BY ?s } }",
    "SELECT * { SERVICE e:sparql { ?s :name ?n OPTIONAL { ?s :age ?a } } FILTER(!BOUND(?a)) }",
    "ASK { SERVICE e:sparql { :a :name 'Anna' } }",
    "ASK { SERVICE e:sparql { :a :name 'Nobody' } }",
    "SELECT * { SERVICE e:sparql { ?s :missing ?n } }",
    "SELECT * { ?s :likes ?o FILTER EXISTS { SERVICE e:sparql { ?s :age ?n } } }",
    "CONSTRUCT { ?s :named ?n } WHERE { SERVICE e:sparql { ?s :name ?n } }",
    "SELECT * { VALUES ?n { 'Anna' } SERVICE e:sparql { ?s :name ?n VALUES ?q { UNDEF 1 } } }",
    "SELECT * { ?s :likes ?o . ?s :age 30SERVICE e:sparql{ ?q :age 30 } }",
    "SELECT * { SERVICE SILENT e:error { ?s :name ?n } ?s :likes ?o }",
    "SELECT ?s { SERVICE SILENT e:error { SELECT ?s { ?s :name ?n } } }",
]  # fmt: skip


@pytest.fixture(scope="module")
def remote() -> Iterator[Endpoint]:
    with endpoint(REMOTE) as found:
        yield found


@pytest.fixture(scope="module")
def local() -> ox.Store:
    store = ox.Store()
    store.load(LOCAL.encode(), format=ox.RdfFormat.TURTLE)
    store.load(LOCAL.encode(), format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode("http://x/g"))
    return store


def resolve(query: str, *allowed: str, wait: float = 10, **changes: object) -> Resolved:
    settings = Settings(**{"service_allow": allowed, "service_timeout": 5, **changes})  # type: ignore[arg-type]

    async def run() -> Resolved:
        federation = Federation(settings)
        try:
            facts = await inspect_query(query, settings)
            return await federation.resolve(query, facts, None, asyncio.get_running_loop().time() + wait)
        finally:
            await federation.close()

    return asyncio.run(run())


def solutions(store: ox.Store, query: str) -> Counter[str] | bool:
    """What a query gives, in no order, and with one name for all blank nodes, skolemised or not."""
    found = store.query(query)
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    if isinstance(found, ox.QueryTriples):
        rows = list(map(str, found))
    else:
        names = [variable.value for variable in found.variables]
        rows = [" ".join(sorted(f"{name}={row[name]}" for name in names)) for row in found]
    return Counter(re.sub(r"_:\w+|<[^>]*/genid/[^>]*>", "_:b", row) for row in rows)


def table(store: ox.Store, query: str) -> tuple[list[str], list[list[object]]]:
    """Variables and rows; the engine's object must not outlive this call, lest another thread clears it away."""
    found = store.query(query)
    assert isinstance(found, ox.QuerySolutions)
    return [variable.value for variable in found.variables], [list(row) for row in found]


@pytest.mark.parametrize("query", QUERIES)
def test_answers_are_those_of_an_engine_that_asks_by_itself(remote: Endpoint, local: ox.Store, query: str) -> None:
    whole = f"PREFIX : <http://x/> PREFIX e: <{remote.url}/> {query}"
    resolved = resolve(whole, *map(remote.at, ("sparql", "xml", "error")))
    assert not resolved.facts.services and not resolved.facts.repeatable
    assert solutions(local, resolved.query) == solutions(local, whole)


def test_in_a_graph_the_other_endpoint_is_asked_all_the_same(remote: Endpoint, local: ox.Store) -> None:
    """The embedded engine gives nothing here when it asks by itself; SPARQL has the pattern joined in each graph."""
    call = f"SERVICE <{remote.at('sparql')}> {{ ?s :age ?n }}"
    query = f"PREFIX : <http://x/> SELECT * {{ GRAPH ?g {{ ?s :likes ?o {call} }} }}"
    found = solutions(local, resolve(query, remote.at("sparql")).query)
    assert isinstance(found, Counter) and sum(found.values()) == 2 and "4.5" in str(found)


def test_the_endpoint_is_asked_the_pattern_with_the_prefixes_and_a_limit(remote: Endpoint) -> None:
    resolve(f"PREFIX : <http://x/> ASK {{ SERVICE <{remote.at('sparql')}> {{ ?s :age ?n }} }}", remote.at("sparql"))
    head = "BASE <http://127.0.0.1:8000/sparql>\nPREFIX : <http://x/>\n"
    assert remote.asked[-1] == ("sparql", f"{head}SELECT * WHERE {{ ?s :age ?n }} LIMIT 10001")
    resolve(
        f"BASE <http://y/> PREFIX : <z#> ASK {{ SERVICE <{remote.at('sparql')}> {{ <a> :b ?c }} }}", remote.at("sparql")
    )
    assert remote.asked[-1][1].startswith("BASE <http://y/>\nPREFIX : <http://y/z#>\nSELECT")


def test_blank_nodes_of_another_store_are_like_no_other_node(remote: Endpoint, local: ox.Store) -> None:
    call = f"SERVICE <{remote.at('sparql')}> {{ ?s :knows ?o . ?o :name ?n }}"
    query = f"PREFIX : <http://x/> SELECT ?o {{ {call} FILTER(CONTAINS(STR(?o), 'genid')) }}"
    asked = [resolve(query, remote.at("sparql")).query for _ in range(2)]
    found = [{str(row["o"]) for row in local.query(one)} for one in asked]  # type: ignore[union-attr]
    assert len(found[0]) == len(found[1]) == 1 and found[0] != found[1]
    assert next(iter(found[0])).startswith("<http://127.0.0.1:8000/.well-known/genid/")


@pytest.mark.parametrize("path", MISBEHAVIOURS)
def test_an_endpoint_that_misbehaves_is_named(remote: Endpoint, local: ox.Store, path: str) -> None:
    address = remote.at(path)
    patience = 0.5 if path in ("slow", "drip") else 5
    started = time.monotonic()
    with pytest.raises(ServiceError, match=path) as caught:
        resolve(f"SELECT * {{ SERVICE <{address}> {{ ?x ?y ?z }} }}", address, service_timeout=patience)
    assert time.monotonic() - started < 1.4 and caught.value.remedy
    silent = resolve(f"SELECT * {{ SERVICE SILENT <{address}> {{ ?x ?y ?z }} }}", address, service_timeout=patience)
    assert table(local, silent.query) == (["x", "y", "z"], [[None, None, None]])
    assert remote.asked[-1][0] == path, "a redirect was followed"


def test_nobody_at_home_is_an_error() -> None:
    with pytest.raises(ServiceError, match="cannot be asked"):
        resolve("ASK { SERVICE <http://127.0.0.1:9/x> {} }", "http://127.0.0.1:9/x")


@pytest.mark.parametrize("silent", ["", "SILENT"])
def test_too_much_is_refused_and_never_cut(remote: Endpoint, silent: str) -> None:
    for path, limit in (("many", {"service_rows": 59}), ("huge", {"service_bytes": 50_000})):
        with pytest.raises(QueryTooLarge, match=path):
            resolve(f"ASK {{ SERVICE {silent} <{remote.at(path)}> {{}} }}", remote.at(path), **limit)
    assert (
        "VALUES" in resolve(f"ASK {{ SERVICE <{remote.at('many')}> {{}} }}", remote.at("many"), service_rows=60).query
    )


def test_what_is_put_in_has_a_limit_of_its_own(remote: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalogue.federation.federation.MAX_BYTES", 90_000)
    with pytest.raises(QueryTooLarge, match="comes to more than"):
        resolve(f"ASK {{ SERVICE <{remote.at('huge')}> {{}} }}", remote.at("huge"))


def test_the_deadline_of_the_query_counts_for_what_it_asks(remote: Endpoint) -> None:
    started = time.monotonic()
    with pytest.raises(QueryTimeout):
        resolve(f"ASK {{ SERVICE SILENT <{remote.at('slow')}> {{}} }}", remote.at("slow"), wait=0.2)
    assert time.monotonic() - started < 0.45


@pytest.mark.parametrize(
    "call",
    [
        "SERVICE <{0}/sparql/> {{}}", "SERVICE SILENT <{0}/sparql?x> {{}}", "service<{0}>{{}}", "1SERVICE<{0}/>{{}}",
        r"SERV\u0049CE <{0}/> {{}}", "SERVICE e:x {{}}", "SERVICEe:x{{}}", "SERVICESILENT<{0}/x>{{}}",
        "SERVICE ?x {{}}",
        "SERVICE <{0}/sparql> {{ SERVICE <{0}/other> {{}} }}", "FILTER(?o<'>')SERVICE<{0}/x>{{}}#'\n",
        "SERVICE <{0}/spar\\u0071> {{}}", "SERVICE <{0}\\u002F\\u002e\\u002E/x> {{}}",
    ],
)  # fmt: skip
def test_no_connection_is_made_for_what_is_refused(call: str) -> None:
    with listener() as nobody:
        query = f"PREFIX e: <{nobody.url}/> ASK {{ ?s ?p ?o {call.format(nobody.url)} }}"
        with pytest.raises(QueryError):
            resolve(query, nobody.at("sparql"))
        with pytest.raises(QueryError):
            asyncio.run(inspect_for_engine(query, None))
        with pytest.raises(QueryForbidden, match="read-only"):
            resolve(f"LOAD <{nobody.url}>", nobody.at("sparql"))
    assert not nobody.connections
