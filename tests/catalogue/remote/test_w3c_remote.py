"""Query evaluation on the data sets of the W3C's suites: an external store answers as the plain engine does.

Every file of the suites' data is one graph of one release, below the catalogue's own address, so that all cases are
asked of one store: a case's dataset is named by the request's parameters, or by FROM where the query has it. Blank
nodes of the data get the same IRIs for both engines, as every external store has them. What a store gets wrong itself
is listed, case by case with its reason, in ``w3c_differences.toml``.
"""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest

from core.settings import Settings
from tests.catalogue.remote.engines import BASE, hold, remote
from tests.evaluation import FORMATS, difference
from tests.servers import SparqlServer
from tests.w3c import Case, cases, fetch

pytestmark = pytest.mark.ci

_FOLDER = f"{BASE}/w3c"
_LISTED = Path(__file__).with_name("w3c_differences.toml")


@dataclass(frozen=True)
class Suites:
    """The cases as they are asked, and the graphs they are asked of, by the files' addresses below ours."""

    folder: Path
    cases: tuple[Case, ...]
    graphs: Mapping[str, tuple[pyoxigraph.Triple, ...]]

    def addresses(self, files: tuple[Path, ...]) -> list[str]:
        """The graphs of some files."""
        return [f"{_FOLDER}/{path.relative_to(self.folder).as_posix()}" for path in files]

    def beside(self, case: Case) -> tuple[Path, ...]:
        """The data that a query names itself, by FROM: files beside it; none where the manifest names it."""
        folder = self.folder / case.name.rpartition("/")[0]
        return () if case.data or case.named else tuple(sorted(folder.glob("data*.ttl")))


@pytest.fixture(scope="module")
def suites(tmp_path_factory: pytest.TempPathFactory) -> Suites:
    folder = fetch(tmp_path_factory.mktemp("w3c"))
    found = tuple(replace(case, query=case.query.replace(folder.as_uri(), _FOLDER)) for case in cases(folder))
    without_graphs = Suites(folder, found, {})
    files = {path for case in found for path in (*case.data, *case.named, *without_graphs.beside(case))}
    graphs = {address: _triples(path, address) for path in files for address in without_graphs.addresses((path,))}
    return replace(without_graphs, graphs=graphs)


@pytest.mark.parametrize("kind", ["oxigraph", "virtuoso"])
def test_stores_answer_as_the_plain_engine(
    kind: str, suites: Suites, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: SparqlServer = request.getfixturevalue(f"{kind}_server")
    graphs = {
        address: pyoxigraph.serialize(triples, format=pyoxigraph.RdfFormat.N_TRIPLES) or b""
        for address, triples in suites.graphs.items()
        if triples
    }
    settings, store = hold(tmp_path, server, graphs)
    different = asyncio.run(_differences(suites, settings, store))
    listed = _listed(kind) | (_listed("unsteady") if kind == "virtuoso" else set())
    assert len(suites.cases) > 400
    assert {name: problem for name, problem in different.items() if name not in listed} == {}
    assert listed - set(different) <= _listed("unsteady")


async def _differences(suites: Suites, settings: Settings, store: Path) -> dict[str, str]:
    different: dict[str, str] = {}
    async with remote(settings, store) as engine:
        for case in suites.cases:
            plain = _plain(suites, case)
            default, named = suites.addresses(case.data), suites.addresses(case.named)
            problem = await difference(engine, plain, case, default, named)
            if problem:
                different[case.name] = problem
    return different


def _plain(suites: Suites, case: Case) -> pyoxigraph.Store:
    """The plain engine with a case's dataset; one that its query chooses is chosen among named graphs."""
    store = pyoxigraph.Store()
    for address in suites.addresses(case.data):
        store.extend(pyoxigraph.Quad(t.subject, t.predicate, t.object) for t in suites.graphs[address])
    for address in suites.addresses((*case.named, *suites.beside(case))):
        name = pyoxigraph.NamedNode(address)
        store.add_graph(name)
        store.extend(pyoxigraph.Quad(t.subject, t.predicate, t.object, name) for t in suites.graphs[address])
    return store


def _triples(path: Path, address: str) -> tuple[pyoxigraph.Triple, ...]:
    """The triples of a file, with IRIs for its blank nodes."""
    start = f"{BASE}/.well-known/genid/{sha256(address.encode()).hexdigest()[:12]}-"
    labels: dict[str, int] = {}

    def named(term: Any) -> Any:
        if not isinstance(term, pyoxigraph.BlankNode):
            return term
        return pyoxigraph.NamedNode(f"{start}{labels.setdefault(term.value, len(labels))}")

    quads = pyoxigraph.parse(path=path, format=FORMATS[path.suffix], base_iri=address)
    return tuple(pyoxigraph.Triple(named(q.subject), q.predicate, named(q.object)) for q in quads)


def _listed(kind: str) -> set[str]:
    """The cases that a kind of store is known to answer otherwise."""
    groups = tomllib.loads(_LISTED.read_text(encoding="utf-8")).get(kind, {})
    return {name for group in groups.values() for name in group}
