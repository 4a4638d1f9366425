"""What is refused before a query reaches the engine, and what the front must know of a query.

The engine's parser and optimiser recurse: thousands of nested braces end the process. It dials out on SERVICE,
so it is never given a query with SERVICE in it: what calls an endpoint on the list of allowed ones is found here with
its exact place, answered by the front (:mod:`catalogue.federation`) and replaced before the engine sees it. The guard
reads tokens (:mod:`catalogue.store.tokens`), not grammar; whatever is merely wrong is left to the engine, whose
messages name the place.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from catalogue.store.tokens import Declarations, Token, tokens, unescape
from core.errors import QueryForbidden, QuerySyntaxError, QueryTooComplex

#: Longest query, in characters.
MAX_LENGTH = 256 * 1024
#: Brackets of any kind inside each other.
MAX_DEPTH = 100
#: Operators and pattern keywords in all: the engine nests a chain of n of them n deep.
MAX_OPERATORS = 1000
#: SERVICE in one query.
MAX_SERVICES = 8
#: Quotes that open no string; each is searched to the end of its line, so that many would take quadratic time.
MAX_UNCLOSED = 50

_CHAIN_WORDS = frozenset({"UNION", "OPTIONAL", "MINUS", "FILTER", "BIND", "GRAPH", "EXISTS", "LATERAL"})
_UPDATE_WORDS = frozenset({"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "ADD", "MOVE", "COPY", "WITH"})
#: Functions whose value differs between two evaluations of one query on one release.
_VOLATILE_WORDS = frozenset({"NOW", "RAND", "UUID", "STRUUID", "BNODE"})

_OPENED_BY = {")": "(", "}": "{", "]": "["}
_NOTHING = Token("", "", 0)
_UNDECLARED = Declarations("", {})


class Form(StrEnum):
    """The four forms of a query (SPARQL 1.1 Query §16)."""

    SELECT = "SELECT"
    ASK = "ASK"
    CONSTRUCT = "CONSTRUCT"
    DESCRIBE = "DESCRIBE"

    @property
    def gives_graph(self) -> bool:
        """Whether the answer is a graph, not bindings or a boolean."""
        return self in (Form.CONSTRUCT, Form.DESCRIBE)


@dataclass(frozen=True, slots=True)
class ServiceClause:
    """One SERVICE of a query: ``query[start:end]`` is all of it, ``group`` what it asks, with its braces."""

    iri: str
    silent: bool
    start: int
    end: int
    group: str


@dataclass(frozen=True, slots=True)
class QueryFacts:
    """What the front must know of a query.

    ``dataset_clause`` is whether it has FROM or FROM NAMED; ``repeatable`` whether the same release always gives
    it the same answer; ``services`` what has to be replaced before an engine may see it, in the order of the text.
    """

    form: Form
    dataset_clause: bool
    repeatable: bool
    services: tuple[ServiceClause, ...] = ()
    declarations: Declarations = _UNDECLARED


def inspect(query: str, allowed: Collection[str] = (), local: Collection[str] = ()) -> QueryFacts:
    """Let a query pass, or say why not; linear in its length.

    Args:
        allowed: the endpoints that SERVICE may name.
        local: the services that are answered from the release itself; they leave a query repeatable.

    Raises:
        QueryTooComplex: it is longer or nests deeper than the engine bears, or chains too many operators.
        QueryForbidden: it is an update, or calls an endpoint by SERVICE that is not allowed.
        QuerySyntaxError: it has no query form, or SERVICE with a variable.
    """
    if len(query) > MAX_LENGTH:
        raise QueryTooComplex(
            f"the query is {len(query):,} characters long; at most {MAX_LENGTH:,} are read",
            remedy="split it, or move long lists of values into several queries",
        )
    inspection = _Inspection(query, {*allowed, *local})
    stream = tokens(query)
    window = list(islice(stream, 4))
    while window:
        inspection.read(window[0], window[1:])
        del window[0]
        window.extend(islice(stream, 1))
    return inspection.facts(local)


class _Inspection:
    """Reads the tokens of one query and keeps count."""

    def __init__(self, query: str, allowed: set[str]) -> None:
        self._query = query
        self._allowed = allowed
        self._form: Form | None = None
        self._dataset_clause = False
        self._repeatable = True
        self._names_service = "SERVICE" in unescape(query).upper()
        self._prologue = _Prologue()
        self._open: list[str] = []
        self._operators = 0
        self._unclosed = 0
        self._previous = ""
        self._quoted = 0
        self._angle = ("", 0)
        self._services: list[ServiceClause] = []
        self._clause: _OpenClause | None = None

    def read(self, token: Token, following: list[Token]) -> None:
        """Take one token into account; ``following`` are the next three."""
        word = token.keyword
        if self._form is None:
            self._form = self._prologue.read(token, word)
        if token.kind == "open":
            self._open.append(token.text)
        elif token.kind == "close":
            self._close(token)
        elif token.kind == "operator" or word in _CHAIN_WORDS:
            self._operators += 1
        elif token.kind == "other":
            self._unclosed += token.text in "'\""
            self._quote(token)
        elif word == "FROM" and not self._open:
            self._dataset_clause = True
        elif word in _VOLATILE_WORDS:
            self._repeatable = False
        self._check_size()
        if self._names_service:
            self._check_service(token, word, following)
        self._previous = word

    def _quote(self, token: Token) -> None:
        """Count the ``<<`` and ``>>`` of quoted triples, which nest like brackets."""
        if self._angle != (token.text, token.start):
            self._angle = (token.text, token.end)
        elif token.text in "<>":
            self._quoted = max(0, self._quoted + (1 if token.text == "<" else -1))
            self._angle = ("", 0)

    def facts(self, local: Collection[str]) -> QueryFacts:
        """What was found, at the end of the query.

        Raises:
            QuerySyntaxError: it ends too early.
        """
        if self._form is None:
            raise QuerySyntaxError(
                "the text has no query form", remedy="write SELECT, ASK, CONSTRUCT or DESCRIBE after the prefixes"
            )
        if self._clause is not None:
            raise _unbalanced()
        return QueryFacts(
            self._form,
            self._dataset_clause,
            self._repeatable and all(service.iri in local for service in self._services),
            tuple(self._services),
            self._prologue.declarations(),
        )

    def _close(self, token: Token) -> None:
        opened = self._open.pop() if self._open else ""
        if not self._names_service:
            return
        if opened != _OPENED_BY[token.text]:
            raise _unbalanced()
        clause = self._clause
        if clause is not None and len(self._open) == clause.depth:
            group = self._query[clause.group : token.end]
            self._services.append(ServiceClause(clause.iri, clause.silent, clause.start, token.end, group))
            self._clause = None

    def _check_size(self) -> None:
        # What takes the place of SERVICE might close such a string, and set free what stands in it.
        if self._unclosed > (0 if self._names_service else MAX_UNCLOSED):
            raise QuerySyntaxError("strings are not closed", remedy="close each with the quotes it begins with")
        if len(self._open) + self._quoted > MAX_DEPTH:
            raise QueryTooComplex(f"brackets nest deeper than {MAX_DEPTH}", remedy="flatten the query")
        if self._operators > MAX_OPERATORS:
            raise QueryTooComplex(
                f"the query has more than {MAX_OPERATORS:,} operators and patterns",
                remedy="use VALUES or IN for long alternatives, or split the query",
            )

    def _check_service(self, token: Token, word: str, following: list[Token]) -> None:
        if token.kind == "iri" and self._open[-1:] == ["("] and _reads_as_comparison(token.text):
            raise QueryForbidden(
                f"the query names SERVICE, and {token.text[:40]} may be an IRI or a comparison",
                remedy="put a space after < where it means less than",
            )
        # The engine takes SERVICEex:a { for the keyword and a name; after GRAPH it is a name and nothing else.
        glued = (
            token.kind == "name"
            and "SERVICE" in token.text.partition(":")[0].upper()
            and self._previous != "GRAPH"
            and [one.text for one in following[:1]] == ["{"]
        )
        if word == "SERVICE":
            self._clause = self._called(token, following)
        elif glued or "SERVICE" in word:
            raise QueryForbidden(
                f"{token.text[:40]} may be read as SERVICE", remedy="write SERVICE, a space, and the endpoint's IRI"
            )

    def _called(self, token: Token, following: list[Token]) -> _OpenClause:
        """What SERVICE calls.

        Raises:
            QueryForbidden: an endpoint that is not allowed, or one from within another.
            QuerySyntaxError: a variable, or something that is no endpoint.
        """
        silent = [one.keyword for one in following[:1]] == ["SILENT"]
        target, group = [*following[silent:], _NOTHING, _NOTHING][:2]
        if target.kind == "variable":
            raise QuerySyntaxError(
                "SERVICE with a variable is not answered here", remedy="name the endpoint by its IRI"
            )
        iri = self._prologue.declarations().iri(target)
        if iri is None or iri not in self._allowed:
            raise QueryForbidden(
                f"SERVICE calls {(iri or target.text)[:200] or 'nothing'}, which this endpoint does not ask",
                remedy="ask that endpoint by itself, and pass what it says in VALUES",
            )
        if self._clause is not None:
            raise QueryForbidden(
                "SERVICE stands inside SERVICE, which this endpoint does not pass on", remedy="ask one after the other"
            )
        if len(self._services) == MAX_SERVICES:
            raise QueryTooComplex(f"the query has more than {MAX_SERVICES} SERVICE", remedy="split the query")
        if self._open[-1:] != ["{"] or group.text != "{":
            raise QuerySyntaxError("SERVICE has no pattern in braces", remedy="write SERVICE <endpoint> { pattern }")
        return _OpenClause(iri, silent, token.start, group.start, len(self._open))


@dataclass(frozen=True, slots=True)
class _OpenClause:
    """A SERVICE that is being read: where it and its group begin, and how many brackets it stands in."""

    iri: str
    silent: bool
    start: int
    group: int
    depth: int


class _Prologue:
    """Reads BASE, PREFIX and VERSION declarations until the query form."""

    def __init__(self) -> None:
        self._expected: list[str] = []
        self._read = _UNDECLARED
        self._prefixes: dict[str, str] = {}
        self._name: str | None = None

    def declarations(self) -> Declarations:
        """What has been declared so far."""
        return Declarations(self._read.base, self._prefixes)

    def read(self, token: Token, word: str) -> Form | None:
        """The form once it is reached.

        Raises:
            QueryForbidden: an update operation stands there.
            QuerySyntaxError: neither a declaration nor a query form stands there.
        """
        if self._expected and token.kind == self._expected[0]:
            self._expected.pop(0)
            self._declare(token)
            return None
        if not self._expected and word in ("PREFIX", "BASE", "VERSION"):
            self._expected = {"PREFIX": ["name", "iri"], "BASE": ["iri"], "VERSION": ["string"]}[word]
            return None
        for form in Form:
            # The engine takes SELECTDISTINCT for two words.
            if word.startswith(form) and not self._expected:
                return form
        if word in _UPDATE_WORDS:
            raise QueryForbidden(
                f"this endpoint is read-only and {word} is an update",
                remedy="ask with SELECT, ASK, CONSTRUCT or DESCRIBE; the catalogue is filled by harvests",
            )
        raise QuerySyntaxError(
            f"the query starts with {token.text[:40]!r}",
            remedy="a query is BASE and PREFIX declarations followed by SELECT, ASK, CONSTRUCT or DESCRIBE",
        )

    def _declare(self, token: Token) -> None:
        if token.kind == "name":
            self._name = token.text.partition(":")[0]
        elif token.kind == "iri":
            iri = self._read.absolute(token.text)
            if self._name is None:
                self._read = Declarations(iri, {})
            else:
                self._prefixes[self._name] = iri
            self._name = None


def _reads_as_comparison(iri: str) -> bool:
    """Whether ``<…>`` can also be "less than" up to a string, a comment or a bracket, and so hide what comes after.

    The engine decides by what it has read so far. Nothing with ``//`` in front of it is an expression.
    """
    found = re.search(r"['#()\[\]]", iri)
    return found is not None and "//" not in iri[: found.start()]


def _unbalanced() -> QuerySyntaxError:
    return QuerySyntaxError(
        "the brackets of the query do not match", remedy="close each bracket, and put a space after < for less than"
    )
