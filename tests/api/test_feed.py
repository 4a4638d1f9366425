"""The feed, read as harvesters read it: pages that follow each other, closed datasets, and no false absence."""

from __future__ import annotations

import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from rdflib import BNode, Graph, URIRef
from rdflib.term import Node

from api import feed
from api.documents import Documents
from api.negotiation import GRAPH_VARIANTS
from catalogue.description import StoredDescription
from catalogue.ledger import Ledger
from catalogue.publication import publish
from core.canonical import canonical_ntriples
from core.settings import Settings
from core.terms import DCAT, DCT, FOAF, HYDRA, QB, RADIOGRAPH, RDF, new_graph

if TYPE_CHECKING:
    from tests.api.conftest import PublishedCatalogue

Serve = Callable[[Settings], AbstractContextManager[TestClient]]
Violations = Callable[[Graph], list[str]]

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

BASE = "https://catalogue.example.org"
READERS = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "jsonld": "json-ld"}
CATALOGUED = {DCAT.Catalog, DCAT.CatalogRecord, DCAT.Dataset, DCAT.DatasetSeries, DCAT.DataService}


def parse(response: Response) -> Graph:
    assert response.status_code == 200, response.text
    kind = response.headers["content-type"].split(";")[0]
    name = next(variant.name for variant in GRAPH_VARIANTS if variant.media_type == kind)
    return Graph().parse(data=response.content.decode("utf-8"), format=READERS[name])


def fetch(client: TestClient, address: str, **headers: str) -> Response:
    """Ask our application for what an absolute address of the catalogue names."""
    assert address.startswith(f"{BASE}/")
    response: Response = client.get(address.removeprefix(BASE), headers=headers)
    return response


def harvest(client: TestClient, address: str) -> list[Graph]:
    """Walk as data.europa.eu does: only hydra:next of the one PartialCollectionView, until there is none."""
    pages: list[Graph] = []
    while True:
        page = parse(fetch(client, address))
        [view] = page.subjects(RDF.type, HYDRA.PartialCollectionView)
        assert not list(page.subjects(RDF.type, HYDRA.PagedCollection))
        pages.append(page)
        following = page.value(view, HYDRA.next)
        assert following == page.value(view, HYDRA.nextPage)
        if following is None:
            return pages
        assert len(pages) < 50
        address = str(following)


def datasets(pages: list[Graph]) -> list[Node]:
    return [dataset for page in pages for dataset in page.objects(URIRef(f"{BASE}/catalogue"), DCAT.dataset)]


@pytest.mark.parametrize("variant", GRAPH_VARIANTS, ids=lambda variant: variant.name)
def test_a_harvest_finds_every_dataset_once_in_every_format(client: TestClient, variant: Any) -> None:
    pages = harvest(client, f"{BASE}/catalog.{variant.name}")
    assert len(pages) == 3
    found = datasets(pages)
    assert len(found) == len(set(found)) == 7
    totals = {int(str(total)) for page in pages for total in page.objects(None, HYDRA.totalItems)}
    assert totals == {7}


def test_all_formats_say_the_same(client: TestClient) -> None:
    graphs = [parse(fetch(client, f"{BASE}/catalog.{variant.name}?page=1&release=2")) for variant in GRAPH_VARIANTS]
    for graph, variant in zip(graphs, GRAPH_VARIANTS, strict=True):
        graph.remove((None, HYDRA.view, None))
        for view in list(graph.subjects(RDF.type, HYDRA.PartialCollectionView)):
            graph.remove((view, None, None))
        assert canonical_ntriples(graph) == canonical_ntriples(graphs[0]), variant.name


def test_paging_links_are_absolute_and_carry_page_and_release(client: TestClient) -> None:
    page = parse(client.get("/catalog.ttl?page=2", headers={"host": "evil.example.net", "x-forwarded-host": "evil"}))
    [view] = page.subjects(RDF.type, HYDRA.PartialCollectionView)
    links = {str(p).removeprefix(str(HYDRA)): str(o) for p, o in page.predicate_objects(view) if isinstance(o, URIRef)}
    links.pop(str(RDF.type))
    expected = {"first": 1, "previous": 1, "next": 3, "nextPage": 3, "last": 3}
    assert links == {name: f"{BASE}/catalog.ttl?page={number}&release=2" for name, number in expected.items()}
    assert str(view) == f"{BASE}/catalog.ttl?page=2&release=2"
    assert (URIRef(f"{BASE}/catalogue"), HYDRA.view, view) in page
    assert "evil" not in page.serialize(format="nt")


def test_a_harvest_begun_on_an_older_release_stays_on_it(client: TestClient) -> None:
    pages = harvest(client, f"{BASE}/catalog.ttl?page=1&release=1")
    assert len(datasets(pages)) == 8
    assert URIRef(f"{BASE}/dataset/other/withdrawn") in datasets(pages)
    assert URIRef(f"{BASE}/dataset/other/withdrawn") not in datasets(harvest(client, f"{BASE}/catalog.ttl"))


@pytest.mark.parametrize("release", [1, 2])
def test_no_dataset_of_a_page_leads_to_another_or_to_a_catalogue(client: TestClient, release: int) -> None:
    for page in harvest(client, f"{BASE}/catalog.nt?release={release}"):
        described = {s for kind in CATALOGUED for s in page.subjects(RDF.type, kind)}
        for dataset in page.subjects(RDF.type, DCAT.Dataset):
            reached, queue = {dataset}, [dataset]
            while queue:
                for value in page.objects(queue.pop()):
                    if isinstance(value, URIRef) and value not in reached:
                        reached.add(value)
                        queue.append(value)
            assert reached & described == {dataset}
            elsewhere = (f"{BASE}/dataset/", f"{BASE}/catalogue", f"{BASE}/record/")
            assert {str(iri) for iri in reached if str(iri).startswith(elsewhere)} <= {
                str(iri) for iri in reached if str(iri) == str(dataset) or str(iri).startswith(f"{dataset}#")
            }


def test_pages_say_what_belongs_to_each_dataset(client: TestClient) -> None:
    page = parse(client.get("/catalog.ttl"))
    dataset = URIRef(f"{BASE}/dataset/idc/4d_lung")
    assert page.value(dataset, DCT.identifier) is not None
    assert str(page.value(page.value(dataset, DCT.publisher), FOAF.name)) == "Imaging Data Commons"
    assert page.value(page.value(dataset, DCAT.distribution), DCAT.accessURL) is not None
    assert page.value(dataset, RADIOGRAPH.modality) is not None
    record = URIRef(f"{BASE}/record/idc/4d_lung")
    assert (URIRef(f"{BASE}/catalogue"), DCAT.record, record) in page
    assert (record, FOAF.primaryTopic, dataset) in page
    # The observations point at the cube and not the other way: they stay at the dataset's own address.
    assert list(page.subjects(RDF.type, QB.Observation)) == []
    assert "Nobody refers to this one" not in page.serialize(format="nt")


def test_there_are_no_blank_nodes_and_only_one_catalogue(client: TestClient) -> None:
    for page in harvest(client, f"{BASE}/catalog.jsonld"):
        assert not any(isinstance(term, BNode) for statement in page for term in statement)
        assert list(page.subjects(RDF.type, DCAT.Catalog)) == [URIRef(f"{BASE}/catalogue")]


def test_drafts_are_nowhere(client: TestClient) -> None:
    for variant in GRAPH_VARIANTS:
        for number in (1, 2, 3):
            text = client.get(f"/catalog.{variant.name}?page={number}").text
            assert "secret" not in text
            assert "/idc/draft" not in text


def test_what_did_not_change_is_the_same_in_the_next_release(client: TestClient) -> None:
    first, second = new_graph(), new_graph()
    for release, into in ((1, first), (2, second)):
        for page in harvest(client, f"{BASE}/catalog.nt?release={release}"):
            into += page
    for dataset in set(second.subjects(RDF.type, DCAT.Dataset)):
        about = [sorted(graph.predicate_objects(dataset)) for graph in (first, second)]
        records = [sorted(g.predicate_objects(g.value(None, FOAF.primaryTopic, dataset))) for g in (first, second)]
        changed = str(dataset).endswith("/v1.ttl")
        assert (about[0] != about[1]) == changed
        assert changed or records[0] == records[1]


def test_bytes_are_the_same_at_every_request(client: TestClient) -> None:
    for variant in GRAPH_VARIANTS:
        first, second = (client.get(f"/catalog.{variant.name}") for _ in range(2))
        assert first.content == second.content
        assert first.headers["etag"] == second.headers["etag"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("page=4", 404),
        ("page=0", 404),
        ("page=999999999", 404),
        ("release=3", 404),
        ("release=0", 404),
        ("page=-1", 400),
        ("page=", 400),
        ("page=one", 400),
        ("page=1.0", 400),
        ("page=9999999999999999999999", 400),
        ("page=%D9%A1", 400),
        ("release=x", 400),
        ("release=1%20OR%201", 400),
    ],
)
def test_wrong_numbers_are_told_apart_and_never_answered(client: TestClient, query: str, status: int) -> None:
    response = client.get(f"/catalog.ttl?{query}")
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


def test_head_tells_what_get_would(client: TestClient) -> None:
    get, head = client.get("/catalog.rdf"), client.head("/catalog.rdf")
    assert head.status_code == 200
    assert head.content == b""
    for name in ("content-type", "content-length", "etag", "vary"):
        assert head.headers[name] == get.headers[name]
    assert int(head.headers["content-length"]) == len(get.content)


def test_who_has_it_already_is_told_so(client: TestClient) -> None:
    tag = client.get("/catalog.ttl").headers["etag"]
    for condition in (tag, f'"other", W/{tag}', "*"):
        response = client.get("/catalog.ttl", headers={"If-None-Match": condition})
        assert (response.status_code, response.content) == (304, b"")
        assert response.headers["etag"] == tag
    assert client.get("/catalog.ttl", headers={"If-None-Match": '"other"'}).status_code == 200
    assert client.get("/catalog.nt", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", "text/turtle"),
        ("", "text/turtle"),
        ("text/turtle", "text/turtle"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/ld+json, */*;q=0.1", "application/ld+json"),
        ("application/n-triples", "application/n-triples"),
    ],
)
def test_negotiation(client: TestClient, accept: str, media_type: str) -> None:
    response = client.get("/catalog", headers={"Accept": accept})
    assert response.headers["content-type"].split(";")[0] == media_type
    assert "accept" in response.headers["vary"].lower()
    [view] = parse(response).subjects(RDF.type, HYDRA.PartialCollectionView)
    assert str(view) == f"{BASE}/catalog?page=1&release=2"


def test_a_format_asked_for_by_name_is_kept_on_the_following_pages(client: TestClient) -> None:
    page = parse(client.get("/catalog?format=rdf"))
    following = str(next(page.objects(None, HYDRA.next)))
    assert urlsplit(following).path == "/catalog.rdf"
    assert parse_qs(urlsplit(following).query) == {"page": ["2"], "release": ["2"]}


def test_a_browser_is_sent_to_the_search(client: TestClient) -> None:
    response = client.get("/catalog", headers={"Accept": "text/html,*/*;q=0.8"}, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, "./datasets")


def test_a_page_that_many_ask_for_at_once_is_made_once(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def slowly(documents: Documents, descriptions: Iterable[StoredDescription]) -> Graph:
        made.append(1)
        time.sleep(0.1)
        return original(documents, descriptions)

    original = Documents.feed
    monkeypatch.setattr(Documents, "feed", slowly)
    monkeypatch.setattr(feed, "_pages", feed._Pages())
    with ThreadPoolExecutor(8) as pool:
        bodies = set(pool.map(lambda _: client.get("/catalog.ttl").content, range(8)))
    assert (len(made), len(bodies)) == (1, 1)


def test_formats_that_do_not_exist(client: TestClient) -> None:
    assert client.get("/catalog.xyz").status_code == 404
    assert client.get("/catalog", headers={"Accept": "image/png"}).status_code == 406


def test_before_the_first_release_harvesters_are_told_to_come_back(serve: Serve, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, base_iri=BASE)
    Ledger.open(settings, create=True).close()
    with serve(settings) as client:
        for address in ("/catalog.ttl", "/catalog", "/catalog.ttl?release=1"):
            response = client.get(address)
            assert response.status_code == 503
            assert int(response.headers["retry-after"]) > 0


DAMAGED = "WHERE hash IN (SELECT content_hash FROM revision r JOIN description d ON d.id = r.description WHERE {})"
HOSTILE = DAMAGED.format("d.identifier = 'hostile'")


@pytest.mark.parametrize(
    "damage",
    [
        f"DELETE FROM content {HOSTILE}",
        f"UPDATE content SET ntriples = x'00' {HOSTILE}",
        f"UPDATE content SET ntriples = :broken {HOSTILE}",
        "DELETE FROM content",
        "DROP TABLE content",
        "DELETE FROM release_member",
        "DELETE FROM release_member WHERE iri LIKE '%hostile'",
    ],
)
def test_no_harvest_ends_well_where_members_cannot_be_read(serve: Serve, copied: Settings, damage: str) -> None:
    with closing(sqlite3.connect(copied.ledger_path)) as connection:
        changed = connection.execute(
            damage, {"broken": zlib.compress(b"<not> triples .")} if ":broken" in damage else {}
        )
        assert changed.rowcount != 0
        connection.commit()
    # Another page size than elsewhere, so that no page comes from the cache.
    with serve(copied.model_copy(update={"page_size": 2})) as client:
        responses = [client.get(f"/catalog.nt?page={page}") for page in (1, 2, 3, 4)]
    assert 503 in {response.status_code for response in responses}
    for response, expected in zip(responses, (2, 2, 2, 1), strict=True):
        if response.status_code != 200:
            assert response.status_code == 503
            assert "retry-after" in response.headers
            assert str(copied.home) not in response.text
        else:
            assert len(datasets([parse(response)])) == expected


def test_a_release_that_was_dropped_is_gone(serve: Serve, copied: Settings, published: PublishedCatalogue) -> None:
    with Ledger.open(copied) as ledger:
        ledger.withdraw(f"{BASE}/dataset/idc/v1.ttl", "to have something to publish")
    publish(copied, published.vocabularies, allow_shrink=True)
    with serve(copied) as client:
        response = client.get("/catalog.ttl?page=2&release=1")
        assert response.status_code == 410
        assert f"{BASE}/catalog.ttl" in response.json()["detail"]
        assert client.get("/catalog.ttl?page=2&release=2").status_code == 200
        assert len(datasets(harvest(client, f"{BASE}/catalog.ttl"))) == 6


@pytest.mark.oracle
@pytest.mark.parametrize("page", [1, 2, 3])
def test_every_page_passes_the_official_shapes(client: TestClient, official_violations: Violations, page: int) -> None:
    assert official_violations(parse(client.get(f"/catalog.ttl?page={page}"))) == []
