"""The page of the validation service in a real browser: paste, read, correct, upload, take the result along."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.conftest import ROOT
from tests.deployment import Deployment, Server, serving
from tests.e2e.browser import LOW_CONTRAST

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

playwright = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.browser

GOOD = ROOT / "examples" / "dcat-ap-complete.ttl"
BROKEN = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .

<https://example.org/lung> a dcat:Dataset ;
    dct:title "Lung CT"@en ;
    dct:description "CT <b>with</b> readings"@en ;
    dct:issued "in spring" .
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("validation")
    with serving(Deployment(home / "home"), home / "log", published=False) as running:
        yield running


@pytest.fixture(params=[True, False], ids=["scripts", "no-scripts"])
def page(request: pytest.FixtureRequest, chromium: Browser, service: Server) -> Iterator[Page]:
    """A fresh page; the test fails if the page told of an error, or asked for anything foreign."""
    context = chromium.new_context(base_url=service.url, java_script_enabled=request.param)
    opened = context.new_page()
    troubles: list[str] = []
    opened.on("pageerror", lambda error: troubles.append(str(error)))
    opened.on("request", lambda asked: None if asked.url.startswith(service.url) else troubles.append(asked.url))
    yield opened
    context.close()
    assert troubles == []


def check(page: Page, text: str) -> None:
    page.get_by_label("Paste it").fill(text)
    page.get_by_role("button", name="Check it").click()
    page.wait_for_load_state()


def test_paste_read_correct_and_take_along(page: Page) -> None:
    page.goto("/")
    page.goto("/validate")
    check(page, BROKEN)
    playwright.expect(page.locator("#result")).to_contain_text("It does not conform yet")
    line = page.locator("#line-7")
    playwright.expect(line).to_contain_text('dct:issued "in spring"')
    assert "violation" in str(line.get_attribute("class"))
    playwright.expect(page.locator("#line-6")).to_contain_text("CT <b>with</b> readings")

    finding = page.locator(".finding", has=page.get_by_role("heading", name="Release date"))
    playwright.expect(finding).to_contain_text("in spring")
    playwright.expect(finding.locator("pre")).to_contain_text("dct:issued")
    finding.get_by_role("link", name="Line 7").click()
    page.wait_for_url("**#line-7")
    playwright.expect(line).to_be_in_viewport()
    line.get_by_role("link").click()
    page.wait_for_url("**#finding-*")
    playwright.expect(finding).to_be_in_viewport()

    with page.expect_download() as taken:
        page.get_by_role("button", name="JSON", exact=True).click()
    assert taken.value.suggested_filename == "validation.json"
    report = json.loads(Path(taken.value.path()).read_text(encoding="utf-8"))
    assert not report["conforms"] and any(one["path"].endswith("issued") for one in report["findings"])

    check(page, BROKEN.replace('"in spring"', '"2021-04-01"^^<http://www.w3.org/2001/XMLSchema#date>'))
    playwright.expect(page.locator("#result")).to_contain_text("It conforms, and could say more")


def test_a_syntax_error_is_shown_at_its_line_and_can_be_mended_there(page: Page) -> None:
    page.goto("/validate")
    check(page, BROKEN.replace('"Lung CT"@en ;', '"Lung CT"@en'))
    playwright.expect(page.locator("#result")).to_have_text("Nothing was judged")
    playwright.expect(page.locator(".line.violation")).to_have_count(1)
    check(page, page.get_by_label("Paste it").input_value().replace('"Lung CT"@en', '"Lung CT"@en ;'))
    playwright.expect(page.locator("#line-7")).to_be_attached()


def test_a_file_is_judged_and_its_result_downloaded(page: Page) -> None:
    page.goto("/validate")
    page.get_by_label("Or choose a file").set_input_files(GOOD)
    page.get_by_label("DCAT-AP 3.0.1", exact=True).check()
    page.get_by_role("button", name="Check it").click()
    page.wait_for_load_state()
    playwright.expect(page.locator("#result")).to_contain_text("Nothing to put right")
    playwright.expect(page.locator(".tally")).to_contain_text(GOOD.name)
    playwright.expect(page.get_by_label("DCAT-AP 3.0.1", exact=True)).to_be_checked()
    with page.expect_download() as taken:
        page.get_by_role("button", name="SARIF").click()
    assert json.loads(Path(taken.value.path()).read_text(encoding="utf-8"))["version"] == "2.1.0"

    page.get_by_label("Or choose a file").set_input_files(GOOD)
    page.get_by_label("Answer as").select_option("text")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Check it").click()
    assert taken.value.suggested_filename == "validation.txt"


def test_the_form_is_reached_by_the_keyboard(page: Page) -> None:
    page.goto("/validate")
    page.get_by_label("Paste it").focus()
    names = []
    for _ in range(5):
        page.keyboard.press("Tab")
        names.append(page.locator(":focus").get_attribute("name"))
    assert names[:3] == ["type", "file", "address"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_cut_off_and_all_text_is_legible(chromium: Browser, service: Server, width: int, dark: bool) -> None:
    scheme: Literal["dark", "light"] = "dark" if dark else "light"
    context = chromium.new_context(base_url=service.url, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    for text in ("", BROKEN, BROKEN.replace(";", "", 1), "x" * 3000):
        page.goto("/validate")
        if text:
            check(page, text)
        for details in page.locator("details").all():
            details.evaluate("element => element.open = true")
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, f"{text[:20]!r} is {wide} px too wide"
        assert page.evaluate(LOW_CONTRAST) == [], text[:20]
    context.close()
