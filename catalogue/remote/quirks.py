"""Queries as Virtuoso 7 has to be asked, so that it answers what SPARQL 1.1 says; measured on 7.2.5.

It reads more than SPARQL (functions of its SQL by ``bif:`` and ``sql:``, prefixes nobody declared, options that fetch
from the network): all that is refused. It describes nothing, adds FROM to the request's dataset, lets GRAPH see every
graph, and gives 1 and 0 for what an expression finds true or false.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from catalogue.remote.arithmetic import arithmetic
from catalogue.remote.outline import Edit, Outline, edited, outline
from catalogue.remote.places import Places
from catalogue.remote.virtuoso import ESCAPE, escaped
from catalogue.store.guard import Form, QueryFacts
from catalogue.store.tokens import Token, string_value
from core.errors import QueryForbidden, QuerySyntaxError
from core.terms import XSD

#: Solutions after which it stops, without a sign for a graph.
MAX_SOLUTIONS = 1 << 20
#: What it has for ResultSetMaxRows in its configuration: another limit to them.
CONFIGURED_MAXIMUM = "bif:virtuoso_ini_item_value('SPARQL', 'ResultSetMaxRows')"
#: A graph that is nowhere, for a dataset without named graphs.
NO_GRAPH = "urn:radiograph:no-graph"

_KEYWORDS = (
    "BASE PREFIX SELECT DISTINCT REDUCED AS CONSTRUCT DESCRIBE ASK FROM NAMED WHERE GROUP BY HAVING ORDER ASC DESC "
    "LIMIT OFFSET VALUES UNDEF OPTIONAL GRAPH UNION MINUS FILTER BIND IN NOT EXISTS COUNT SUM MIN MAX AVG SAMPLE "
    "GROUP_CONCAT SEPARATOR STR LANG LANGMATCHES DATATYPE BOUND IRI URI BNODE RAND ABS CEIL FLOOR ROUND CONCAT STRLEN "
    "UCASE LCASE ENCODE_FOR_URI CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER YEAR MONTH DAY HOURS MINUTES SECONDS "
    "TIMEZONE TZ NOW UUID STRUUID MD5 SHA1 SHA256 SHA384 SHA512 COALESCE IF STRLANG STRDT SAMETERM ISIRI ISURI ISBLANK "
    "ISLITERAL ISNUMERIC REGEX SUBSTR REPLACE TRUE FALSE A"
)
_WORDS = frozenset(("", *_KEYWORDS.split()))
_PUNCTUATION = frozenset(",;.=<>?")
_OWN_FUNCTIONS = ("bif:", "sql:", "http://www.openlinksw.com/schemas/bif", "http://www.openlinksw.com/schemas/sql")
_TESTS = "BOUND LANGMATCHES CONTAINS STRSTARTS STRENDS SAMETERM ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC REGEX"
_TRUTHS = frozenset(_TESTS.split())
#: More than any release has; a larger number is not taken together with an offset.
NO_LIMIT = 1_000_000_000
_IRI = re.compile(r"[^\x00-\x20<>\"{}|^`\\]*")
_BOOLEAN = f"<{XSD.boolean}>"


@dataclass(frozen=True, slots=True)
class Question:
    """What the store is asked: the query, and the parameters of its dataset."""

    query: str
    default_graphs: Sequence[str]
    named_graphs: Sequence[str]
    limit: int | None = None
    """The most solutions that it asks for itself."""
    solutions: str = ""
    """A query for the solutions that its graph is made of, without an offset; empty where it gives no graph."""

    def more_than(self, most: int | None) -> str:
        """A query that has a solution only where a graph is made of more; empty where that is out of the question.

        Where the most that the store goes through is not known, it is one that the store says it has cut.
        """
        if not self.solutions or (most is not None and self.limit is not None and self.limit <= most):
            return ""
        return self.solutions if most is None else f"{self.solutions} OFFSET {most} LIMIT 1"


def for_virtuoso(
    query: str,
    facts: QueryFacts,
    default_graphs: Sequence[str],
    named_graphs: Sequence[str],
) -> Question:
    """Say a query so that Virtuoso answers as SPARQL 1.1 has it.

    Raises:
        QueryForbidden: it calls what only Virtuoso has.
        QuerySyntaxError: it is not SPARQL 1.1.
    """
    parts = _outline(query)
    _refuse_extensions(parts)
    if "BASE" in parts.words:
        parts = _outline(_with_one_base(parts))
    if facts.form is Form.DESCRIBE:
        parts = _outline(describing(parts))
    given = bool(default_graphs or named_graphs)
    edits = [edit for edits_of in _EDITS for edit in edits_of(parts)]
    if given:
        edits += _without_dataset(parts)
    if edits:
        parts = _outline(edited(parts.query, edits))
    text, solutions = parts.query, _solutions(parts) if facts.form.gives_graph else ""
    if given:
        # Without a named graph in the dataset GRAPH finds none; Virtuoso would look through all it has.
        return Question(text, tuple(default_graphs), tuple(named_graphs) or (NO_GRAPH,), parts.limit, solutions)
    names_none = all(parts.tokens[first + 1].keyword != "NAMED" for first, _ in parts.datasets)
    hidden = (NO_GRAPH,) if facts.dataset_clause and names_none else ()
    return Question(text, (), hidden, parts.limit, solutions)


def _outline(query: str) -> Outline:
    parts = outline(query)
    if parts is None:
        raise QuerySyntaxError("the brackets of the query do not match", remedy="close each that is open")
    return parts


def describing(parts: Outline) -> str:
    """The CONSTRUCT that gives what the embedded engine gives for a DESCRIBE: what the resources are subjects of.

    A release has no blank nodes, so that there is nothing further to follow.
    """
    targets = parts.head
    if any(token.text == "*" for token in targets):
        names = {token.text[1:] for token in parts.tokens if token.kind == "variable"}
        targets = [Token("variable", f"?{name}", 0) for name in sorted(names)]
    template, branches = [], []
    for number, token in enumerate(targets):
        said = f"?_p{number} ?_o{number} ."
        if token.kind == "variable":
            subject = token.text
            chosen = f"{{ SELECT {subject} WHERE {parts.pattern} {parts.modifiers}\n }} "
        else:
            subject = token.text
            chosen = "" if parts.where is None else f"{{ SELECT (1 AS ?_any) WHERE {parts.pattern} LIMIT 1 }} "
        template.append(f"{subject} {said}")
        branches.append(f"{{ {chosen}{subject} {said} }}")
    body = " UNION ".join(branches)
    return f"{parts.prologue}CONSTRUCT {{ {' '.join(template)} }} {parts.dataset} WHERE {{ {body} }}"


def _solutions(parts: Outline) -> str:
    """The solutions of a query's pattern, one number each."""
    grouped = any(token.keyword == "GROUP" for token in parts.tokens[parts.tail :])
    inner = f"{{ SELECT * WHERE {parts.pattern} {'' if grouped else parts.modifiers}\n }}"
    return f"{parts.prologue}SELECT (1 AS ?more) {parts.dataset} WHERE {{ {inner} }}"


def _with_one_base(parts: Outline) -> str:
    """The query with at most one BASE, at its beginning, which is all that Virtuoso takes."""
    prologue = parts.tokens[: parts.form]
    if all(token.keyword != "BASE" for token in prologue[1:]):
        return parts.query
    iris = (parts.declarations.base, *parts.declarations.prefixes.values())
    if not all(map(_IRI.fullmatch, iris)):
        raise QuerySyntaxError("an IRI declared with BASE or PREFIX is none", remedy="write it without escapes")
    return parts.declarations.text() + parts.query[parts.tokens[parts.form].start :]


def _refuse_extensions(parts: Outline) -> None:
    if not parts.words <= _WORDS:
        raise _no_sparql(next(token for token in parts.tokens if token.keyword not in _WORDS))
    for at, token in enumerate(parts.tokens):
        if token.kind == "other" and token.text not in _PUNCTUATION:
            raise _no_sparql(token)
        if token.kind in ("iri", "name"):
            iri = parts.declarations.iri(token)
            if iri is None and not (at < parts.form and parts.tokens[at - 1].keyword == "PREFIX"):
                prefix = token.text.partition(":")[0]
                raise QuerySyntaxError(f"the prefix {prefix}: is not declared", remedy="declare it with PREFIX")
            if iri is not None and iri.lower().startswith(_OWN_FUNCTIONS):
                raise QueryForbidden(
                    f"{token.text[:60]} belongs to the store behind this endpoint, not to SPARQL",
                    remedy="use the functions of SPARQL 1.1",
                )


def _no_sparql(token: Token) -> QuerySyntaxError:
    return QuerySyntaxError(
        f"{token.text[:40]!r} at character {token.start + 1} is not SPARQL 1.1",
        remedy="see https://www.w3.org/TR/sparql11-query/",
    )


def _without_dataset(parts: Outline) -> Iterator[Edit]:
    """Edits that take FROM out: the request's dataset is the one that counts."""
    for first, last in parts.datasets:
        yield Edit(parts.tokens[first].start, parts.tokens[last].end, "")


def _offsets(parts: Outline) -> Iterator[Edit]:
    """Edits that give an OFFSET without a LIMIT one: Virtuoso ends the query unless it is sorted."""
    if "OFFSET" not in parts.words:
        return
    places = Places(parts)
    for at, token in enumerate(parts.tokens):
        if token.keyword == "OFFSET" and not (places.has("LIMIT", at) or places.has("ORDER", at)):
            yield Edit(token.start, token.start, f"LIMIT {NO_LIMIT} ")


def _iris(parts: Outline) -> Iterator[Edit]:
    """Edits that make the IRI of a text whole, which Virtuoso does not."""
    base = parts.declarations.base
    if not base or parts.words.isdisjoint(("IRI", "URI")):
        return
    for function, bracket, text in zip(parts.tokens, parts.tokens[1:], parts.tokens[2:], strict=False):
        if text.kind == "string" and bracket.text == "(" and function.keyword in ("IRI", "URI"):
            iri = parts.declarations.absolute(f"<{string_value(text)}>")
            if _IRI.fullmatch(iri):
                yield Edit(text.start, text.end, f'"{iri}"')


def _truths(parts: Outline) -> Iterator[Edit]:
    """Edits that make ``(expression AS ?variable)`` a boolean where the expression is one."""
    if "AS" not in parts.words:
        return
    open_at: list[int] = []
    for at, token in enumerate(parts.tokens):
        if token.kind == "open":
            open_at.append(at)
        elif token.kind == "close" and open_at:
            open_at.pop()
        elif token.keyword == "AS" and open_at:
            expression = parts.tokens[open_at[-1] + 1 : at]
            if _is_truth(expression):
                yield Edit(expression[0].start, expression[-1].end, f"{_BOOLEAN}(", ")")


def _is_truth(expression: list[Token]) -> bool:
    """Whether an expression compares, connects or tests."""
    depth = 0
    outer: list[Token] = []
    for token in expression:
        depth -= token.kind == "close"
        if depth == 0:
            outer.append(token)
        depth += token.kind == "open"
    if not outer:
        return False
    if any(token.text in ("||", "&&", "=", "<", ">") or token.keyword == "IN" for token in outer):
        return True
    first = outer[0]
    if first.text == "!" or first.keyword in ("EXISTS", "NOT"):
        return True
    if len(outer) == 1:
        return first.keyword in ("TRUE", "FALSE")
    if first.text == "(" and len(outer) == 2:
        return _is_truth(expression[1:-1])
    if len(outer) == 3 and first.keyword in ("IF", "COALESCE"):
        values = _arguments(expression[2:-1])
        return all(_is_truth(value) for value in values[first.keyword == "IF" :])
    return len(outer) == 3 and first.keyword in _TRUTHS


def _arguments(inner: list[Token]) -> list[list[Token]]:
    """What stands between the commas of a list of arguments."""
    depth = 0
    found: list[list[Token]] = [[]]
    for token in inner:
        depth += (token.kind == "open") - (token.kind == "close")
        if token.text == "," and depth == 0:
            found.append([])
        else:
            found[-1].append(token)
    return found


def _literals(parts: Outline) -> Iterator[Edit]:
    """Edits that name the datatype under which the writer keeps what Virtuoso would change."""
    if "^^" not in parts.query:
        return
    for text, mark, datatype in zip(parts.tokens, parts.tokens[1:], parts.tokens[2:], strict=False):
        if text.kind == "string" and mark.text == "^^" and (iri := parts.declarations.iri(datatype)):
            line = f'_:s <p> "{string_value(text)}"^^<{iri}> .'
            if "\n" not in line and escaped(line) != line:
                yield Edit(datatype.start, datatype.end, f"<{ESCAPE}{iri}>")


_EDITS: tuple[Callable[[Outline], Iterator[Edit]], ...] = (_truths, _literals, _offsets, _iris, arithmetic)
