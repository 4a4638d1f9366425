"""How a dataset is laid out in the search index: fields of words, columns of facets, keys to sort by, a card."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Literal

import tantivy

from catalogue.facets import FACETS, FacetDirectory
from catalogue.summary import DatasetSummary
from ontology.vocabulary import Vocabularies

Sort = Literal["relevance", "title", "subjects", "modified"]
SORTS: tuple[Sort, ...] = ("relevance", "title", "subjects", "modified")

#: Indexed text fields and how much a word in them weighs.
FIELDS = {"title": 6.0, "concepts": 3.0, "identifiers": 3.0, "keywords": 2.0, "broader": 1.5, "description": 1.0}
_DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


def schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in FIELDS:
        builder.add_text_field(name, tokenizer_name="words", index_option="position")
    for facet in FACETS:
        builder.add_text_field(f"facet_{facet}", tokenizer_name="raw", index_option="basic", fast=True)
    for sort in SORTS[1:]:
        builder.add_text_field(f"by_{sort}", tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_text_field("iri", tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field("card", stored=True)
    return builder.build()


def document(
    summary: DatasetSummary, directory: FacetDirectory, vocabularies: Vocabularies, repositories: Mapping[str, str]
) -> tantivy.Document:
    filed = directory.file(summary, vocabularies, repositories)
    result = tantivy.Document()
    for name, texts in _texts(summary, directory, filed).items():
        for text in texts:
            result.add_text(name, clean(text))
    for facet, keys in filed.items():
        for key in keys:
            result.add_text(f"facet_{facet}", clean(key))
    for sort, value in _sort_keys(summary).items():
        result.add_text(f"by_{sort}", value)
    card = summary.to_json()
    for name in ("strata", "stated", "distributions", "provenance", "references"):
        del card[name]
    result.add_text("iri", clean(summary.iri))
    result.add_bytes("card", json.dumps(card, ensure_ascii=False).encode("utf-8", "replace"))
    return result


def _texts(
    summary: DatasetSummary, directory: FacetDirectory, filed: Mapping[str, list[str]]
) -> dict[str, Iterable[str]]:
    own = {(facet, directory.key(facet, one.iri)) for facet, terms in summary.concepts.items() for one in terms}
    entries = {(facet, key): directory.entry(facet, key) for facet, keys in filed.items() for key in keys}
    names = {which: (entry.label, *entry.names) for which, entry in entries.items()}
    software = [one.label for one in summary.concepts.get("software", ())]
    return {
        "title": [summary.title],
        "description": [summary.description, *summary.citations],
        "keywords": [*summary.keywords, *(stated.text for stated in summary.stated)],
        "concepts": [*software, *(name for which in names if which in own for name in names[which])],
        "broader": [name for which in names if which not in own for name in names[which]],
        "identifiers": [
            summary.identifier,
            summary.iri,
            summary.publisher_identifier or "",
            *(identifier.notation for identifier in summary.identifiers),
        ],
    }


def _sort_keys(summary: DatasetSummary) -> dict[str, str]:
    """Text to sort upwards by; unique, because it ends in the IRI."""
    title = f"{_folded(summary.title)[:200]}\x1f{summary.iri}"
    subjects = 10**18 - (summary.subjects or 0)
    date = _DATE.match(summary.modified or summary.issued or "")
    day = int("".join(part or "01" for part in date.groups())) if date else 0
    return {"title": title, "subjects": f"{subjects:019d}{title}", "modified": f"{99_999_999 - day:08d}{title}"}


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", clean(text)).casefold()
    return "".join(c for c in decomposed if not unicodedata.combining(c)).strip()


def clean(text: str) -> str:
    """Text that the engine takes: no lone surrogates, no NUL."""
    return text.encode("utf-8", "ignore").decode().replace("\x00", " ")
