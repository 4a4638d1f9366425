"""The search index as a list: datasets and concepts by how well they fit a text, datasets by how alike they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import tantivy

from catalogue.facets import FACETS
from catalogue.indexing import clean
from catalogue.matching import SearchText, analyse, snippet, stems
from catalogue.search import SearchIndex

#: How much a value that two datasets share says about how alike they are.
_WEIGHTS = {"cancer": 3.0, "body_part": 2.0, "annotation": 1.5}
_TITLE_WEIGHT = 0.5


@dataclass(frozen=True, slots=True)
class RankedDataset:
    """A dataset found; ``score`` compares with others of the same list only, ``snippet`` is of its description."""

    iri: str
    title: str
    score: float
    snippet: str


@dataclass(frozen=True, slots=True)
class RankedConcept:
    """A concept found by one of its names; ``score`` is the share of that name which the text covers."""

    iri: str
    label: str
    score: float


def rank_datasets(index: SearchIndex, text: str, limit: int) -> list[RankedDataset]:
    """The datasets that a text finds, the best first; nothing where the text has no words."""
    search = SearchText.parse(text)
    if not search:
        return []
    return [_dataset(score, card, search) for score, card in index.ranked(index.text_query(search), limit)]


def rank_similar(index: SearchIndex, iri: str, limit: int) -> list[RankedDataset]:
    """The datasets that share most with one, weighed by how rare it is; nothing where the release lacks it."""
    card = index.card(iri)
    if card is None:
        return []
    clauses = [(tantivy.Occur.Should, query) for query in _likeness(index, card)]
    found = index.ranked(tantivy.Query.boolean_query(clauses), limit + 1) if clauses else []
    return [_dataset(score, other, SearchText((), ())) for score, other in found if other["iri"] != iri][:limit]


def rank_concepts(index: SearchIndex, text: str, limit: int) -> list[RankedConcept]:
    """The concepts of the release, and what is broader, with a label or synonym that has all words of a text."""
    search = SearchText.parse(text)
    found: dict[str, RankedConcept] = {}
    for facet in FACETS:
        for entry in index.directory.entries[facet].values():
            if entry.iri is None:
                continue
            score = max(_coverage(search, name) for name in (entry.label, *entry.names))
            if score > 0 and (entry.iri not in found or score > found[entry.iri].score):
                found[entry.iri] = RankedConcept(entry.iri, entry.label, score)
    return sorted(found.values(), key=lambda concept: (-concept.score, concept.label, concept.iri))[:limit]


def _likeness(index: SearchIndex, card: dict[str, Any]) -> Iterator[tantivy.Query]:
    for facet, terms in card["concepts"].items():
        if facet not in FACETS:
            continue
        for term in terms:
            key = clean(index.directory.key(facet, term["iri"]))
            shared = tantivy.Query.term_query(index.schema, f"facet_{facet}", key)
            yield tantivy.Query.boost_query(shared, _WEIGHTS.get(facet, 1.0))
    for keyword in card["keywords"]:
        words: list[str | tuple[int, str]] = [*analyse(clean(keyword))]
        if len(words) > 1:
            yield tantivy.Query.phrase_query(index.schema, "keywords", words)
        elif words:
            yield tantivy.Query.term_query(index.schema, "keywords", words[0])
    for word in SearchText.parse(card["title"]).words:
        yield tantivy.Query.boost_query(tantivy.Query.term_query(index.schema, "title", word), _TITLE_WEIGHT)


def _dataset(score: float, card: dict[str, Any], search: SearchText) -> RankedDataset:
    return RankedDataset(
        card["iri"], card["title"], score, "".join(part.text for part in snippet(card["description"], search))
    )


def _coverage(search: SearchText, name: str) -> float:
    """The share of the words of ``name`` that are searched for; none where it lacks one of the text."""
    words = set(stems(name))
    if not search or search.hits(name) != search.all_words:
        return 0.0
    return min(1.0, len(search.all_words) / len(words))
