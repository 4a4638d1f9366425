"""What the harmoniser knows of the wording of names (``words.toml``): adjectives, words for a tumour, qualifiers.

A name in other words is compared by its *keys*: the set of its words after one wording has been put for another. The
first key is strict; each that follows takes one more difference for none, and is less sure.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ontology.spelling import FILLERS

_FILE = Path(__file__).parent / "words.toml"
_NUMBER = re.compile(r"^(?:\d+|two|three|four|five|six|seven|eight|nine|ten) ")
_PARTS_OF = re.compile(r"^(?:organ|structure|part|tissue|substructure|region|area) (?:in|of) (?:the )?")


@dataclass(frozen=True)
class Wording:
    """The words of one scheme; a scheme that has none knows only its names."""

    heads: frozenset[str] = frozenset()
    asides: frozenset[str] = frozenset()
    findings: frozenset[str] = frozenset()
    qualifiers: frozenset[str] = frozenset()
    same: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, scheme: str) -> Wording:
        """The words of a scheme."""
        return _wordings().get(scheme, cls())

    def keys(self, normalised: str) -> tuple[str, ...]:
        """The keys of a normalised name, from strict to loose; none for a scheme without words."""
        if not self.same:
            return ()
        said = self._same.sub(lambda found: self.same[found.group()], normalised) if self._same else normalised
        words = {word for word in said.split() if word == "and" or word not in FILLERS}
        if not words:
            return ()
        if "malignant" in words and "tumor" in words:
            words = words - {"malignant", "tumor"} | {"cancer"}
        keys = [words]
        if "benign" not in words:
            keys.append(_instead(words, "tumor", "cancer"))
            keys.append(_instead(words, "carcinoma", "cancer"))
        return tuple(" ".join(sorted(key)) for key in keys)

    def shorter(self, normalised: str) -> Iterator[str]:
        """A normalised text without what narrows it: first from both ends, then from anywhere."""
        if not self.qualifiers:
            return
        outer = normalised
        while (shorter := self._at_end(outer)) != outer:
            outer = shorter
        if outer not in ("", normalised):
            yield outer
        within = " ".join(self._anywhere.sub(" ", normalised).split()) if self._anywhere else normalised
        if within not in ("", normalised, outer):
            yield within

    def sites(self, normalised: str) -> Iterator[str]:
        """The body parts that a text on a finding may name: "brain tumor area" has "brain tumor" and "brain"."""
        if not self.findings:
            return
        plain = _PARTS_OF.sub("", _NUMBER.sub("", normalised))
        if plain not in ("", normalised):
            yield plain
        words = plain.split()
        while len(words) > 1 and words[-1] in self.findings:
            words.pop()
            yield " ".join(words)

    def _at_end(self, text: str) -> str:
        words = text.split()
        for length in (2, 1):
            if len(words) > length and " ".join(words[:length]) in self.qualifiers:
                return " ".join(words[length:])
            if len(words) > length and " ".join(words[-length:]) in self.qualifiers:
                return " ".join(words[:-length])
        return text

    @property
    def _same(self) -> re.Pattern[str] | None:
        return _pattern(tuple(self.same))

    @property
    def _anywhere(self) -> re.Pattern[str] | None:
        return _pattern(tuple(sorted(self.qualifiers)))


def _instead(words: set[str], word: str, other: str) -> set[str]:
    return words - {word} | {other} if word in words else words


@cache
def _pattern(phrases: Sequence[str]) -> re.Pattern[str] | None:
    longest_first = sorted(phrases, key=lambda phrase: (-len(phrase), phrase))
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b") if phrases else None


@cache
def _wordings() -> dict[str, Wording]:
    tables = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    lists = ("heads", "asides", "findings", "qualifiers")
    return {
        scheme: Wording(**{name: frozenset(table.get(name, ())) for name in lists}, same=table.get("same", {}))
        for scheme, table in tables.items()
    }
