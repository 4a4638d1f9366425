"""The tokens of SPARQL, read the way the engine reads them, and the declarations a query begins with.

Tokens (SPARQL 1.1 Query §19.8), not grammar. The engine takes ``1SERVICE<…>`` for a number and a keyword, so keywords
are looked for the way it finds them, not the way people write them; comments, strings, IRIs and ``\\u`` escapes are
told apart as it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin

# Code points and escapes as the engine takes them: where it refuses one, it may read the quotes around it otherwise.
_CODE_POINT = r"""\\(?:u|U0000)(?![dD][89a-fA-F])[0-9A-Fa-f]{4} | \\U00(?:0[1-9A-Fa-f]|10)[0-9A-Fa-f]{4}"""
_STRING_ESCAPE = rf"""\\[tbnrf"'\\] | {_CODE_POINT}"""
_NAME_ESCAPE = r"%[0-9A-Fa-f]{2} | \\[_~.\-!$&'()*+,;=/?#@%]"
# Letters that names hold beside those of \w (the grammar's PN_CHARS_BASE), and what may follow a first letter.
_LETTER = (
    r"\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C\u200D\u2070-\u218F\u2C00-\u2FEF"
    r"\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD\U00010000-\U000EFFFF"
)
_INNER = rf"\w{_LETTER}\u00B7\u0300-\u036F\u203F\u2040"
_TOKEN = re.compile(
    rf"""
      (?P<skip>     [ \t\r\n]+ | \#[^\r\n]* )
    | (?P<iri>      <(?: [^\x00-\x20<>"{{}}|^`\\] | {_CODE_POINT} )*+> )
    | (?P<string>   \"{{3}} (?: \"{{0,2}} (?: [^"\\] | {_STRING_ESCAPE} ) )*+ \"{{3}}
                  | '{{3}} (?: '{{0,2}} (?: [^'\\] | {_STRING_ESCAPE} ) )*+ '{{3}}
                  | " (?: [^"\\\r\n] | {_STRING_ESCAPE} )*+ "
                  | ' (?: [^'\\\r\n] | {_STRING_ESCAPE} )*+ ' )
    | (?P<variable> [?$][\w{_LETTER}][{_INNER}]* )
    | (?P<language> @[A-Za-z]+(?:-[A-Za-z0-9]+)* )
    | (?P<blank>    _:[\w{_LETTER}](?:[{_INNER}.\-]*[{_INNER}\-])? )
    | (?P<number>   (?: [0-9]+\.[0-9]* | \.?[0-9]+ ) (?:[eE][+-]?[0-9]+)? )
    | (?P<name>     (?: (?: [^\W\d_] | [{_LETTER}] ) (?: [{_INNER}.\-]{{0,100}} [{_INNER}\-] )? )? :
                    (?: (?: [\w{_LETTER}:] | {_NAME_ESCAPE} )
                        (?: (?: [{_INNER}:.\-] | {_NAME_ESCAPE} )* (?: [{_INNER}:\-] | {_NAME_ESCAPE} ) )? )? )
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
_ECHAR = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class Token:
    """One token; ``start`` is where it begins in the query."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def keyword(self) -> str:
        """A bare word in upper case with its code point escapes resolved; empty for every other token."""
        return unescape(self.text).upper() if self.kind == "word" else ""


@dataclass(frozen=True, slots=True)
class Declarations:
    """What BASE and PREFIX say at the head of a query; IRIs are whole where there is a base to make them so."""

    base: str
    prefixes: Mapping[str, str]

    def iri(self, token: Token) -> str | None:
        """The IRI that a token stands for; None where it is neither IRI nor name, or its prefix is not declared."""
        if token.kind == "iri":
            return self.absolute(token.text)
        if token.kind != "name":
            return None
        prefix, _, local = token.text.partition(":")
        namespace = self.prefixes.get(prefix)
        return None if namespace is None else namespace + re.sub(r"\\(.)", r"\1", local)

    def absolute(self, reference: str) -> str:
        """The IRI of ``<reference>``, against the base where there is one."""
        iri = unescape(reference[1:-1])
        if not self.base or re.match(r"[A-Za-z][A-Za-z0-9+.\-]*:", iri):
            return iri
        path, hash_sign, fragment = iri.partition("#")  # apart, because joining loses an empty one
        try:
            return urljoin(self.base.partition("#")[0], path) + hash_sign + fragment
        except ValueError:
            return iri

    def within(self, base: str) -> Declarations:
        """The same for a query that is asked at ``base``: what is relative and has no BASE is relative to that."""
        if self.base:
            return self
        based = Declarations(base, {})
        return Declarations(base, {name: based.absolute(f"<{iri}>") for name, iri in self.prefixes.items()})

    def text(self) -> str:
        """The declarations as SPARQL, for a query that is to mean the same elsewhere."""
        base = f"BASE <{self.base}>\n" if self.base else ""
        return base + "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in self.prefixes.items())


def tokens(text: str) -> Iterator[Token]:
    """The tokens of ``text`` without white space and comments; linear in its length."""
    for match in _TOKEN.finditer(text):
        if match.lastgroup and match.lastgroup != "skip":
            yield Token(match.lastgroup, match.group(), match.start())


def unescape(text: str) -> str:
    """``text`` with its code point escapes resolved (SPARQL 1.1 Query §19.2)."""
    return _ESCAPE.sub(_code_point, text) if "\\" in text else text


def string_value(token: Token) -> str:
    """What a string token says, without quotes and escapes."""
    quotes = 3 if token.text[:3] in ('"""', "'''") and len(token.text) >= 6 else 1
    inner = token.text[quotes:-quotes]
    return re.sub(r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\(.)", _character, inner, flags=re.DOTALL)


def _character(match: re.Match[str]) -> str:
    return _ECHAR.get(match.group(1), match.group(1)) if match.group(1) else unescape(match.group())


def _code_point(match: re.Match[str]) -> str:
    code = int(match.group(1) or match.group(2), 16)
    return chr(code) if code < 0x110000 else ""
