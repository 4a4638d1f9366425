"""Ranking over an index, and the search service that SPARQL asks it by."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.federation.federation import Federation
from catalogue.federation.search import DEFAULT_LIMIT, MAX_LIMIT, read_pattern
from catalogue.ranking import rank_concepts, rank_datasets, rank_similar
from catalogue.search import SearchIndex
from catalogue.store.querying import inspect_query
from catalogue.store.tokens import Declarations
from core.errors import QuerySyntaxError, QueryUnavailable
from core.settings import Settings
from tests.catalogue import samples

SEARCH = "https://w3id.org/radiograph/search#"
DECLARED = Declarations("", {"search": SEARCH, "d": samples.DATASETS})
Rows = list[list[str | None]]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    path = tmp_path_factory.mktemp("ranking") / "index"
    yield SearchIndex.build(path, samples.summaries(), samples.vocabularies(), repositories=samples.TITLES)


@pytest.fixture(scope="module")
def rows(index: SearchIndex) -> Callable[[str], Rows]:
    """The solutions of ``SELECT * { … }`` with the prefix ``search:``, on a store with the titles of the samples."""
    store = ox.Store()
    for summary in samples.summaries():
        store.add(ox.Quad(ox.NamedNode(summary.iri), ox.NamedNode("http://x/title"), ox.Literal(summary.title)))

    def ask(pattern: str, head: str = "SELECT *") -> Rows:
        query = f"PREFIX search: <{SEARCH}> PREFIX d: <{samples.DATASETS}> {head} {{ {pattern} }}"

        async def resolve() -> str:
            facts = await inspect_query(query, Settings())
            assert facts.repeatable
            deadline = asyncio.get_running_loop().time() + 5
            return (await Federation(Settings()).resolve(query, facts, index, deadline)).query

        found = store.query(asyncio.run(resolve()))
        return [[None if term is None else term.value for term in row] for row in found]  # type: ignore[union-attr]

    return ask


def local(iris: list[str]) -> list[str]:
    return [iri.removeprefix(samples.DATASETS) for iri in iris]


def test_the_best_comes_first_and_scores_fall(index: SearchIndex) -> None:
    hits = rank_datasets(index, "liver", 10)
    assert local([hit.iri for hit in hits])[0] == "one/liver_ct"
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True) and scores[-1] > 0
    assert [hit.iri for hit in rank_datasets(index, "liver", 2)] == [hit.iri for hit in hits[:2]]
    assert rank_datasets(index, "  ", 10) == []


def test_likeness_is_of_what_is_shared(index: SearchIndex) -> None:
    like = local([hit.iri for hit in rank_similar(index, f"{samples.DATASETS}one/liver_ct", 10)])
    assert like[0] in ("one/liver_outlines", "two/LIVER") and "one/liver_ct" not in like
    assert rank_similar(index, f"{samples.DATASETS}one/liver_ct", 1)[0].iri.endswith(like[0])
    assert rank_similar(index, "http://example.org/nothing", 10) == []


def test_concepts_are_found_by_label_synonym_and_other_language(index: SearchIndex) -> None:
    for text in ("liver", "Leber"):
        (first, *_) = rank_concepts(index, text, 10)
        assert first.label == "Liver" and first.score == 1.0
    assert rank_concepts(index, "", 10) == rank_concepts(index, "no such thing", 10) == []


def test_hits_are_joined_with_the_rest_of_the_query(rows: Callable[..., Rows]) -> None:
    pattern = 'SERVICE <search> { [] search:text "liver" ; search:dataset ?d ; search:score ?s ; search:limit 3 . }'
    found = rows(f"{pattern} ?d <http://x/title> ?t", "SELECT ?d ?s ?t")
    assert len(found) == 3 and all(title for _, _, title in found)
    assert all(re.fullmatch(r"\d+(\.\d+)?", str(score)) for _, score, _ in found)
    nested = f"{{ SELECT (COUNT(*) AS ?n) {{ {pattern} }} }} OPTIONAL {{ {pattern} FILTER(?s > 1000) }}"
    assert rows(nested, "SELECT ?n") == [["3"]]


def test_every_output_and_form(rows: Callable[..., Rows]) -> None:
    (one,) = rows(
        "SERVICE <https://w3id.org/radiograph/search> { ?hit search:text 'mri \\u0062reast'@en . "
        "?hit search:dataset ?d ; search:title ?t ; search:snippet ?x ; search:score ?s }",
        "SELECT ?d ?t ?x ?s",
    )
    assert one[0] == f"{samples.DATASETS}one/breast_mr" and one[1] and one[2] and float(str(one[3])) > 0
    similar = rows(
        "SERVICE <http://127.0.0.1:8000/search> { [ search:similarTo d:one\\/liver_ct ; search:dataset ?d ] }"
    )
    assert similar and similar[0][0] != f"{samples.DATASETS}one/liver_ct"
    relative = rows(
        "SERVICE <search> { [] search:similarTo <https://example.org/dataset/one/liver_ct> ; search:dataset ?d }"
    )
    assert relative == similar
    labels = rows(
        'SERVICE <search> { _:x search:limit 1. _:x search:text "liver"; search:concept ?c; search:label ?l;; }'
    )
    assert [row[1] for row in labels] == ["Liver"] or [row[0] for row in labels] == ["Liver"]
    assert rows('SERVICE <search> { [] search:text "zzzzzzz" ; search:dataset ?d }') == []


@pytest.mark.parametrize(
    ("group", "reason"),
    [
        ("{}", "one of search:text and search:similarTo is needed"),
        ('{ [] search:text "a" }', "search:dataset .variable is needed"),
        ("{ [] search:dataset ?d }", "one of"),
        ("{ [] search:text ?t ; search:dataset ?d }", "nothing is bound before"),
        ("{ [] search:similarTo ?t ; search:dataset ?d }", "nothing is bound before"),
        ('{ [] search:text "a" ; search:dataset d:x }', "has to be a variable"),
        ('{ [] search:text "a", "b" ; search:dataset ?d }', "missing"),
        ('{ [] search:text "a" ; search:text "b" ; search:dataset ?d }', "given twice"),
        ('{ [] search:text "a" ; search:dataset ?d ; search:score ?d }', "variable of its own"),
        ('{ [] search:text "a" ; search:dataset ?d ; search:label ?l }', "does not go with"),
        ('{ [] search:text "a" ; search:dataset ?d ; search:concept ?c }', "is needed"),
        ("{ [] search:similarTo d:x ; search:concept ?c }", "is needed"),
        ('{ [] search:text "a" ; search:similarTo d:x ; search:dataset ?d }', "one of"),
        ('{ [] search:text "a" ; search:dataset ?d ; search:limit 0 }', "limit is from 1"),
        (f'{{ [] search:text "a" ; search:dataset ?d ; search:limit {MAX_LIMIT + 1} }}', "limit is from 1"),
        ('{ [] search:text "a" ; search:dataset ?d ; search:limit 1.5 }', "cannot be"),
        ('{ [] search:text "a" ; search:dataset ?d ; search:limit -1 }', "cannot be"),
        ('{ [] search:text "a" ; search:dataset ?d ; search:colour ?c }', "there is no search:colour"),
        ('{ [] search:text "a" ; search:dataset ?d . [] search:text "b" }', "more than one search"),
        ('{ ?a search:text "a" ; search:dataset ?d . ?b search:score ?s }', "more than one search"),
        ('{ ?a search:text "a" ; search:dataset ?d ?b ?c }', "missing"),
        ('{ d:x search:text "a" ; search:dataset ?d }', "the subject cannot be"),
        ('{ ?a search:text "a" ; search:dataset ?d . FILTER(?d) }', "subject cannot be"),
        ('{ ?a a search:Search ; search:text "a" ; search:dataset ?d }', "stands where a property"),
        ('{ ?a search:text "a" ; search:dataset', "."),
        ('{ [ search:text "a" ; search:dataset ?d }', "missing|too early"),
    ],
)
def test_what_is_no_search_is_said_so(group: str, reason: str) -> None:
    with pytest.raises(QuerySyntaxError, match=reason) as caught:
        read_pattern(group, DECLARED)
    assert "docs/sparql.md" in str(caught.value)


@given(
    st.lists(st.sampled_from(["[]", "[", "]", "?a", "search:text", "search:dataset", '"x"', ";", ".", ",", "5", "5."]))
)
def test_any_tokens_are_read_without_harm(pieces: list[str]) -> None:
    try:
        pattern = read_pattern(f"{{ {' '.join(pieces)} }}", DECLARED)
    except QuerySyntaxError:
        return
    assert pattern.text == "x" and pattern.outputs == {"dataset": "a"} and pattern.limit == DEFAULT_LIMIT


def test_without_a_release_there_is_nothing_to_search() -> None:
    async def run() -> None:
        facts = await inspect_query("ASK { SERVICE <search> { } }", Settings())
        deadline = asyncio.get_running_loop().time() + 5
        with pytest.raises(QueryUnavailable):
            await Federation(Settings()).resolve("ASK { SERVICE <search> { } }", facts, None, deadline)

    asyncio.run(run())
