"""Queries as Virtuoso 7 has to be asked, so that it answers what SPARQL 1.1 says; measured on 7.2.5.

It reads more than SPARQL (functions of its SQL by ``bif:`` and ``sql:``, prefixes nobody declared, options that fetch
from the network): all that is refused. It describes nothing, adds FROM to the request's dataset, lets GRAPH see every
graph, and gives 1 and 0 for what an expression finds true or false.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catalogue.remote.outline import Outline, edited, outline
from catalogue.remote.virtuoso import ESCAPE, escaped
from catalogue.store.guard import Form, QueryFacts
from catalogue.store.tokens import Token, string_value
from core.errors import QueryForbidden, QuerySyntaxError
from core.terms import XSD

#: Solutions after which it stops, without a sign for a graph.
MAX_SOLUTIONS = 1 << 20
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
_WORDS = frozenset(_KEYWORDS.split())
_PUNCTUATION = frozenset(",;.=<>?")
_OWN_FUNCTIONS = ("bif:", "sql:", "http://www.openlinksw.com/schemas/bif", "http://www.openlinksw.com/schemas/sql")
_TESTS = "BOUND LANGMATCHES CONTAINS STRSTARTS STRENDS SAMETERM ISIRI ISURI ISBLANK ISLITERAL ISNUMERIC REGEX"
_TRUTHS = frozenset(_TESTS.split())
_BOOLEAN = f"<{XSD.boolean}>"


@dataclass(frozen=True, slots=True)
class Question:
    """What the store is asked: the query, and the parameters of its dataset."""

    query: str
    default_graphs: Sequence[str]
    named_graphs: Sequence[str]
    check: str = ""
    """A query that has a solution only where this one's graph was cut; empty where that is out of the question."""


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
    if facts.form is Form.DESCRIBE:
        parts = _outline(describing(parts))
    given = bool(default_graphs or named_graphs)
    text = edited(parts.query, [*_truths(parts), *_literals(parts), *(_without_dataset(parts) if given else ())])
    check = _overflow(_outline(text), facts)
    if given:
        # Without a named graph in the dataset GRAPH finds none; Virtuoso would look through all it has.
        return Question(text, tuple(default_graphs), tuple(named_graphs) or (NO_GRAPH,), check)
    names_none = all(parts.tokens[first + 1].keyword != "NAMED" for first, _ in parts.datasets)
    return Question(text, (), (NO_GRAPH,) if facts.dataset_clause and names_none else (), check)


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


def _overflow(parts: Outline, facts: QueryFacts) -> str:
    limit = parts.limit
    if not facts.form.gives_graph or parts.where is None or (limit is not None and limit <= MAX_SOLUTIONS):
        return ""
    inner = f"{{ SELECT * WHERE {parts.pattern} }}"
    return f"{parts.prologue}SELECT (1 AS ?more) {parts.dataset} WHERE {inner} OFFSET {MAX_SOLUTIONS} LIMIT 1"


def _refuse_extensions(parts: Outline) -> None:
    for at, token in enumerate(parts.tokens):
        if token.kind == "word" and token.keyword not in _WORDS:
            raise _no_sparql(token)
        if token.kind == "other" and token.text not in _PUNCTUATION:
            raise _no_sparql(token)
        if token.kind in ("iri", "name"):
            declared = at < parts.form and parts.tokens[at - 1].keyword == "PREFIX"
            iri = parts.declarations.iri(token)
            if iri is None and not declared:
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


def _without_dataset(parts: Outline) -> Iterator[tuple[int, int, str]]:
    """Edits that take FROM out: the request's dataset is the one that counts."""
    for first, last in parts.datasets:
        yield parts.tokens[first].start, parts.tokens[last].end, ""


def _truths(parts: Outline) -> Iterator[tuple[int, int, str]]:
    """Edits that make ``(expression AS ?variable)`` a boolean where the expression is one."""
    open_at: list[int] = []
    for at, token in enumerate(parts.tokens):
        if token.kind == "open":
            open_at.append(at)
        elif token.kind == "close" and open_at:
            open_at.pop()
        elif token.keyword == "AS" and open_at:
            expression = parts.tokens[open_at[-1] + 1 : at]
            if _is_truth(expression):
                yield expression[0].start, expression[0].start, f"{_BOOLEAN}("
                yield expression[-1].end, expression[-1].end, ")"


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
    return len(outer) == 3 and first.keyword in _TRUTHS


def _literals(parts: Outline) -> Iterator[tuple[int, int, str]]:
    """Edits that name the datatype under which the writer keeps what Virtuoso would change."""
    for text, mark, datatype in zip(parts.tokens, parts.tokens[1:], parts.tokens[2:], strict=False):
        if text.kind == "string" and mark.text == "^^" and (iri := parts.declarations.iri(datatype)):
            line = f'_:s <p> "{string_value(text)}"^^<{iri}> .'
            if "\n" not in line and escaped(line) != line:
                yield datatype.start, datatype.end, f"<{ESCAPE}{iri}>"
