"""Pages of concepts, schemes and the ontology."""

from __future__ import annotations

import warnings
from pathlib import Path
from urllib.parse import urljoin

from api.concept_page import codes
from ontology.vocabulary import Vocabularies
from tests.api.pages import Page

with warnings.catch_warnings():
    # Starlette's test client warns that it would rather have a successor of httpx, at import only.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient


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
