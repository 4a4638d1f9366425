"""The page of the validation service: its form, its findings, and what it fetches."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import openpyxl
import pyoxigraph
import pytest
from pyoxigraph import RdfFormat

from core.settings import Settings
from ontology.vocabulary import Vocabularies
from shapes.forms.definition import FormMaker
from shapes.forms.layout import Layout
from shapes.forms.table import as_csv
from shapes.forms.workbook import as_workbook
from shapes.profiles import Profiles
from tests.api.pages import BROWSER, Page
from tests.api.validation import BROKEN, COMPLETE, EXAMPLES, found, post

with warnings.catch_warnings():
    # Starlette's test client warns that it would rather have a successor of httpx, at import only.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

Serve = Callable[[Settings], AbstractContextManager[TestClient]]
NASTY = "</textarea></pre><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"
DATASET = "<a:b> a <http://www.w3.org/ns/dcat#Dataset>"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def send(client: TestClient, fields: dict[str, str], file: tuple[str, bytes, str] | None = None) -> tuple[int, str]:
    """Post the page's form as a browser does; a file field that was left alone is sent with no name."""
    files = {"file": file or ("", b"", "application/octet-stream")}
    response = client.post("/validate", data=fields, files=files, headers=BROWSER)
    return response.status_code, response.text


def test_the_page_has_a_form_that_can_be_read_aloud(service: TestClient) -> None:
    response = service.get("/validate", headers=BROWSER)
    page = Page(response.text)
    assert response.status_code == 200
    assert set(page.inputs) <= page.labels
    assert "script" not in page.tags and "img" not in page.tags
    assert "./validate" in page.addresses
    assert all(f'value="{name}"' in response.text for name in ("dcat-ap", "healthdcat-ap"))


def test_a_pasted_description_comes_back_with_its_findings(service: TestClient) -> None:
    status, text = send(service, {"text": BROKEN.decode().replace("\n", "\r\n"), "type": "text/turtle"})
    page = Page(text)
    assert status == 200 and "It does not conform yet" in text
    assert 'id="line-4" class="line violation"' in text
    assert {"#line-4", "#finding-1"} <= set(page.addresses)
    assert len(page.ids) == len(set(page.ids))
    assert {address.removeprefix("#") for address in page.addresses if address.startswith("#")} <= set(page.ids)
    assert "in spring" in page.text and '<option value="text/turtle" selected>' in text


def test_a_file_wins_over_what_is_pasted(service: TestClient) -> None:
    status, text = send(service, {"text": "nonsense"}, ("mine.ttl", COMPLETE, "application/octet-stream"))
    assert status == 200 and "Nothing to put right" in text and "mine.ttl" in text


def test_a_result_is_taken_along_by_sending_the_form_again(service: TestClient) -> None:
    for name, suffix in (("json", "json"), ("text", "txt"), ("ttl", "ttl"), ("sarif", "sarif")):
        fields = {"text": BROKEN.decode(), "type": "text/turtle", "name": "mine.ttl", "format": name}
        response = service.post("/validate", data=fields, files={"file": ("", b"")}, headers=BROWSER)
        assert response.status_code == 200
        assert response.headers["content-disposition"] == f'attachment; filename="validation.{suffix}"'
        assert "spring" in response.text


def test_a_fault_is_shown_at_its_line_and_the_text_can_be_corrected(service: TestClient) -> None:
    status, text = send(service, {"text": "\n\n<a> <b> </textarea> .", "type": "text/turtle"})
    assert status == 400 and "Nothing was judged" in text
    assert 'id="line-3" class="line violation"' in text
    assert "&lt;/textarea&gt;" in text and text.count("</textarea>") == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"text": NASTY},
        {"text": f"{DATASET} ; <http://purl.org/dc/terms/title> {json.dumps(NASTY)} ."},
        {"text": f"{DATASET} ; <http://www.w3.org/ns/dcat#theme> {json.dumps(NASTY)} ."},
        {"text": "x", "type": NASTY, "name": NASTY, "again": NASTY},
        {"text": "<a:b> <a:c> <a:d> .", "name": NASTY},
        {"text": "x", "profile": NASTY},
        {"address": f"https://127.0.0.1/{NASTY}"},
        {"address": f"javascript:{NASTY}"},
        {"text": '<javascript:alert(1)> a <http://www.w3.org/ns/dcat#Dataset> .'},
    ],
)  # fmt: skip
def test_hostile_text_stays_text(service: TestClient, fields: dict[str, str]) -> None:
    status, text = send(service, fields)
    page = Page(text)
    assert status in (200, 400, 422)
    assert not {"script", "img"} & set(page.tags)
    assert not any(address.startswith("javascript:") for address in page.addresses)
    assert page.tags.count("textarea") == 1


def test_a_hostile_file_name_stays_text(service: TestClient) -> None:
    status, text = send(service, {}, (f"{NASTY}.ttl", BROKEN, "text/turtle"))
    assert status == 200 and not {"script", "img"} & set(Page(text).tags)


@pytest.mark.parametrize("fields", [{}, {"text": "  "}, {"again": "!"}, {"unknown": "x"}])
def test_a_form_with_nothing_in_it_says_what_to_do(service: TestClient, fields: dict[str, str]) -> None:
    status, text = send(service, fields)
    assert status == 400 and "What helps:" in text


@pytest.fixture(scope="module")
def filled() -> dict[str, bytes]:
    """A form of DCAT-AP as CSV and as a workbook, with a title and a release date that is none."""
    profiles, vocabularies = Profiles.load(), Vocabularies.load()
    form = FormMaker(profiles, vocabularies, Layout.load()).form("dcat-ap")
    values = {"dct:title@en": "Lung CT", "dct:issued": "in spring"}
    rows = list(csv.reader(io.StringIO(as_csv(form).decode("utf-8-sig"))))
    rows.append([values.get(name, "") for name in rows[0]])
    table = io.StringIO()
    csv.writer(table).writerows(rows)
    book = openpyxl.load_workbook(io.BytesIO(as_workbook(form)))
    sheet = book.worksheets[0]
    last = sheet.max_row + 1
    for column, name in enumerate([cell.value for cell in sheet[1]], start=1):
        sheet.cell(last, column, values.get(str(name)))
    workbook = io.BytesIO()
    book.save(workbook)
    return {"text/csv": table.getvalue().encode(), WORKBOOK: workbook.getvalue()}


@pytest.mark.parametrize(("media_type", "name"), [("text/csv", "form.csv"), (WORKBOOK, "form.xlsx")])
def test_a_filled_form_is_judged_at_its_cells(
    service: TestClient, filled: dict[str, bytes], media_type: str, name: str
) -> None:
    answer = post(service, filled[media_type], media_type)
    findings = answer["findings"]
    assert isinstance(findings, list)
    issued = next(finding for finding in findings if finding["path"].endswith("issued"))
    assert issued["value"] == "in spring" and "Release date" in issued["position"]["column"]

    status, text = send(service, {}, (name, filled[media_type], "application/octet-stream"))
    assert status == 200 and "column &#39;" in text and name in text
    kept = re.search(r'name="again" value="([^"]+)"', text)
    assert kept is not None
    fields = {"again": kept[1], "name": name, "format": "json"}
    again = service.post("/validate", data=fields, files={"file": ("", b"")}, headers=BROWSER).json()
    assert found(again) == found(answer)


def test_a_table_that_is_no_form_is_told(service: TestClient) -> None:
    response = service.post("/validate", content=b"a,b\n1,2\n", headers={"Content-Type": "text/csv"})
    assert response.status_code == 400 and "no form" in response.json()["detail"]


def test_a_long_description_is_shown_in_parts(service: TestClient) -> None:
    lines = "\n".join(f"# {number}" for number in range(4000))
    status, text = send(service, {"text": f"{lines}\n{BROKEN.decode()}{lines}", "type": "text/turtle"})
    assert status == 200 and "The description, in parts" in text
    assert 'id="line-4004" class="line violation"' in text
    assert "lines not shown" in text and text.count('class="line ') < 100


class Site(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/turtle")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(BROKEN)

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/dataset.ttl"
    server.shutdown()
    thread.join(10)
    server.server_close()


def test_an_address_inside_is_fetched_only_where_the_operator_says_so(
    serve: Serve, service: TestClient, address: str, tmp_path: Path
) -> None:
    status, text = send(service, {"address": address})
    assert status == 400 and "is not fetched from here" in text
    with serve(Settings(home=tmp_path, validate_addresses="any")) as client:
        status, text = send(client, {"address": address})
        assert status == 200 and "It does not conform yet" in text and 'id="line-4" class="line violation"' in text
        status, text = send(client, {"address": "http://127.0.0.1:1/"})
        assert status == 422 and "cannot be fetched" in text
    with serve(Settings(home=tmp_path, validate_addresses="off")) as client:
        status, text = send(client, {"address": address})
        assert status == 403
        assert 'name="address"' not in client.get("/validate", headers=BROWSER).text


def test_a_relaxed_rule_is_told_as_one(serve: Serve, tmp_path: Path) -> None:
    rule = "https://w3id.org/radiograph/shapes#healthdcat-ap-dataset-ehds-transition-hdab"
    overlay = tmp_path / "overlay" / "shapes"
    overlay.mkdir(parents=True)
    (overlay / "profiles.toml").write_text(f'[[relaxed]]\nrule = "{rule}"\n', encoding="utf-8")
    kept = [
        quad.triple
        for quad in pyoxigraph.parse(
            (EXAMPLES / "healthdcat-ap-public-minimal.ttl").read_bytes(), format=RdfFormat.TURTLE
        )
        if not quad.predicate.value.endswith("#hdab")
    ]
    body = pyoxigraph.serialize(kept, format=RdfFormat.TURTLE)
    assert body is not None
    settings = Settings(home=tmp_path / "home", overlay=overlay.parent, validate_workers=1)
    with serve(settings) as client:
        status, text = send(client, {"text": body.decode(), "type": "text/turtle"})
    words = " ".join(Page(text).text.split())
    assert status == 200 and "It does not conform yet" in words
    assert "HealthDCAT-AP 8 : does not conform, 0 violations, 1 relaxed to a warning by the operator" in words.replace(
        "8:", "8 :"
    )
    assert "Demanded, and relaxed here to a warning" in words
    assert "Demanded by HealthDCAT-AP 8, shown as a warning here" in words
    assert "What is relaxed has to be put right as well" in words
