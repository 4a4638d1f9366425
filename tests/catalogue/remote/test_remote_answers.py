"""The same answers from an external store as from the embedded engine, in every format; what differs is listed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalogue.examples import examples
from catalogue.store.guard import inspect
from catalogue.store.querying import QueryEngine
from core.errors import QueryError, QueryForbidden, QuerySyntaxError
from core.settings import Settings
from tests.catalogue.remote.engines import BASE, MANY, ask, comparable, embed, embedded, hold, remote, sample
from tests.servers import SparqlServer

pytestmark = pytest.mark.ci

FEATURES = Path(__file__).parent / "features.rq"
RESULTS = ("application/sparql-results+json", "application/sparql-results+xml", "text/csv", "text/tab-separated-values")
GRAPHS = (
    "text/turtle",
    "application/n-triples",
    "application/rdf+xml",
    "application/ld+json",
    "application/trig",
    "application/n-quads",
)
#: Where Virtuoso 7.2.5 gives another answer, or none, by the numbers of FEATURES; docs/operators.md has the list.
VIRTUOSO_DIFFERS = {
    "aggregate-of-unbound",
    "boolean-stored",
    "datatype-of-tagged",
    "date-filter",
    "division-of-a-double-by-zero",
    "encode",
    "path-without-start",
    "seconds",
}


@dataclass(frozen=True)
class Pair:
    """One release in both engines: the embedded checkpoint, and what the remote engine needs."""

    kind: str
    checkpoint: Path
    settings: Settings
    store: Path


@pytest.fixture(scope="module", params=["virtuoso", "oxigraph"])
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    kind = request.param
    server: SparqlServer = request.getfixturevalue(f"{kind}_server")
    folder = tmp_path_factory.mktemp(kind)
    graphs = sample()
    settings, store = hold(folder, server, graphs)
    return Pair(kind, embed(folder, graphs), settings, store)


def features() -> Iterator[tuple[str, str]]:
    """Small queries, one a feature, by name."""
    head, *parts = re.split(r"^#= ", FEATURES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for part in parts:
        name, _, query = part.partition("\n")
        yield name.strip(), head + query


def test_features_have_the_same_answers(pair: Pair) -> None:
    different = asyncio.run(_different(pair, list(features())))
    expected = VIRTUOSO_DIFFERS if pair.kind == "virtuoso" else set()
    assert len(list(features())) >= 90
    assert {name: problem for name, problem in different.items() if name not in expected} == {}
    assert set(different) == expected


def test_example_queries_have_the_same_answers(pair: Pair) -> None:
    queries = [(example.name, example.query) for example in examples() if not inspect_services(example.query)]
    assert len(queries) >= 20
    assert asyncio.run(_different(pair, queries)) == {}


def inspect_services(query: str) -> bool:
    """Whether a query asks another service, which neither engine does itself."""
    try:
        return bool(inspect(query).services)
    except QueryError:
        return True


def test_results_in_every_format(pair: Pair) -> None:
    query = f"SELECT ?p ?o {{ <{BASE}/value#all> ?p ?o }} ORDER BY ?p"
    for media_type in RESULTS:
        theirs, ours = asyncio.run(_both(pair, query, media_type))
        assert comparable(ours, media_type) == comparable(theirs, media_type)
        theirs, ours = asyncio.run(_both(pair, "ASK { ?s ?p ?o }", media_type))
        assert ours == theirs


def test_graphs_in_every_format(pair: Pair) -> None:
    for media_type in GRAPHS:
        theirs, ours = asyncio.run(_both(pair, f"DESCRIBE <{BASE}/value#all> <{BASE}/value#other>", media_type))
        assert comparable(ours, media_type) == comparable(theirs, media_type) != frozenset()


def test_a_long_answer_streams_in_every_kind_of_conversion(pair: Pair) -> None:
    query = "SELECT * { ?s ?p ?o }"
    json, csv = (asyncio.run(_both(pair, query, media_type)) for media_type in RESULTS[::2])
    assert comparable(json[0]) == comparable(json[1])
    assert len(csv[0].splitlines()) == len(csv[1].splitlines()) > MANY
    graph = asyncio.run(_both(pair, "CONSTRUCT WHERE { ?s ?p ?o }", "text/turtle"))
    assert comparable(graph[0]) == comparable(graph[1])


def test_the_datasets_of_a_request(pair: Pair) -> None:
    inner = f"GRAPH ?g {{ <{BASE}/value#all> <{BASE}/value#plain> ?o }}"
    query = f"SELECT ?g ?o {{ {{ <{BASE}/value#other> ?p ?o }} UNION {{ {inner} }} }}"
    twice, values, nowhere = (f"{BASE}/graph/{name}" for name in ("twice", "values", "nowhere"))
    many = tuple(f"{BASE}/graph/number-{n}" for n in range(1000))
    cases = [
        ((twice,), ()),
        ((), (values,)),
        ((twice,), (values,)),
        ((nowhere,), (nowhere,)),
        ((*many, twice), (values,)),
    ]

    async def compare() -> None:
        async with embedded(pair.checkpoint) as inside, remote(pair.settings, pair.store) as outside:
            for asked in (query, query.replace("{", f"FROM <{values}> FROM NAMED <{twice}> {{", 1)):
                for default, named in cases:
                    found = [
                        comparable(await ask(engine, asked, default_graphs=default, named_graphs=named))
                        for engine in (inside, outside)
                    ]
                    assert found[0] == found[1], (asked, len(default), named)

    asyncio.run(compare())


def test_what_only_virtuoso_has_is_refused(pair: Pair) -> None:
    if pair.kind != "virtuoso":
        pytest.skip("about Virtuoso")
    refused = {
        "SELECT (<bif:sys_stat>('st_dbms_name') AS ?x) {}": QueryForbidden,
        "PREFIX x: <sq> SELECT (x:l\\:rdf_sinv(1) AS ?x) {}": QueryError,
        "PREFIX b: <bif:> SELECT * { ?s b:contains 'x' }": QueryForbidden,
        "SELECT (bif:http_get('http://127.0.0.1/') AS ?x) {}": QuerySyntaxError,
        "SELECT * { ?s ?p ?o OPTION (TRANSITIVE) }": QuerySyntaxError,
        'SELECT * FROM <http://127.0.0.1/> OPTION (get:soft "soft") { ?s ?p ?o }': QuerySyntaxError,
        "SELECT * { ?s foaf:name ?o }": QuerySyntaxError,
        "SELECT `1+1` AS ?x {}": QuerySyntaxError,
    }

    async def ask_all() -> None:
        async with remote(pair.settings, pair.store) as engine:
            for query, kind in refused.items():
                with pytest.raises(kind):
                    await ask(engine, query)

    asyncio.run(ask_all())


async def _different(pair: Pair, queries: list[tuple[str, str]]) -> dict[str, str]:
    found = {}
    async with embedded(pair.checkpoint) as inside, remote(pair.settings, pair.store) as outside:
        for name, query in queries:
            answers = [await _answer(engine, query) for engine in (inside, outside)]
            if answers[0] != answers[1]:
                found[name] = f"{str(answers[0])[:300]} | {str(answers[1])[:300]}"
    return found


async def _answer(engine: QueryEngine, query: str) -> object:
    """What an engine answers, or the kind of its refusal; lists that GROUP_CONCAT made are sets to us."""
    try:
        return comparable(await ask(engine, query))
    except QueryError as error:
        return type(error)


async def _both(pair: Pair, query: str, media_type: str) -> tuple[bytes, bytes]:
    async with embedded(pair.checkpoint) as inside, remote(pair.settings, pair.store) as outside:
        return await ask(inside, query, media_type), await ask(outside, query, media_type)
