"""Where the tokens of a query stand: in which SELECT, and in an expression or in a pattern."""

from __future__ import annotations

from collections.abc import Sequence

from catalogue.remote.outline import Outline
from catalogue.store.tokens import Token

_WORDS = frozenset({"GROUP", "ORDER", "LIMIT"})


class Places:
    """For each token of a query whether it stands in an expression, and in which group of braces."""

    def __init__(self, parts: Outline) -> None:
        read = parts.tokens
        self.in_expression = [False] * len(read)
        self._group = [-1] * len(read)
        selects = {-1} | {at - 1 for at, token in enumerate(read) if at and token.keyword == "SELECT"}
        groups, brackets = [-1], [-1 in selects]
        for at, token in enumerate(read):
            self._group[at] = groups[-1]
            self.in_expression[at] = brackets[-1]
            if token.text == "{":
                groups.append(at)
                brackets.append(at in selects)
            elif token.kind == "open":
                brackets.append(brackets[-1] or _opens_expression(read[max(0, at - 2) : at]))
            elif token.kind == "close" and len(brackets) > 1:
                brackets.pop()
                if token.text == "}" and len(groups) > 1:
                    groups.pop()
        self._modifiers = {
            (self._group[at], word) for at, token in enumerate(read) if (word := token.keyword) in _WORDS
        }

    def has(self, word: str, at: int) -> bool:
        """Whether the SELECT that a token stands in has a modifier, by its first word."""
        return (self._group[at], word) in self._modifiers


def _opens_expression(before: Sequence[Token]) -> bool:
    """Whether a bracket of a pattern begins an expression: after FILTER or BIND, or a function that is a filter."""
    words = [token.keyword for token in before]
    return words[-1:] in (["FILTER"], ["BIND"]) or words[:-1] == ["FILTER"]
