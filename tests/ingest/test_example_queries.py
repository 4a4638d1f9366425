"""Example queries asked before and after a change: what would call another endpoint is not asked at all."""

from __future__ import annotations

import socket
from pathlib import Path

import pyoxigraph
import pytest

from catalogue.examples import Example, read_example
from core.errors import InputError
from ingest.example_queries import compare_answers


def test_a_query_that_calls_another_endpoint_is_left_out(tmp_path: Path) -> None:
    store = pyoxigraph.Store(str(tmp_path / "writer"))
    graph = pyoxigraph.NamedNode("urn:g")
    store.add(pyoxigraph.Quad(pyoxigraph.NamedNode("urn:s"), pyoxigraph.NamedNode("urn:p"), graph, graph))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/sparql"
        calling = f"SELECT * {{ SERVICE SILENT <{address}> {{ ?s ?p ?o }} }}"
        queries = [Example("calls", "Calls", "", calling), Example("asks", "Asks", "", "SELECT ?s { ?s ?p ?o }")]
        replaced = {"urn:g": (b"<urn:s> <urn:p> <urn:g> .\n", b"<urn:t> <urn:p> <urn:g> .\n")}
        (answers,) = compare_answers(queries, store, {}, replaced)
        try:
            listener.accept()
        except TimeoutError:
            called = False
        else:
            called = True
    assert not called
    assert (answers.query.name, answers.gone, answers.come) == ("asks", ("s urn:s",), ("s urn:t",))


def test_a_query_that_is_broken_is_told_with_the_line_of_its_file(tmp_path: Path) -> None:
    store = pyoxigraph.Store(str(tmp_path / "writer"))
    broken = read_example("broken", "# Broken\n# In its second line.\n\nASK {\n ?s dcat:theme ?o }\n")
    with pytest.raises(InputError, match=r"broken\.rq: is no query: error at 5:"):
        compare_answers([broken], store, {}, {})
