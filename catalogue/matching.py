"""From what a user typed to words to look for, and from a hit back to why it matched.

Nothing a user types is a query language: text is cut into words by the same analyser that made the index, so
no input can be a syntax error. Text between double quotes is looked for as a phrase.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import tantivy

#: Longer search texts are cut here.
MAX_TEXT = 400
MAX_WORDS = 24
SNIPPET_WORDS = 36
# A word this common says nothing about a dataset, so a search does not insist on it.
_COMMON = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "is",
        "of",
        "on",
        "or",
        "that",
        "the",
        "this",
        "to",
        "with",
    ]
)
_WORD = re.compile(r"[^\W_]+")


@lru_cache(maxsize=1)
def analyser() -> tantivy.TextAnalyzer:
    """Words: split at all but letters and digits, lower case, accents folded, English stems."""
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for step in (
        tantivy.Filter.remove_long(64),
        tantivy.Filter.lowercase(),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.stemmer("english"),
    ):
        builder = builder.filter(step)
    return builder.build()


def analyse(text: str) -> tuple[str, ...]:
    """The stems of a text in their order."""
    return tuple(analyser().analyze(text))


@lru_cache(maxsize=65_536)
def stems(text: str) -> tuple[str, ...]:
    """The stems of a text of the catalogue, remembered; what users type has no end, so it is not remembered."""
    return analyse(text)


@dataclass(frozen=True, slots=True)
class SearchText:
    """A user's text as analysed: ``words`` are stems that must all be there, ``phrases`` runs of stems."""

    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]

    @classmethod
    def parse(cls, text: str) -> SearchText:
        """Read any text whatever; never fails. What is neither letter nor digit separates words."""
        parts = text[:MAX_TEXT].encode("utf-8", "ignore").decode().split('"')
        # An unpaired quote quotes nothing: its tail stands in an odd place of an even number of parts.
        unpaired = len(parts) % 2 == 0
        loose: list[str] = []
        phrases: list[tuple[str, ...]] = []
        for index, part in enumerate(parts):
            quoted = index % 2 == 1 and not (unpaired and index == len(parts) - 1)
            found = analyse(part)
            if quoted and len(found) > 1:
                phrases.append(found[:MAX_WORDS])
            else:
                loose.extend(found)
        words = [word for word in loose if word not in _COMMON] or loose
        return cls(tuple(dict.fromkeys(words))[:MAX_WORDS], tuple(dict.fromkeys(phrases))[:4])

    def __bool__(self) -> bool:
        return bool(self.words or self.phrases)

    @property
    def all_words(self) -> frozenset[str]:
        return frozenset(self.words).union(*self.phrases)

    def hits(self, text: str) -> frozenset[str]:
        """Which of the words stand in ``text``, also as the beginning of a longer word."""
        found = stems(text)
        return frozenset(word for word in self.all_words if any(_is_hit(word, stem) for stem in found))


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text, to be marked where it matched."""

    text: str
    marked: bool = False


def mark(text: str, search: SearchText) -> tuple[Part, ...]:
    """Cut ``text`` into marked and unmarked parts; joined, they are the text again."""
    if not search:
        return (Part(text),) if text else ()
    parts: list[Part] = []
    done = 0
    for word in _marked_words(text, search.all_words):
        if word.start() > done:
            parts.append(Part(text[done : word.start()]))
        parts.append(Part(word.group(), marked=True))
        done = word.end()
    if done < len(text):
        parts.append(Part(text[done:]))
    return tuple(parts)


def snippet(text: str, search: SearchText) -> tuple[Part, ...]:
    """The stretch of ``text`` with the most different words searched for, or its beginning."""
    words = list(_WORD.finditer(text))
    if len(words) <= SNIPPET_WORDS:
        return mark(text, search)
    first = _densest(words, search.all_words)
    last = min(first + SNIPPET_WORDS, len(words)) - 1
    cut = text[words[first].start() : words[last].end()] if first else text[: words[last].end()]
    before = (Part("… "),) if first else ()
    after = (Part(" …"),) if last < len(words) - 1 else ()
    return (*before, *mark(cut, search), *after)


def _densest(words: Sequence[re.Match[str]], wanted: frozenset[str]) -> int:
    hits = [(index, word) for index, match in enumerate(words) for word in _found(match.group(), wanted)]
    best, start = 0, 0
    for index, _ in hits[:200]:
        distinct = len({word for other, word in hits if index <= other < index + SNIPPET_WORDS - 4})
        if distinct > best:
            best, start = distinct, max(0, index - 4)
    return start


def _marked_words(text: str, wanted: frozenset[str]) -> list[re.Match[str]]:
    return [match for match in _WORD.finditer(text) if _found(match.group(), wanted)]


def _found(word: str, wanted: frozenset[str]) -> list[str]:
    return [one for one in wanted if any(_is_hit(one, stem) for stem in stems(word))]


def _is_hit(word: str, stem: str) -> bool:
    return word == stem or (len(word) >= PREFIX_LENGTH and stem.startswith(word))


#: Words from this length on also match the longer words that begin with them.
PREFIX_LENGTH = 3
