"""Example queries asked before and after a change: what would call another endpoint is not asked at all."""

from __future__ import annotations

import socket
from pathlib import Path

import pyoxigraph

from ingest.example_queries import ExampleQuery, compare_answers


def test_a_query_that_calls_another_endpoint_is_left_out(tmp_path: Path) -> None:
    store = pyoxigraph.Store(str(tmp_path / "writer"))
    graph = pyoxigraph.NamedNode("urn:g")
    store.add(pyoxigraph.Quad(pyoxigraph.NamedNode("urn:s"), pyoxigraph.NamedNode("urn:p"), graph, graph))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/sparql"
        calling = f"SELECT * {{ SERVICE SILENT <{address}> {{ ?s ?p ?o }} }}"
        queries = [ExampleQuery("calls", "Calls", calling), ExampleQuery("asks", "Asks", "SELECT ?s { ?s ?p ?o }")]
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
