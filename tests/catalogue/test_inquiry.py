"""``radiograph query`` on a release in the home: what is written where, in which format, and what is said instead."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner, Result

from catalogue.inquiry import commands
from catalogue.inquiry.formats import Format, choose
from catalogue.inquiry.table import draw
from catalogue.publication import publish
from catalogue.store.guard import Form
from core.errors import InputError, QueryError, QueryForbidden, QuerySyntaxError, QueryTimeout, ReleaseError
from ontology.vocabulary import Vocabularies
from tests.catalogue.home import BASE, Home, make_settings
from tests.deployment import COMMAND
from tests.servers import oxigraph, write_declaration

TITLES = """PREFIX dct: <http://purl.org/dc/terms/>
SELECT ?d ?title { ?d a <http://www.w3.org/ns/dcat#Dataset> ; dct:title ?title } ORDER BY ?d"""
GRAPH = "CONSTRUCT WHERE { ?d a <http://www.w3.org/ns/dcat#Dataset> }"
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"

UPDATES = ("INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "ADD", "MOVE", "COPY", "WITH")

Ask = Callable[..., Result]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, vocabularies: Vocabularies) -> Home:
    """A published home with two descriptions."""
    home = Home(make_settings(tmp_path_factory.mktemp("inquiry") / "home"))
    home.ingest(home.candidate("a"), home.candidate("b", "Lunge – 肺"))
    publish(home.settings, vocabularies)
    return home


@pytest.fixture
def ask(filled: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Ask:
    """Run the command on that home; what it raises is raised."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RADIOGRAPH_HOME", str(filled.settings.home))
    monkeypatch.setenv("RADIOGRAPH_BASE_IRI", BASE)
    app = typer.Typer()
    commands.mount(app)

    def run(*arguments: str, stdin: str | bytes = "") -> Result:
        result = CliRunner().invoke(app, list(arguments), input=stdin)
        if result.exception is not None:
            raise result.exception
        return result

    return run


def test_into_a_pipe_goes_tsv_or_ntriples(ask: Ask, filled: Home) -> None:
    lines = ask("-", stdin=TITLES).stdout.splitlines()
    assert lines[0] == "?d\t?title"
    assert lines[1:] == [
        f'<{filled.iri("a")}>\t"a first"@en',
        f'<{filled.iri("b")}>\t"b Lunge – 肺"@en',
    ]
    graph = ask("-", stdin=GRAPH).stdout
    assert {quad.subject.value for quad in ox.parse(graph, format=ox.RdfFormat.N_TRIPLES)} == {
        filled.iri("a"),
        filled.iri("b"),
    }


@pytest.mark.parametrize("format", ["json", "xml", "csv", "tsv", "table"])
def test_bindings_in_every_format(ask: Ask, filled: Home, format: str) -> None:
    text = ask("-", "--format", format, stdin=TITLES).stdout
    expected = {(filled.iri("a"), "a first"), (filled.iri("b"), "b Lunge – 肺")}
    if format == "csv":
        assert set(map(tuple, list(csv.reader(io.StringIO(text)))[1:])) == expected
    elif format == "table":
        assert {tuple(re.split(r"\s{2,}", line.strip())) for line in text.splitlines()[1:]} == expected
    else:
        assert _parsed(text, format) == expected


def _parsed(text: str, format: str) -> set[tuple[str, str]]:
    """Apart, because the command's exceptions remember the test's variables, and any thread may clear these away."""
    results = ox.parse_query_results(text, format=ox.QueryResultsFormat.from_extension(format))
    assert isinstance(results, ox.QuerySolutions)
    return {(row["d"].value, row["title"].value) for row in results}


@pytest.mark.parametrize("format", ["ttl", "nt", "xml", "jsonld", "trig", "nq"])
def test_a_graph_in_every_format(ask: Ask, filled: Home, format: str) -> None:
    text = ask("-", "--format", format, stdin=GRAPH).stdout
    kind = ox.RdfFormat.from_extension("rdf" if format == "xml" else format)
    assert {quad.subject.value for quad in ox.parse(text, format=kind)} == {filled.iri("a"), filled.iri("b")}


@pytest.mark.parametrize(("answer", "pattern"), [("true", "?s ?p ?o"), ("false", "?s ?p <x:never>")])
def test_a_question_answered_with_no_is_answered(ask: Ask, answer: str, pattern: str) -> None:
    for format in ("tsv", "table"):
        result = ask("-", "--format", format, stdin=f"ASK {{ {pattern} }}")
        assert (result.stdout.strip(), result.exit_code) == (answer, 0)
    nothing = ask("-", "--format", "table", stdin="SELECT ?a ?b { ?a ?b <x:never> }")
    assert (nothing.stdout.split(), nothing.exit_code) == (["a", "b"], 0)


def test_a_file_is_written_whole_or_not_at_all(ask: Ask, tmp_path: Path, filled: Home) -> None:
    target = tmp_path / "answer.csv"
    target.write_text("old")
    target.chmod(0o640)
    for wrong in ("SELECT * {", RUNAWAY):
        with pytest.raises(QueryError):
            ask("-", "--output", str(target), "--timeout", "0.5", stdin=wrong)
        assert target.read_text() == "old"
    assert ask("-", "--output", str(target), stdin=TITLES).stdout == ""
    assert target.read_text(encoding="utf-8").splitlines()[0] == "d,title"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert [path.name for path in tmp_path.iterdir()] == ["answer.csv"], "nothing is left beside it"
    link = tmp_path / "link.ttl"
    link.symlink_to("graph.ttl")
    ask("-", "--output", str(link), stdin=GRAPH)
    assert link.is_symlink() and filled.iri("a") in (tmp_path / "graph.ttl").read_text()
    ask("-", "--output", "/dev/null", stdin=GRAPH)
    assert not Path("/dev/null").is_file()


def test_variables_are_set_from_outside(ask: Ask, filled: Home) -> None:
    rows = ask("-", "--set", f"d={filled.iri('b')}", "--format", "csv", stdin=TITLES).stdout.splitlines()
    assert rows[1:] == [f"{filled.iri('b')},b Lunge – 肺"]
    shown = ask("-", "--set", f"d={filled.iri('b')}", "--show", stdin=TITLES).stdout
    assert f"VALUES ?d {{ <{filled.iri('b')}> }}" in shown
    with pytest.raises(QueryError, match=r"has no variable nope.*its variables are: d, title"):
        ask("-", "--set", "nope=1", stdin=TITLES)


def test_examples_are_listed_and_asked_by_name(ask: Ask) -> None:
    listed = json.loads(ask("--list", "--format", "json").stdout)
    names = [example["name"] for example in listed]
    assert names and all(example["title"] and example["form"] for example in listed)
    assert set(names) <= set(ask("--list").stdout.split())
    select = next(example["name"] for example in listed if example["form"] == "SELECT")
    assert ask(select).stdout.startswith("?")
    with pytest.raises(InputError, match="--list"):
        ask("no-such-example")
    with pytest.raises(InputError, match="no query is named"):
        ask()


def test_a_file_is_read_and_errors_name_the_place_in_it(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "good.rq").write_text("\ufeff" + TITLES, encoding="utf-8")
    assert len(ask("good.rq").stdout.splitlines()) == 3
    (tmp_path / "bad.rq").write_text("# two lines\nSELECT * {\n  ?s ?p }\n")
    with pytest.raises(QuerySyntaxError, match=r"^bad\.rq:4:1: expected "):
        ask("bad.rq")
    with pytest.raises(QuerySyntaxError, match=r"^standard input:2:13: a prefix is used that is not declared"):
        ask("-", stdin="ASK { ?d a\ndcat:Dataset }")
    (tmp_path / "latin.rq").write_bytes(b"ASK { ?s ?p 'M\xfcnchen' }")
    with pytest.raises(InputError, match=r"^latin\.rq: .* not UTF-8 at byte 14"):
        ask("latin.rq")
    with pytest.raises(QuerySyntaxError, match=r"^standard input:2:3: the query starts with 'hello'"):
        ask("-", stdin="# Good day\n  hello")
    with pytest.raises(QuerySyntaxError, match=r"^standard input:1:1: the text has no query form"):
        ask("-", stdin="")


@pytest.mark.parametrize(
    ("query", "arguments", "reason"),
    [
        ("DROP ALL", (), r"^standard input:1:1: this endpoint is read-only and DROP is an update"),
        ("ASK { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", (), "SERVICE"),
        ("ASK " + "{" * 500 + "}" * 500, (), "nest deeper"),
        (GRAPH, ("--format", "csv"), r"a graph, which cannot be written as csv \(choose --format ttl, nt"),
        (TITLES, ("--format", "ttl"), "no graph, which cannot be written as ttl"),
    ],
)
def test_what_the_service_refuses_the_command_refuses(
    ask: Ask, query: str, arguments: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(QueryError, match=reason):
        ask("-", *arguments, stdin=query)


@pytest.mark.parametrize("word", UPDATES)
def test_an_update_is_refused_in_the_words_of_the_endpoint(ask: Ask, word: str, tmp_path: Path) -> None:
    (tmp_path / "mine.rq").write_text(f'# Ours\nVERSION "1.2" PREFIX a: <urn:a>\n {word.lower()} <urn:b>')
    for arguments in ((), ("--endpoint", "http://127.0.0.1:1/sparql")):
        with pytest.raises(QueryForbidden, match=rf"^mine\.rq:3:2: this endpoint is read-only and {word} is an update"):
            ask("mine.rq", *arguments)


def test_a_query_that_takes_too_long_is_ended(ask: Ask) -> None:
    begun = time.monotonic()
    with pytest.raises(QueryTimeout, match=r"standard input: .* within its deadline"):
        ask("-", "--timeout", "0.5", stdin=RUNAWAY)
    assert time.monotonic() - begun < 20


def test_without_a_release_there_is_nothing_to_ask(ask: Ask, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.ingest(home.candidate("a"))
    monkeypatch.setenv("RADIOGRAPH_HOME", str(home.settings.home))
    with pytest.raises(ReleaseError, match="no release yet"):
        ask("-", stdin=TITLES)


def test_an_external_store_is_asked_where_the_settings_name_one(
    ask: Ask, vocabularies: Vocabularies, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    server = oxigraph(tmp_path / "server")
    server.start()
    try:
        declared = write_declaration(tmp_path / "store.toml", server)
        home = Home(make_settings(tmp_path / "home", store=declared))
        home.ingest(home.candidate("elsewhere"))
        publish(home.settings, vocabularies)
        monkeypatch.setenv("RADIOGRAPH_HOME", str(home.settings.home))
        monkeypatch.setenv("RADIOGRAPH_STORE", str(declared))
        assert ask("-", stdin=TITLES).stdout.splitlines()[1:] == [f'<{home.iri("elsewhere")}>\t"elsewhere first"@en']
        with pytest.raises(QuerySyntaxError, match=r"^standard input"):
            ask("-", stdin="SELECT * { ?s ?p }")
    finally:
        server.stop()


def _command(filled: Home, *arguments: str) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RADIOGRAPH_")}
    environment |= {"RADIOGRAPH_HOME": str(filled.settings.home), "RADIOGRAPH_BASE_IRI": BASE}
    return subprocess.Popen(
        [*COMMAND, "query", *arguments],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_a_reader_may_leave_early(filled: Home) -> None:
    process = _command(filled, "-")
    assert process.stdin and process.stdout and process.stderr
    process.stdin.write(b"SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 200000")
    process.stdin.close()
    assert process.stdout.read(100).startswith(b"?")
    process.stdout.close()
    assert (process.wait(30), process.stderr.read()) == (0, b"")
    process.stderr.close()


def test_ctrl_c_ends_the_command_its_workers_and_the_file(filled: Home, tmp_path: Path) -> None:
    # Where the tests run in the background, Ctrl-C is ignored, and a child would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = _command(filled, "-", "--output", str(tmp_path / "never.csv"), "--timeout", "60")
    signal.signal(signal.SIGINT, before)
    assert process.stdin and process.stdout and process.stderr
    process.stdin.write(RUNAWAY.encode())
    process.stdin.close()
    workers = _children(process.pid, busy=True)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert b"Traceback" not in process.stderr.read()
    assert not any(_alive(worker) for worker in workers)
    assert list(tmp_path.iterdir()) == []
    process.stdout.close()
    process.stderr.close()


def _children(parent: int, *, busy: bool) -> list[int]:
    """The processes that a process has started, once one of them has worked for a third of a second."""
    for _ in range(300):
        found = [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
        if any(_seconds(pid) > 0.6 for pid in found):
            return found
        time.sleep(0.1)
    raise AssertionError("no worker took up the query")


def _seconds(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return int(fields[11]) / os.sysconf("SC_CLK_TCK")


def _alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@pytest.mark.parametrize(
    ("form", "output", "terminal", "expected"),
    [
        (Form.SELECT, None, True, Format.TABLE),
        (Form.SELECT, None, False, Format.TSV),
        (Form.ASK, None, True, Format.TABLE),
        (Form.DESCRIBE, None, True, Format.TURTLE),
        (Form.CONSTRUCT, None, False, Format.NTRIPLES),
        (Form.SELECT, "x.json", True, Format.JSON),
        (Form.SELECT, "x.srx", True, Format.XML),
        (Form.SELECT, "x.dat", True, Format.TSV),
        (Form.CONSTRUCT, "x.nq", True, Format.NQUADS),
        (Form.CONSTRUCT, "x.rdf", True, Format.XML),
        (Form.CONSTRUCT, "x", True, Format.NTRIPLES),
    ],
)
def test_the_format_where_none_is_named(form: Form, output: str | None, terminal: bool, expected: Format) -> None:
    assert choose(None, form, Path(output) if output else None, terminal=terminal) is expected


def test_a_table_shortens_iris_and_fits_the_terminal() -> None:
    bindings = [
        {
            "d": {"type": "uri", "value": f"https://example.org/dataset/{number}"},
            "n": {"type": "literal", "value": str(number)},
            "text": {"type": "literal", "value": "long " * 40 + "[red]end[/red]", "xml:lang": "en"},
        }
        for number in range(1000, 2200)
    ]
    results = json.dumps({"head": {"vars": ["d", "n", "text", "none"]}, "results": {"bindings": bindings}}).encode()
    written: list[str] = []
    console = Console(file=io.StringIO(), width=80)
    query = "PREFIX ex: <https://example.org/dataset/> SELECT * {}"
    assert draw(io.BytesIO(results), query, console, written.append) == 1200
    lines = "".join(written).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["d", "n", "text", "none"], "one header for all pages"
    assert [line.split()[0] for line in lines if line.startswith("ex:")] == [
        f"ex:{number}" for number in range(1000, 2200)
    ]
    assert "".join("".join(line[-80:].split()) for line in lines).count("[red]end[/red]") == 1200, "folded, never cut"
