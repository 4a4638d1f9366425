"""What every engine of the writer store must do; a new engine joins by adding itself to ``ENGINES``."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pyoxigraph
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import Literal

from catalogue.remote.virtuoso import ESCAPE
from catalogue.remote.writer import RemoteWriter
from catalogue.store.embedded import EmbeddedStore
from catalogue.store.marker import Marker
from core.canonical import from_oxigraph, to_oxigraph
from core.errors import StoreError
from core.identifiers import Identifiers
from tests.servers import SparqlServer, declared

IDENTIFIERS = Identifiers("https://catalogue.example.org/base")
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ENGINES = ("embedded", "oxigraph", pytest.param("virtuoso", marks=pytest.mark.ci))
XSD = "http://www.w3.org/2001/XMLSchema#"

Store = EmbeddedStore | RemoteWriter


class Engine:
    """A store that starts empty, can be opened again, and is read as any client reads it."""

    def __init__(self, kind: str, folder: Path, server: SparqlServer | None) -> None:
        self.kind = kind
        self._folder = folder
        self._server = server
        self._copies = itertools.count()

    def open(self) -> Store:
        if self._server is None:
            return EmbeddedStore(self._folder / "store", IDENTIFIERS)
        store = declared(self._server, graph_store=self.kind == "oxigraph")
        return RemoteWriter(store, store.endpoint[0], IDENTIFIERS)

    def empty(self) -> None:
        if self._server is not None:
            with self.open() as store:
                assert isinstance(store, RemoteWriter)
                store.clear()
        else:
            self._folder = self._folder / "next"

    def triples(self, store: Store, graph: str) -> set[pyoxigraph.Triple]:
        """What a graph holds."""
        if isinstance(store, EmbeddedStore):
            copy = self._folder / f"copy-{next(self._copies)}"
            store.checkpoint(copy)
            quads = pyoxigraph.Store.read_only(str(copy)).quads_for_pattern(
                None, None, None, pyoxigraph.NamedNode(graph)
            )
            return {quad.triple for quad in quads}
        assert self._server is not None
        # Virtuoso knows N-Triples by its old name only.
        media_type = "text/plain" if self.kind == "virtuoso" else "application/n-triples"
        query = f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}"
        answer = httpx.get(self._server.query, params={"query": query}, headers={"Accept": media_type}, timeout=30)
        content = answer.content.replace(ESCAPE.encode(), b"")
        return {quad.triple for quad in pyoxigraph.parse(content, format=pyoxigraph.RdfFormat.N_TRIPLES)}

    def objects(self, store: Store, graph: str) -> set[str]:
        return {str(triple.object) for triple in self.triples(store, graph)}


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    kind: str = request.param
    server = None if kind == "embedded" else request.getfixturevalue(f"{kind}_server")
    made = Engine(kind, tmp_path, server)
    made.empty()
    return made


@pytest.fixture
def store(engine: Engine) -> Iterator[Store]:
    with engine.open() as opened:
        yield opened


def marker(event: int = 1, **graphs: str) -> Marker:
    digests = {f"https://catalogue.example.org/base/graph/{name}": digest for name, digest in graphs.items()}
    return Marker("ledger", 1, event, "2026-01-01T00:00:00+00:00", CREATED, digests)


def triple(text: str) -> bytes:
    return f'<http://s> <http://p> "{text}" .\n'.encode()


def test_a_new_store_is_empty_and_has_no_marker(store: Store) -> None:
    assert len(store) == 0 and store.marker() is None and store.graph_names() == set()


def test_replacing_moves_graphs_and_marker_together(store: Store) -> None:
    store.replace({"http://g/1": triple("one"), "http://g/2": triple("two")}, marker(1))
    store.replace({"http://g/1": triple("three"), "http://g/2": None, "http://g/3": None}, marker(2, links="abc"))
    assert store.marker() == marker(2, links="abc")
    assert store.graph_names() == {"http://g/1", str(IDENTIFIERS.graph("release"))}


def test_a_bad_graph_changes_nothing(store: Store) -> None:
    store.replace({"http://g/1": triple("one")}, marker(1))
    size = len(store)
    triple_of = b'<http://s> <http://p> "x" .'
    escaping = triple_of + b" } } ; DROP ALL ; INSERT DATA { GRAPH <http://g> { " + triple_of + b"\n"
    for bad in (b"no triples", escaping, b'<http://s> <http://p> "x" <http://elsewhere> .\n'):
        with pytest.raises(StoreError, match="http://g/1: not N-Triples"):
            store.replace({"http://g/2": triple("two"), "http://g/1": bad}, marker(2))
    assert store.marker() == marker(1) and len(store) == size


def test_a_bad_name_changes_nothing(store: Store) -> None:
    store.replace({"http://g/1": triple("one")}, marker(1))
    for name in ("http://g> { } } ; DROP ALL #", "no iri"):
        with pytest.raises((StoreError, ValueError)):
            store.replace({"http://g/1": triple("two"), name: triple("two")}, marker(2))
    assert store.marker() == marker(1) and store.graph_names() == {"http://g/1", str(IDENTIFIERS.graph("release"))}


def test_loading_fills_an_empty_store_only(store: Store) -> None:
    store.load(((f"http://g/{number}", triple(str(number))) for number in range(400)), marker(3))
    assert store.marker() == marker(3) and len(store.graph_names()) == 401
    with pytest.raises(StoreError, match="only an empty store"):
        store.load([("http://g/1", triple("x"))], marker(4))


def test_a_load_cut_short_leaves_no_marker(store: Store) -> None:
    with pytest.raises(StoreError, match="not N-Triples"):
        store.load([("http://g/1", triple("x")), ("http://g/2", b"broken")], marker())
    assert store.marker() is None


def test_loading_and_replacing_hold_the_same(engine: Engine) -> None:
    """Large graphs too, which do not fit into one request."""
    graphs = {f"http://g/{number}": triple(str(number)) for number in range(20)}
    graphs["http://large"] = b"".join(
        f'<http://s/{n}> <http://p> "{n} {"x" * 80}"@en .\n'.encode() for n in range(6500)
    )
    found = []
    for act in ("load", "replace"):
        with engine.open() as store:
            if act == "load":
                store.load(graphs.items(), marker())
            else:
                store.replace(graphs, marker())
            assert store.marker() == marker()
            found.append({name: engine.triples(store, name) for name in ("http://g/7", "http://large")})
        engine.empty()
    assert found[0] == found[1] and len(found[0]["http://large"]) == 6500


def test_what_was_written_is_there_after_reopening(engine: Engine) -> None:
    with engine.open() as store:
        store.replace({"http://g/1": triple("one")}, marker(5))
    with engine.open() as store:
        assert store.marker() == marker(5)


#: Kept as they are by every engine.
PLAIN = [
    '"true"^^<{x}boolean>', '"7"^^<{x}integer>', '"1.5"^^<{x}decimal>', '"2026-01-02T03:04:05Z"^^<{x}dateTime>',
    '"2026-01-02"^^<{x}date>', '"2020"^^<{x}gYear>', '"2020-05"^^<{x}gYearMonth>', '"P1Y"^^<{x}duration>',
    '"http://x/y"^^<{x}anyURI>', '"x"^^<http://example.org/type>', '"x"@en-gb', '"漢"@zh-hant', '""', '" x "',
    '"POINT(1 2)"^^<http://www.opengis.net/ont/geosparql#wktLiteral>', '"abc"^^<{x}integer>', '"yes"^^<{x}boolean>',
    '"2026-01-01"^^<{x}dateTime>', '"x"^^<{x}double>', '"9223372036854775807"^^<{x}integer>', '"a\\nb\\t\\"q\\" \\\\"',
    '"<a>"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#XMLLiteral>', '"é \U0001f600 \u2028 \u0085 \u000b"',
    '"}} ; DROP ALL"', '"' + "long é" * 4000 + '"', "<http://x/é?a=b&c=(d)#e'f>", "<http://x/a%20b>", "<urn:uuid:1>",
    "<mailto:a@b.c>",
]  # fmt: skip
#: What engines may hold in another form, and those forms.
NORMALISED = {
    '"007"^^<{x}integer>': {'"7"^^<{x}integer>'},
    '"1"^^<{x}boolean>': {'"true"^^<{x}boolean>'},
    '"1.50"^^<{x}decimal>': {'"1.5"^^<{x}decimal>'},
    '"18"^^<{x}nonNegativeInteger>': {'"18"^^<{x}nonNegativeInteger>', '"18"^^<{x}integer>'},
    '"2026-01-02T03:04:05+00:00"^^<{x}dateTime>': {'"2026-01-02T03:04:05Z"^^<{x}dateTime>'},
    '"1000"^^<{x}double>': {'"1.0E3"^^<{x}double>', '"1000.0"^^<{x}double>'},
}


def test_values_survive(engine: Engine, store: Store) -> None:
    graphs = {
        f"http://g/{number}": f"<http://s> <http://p> {term.replace('{x}', XSD)} .\n"
        for number, term in enumerate(PLAIN)
    }
    store.replace({name: line.encode() for name, line in graphs.items()}, marker())
    for name, line in graphs.items():
        expected = line.removeprefix("<http://s> <http://p> ").removesuffix(" .\n")
        (parsed,) = pyoxigraph.parse(line, format=pyoxigraph.RdfFormat.N_TRIPLES)
        assert engine.objects(store, name) == {str(parsed.object)}, expected[:80]


def test_what_is_normalised_keeps_its_value(engine: Engine, store: Store) -> None:
    for number, (written, forms) in enumerate(NORMALISED.items()):
        name = f"http://g/{number}"
        store.replace({name: f"<http://s> <http://p> {written.replace('{x}', XSD)} .\n".encode()}, marker(number))
        (found,) = engine.objects(store, name)
        assert found in {form.replace("{x}", XSD) for form in (written, *forms)}


def test_values_that_a_store_takes_for_the_same_are_no_loss(store: Store) -> None:
    same = "".join(f'<http://s> <http://p> "{text}"^^<{XSD}integer> .\n' for text in ("1", "01", "+1")).encode()
    store.replace({"http://g/1": same}, marker(1))
    assert store.marker() == marker(1)


def test_blank_nodes_stay_apart_and_together(engine: Engine, store: Store) -> None:
    """Within a graph a label is one node, however many requests it takes; text that looks like one stays text."""
    chain = "".join(f"_:b{n} <http://p> _:b{n + 1} .\n" for n in range(2500)).encode()
    store.replace({"http://g/1": chain, "http://g/2": b'_:c0 <http://p> "text with _:b1 ."@en .\n'}, marker())
    following: dict[object, object] = {triple.subject: triple.object for triple in engine.triples(store, "http://g/1")}
    start: object
    (start,) = following.keys() - set(following.values())
    length = 0
    while start in following:
        start, length = following[start], length + 1
    assert length == 2500
    (other,) = engine.triples(store, "http://g/2")
    assert other.subject not in following and str(other.object) == '"text with _:b1 ."@en'


@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=60))
def test_any_literal_survives(engine: Engine, texts: list[str]) -> None:
    """Both ways in, whatever the text: quotes, escapes, control characters, SPARQL."""
    ntriples = "".join(f"<http://s> <http://p> {to_oxigraph(Literal(text))} .\n" for text in texts).encode()
    for act in ("load", "replace"):
        engine.empty()
        with engine.open() as store:
            if act == "load":
                store.load([("http://g/1", ntriples)], marker())
            else:
                store.replace({"http://g/1": ntriples}, marker())
            found = {str(from_oxigraph(triple.object)) for triple in engine.triples(store, "http://g/1")}
        assert found == set(texts)
