"""Finding datasets: words, synonyms, facets with broader concepts, order, and input of any kind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.facets import FACETS
from catalogue.indexing import SORTS
from catalogue.matching import SearchText, mark, snippet, stems
from catalogue.search import SearchIndex, SearchRequest, SearchResult
from core.errors import SearchError
from tests.catalogue import samples


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchIndex]:
    path = tmp_path_factory.mktemp("search") / "index"
    yield SearchIndex.build(path, samples.summaries(), samples.vocabularies(), repositories=samples.TITLES)


def found(result: SearchResult) -> list[str]:
    return [hit.card["iri"].removeprefix(samples.DATASETS) for hit in result.hits]


def counts(result: SearchResult, facet: str) -> dict[str, int]:
    return {one.key: one.count for one in result.facets[facet]}


def look(index: SearchIndex, text: str = "", **filters: str | tuple[str, ...]) -> SearchResult:
    wanted = {name: (value,) if isinstance(value, str) else value for name, value in filters.items()}
    return index.search(SearchRequest(text=text, filters=wanted))


def test_without_words_everything_is_listed_by_title(index: SearchIndex) -> None:
    result = look(index)

    assert result.total == len(index) == 5
    assert found(result) == ["one/breast_mr", "one/liver_ct", "one/liver_outlines", "two/LIVER", "one/belly"]


def test_a_word_in_the_title_comes_before_one_elsewhere(index: SearchIndex) -> None:
    assert found(look(index, "liver"))[0] == "one/liver_ct"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("mri breast", "one/breast_mr"),
        ("liver cell cancer", "one/liver_ct"),
        ("WO INTER", "one/liver_ct"),
        ("surgeries planned", "one/liver_ct"),
        ("10.1234/liver.ct", "one/liver_ct"),
        ("https://doi.org/10.1234/LIVER.CT", "one/liver_ct"),
        (f"{samples.DATASETS}one/belly", "one/belly"),
        ('"breast mr"', "one/breast_mr"),
        ("bréast", "one/breast_mr"),
        ("brea", "one/breast_mr"),
    ],
)
def test_synonyms_stems_identifiers_phrases_and_beginnings_find_a_dataset(
    index: SearchIndex, text: str, first: str
) -> None:
    result = look(index, text)

    assert result.matched == "exact"
    assert found(result)[0] == first


def test_labels_in_other_languages_find_a_dataset(index: SearchIndex) -> None:
    assert set(found(look(index, "Leber"))) == {"one/liver_ct", "one/liver_outlines", "two/LIVER"}


def test_a_broader_word_finds_what_lies_in_it_and_says_why(index: SearchIndex) -> None:
    result = look(index, "abdomen")
    reasons = {hit.card["iri"].removeprefix(samples.DATASETS): hit.reasons for hit in result.hits}

    assert set(reasons) == {"one/belly", "one/liver_ct", "one/liver_outlines", "two/LIVER"}
    assert [(r.facet, r.label, r.via) for r in reasons["two/LIVER"]] == [("body_part", "Liver", "Abdomen")]


def test_all_words_are_wanted_before_spelling_is_bent_and_words_are_dropped(index: SearchIndex) -> None:
    assert look(index, "breast dynamic").matched == "exact"
    similar = look(index, "brest dynamc")
    assert (similar.matched, found(similar)) == ("similar", ["one/breast_mr"])
    some = look(index, "breast hepatic")
    assert some.matched == "some"
    assert {"one/breast_mr", "one/liver_ct"} <= set(found(some))
    assert look(index, "zzzzqqqq").total == 0


def test_filtering_by_a_concept_includes_what_is_narrower(index: SearchIndex) -> None:
    result = look(index, body_part="abdomen")

    assert result.total == 4
    assert counts(result, "modality") == {"CT": 3, "MR": 1}


def test_values_of_one_facet_widen_and_facets_narrow(index: SearchIndex) -> None:
    assert look(index, modality=("CT", "MR")).total == 4
    assert found(look(index, modality=("CT", "MR"), body_part="breast")) == ["one/breast_mr"]


def test_counts_of_a_facet_ignore_its_own_choice_and_tell_what_a_choice_would_give(index: SearchIndex) -> None:
    result = look(index, modality="CT")

    assert counts(result, "modality") == {"CT": 3, "MR": 2}
    for facet, values in look(index).facets.items():
        for value in values:
            assert look(index, **{facet: value.key}).total == value.count


def test_an_iri_serves_as_well_as_a_key(index: SearchIndex) -> None:
    result = look(index, body_part="https://w3id.org/radiograph/concept/anatomy/liver")

    assert result.filters == {"body_part": ("liver",)}
    assert result.total == 3


def test_facets_are_trees_with_labels(index: SearchIndex) -> None:
    rows = [(row.label, row.count, row.depth) for row in look(index).facets["body_part"]]

    assert rows == [("Entire body", 5, 0), ("Abdomen", 4, 1), ("Liver", 3, 2), ("Breast", 1, 1)]
    assert [row.label for row in look(index).facets["repository"]] == ["Repository One", "Repository Two"]


def test_a_choice_that_finds_nothing_stays_visible_so_that_it_can_be_removed(index: SearchIndex) -> None:
    result = look(index, modality="XX")

    assert result.total == 0
    assert [row.key for row in result.facets["modality"] if row.selected] == ["XX"]
    assert look(index, unheard_of="x").total == 5


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("subjects", ["one/breast_mr", "one/liver_ct", "two/LIVER", "one/liver_outlines", "one/belly"]),
        ("modified", ["one/breast_mr", "one/liver_ct", "one/liver_outlines", "two/LIVER", "one/belly"]),
    ],
)
def test_orders(index: SearchIndex, sort: str, expected: list[str]) -> None:
    assert found(index.search(SearchRequest(sort=sort))) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("text", ["", "liver"])
def test_pages_put_together_are_the_whole_and_pages_beyond_are_the_last(
    index: SearchIndex, sort: str, text: str
) -> None:
    def pages(size: int) -> list[str]:
        first = index.search(SearchRequest(text=text, sort=sort, size=size))  # type: ignore[arg-type]
        rest = [
            index.search(SearchRequest(text=text, sort=sort, size=size, page=page))  # type: ignore[arg-type]
            for page in range(2, first.pages + 1)
        ]
        return [iri for result in (first, *rest) for iri in found(result)]

    assert pages(2) == pages(100)
    beyond = index.search(SearchRequest(text=text, size=2, page=99))
    assert beyond.page == beyond.pages
    assert index.search(SearchRequest(page=-5, size=0)).page == 1


def test_two_indexes_of_the_same_answer_alike(index: SearchIndex, tmp_path: Path) -> None:
    other = SearchIndex.build(
        tmp_path / "other", samples.summaries(), samples.vocabularies(), repositories=samples.TITLES
    )
    for text in ("", "liver", "ct", "carcinoma"):
        assert other.search(SearchRequest(text=text)) == index.search(SearchRequest(text=text))


def test_equal_titles_and_scores_keep_a_total_order(tmp_path: Path) -> None:
    model = samples.summary("one/belly")
    twins = [replace(model, iri=f"{samples.DATASETS}one/{number:03d}", identifier=str(number)) for number in range(60)]
    index = SearchIndex.build(tmp_path / "twins", twins, samples.vocabularies())
    for text, sort in (("belly", "relevance"), ("", "title"), ("", "subjects"), ("", "modified")):
        listed = [
            iri
            for page in range(1, 7)
            for iri in found(index.search(SearchRequest(text=text, sort=sort, page=page, size=10)))  # type: ignore[arg-type]
        ]
        assert listed == sorted(listed)
        assert len(set(listed)) == 60


def test_the_card_of_one_dataset(index: SearchIndex) -> None:
    card = index.card(f"{samples.DATASETS}two/LIVER")

    assert card is not None
    assert card["title"] == "The same livers elsewhere"
    assert index.card(f"{samples.DATASETS}two/absent") is None
    assert len(index) == 5


def test_what_users_type_is_not_remembered(index: SearchIndex) -> None:
    look(index, "warm up")
    before = stems.cache_info().currsize
    for number in range(50):
        look(index, f"word{number} " + "x " * 100)
    assert stems.cache_info().currsize < before + 50


def test_an_empty_release_can_be_searched(tmp_path: Path) -> None:
    index = SearchIndex.build(tmp_path / "empty", [], samples.vocabularies())

    assert (look(index, "x").total, look(index).pages, look(index).hits) == (0, 1, ())
    assert len(index) == 0


def test_a_missing_or_damaged_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(SearchError, match="cannot be read"):
        SearchIndex.open(tmp_path / "absent")
    SearchIndex.build(tmp_path / "index", samples.summaries(), samples.vocabularies())
    with pytest.raises(SearchError, match="not empty"):
        SearchIndex.build(tmp_path / "index", [], samples.vocabularies())
    (tmp_path / "index" / "facets.json").write_text("[]")
    with pytest.raises(SearchError, match="cannot be read"):
        SearchIndex.open(tmp_path / "index")


_NASTY = st.one_of(
    st.text(max_size=80),
    st.text(alphabet='"()[]{}*?~^\\+-:/<>&|! \x00ANDORNOT', max_size=60),
    st.sampled_from(
        ['"', '""', '"liver', 'liver"ct"', "title:liver", "NOT", "a" * 5000, "\ud800", "کبد", "肝 臓", "*"]
    ),
)


@settings(max_examples=150, deadline=None)
@given(text=_NASTY, values=st.lists(st.text(max_size=20), max_size=3), page=st.integers(-5, 10**7))
def test_no_text_and_no_value_is_an_error(index: SearchIndex, text: str, values: list[str], page: int) -> None:
    filters = {facet: tuple(values) for facet in FACETS} if values else {}
    result = index.search(SearchRequest(text=text, filters=filters, page=page))

    assert 0 <= len(result.hits) <= result.total or result.total == 0
    assert 1 <= result.page <= result.pages


@settings(max_examples=150, deadline=None)
@given(text=st.text(max_size=200), query=_NASTY)
def test_marking_loses_no_character(text: str, query: str) -> None:
    search = SearchText.parse(query)

    assert "".join(part.text for part in mark(text, search)) == text


def test_a_snippet_shows_where_the_words_are() -> None:
    text = "nothing here " * 100 + "then the hepatic lobe appears " + "nothing again " * 100
    parts = snippet(text, SearchText.parse("lobes hepatic"))

    assert [part.text for part in parts if part.marked] == ["hepatic", "lobe"]
    assert parts[0].text == "… "
    assert parts[-1].text == " …"
    assert sum(len(part.text) for part in parts) < 400
