"""Pages: what they show, that hostile data stays text, and that they hold up behind any address."""

from __future__ import annotations

import html
import json
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from api.concept_page import codes
from api.rendering import assets, is_web_address
from api.sparql.page import EDITOR
from catalogue.description import Candidate, StoredDescription
from catalogue.entries import RepositoryEntry
from catalogue.examples import examples
from catalogue.ledger import Ledger
from catalogue.publication import publish
from catalogue.store.guard import inspect
from core.settings import Settings, load_settings
from core.terms import DCAT, DCT, RADIOGRAPH, RDF
from ontology.vocabulary import Vocabularies
from tests.catalogue import samples

with warnings.catch_warnings():
    # Starlette's test client warns that it would rather have a successor of httpx, at import only.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
NASTY = "</script><img src=x onerror=alert(1)>\"'&"
DATASET = f"{samples.DATASETS}one/"
Serve = Callable[[Settings], AbstractContextManager[TestClient]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The samples and a hostile dataset, published."""
    settings = load_settings(home=tmp_path_factory.mktemp("pages"), base_iri="https://example.org")
    with Ledger.open(settings, create=True) as ledger:
        for repository, title in samples.TITLES.items():
            ledger.declare(RepositoryEntry(repository, title, _agents(repository), "dcat-ap", "1"))
            with ledger.run(repository, "test") as run:
                for one in [*samples.descriptions(), _hostile()]:
                    if one.repository == repository:
                        run.submit(_candidate(one.iri, repository, one.identifier, one.ntriples))
                run.finish(complete=True, report={})
    publish(settings, samples.vocabularies())
    return settings


@pytest.fixture(scope="module")
def browser(home: Settings, serve: Serve) -> Iterator[TestClient]:
    with serve(home) as client:
        client.headers.update(BROWSER)
        yield client


class Page(HTMLParser):
    """A page taken apart: addresses, ids, labels, text, JSON-LD."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: list[str] = []
        self.labels: set[str | None] = set()
        self.inputs: list[str | None] = []
        self.tags: list[str] = []
        self.text = ""
        self.json_ld = ""
        self._in_json_ld = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append(tag)
        self._in_json_ld = tag == "script"
        assert not any(name.startswith("on") or name == "style" for name in attributes), attributes
        self.addresses += [value for name in ("href", "src", "action") if (value := attributes.get(name))]
        if (identifier := attributes.get("id")) is not None:
            self.ids.append(identifier)
        if tag == "label":
            self.labels.add(attributes.get("for"))
        if tag in {"input", "textarea"} and attributes.get("type") != "hidden":
            self.inputs.append(attributes.get("id"))

    def handle_data(self, data: str) -> None:
        if self._in_json_ld:
            self.json_ld += data
        else:
            self.text += data

    def handle_endtag(self, tag: str) -> None:
        self._in_json_ld = False


PAGES = (
    "/",
    "/datasets",
    "/datasets?q=liver&modality=CT&sort=subjects",
    "/datasets?q=zzzz&modality=unheard",
    "/dataset/one/liver_ct",
    "/dataset/one/hostile",
    "/dataset/two/LIVER",
    "/sparql",
    "/validate",
    "/ontology",
    "/concept/modality",
    "/concept/cancer/LUAD",
    "/concept?q=liver",
    "/concept/language",
)


@pytest.mark.parametrize("address", PAGES)
def test_every_page_is_whole_accessible_and_self_contained(browser: TestClient, address: str) -> None:
    response = browser.get(address)
    page = Page(response.text)

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert response.text.startswith('<!doctype html>\n<html lang="en">')
    assert {"header", "nav", "main", "footer", "h1", "title"} <= set(page.tags)
    headings = [tag for tag in page.tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == "h1" and headings.count("h1") == 1
    assert all(int(later[1]) <= int(one[1]) + 1 for one, later in pairwise(headings))
    assert len(page.ids) == len(set(page.ids))
    assert set(page.inputs) <= page.labels
    assert "#content" in page.addresses
    assert "img" not in page.tags
    for loaded in re.findall(r'<link rel="(?:stylesheet|icon)"[^>]* href="([^"]*)"', response.text):
        assert browser.get(urljoin(str(response.url), html.unescape(loaded))).status_code == 200


@pytest.mark.parametrize("address", PAGES)
def test_every_address_on_a_page_is_relative_or_of_the_data(browser: TestClient, address: str) -> None:
    for target in Page(browser.get(address).text).addresses:
        assert not target.startswith("/")
        if urlsplit(target).scheme:
            assert is_web_address(target)
            assert not target.startswith("http://testserver")


def test_inner_links_lead_somewhere(browser: TestClient) -> None:
    for address in PAGES:
        response = browser.get(address)
        for target in set(Page(response.text).addresses):
            absolute = urljoin(str(response.url), target)
            if absolute.startswith("http://testserver/") and "/sparql?" not in absolute:
                assert browser.get(absolute).status_code in {200, 303}, absolute


def test_the_home_page_has_the_numbers_and_the_picture(browser: TestClient) -> None:
    text = browser.get("/").text
    page = Page(text)

    assert "6 imaging datasets" in page.text
    # The two descriptions of the liver CT share a DOI, so their 120 and 118 people are the same ones.
    assert "1,020" in page.text
    assert "Repository One" in page.text
    assert "Release 1" in page.text
    spots = re.findall(r'<a href="([^"]+)" aria-label="(\d+) datasets?: ([^,"]+), ([^"]+)">', text)
    assert spots
    for href, count, _, _ in spots:
        target = urljoin("http://testserver/", html.unescape(href))
        assert browser.get(target.replace("/datasets", "/datasets.json")).json()["total"] == int(count)


def test_the_search_page_shows_why_and_how_to_go_on(browser: TestClient) -> None:
    page = Page(browser.get("/datasets?q=abdomen&modality=CT").text)

    assert "3 datasets" in page.text
    assert "Found by body part Liver (“Abdomen”)" in " ".join(page.text.split())
    queries = [parse_qs(urlsplit(target).query) for target in page.addresses if "datasets?" in target]
    assert {"q": ["abdomen"]} in queries
    assert {"modality": ["CT"]} in queries
    assert {"q": ["abdomen"], "modality": ["CT", "MR"]} in queries
    assert {"q": ["abdomen"], "modality": ["CT"], "sort": ["title"]} in queries


def test_nothing_found_comes_with_help(browser: TestClient) -> None:
    text = Page(browser.get("/datasets?q=zzzz&modality=CT").text).text

    assert "Nothing in this release matches “zzzz” with these filters." in " ".join(text.split())
    assert "Search without the words" in text


def test_search_as_json_is_the_same_search(browser: TestClient) -> None:
    by_name = browser.get("/datasets.json", params={"q": "liver", "modality": "CT"}).json()
    by_accept = browser.get(
        "/datasets", params={"q": "liver", "modality": "CT"}, headers={"Accept": "application/json"}
    ).json()

    assert by_name == by_accept
    assert by_name["total"] == len(by_name["results"]) == 2
    assert by_name["results"][0]["iri"] == f"{DATASET}liver_ct"
    assert {row["key"]: row["count"] for row in by_name["facets"]["modality"]} == {"CT": 2}
    assert by_name["filters"] == {"modality": ["CT"]}


@pytest.mark.parametrize(
    "query",
    ["page=0", "page=-1", "page=x", "page=999999999999", "size=0", "size=1e9", "sort=x", "q=%00", "q=%FF", "x=y"],
)
def test_no_address_of_a_search_is_an_error(browser: TestClient, query: str) -> None:
    assert browser.get(f"/datasets?{query}").status_code == 200
    assert browser.get(f"/datasets.json?{query}").status_code == 200


def test_a_client_that_reads_on_until_nothing_comes_gets_each_dataset_once(browser: TestClient) -> None:
    seen: list[str] = []
    for number in range(1, 50):
        found = browser.get(f"/datasets.json?size=2&page={number}").json()
        if not found["results"]:
            break
        seen += [result["iri"] for result in found["results"]]
    assert found["page"] == found["pages"] + 1
    assert len(seen) == len(set(seen)) == found["total"]


def test_the_dataset_page_says_it_all(browser: TestClient) -> None:
    response = browser.get("/dataset/one/liver_ct")
    page = Page(response.text)
    text = " ".join(page.text.split())

    for expected in (
        "Liver CT", "Publisher One", "Version 4", "6 May 2023", "120", "5 MB", "WO INTER",
        "HepatoCellular carcinoma", "Source of Outlines of Liver CT", "Same dataset as The same livers elsewhere",
        "Doe J. Liver CT. 2020.", "Collected at two sites.", "DCAT-AP",
    ):  # fmt: skip
        assert expected in text
    for extension in ("ttl", "nt", "rdf", "jsonld"):
        assert f"../../dataset/one/liver_ct.{extension}" in page.addresses
    assert "https://publisher.example/liver-ct" in page.addresses
    assert "http://publications.europa.eu/resource/authority/licence/CC_BY_4_0" in page.addresses
    (query,) = (parse_qs(urlsplit(one).query)["query"][0] for one in page.addresses if "sparql?" in one)
    inspect(query)
    assert f"<{DATASET}liver_ct>" in query


def test_a_concept_says_what_it_is_and_finds_its_datasets(browser: TestClient) -> None:
    response = browser.get("/concept/modality/CT")
    page = Page(response.text)
    assert "Accept" in response.headers["vary"]
    assert "Computed Tomography" in page.text and "DCM:CT" in page.text
    (search,) = [one for one in page.addresses if one.endswith("datasets?modality=CT")]
    found = browser.get(urljoin(str(response.url), search.replace("datasets?", "datasets.json?"))).json()["total"]
    assert found > 1 and f"{found} datasets" in page.text
    assert browser.get("/concept/modality/CT?format=ttl").headers["content-type"].startswith("text/turtle")


def test_a_concept_leads_to_its_neighbours(browser: TestClient) -> None:
    response = browser.get("/concept/anatomy/818981001")
    page = Page(response.text)
    assert "No dataset of this release has it." in page.text
    near = {urljoin(str(response.url), one) for one in page.addresses if one.startswith("../../concept/anatomy/")}
    assert len(near) > 3 and all(browser.get(one).status_code == 200 for one in near)


def test_a_concept_with_several_broader_ones_has_one_way_up(browser: TestClient) -> None:
    text = browser.get("/concept/cancer/LUAD").text
    crumbs = text[text.index('class="crumbs"') :].partition("</nav>")[0]
    assert crumbs.count("concept/cancer/") < text.count("concept/cancer/")
    assert "NSCLC" in crumbs and "concept/cancer/adenocarcinoma" not in crumbs


def test_a_scheme_is_a_tree_and_the_ontology_lists_all(browser: TestClient) -> None:
    scheme = Page(browser.get("/concept/modality").text)
    assert "52 concepts" in scheme.text and "Computed Tomography" in scheme.text
    assert any(one.startswith("https://dicom.nema.org/") for one in scheme.addresses)
    assert "http://publications.europa.eu/resource/authority/language/ENG" in browser.get("/concept/language").text
    ontology = Page(browser.get("/ontology").text)
    assert "ImagingDataset" in ontology.ids and "./concept/modality" in ontology.addresses
    assert browser.get("/concept/none").status_code == 404


def test_schema_org_is_in_the_page_and_can_be_read(browser: TestClient) -> None:
    document = json.loads(Page(browser.get("/dataset/one/liver_ct").text).json_ld)

    assert document["@type"] == "Dataset"
    assert document["@id"] == f"{DATASET}liver_ct"
    assert document["name"] == "Liver CT"
    assert document["license"] == ["http://publications.europa.eu/resource/authority/licence/CC_BY_4_0"]
    assert document["distribution"][0]["contentSize"] == "5000000"
    assert document["isAccessibleForFree"] is True


def test_hostile_data_stays_text(browser: TestClient) -> None:
    for address in ("/dataset/one/hostile", "/datasets?q=hostile", "/"):
        response = browser.get(address)
        page = Page(response.text)
        assert "<img" not in response.text
        assert page.tags.count("script") == ("hostile" in address and "?" not in address)
        assert not any(urlsplit(target).scheme == "javascript" for target in page.addresses)
    page = Page(browser.get("/dataset/one/hostile").text)
    assert NASTY in page.text
    assert json.loads(page.json_ld)["name"] == NASTY
    assert "javascript:alert(2)" in page.text


@pytest.mark.parametrize("text", [NASTY, '"><svg onload=alert(1)>', "{{ 7*7 }}"])
def test_what_a_visitor_types_stays_text(browser: TestClient, text: str) -> None:
    for address, name in (("/datasets", "q"), ("/datasets", "modality"), ("/sparql", "query")):
        page = Page(browser.get(address, params={name: text}).text)
        assert "img" not in page.tags
        assert page.tags.count("script") == (address == "/sparql" and EDITOR in assets())
        assert not any(word == "49" for word in page.text.split() if text.startswith("{{"))


def test_a_query_gives_a_table(browser: TestClient) -> None:
    query = f"SELECT ?title WHERE {{ <{DATASET}liver_ct> <{DCT.title}> ?title }}"
    response = browser.post("/sparql", data={"query": query})
    text = " ".join(Page(response.text).text.split())

    assert response.status_code == 200
    assert "2 results" in text
    assert "Leber-CT" in text
    assert re.search(r"In \d+\.\d+ s", text)
    assert '<textarea id="query"' in response.text
    assert query in Page(response.text).text


def test_the_graphs_that_a_request_names_are_those_the_page_asks(browser: TestClient) -> None:
    asked = {"query": "ASK { ?s ?p ?o }", "default-graph-uri": "http://nothing.example/", "run": "yes"}
    page = browser.get("/sparql", params=asked)
    assert '<h2 id="answer">No</h2>' in page.text
    assert '<input type="hidden" name="default-graph-uri" value="http://nothing.example/">' in page.text
    (as_json,) = [one for one in Page(page.text).addresses if one.endswith("format=json")]
    assert browser.get(urljoin(str(page.url), as_json)).json()["boolean"] is False


def test_a_link_shows_its_query_and_runs_it_only_where_it_says_so(browser: TestClient) -> None:
    asked = {"query": "SELECT (1 AS ?one) {}"}
    shown = Page(browser.get("/sparql", params=asked).text)
    run = Page(browser.get("/sparql", params={**asked, "run": "yes"}).text)
    example = browser.get("/sparql", params={"example": examples()[1].name})

    assert asked["query"] in shown.text and "answer" not in shown.ids
    assert "1 result" in run.text and "answer" in run.ids
    assert examples()[1].query.strip() in Page(example.text).text and "answer" not in Page(example.text).ids


def test_a_page_with_the_editor_runs_no_script_but_its_own(browser: TestClient) -> None:
    policy = browser.get("/sparql").headers["content-security-policy"].split("; ")
    assert {"default-src 'none'", "script-src 'self'", "connect-src 'self'", "base-uri 'none'"} <= set(policy)
    assert "'unsafe-inline'" not in " ".join(policy) and "'unsafe-eval'" not in " ".join(policy)
    assert "script-src" not in browser.get("/").headers["content-security-policy"]


def test_files_of_pages_come_small_where_the_client_can_read_that(browser: TestClient) -> None:
    plain, small = (
        browser.get("/static/radiograph.css", headers={"Accept-Encoding": coding}) for coding in ("identity", "gzip")
    )
    assert plain.content == small.content
    assert "content-encoding" not in plain.headers and small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) * 2 < len(plain.content)


def test_boolean_and_graph_answers_are_shown(browser: TestClient) -> None:
    asked = Page(browser.post("/sparql", data={"query": "ASK {}"}).text)
    graph = Page(browser.post("/sparql", data={"query": f"DESCRIBE <{DATASET}belly>"}).text)

    assert "Yes" in asked.text
    assert "Whole belly, two ways" in graph.text


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("SELECT ?x WHERE { ?x", 400, "expected"),
        ("INSERT DATA { <a:b> <a:b> <a:b> }", 403, "read-only"),
        ("SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", 403, "SERVICE"),
    ],
)
def test_a_wrong_query_is_told_plainly(browser: TestClient, query: str, status: int, says: str) -> None:
    response = browser.post("/sparql", data={"query": query})

    assert response.status_code == status
    assert says in Page(response.text).text
    assert "No answer" in response.text


def test_example_queries_are_valid_and_titled() -> None:
    assert len(examples()) >= 3
    for example in examples():
        inspect(example.query)
        assert example.title
        assert example.about
        assert "#" not in example.query.splitlines()[0] or example.query.startswith("PREFIX")


def test_before_the_first_release_pages_say_so(tmp_path: Path, serve: Serve) -> None:
    settings = load_settings(home=tmp_path / "empty", base_iri="https://example.org")
    Ledger.open(settings, create=True).close()
    with serve(settings) as client:
        for address in ("/", "/datasets"):
            response = client.get(address, headers=BROWSER)
            assert response.status_code == 503
            assert "retry-after" in response.headers
            assert "Nothing is published yet" in response.text
        assert client.get("/datasets.json").status_code == 503


def test_static_files_are_kept_for_ever_and_nothing_else_is_served(browser: TestClient) -> None:
    assert "immutable" in browser.get("/static/radiograph.css").headers["cache-control"]
    for name in ("absent.css", "..%2fpages.py", "%2e%2e/pages.py"):
        assert browser.get(f"/static/{name}").status_code == 404


def _agents(repository: str) -> bytes:
    base = "https://example.org"
    agent = f"{base}/agent/{repository}/publisher"
    name = f"Publisher {repository.capitalize()}"
    return (
        f'<{agent}> <http://xmlns.com/foaf/0.1/name> "{name}"@en .\n'
        f"<{base}/catalogue/{repository}> <{RDF.type}> <{DCAT.Catalog}> .\n"
    ).encode()


def _hostile() -> StoredDescription:
    iri = f"{DATASET}hostile"
    title = NASTY.replace("\\", "\\\\").replace('"', '\\"')
    lines = [
        f"<{iri}> <{RDF.type}> <{RADIOGRAPH.ImagingDataset}> .",
        f'<{iri}> <{DCT.title}> "{title}"@en .',
        f'<{iri}> <{DCT.description}> "{title} hostile javascript:alert(2)"@en .',
        f'<{iri}> <{DCAT.keyword}> "{title}"@en .',
        f'<{iri}> <{DCT.identifier}> "javascript:alert(2)" .',
        f"<{iri}> <{DCAT.landingPage}> <javascript:alert(3)> .",
        f"<{iri}> <{DCT.isReferencedBy}> <javascript:alert(4)> .",
        f"<{iri}> <{RADIOGRAPH.modality}> <javascript:alert(5)> .",
    ]
    return samples.describe(iri, ("\n".join(sorted(lines)) + "\n").encode())


def _candidate(iri: str, repository: str, identifier: str, ntriples: bytes) -> Candidate:
    verdict = {"profile": "dcat-ap", "conforms": True, "violations": 0, "warnings": 1}
    finding = {
        "record": iri, "path": str(DCT.description), "severity": "warning", "profile": "dcat-ap", "message": NASTY,
    }  # fmt: skip
    return Candidate(
        iri=iri,
        repository=repository,
        identifier=identifier,
        ntriples=ntriples,
        report=json.dumps({"record": iri, "verdicts": [verdict], "findings": [finding]}),
        conforms_to=(),
        accepted=True,
        source_record="{}",
    )


def test_a_code_is_shown_with_its_own_address_though_another_ends_alike(tmp_path: Path) -> None:
    folder = tmp_path / "ontology" / "concepts"
    folder.mkdir(parents=True)
    (folder / "unit.ttl").write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> . @prefix X: <https://example.org/x/> .\n"
        "<https://example.org/unit> a skos:ConceptScheme .\n"
        '<https://example.org/unit/one> a skos:Concept ; skos:notation "one" ; skos:prefLabel "One"@en ;\n'
        "  skos:inScheme <https://example.org/unit> ; skos:exactMatch X:12, X:312 ; skos:closeMatch X:2 .\n",
        encoding="utf-8",
    )
    known = Vocabularies.load(tmp_path)
    concept = known.concept("https://example.org/unit/one")
    assert concept is not None
    assert [(code.text, code.iri.rpartition("/")[2], code.exact) for code in codes(concept, known)] == [
        ("X:12", "12", True),
        ("X:312", "312", True),
        ("X:2", "2", False),
    ]
