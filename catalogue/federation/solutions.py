"""Solutions that came from outside the engine, as the VALUES that take the place of their SERVICE.

Whatever is in them becomes terms and nothing else: names and IRIs are checked, literals escaped.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyoxigraph

from core.errors import ServiceError

Term = pyoxigraph.NamedNode | pyoxigraph.Literal | pyoxigraph.BlankNode
_VARIABLE = re.compile(r"\w+")
_IRI = re.compile(r"""[A-Za-z][A-Za-z0-9+.\-]*:[^\x00-\x20<>"{}|^`\\\ud800-\udfff]*""")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_STRING = "http://www.w3.org/2001/XMLSchema#string"
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_ESCAPED = re.compile(r'[\\"\x00-\x1f\x7f]')


@dataclass(frozen=True, slots=True)
class Solutions:
    """A sequence of solutions; a row has a term or None for each variable."""

    variables: tuple[str, ...]
    rows: Sequence[Sequence[Term | None]]

    def values(self, skolem: str) -> str:
        """The solutions as inline data.

        Blank nodes get IRIs that begin with ``skolem`` (RDF 1.1 Concepts §3.5), the same for the same node of these
        solutions and like no other: they stand for nodes of another store, and so can be joined with nothing here.

        Raises:
            ServiceError: a variable or a term is none of SPARQL 1.1.
        """
        if not self.variables and len(self.rows) == 1:
            return " {} "  # not every engine knows solutions without variables
        writer = _Writer(f"{skolem}{secrets.token_hex(8)}-")
        for name in self.variables:
            if not _VARIABLE.fullmatch(name):
                raise ServiceError(f"{name[:40]!r} is no name of a variable")
        heading = " ".join(f"?{name}" for name in self.variables)
        return f" VALUES ({heading}) {{ {' '.join(writer.rows(self.rows))} }} "


class _Writer:
    """Writes terms as SPARQL."""

    def __init__(self, skolem: str) -> None:
        self._skolem = skolem
        self._blank: dict[str, str] = {}

    def rows(self, rows: Iterable[Sequence[Term | None]]) -> Iterator[str]:
        return (f"({' '.join(map(self._term, row))})" for row in rows)

    def _term(self, term: Term | None) -> str:
        if term is None:
            return "UNDEF"
        if isinstance(term, pyoxigraph.NamedNode):
            return _iri(term.value)
        if isinstance(term, pyoxigraph.Literal):
            return _literal(term)
        if isinstance(term, pyoxigraph.BlankNode):
            return _iri(self._blank.setdefault(term.value, f"{self._skolem}{len(self._blank)}"))
        raise ServiceError("a solution has a triple for a term, which SPARQL 1.1 does not know")


def _iri(iri: str) -> str:
    if not _IRI.fullmatch(iri):
        raise ServiceError(f"{iri[:80]!r} is no IRI")
    return f"<{iri}>"


def _literal(literal: pyoxigraph.Literal) -> str:
    text = _ESCAPED.sub(lambda match: _ESCAPES.get(match.group(), f"\\u{ord(match.group()):04X}"), literal.value)
    if "\x00" in literal.value:
        raise ServiceError("a literal has a NUL in it")
    if literal.language is not None:
        if not _LANGUAGE.fullmatch(literal.language):
            raise ServiceError(f"{literal.language[:40]!r} is no language")
        return f'"{text}"@{literal.language}'
    datatype = literal.datatype.value
    return f'"{text}"' if datatype == _STRING else f'"{text}"^^{_iri(datatype)}'
