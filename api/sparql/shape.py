"""The shape of a query: what may be noted of it where what it is about must not be."""

from __future__ import annotations

import re

from catalogue.store.tokens import Token, tokens

#: The longest shape, in characters.
MAX_LENGTH = 4_000
#: What stands for what is left out.
LEFT_OUT = "…"

#: What may stand alone in a query, besides brackets and operators.
_MARKS = frozenset("<>=;,.?")
_QUOTES = frozenset("\"'`´“”„‟‘’‚‛«»‹›＂＇「」『』")
#: The words of SPARQL 1.1 Query (§19.8), functions included; all others are somebody's own.
_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
        A ASC ASK AS BASE BIND BY CONSTRUCT DESC DESCRIBE DISTINCT EXISTS FALSE FILTER FROM GRAPH GROUP HAVING
        IN LIMIT MINUS NAMED NOT OFFSET OPTIONAL ORDER PREFIX REDUCED SELECT SEPARATOR SERVICE SILENT TRUE
        UNDEF UNION VALUES WHERE ABS AVG BNODE BOUND CEIL COALESCE CONCAT CONTAINS COUNT DATATYPE DAY
        ENCODE_FOR_URI FLOOR GROUP_CONCAT HOURS IF IRI ISBLANK ISIRI ISLITERAL ISNUMERIC ISURI LANG
        LANGMATCHES LCASE MAX MD5 MIN MINUTES MONTH NOW RAND REGEX REPLACE ROUND SAMETERM SAMPLE SECONDS SHA1
        SHA256 SHA384 SHA512 STR STRAFTER STRBEFORE STRDT STRENDS STRLANG STRLEN STRSTARTS STRUUID SUBSTR SUM
        TIMEZONE TZ UCASE URI UUID YEAR
        """,
    )
)


def shape(query: str, *, understood: bool) -> str:
    """A query without its literals and comments, in a line: what kind of question it is, not what it is about.

    ``understood`` is whether the engine has read it as a query, so that its quotes are where they seem to be. In any
    other text a quote may have been forgotten anywhere: its shape ends at the first quote, and at the first word that
    is none of SPARQL's.
    """
    parts: list[str] = []
    room = MAX_LENGTH
    for token in tokens(query):
        placed = _is_placed(token) and (understood or _is_plain(token))
        parts.append(token.text if placed and token.kind not in ("string", "number") else LEFT_OUT)
        room -= len(parts[-1]) + 1
        if not placed or room < 0:
            break
    return " ".join(parts)[:MAX_LENGTH]


def _is_placed(token: Token) -> bool:
    """Whether the reader knows what this is in a query."""
    return token.kind != "other" or token.text in _MARKS


def _is_plain(token: Token) -> bool:
    """Whether this can be no part of a literal whose quotes are not in pairs."""
    return _QUOTES.isdisjoint(token.text) and (token.kind != "word" or token.keyword in _WORDS)
