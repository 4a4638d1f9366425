"""From raw text to concepts, by rules that a curator can read in vocabularies and mapping sets; never by guessing.

Rules in order: mapping set, label, synonym, code; then the same without regard to spelling and word order, in other
words for the same (``words.toml``), without brackets and qualifiers; then the parts of a compound. The first that
answers decides. A rule that finds two different concepts answers nothing, and so do the looser rules after it. What is
less sure than the least confidence asked for is no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from core.errors import VocabularyError
from ontology.concept import Match
from ontology.mapped import MappedTexts, loose
from ontology.names import Names
from ontology.spelling import address, fold, normalise, without_side, without_unspecified, words
from ontology.sssom import MappingSet, load_mapping_sets
from ontology.vocabulary import Vocabularies

#: How sure each rule is; a mapping set says it for each of its rows.
_CONFIDENCE = {
    "label": 1.0,
    "synonym": 0.98,
    "code": 1.0,
    "close code": 0.9,
    "normalised": 0.9,
    "aside": 0.85,
    "side": 0.85,
    "words": 0.8,
    "shorter": 0.8,
    "site": 0.8,
}
#: The same for the keys of other wordings, strict to loose.
_KEYS = (0.85, 0.8, 0.75)
#: Factors on the least sure part of a compound: all parts known, or only some.
_WHOLE, _PARTIAL = 0.9, 0.5
#: Answers below this are none, unless less is asked for.
LEAST = 0.35
#: A text longer than this is prose; looking for names in it would be guessing.
_LONGEST = 4_000
#: Names with commas in them have at most this many pieces.
_PIECES = 4
#: A list that shares its last word has at most this many.
_SHARED = 12
_MEMORY = 200_000

# Separators from strong to weak. A list may have parts nobody knows; around "and", "&", "+" and "/" all must be known,
# because these also stand inside names. Commas in brackets separate nothing (:func:`_cut`).
_COMMAS = ",;、，；|\n"
_LIST = re.compile(f"[{_COMMAS}]")
_JOINED = re.compile(r"[/+&]| and | or ", re.IGNORECASE)
_AND = re.compile(r"[&]|\band\b", re.IGNORECASE)
_ANY = re.compile(rf"{_LIST.pattern}|{_JOINED.pattern}", re.IGNORECASE)
_TO_BRACKET = re.compile(r"[^()\[\]]+[)\]]?")
_HIDE = {ord(comma): 0xF0000 + place for place, comma in enumerate(_COMMAS)}
_SHOW = {hidden: comma for comma, hidden in _HIDE.items()}
_BRACKET = re.compile(r"([^()\[\]]*[^()\[\]\s])\s*[(\[]([^()\[\]]+)[)\]][\s.]*")
_ACRONYM = re.compile(r"(?=.*[A-Z].*[A-Z])[A-Za-z0-9+-]{2,8}")


class Harmoniser:
    """Finds the concepts that raw texts mean. Safe to share; remembers its answers."""

    def __init__(self, vocabularies: Vocabularies, mappings: Sequence[MappingSet], *, least: float = LEAST) -> None:
        """``least`` is the confidence that an answer needs.

        Raises:
            VocabularyError: a mapping set maps to a scheme or concept that does not exist.
        """
        self._vocabularies = vocabularies
        self._least = least
        self._indexes: dict[str, Names] = {}
        self._memory: dict[tuple[str, str, str | None], Match] = {}
        self._mapped = MappedTexts(vocabularies, mappings)

    @classmethod
    def load(cls, vocabularies: Vocabularies, overlay: Path | None = None, *, least: float = LEAST) -> Harmoniser:
        """With the shipped mapping sets and the overlay's (``overlay/ontology/mappings/*.sssom.tsv``).

        Raises:
            VocabularyError: a mapping set is malformed or maps to what does not exist; names file and line.
        """
        return cls(vocabularies, load_mapping_sets(overlay), least=least)

    def match(self, text: str, scheme: str, *, repository: str | None = None) -> Match:
        """The concepts of ``scheme`` that ``text`` means, in the words of ``repository`` if given.

        Raises:
            VocabularyError: there is no such scheme.
        """
        key = (text, scheme, repository)
        if key not in self._memory:
            if len(self._memory) >= _MEMORY:
                self._memory.clear()
            found = self._whole(text, scheme, repository)
            self._memory[key] = found if found.confidence >= self._least else _none(text)
        return self._memory[key]

    def names(self, scheme: str) -> Names:
        """The index of a scheme's names.

        Raises:
            VocabularyError: there is no such scheme.
        """
        if scheme not in self._indexes:
            if scheme not in self._vocabularies.schemes:
                known = ", ".join(self._vocabularies.schemes)
                raise VocabularyError(f"there is no scheme {scheme!r}", remedy=f"use one of {known}")
            self._indexes[scheme] = Names(self._vocabularies, scheme)
        return self._indexes[scheme]

    def terms(self, text: str, scheme: str, *, repository: str | None = None) -> list[str]:
        """The single terms of a cell that lists several: cut at commas, but not inside a name that has commas.

        "Adenocarcinoma, Renal Cell Carcinoma, Not Otherwise Specified" has two terms. Unknown parts are kept.
        """
        if self._single(text, scheme, repository) is not None:
            return [text.strip()]
        return [part for part, _ in self._parts(text, scheme, repository)]

    def _whole(self, text: str, scheme: str, repository: str | None) -> Match:
        single = self._single(text, scheme, repository)
        return single if single is not None else self._compound(text, scheme, repository)

    def _single(self, text: str, scheme: str, repository: str | None) -> Match | None:
        """The whole text as one name; None where no rule knows it."""
        folded = fold(text)
        if not folded or len(text) > _LONGEST:
            return _none(text)
        exact = self._exact(text, folded, scheme, repository) or self._inverted(text, scheme)
        if exact is not None:
            return exact
        if self._is_list(text, scheme, repository):
            return None
        return (
            self._loose(text, scheme, repository)
            or self._one_side(text, scheme, repository)
            or self._reworded(text, scheme, repository)
        )

    def _exact(self, text: str, folded: str, scheme: str, repository: str | None) -> Match | None:
        names = self.names(scheme)
        mapped = self._mapped.find(folded, scheme, repository)
        if mapped is not None:
            return Match(text, mapped.concepts, "mapping", mapped.confidence)
        code = address(text) or (text.strip() if text.strip() in names.codes else folded)
        for rule, found, confidence in (
            ("label", names.labels.get(folded), "label"),
            ("synonym", names.synonyms.get(folded), "synonym"),
            ("code", names.codes.get(code), "code"),
            ("code", names.close_codes.get(code), "close code"),
        ):
            if found:
                return self._answer(text, found, rule, _CONFIDENCE[confidence])
        return None

    def _inverted(self, text: str, scheme: str) -> Match | None:
        """A name with commas that may look like a list: "Glioma, low grade", "Chest, abdomen, and pelvis"."""
        names, pieces = self.names(scheme), _cut(_LIST, text)
        if len(pieces) > 1 and _AND.search(text) and (found := names.normalised.get(normalise(text))):
            return self._answer(text, found, "normalised", _CONFIDENCE["normalised"])
        if len(pieces) != 2 or (found := names.inverted.get(words(normalise(text)))) is None:
            return None
        if all(names.labels.get(fold(piece)) or names.synonyms.get(fold(piece)) for piece in pieces):
            return None
        return self._answer(text, found, "normalised", _CONFIDENCE["words"])

    def _loose(self, text: str, scheme: str, repository: str | None) -> Match | None:
        names = self.names(scheme)
        normalised = normalise(text)
        mapped = self._mapped.find(loose(text), scheme, repository)
        if mapped is not None:
            return Match(text, mapped.concepts, "mapping", mapped.confidence)
        bare = without_unspecified(normalised)
        for found, confidence in (
            (names.normalised.get(normalised), "normalised"),
            (names.unspecified.get(bare), "normalised"),
            (names.ordered.get(words(normalised)), "words"),
            (names.words.get(words(bare)), "words"),
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
        return found and _less_sure(text, found, "side")

    def _reworded(self, text: str, scheme: str, repository: str | None) -> Match | None:
        """The text in other words, without what stands in brackets, without what narrows it, or its body part."""
        bracket = _BRACKET.fullmatch(text)
        if bracket is not None:
            return self._bracketed(text, *bracket.groups(), scheme=scheme, repository=repository)
        names, normalised = self.names(scheme), without_unspecified(normalise(text))
        if (found := self._by_keys(text, normalised, names)) is not None or len(_cut(_LIST, text)) > 1:
            return found
        for rule, candidates in (
            ("shorter", names.wording.shorter(normalised)),
            ("site", names.wording.sites(normalised)),
        ):
            for shorter in candidates:
                match = self._exact(shorter, shorter, scheme, repository) or self._loose(shorter, scheme, repository)
                match = match or self._by_keys(text, shorter, names)
                if match is not None and match.concepts:
                    return _less_sure(text, match, rule)
        return None

    def _by_keys(self, text: str, normalised: str, names: Names) -> Match | None:
        for table, key, confidence in zip(names.keys, names.wording.keys(normalised), _KEYS, strict=False):
            if found := table.get(key):
                general = {iri for iri in found if all(iri in self._lineage(other) for other in found)}
                return self._answer(text, general or found, "normalised", confidence)
        return None

    def _bracketed(self, text: str, name: str, aside: str, *, scheme: str, repository: str | None) -> Match | None:
        """A name with something in brackets behind it: its abbreviation, its side, what it is not, a kind of it."""
        outer = self._whole(name, scheme, repository)
        if not outer.concepts:
            return None
        inner = self._whole(aside, scheme, repository)
        if not inner.concepts:
            known = normalise(aside) in self.names(scheme).wording.asides or _ACRONYM.fullmatch(aside.strip())
            return _less_sure(text, outer, "aside") if known else None
        if all(concept.negative for concept in inner.concepts):
            return _less_sure(text, outer, "aside") if all(c.negative for c in outer.concepts) else _none(text)
        for narrow, broad in ((inner, outer), (outer, inner)):
            ancestors = {iri for concept in narrow.concepts for iri in self._lineage(concept.iri)}
            if ancestors.issuperset(concept.iri for concept in broad.concepts):
                return _less_sure(text, narrow, "aside")
        return _none(text)

    def _lineage(self, iri: str) -> tuple[str, ...]:
        return (iri, *self._vocabularies.ancestors(iri))

    def _compound(self, text: str, scheme: str, repository: str | None) -> Match:
        if len(text) <= _LONGEST and (shared := self._shared(text, scheme, repository)) is not None:
            return shared
        parts = self._parts(text, scheme, repository)
        if len(parts) == 1 and parts[0][1] is None:
            return self._joined(text, scheme, repository) or _none(text)
        return _merge(text, [match for _, match in parts])

    def _shared(self, text: str, scheme: str, repository: str | None) -> Match | None:
        """A list whose last word belongs to all of it: "lung and breast cancer"."""
        pieces = _cut(_ANY, " ".join(text.split()))
        last = normalise(pieces[-1]).split() if 2 <= len(pieces) <= _SHARED else []
        if len(last) < 2 or last[-1] not in self.names(scheme).wording.heads:
            return None
        adjectives = self.names(scheme).wording.same
        alone = [
            None if normalise(piece) in adjectives else self._single(piece, scheme, repository) for piece in pieces
        ]
        completed = [
            match if match is not None and match.concepts else self._single(f"{piece} {last[-1]}", scheme, repository)
            for piece, match in zip(pieces, alone, strict=True)
        ]
        if completed == alone or not all(match is not None and match.concepts for match in completed):
            return None
        return _merge(text, completed)

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
        """One concept, or what replaces it; nothing where the names of several were found."""
        current = {self._vocabularies.current(iri) for iri in found}
        if len(current) > 1:
            return _none(text)
        concepts = tuple(c for c in map(self._vocabularies.concept, current.pop()) if c is not None)
        return Match(text, concepts, rule, confidence) if concepts else _none(text)


def _none(text: str) -> Match:
    return Match(text, (), "none", 0.0)


def _less_sure(text: str, found: Match, rule: str) -> Match:
    """An answer to a simpler text, for the text itself; what is known to mean nothing stays so."""
    if not found.concepts:
        return Match(text, (), found.rule, found.confidence)
    kind = "compound" if found.rule == "compound" else "normalised"
    return Match(text, found.concepts, kind, min(found.confidence, _CONFIDENCE[rule]))


def _cut(separator: re.Pattern[str], text: str) -> list[str]:
    """The pieces between separators; commas before the end of a bracket are hidden meanwhile, in one pass."""
    hidden = _TO_BRACKET.sub(lambda run: run[0].translate(_HIDE) if run[0][-1] in ")]" else run[0], text)
    pieces = (piece.translate(_SHOW).strip() for piece in separator.split(hidden))
    return [piece for piece in pieces if piece]


def _merge(text: str, matches: Sequence[Match | None]) -> Match:
    known = [match for match in matches if match is not None and match.rule != "none"]
    concepts = tuple({concept.iri: concept for match in known for concept in match.concepts}.values())
    if not concepts:
        return _none(text)
    factor = _WHOLE if len(known) == len(matches) else _PARTIAL
    return Match(text, concepts, "compound", round(factor * min(match.confidence for match in known), 3))
