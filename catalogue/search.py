"""Full-text search with facets over one release: built once, then only read.

Filters: several values of one facet widen ("CT or PET"), facets narrow each other ("CT" and "lung"). The counts
of a facet are therefore what choosing a value would give: they heed the text and the other facets, not the
facet's own choice. Counting is done by the engine over columns; nothing here walks over all datasets.

Every order is total, so equal requests get equal answers: sort keys end in the dataset's IRI, and equal scores
keep the order in which the datasets were given, which should be sorted by IRI.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import tantivy

from catalogue.facets import FACETS, FacetCount, FacetDirectory
from catalogue.indexing import FIELDS, Sort, clean, document, schema
from catalogue.matching import PREFIX_LENGTH, Part, SearchText, analyser, mark, snippet
from catalogue.summary import DatasetSummary
from core.errors import SearchError
from ontology.vocabulary import Vocabularies

MAX_PAGE_SIZE = 100

_DIRECTORY = "facets.json"
_BUCKETS = 60_000

_Wanted = Literal["exact", "similar", "some"]


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What to look for. ``filters`` maps a facet to keys or IRIs; ``page`` counts from 1."""

    text: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: Sort = "relevance"
    page: int = 1
    size: int = 20


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a hit matched beyond its title: a value of ``facet`` (or "keyword", "identifier"), ``via`` a name of it
    or of something broader that was searched for."""

    facet: str
    label: str
    via: str | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One dataset found: ``card`` is the JSON of its summary without strata, stated texts and distributions."""

    card: dict[str, Any]
    title: tuple[Part, ...]
    snippet: tuple[Part, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of hits. ``matched`` says how the text was taken: "exact" (all words), "similar" (spelled alike)
    or "some" (some of the words); ``filters`` are the request's, as keys."""

    total: int
    page: int
    pages: int
    hits: tuple[Hit, ...]
    facets: dict[str, tuple[FacetCount, ...]]
    filters: dict[str, tuple[str, ...]]
    matched: _Wanted


class SearchIndex:
    """The search index of one release; safe to share between threads."""

    def __init__(self, index: tantivy.Index, directory: FacetDirectory) -> None:
        self._index = index
        self._schema = index.schema
        self._searcher = index.searcher()
        self.directory = directory

    @classmethod
    def build(
        cls,
        path: Path,
        summaries: Iterable[DatasetSummary],
        vocabularies: Vocabularies,
        *,
        repositories: Mapping[str, str] | None = None,
    ) -> SearchIndex:
        """Write an index of ``summaries`` into the empty or missing folder ``path`` and open it.

        ``repositories`` maps the key of a repository to its title.

        Raises:
            SearchError: the folder is not empty or cannot be written.
        """
        directory = FacetDirectory()
        try:
            path.mkdir(parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise SearchError("the folder of the search index is not empty", where=str(path), remedy="remove it")
            index = tantivy.Index(schema(), str(path))
            index.register_tokenizer("words", analyser())
            # One thread, so that the order of documents, and with it the order of equal scores, is that of the input.
            writer = index.writer(64_000_000, 1)
            for summary in summaries:
                writer.add_document(document(summary, directory, vocabularies, repositories or {}))
            writer.commit()
            writer.wait_merging_threads()
            (path / _DIRECTORY).write_text(json.dumps(directory.to_json(), ensure_ascii=False), encoding="utf-8")
        except (OSError, ValueError) as error:
            raise SearchError(
                f"the search index cannot be written: {error}", where=str(path), remedy="check space and rights"
            ) from error
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> SearchIndex:
        """Open the index in ``path`` for reading.

        Raises:
            SearchError: there is none, or it is damaged.
        """
        try:
            directory = FacetDirectory.from_json(json.loads((path / _DIRECTORY).read_text(encoding="utf-8")))
            index = tantivy.Index.open(str(path))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SearchError(
                f"the search index cannot be read: {error}", where=str(path), remedy="publish a new release"
            ) from error
        index.register_tokenizer("words", analyser())
        return cls(index, directory)

    def __len__(self) -> int:
        return int(self._searcher.num_docs)

    def search(self, request: SearchRequest) -> SearchResult:
        """Answer one request; unknown facets are ignored, unknown values match nothing, pages are clamped."""
        text = SearchText.parse(request.text)
        filters = self._filters(request.filters)
        wanted, words = self._words(text)
        query = self._all([words, *self._filter_queries(filters).values()])
        size = min(max(request.size, 1), MAX_PAGE_SIZE)
        total = self._total(query)
        pages = max(1, -(-total // size))
        page = min(max(request.page, 1), pages)
        return SearchResult(
            total=total,
            page=page,
            pages=pages,
            hits=tuple(self._hits(query, request.sort, text, (page - 1) * size, size)) if total else (),
            facets=self._facets(words, filters),
            filters=filters,
            matched=wanted,
        )

    @property
    def schema(self) -> tantivy.Schema:
        """What queries for :meth:`ranked` are made with."""
        return self._schema

    def text_query(self, text: SearchText) -> tantivy.Query:
        """The query for a text, taken as :meth:`search` takes it."""
        return self._words(text)[1]

    def ranked(self, query: tantivy.Query, limit: int) -> list[tuple[float, dict[str, Any]]]:
        """Scores and cards of the best hits of a query."""
        return [(score, self._card(address)) for score, address in self._searcher.search(query, limit).hits]

    def card(self, iri: str) -> dict[str, Any] | None:
        """The card of one dataset, or None where the release does not have it."""
        found = self._searcher.search(tantivy.Query.term_query(self._schema, "iri", clean(iri)), 1)
        return self._card(found.hits[0][1]) if found.hits else None

    def _filters(self, filters: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        keys = {
            facet: tuple(dict.fromkeys(self.directory.key(facet, value) for value in filters.get(facet, ()) if value))
            for facet in FACETS
        }
        return {facet: values for facet, values in keys.items() if values}

    def _filter_queries(self, filters: Mapping[str, tuple[str, ...]]) -> dict[str, tantivy.Query]:
        return {
            facet: _quiet(tantivy.Query.term_set_query(self._schema, f"facet_{facet}", [clean(v) for v in values]))
            for facet, values in filters.items()
        }

    def _words(self, text: SearchText) -> tuple[_Wanted, tantivy.Query]:
        """The query for the text: all words, or else words spelled alike, or else any of the words."""
        if not text:
            return "exact", tantivy.Query.all_query()
        attempts: tuple[_Wanted, ...] = ("exact", "similar", "some")
        for wanted in attempts:
            query = self._text_query(text, wanted)
            if wanted == "some" or self._total(query):
                break
        return wanted, query

    def _text_query(self, text: SearchText, wanted: _Wanted) -> tantivy.Query:
        must = tantivy.Occur.Should if wanted == "some" else tantivy.Occur.Must
        clauses = [(must, self._word(word, similar=wanted != "exact")) for word in text.words]
        clauses += [(must, self._phrase(phrase)) for phrase in text.phrases]
        if len(text.words) > 1:
            whole = tantivy.Query.phrase_query(self._schema, "title", list(text.words), slop=1)
            clauses.append((tantivy.Occur.Should, tantivy.Query.boost_query(whole, 10.0)))
        return tantivy.Query.boolean_query(clauses)

    def _word(self, word: str, *, similar: bool) -> tantivy.Query:
        choices = []
        for name, weight in FIELDS.items():
            exact = tantivy.Query.term_query(self._schema, name, word)
            choices.append(tantivy.Query.boost_query(exact, weight))
            if len(word) >= PREFIX_LENGTH:
                longer = tantivy.Query.fuzzy_term_query(self._schema, name, word, 0, prefix=True)
                choices.append(tantivy.Query.boost_query(longer, weight * 0.2))
            if similar and len(word) > PREFIX_LENGTH:
                alike = tantivy.Query.fuzzy_term_query(self._schema, name, word, 1 if len(word) < 8 else 2)
                choices.append(tantivy.Query.boost_query(alike, weight * 0.1))
        return tantivy.Query.disjunction_max_query(choices, 0.1)

    def _phrase(self, phrase: tuple[str, ...]) -> tantivy.Query:
        choices = [
            tantivy.Query.boost_query(tantivy.Query.phrase_query(self._schema, name, list(phrase)), weight)
            for name, weight in FIELDS.items()
        ]
        return tantivy.Query.disjunction_max_query(choices, 0.1)

    def _all(self, queries: list[tantivy.Query]) -> tantivy.Query:
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, query) for query in queries])

    def _facets(
        self, words: tantivy.Query, filters: Mapping[str, tuple[str, ...]]
    ) -> dict[str, tuple[FacetCount, ...]]:
        queries = self._filter_queries(filters)
        counts = self._count(self._all([words, *queries.values()]), [f for f in FACETS if f not in filters])
        for facet in filters:
            others = [query for name, query in queries.items() if name != facet]
            counts |= self._count(self._all([words, *others]), [facet])
        return {
            facet: self.directory.arrange(facet, counts[facet], frozenset(filters.get(facet, ()))) for facet in FACETS
        }

    def _count(self, query: tantivy.Query, facets: list[str]) -> dict[str, dict[str, int]]:
        wanted = {facet: {"terms": {"field": f"facet_{facet}", "size": _BUCKETS}} for facet in facets}
        if not wanted:
            return {}
        answer = self._searcher.aggregate(query, wanted)
        return {facet: {str(b["key"]): int(b["doc_count"]) for b in answer[facet]["buckets"]} for facet in facets}

    def _total(self, query: tantivy.Query) -> int:
        found: Any = self._searcher.search(query, 1, count=True)  # the engine's type stubs lack the count
        return int(found.count)

    def _hits(self, query: tantivy.Query, sort: Sort, text: SearchText, offset: int, size: int) -> Iterator[Hit]:
        # Without words all scores are equal, and a list by title is of more use than one by IRI.
        by = "title" if sort == "relevance" and not text else sort
        if by == "relevance":
            found = self._searcher.search(query, size, offset=offset)
        else:
            found = self._searcher.search(
                query, size, offset=offset, order_by_field=f"by_{by}", order=tantivy.Order.Asc
            )
        for _, address in found.hits:
            card = self._card(address)
            yield Hit(
                card, mark(card["title"], text), snippet(card["description"], text), tuple(self._reasons(card, text))
            )

    def _card(self, address: tantivy.DocAddress) -> dict[str, Any]:
        card: dict[str, Any] = json.loads(self._searcher.doc(address)["card"][0])
        return card

    def _reasons(self, card: Mapping[str, Any], text: SearchText) -> Iterator[Reason]:
        """At most three values that explain the words the title does not have."""
        missing = text.all_words - text.hits(card["title"])
        given = 0
        for facet, label, names in self._explanations(card):
            if not missing or given == 3:
                return
            via = next((name for name in (label, *names) if text.hits(name) & missing), None)
            if via is not None:
                given += 1
                yield Reason(facet, label, None if via == label else via)

    def _explanations(self, card: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
        for facet, terms in card["concepts"].items():
            for concept in terms:
                key = self.directory.key(facet, concept["iri"])
                if facet not in FACETS:
                    continue
                entry = self.directory.entry(facet, key)
                broader = [self.directory.entry(facet, one) for one in entry.broader]
                yield facet, concept["label"], (*entry.names, *(n for one in broader for n in (one.label, *one.names)))
        for keyword in card["keywords"]:
            yield "keyword", keyword, ()
        for identifier in (
            card["identifier"],
            card["publisher_identifier"],
            *(i["notation"] for i in card["identifiers"]),
        ):
            if identifier:
                yield "identifier", identifier, ()


def _quiet(query: tantivy.Query) -> tantivy.Query:
    """The query without influence on the score."""
    return tantivy.Query.const_score_query(query, 0.0)
