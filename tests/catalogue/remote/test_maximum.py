"""A Virtuoso whose configuration limits the number of solutions: no answer is cut by it without a word."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import QueryTooComplex, QueryTooLarge
from core.settings import Settings
from core.terms import XSD
from tests.catalogue.remote.engines import BASE, MANY, ask, comparable, hold, remote, sample
from tests.servers import SparqlServer, virtuoso

pytestmark = pytest.mark.ci

MOST = 50
NUMBERS = f"?m <{BASE}/many#number> ?n"


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparqlServer]:
    server = virtuoso(tmp_path_factory.mktemp("limited"), most_rows=MOST)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def held(limited: SparqlServer, tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path]:
    return hold(tmp_path_factory.mktemp("held"), limited, sample())


@pytest.mark.parametrize("told", [True, False])
def test_what_was_cut_is_told(held: tuple[Settings, Path], told: bool) -> None:
    """Also where the store does not say what its limit is: then each graph that may be larger is looked at."""
    cut = [
        f"SELECT ?m {{ {NUMBERS} }}",
        f"SELECT ?m {{ {NUMBERS} }} LIMIT {MOST + 1}",
        f"SELECT ?m {{ {NUMBERS} }} OFFSET {MANY - MOST - 10}",
        f"CONSTRUCT WHERE {{ {NUMBERS} }}",
        f"CONSTRUCT {{ <{BASE}/a> <{BASE}/b> <{BASE}/c> }} WHERE {{ {NUMBERS} }}",
        f"CONSTRUCT WHERE {{ {NUMBERS} }} LIMIT {MOST + 1}",
        f"CONSTRUCT WHERE {{ {NUMBERS} }} ORDER BY ?n OFFSET {MANY - MOST - 10}",
        f"DESCRIBE ?m {{ {NUMBERS} }}",
        f"DESCRIBE ?m {{ {NUMBERS} }} LIMIT {MOST + 1}",
    ]
    whole = {
        f"SELECT ?m {{ {NUMBERS} }} LIMIT {MOST}": MOST,
        f"SELECT ?m {{ {NUMBERS} }} OFFSET {MANY - 10}": 10,
        f"SELECT (COUNT(*) AS ?c) {{ {NUMBERS} }}": 1,
        f"CONSTRUCT WHERE {{ {NUMBERS} }} LIMIT {MOST}": MOST,
        f"CONSTRUCT WHERE {{ {NUMBERS} }} OFFSET {MANY - 10}": 10,
        f"CONSTRUCT WHERE {{ {NUMBERS} FILTER(?n < 7) }}": 7,
        f"DESCRIBE ?m {{ {NUMBERS} }} LIMIT 7": 7,
        f"DESCRIBE <{BASE}/many/1>": 1,
    }

    async def run() -> None:
        async with remote(*held) as engine:
            asker = engine._askers["blue"]
            assert asker.most_solutions == MOST
            if not told:
                asker.most_solutions = None
            for query in cut:
                with pytest.raises(QueryTooLarge, match=f"at most {MOST} solutions"):
                    await ask(engine, query)
            for query, count in whole.items():
                found = comparable(await ask(engine, query))
                assert (sum(found.values()) if isinstance(found, dict) else len(found)) == count, query  # type: ignore[arg-type]

    asyncio.run(run())


@pytest.mark.parametrize("columns", ["?n", "(?n ?o ?p)"])
def test_a_list_that_is_too_long_is_told(held: tuple[Settings, Path], columns: str) -> None:
    def values(count: int) -> str:
        row = "{0}" if columns == "?n" else '({0} "{0}" "x")'
        rows = " ".join(row.format(n) for n in range(count))
        return f"SELECT (COUNT(*) AS ?c) {{ VALUES {columns} {{ {rows} }} {NUMBERS} }}"

    async def run() -> None:
        async with remote(*held) as engine:
            assert comparable(await ask(engine, values(2000))) == {(f'c="2000"^^<{XSD.integer}>',): 1}
            with pytest.raises(QueryTooComplex) as caught:
                await ask(engine, values(5000))
            assert "2,000 values" in str(caught.value)

    asyncio.run(run())
