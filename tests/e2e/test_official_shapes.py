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


def test_the_feed_passes_page_by_page(server: Server) -> None:
    shapes = Graph()
    for name in ("shapes.ttl", "range.ttl"):
        shapes.parse(SHARED / "standards" / "dcat-ap-3.0.1" / name)
    datasets: set[object] = set()
    for page in _pages(server):
        datasets.update(page.subjects(RDF.type, DCAT.Dataset))
        _, report, _ = pyshacl.validate(page, shacl_graph=shapes, inference="none", advanced=False)
        found = [
            [report.value(result, part) for part in (SH.focusNode, SH.resultPath, SH.resultMessage)]
            for result in report.subjects(SH.resultSeverity, SH.Violation)
        ]
        assert not found, found[:5]
    total = httpx.get(f"{server.url}/health").json()
    assert len(datasets) >= 200, total
