"""The VoID description of the real catalogue, counted again by SPARQL over the store that is being served.

The store writes numbers in its own way (``xsd:nonNegativeInteger`` comes back as ``xsd:integer``), VoID tells them
as they are published. So datatypes are compared up to that, and distinct objects with the text of the release.
"""

from __future__ import annotations

from pathlib import Path

import pyoxigraph
import pytest

from catalogue.content import description_graph
from catalogue.ledger import Ledger
from catalogue.links import links_graph, read_links
from core.canonical import canonical_ntriples
from core.settings import Settings
from tests.deployment import Deployment

pytestmark = [pytest.mark.idc, pytest.mark.ci]

BASE = "http://127.0.0.1:8000"
XSD = "http://www.w3.org/2001/XMLSchema#"
PREFIXES = "PREFIX void: <http://rdfs.org/ns/void#> PREFIX ext: <http://ldf.fi/void-ext#> "
WHOLE = f"<{BASE}/graph/void#whole>"
#: What each number of a dataset is.
NUMBERS = {
    "triples": "COUNT(*)",
    "distinctSubjects": "COUNT(DISTINCT ?s)",
    "properties": "COUNT(DISTINCT ?p)",
    "classes": "COUNT(DISTINCT ?c)",
    "entities": "COUNT(DISTINCT ?e)",
}
#: What an editor reads, and the same counted.
PARTITIONS = {
    "classes": (
        "SELECT ?c ?n { %s void:classPartition [ void:class ?c ; void:entities ?n ] }",
        "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c",
    ),
    "properties": (
        "SELECT ?p ?n ?d { %s void:propertyPartition "
        "[ void:property ?p ; void:triples ?n ; void:distinctSubjects ?d ] }",
        "SELECT ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?d) { ?s ?p ?o } GROUP BY ?p",
    ),
    "properties of classes": (
        "SELECT ?c ?p ?n ?d { %s void:classPartition [ void:class ?c ; void:propertyPartition "
        "[ void:property ?p ; void:triples ?n ; void:distinctSubjects ?d ] ] }",
        "SELECT ?c ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?d) { ?s a ?c ; ?p ?o } GROUP BY ?c ?p",
    ),
    "classes of values": (
        "SELECT ?c ?p ?v ?n { %s void:classPartition [ void:class ?c ; void:propertyPartition "
        "[ void:property ?p ; void:classPartition [ void:class ?v ; void:triples ?n ] ] ] }",
        "SELECT ?c ?p ?v (COUNT(*) AS ?n) { ?s a ?c ; ?p ?o . ?o a ?v } GROUP BY ?c ?p ?v",
    ),
    "datatypes of values": (
        "SELECT ?c ?p ?v ?n { %s void:classPartition [ void:class ?c ; void:propertyPartition "
        "[ void:property ?p ; ext:datatypePartition [ ext:datatype ?v ; void:triples ?n ] ] ] }",
        "SELECT ?c ?p ?v (COUNT(*) AS ?n) { ?s a ?c ; ?p ?o FILTER isLiteral(?o) BIND (DATATYPE(?o) AS ?v) } "
        "GROUP BY ?c ?p ?v",
    ),
}


@pytest.fixture(scope="module")
def store(published: Deployment) -> pyoxigraph.Store:
    """The checkpoint that queries are answered from."""
    newest = max((published.home / "releases").glob("[0-9]*"), key=lambda path: int(path.name))
    return pyoxigraph.Store.read_only(str(newest / "store"))


@pytest.fixture(scope="module")
def union(store: pyoxigraph.Store) -> pyoxigraph.Store:
    """All that VoID speaks of: every graph but its own and the marker's, put together."""
    merged = pyoxigraph.Store()
    left_out = {f"{BASE}/graph/void", f"{BASE}/graph/release"}
    merged.extend(
        pyoxigraph.Quad(quad.subject, quad.predicate, quad.object, pyoxigraph.DefaultGraph())
        for quad in store
        if isinstance(quad.graph_name, pyoxigraph.NamedNode) and quad.graph_name.value not in left_out
    )
    return merged


def rows(store: pyoxigraph.Store, query: str) -> set[tuple[str, ...]]:
    found = store.query(PREFIXES + query, use_default_graph_as_union=True)
    return {tuple(_text(cell.value) for cell in row) for row in found}  # type: ignore[union-attr]


def _text(value: str) -> str:
    return value.replace(f"{XSD}nonNegativeInteger", f"{XSD}integer")


def number(store: pyoxigraph.Store, query: str) -> int:
    ((value,),) = rows(store, query)
    return int(value)


@pytest.mark.parametrize("name", NUMBERS)
def test_the_whole(store: pyoxigraph.Store, union: pyoxigraph.Store, name: str) -> None:
    pattern = {"classes": "?x a ?c", "entities": "?e a ?c"}.get(name, "?s ?p ?o")
    counted = number(union, f"SELECT ({NUMBERS[name]} AS ?n) {{ {pattern} }}")
    assert counted > 10
    assert number(store, f"SELECT ?n {{ {WHOLE} void:{name} ?n }}") == counted


@pytest.mark.parametrize("name", PARTITIONS)
def test_the_partitions(store: pyoxigraph.Store, union: pyoxigraph.Store, name: str) -> None:
    told, counted = PARTITIONS[name]
    expected = rows(union, counted)
    assert len(expected) > 10
    assert rows(store, told % WHOLE) == expected


def test_distinct_objects_are_those_of_the_text(published: Deployment, store: pyoxigraph.Store) -> None:
    settings = Settings(home=published.home, base_iri=BASE)
    with Ledger.open(settings, read_only=True) as ledger:
        release = ledger.current_release()
        assert release is not None
        texts = list(ledger.released_graphs(release.number).values())
        texts += [description_graph(one, settings.identifiers)[1] for one in ledger.each_member(release.number)]
        links = links_graph(read_links(Path(release.path) / "links.ndjson"), settings.identifiers)
    texts.append(canonical_ntriples(links))
    objects = {line.split(b" ", 2)[2] for text in texts for line in text.split(b"\n") if line}
    assert number(store, f"SELECT ?n {{ {WHOLE} void:distinctObjects ?n }}") == len(objects)


@pytest.mark.parametrize("graph", ["graph/links", "graph/vocabulary/cancer", "graph/queries", "catalogue/idc"])
def test_one_graph(store: pyoxigraph.Store, graph: str) -> None:
    node = f"<{BASE}/graph/void#{graph.removeprefix('graph/').replace('/', '-')}>"
    where = f"GRAPH <{BASE}/{graph}>"
    for name in ("triples", "distinctSubjects", "properties"):
        counted = number(store, f"SELECT ({NUMBERS[name]} AS ?n) {{ {where} {{ ?s ?p ?o }} }}")
        assert number(store, f"SELECT ?n {{ {node} void:{name} ?n }}") == counted
    classes = rows(store, f"SELECT ?c (COUNT(DISTINCT ?s) AS ?n) {{ {where} {{ ?s a ?c }} }} GROUP BY ?c")
    assert rows(store, PARTITIONS["classes"][0] % node) == classes


def test_a_repository(store: pyoxigraph.Store) -> None:
    node, where = f"<{BASE}/graph/void#repository-idc>", f'FILTER STRSTARTS(STR(?g), "{BASE}/record/idc/")'
    counted = rows(
        store,
        "SELECT ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?d) "
        f"{{ {{ SELECT DISTINCT ?s ?p ?o {{ GRAPH ?g {{ ?s ?p ?o }} {where} }} }} }} GROUP BY ?p",
    )
    assert rows(store, PARTITIONS["properties"][0] % node) == counted


def test_linksets(store: pyoxigraph.Store) -> None:
    told = rows(
        store,
        "SELECT ?from ?p ?to ?n { ?l a void:Linkset ; void:linkPredicate ?p ; void:triples ?n ; "
        "void:subjectsTarget [ void:uriSpace ?from ] ; void:objectsTarget [ void:uriSpace ?to ] }",
    )
    assert told
    for source, predicate, target, triples in told:
        found = rows(
            store,
            f'SELECT DISTINCT ?a ?b {{ ?a <{predicate}> ?b FILTER (STRSTARTS(STR(?a), "{source}") && '
            f'STRSTARTS(STR(?b), "{target}")) ?b a ?class }}',
        )
        assert len(found) == int(triples)


def test_mappings_of_a_vocabulary(store: pyoxigraph.Store) -> None:
    name, match = f"{BASE}/graph/vocabulary/cancer", "<http://www.w3.org/2004/02/skos/core#exactMatch>"
    node = f"<{BASE}/graph/void#vocabulary-cancer>"
    told = number(
        store,
        f"SELECT (SUM(?n) AS ?all) {{ ?l void:subjectsTarget {node} ; void:linkPredicate {match} ; void:triples ?n }}",
    )
    assert told == number(store, f"SELECT (COUNT(*) AS ?n) {{ GRAPH <{name}> {{ ?a {match} ?b }} }}") > 0
