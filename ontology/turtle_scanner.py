"""Where in the text of a flat Turtle file each subject, predicate and object stands.

Files of vocabularies are flat: no blank nodes, no lists (``ontology.tree`` refuses those).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin

from core.terms import RDF

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<comment>\#[^\n]*)
      | (?P<text>\"\"\"(?:\\.|\"{0,2}[^"\\])*\"{3}|'''(?:\\.|'{0,2}[^'\\])*'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
      | (?P<iri><[^>]*>)
      | (?P<mark>[;,]|\.(?![0-9])|\^\^)
      | (?P<at>@[A-Za-z]+(?:-[A-Za-z0-9]+)*)
      | (?P<word>(?:\\.|[^\s<>"';,\#@^\\.]|\.(?=\.*[^\s<>"';,\#@^.]))+)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text that means something; ``kind`` is text, iri, mark, at or word."""

    kind: str
    text: str
    start: int
    end: int


@dataclass
class Held:
    """A predicate with its objects, as places in the text of its block."""

    predicate: str
    start: int
    objects: list[tuple[int, int]] = field(default_factory=list)


@dataclass
class Block:
    """The statements on a subject, from its name to the full stop; ``prefixes`` are those in force there."""

    subject: str
    text: str
    prefixes: Mapping[str, str]


class NotFlat(Exception):
    """The text has something that these files do not have."""


def tokens(text: str) -> list[Token]:
    """The tokens without blanks and comments.

    Raises:
        NotFlat: something in the text is no token.
    """
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.end() == position:
            raise NotFlat(f"{text[position : position + 20]!r}")
        if match.lastgroup not in ("space", "comment"):
            found.append(Token(str(match.lastgroup), match.group(), match.start(), match.end()))
        position = match.end()
    return found


def comments(text: str) -> list[str]:
    """The comments in a text."""
    return [match.group().rstrip() for match in _TOKEN.finditer(text) if match.lastgroup == "comment"]


def pieces(text: str) -> Iterator[str | Block]:
    """The text in pieces that make it up again: blocks, and what is between them.

    Raises:
        NotFlat: a statement is not finished, or a prefix is not declared.
    """
    prefixes: dict[str, str] = {}
    base, done, statement = "", 0, list[Token]()
    for token in tokens(text):
        statement.append(token)
        first = statement[0]
        directive = first.text.lower().removeprefix("@") if first.kind in ("at", "word") else ""
        if directive in ("prefix", "base") and first.text.lower() != f"{directive}:":
            wanted = (3 if directive == "prefix" else 2) + first.text.startswith("@")
            if len(statement) < wanted:
                continue
            iri = urljoin(base, _unescaped(statement[wanted - 1 - first.text.startswith("@")].text[1:-1]))
            if directive == "prefix":
                prefixes[statement[1].text.removesuffix(":")] = iri
            else:
                base = iri
            statement = []
        elif token.kind == "mark" and token.text == ".":
            yield text[done : first.start]
            known = {**prefixes, "\0base": base}
            yield Block(resolved(first, known), text[first.start : token.end], known)
            done, statement = token.end, []
    if statement:
        raise NotFlat("the last statement has no full stop")
    yield text[done:]


def held(block: Block) -> list[Held]:
    """The predicates of a block with the places of their objects."""
    found: list[Held] = []
    rest = tokens(block.text)[1:]
    position = 0
    while rest[position].text != "." or rest[position].kind != "mark":
        if rest[position].text == ";" and rest[position].kind == "mark":
            position += 1
            continue
        found.append(Held(resolved(rest[position], block.prefixes), rest[position].start))
        comma = True
        position += 1
        while comma:
            start, end = rest[position].start, rest[position].end
            position += 1
            if rest[position].kind == "at":
                end, position = rest[position].end, position + 1
            elif rest[position].text == "^^":
                end, position = rest[position + 1].end, position + 2
            found[-1].objects.append((start, end))
            comma = rest[position].text == "," and rest[position].kind == "mark"
            position += comma
    return found


def resolved(token: Token, prefixes: Mapping[str, str]) -> str:
    """The IRI that a token stands for.

    Raises:
        NotFlat: its prefix is not declared, or it is no IRI.
    """
    if token.kind == "iri":
        return urljoin(prefixes.get("\0base", ""), _unescaped(token.text[1:-1]))
    if token.text == "a":
        return str(RDF.type)
    prefix, colon, local = token.text.partition(":")
    if token.kind != "word" or not colon or prefix not in prefixes:
        raise NotFlat(token.text)
    return prefixes[prefix] + re.sub(r"\\(.)", r"\1", local)


def _unescaped(iri: str) -> str:
    return _ESCAPED.sub(lambda match: chr(int(match[1] or match[2], 16)), iri)
