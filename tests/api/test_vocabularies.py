"""Term pages: names, mappings, use, deprecated concepts, search over labels, and versions of the ontology."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from api import vocabularies
from core.settings import Settings
from ontology.release_archive import packed
from ontology.tree import Tree

Serve = Callable[[Settings], AbstractContextManager[Any]]
BROWSER = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
CANCER = "https://w3id.org/radiograph/concept/cancer/"
ADDITION = """
@prefix dct: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix : <https://w3id.org/radiograph/concept/cancer/> .

:outdated a skos:Concept ;
  skos:notation "outdated" ;
  skos:prefLabel "Outdated <b>tumour</b>"@en, "Überholter Tumor"@de ;
  skos:broader :LUNG ;
  skos:inScheme <https://w3id.org/radiograph/concept/cancer> ;
  owl:deprecated true ;
  dct:isReplacedBy :LUAD .
"""


@pytest.fixture(scope="module")
def client(serve: Serve, published: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The service with an overlay that deprecates a concept and has an example query."""
    overlay = tmp_path_factory.mktemp("overlay")
    additions = overlay / "ontology" / "concepts" / "additions"
    additions.mkdir(parents=True)
    (additions / "cancer.ttl").write_text(ADDITION, encoding="utf-8")
    (overlay / "queries").mkdir()
    (overlay / "queries" / "9-own.rq").write_text("# A query of our own\n# About us.\nASK {}\n", encoding="utf-8")
    with serve(published.settings.model_copy(update={"overlay": overlay})) as started:
        yield started


def html(client: Any, path: str) -> str:
    response = client.get(path, headers=BROWSER)
    assert response.status_code == 200
    return str(response.text)


def test_a_deprecated_concept_is_marked_and_out_of_trees_until_it_is_asked_for(client: Any) -> None:
    page = html(client, "/concept/cancer/outdated")
    assert "This concept is deprecated." in page and 'href="../../concept/cancer/LUAD"' in page
    assert "Outdated &lt;b&gt;tumour&lt;/b&gt;" in page and "<b>tumour" not in page
    for path in ("/concept/cancer", "/concept/cancer/LUNG"):
        without, shown = html(client, path), html(client, f"{path}?deprecated=1")
        assert "concept/cancer/outdated" not in without and "?deprecated=1" in without
        assert "concept/cancer/outdated" in shown and "Deprecated" in shown


def test_a_concept_says_its_names_its_codes_and_how_they_are_known(client: Any) -> None:
    liver = html(client, "/concept/anatomy/10200004")
    assert "Hepatic" in liver and "UBERON:0002107" in liver and "close, not the same" in liver
    assert "manual mapping curation</a>, 95 % sure" in liver and "the source of the scheme" in liver
    assert "<q>Liver Disease</q>" in liver
    assert "Überholter Tumor" in html(client, "/concept/cancer/outdated")


def test_use_is_told_by_repository_with_the_datasets_behind_it(client: Any) -> None:
    page = html(client, "/concept/modality/CT")
    usage = client.app.state.radiograph.current.usage.of("https://w3id.org/radiograph/concept/modality/CT")
    assert usage.total > 0 and usage.datasets
    for repository, number in usage.inclusive.items():
        assert f"modality=CT&amp;repository={repository}" in page
        found = client.get(f"/datasets.json?modality=CT&repository={repository}").json()["total"]
        assert found == number
    assert all(title.replace("&", "&amp;") in page for _, title in usage.datasets)


def test_concepts_are_found_by_any_label_as_page_and_as_json(client: Any) -> None:
    page = html(client, "/concept?q=uberholter")
    assert "1 concept for" in page and "Überholter Tumor" in page and "Deprecated" in page
    found = client.get("/concept?q=uberholter", headers={"Accept": "application/json"}).json()
    assert found["total"] == 1
    (one,) = found["concepts"]
    assert one["iri"] == f"{CANCER}outdated" and one["deprecated"] and one["replaced_by"] == [f"{CANCER}LUAD"]
    assert one["matched"] == {"text": "Überholter Tumor", "language": "de", "kind": "label"}
    scoped = client.get("/concept?q=lung&scheme=anatomy&format=json").json()
    assert scoped["concepts"] and {row["scheme"] for row in scoped["concepts"]} == {"anatomy"}


def test_a_search_can_be_read_to_its_end(client: Any) -> None:
    seen: list[str] = []
    for number in range(1, 100):
        found = client.get(f"/concept?q=tumor&page={number}&format=json").json()
        if not found["concepts"]:
            break
        seen += [row["iri"] for row in found["concepts"]]
    assert len(seen) == len(set(seen)) == found["total"] > 50
    assert "There are no more." in html(client, "/concept?q=tumor&page=99")


@pytest.mark.parametrize("query", ["q=%00", "q=%FF", "q=<script>", "q=a&page=-1", "q=a&page=x", "q=a&scheme=none"])
def test_no_address_of_a_search_is_an_error(client: Any, query: str) -> None:
    assert "<script" not in html(client, f"/concept?{query}")


def test_without_words_the_schemes_are_shown(client: Any) -> None:
    for path in ("/concept", "/concept?q=", "/concept?q=%20"):
        response = client.get(path)
        assert (response.status_code, response.headers["location"]) == (303, "./ontology")


def test_versions_that_are_kept_can_be_had(client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = dict(Tree.load().texts)
    present = client.get("/ontology?format=nt").text
    version = present.partition('versionInfo> "')[2].partition('"')[0]
    assert client.get(f"/ontology/{version}?format=nt").text == present
    texts["radiograph.ttl"] = texts["radiograph.ttl"].replace(version, "0.0.7").replace("Radiograph ontology", "Old")
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "0.0.7.tar.xz").write_bytes(packed(texts))
    assert client.get("/ontology/0.0.7").status_code == 404
    monkeypatch.setattr(vocabularies, "_RELEASED", tmp_path)
    assert "ontology/0.0.7" in html(client, "/ontology")
    old = html(client, "/ontology/0.0.7")
    assert "This is an earlier version." in old and "Version 0.0.7" in old and "Old" in old
    assert '"0.0.7"' in client.get("/ontology/0.0.7", headers={"Accept": "text/turtle"}).text
    for wrong in ("9.9.9", "..%2f0.0.7", "0.0.7.tar.xz"):
        assert client.get(f"/ontology/{wrong}").status_code == 404


def test_queries_of_the_overlay_are_offered(client: Any) -> None:
    page = html(client, "/sparql")
    assert "A query of our own" in page and "Breast MR with more than 500 subjects" in page
