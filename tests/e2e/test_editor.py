"""The SPARQL page in a real browser: the editor where there are scripts, the plain form where there are none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from api.rendering import assets
from api.sparql.page import EDITOR
from catalogue.examples import examples
from tests.deployment import Server
from tests.e2e.browser import LOW_CONTRAST

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Locator, Page

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        EDITOR not in assets() and not os.environ.get("RADIOGRAPH_REQUIRE_ALL"),
        reason="the editor is not built: make editor",
    ),
]

_MODALITIES = """PREFIX radiograph: <https://w3id.org/radiograph/ontology#>
PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?modality ?name (COUNT(?dataset) AS ?datasets) (2 * COUNT(?dataset) AS ?twice) WHERE {
  ?dataset radiograph:modality ?modality . ?modality skos:prefLabel ?name . FILTER (LANG(?name) = "en")
} GROUP BY ?modality ?name ORDER BY DESC(?datasets)"""
_DERIVED = """PREFIX prov: <http://www.w3.org/ns/prov#>
CONSTRUCT { ?a prov:wasDerivedFrom ?b } WHERE { ?a prov:wasDerivedFrom ?b } ORDER BY ?a ?b LIMIT 20"""


@pytest.fixture
def context(chromium: Browser, server: Server) -> Iterator[BrowserContext]:
    """A fresh profile: nothing stored, and the clipboard open to the page."""
    opened = chromium.new_context(base_url=server.url, viewport={"width": 1280, "height": 900})
    opened.grant_permissions(["clipboard-read", "clipboard-write"])
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Iterator[Page]:
    """A page; the test fails if the console told of an error, or anything but this service was asked."""
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("console", lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None)
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on(
        "request", lambda asked: None if asked.url.startswith((server.url, "blob:")) else troubles.append(asked.url)
    )
    yield opened
    refused = "Failed to load resource: the server responded with a status of 4"  # what Chromium says of any refusal
    assert [one for one in troubles if not one.startswith(refused)] == []


def _shown(page: Page) -> Locator:
    """The tab that is open."""
    return page.locator(".tabPanel.active")


def _write(page: Page, query: str) -> None:
    """Type a query in place of what there is."""
    _shown(page).locator(".yasqe .CodeMirror-code").click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(query)
    page.keyboard.press("Escape")  # the list of completions goes, and the focus with it where there is none
    _shown(page).get_by_label("Query", exact=True).focus()


def _written(page: Page) -> str:
    text: str = page.evaluate("document.querySelector('.tabPanel.active .CodeMirror').CodeMirror.getValue()")
    return text


def _run(page: Page) -> None:
    page.get_by_role("button", name="Run the query").click()
    playwright.expect(_shown(page).locator(".yasr_results > *").first).to_be_visible()


def _take(page: Page, term: str) -> None:
    """Take the first completion once it is this one and stays it: the list is made anew while completions come."""
    hints = page.locator(".CodeMirror-hints li")
    playwright.expect(hints.first).to_contain_text(term)
    page.wait_for_timeout(300)
    playwright.expect(hints.first).to_contain_text(term)
    page.keyboard.press("Enter")
    playwright.expect(hints).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 1280, 800, 390])
def test_the_head_of_an_answer_stays_in_order(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/sparql?{urlencode({'query': _MODALITIES})}")
    _run(page)
    head = _shown(page).locator(".yasr_header")
    line = [
        head.locator(name).bounding_box() for name in (".yasr_btnGroup", ".yasr_response_chip", ".yasr_downloadIcon")
    ]
    views, said, download = (box or pytest.fail("is not shown") for box in line)
    beside = views if width > 400 else said
    assert abs(download["y"] + download["height"] / 2 - beside["y"] - beside["height"] / 2) < 4
    assert width - 60 < download["x"] + download["width"] <= width - 10, "it is the last in its line"
    for part in head.locator("button:visible, a:visible, input:visible, select:visible").all():
        box = part.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_service_s_own_terms_complete_what_is_typed(page: Page) -> None:
    with page.expect_response("**/sparql/guide"):
        page.goto("/sparql?query=")
    _write(page, "")
    page.keyboard.type("SELECT * WHERE { ?d a ImagingDat")
    hints = page.locator(".CodeMirror-hints li")
    playwright.expect(hints.first.locator(".count")).to_have_text(re.compile(r"^[\d,]+$"))
    _take(page, "radiograph:ImagingDataset")
    page.keyboard.type(" ; subj")
    playwright.expect(hints.first).to_contain_text("radiograph:subjectCount")
    names = hints.locator(".name").all_inner_texts()
    _take(page, "radiograph:subjectCount")
    page.keyboard.type(" ?n . ?c a skos:Concept ; skos:pref")
    _take(page, "skos:prefLabel")
    page.keyboard.type(" ?l }")

    assert "dct:subject" not in names  # concepts have it, imaging datasets do not
    assert _written(page).split("SELECT")[0].split("\n") == [
        "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>",
        "PREFIX radiograph: <https://w3id.org/radiograph/ontology#>",
        "",
    ]
    assert "?d a radiograph:ImagingDataset ; radiograph:subjectCount ?n . ?c a skos:Concept ; skos:prefLabel ?l }" in (
        _written(page)
    )


def test_an_answer_is_a_table_and_a_chart(page: Page) -> None:
    page.goto("/sparql")
    _write(page, _MODALITIES)
    page.keyboard.press("Control+Enter")
    table = _shown(page).locator("table")
    playwright.expect(table.locator("th")).to_have_text(["modality", "name", "datasets", "twice"])
    first = table.locator("tbody tr").first.locator("td").all_inner_texts()
    link = table.locator("tbody a").first
    here = page.url.split("/sparql")[0]
    assert str(link.get_attribute("href")).startswith(f"{here}/concept/modality/")

    page.get_by_role("button", name="Shows Chart view").click()
    bars = _shown(page).locator(".chart rect.bar")
    rows = int(_shown(page).locator(".yasr_response_chip").inner_text().split()[0])
    playwright.expect(bars).to_have_count(min(rows, 60))
    playwright.expect(_shown(page).locator(".chart g title").first).to_have_text(f"{first[1]}: {int(first[2]):,}")
    page.get_by_label("As", exact=True).select_option("points")
    playwright.expect(_shown(page).locator(".chart circle.point")).to_have_count(rows)
    page.get_by_label("As", exact=True).select_option("bars")
    page.get_by_label("Length").select_option("twice")
    playwright.expect(_shown(page).locator(".chart g title").first).to_have_text(f"{first[1]}: {2 * int(first[2]):,}")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download Results").click()
    assert saved.value.suggested_filename.endswith(".svg")


def test_a_graph_is_drawn_and_moved_by_keys(page: Page) -> None:
    page.goto("/sparql")
    _write(page, _DERIVED)
    _run(page)
    playwright.expect(_shown(page).locator("table th")).to_have_text(["subject", "predicate", "object"])
    pairs = {tuple(row.locator("td").all_inner_texts()[::2]) for row in _shown(page).locator("tbody tr").all()}
    page.get_by_role("button", name="Shows Graph view").click()
    drawing = _shown(page).locator(".picture svg")
    playwright.expect(drawing.locator(".edge")).to_have_count(len(pairs))
    playwright.expect(drawing.locator(".node")).to_have_count(len({end for pair in pairs for end in pair}))
    before = drawing.get_attribute("viewBox")
    drawing.focus()
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    assert drawing.get_attribute("viewBox") != before
    page.get_by_role("button", name="Whole graph").click()
    assert drawing.get_attribute("viewBox") == before
    here = page.url.split("/sparql")[0]
    assert str(drawing.locator("a.node").first.get_attribute("href")).startswith(f"{here}/dataset/")


def test_a_refusal_says_what_helps(page: Page) -> None:
    page.goto("/sparql")
    for query, says in (
        ("SELECT * WHERE { ?s ?p }", "expected"),
        ("SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }", "SERVICE"),
    ):
        _write(page, query)
        page.get_by_role("button", name="Run the query").click()
        failure = _shown(page).get_by_role("alert")
        playwright.expect(failure).to_contain_text(says)
        playwright.expect(failure).to_contain_text("What helps: ")
    _write(page, "ASK {}")
    page.get_by_role("button", name="Run the query").click()
    playwright.expect(_shown(page).locator(".booleanResult")).to_contain_text("True")


def test_an_answer_that_was_cut_is_not_shown_as_one(context: BrowserContext, page: Page) -> None:
    cut = """async (input, init) => {
      const answer = await window.whole(input, init);
      if (!String(input.url ?? input).includes("query=")) return answer;
      const body = new ReadableStream({ start(to) {
        to.enqueue(new TextEncoder().encode('{"head":{"vars":["s"]},"results":{"bindings":['));
        setTimeout(() => to.error(new TypeError("network error")), 50);
      } });
      return new Response(body, { status: 200, headers: answer.headers });
    }"""
    context.add_init_script(f"window.whole = window.fetch; window.fetch = {cut};")
    page.goto("/sparql")
    page.get_by_role("button", name="Run the query").click()
    failure = _shown(page).get_by_role("alert")
    playwright.expect(failure).to_contain_text("The answer was cut")
    playwright.expect(failure).to_contain_text("What helps: ")
    playwright.expect(_shown(page).locator("table")).to_have_count(0)


def test_a_query_is_copied_as_a_program_and_as_a_link(page: Page) -> None:
    page.goto("/sparql")
    _write(page, 'SELECT ("""it\'s""" AS ?x) {}')
    page.get_by_text("Copy as curl").click()
    code = page.locator(".copy[open] pre")
    playwright.expect(code).to_contain_text('SELECT ("""it\'s""" AS ?x) {}\nSPARQL')
    page.get_by_role("button", name="Copy curl").click()
    playwright.expect(page.get_by_role("button", name="Copy curl")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == code.inner_text()

    page.get_by_role("button", name="Copy a link").click()
    playwright.expect(page.locator(".said")).to_contain_text("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert parse_qs(urlsplit(link).query) == {"query": ['SELECT ("""it\'s""" AS ?x) {}']}
    asked: list[str] = []
    other = page.context.new_page()
    other.on("request", lambda request: asked.append(request.url))
    other.goto(link)
    playwright.expect(other.locator(".tabPanel.active .CodeMirror-code")).to_contain_text("AS ?x")
    assert not any("/sparql?query" in url for url in asked if url != link)
    other.goto(f"{link}&run=yes")
    playwright.expect(other.locator(".tabPanel.active table tbody")).to_contain_text("it's")


def test_examples_are_found_by_words_and_opened(page: Page) -> None:
    page.goto("/sparql")
    example = examples()[2]
    word = max(example.title.split(), key=len)
    page.get_by_label("Search the examples").fill(word.upper())
    listed = page.locator(".examples a:visible")
    assert word.lower() in page.locator(".examples li:visible").first.inner_text().lower()
    assert listed.count() < len(examples())
    page.get_by_role("link", name=example.title, exact=True).click()
    playwright.expect(page.get_by_role("tab", selected=True)).to_contain_text(example.title)
    assert _written(page).strip() == example.query.strip()
    page.get_by_role("button", name="Copy a link").click()
    playwright.expect(page.locator(".said")).not_to_be_empty()
    assert page.url.endswith(f"/sparql?example={example.name}")
    page.get_by_label("Search the examples").fill("xyzzy")
    playwright.expect(page.get_by_text("No example has these words.")).to_be_visible()


def test_the_keyboard_is_enough(page: Page) -> None:
    page.goto("/sparql")
    playwright.expect(page.locator(".ask.ready")).to_be_attached()
    page.get_by_role("textbox", name="Query", exact=True).focus()
    page.keyboard.press("Tab")
    run = page.get_by_role("button", name="Run the query")
    playwright.expect(run).to_be_focused()
    page.keyboard.press("Enter")
    playwright.expect(_shown(page).locator("table tbody tr").first).to_be_visible()
    page.keyboard.press("Shift+Tab")
    playwright.expect(page.get_by_role("textbox", name="Query", exact=True)).to_be_focused()


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1280, False)], ids=["narrow-dark", "wide-light"])
def test_nothing_is_cut_off_and_all_text_is_legible(chromium: Browser, server: Server, width: int, dark: bool) -> None:
    context = chromium.new_context(
        base_url=server.url,
        viewport={"width": width, "height": 800},
        color_scheme="dark" if dark else "light",
    )
    page = context.new_page()
    for query in (_MODALITIES, _DERIVED, "SELECT * { ?s ?p }"):
        page.goto(f"/sparql?{urlencode({'query': query})}")
        _run(page)
        for view in ("Chart", "Graph", "Table"):
            button = page.get_by_role("button", name=f"Shows {view} view")
            if button.is_visible():
                button.click()
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert wide == 0, f"{view} of {query} is {wide} px too wide"
            assert page.evaluate(LOW_CONTRAST) == [], f"{view} of {query}"
    context.close()


def test_without_scripts_there_is_the_form(chromium: Browser, server: Server) -> None:
    context = chromium.new_context(base_url=server.url, java_script_enabled=False)
    page = context.new_page()
    for example in examples()[:3]:
        page.goto("/sparql")
        page.get_by_role("link", name=example.title, exact=True).click()
        assert page.get_by_label("Query").input_value().strip() == example.query.strip()
        page.get_by_role("button", name="Run the query").click()
        playwright.expect(page.locator(".answer tbody tr").first).to_be_visible()
    page.get_by_label("Query").fill("SELECT (COUNT(*) AS ?triples) WHERE { ?s ?p ?o }")
    page.get_by_role("button", name="Run the query").click()
    playwright.expect(page.locator(".answer th")).to_have_text("triples")
    assert int(page.locator(".answer tbody td").first.inner_text()) > 1000
    playwright.expect(page.locator(".answer").get_by_role("link", name="CSV")).to_have_count(1)
    page.get_by_text("Copy as Python").click()
    playwright.expect(page.locator(".copy[open] pre")).to_contain_text("COUNT(*)")
    context.close()
