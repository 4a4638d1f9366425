"""The search page, and the same search as JSON."""

from __future__ import annotations

import warnings
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.pages import DATASET, Page

with warnings.catch_warnings():
    # Starlette's test client warns that it would rather have a successor of httpx, at import only.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient


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
