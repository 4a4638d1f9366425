"""Dereferencing: the right representation of what is released, and nothing of what is not."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from rdflib import Graph, Literal, URIRef

from api.negotiation import GRAPH_VARIANTS
from catalogue.ledger import Ledger
from core.settings import Settings
from core.terms import ADMS, DCAT, DCT, FOAF, PROV, RADIOGRAPH, RDF, SKOS, VCARD

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

BASE = "https://catalogue.example.org"
READERS = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "jsonld": "json-ld"}
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
TURTLE = {"Accept": "text/turtle"}

Serve = Callable[[Settings], AbstractContextManager[TestClient]]


def parse(response: Response) -> Graph:
    kind = response.headers["content-type"].split(";")[0]
    name = next(variant.name for variant in GRAPH_VARIANTS if variant.media_type == kind)
    return Graph().parse(data=response.content.decode("utf-8"), format=READERS[name])


def location(response: Response) -> str:
    """Where a redirect leads for a client that knows the service by its base IRI."""
    return urljoin(str(response.url).replace("http://testserver", BASE), response.headers["location"])


def links(response: Response) -> list[tuple[str, str]]:
    return re.findall(r'<([^>]*)>; rel="([^"]*)"', response.headers["link"])


@pytest.mark.parametrize("variant", GRAPH_VARIANTS, ids=lambda variant: variant.name)
def test_a_dataset_by_negotiation_and_by_extension(client: TestClient, variant: object) -> None:
    name, media_type = variant.name, variant.media_type  # type: ignore[attr-defined]
    negotiated = client.get("/dataset/idc/4d_lung", headers={"Accept": media_type})
    named = client.get(f"/dataset/idc/4d_lung.{name}", headers={"Accept": BROWSER})
    for response in (negotiated, named):
        assert response.status_code == 200
        assert response.headers["content-type"].split(";")[0] == media_type
        assert "accept" in response.headers["vary"].lower()
    assert negotiated.content == named.content
    title = parse(named).value(URIRef(f"{BASE}/dataset/idc/4d_lung"), DCT.title)
    assert title == Literal("4D-Lung", lang="en")


def test_the_whole_description_is_served_with_what_a_reader_needs(client: TestClient) -> None:
    graph = parse(client.get("/dataset/idc/4d_lung.ttl"))
    dataset = URIRef(f"{BASE}/dataset/idc/4d_lung")
    assert str(graph.value(URIRef(f"{dataset}#stratum-1"), RADIOGRAPH.seriesCount)) == "007"
    assert graph.value(URIRef(f"{BASE}/record/idc/4d_lung"), FOAF.primaryTopic) == dataset
    assert graph.value(URIRef(f"{BASE}/agent/idc/publisher"), FOAF.name) is not None
    assert graph.value(URIRef(f"{BASE}/agent/idc/contact"), VCARD.hasEmail) is not None
    assert graph.value(graph.value(dataset, RADIOGRAPH.modality), SKOS.prefLabel) is not None
    assert (dataset, RADIOGRAPH.sameDatasetAs, URIRef(f"{BASE}/dataset/other/4d-lung")) in graph
    assert list(graph.subjects(RDF.type, DCAT.Catalog)) == []
    assert (URIRef(f"{BASE}/agent/idc/unused"), None, None) not in graph


def test_neighbours_are_named_where_they_are_released_and_left_alone_where_not(client: TestClient) -> None:
    graph = parse(client.get("/dataset/idc/4d_lung-segmentations.ttl"))
    dataset, draft = URIRef(f"{BASE}/dataset/idc/4d_lung-segmentations"), URIRef(f"{BASE}/dataset/idc/draft")
    source = URIRef(f"{BASE}/dataset/idc/4d_lung")
    assert list(graph.objects(dataset, DCT.source)) == [source]
    assert graph.value(source, DCT.title) == Literal("4D-Lung", lang="en")
    assert graph.value(source, DCAT.distribution) is None
    assert set(graph.objects(dataset, PROV.wasDerivedFrom)) == {source, draft}
    assert list(graph.predicate_objects(draft)) == []


def test_a_browser_gets_a_page(client: TestClient) -> None:
    for address in ("/dataset/idc/4d_lung", "/dataset/idc/4d_lung.html"):
        response = client.get(address, headers={"Accept": BROWSER})
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/html")
        assert "4D-Lung" in response.text
        assert "content-security-policy" in response.headers
        assert response.headers["vary"].lower().split(", ").count("accept") == 1


def test_an_identifier_that_looks_like_a_file_wins_over_an_extension(client: TestClient) -> None:
    response = client.get("/dataset/idc/v1.ttl", headers={"Accept": "application/n-triples"})
    assert response.headers["content-type"].startswith("application/n-triples")
    assert (URIRef(f"{BASE}/dataset/idc/v1.ttl"), RDF.type, DCAT.Dataset) in parse(response)
    assert client.get("/dataset/idc/v1.ttl.rdf").headers["content-type"].startswith("application/rdf+xml")
    assert client.get("/dataset/idc/v1").status_code == 404


@pytest.mark.parametrize("path", ["a%2Fb%20%C3%A4", "a%2fb%20%c3%a4", "a%2Fb%20a%CC%88", "%61%2Fb%20%C3%A4"])
def test_spellings_of_one_path(client: TestClient, path: str) -> None:
    response = client.get(f"/dataset/idc/{path}", headers=TURTLE)
    assert response.status_code == 200
    assert (f"{BASE}/dataset/idc/a%2Fb%20%C3%A4", "canonical") in links(response)
    assert client.get(f"/dataset/idc/{path}.jsonld").headers["content-type"] == "application/ld+json"


@pytest.mark.parametrize(
    "path",
    [
        "/dataset/idc/none",
        "/dataset/idc/none.ttl",
        "/dataset/idc/a/b%20%C3%A4",
        "/dataset/idc/",
        "/dataset/idc",
        "/dataset/",
        "/dataset/IDC/4d_lung",
        "/dataset/idc/4d_lung/",
        "/dataset/idc/4d_lung%00",
        "/dataset/idc/%FF",
        "/dataset/idc/%2E%2E",
        "/dataset/idc/..%2F..%2Fetc%2Fpasswd",
        "/dataset/idc/4d_lung.exe",
        "/dataset/idc/" + "x" * 5000,
        "/record/idc/none",
        "/record/idc",
        "/distribution/idc/4d_lung",
        "/distribution/idc/4d_lung/none",
        "/distribution/idc/none/source",
        "/distribution/idc/4d_lung.ttl/source",
        "/catalogue/none",
        "/catalogue/IDC",
        "/agent/idc/none",
        "/agent/none/publisher",
        "/agent/idc",
        "/link/none",
        "/release/9",
        "/release/x",
        "/concept/none/x",
        "/concept/anatomy/none",
        "/concept/anatomy/39607008/x",
    ],
)
def test_what_does_not_exist(client: TestClient, path: str) -> None:
    for accept in ("text/turtle", "*/*", BROWSER):
        response = client.get(path, headers={"Accept": accept}, follow_redirects=False)
        assert response.status_code == 404, (path, accept)


@pytest.mark.parametrize("path", ["/dataset/idc/draft", "/record/idc/draft", "/dataset/idc/draft.nt"])
def test_a_draft_is_as_unknown_as_what_never_was(client: TestClient, path: str) -> None:
    response, never = client.get(path), client.get(path.replace("draft", "none"))
    assert (response.status_code, response.text) == (never.status_code, never.text) == (404, never.text)


def test_a_draft_is_not_found_by_its_identifier_either(client: TestClient) -> None:
    assert client.get("/dataset?identifier=10.5281/zenodo.999", follow_redirects=False).status_code == 404
    assert client.get(f"/dataset?identifier={BASE}/dataset/idc/draft", follow_redirects=False).status_code == 404


@pytest.mark.parametrize("kind", ["dataset", "record"])
def test_what_was_withdrawn_is_gone_in_every_representation(client: TestClient, kind: str) -> None:
    dataset = URIRef(f"{BASE}/dataset/other/withdrawn")
    for variant in GRAPH_VARIANTS:
        for response in (
            client.get(f"/{kind}/other/withdrawn", headers={"Accept": variant.media_type}),
            client.get(f"/{kind}/other/withdrawn.{variant.name}"),
        ):
            assert response.status_code == 410
            graph = parse(response)
            assert graph.value(dataset, ADMS.status) is not None
            assert "Withdrawn later" not in response.text
    page = client.get(f"/{kind}/other/withdrawn", headers={"Accept": BROWSER})
    assert page.status_code == 410
    assert page.headers["content-type"].startswith("text/html")
    assert "withdrawn" in page.text
    text = client.get(f"/{kind}/other/withdrawn")
    assert (text.status_code, text.headers["content-type"]) == (410, "application/problem+json")


def test_what_was_withdrawn_before_it_was_published_never_was(serve: Serve, copied: Settings) -> None:
    iri = f"{BASE}/dataset/idc/draft"
    with Ledger.open(copied) as ledger:
        ledger.withdraw(iri, "a mistake")
        assert ledger.state(iri) == "withdrawn"
    with serve(copied) as client:
        assert client.get("/dataset/idc/draft").status_code == 404


def test_before_the_first_release_nothing_is_said_to_be_missing(serve: Serve, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, base_iri=BASE)
    Ledger.open(settings, create=True).close()
    with serve(settings) as client:
        for path in ("/dataset/idc/x", "/dataset?identifier=x", "/record/idc/x", "/distribution/idc/x/y", "/link/x"):
            response = client.get(path)
            assert response.status_code == 503, path
            assert "retry-after" in response.headers


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/dataset", "datasets"),
        ("/dataset?identifier=4d_lung", "dataset/idc/4d_lung"),
        ("/record/idc/4d_lung", "dataset/idc/4d_lung"),
        ("/record/idc/a%2Fb%20%C3%A4", "dataset/idc/a%2Fb%20%C3%A4"),
        ("/distribution/idc/4d_lung/source", "dataset/idc/4d_lung"),
        ("/catalog", "datasets"),
        ("/catalogue", "datasets"),
        ("/catalogue/idc", "datasets?repository=idc"),
        ("/concept", "ontology"),
    ],
)
@pytest.mark.parametrize("address", ["http://127.0.0.1:9000", "https://example.org/imaging"])
def test_redirects_stay_where_the_client_is(client: TestClient, address: str, path: str, target: str) -> None:
    """Behind a proxy that strips a prefix, or at another port than that of the base, they lead to this service."""
    response = client.get(path, headers={"Accept": BROWSER, "Host": "evil.example", "X-Forwarded-Host": "evil.example"})
    assert response.status_code == 303
    assert urljoin(address + path, response.headers["location"]) == f"{address}/{target}"


@pytest.mark.parametrize(
    "path", ["/", "/datasets", "/datasets/", "/sparql/", "/catalog.ttl", "/dataset/idc/4d_lung", "/none/", "/concept"]
)
def test_the_host_of_a_request_is_never_repeated(client: TestClient, path: str) -> None:
    for accept in (BROWSER, "*/*"):
        headers = {"Accept": accept, "Host": "evil.example", "X-Forwarded-Host": "evil.example"}
        response = client.get(path, headers=headers, follow_redirects=False)
        assert "evil" not in response.text + str(response.headers)


def test_distributions_lead_to_their_dataset(client: TestClient) -> None:
    response = client.get("/distribution/idc/4d_lung/source", follow_redirects=False)
    assert (response.status_code, location(response)) == (303, f"{BASE}/dataset/idc/4d_lung")
    assert client.get("/distribution/other/withdrawn/1", follow_redirects=False).status_code == 410


def test_a_record_by_itself(client: TestClient) -> None:
    graph = parse(client.get("/record/idc/4d_lung", headers=TURTLE))
    record = URIRef(f"{BASE}/record/idc/4d_lung")
    assert graph.value(record, DCT.modified) is not None
    assert graph.value(record, DCT.conformsTo) == URIRef("http://data.europa.eu/r5r/")
    page = client.get("/record/idc/4d_lung", headers={"Accept": BROWSER}, follow_redirects=False)
    assert (page.status_code, location(page)) == (303, f"{BASE}/dataset/idc/4d_lung")


@pytest.mark.parametrize(
    "identifier",
    [
        "10.7937/K9/TCIA.2016.ELN8YGLE",
        "https://doi.org/10.7937/k9/tcia.2016.eln8ygle",
        "doi:10.7937/K9/tcia.2016.eln8ygle",
    ],
)
def test_a_doi_of_two_datasets_lists_both(client: TestClient, identifier: str) -> None:
    response = client.get(f"/dataset?identifier={quote(identifier, safe='')}", follow_redirects=False)
    assert response.status_code == 300
    both = [f"{BASE}/dataset/idc/4d_lung", f"{BASE}/dataset/other/4d-lung"]
    assert response.text.split() == both
    assert links(response) == [(iri, "alternate") for iri in both]


@pytest.mark.parametrize(
    ("identifier", "dataset"),
    [
        ("4d_lung", "idc/4d_lung"),
        ("row 17", "other/4d-lung"),
        (" 10.5281/ZENODO.1 ", "idc/4d_lung-segmentations"),
        ("a/b ä", "idc/a%2Fb%20%C3%A4"),
        (f"{BASE}/dataset/idc/v1.ttl", "idc/v1.ttl"),
    ],
)
def test_a_dataset_by_any_of_its_identifiers(client: TestClient, identifier: str, dataset: str) -> None:
    response = client.get("/dataset", params={"identifier": identifier}, follow_redirects=False)
    assert (response.status_code, location(response)) == (303, f"{BASE}/dataset/{dataset}")


@pytest.mark.parametrize("identifier", ["", " ", "nothing", "10.1002/mp.12059", "'; DROP TABLE content", "x" * 5000])
def test_identifiers_that_nobody_has(client: TestClient, identifier: str) -> None:
    response = client.get("/dataset", params={"identifier": identifier}, follow_redirects=False)
    assert response.status_code == 404


def test_signposts(client: TestClient) -> None:
    iri = f"{BASE}/dataset/idc/4d_lung"
    rdf = links(client.get("/dataset/idc/4d_lung.ttl"))
    page = links(client.get("/dataset/idc/4d_lung", headers={"Accept": BROWSER}))
    for found in (rdf, page):
        assert (iri, "canonical") in found
        assert ("https://doi.org/10.7937/k9/tcia.2016.eln8ygle", "cite-as") in found
        assert ("https://schema.org/Dataset", "type") in found
        assert ("https://creativecommons.org/licenses/by/3.0/", "license") in found
        assert (f"{BASE}/catalogue/idc", "collection") in found
    assert {target for target, relation in page if relation == "describedby"} == {
        f"{iri}.{variant.name}" for variant in GRAPH_VARIANTS
    }
    assert (f"{iri}.html", "alternate") in rdf
    assert (f"{iri}.ttl", "alternate") not in rdf
    assert (f"{BASE}/dataset/other/4d-lung", "cite-as") in links(client.get("/dataset/other/4d-lung.ttl"))


@pytest.mark.parametrize(
    "path", ["/dataset/idc/4d_lung", "/dataset/idc/4d_lung.ttl", "/catalogue", "/record/idc/hostile"]
)
def test_head_and_conditional_requests(client: TestClient, path: str) -> None:
    for accept in ("text/turtle", "application/ld+json"):
        get = client.get(path, headers={"Accept": accept})
        head = client.head(path, headers={"Accept": accept})
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["etag"] == get.headers["etag"]
        assert int(head.headers["content-length"]) == len(get.content)
        again = client.get(path, headers={"Accept": accept, "If-None-Match": get.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_formats_have_different_etags(client: TestClient) -> None:
    tags = {client.get(f"/dataset/idc/4d_lung.{v.name}").headers["etag"] for v in GRAPH_VARIANTS}
    assert len(tags) == len(GRAPH_VARIANTS)


def test_what_nobody_can_serve(client: TestClient) -> None:
    assert client.get("/dataset/idc/4d_lung", headers={"Accept": "image/png"}).status_code == 406


def test_catalogues(client: TestClient) -> None:
    root = parse(client.get("/catalogue", headers=TURTLE))
    parts = {URIRef(f"{BASE}/catalogue/{name}") for name in ("idc", "other")}
    assert set(root.objects(URIRef(f"{BASE}/catalogue"), DCAT.catalog)) == parts
    assert {part for part in parts if root.value(part, DCT.title)} == parts
    one = parse(client.get("/catalogue/idc", headers=TURTLE))
    assert one.value(URIRef(f"{BASE}/catalogue/idc"), DCT.publisher) == URIRef(f"{BASE}/agent/idc/publisher")
    for path, page in (("/catalogue", "/datasets"), ("/catalogue/idc", "/datasets?repository=idc")):
        response = client.get(path, headers={"Accept": BROWSER}, follow_redirects=False)
        assert (response.status_code, location(response)) == (303, BASE + page)


def test_agents_links_and_releases(client: TestClient) -> None:
    agent = parse(client.get("/agent/idc/publisher", headers=TURTLE))
    assert agent.value(URIRef(f"{BASE}/agent/idc/publisher"), FOAF.name) is not None
    assert list(agent.subjects(RDF.type, DCAT.Catalog)) == []
    dataset = parse(client.get("/dataset/idc/4d_lung.ttl"))
    for node in dataset.subjects(RDF.type, RADIOGRAPH.Link):
        path = str(node).removeprefix(BASE)
        assert (node, RDF.type, RADIOGRAPH.Link) in parse(client.get(path, headers=TURTLE))
        assert client.get(path, headers={"Accept": "application/json"}).json()["evidence"]
    release = client.get("/release/2", headers={"Accept": "application/json"}).json()
    assert (release["release"], release["datasets"], release["links"]) == (2, 7, 2)
    assert len(parse(client.get("/release/2", headers=TURTLE))) > 2


def test_concepts_and_the_ontology(client: TestClient) -> None:
    concept = URIRef("https://w3id.org/radiograph/concept/anatomy/39607008")
    graph = parse(client.get("/concept/anatomy/39607008", headers=TURTLE))
    assert (concept, RDF.type, SKOS.Concept) in graph
    broader = graph.value(concept, SKOS.broader)
    assert broader is None or graph.value(broader, SKOS.prefLabel) is not None
    assert (concept, RDF.type, SKOS.Concept) in parse(client.get("/concept/anatomy", headers=TURTLE))
    assert (RADIOGRAPH.modality, None, None) in parse(client.get("/ontology", headers=TURTLE))


@pytest.mark.oracle
@pytest.mark.parametrize(
    "path",
    [
        "/dataset/idc/4d_lung.ttl",
        "/dataset/idc/4d_lung-segmentations.ttl",
        "/dataset/other/4d-lung.ttl",
        "/record/idc/4d_lung.ttl",
        "/catalogue?format=ttl",
        "/catalogue/idc?format=ttl",
        "/agent/idc/publisher?format=ttl",
    ],
)
def test_every_document_passes_the_official_shapes_by_itself(
    client: TestClient, official_violations: Callable[[Graph], list[str]], path: str
) -> None:
    assert official_violations(parse(client.get(path))) == []
