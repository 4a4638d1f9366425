"""From raw text to concepts, by rules that a curator can read in vocabularies and mapping sets; never by guessing.

Rules in order: mapping set, label, synonym, code, then the same without regard to spelling and word order, then the
parts of a compound. The first that answers decides. A rule that finds two different concepts answers nothing, and
so do the looser rules after it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from core.errors import VocabularyError
from core.terms import SKOS
from ontology.concept import Concept, Match
from ontology.spelling import address, fold, normalise, without_side, without_unspecified, words
from ontology.sssom import COMMON, MappingSet, load_mapping_sets
from ontology.vocabulary import Vocabularies

#: How sure each rule is; a mapping set says it for each of its rows.
_CONFIDENCE = {
    "label": 1.0,
    "synonym": 0.98,
    "code": 1.0,
    "close code": 0.9,
    "normalised": 0.9,
    "side": 0.85,
    "words": 0.8,
}
#: Factors on the least sure part of a compound: all parts known, or only some.
_WHOLE, _PARTIAL = 0.9, 0.5
#: A text longer than this is prose; looking for names in it would be guessing.
_LONGEST = 4_000
#: Names with commas in them have at most this many pieces.
_PIECES = 4
_MEMORY = 200_000

# Separators from strong to weak. A list may have parts nobody knows; around "and", "&", "+" and "/" all must be known,
# because these also stand inside names.
_LIST = re.compile(r"[,;、，；|\n]")
_JOINED = re.compile(r"[/+&]| and ", re.IGNORECASE)


class _Index:
    """The names of one scheme's concepts, from strict to loose."""

    def __init__(self, vocabularies: Vocabularies, scheme: str) -> None:
        self.labels: dict[str, set[str]] = defaultdict(set)
        self.synonyms: dict[str, set[str]] = defaultdict(set)
        self.codes: dict[str, set[str]] = defaultdict(set)
        self.close_codes: dict[str, set[str]] = defaultdict(set)
        self.normalised: dict[str, set[str]] = defaultdict(set)
        self.unspecified: dict[str, set[str]] = defaultdict(set)
        self.words: dict[str, set[str]] = defaultdict(set)
        for concept in vocabularies.schemes[scheme].values():
            self._add_names(concept)
            self._add_notation(concept, vocabularies.headings[scheme].shortest_notation)
            exact = vocabularies.equivalents(concept.iri, SKOS.exactMatch)
            iris = dict.fromkeys((*exact, *vocabularies.equivalents(concept.iri, SKOS.closeMatch)))
            for curie, iri in zip(concept.codes, iris, strict=True):
                codes = self.codes if iri in exact else self.close_codes
                codes[fold(curie)].add(concept.iri)
                codes[address(iri) or iri].add(concept.iri)

    def _add_names(self, concept: Concept) -> None:
        for label in concept.labels.values():
            self.labels[fold(label)].add(concept.iri)
        for synonym in concept.synonyms:
            self.synonyms[fold(synonym)].add(concept.iri)
        for name in (*concept.labels.values(), *concept.synonyms):
            normalised = normalise(name)
            self.normalised[normalised].add(concept.iri)
            self.unspecified[without_unspecified(normalised)].add(concept.iri)
            self.words[words(without_unspecified(normalised))].add(concept.iri)

    def _add_notation(self, concept: Concept, shortest: int) -> None:
        if len(concept.notation) >= shortest:
            self.codes[concept.notation].add(concept.iri)
        if shortest == 1:
            self.codes[fold(concept.notation)].add(concept.iri)
        for name in (concept.iri, *concept.synonyms):
            if (found := address(name)) is not None:
                self.codes[found].add(concept.iri)


class Harmoniser:
    """Finds the concepts that raw texts mean. Safe to share; remembers its answers."""

    def __init__(self, vocabularies: Vocabularies, mappings: Sequence[MappingSet]) -> None:
        """Raises:
        VocabularyError: a mapping set maps to a scheme or concept that does not exist.
        """
        self._vocabularies = vocabularies
        self._indexes: dict[str, _Index] = {}
        self._memory: dict[tuple[str, str, str | None], Match] = {}
        self._mapped: dict[tuple[str, str], dict[str, _Mapped]] = defaultdict(dict)
        for mapping_set in mappings:
            self._add(mapping_set)

    @classmethod
    def load(cls, vocabularies: Vocabularies, overlay: Path | None = None) -> Harmoniser:
        """With the shipped mapping sets and the overlay's (``overlay/ontology/mappings/*.sssom.tsv``).

        Raises:
            VocabularyError: a mapping set is malformed or maps to what does not exist; names file and line.
        """
        return cls(vocabularies, load_mapping_sets(overlay))

    def match(self, text: str, scheme: str, *, repository: str | None = None) -> Match:
        """The concepts of ``scheme`` that ``text`` means, in the words of ``repository`` if given.

        Raises:
            VocabularyError: there is no such scheme.
        """
        key = (text, scheme, repository)
        if key not in self._memory:
            if len(self._memory) >= _MEMORY:
                self._memory.clear()
            single = self._single(text, scheme, repository)
            self._memory[key] = single if single is not None else self._compound(text, scheme, repository)
        return self._memory[key]

    def terms(self, text: str, scheme: str, *, repository: str | None = None) -> list[str]:
        """The single terms of a cell that lists several: cut at commas, but not inside a name that has commas.

        "Adenocarcinoma, Renal Cell Carcinoma, Not Otherwise Specified" has two terms. Unknown parts are kept.
        """
        if self._single(text, scheme, repository) is not None:
            return [text.strip()]
        return [part for part, _ in self._parts(text, scheme, repository)]

    def _single(self, text: str, scheme: str, repository: str | None) -> Match | None:
        """The whole text as one name; None where no rule knows it."""
        folded = fold(text)
        if not folded or len(text) > _LONGEST:
            return Match(text, (), "none", 0.0)
        exact = self._exact(text, folded, scheme, repository)
        if exact is not None:
            return exact
        if self._is_list(text, scheme, repository):
            return None
        return self._loose(text, scheme, repository) or self._one_side(text, scheme, repository)

    def _exact(self, text: str, folded: str, scheme: str, repository: str | None) -> Match | None:
        index = self._index(scheme)
        mapped = self._mapping(folded, scheme, repository)
        if mapped is not None:
            return Match(text, mapped.concepts, "mapping", mapped.confidence)
        code = address(text) or (text.strip() if text.strip() in index.codes else folded)
        for rule, found, confidence in (
            ("label", index.labels.get(folded), "label"),
            ("synonym", index.synonyms.get(folded), "synonym"),
            ("code", index.codes.get(code), "code"),
            ("code", index.close_codes.get(code), "close code"),
        ):
            if found:
                return self._answer(text, found, rule, _CONFIDENCE[confidence])
        return None

    def _loose(self, text: str, scheme: str, repository: str | None) -> Match | None:
        index = self._index(scheme)
        normalised = normalise(text)
        mapped = self._mapping(f"\0{normalised}", scheme, repository)
        if mapped is not None:
            return Match(text, mapped.concepts, "mapping", mapped.confidence)
        bare = without_unspecified(normalised)
        for found, confidence in (
            (index.normalised.get(normalised), "normalised"),
            (index.unspecified.get(bare), "normalised"),
            (index.words.get(words(bare)), "words"),
        ):
            if found:
                return self._answer(text, found, "normalised", _CONFIDENCE[confidence])
        return None

    def _is_list(self, text: str, scheme: str, repository: str | None) -> bool:
        """Whether every piece between commas is a name by itself: then the commas separate, and are no part of one."""
        pieces = _cut(_LIST, text)
        if len(pieces) < 2:
            return False
        matches = (self._single(piece, scheme, repository) for piece in pieces)
        return all(match is not None and match.concepts for match in matches)

    def _one_side(self, text: str, scheme: str, repository: str | None) -> Match | None:
        shorter = without_side(text)
        if shorter == text.strip():
            return None
        found = self._exact(shorter, fold(shorter), scheme, repository) or self._loose(shorter, scheme, repository)
        if found is None or not found.concepts:
            return found
        return Match(text, found.concepts, "normalised", min(found.confidence, _CONFIDENCE["side"]))

    def _compound(self, text: str, scheme: str, repository: str | None) -> Match:
        parts = self._parts(text, scheme, repository)
        if len(parts) == 1 and parts[0][1] is None:
            joined = self._joined(text, scheme, repository)
            return joined if joined is not None else Match(text, (), "none", 0.0)
        return _merge(text, [match for _, match in parts])

    def _parts(self, text: str, scheme: str, repository: str | None) -> list[tuple[str, Match | None]]:
        """The parts of a list with what each means; a run of pieces that is one name stays together."""
        pieces = _cut(_LIST, text) if len(text) <= _LONGEST else []
        if len(pieces) < 2:
            return [(text.strip(), None)]
        parts: list[tuple[str, Match | None]] = []
        start = 0
        while start < len(pieces):
            for end in range(min(start + _PIECES, len(pieces)), start, -1):
                part = ", ".join(pieces[start:end])
                match = self._single(part, scheme, repository)
                if match is not None:
                    break
            else:
                match = self._joined(part, scheme, repository)
            parts.append((part, match))
            start = end
        return parts

    def _joined(self, text: str, scheme: str, repository: str | None) -> Match | None:
        pieces = _cut(_JOINED, " ".join(text.split()))
        matches = [self._single(piece, scheme, repository) for piece in pieces]
        if len(pieces) < 2 or not all(matches):
            return None
        return _merge(text, matches)

    def _answer(self, text: str, found: set[str], rule: str, confidence: float) -> Match:
        if len(found) > 1:
            return Match(text, (), "none", 0.0)
        concepts = tuple(c for c in map(self._vocabularies.concept, found) if c is not None)
        return Match(text, concepts, rule, confidence)

    def _mapping(self, key: str, scheme: str, repository: str | None) -> _Mapped | None:
        for name in (repository, COMMON) if repository is not None else (COMMON,):
            found = self._mapped.get((name, scheme), {}).get(key)
            if found is not None:
                return found
        return None

    def _index(self, scheme: str) -> _Index:
        if scheme not in self._indexes:
            if scheme not in self._vocabularies.schemes:
                known = ", ".join(self._vocabularies.schemes)
                raise VocabularyError(f"there is no scheme {scheme!r}", remedy=f"use one of {known}")
            self._indexes[scheme] = _Index(self._vocabularies, scheme)
        return self._indexes[scheme]

    def _add(self, mapping_set: MappingSet) -> None:
        for row in mapping_set.mappings:
            if row.scheme not in self._vocabularies.schemes:
                raise VocabularyError(
                    f"maps to the scheme {row.scheme!r}, which does not exist", where=mapping_set.where(row)
                )
            concept = self._vocabularies.schemes[row.scheme].get(row.concept or "")
            if row.concept is not None and concept is None:
                raise VocabularyError(
                    f"maps {row.text!r} to {row.concept}, which is no concept of scheme {row.scheme!r}",
                    where=mapping_set.where(row),
                    remedy="correct the object_id, or add the concept",
                )
            rows = self._mapped[(mapping_set.name, row.scheme)]
            folded, normalised = fold(row.text), f"\0{normalise(row.text)}"
            mapped = rows.setdefault(folded, _Mapped())
            mapped.add(concept, row.confidence)
            # The loose form belongs to the first text that has it; an exact text always goes first.
            rows.setdefault(normalised, mapped)


class _Mapped:
    """What a mapping set says one text means: all of its rows together."""

    def __init__(self) -> None:
        self.concepts: tuple[Concept, ...] = ()
        self.confidence = 1.0

    def add(self, concept: Concept | None, confidence: float) -> None:
        self.confidence = min(self.confidence, confidence)
        if concept is not None and concept not in self.concepts:
            self.concepts += (concept,)


def _cut(separator: re.Pattern[str], text: str) -> list[str]:
    return [piece.strip() for piece in separator.split(text) if piece.strip()]


def _merge(text: str, matches: Sequence[Match | None]) -> Match:
    known = [match for match in matches if match is not None and match.rule != "none"]
    concepts = tuple({concept.iri: concept for match in known for concept in match.concepts}.values())
    if not concepts:
        return Match(text, (), "none", 0.0)
    factor = _WHOLE if len(known) == len(matches) else _PARTIAL
    return Match(text, concepts, "compound", round(factor * min(match.confidence for match in known), 3))
