"""The pages in a real browser, with and without scripts, wide and narrow, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin

import pytest

from tests.deployment import Server
from tests.e2e.browser import LOW_CONTRAST

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser

#: A dataset with strata, many sources, and annotation sets made from it.
_DATASET = "/dataset/idc/nlst"


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def page(request: pytest.FixtureRequest, chromium: Browser, server: Server) -> Iterator[Page]:
    """A fresh page; the test fails if console or network told of an error, or anything foreign was asked for."""
    context = chromium.new_context(base_url=server.url, java_script_enabled=request.param)
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("request", lambda asked: None if asked.url.startswith(server.url) else troubles.append(asked.url))
    yield opened
    context.close()
    assert troubles == []


def test_from_the_start_to_a_dataset_and_its_data(page: Page) -> None:
    page.goto("/")
    playwright.expect(page.locator("h1")).to_contain_text("See what is inside")
    page.get_by_label("Search datasets").fill("lung cancer screening")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/datasets?q=lung+cancer+screening")
    playwright.expect(page.locator("mark").first).to_be_visible()

    page.locator("#filters").get_by_role("link", name="Computed Tomography").first.click()
    page.wait_for_url("**modality=CT**")
    playwright.expect(page.get_by_role("link", name="Remove Modality: Computed Tomography")).to_be_visible()

    page.locator("ol.cards h2 a", has_text="NLST").first.click()
    page.wait_for_url("**/dataset/**")
    playwright.expect(page.get_by_role("heading", name="Get the data")).to_be_visible()
    turtle = page.get_by_role("link", name="Turtle").get_attribute("href")
    answer = page.request.get(urljoin(page.url, turtle))
    assert answer.headers["content-type"].startswith("text/turtle")


def test_the_picture_leads_to_its_datasets(page: Page) -> None:
    page.goto("/")
    spot = page.locator("figure.plate a[aria-label]").first
    label = str(spot.get_attribute("aria-label"))
    spot.click()
    page.wait_for_url("**/datasets?**")
    playwright.expect(page.locator("h1")).to_have_text(label.split(":")[0])


def test_a_dataset_says_why_others_are_related(page: Page) -> None:
    page.goto(_DATASET)
    related = page.locator("section", has=page.get_by_role("heading", name="Related datasets"))
    playwright.expect(related.get_by_text("Source of").first).to_be_visible()
    title = related.get_by_role("link").first.inner_text()
    related.get_by_role("link").first.click()
    playwright.expect(page.locator("h1")).to_have_text(title)


def test_a_stated_text_leads_to_its_concept_and_back_to_datasets(page: Page) -> None:
    page.goto(_DATASET)
    page.get_by_text("What the repository wrote").click()
    page.get_by_role("region", name="Stated texts").get_by_role("link", name="Computed Tomography").click()
    page.wait_for_url("**/concept/modality/CT")
    playwright.expect(page.locator("h1")).to_have_text("Computed Tomography")
    datasets = page.locator("section", has=page.get_by_role("heading", name="In this catalogue")).locator("a.button")
    count = datasets.inner_text()
    datasets.click()
    playwright.expect(page.locator("h1")).to_have_text(count)


def test_the_keyboard_reaches_the_content(page: Page) -> None:
    page.goto("/datasets")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    playwright.expect(skip).to_be_focused()
    playwright.expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.wait_for_url("**#content")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_cut_off_and_all_text_is_legible(chromium: Browser, server: Server, width: int, dark: bool) -> None:
    scheme: Literal["dark", "light"] = "dark" if dark else "light"
    context = chromium.new_context(
        base_url=server.url,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
    )
    page = context.new_page()
    queried = "/sparql?query=SELECT%20*%20WHERE%20%7B%3Fs%20%3Fp%20%3Fo%7D%20LIMIT%2020&run=yes"
    words = ("/concept/cancer/LUAD", "/concept/modality", "/concept?q=lung", "/ontology", "/validate")
    for address in ("/", "/datasets?q=liver&modality=CT", "/datasets?q=zzzz", _DATASET, queried, *words, "/none"):
        page.goto(address)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{address} is {wide} px too wide"
        assert page.evaluate(LOW_CONTRAST) == [], address
    context.close()
