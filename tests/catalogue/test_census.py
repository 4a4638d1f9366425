"""The counts of a release against SPARQL over the same graphs, put together into one."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pyoxigraph
import pytest

from catalogue.census import Census
from catalogue.description import StoredDescription
from catalogue.tally import DistinctCount, distinct
from core.identifiers import Identifiers

BASE = "https://catalogue.example.org"
EX = "http://example.org/"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
CONFORMS = "<http://purl.org/dc/terms/conformsTo>"
VALUES = (
    '"a"',
    '"a"@en',
    '"a"@en-GB',
    f'"x \\" ^^<{EX}not> ."^^<{EX}odd>',
    '"1\\n2"',
    f"<{EX}page>",
    f"<{EX}concept/1>",
)


def description(identifier: str, lines: list[str], repository: str = "one") -> StoredDescription:
    ids = Identifiers(BASE)
    moment = datetime(2026, 1, len(identifier), tzinfo=UTC)
    text = "".join(sorted(f"{line} .\n" for line in set(lines))).encode()
    return StoredDescription(
        str(ids.dataset(repository, identifier)), repository, identifier, 1, text, "", (), moment, moment
    )


def made_up(seed: int) -> tuple[dict[str, bytes], list[StoredDescription]]:
    """Descriptions that point at each other, at profiles that only some of them type, and at a vocabulary."""
    dice = random.Random(seed)
    ids = Identifiers(BASE)
    names = [f"set{'x' * number}" for number in range(8)]
    descriptions = []
    for name in names:
        dataset, node = f"<{ids.dataset('one', name)}>", f"<{ids.dataset('one', name)}#node-1>"
        lines = [f"{dataset} {TYPE} <{EX}Dataset>", f"{dataset} {CONFORMS} <{EX}profile/{dice.randrange(2)}>"]
        lines += [f"{node} {TYPE} <{EX}{kind}>" for kind in dice.sample(("Node", "Part"), dice.randrange(3))]
        lines += [f"{dataset} <{EX}has> {node}", f"{dataset} <{EX}from> <{ids.dataset('one', dice.choice(names))}>"]
        lines += [f"{dice.choice((dataset, node))} <{EX}p{dice.randrange(3)}> {dice.choice(VALUES)}" for _ in range(9)]
        lines += [f"<{EX}profile/0> {TYPE} <{EX}Standard>"] * dice.randrange(2)
        lines += [f"{node} {CONFORMS} {node}"] * dice.randrange(2)
        descriptions.append(description(name, lines))
    links = [
        f"<{ids.dataset('one', dice.choice(names))}> <{EX}{dice.choice(('same', 'from'))}> "
        f"<{ids.dataset('one', dice.choice(names))}> ."
        for _ in range(6)
    ]
    own = [f"<{BASE}/graph/q#{number}> {TYPE} <{EX}Measure> ." for number in range(4)]
    own += [f"<{BASE}/graph/q#{number}> <{EX}on> <{ids.dataset('one', dice.choice(names))}> ." for number in range(4)]
    own += [
        f"<{BASE}/graph/q#0> <{EX}of> <{EX}rule> .",
        f"<{EX}rule> {TYPE} <{EX}Rule> .",
        f"<{EX}profile/1> {TYPE} <{EX}Late> .",
    ]
    links += [f"<{BASE}/link/{number}> <{EX}on> <{BASE}/graph/q#{number % 2}> ." for number in range(4)]
    shared = f"<{EX}concept/1> {TYPE} <{EX}Concept> ."
    background = {
        f"{BASE}/graph/links": "\n".join(sorted(set(links))).encode() + b"\n",
        f"{BASE}/graph/a": f'{shared}\n<{EX}concept/1> <{EX}p1> _:b1 .\n_:b1 <{EX}p1> "a" .\n'.encode(),
        f"{BASE}/graph/b": f"{shared}\n<{EX}concept/1> {TYPE} <{EX}Term> .\n".encode(),
    }
    return background, descriptions


@pytest.fixture(params=range(12))
def release(request: pytest.FixtureRequest) -> tuple[dict[str, bytes], list[StoredDescription]]:
    return made_up(request.param)


@pytest.fixture
def census(release: tuple[dict[str, bytes], list[StoredDescription]]) -> Iterator[Census]:
    background, descriptions = release
    with Census(background, Identifiers(BASE)) as counting:
        for one in descriptions:
            counting.add(one, one.ntriples)
        counting.close()
        yield counting


@pytest.fixture
def union(release: tuple[dict[str, bytes], list[StoredDescription]]) -> pyoxigraph.Store:
    background, descriptions = release
    store = pyoxigraph.Store()
    for text in (*background.values(), *(one.ntriples for one in descriptions)):
        # Labels of blank nodes are apart already, as in a release; loading would name them anew.
        for quad in pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.N_TRIPLES):
            store.add(quad)
    return store


def rows(store: pyoxigraph.Store, query: str) -> set[tuple[str, ...]]:
    return {tuple(str(getattr(cell, "value", cell)) for cell in row) for row in store.query(query)}  # type: ignore[union-attr]


def text(term: bytes) -> str:
    return term[1:-1].decode()


def test_the_union_is_counted_as_sparql_counts_it(census: Census, union: pyoxigraph.Store) -> None:
    whole = census.whole
    ((triples, subjects, objects),) = rows(
        union, "SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?d) (COUNT(DISTINCT ?o) AS ?e) { ?s ?p ?o }"
    )
    assert (whole.triples, whole.subjects.total(), census.distinct_objects) == tuple(
        map(int, (triples, subjects, objects))
    )
    ((entities,),) = rows(union, "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c }")
    assert whole.entities == int(entities)


def test_classes_and_properties_are_those_of_the_union(census: Census, union: pyoxigraph.Store) -> None:
    classes = {(text(kind), str(count)) for kind, count in census.whole.classes.items()}
    assert classes == rows(union, "SELECT ?c (COUNT(DISTINCT ?s) AS ?n) { ?s a ?c } GROUP BY ?c")
    properties = {(text(p), str(n), str(d)) for p, (n, d) in census.whole.properties().items()}
    assert properties == rows(union, "SELECT ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?d) { ?s ?p ?o } GROUP BY ?p")


def test_properties_and_values_of_each_class(census: Census, union: pyoxigraph.Store) -> None:
    whole, used, classes, datatypes = census.whole, set(), set(), set()
    for kind in whole.classes:
        for predicate, (triples, subjects) in whole.properties(kind).items():
            where = (text(kind), text(predicate))
            used.add((*where, str(triples), str(subjects)))
            by_class, by_datatype = whole.values(kind, predicate)
            classes |= {(*where, text(value), str(count)) for value, count in by_class.items()}
            datatypes |= {(*where, text(value), str(count)) for value, count in by_datatype.items()}
    per_class = "{ ?s a ?c ; ?p ?o %s } GROUP BY ?c ?p"
    assert used == rows(union, "SELECT ?c ?p (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?d) " + per_class % "")
    assert classes == rows(union, "SELECT ?c ?p ?d (COUNT(*) AS ?n) " + per_class % ". ?o a ?d" + " ?d")
    literal = "FILTER isLiteral(?o) BIND(DATATYPE(?o) AS ?d)"
    assert datatypes == rows(union, "SELECT ?c ?p ?d (COUNT(*) AS ?n) " + per_class % literal + " ?d")


def test_each_family_is_counted_by_itself(
    census: Census, release: tuple[dict[str, bytes], list[StoredDescription]]
) -> None:
    background, descriptions = release
    family = census.repositories["one"]
    alone = {line for one in descriptions for line in one.ntriples.splitlines()}
    assert family.tally.triples == len(alone)
    assert family.tally.subjects.total() == len({line.split(b" ")[0] for line in alone})
    assert family.distinct_objects == len({line.split(b" ", 2)[2] for line in alone})
    assert (family.issued, family.modified) == (descriptions[0].issued, descriptions[-1].modified)
    assert family.examples == [one.iri for one in descriptions[:3]]
    for name, ntriples in background.items():
        assert census.others[name].tally.triples == len(set(ntriples.splitlines()))


def test_different_terms_are_counted_beyond_what_stays_in_memory() -> None:
    with ExitStack() as files:
        one, two = DistinctCount(files), DistinctCount(files)
        for start in range(0, 400_000, 50_000):
            one.add(f"term {number}".encode() for number in range(start, start + 60_000))
        two.add(f"term {number}".encode() for number in range(409_000, 411_000))
        assert distinct([one]) == 410_000
        assert distinct([one, two]) == 411_000
        two.add([b"term 0", b"another"])
        assert distinct([one, two]) == 411_001
