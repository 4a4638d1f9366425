"""Query evaluation on the data sets of the W3C's suites: what the workers answer is what the plain engine answers.

Everything in a release stands in a named graph, so a case's default graph is one, too, and the request's dataset
parameters make the case's dataset of them. The plain engine has the default graph as its default graph.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pyoxigraph
import pytest

from catalogue.store.pool import QueryPool
from core.settings import Settings
from tests.evaluation import FORMATS, difference
from tests.w3c import Case, cases, fetch

pytestmark = pytest.mark.ci

_DEFAULT = "urn:x-test:default"


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> dict[object, list[Case]]:
    """The cases by their data set."""
    found: dict[object, list[Case]] = defaultdict(list)
    for case in cases(fetch(tmp_path_factory.mktemp("w3c"))):
        found[case.dataset].append(case)
    return found


def test_workers_answer_as_the_plain_engine(groups: dict[object, list[Case]], tmp_path: Path) -> None:
    different = asyncio.run(_differences(groups.values(), tmp_path))
    assert sum(len(group) for group in groups.values()) > 400
    assert different == {}


async def _differences(groups: Iterable[list[Case]], folder: Path) -> dict[str, str]:
    pool = QueryPool(Settings(workers=1, query_timeout=20))
    different: dict[str, str] = {}
    try:
        for number, group in enumerate(groups):
            plain = pyoxigraph.Store()
            _load(plain, group[0], default=None)
            writer = pyoxigraph.Store(str(folder / f"{number}-writer"))
            _load(writer, group[0], default=_DEFAULT)
            writer.backup(str(folder / str(number)))
            await pool.switch(folder / str(number))
            for case in group:
                named = [path.as_uri() for path in case.named]
                problem = await difference(pool, plain, case, [_DEFAULT], named)
                if problem:
                    different[case.name] = problem
    finally:
        await pool.stop()
    return different


def _load(store: pyoxigraph.Store, case: Case, *, default: str | None) -> None:
    for path in case.data:
        graph = pyoxigraph.NamedNode(default) if default else pyoxigraph.DefaultGraph()
        store.load(path=path, format=FORMATS[path.suffix], base_iri=path.as_uri(), to_graph=graph)
    for path in case.named:
        graph = pyoxigraph.NamedNode(path.as_uri())
        store.load(path=path, format=FORMATS[path.suffix], base_iri=path.as_uri(), to_graph=graph)
