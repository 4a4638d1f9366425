"""What the engine says of a query that it cannot read, as people can."""

from __future__ import annotations

import re

#: How many of the tokens that could have stood at a syntax error are named.
_ALTERNATIVES = 12
#: What the engine says in words, among what it expected; its rules and keywords are single words.
_SENTENCE = re.compile(r"[A-Z][\w*?]* [\w*?' ]+")


def readable(message: str) -> str:
    """The engine's syntax message without character classes and with a few of what may be dozens of alternatives."""
    place, found, expected = " ".join(message.split()).partition("expected one of ")
    if not found:
        return place[:500]
    said = next((text for text in expected.split(", ") if _SENTENCE.fullmatch(text)), None)
    if said is not None:
        return f"{place}{'a prefix is used that is not declared' if said == 'Prefix not found' else said}"
    alternatives = [text for text in expected.split(", ") if re.fullmatch(r'"[^"\\]+"|[A-Za-z ]+', text)]
    shown = ", ".join(alternatives[:_ALTERNATIVES])
    return f"{place}expected one of {shown}{', …' if len(alternatives) > _ALTERNATIVES else ''}"
