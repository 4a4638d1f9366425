"""What is refused before a query reaches the engine, and what the front must know of a query.

The engine's parser and optimiser recurse: thousands of nested braces end the process. It dials out on SERVICE, and
its grammar reads ``1SERVICE<…>`` as a number and a keyword, so keywords are looked for the way it reads them, not
the way people write them. The guard reads tokens (SPARQL 1.1 Query §19.8), not grammar; whatever is merely wrong is
left to the engine, whose messages name the place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from core.errors import QueryForbidden, QuerySyntaxError, QueryTooComplex

#: Longest query, in characters.
MAX_LENGTH = 256 * 1024
#: Brackets of any kind inside each other.
MAX_DEPTH = 100
#: Operators and pattern keywords in all: the engine nests a chain of n of them n deep.
MAX_OPERATORS = 1000
#: Quotes that open no string; each is searched to the end of its line, so that many would take quadratic time.
MAX_UNCLOSED = 50

# Code points and escapes as the engine takes them: where it refuses one, it may read the quotes around it otherwise.
_CODE_POINT = r"""\\(?:u|U0000)(?![dD][89a-fA-F])[0-9A-Fa-f]{4} | \\U00(?:0[1-9A-Fa-f]|10)[0-9A-Fa-f]{4}"""
_STRING_ESCAPE = rf"""\\[tbnrf"'\\] | {_CODE_POINT}"""
_NAME_ESCAPE = r"%[0-9A-Fa-f]{2} | \\[_~.\-!$&'()*+,;=/?#@%]"
_TOKEN = re.compile(
    rf"""
      (?P<skip>     [ \t\r\n]+ | \#[^\r\n]* )
    | (?P<iri>      <(?: [^\x00-\x20<>"{{}}|^`\\] | {_CODE_POINT} )*+> )
    | (?P<string>   \"{{3}} (?: \"{{0,2}} (?: [^"\\] | {_STRING_ESCAPE} ) )*+ \"{{3}}
                  | '{{3}} (?: '{{0,2}} (?: [^'\\] | {_STRING_ESCAPE} ) )*+ '{{3}}
                  | " (?: [^"\\\r\n] | {_STRING_ESCAPE} )*+ "
                  | ' (?: [^'\\\r\n] | {_STRING_ESCAPE} )*+ ' )
    | (?P<variable> [?$]\w+ )
    | (?P<language> @[A-Za-z]+(?:-[A-Za-z0-9]+)* )
    | (?P<blank>    _:\w(?:[\w.\-]*[\w\-])? )
    | (?P<number>   (?: [0-9]+\.[0-9]* | \.?[0-9]+ ) (?:[eE][+-]?[0-9]+)? )
    | (?P<name>     (?: [^\W\d_] (?: [\w.\-]{{0,100}} [\w\-] )? )? :
                    (?: (?: [\w:] | {_NAME_ESCAPE} )
                        (?: (?: [\w:.\-] | {_NAME_ESCAPE} )* (?: [\w:\-] | {_NAME_ESCAPE} ) )? )? )
    | (?P<word>     (?: [A-Za-z_] | \\u[0-9A-Fa-f]{{4}} | \\U[0-9A-Fa-f]{{8}} )
                    (?: \w | \\u[0-9A-Fa-f]{{4}} | \\U[0-9A-Fa-f]{{8}} )* )
    | (?P<operator> \|\| | && | \^\^ | [!+\-*/|^] )
    | (?P<open>     [{{(\[] )
    | (?P<close>    [)}}\]] )
    | (?P<other>    . )
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_CHAIN_WORDS = frozenset({"UNION", "OPTIONAL", "MINUS", "FILTER", "BIND", "GRAPH", "EXISTS", "LATERAL"})
_UPDATE_WORDS = frozenset({"INSERT", "DELETE", "LOAD", "CLEAR", "CREATE", "DROP", "ADD", "MOVE", "COPY", "WITH"})
#: Functions whose value differs between two evaluations of one query on one release.
_VOLATILE_WORDS = frozenset({"NOW", "RAND", "UUID", "STRUUID", "BNODE"})


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
class QueryFacts:
    """What the front must know of a query.

    ``dataset_clause`` is whether it has FROM or FROM NAMED; ``repeatable`` whether the same release always gives
    it the same answer.
    """

    form: Form
    dataset_clause: bool
    repeatable: bool


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str


def inspect(query: str) -> QueryFacts:
    """Let a query pass, or say why not; linear in its length.

    Raises:
        QueryTooComplex: it is longer or nests deeper than the engine bears, or chains too many operators.
        QueryForbidden: it is an update, or calls another endpoint by SERVICE.
        QuerySyntaxError: it has no query form, or SERVICE with a variable.
    """
    if len(query) > MAX_LENGTH:
        raise QueryTooComplex(
            f"the query is {len(query):,} characters long; at most {MAX_LENGTH:,} are read",
            remedy="split it, or move long lists of values into several queries",
        )
    inspection = _Inspection("SERVICE" in _ESCAPE.sub(_unescape, query).upper())
    tokens = _tokens(query)
    window = list(islice(tokens, 3))
    while window:
        inspection.read(window[0], window[1:])
        del window[0]
        window.extend(islice(tokens, 1))
    if inspection.form is None:
        raise QuerySyntaxError(
            "the text has no query form", remedy="write SELECT, ASK, CONSTRUCT or DESCRIBE after the prefixes"
        )
    return QueryFacts(inspection.form, inspection.dataset_clause, inspection.repeatable)


class _Inspection:
    """Reads the tokens of one query and keeps count."""

    def __init__(self, names_service: bool) -> None:
        self.form: Form | None = None
        self.dataset_clause = False
        self.repeatable = True
        self._names_service = names_service
        self._prologue = _Prologue()
        self._open: list[str] = []
        self._operators = 0
        self._unclosed = 0
        self._previous = ""

    def read(self, token: _Token, following: list[_Token]) -> None:
        """Take one token into account; ``following`` are the next two."""
        word = _keyword(token)
        if self.form is None:
            self.form = self._prologue.read(token, word)
        if token.kind == "open":
            self._open.append(token.text)
        elif token.kind == "close":
            del self._open[-1:]
        elif token.kind == "operator" or word in _CHAIN_WORDS:
            self._operators += 1
        elif token.kind == "other" and token.text in "'\"":
            self._unclosed += 1
        elif word == "FROM" and not self._open:
            self.dataset_clause = True
        elif word in _VOLATILE_WORDS:
            self.repeatable = False
        self._check_size()
        if self._names_service:
            self._check_service(token, word, following)
        self._previous = word

    def _check_size(self) -> None:
        if self._unclosed > MAX_UNCLOSED:
            raise QuerySyntaxError("strings are not closed", remedy="close each with the quotes it begins with")
        if len(self._open) > MAX_DEPTH:
            raise QueryTooComplex(f"brackets nest deeper than {MAX_DEPTH}", remedy="flatten the query")
        if self._operators > MAX_OPERATORS:
            raise QueryTooComplex(
                f"the query has more than {MAX_OPERATORS:,} operators and patterns",
                remedy="use VALUES or IN for long alternatives, or split the query",
            )

    def _check_service(self, token: _Token, word: str, following: list[_Token]) -> None:
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
            and following[:1] == [_Token("open", "{")]
        )
        if glued or "SERVICE" in word:
            raise _service(following)


class _Prologue:
    """Reads BASE, PREFIX and VERSION declarations until the query form."""

    def __init__(self) -> None:
        self._expected: list[str] = []

    def read(self, token: _Token, word: str) -> Form | None:
        """The form once it is reached.

        Raises:
            QueryForbidden: an update operation stands there.
            QuerySyntaxError: neither a declaration nor a query form stands there.
        """
        if self._expected and token.kind == self._expected[0]:
            self._expected.pop(0)
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


def _tokens(query: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(query):
        if match.lastgroup and match.lastgroup != "skip":
            yield _Token(match.lastgroup, match.group())


def _keyword(token: _Token) -> str:
    """A bare word in upper case with its code point escapes resolved; empty for every other token."""
    if token.kind != "word":
        return ""
    return _ESCAPE.sub(_unescape, token.text).upper()


def _unescape(match: re.Match[str]) -> str:
    code = int(match.group(1) or match.group(2), 16)
    return chr(code) if code < 0x110000 else ""


def _reads_as_comparison(iri: str) -> bool:
    """Whether ``<…>`` can also be "less than" up to a string or a comment, which would swallow what comes after.

    The engine decides by what it has read so far. Nothing with ``//`` in front of the quote is an expression.
    """
    found = re.search(r"['#]", iri)
    return found is not None and "//" not in iri[: found.start()]


def _service(following: list[_Token]) -> QueryForbidden | QuerySyntaxError:
    target = [token for token in following if token.text.upper() != "SILENT"]
    if target and target[0].kind == "variable":
        return QuerySyntaxError(
            "SERVICE with a variable is not answered here", remedy="ask each endpoint by itself and join the answers"
        )
    return QueryForbidden(
        "this endpoint calls no other endpoints, so SERVICE is refused",
        remedy="ask the other endpoint by itself, and pass what it says in VALUES",
    )
