"""The parts of a query, as far as they have to be told apart to say the same thing in another way.

It reads tokens and brackets, not grammar; a query that is wrong keeps its faults, and the store tells them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from catalogue.store.tokens import Declarations, Token, tokens

_MODIFIERS = frozenset({"GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "VALUES"})
_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")


class Edit(NamedTuple):
    """What takes the place of a span of characters, or, with an ``after``, stands before it and after it."""

    start: int
    end: int
    text: str
    after: str | None = None


@dataclass(slots=True)
class Outline:
    """Places in a query, as indices of its tokens.

    ``head`` is what stands between the form and the dataset or pattern (the targets of a DESCRIBE), ``where`` the
    braces of the pattern, ``tail`` the first token after it, ``closing`` and ``opening``
    the bracket that belongs to each other one, ``words`` the keywords there are.
    """

    query: str
    tokens: list[Token]
    declarations: Declarations
    form: int
    closing: dict[int, int]
    opening: dict[int, int]
    words: frozenset[str]
    head: list[Token] = field(default_factory=list)
    datasets: list[tuple[int, int]] = field(default_factory=list)
    where: tuple[int, int] | None = None
    tail: int = 0

    @property
    def pattern(self) -> str:
        """The pattern with its braces; an empty one where there is none."""
        if self.where is None:
            return "{}"
        return self.query[self.tokens[self.where[0]].start : self.tokens[self.where[1]].end]

    @property
    def modifiers(self) -> str:
        """What comes after the pattern."""
        return self.query[self.tokens[self.tail].start :] if self.tail < len(self.tokens) else ""

    @property
    def dataset(self) -> str:
        """The FROM clauses."""
        return " ".join(self.query[self.tokens[a].start : self.tokens[b].end] for a, b in self.datasets)

    @property
    def prologue(self) -> str:
        """What stands before the form."""
        return self.query[: self.tokens[self.form].start]

    @property
    def limit(self) -> int | None:
        """The LIMIT of the whole query, if it has one."""
        tail = self.tokens[self.tail :] if "LIMIT" in self.words else []
        for word, number in pairwise(tail):
            if word.keyword == "LIMIT" and number.text.isdigit():
                return int(number.text)
        return None


def outline(query: str) -> Outline | None:
    """Read a query that the guard has let pass; None where it is not built as a query is."""
    read = list(tokens(query))
    words = [token.keyword if token.kind == "word" else "" for token in read]
    form = next((at for at, word in enumerate(words) if word in _FORMS), None)
    if form is None:
        return None
    ends = _closing(read)
    starts = {end: start for start, end in ends.items()}
    found = Outline(query, read, _declarations(read[:form]), form, ends, starts, frozenset(words), tail=len(read))
    at = form + 1
    if words[form] == "CONSTRUCT" and at < len(read) and read[at].text == "{":
        at = ends.get(at, len(read)) + 1
    while at < len(read):
        token = read[at]
        if words[at] == "FROM":
            last = at + (2 if words[at + 1 : at + 2] == ["NAMED"] else 1)
            found.datasets.append((at, min(last, len(read) - 1)))
            at = last + 1
        elif token.text == "{":
            end = ends.get(at)
            if end is None:
                return None
            found.where, found.tail = (at, end), end + 1
            break
        elif words[at] in _MODIFIERS:
            found.tail = at
            break
        else:
            if words[at] != "WHERE":
                found.head.append(token)
            at = ends.get(at, at) + 1
    return found


def edited(query: str, edits: Iterable[Edit]) -> str:
    """The query with its edits; spans that are replaced must not overlap, others may nest, the first one outside."""
    places: list[tuple[int, int, int, int, str, int]] = []
    for number, (start, end, text, after) in enumerate(edits):
        if after is None:
            places.append((start, 1, 0, number, text, end))
        else:
            places.append((start, 1, -end, number, text, start))
            places.append((end, 0, -start, -number, after, end))
    parts: list[str] = []
    at = 0
    for start, *_, text, end in sorted(places):
        parts += (query[at:start], text)
        at = end
    return "".join((*parts, query[at:]))


def _closing(read: list[Token]) -> dict[int, int]:
    """The index of the bracket that closes each opening one."""
    ends: dict[int, int] = {}
    open_at: list[int] = []
    for at, token in enumerate(read):
        if token.kind == "open":
            open_at.append(at)
        elif token.kind == "close" and open_at:
            ends[open_at.pop()] = at
    return ends


def _declarations(prologue: list[Token]) -> Declarations:
    base = ""
    prefixes: dict[str, str] = {}
    for at, token in enumerate(prologue):
        following = prologue[at + 1 : at + 3]
        known = Declarations(base, prefixes)
        if token.keyword == "BASE" and following:
            base = known.absolute(following[0].text)
        elif token.keyword == "PREFIX" and len(following) == 2:
            prefixes[following[0].text.removesuffix(":")] = known.absolute(following[1].text)
    return Declarations(base, prefixes)
