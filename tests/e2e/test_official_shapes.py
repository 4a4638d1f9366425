"""Every published description, as it is served, passes the official DCAT-AP 3.0.1 shapes without a violation."""

from __future__ import annotations

import httpx
import pyshacl
import pytest
from rdflib import Graph, Namespace
from rdflib.namespace import RDF

from tests.conftest import SHARED
from tests.deployment import Server

pytestmark = [pytest.mark.oracle, pytest.mark.idc]

SH = Namespace("http://www.w3.org/ns/shacl#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")
DCAT = Namespace("http://www.w3.org/ns/dcat#")


def _pages(server: Server) -> list[Graph]:
    """The feed, page by page, as a harvester walks it: only by what the pages say, bounded."""
    pages, path = [], "/catalog.ttl?page=1"
    for _ in range(50):
        answer = httpx.get(f"{server.url}{path}", timeout=60).raise_for_status()
        page = Graph().parse(data=answer.text, format="turtle")
        pages.append(page)
        following = list(page.objects(None, HYDRA.next))
        if not following:
            return pages
        path = str(following[0]).removeprefix("http://127.0.0.1:8000")
    raise AssertionError("the feed does not end")


@pytest.fixture(scope="module")
def shapes() -> Graph:
    graph = Graph()
    for name in ("shapes.ttl", "range.ttl"):
        graph.parse(SHARED / "standards" / "dcat-ap-3.0.1" / name)
    return graph


def _violations(document: Graph, shapes: Graph) -> list[list[object]]:
    _, report, _ = pyshacl.validate(document, shacl_graph=shapes, inference="none", advanced=False)
    return [
        [report.value(result, part) for part in (SH.focusNode, SH.resultPath, SH.resultMessage)]
        for result in report.subjects(SH.resultSeverity, SH.Violation)
    ]


def test_the_feed_passes_page_by_page(server: Server, shapes: Graph) -> None:
    datasets: set[object] = set()
    for page in _pages(server):
        datasets.update(page.subjects(RDF.type, DCAT.Dataset))
        assert not _violations(page, shapes)
    assert len(datasets) >= 200


@pytest.mark.parametrize("step", [10, pytest.param(1, marks=pytest.mark.slow)])
def test_documents_pass_by_themselves(server: Server, shapes: Graph, step: int) -> None:
    """Every tenth; the full run takes all."""
    listed: set[str] = set()
    for page in _pages(server):
        listed.update(str(dataset) for dataset in page.subjects(RDF.type, DCAT.Dataset))
    for dataset in sorted(listed)[::step]:
        answer = httpx.get(dataset.replace("http://127.0.0.1:8000", server.url) + ".ttl", timeout=30)
        document = Graph().parse(data=answer.raise_for_status().text, format="turtle")
        assert not _violations(document, shapes), dataset
