"""Arithmetic and aggregates as Virtuoso 7 has to be asked for them; measured on 7.2.5.

It divides integers as a programming language does (``10 / 4`` is 2), ends the query at a division by zero, leaves the
sum and the average of nothing unbound, and wants a separator for GROUP_CONCAT. What is divided is told apart from
steps of a path by where it stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from catalogue.remote.outline import Edit, Outline
from catalogue.remote.places import Places
from catalogue.store.tokens import Token
from core.errors import QueryTooComplex
from core.terms import XSD

#: Characters of a dividend and a divisor together, which may have to be said twice.
MAX_OPERANDS = 2000

_SIGNS = frozenset("+-!")
_FLOATING = f"(<{XSD.double}>, <{XSD.float}>)"
_GIVES_INTEGER = frozenset({"COUNT", "STRLEN", "YEAR", "MONTH", "DAY", "HOURS", "MINUTES"})
_MENDED = frozenset({"SUM", "AVG", "GROUP_CONCAT"})


def arithmetic(parts: Outline) -> Iterator[Edit]:
    """Edits that make divisions and aggregates come out as SPARQL 1.1 has them.

    Raises:
        QueryTooComplex: what is divided is too long to be said twice.
    """
    divides = any(token.text == "/" for token in parts.tokens)
    if not divides and parts.words.isdisjoint(_MENDED):
        return
    concerned = [at for at, token in enumerate(parts.tokens) if token.text == "/" or token.keyword in _MENDED]
    places = Places(parts)
    for at in concerned:
        token = parts.tokens[at]
        end = parts.closing.get(at + 1)
        if token.text == "/":
            if places.in_expression[at]:
                yield from _division(parts, at)
        elif end is None:
            continue
        elif token.keyword == "GROUP_CONCAT":
            if all(one.keyword != "SEPARATOR" for one in parts.tokens[at:end]):
                yield Edit(parts.tokens[end].start, parts.tokens[end].start, '; SEPARATOR = " "')
        elif not places.has("GROUP", at):
            yield Edit(token.start, parts.tokens[end].end, "IF(COUNT(*) = 0, 0, ", ")")


def _division(parts: Outline, at: int) -> Iterator[Edit]:
    """Edits that make a divisor a decimal where both numbers are integers."""
    left, right = parts.tokens[_dividend(parts, at) : at], parts.tokens[at + 1 : _divisor_end(parts, at + 1)]
    if not left or not right or _is_fraction(right):
        return
    span = right[0].start, right[-1].end
    if span[1] - left[0].start > MAX_OPERANDS:
        raise QueryTooComplex(
            "the store behind this endpoint cannot divide expressions as long as these",
            remedy="BIND what is divided to a variable before",
        )
    if _is_fraction(left):
        return
    texts = [parts.query[some[0].start : some[-1].end] for some in (left, right) if not _is_integer(some)]
    floating = " || ".join(f"DATATYPE({text}) IN {_FLOATING}" for text in texts)
    divisor = parts.query[slice(*span)]
    if right[-1].kind == "number" and divisor.strip("+-0 "):
        yield Edit(*span, f"IF({floating}, {divisor}, {divisor}.0)" if floating else f"{divisor}.0")
        return
    # No number, and so unbound, where SPARQL has an error and Virtuoso would end the query.
    simple = all(token.text != "/" for token in right)
    decimal = f'IF(({divisor}) = 0, "", 1.0)' if simple else "1.0"
    yield Edit(*span, "((", f") * {f'IF({floating}, 1, {decimal})' if floating else decimal})")


def _dividend(parts: Outline, at: int) -> int:
    """Where the factors begin that end before the operator at ``at``."""
    while True:
        at = _factor(parts, at - 1)
        if at < 1 or parts.tokens[at - 1].text not in ("*", "/"):
            return at
        at -= 1


def _factor(parts: Outline, last: int) -> int:
    """Where the primary expression begins that ends with the token at ``last``."""
    read = parts.tokens
    if last > 0 and read[last].text == ")":
        first = parts.opening.get(last, last)
        function = first > 0 and (read[first - 1].kind in ("name", "iri") or read[first - 1].keyword != "")
        return first - 1 if function else first
    if last > 1 and read[last - 1].text == "^^":
        return last - 2
    return last - 1 if read[last].kind == "language" else last


def _divisor_end(parts: Outline, first: int) -> int:
    """The token after the unary expression that begins at ``first``."""
    read = parts.tokens
    at = first + len(list(takewhile(lambda token: token.text in _SIGNS, read[first:])))
    following = [token.text for token in read[at + 1 : at + 2]]
    if at < len(read) and read[at].text == "(":
        return parts.closing.get(at, at) + 1
    if following == ["("] and read[at].kind in ("word", "name", "iri"):
        return parts.closing.get(at + 1, at + 1) + 1
    if following == ["^^"]:
        return at + 3
    return at + 2 if read[at + 1 : at + 2] and read[at + 1].kind == "language" else at + 1


def _is_fraction(operand: Sequence[Token]) -> bool:
    """Whether an operand is, or is multiplied by, a number that is written as no integer."""
    return any(token.kind == "number" and not token.text.isdigit() for token in _outer(operand))


def _is_integer(operand: Sequence[Token]) -> bool:
    """Whether an operand is an integer for sure: written as one, or counted."""
    plain = [token for token in operand if token.text not in _SIGNS]
    if len(plain) == 1:
        return plain[0].kind == "number"
    return len(_outer(plain)) == 3 and plain[0].keyword in _GIVES_INTEGER


def _outer(operand: Sequence[Token]) -> list[Token]:
    """The tokens that stand in no bracket of the operand, and its brackets."""
    depth = 0
    found = []
    for token in operand:
        depth -= token.kind == "close"
        if depth == 0:
            found.append(token)
        depth += token.kind == "open"
    return found
