"""Pages: what they show, that hostile data stays text, and that they hold up behind any address."""

from __future__ import annotations

import html
import json
import re
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from api.rendering import assets, is_web_address
from api.sparql.page import EDITOR
from catalogue.ledger import Ledger
from catalogue.store.guard import inspect
from core.settings import Settings, load_settings
from tests.api.pages import BROWSER, DATASET, NASTY, Page

with warnings.catch_warnings():
    # Starlette's test client warns that it would rather have a successor of httpx, at import only.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

Serve = Callable[[Settings], AbstractContextManager[TestClient]]
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


def test_files_of_pages_come_small_where_the_client_can_read_that(browser: TestClient) -> None:
    plain, small = (
        browser.get("/static/radiograph.css", headers={"Accept-Encoding": coding}) for coding in ("identity", "gzip")
    )
    assert plain.content == small.content
    assert "content-encoding" not in plain.headers and small.headers["content-encoding"] == "gzip"
    assert int(small.headers["content-length"]) * 2 < len(plain.content)


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
