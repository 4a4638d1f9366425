"""Candidates for texts that mean nothing yet: which concepts have names like theirs, how like, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from math import log

from core.terms import CONCEPT
from ontology.concept import Concept
from ontology.spelling import FILLERS, fold, normalise
from ontology.vocabulary import Vocabularies
from ontology.wording import Wording

#: Below this a name is not like the text.
LEAST = 0.5
#: A text longer than this is prose, and is compared by its words alone.
_LONGEST = 200
_COLUMNS = (
    "subject_label", "predicate_id", "object_id", "object_label", "object_source", "mapping_justification",
    "author_label", "confidence", "comment",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Candidate:
    """A concept that ``text`` may mean: ``name`` is its name that is like the text, ``why`` in what."""

    text: str
    concept: Concept
    score: float
    name: str
    why: str

    def as_row(self) -> str:
        """A row for a mapping set of texts; the author is left for the curator who accepts it."""
        curie = f"{self.concept.scheme}:{self.concept.notation}"
        return "\t".join(
            (
                self.text, "skos:closeMatch", curie, self.concept.label, f"concept:{self.concept.scheme}",
                "semapv:LexicalMatching", "", f"{self.score:.2f}", f"{self.why}: {self.name}",
            )
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Name:
    concept: Concept
    name: str
    normalised: str
    words: frozenset[str]


class Suggester:
    """Compares texts with all names of a scheme that is in use."""

    def __init__(self, vocabularies: Vocabularies, scheme: str) -> None:
        self._wording = Wording.of(scheme)
        self._names: list[_Name] = []
        for concept in vocabularies.schemes[scheme].values():
            if not concept.deprecated:
                for name in dict.fromkeys((concept.label, *concept.labels.values(), *concept.synonyms)):
                    normalised = normalise(name)
                    self._names.append(_Name(concept, name, normalised, self._words(normalised)))
        counts = Counter(word for name in self._names for word in name.words)
        self._weight = {word: log(1 + len(self._names) / count) for word, count in counts.items()}

    def candidates(self, text: str, limit: int = 5) -> list[Candidate]:
        """The best candidates, best first; a concept once, by its best name."""
        normalised = normalise(text)
        words = self._words(normalised)
        best: dict[str, Candidate] = {}
        for name in self._names:
            score, why = self._compare(text, normalised, words, name)
            known = best.get(name.concept.iri)
            if score >= LEAST and (known is None or score > known.score):
                best[name.concept.iri] = Candidate(text, name.concept, round(score, 3), name.name, why)
        return sorted(best.values(), key=lambda one: (-one.score, one.concept.iri))[:limit]

    def _compare(self, text: str, normalised: str, words: frozenset[str], name: _Name) -> tuple[float, str]:
        if _initials(name.normalised) == fold(text) and len(fold(text)) >= 2:
            return 0.7, "abbreviation"
        shared = self._sum(words & name.words)
        overlap = 2 * shared / total if (total := self._sum(words) + self._sum(name.words)) else 0.0
        letters = 0.0
        if len(normalised) <= _LONGEST:
            matcher = SequenceMatcher(None, normalised, name.normalised, autojunk=False)
            if matcher.real_quick_ratio() >= 0.8 and matcher.quick_ratio() >= 0.8:
                letters = matcher.ratio()
        return max((0.95 * overlap, "words in common"), (0.95 * letters, "spelling"))

    def _words(self, normalised: str) -> frozenset[str]:
        keys = self._wording.keys(normalised)
        return frozenset(word for word in (keys[0] if keys else normalised).split() if word not in FILLERS)

    def _sum(self, words: Iterable[str]) -> float:
        return sum(self._weight.get(word, 3.0) for word in words)


def as_mapping_set(candidates: Iterable[Candidate]) -> str:
    """Rows for a mapping set, under the prefixes and the columns they need."""
    found = list(candidates)
    schemes = sorted({candidate.concept.scheme for candidate in found})
    head = ["# curie_map:", f"#   concept: {CONCEPT}", *(f"#   {scheme}: {CONCEPT}{scheme}/" for scheme in schemes)]
    return "\n".join([*head, "\t".join(_COLUMNS), *(candidate.as_row() for candidate in found)]) + "\n"


def _initials(normalised: str) -> str:
    return "".join(word[0] for word in normalised.split() if word not in FILLERS)
