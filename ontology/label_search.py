"""Looking for concepts by any of their names: labels and synonyms in every language, notations and codes elsewhere.

This finds what begins or contains what somebody typed; what a text of a source *means* is for ``ontology.harmoniser``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from core.terms import SKOS
from ontology.concept import Concept
from ontology.vocabulary import Vocabularies

#: A longer text is cut here.
MAX_TEXT = 200

_APART = re.compile(r"[\W_]+")
# What a name is, best first: of two names that match alike, the first is shown.
_KINDS = ("label", "synonym", "code")


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a concept; ``kind`` is ``label``, ``synonym`` or ``code``, and a code has no language."""

    text: str
    language: str
    kind: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A concept, and which of its names was found."""

    concept: Concept
    name: Name


class LabelIndex:
    """All names of all concepts, folded: without case, accents and punctuation."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        self._names = [
            (f" {folded} ", name, concept)
            for concepts in vocabularies.schemes.values()
            for concept in concepts.values()
            for name in _names(concept, vocabularies)
            if (folded := _fold(name.text))
        ]

    def search(self, text: str, *, scheme: str | None = None) -> list[Hit]:
        """The concepts with a name that has every word of ``text``, each with the name that fits best.

        A name that is the text comes before one that begins with it, one that has its words as words, and one that
        only contains them; of equals, concepts in use and shorter names come first.
        """
        words = _fold(text[:MAX_TEXT])
        if not words:
            return []
        parts = words.split()
        found: dict[str, tuple[tuple[object, ...], Hit]] = {}
        for folded, name, concept in self._names:
            if scheme is not None and concept.scheme != scheme:
                continue
            if not all(part in folded for part in parts):
                continue
            rank = (
                concept.deprecated,
                _closeness(folded, words, parts),
                _KINDS.index(name.kind),
                name.language not in ("en", ""),
                len(folded),
                concept.label.casefold(),
                concept.iri,
                name.language,
            )
            if concept.iri not in found or rank < found[concept.iri][0]:
                found[concept.iri] = (rank, Hit(concept, name))
        return [hit for _, hit in sorted(found.values(), key=lambda pair: pair[0])]


@lru_cache(maxsize=2)
def label_index(vocabularies: Vocabularies) -> LabelIndex:
    """The names of these vocabularies, made at the first search."""
    return LabelIndex(vocabularies)


def _names(concept: Concept, vocabularies: Vocabularies) -> Iterator[Name]:
    for language, text in concept.labels.items():
        yield Name(text, language, "label")
    for predicate in (SKOS.altLabel, SKOS.hiddenLabel):
        for language, text in vocabularies.texts(concept.iri, predicate):
            yield Name(text, language, "synonym")
    for code in (concept.notation, *concept.codes):
        yield Name(code, "", "code")


def _closeness(folded: str, words: str, parts: list[str]) -> int:
    if folded == f" {words} ":
        return 0
    if folded.startswith(f" {words}"):
        return 1
    if all(f" {part} " in folded for part in parts):
        return 2
    return 3 if all(f" {part}" in folded for part in parts) else 4


def _fold(text: str) -> str:
    plain = (letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return _APART.sub(" ", "".join(plain).casefold()).strip()
