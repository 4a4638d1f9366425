"""A real catalogue, made once: two repositories of ``catalogue.trig`` in a ledger, published twice.

Release 1 holds everything but the draft; release 2 lacks the withdrawn dataset and has a new version of ``v1.ttl``.
"""

from __future__ import annotations

import json
import shutil
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph
import pyshacl
import pytest
import rdflib
from rdflib import Graph, Literal

from api.app import create_app
from catalogue.description import Candidate
from catalogue.entries import RepositoryEntry
from catalogue.ledger import Ledger
from catalogue.publication import publish
from core.canonical import canonical_ntriples, from_oxigraph
from core.settings import Settings
from core.terms import DCT, SH, new_graph
from ontology.vocabulary import Vocabularies
from tests.api.pages import BROWSER, publish_pages

with warnings.catch_warnings():
    # Starlette's test client warns that it would rather have a successor of httpx, at import only.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

BASE = "https://catalogue.example.org"
SOURCE = Path(__file__).parent / "catalogue.trig"
SHARED = Path(__file__).parents[3] / "shared"
PROFILES = ("http://data.europa.eu/r5r/",)


@dataclass(frozen=True)
class PublishedCatalogue:
    """Settings and vocabularies of the published home, to open a ledger or make an application with."""

    settings: Settings
    vocabularies: Vocabularies


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> PublishedCatalogue:
    """The catalogue after its second release."""
    settings = Settings(home=tmp_path_factory.mktemp("catalogue"), base_iri=BASE, page_size=3, keep_releases=2)
    vocabularies = Vocabularies.load()
    graphs = _read()
    with Ledger.open(settings, create=True) as ledger:
        _ingest(ledger, graphs)
    publish(settings, vocabularies)
    identifiers = settings.identifiers
    changed = graphs.pop(str(identifiers.record("idc", "v1.ttl")))
    changed.add((identifiers.dataset("idc", "v1.ttl"), DCT.alternative, Literal("changed")))
    with Ledger.open(settings) as ledger:
        with ledger.run("idc", "test") as run:
            run.submit(_candidate(changed, "idc", "v1.ttl", accepted=True))
            run.finish(complete=False, report={})
        ledger.withdraw(str(identifiers.dataset("other", "withdrawn")), "its holder asked for it")
    publish(settings, vocabularies, allow_shrink=True)
    return PublishedCatalogue(settings, vocabularies)


@pytest.fixture(scope="session")
def serve() -> Callable[[Settings], AbstractContextManager[TestClient]]:
    """Start the application on a home."""

    @contextmanager
    def start(settings: Settings) -> Iterator[TestClient]:
        with TestClient(create_app(settings), base_url="http://testserver", follow_redirects=False) as client:
            yield client

    return start


@pytest.fixture(scope="session")
def client(
    serve: Callable[[Settings], AbstractContextManager[TestClient]], published: PublishedCatalogue
) -> Iterator[TestClient]:
    """The application on the published home."""
    with serve(published.settings) as started:
        yield started


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The catalogue that pages are tested on."""
    return publish_pages(tmp_path_factory.mktemp("pages"))


@pytest.fixture(scope="module")
def browser(home: Settings, serve: Callable[[Settings], AbstractContextManager[TestClient]]) -> Iterator[TestClient]:
    """A client that wants pages."""
    with serve(home) as client:
        client.headers.update(BROWSER)
        yield client


@pytest.fixture(scope="module")
def service(
    serve: Callable[[Settings], AbstractContextManager[TestClient]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TestClient]:
    """The validation service on an empty home, for bodies of at most 100 kB."""
    home = tmp_path_factory.mktemp("validation")
    settings = Settings(home=home, base_iri="https://example.org", validate_bytes=100_000, validate_workers=1)
    with serve(settings) as client:
        yield client


@pytest.fixture
def copied(published: PublishedCatalogue, tmp_path: Path) -> Settings:
    """A copy of the published home, to be damaged or published further."""
    shutil.copytree(published.settings.home, tmp_path / "home")
    return published.settings.model_copy(update={"home": tmp_path / "home"})


@pytest.fixture(scope="session")
def official_shapes() -> Graph:
    """DCAT-AP 3.0.1 as SEMIC publishes it: shapes and class ranges."""
    shapes = Graph()
    for name in ("shapes.ttl", "range.ttl"):
        shapes.parse(SHARED / "standards" / "dcat-ap-3.0.1" / name, format="turtle")
    return shapes


@pytest.fixture(scope="session")
def official_violations(official_shapes: Graph) -> Callable[[Graph], list[str]]:
    """The violations of the official shapes in one document, each as one line; none where it passes by itself."""

    def violations(document: Graph) -> list[str]:
        try:
            _, report, _ = pyshacl.validate(document, shacl_graph=official_shapes, inference="none")
        finally:
            rdflib.NORMALIZE_LITERALS = False  # validate() leaves it switched on
        assert isinstance(report, Graph)
        return sorted(
            " ".join(str(report.value(result, p)) for p in (SH.focusNode, SH.resultPath, SH.value, SH.resultMessage))
            for result in report.subjects(SH.resultSeverity, SH.Violation)
            if (None, SH.detail, result) not in report
        )

    return violations


def _read() -> dict[str, Graph]:
    graphs: dict[str, Graph] = defaultdict(new_graph)
    for quad in pyoxigraph.parse(path=SOURCE, format=pyoxigraph.RdfFormat.TRIG):
        statement = (from_oxigraph(quad.subject), from_oxigraph(quad.predicate), from_oxigraph(quad.object))
        assert isinstance(quad.graph_name, pyoxigraph.NamedNode)
        graphs[quad.graph_name.value].add(statement)
    return graphs


def _ingest(ledger: Ledger, graphs: dict[str, Graph]) -> None:
    identifiers = ledger.settings.identifiers
    for repository in ("idc", "other"):
        declared = canonical_ntriples(graphs[str(identifiers.catalogue(repository))])
        ledger.declare(RepositoryEntry(repository, repository.upper(), declared, "dcat-ap", "1"))
        with ledger.run(repository, "test") as run:
            for name, graph in graphs.items():
                if name.startswith(f"{BASE}/record/{repository}/"):
                    dataset = name.replace("/record/", "/dataset/")
                    _, identifier = identifiers.parse_dataset(dataset)
                    run.submit(_candidate(graph, repository, identifier, accepted=identifier != "draft"))
            run.finish(complete=True, report={})


def _candidate(graph: Graph, repository: str, identifier: str, *, accepted: bool) -> Candidate:
    iri = f"{Settings(base_iri=BASE).identifiers.dataset(repository, identifier)}"
    return Candidate(
        iri=iri,
        repository=repository,
        identifier=identifier,
        ntriples=canonical_ntriples(graph),
        report=json.dumps({"record": iri, "verdicts": [], "findings": []}),
        conforms_to=PROFILES if accepted else (),
        accepted=accepted,
        source_record=json.dumps({"identifier": identifier}),
        source_iri=f"https://source.example.org/{repository}/record",
    )
