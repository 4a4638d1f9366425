"""The access log: a line of JSON a request, without who asked and without what about."""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Literal

import pytest
from fastapi.testclient import TestClient

from api.access_log import MAX_WAITING, AccessLog
from api.observation import Observation
from api.sparql.shape import MAX_LENGTH
from core.settings import Settings
from tests.api.conftest import PublishedCatalogue

Serve = Callable[[Settings], AbstractContextManager[TestClient]]
QUERY = 'SELECT ?s { ?s ?p "Jane Roe" FILTER(?s != 424242) } # her data'


@pytest.mark.parametrize("detail", ["on", "queries"])
def test_a_request_is_a_line(
    detail: Literal["on", "queries"],
    serve: Serve,
    published: PublishedCatalogue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    with serve(published.settings.model_copy(update={"access_log": detail})) as client:
        client.get(
            "/sparql", params={"query": QUERY}, headers={"User-Agent": "someone", "X-Forwarded-For": "192.0.2.7"}
        )
        client.get("/datasets", params={"q": "a rare disease"}, headers={"Accept": "text/html"})
        client.get("/nothing")
    first, second, third = (json.loads(line) for line in output.getvalue().splitlines())
    assert (first["method"], first["path"], first["route"], first["status"]) == ("GET", "/sparql", "sparql", 200)
    assert first["bytes"] > 10 and 0 < first["first_byte"] <= first["seconds"] < 30
    assert ("Jane Roe" in first["query"]) is (detail == "queries")
    assert (second["path"], second["status"], third["status"]) == ("/datasets", 200, 404)
    for secret in (
        "someone",
        "192.0.2.7",
        "rare disease",
        *(() if detail == "queries" else ("Jane", "424242", "her data")),
    ):
        assert secret not in output.getvalue()


def test_a_literal_that_is_cut_off_stays_out_of_the_log() -> None:
    output = io.StringIO()
    log = AccessLog("on", output)
    query = f'ASK {{ ?s ?p "{"Jane Roe " * MAX_LENGTH}" }}'
    log.observe(Observation("GET", "sparql", "/sparql", status=200, query=query))
    log.observe(Observation("GET", "sparql", "/sparql", status=503, query=query))
    log.close()
    noted = [json.loads(line)["query"] for line in output.getvalue().splitlines()]
    assert noted == ["ASK { ?s ?p … }", "ASK { ?s ?p …"], "before the engine has read a query, its quotes may be wrong"


def test_a_reader_that_stands_still_holds_nobody_up() -> None:
    class Stuck(io.StringIO):
        def write(self, text: str) -> int:
            time.sleep(60)
            return 0

    log = AccessLog("on", Stuck())
    began = time.monotonic()
    for number in range(MAX_WAITING + 50):
        log.observe(Observation("GET", "other", f"/{number}", status=200))
    assert time.monotonic() - began < 30
    assert log.dropped >= 40


def test_a_reader_that_is_gone_ends_the_log_alone() -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    log = AccessLog("on", Gone())
    log.observe(Observation("GET", "home", "/", status=200))
    log.close()
    log.observe(Observation("GET", "home", "/", status=200))
