"""Query evaluation on the data sets of the W3C's suites: what the workers answer is what the plain engine answers.

Everything in a release stands in a named graph, so that every file of the suites is two graphs of one release: one to
be (a part of) a default graph, and one to be named. The request's parameters make a case's dataset of them. The plain
engine has a store for each case, with the default graph as its default graph.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pyoxigraph
import pytest

from catalogue.store.pool import QueryPool
from core.settings import Settings
from tests.evaluation import FORMATS, difference
from tests.w3c import Case, cases, fetch

pytestmark = pytest.mark.ci

_NOTHING = "urn:x-test:no-such-graph"


@pytest.fixture(scope="module")
def suites(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    return list(cases(fetch(tmp_path_factory.mktemp("w3c"))))


def test_workers_answer_as_the_plain_engine(suites: list[Case], tmp_path: Path) -> None:
    writer = pyoxigraph.Store(str(tmp_path / "writer"))
    for path in {path for case in suites for path in case.data}:
        _load(writer, path, _default(path))
    for path in {path for case in suites for path in case.named}:
        _load(writer, path, path.as_uri())
    writer.backup(str(tmp_path / "release"))
    assert len(suites) > 400
    assert asyncio.run(_differences(suites, tmp_path / "release")) == {}


async def _differences(suites: Sequence[Case], release: Path) -> dict[str, str]:
    pool = QueryPool(Settings(workers=1, query_timeout=20))
    different: dict[str, str] = {}
    try:
        await pool.start(release)
        for case in suites:
            plain = pyoxigraph.Store()
            for path in case.data:
                _load(plain, path)
            for path in case.named:
                _load(plain, path, path.as_uri())
            default = [_default(path) for path in case.data] or [_NOTHING]
            problem = await difference(pool, plain, case, default, [path.as_uri() for path in case.named])
            if problem:
                different[case.name] = problem
    finally:
        await pool.stop()
    return different


def _default(path: Path) -> str:
    """The graph of a file's statements where they are a default graph: its blank nodes are others than when named."""
    return f"{path.as_uri()}?default"


def _load(store: pyoxigraph.Store, path: Path, graph: str | None = None) -> None:
    into = pyoxigraph.NamedNode(graph) if graph else pyoxigraph.DefaultGraph()
    store.load(path=path, format=FORMATS[path.suffix], base_iri=path.as_uri(), to_graph=into)
