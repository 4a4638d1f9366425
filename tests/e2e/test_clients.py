"""Other people's clients on the running service: what they send is understood, what they are told they understand."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode

import pandas as pd
import pyoxigraph as ox
import pytest
import rdflib
from rdflib import DCAT, DCTERMS, RDF, Graph, Literal, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from typer.testing import CliRunner, Result

from core.errors import QueryError
from radiograph import app
from tests.deployment import Deployment, Server, serving
from tests.javascript import CLIENTS, node

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import SPARQLWrapper as Wrapper
    from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

pytestmark = [pytest.mark.ci, pytest.mark.idc]

NLST = "http://127.0.0.1:8000/dataset/idc/nlst"
PREFIXES = """PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dct: <http://purl.org/dc/terms/>
PREFIX radiograph: <https://w3id.org/radiograph/ontology#>
"""
COUNTS = f"""{PREFIXES}
SELECT ?dataset ?title ?subjects {{
  ?dataset a radiograph:ImagingDataset ; dct:title ?title ; radiograph:subjectCount ?subjects
}} ORDER BY DESC(?subjects) ?dataset LIMIT 10"""
EVERYTHING = "SELECT * { ?s ?p ?o }"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"


@pytest.fixture(scope="module")
def strict(published: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service on the same catalogue with limits that are soon reached."""
    limits = {"RADIOGRAPH_QUERY_TIMEOUT": "1", "RADIOGRAPH_QUERY_MAX_BYTES": "4000000", "RADIOGRAPH_WORKERS": "1"}
    with serving(published, tmp_path_factory.mktemp("strict") / "log", published=True, **limits) as running:
        yield running


def wrapped(server: Server, query: str, form: str = Wrapper.JSON) -> Wrapper.SPARQLWrapper:
    client = Wrapper.SPARQLWrapper(f"{server.url}/sparql", returnFormat=form)
    client.setTimeout(60)
    client.setQuery(query)
    return client


def rows(server: Server, query: str) -> list[dict[str, str]]:
    answer: Any = wrapped(server, query).queryAndConvert()
    return [{name: cell["value"] for name, cell in row.items()} for row in answer["results"]["bindings"]]


def curl(*arguments: str, code: int = 0) -> str:
    done = subprocess.run(["curl", "-sS", "-m", "60", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout


class TestSparqlWrapper:
    @pytest.mark.parametrize(
        ("method", "request_method"),
        [(Wrapper.GET, Wrapper.URLENCODED), (Wrapper.POST, Wrapper.URLENCODED), (Wrapper.POST, Wrapper.POSTDIRECTLY)],
    )
    def test_bindings_by_every_method_in_every_format(self, server: Server, method: str, request_method: str) -> None:
        def answer(form: str) -> Any:
            client = wrapped(server, COUNTS, form)
            client.setMethod(method)
            client.setRequestMethod(request_method)
            return client.queryAndConvert()

        bindings = answer(Wrapper.JSON)["results"]["bindings"]
        expected = [(row["dataset"]["value"], row["subjects"]["value"]) for row in bindings]
        assert len(expected) == 10
        in_xml = answer(Wrapper.XML)
        values = [node.firstChild.data for node in in_xml.getElementsByTagName("uri")]
        assert values == [dataset for dataset, _ in expected]
        in_csv = list(csv.DictReader(io.StringIO(answer(Wrapper.CSV).decode())))
        assert [(row["dataset"], row["subjects"]) for row in in_csv] == expected
        assert answer(Wrapper.TSV).decode().splitlines()[0] == "?dataset\t?title\t?subjects"

    @pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")
    @pytest.mark.parametrize("form", [Wrapper.TURTLE, Wrapper.N3, Wrapper.XML, Wrapper.RDFXML, Wrapper.JSONLD])
    def test_a_graph_in_every_format(self, server: Server, form: str) -> None:
        for query in (f"DESCRIBE <{NLST}>", f"{PREFIXES} CONSTRUCT {{ <{NLST}> ?p ?o }} WHERE {{ <{NLST}> ?p ?o }}"):
            answer: Any = wrapped(server, query, form).queryAndConvert()
            graph = answer if isinstance(answer, Graph) else Graph().parse(data=answer, format="turtle")
            assert (URIRef(NLST), RDF.type, DCAT.Dataset) in graph

    @pytest.mark.parametrize("form", [Wrapper.JSON, Wrapper.XML])
    def test_yes_and_no(self, server: Server, form: str) -> None:
        for pattern, expected in (("?s ?p ?o", "true"), ("<x:never> ?p ?o", "false")):
            answer: Any = wrapped(server, f"ASK {{ {pattern} }}", form).queryAndConvert()
            said = (
                answer["boolean"] if form == Wrapper.JSON else answer.getElementsByTagName("boolean")[0].firstChild.data
            )
            assert str(said).lower() == expected

    def test_parameters_of_the_protocol(self, server: Server) -> None:
        (whole,) = rows(server, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
        graph = rows(server, f"SELECT ?g {{ GRAPH ?g {{ <{NLST}> a ?type }} }} LIMIT 1")[0]["g"]
        client = wrapped(server, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
        client.addDefaultGraph(graph)
        one: Any = client.queryAndConvert()
        assert 0 < int(one["results"]["bindings"][0]["n"]["value"]) < int(whole["n"])

    def test_its_own_view_of_bindings(self, server: Server) -> None:
        client = Wrapper.SPARQLWrapper2(f"{server.url}/sparql")
        client.setQuery(COUNTS)
        answer: Any = client.query()
        assert answer.variables == ["dataset", "title", "subjects"]
        assert all(int(value) > 0 for value in (row["subjects"].value for row in answer.bindings))

    def test_a_malformed_query_is_told_with_its_place(self, server: Server) -> None:
        with pytest.raises(QueryBadFormed, match=r"error at 2:\d+"):
            wrapped(server, "SELECT * {\n?s ?p }").query()

    @pytest.mark.parametrize(
        ("query", "method", "status"),
        [
            ("INSERT DATA { <x:a> <x:b> <x:c> }", Wrapper.POST, 403),
            ("SELECT * { SERVICE <http://127.0.0.1:1/sparql> { ?s ?p ?o } }", Wrapper.GET, 403),
        ],
    )
    def test_what_is_not_allowed_is_refused(self, server: Server, query: str, method: str, status: int) -> None:
        client = wrapped(server, query)
        client.setMethod(method)
        with pytest.raises(HTTPError) as refused:
            client.query()
        with refused.value as answer:
            assert (answer.code, json.loads(answer.read())["status"]) == (status, status)

    def test_time_that_is_up(self, strict: Server) -> None:
        with pytest.raises(HTTPError) as refused:
            wrapped(strict, RUNAWAY).query()
        with refused.value as answer:
            assert (answer.code, "deadline" in answer.read().decode()) == (504, True)


class TestRdflib:
    def test_queries(self, server: Server) -> None:
        for method in ("GET", "POST", "POST_FORM"):
            graph = Graph(store=SPARQLStore(f"{server.url}/sparql", method=method))
            found = [tuple(row) for row in graph.query(COUNTS)]  # type: ignore[arg-type]
            assert len(found) == 10 and all(int(str(subjects)) > 0 for _, _, subjects in found)
            assert graph.query("ASK { ?s ?p ?o }").askAnswer is True
            described = graph.query(f"DESCRIBE <{NLST}>").graph
            assert described is not None and (URIRef(NLST), RDF.type, DCAT.Dataset) in described

    def test_bindings_and_prefixes_from_outside(self, server: Server) -> None:
        graph = Graph(store=SPARQLStore(f"{server.url}/sparql"))
        found = graph.query(
            "SELECT ?title { ?d dct:title ?title }", initNs={"dct": DCTERMS}, initBindings={"d": URIRef(NLST)}
        )
        assert [str(row[0]) for row in found] == ["NLST"]  # type: ignore[index]

    def test_it_reads_like_a_graph(self, server: Server) -> None:
        graph = Graph(store=SPARQLStore(f"{server.url}/sparql"))
        assert (URIRef(NLST), RDF.type, DCAT.Dataset) in graph
        assert graph.value(URIRef(NLST), DCTERMS.title) == Literal("NLST", lang="en")
        datasets = set(graph.subjects(RDF.type, DCAT.Dataset))
        assert URIRef(NLST) in datasets and len(datasets) > 100
        assert len(graph) == int(rows(server, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")[0]["n"])

    def test_named_graphs(self, server: Server) -> None:
        store = SPARQLStore(f"{server.url}/sparql")
        (name,) = store.contexts((URIRef(NLST), DCTERMS.title, None))  # type: ignore[arg-type]
        assert [row["g"] for row in rows(server, f"SELECT ?g {{ GRAPH ?g {{ <{NLST}> <{DCTERMS.title}> ?t }} }}")] == [
            str(name)
        ]
        one = Graph(store=store, identifier=URIRef(str(name)))
        assert one.value(URIRef(NLST), DCTERMS.title) == Literal("NLST", lang="en")
        assert 0 < len(list(one)) < 1000

    def test_a_malformed_query_fails(self, server: Server) -> None:
        """By GET rdflib keeps the reason to itself; by POST it takes a refusal for an answer."""
        with pytest.raises(ValueError, match="something wrong"):
            Graph(store=SPARQLStore(f"{server.url}/sparql")).query("SELECT * {\n?s ?p }")


def test_pandas_reads_csv_with_its_numbers(server: Server) -> None:
    frame = pd.read_csv(f"{server.url}/sparql?{urlencode({'query': COUNTS, 'format': 'csv'})}")
    assert list(frame.columns) == ["dataset", "title", "subjects"]
    assert frame["subjects"].is_monotonic_decreasing and frame["subjects"].dtype == "int64"
    accepted = pd.read_csv(
        f"{server.url}/sparql?{urlencode({'query': COUNTS})}", storage_options={"Accept": "text/csv"}
    )
    pd.testing.assert_frame_equal(frame, accepted)


def test_comunica(server: Server) -> None:
    """One process for all of it: loading Comunica costs more than its questions."""
    modality = "<https://w3id.org/radiograph/concept/modality/CT>"
    queries = {
        "rows": COUNTS,
        "path": f"{PREFIXES} SELECT (COUNT(DISTINCT ?d) AS ?n) {{ ?d radiograph:modality {modality} ; "
        "radiograph:bodyPart/<http://www.w3.org/2004/02/skos/core#broader>* ?part OPTIONAL { ?d dct:issued ?day } }",
        "yes": f"ASK {{ <{NLST}> ?p ?o }}",
        "no": "ASK { <x:never> ?p ?o }",
        "graph": f"CONSTRUCT {{ <{NLST}> ?p ?o }} WHERE {{ <{NLST}> ?p ?o }}",
        "forbidden": "SELECT * { SERVICE <http://127.0.0.1:1/sparql> { ?s ?p ?o } }",
    }
    joined = f"{PREFIXES} SELECT ?title ?name {{ <{NLST}> dct:title ?title ; dct:publisher ?agent . "
    joined += "?agent <http://xmlns.com/foaf/0.1/name> ?name }"
    endpoint = f"{server.url}/sparql"
    asked = {name: {"query": query, "sources": [endpoint]} for name, query in queries.items()}
    asked["joined"] = {"query": joined, "sources": [endpoint, f"{server.url}/dataset/idc/nlst.ttl"]}
    answers = comunica(asked)
    assert answers["rows"] == rows(server, COUNTS)
    assert answers["path"] == rows(server, queries["path"]) and int(answers["path"][0]["n"]) > 10
    assert (answers["yes"], answers["no"]) == (True, False)
    expected = {(NLST, row["p"], row["o"]) for row in rows(server, f"SELECT * {{ <{NLST}> ?p ?o }}")}
    assert {tuple(triple) for triple in answers["graph"]} == expected
    assert "error" in answers["forbidden"]
    assert {row["title"] for row in answers["joined"]} == {"NLST"}, "the endpoint with a document"


def comunica(queries: dict[str, dict[str, Any]]) -> dict[str, Any]:
    done = node((CLIENTS / "comunica.js").read_text(encoding="utf-8"), stdin=json.dumps(queries))
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


class TestCurl:
    def test_every_way_to_ask(self, server: Server, tmp_path: Path) -> None:
        url, file = f"{server.url}/sparql", tmp_path / "query.rq"
        file.write_text(COUNTS, encoding="utf-8")
        wanted = ("-H", "Accept: text/csv")
        by_get = curl("-G", *wanted, "--data-urlencode", f"query@{file}", url)
        assert by_get.splitlines()[0] == "dataset,title,subjects" and len(by_get.splitlines()) == 11
        assert curl(*wanted, "--data-urlencode", f"query@{file}", url) == by_get
        direct = ("-H", "Content-Type: application/sparql-query", "--data-binary", f"@{file}")
        assert curl(*wanted, *direct, url) == by_get
        assert curl(*direct, f"{url}?format=csv") == by_get

    def test_head_and_not_modified(self, server: Server, tmp_path: Path) -> None:
        address = f"{server.url}/sparql?{urlencode({'query': COUNTS})}"
        head = curl("-I", "-H", "Accept: text/csv", address)
        assert head.splitlines()[0].split()[1] == "200" and "text/csv" in head
        tag = tmp_path / "etag"
        first = curl("-H", "Accept: text/csv", "--etag-save", str(tag), address)
        assert first.startswith("dataset,")
        again = curl("-H", "Accept: text/csv", "--etag-compare", str(tag), "-w", "%{http_code}", address)
        assert again == "304"

    def test_compression(self, server: Server) -> None:
        ask = ("-G", "--data-urlencode", f"query={EVERYTHING} LIMIT 20000", "-H", "Accept: text/csv")
        size = ("-o", "/dev/null", "-w", "%{size_download}")
        plain, packed = (int(curl(*ask, *more, *size, f"{server.url}/sparql")) for more in ((), ("--compressed",)))
        assert packed < plain / 3
        assert curl(*ask, "--compressed", f"{server.url}/sparql") == curl(*ask, f"{server.url}/sparql")

    def test_an_answer_streams(self, server: Server, tmp_path: Path) -> None:
        timing = curl(
            *("-G", "--data-urlencode", f"query={EVERYTHING}", "-H", "Accept: text/tab-separated-values"),
            *("-o", str(tmp_path / "all.tsv"), "-D", str(tmp_path / "head")),
            *("-w", "%{time_starttransfer} %{time_total}", f"{server.url}/sparql"),
        )
        first, total = map(float, timing.split())
        assert first < total / 2, "the first bytes come while the others are being made"
        assert "chunked" in (tmp_path / "head").read_text().lower()
        with (tmp_path / "all.tsv").open("rb") as lines:
            assert sum(1 for _ in lines) == 1 + int(rows(server, "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")[0]["n"])

    def test_a_cut_answer_is_a_failure(self, strict: Server, tmp_path: Path) -> None:
        ask = ("-G", "--data-urlencode", f"query={EVERYTHING}", "-H", "Accept: application/n-triples, text/csv")
        curl(*ask, "-o", str(tmp_path / "cut.csv"), f"{strict.url}/sparql", code=18)

    def test_a_refusal_has_a_status_and_a_reason(self, server: Server) -> None:
        said = curl("-w", "%{http_code}", "-d", "query=SELECT * {", f"{server.url}/sparql")
        assert said.endswith("400") and "error at 1:" in said
        curl("--fail", "-o", "/dev/null", "-d", "query=SELECT * {", f"{server.url}/sparql", code=22)


class TestOtherEngines:
    """Federation from another engine into this endpoint."""

    QUERY = f"{PREFIXES} SELECT ?title {{ SERVICE <%s/sparql> {{ <{NLST}> dct:title ?title }} }}"

    def test_oxigraph(self, server: Server) -> None:
        found = ox.Store().query(self.QUERY % server.url)
        assert isinstance(found, ox.QuerySolutions)
        assert [row["title"] for row in found] == [ox.Literal("NLST", language="en")]

    def test_rdflib(self, server: Server) -> None:
        rdflib.NORMALIZE_LITERALS = False
        found = Graph().query(self.QUERY % server.url)
        assert [str(row[0]) for row in found] == ["NLST"]  # type: ignore[index]


class TestRadiograph:
    """``radiograph query`` as a client of the service, and of the release beside it."""

    @pytest.fixture
    def query(self, published: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
        """Run the command on the catalogue's home."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("RADIOGRAPH_HOME", str(published.home))
        return lambda text, *arguments: CliRunner().invoke(app, ["query", "-", *arguments], input=text)

    def test_the_endpoint_and_the_release_say_the_same(self, server: Server, query: Callable[..., Result]) -> None:
        local = query(COUNTS)
        assert local.exit_code == 0, local.exception
        assert local.stdout.splitlines()[0] == "?dataset\t?title\t?subjects" and len(local.stdout.splitlines()) == 11
        assert query(COUNTS, "--endpoint", f"{server.url}/sparql").stdout == local.stdout

    def test_a_cut_answer_leaves_no_file(self, strict: Server, query: Callable[..., Result], tmp_path: Path) -> None:
        cut = query(EVERYTHING, "--output", "all.csv", "--endpoint", f"{strict.url}/sparql")
        assert isinstance(cut.exception, QueryError) and re.search(r"the answer was cut|413", str(cut.exception))
        assert list(tmp_path.iterdir()) == []
