"""Filling a query's variables from outside, as data and never as text.

A clause ``VALUES ?name { … }`` with one variable is a parameter and its default: what stands between the braces is
replaced. Any other variable of the query is bound by such a clause at the start of its outermost pattern.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pyoxigraph as ox

from catalogue.store.guard import Form
from catalogue.store.tokens import Token, tokens
from core.errors import QueryError

_FORMS = frozenset(form.value for form in Form)
_NAME = re.compile(r"\w+")
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_ABSOLUTE = re.compile(r"(?:https?|urn):[^\s]+", re.IGNORECASE)
_XSD = "http://www.w3.org/2001/XMLSchema#"


def read_assignments(assignments: Iterable[str]) -> dict[str, list[str]]:
    """``name=value`` by name; a name given twice has both values.

    Raises:
        QueryError: one of them is malformed.
    """
    values: dict[str, list[str]] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        name = name.strip().lstrip("?$")
        if not equals or not _NAME.fullmatch(name):
            raise QueryError(
                f"{assignment[:80]!r} sets no variable",
                where="--set",
                remedy="write --set NAME=VALUE, for example --set n=5",
            )
        values.setdefault(name, []).append(value)
    return values


def term(value: str, default: Sequence[Token] = ()) -> str:
    """A value as SPARQL writes it.

    What begins as a term in N-Triples is one. Else the default says what it is: text, with its language or datatype,
    or an IRI, which may be a prefixed name. Without a default it is an IRI, a number, true or false, or plain text.

    Raises:
        QueryError: it cannot be a term.
    """
    if value.startswith(("<", '"')):
        return _ntriples(value)
    kind = default[0].kind if default else ""
    if kind == "string":
        return f"{ox.Literal(value)}{_suffix(default)}"
    if kind in ("name", "iri"):
        read = list(tokens(value))
        prefixed = [token.kind for token in read] == ["name"] and not _ABSOLUTE.fullmatch(value)
        return read[0].text if prefixed else _ntriples(f"<{value}>")
    if _ABSOLUTE.fullmatch(value):
        return _ntriples(f"<{value}>")
    if _NUMBER.fullmatch(value):
        number = "double" if "e" in value.lower() else "decimal" if "." in value else "integer"
        return str(ox.Literal(value, datatype=ox.NamedNode(f"{_XSD}{number}")))
    if value in ("true", "false"):
        return str(ox.Literal(value, datatype=ox.NamedNode(f"{_XSD}boolean")))
    return str(ox.Literal(value))


def _suffix(default: Sequence[Token]) -> str:
    """The language or datatype of the string that comes first."""
    following = default[1].text if len(default) > 1 else ""
    if following.startswith("@"):
        return following
    return f"^^{default[2].text}" if following == "^^" and len(default) > 2 else ""


def fill(query: str, values: Mapping[str, list[str]]) -> str:
    """The query with its variables bound to these values (:func:`term`).

    Raises:
        QueryError: it has no such variable, or no pattern to bind it in, or a value is no term.
    """
    for name, given in values.items():
        query = _fill_one(query, list(tokens(query)), name, given)
    return query


def parameters(query: str) -> tuple[str, ...]:
    """The names of the query's parameters, those variables that it gives a default."""
    found = list(tokens(query))
    return tuple(name for name in _variables(found) if any(_defaults(found, name)))


def _variables(found: list[Token]) -> list[str]:
    return sorted({token.text[1:] for token in found if token.kind == "variable"})


def _fill_one(query: str, found: list[Token], name: str, values: list[str]) -> str:
    variables = _variables(found)
    if name not in variables:
        known = ", ".join(variables) or "none"
        raise QueryError(f"the query has no variable {name}", where="--set", remedy=f"its variables are: {known}")
    blocks = list(_defaults(found, name))
    if not blocks:
        place, terms = _outermost(found), " ".join(map(term, values))
        return f"{query[:place]} VALUES ?{name} {{ {terms} }} {query[place:]}"
    for opening, *default, closing in reversed(blocks):
        terms = " ".join(term(value, default) for value in values)
        lines = "\n" * query.count("\n", opening.end, closing.start)  # so that errors name the lines of the file
        query = f"{query[: opening.end]} {terms} {lines}{query[closing.start :]}"
    return query


def _defaults(found: list[Token], name: str) -> Iterator[list[Token]]:
    """Each block of ``VALUES ?name { … }`` from brace to brace; it holds no other."""
    for at, token in enumerate(found[:-2]):
        variable, opening = found[at + 1 : at + 3]
        named = variable.kind == "variable" and variable.text[1:] == name
        if token.keyword == "VALUES" and named and opening.text == "{":
            end = next((end for end in range(at + 3, len(found)) if found[end].text == "}"), None)
            if end is not None:
                yield found[at + 2 : end + 1]


def _outermost(found: list[Token]) -> int:
    """The place behind the brace that opens the outermost pattern.

    Raises:
        QueryError: there is none, or no VALUES may stand there.
    """
    groups = [token for token in _groups(found) if token.text == "{"]
    form = next((token.keyword for token in found if token.keyword in _FORMS), "")
    if form == Form.CONSTRUCT:
        groups = groups[1:]  # the first is the template; CONSTRUCT WHERE { … } has nothing else
    if groups:
        at = found.index(groups[0])
        if at + 1 < len(found) and found[at + 1].keyword != "SELECT":
            return groups[0].end
    raise QueryError(
        "the query has no outermost pattern that a variable can be bound in",
        where="--set",
        remedy="write VALUES ?name { … } where the value belongs; --set replaces what stands between the braces",
    )


def _groups(found: list[Token]) -> Iterator[Token]:
    """The brackets that open inside of no other."""
    depth = 0
    for token in found:
        if token.kind == "open":
            if depth == 0:
                yield token
            depth += 1
        elif token.kind == "close":
            depth -= 1


def _ntriples(value: str) -> str:
    try:
        (triple,) = ox.parse(f"<x:s> <x:p> {value} .", format=ox.RdfFormat.N_TRIPLES)
    except (SyntaxError, ValueError):
        triple = None
    if triple is None or not isinstance(triple.object, ox.NamedNode | ox.Literal):
        raise QueryError(
            f"{value[:80]!r} is no term", where="--set", remedy='write <IRI>, "text", "text"@en or "1"^^<datatype>'
        )
    return str(triple.object)
