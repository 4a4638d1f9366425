"""Statements as JSON-LD with the names of the published context, and a context that defines no more than is used.

The definitions stand in the document itself: a harvester can read it without a second request, and readers that fetch
nothing (this program among them) can read it at all. They are those of ``/context/radiograph.jsonld``, word for word.
A key always holds the same kind of value: an array, or for texts by language an object of arrays.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import pyoxigraph

from core.terms import PREFIXES, RDF, XSD
from ontology.contexts import Context, Term, contexts

_TYPE = str(RDF.type)
_STRING = str(XSD.string)
_NONE = "@none"

_Value = pyoxigraph.NamedNode | pyoxigraph.Literal
Node = tuple[str, list[tuple[str, list[_Value]]]]


def json_ld(nodes: Iterable[Node], short: Callable[[str], str | None]) -> str:
    """Write nodes, each an IRI with its properties, in the order given; ``short`` makes ``prefix:local`` of an IRI."""
    nodes = list(nodes)
    writer = _Writer(short if _unmistakable(nodes) else None)
    written = ",\n".join(writer.node(subject, properties) for subject, properties in nodes)
    return f'{{"@context": {writer.context()},\n "@graph": [\n{written}\n]}}\n'


def _unmistakable(nodes: Iterable[Node]) -> bool:
    """Whether no IRI, such as <time:x>, would be read as a name with one of our prefixes."""
    names = {*PREFIXES, *_context().definitions}
    for subject, properties in nodes:
        if subject.split(":", 1)[0] in names:
            return False
        for predicate, values in properties:
            if predicate.split(":", 1)[0] in names:
                return False
            for value in values:
                if isinstance(value, pyoxigraph.NamedNode) and value.value.split(":", 1)[0] in names:
                    return False
    return True


@lru_cache(maxsize=1)
def _context() -> Context:
    return contexts()["radiograph"]


class _Writer:
    """Writes nodes and remembers which names were used; without ``short`` it writes every IRI in full."""

    def __init__(self, short: Callable[[str], str | None] | None) -> None:
        self._short = short
        self._used: set[str] = set()

    def context(self) -> str:
        """The definitions of the names used, prefixes first."""
        definitions = _context().definitions
        used = {name: definitions.get(name) or str(PREFIXES[name]) for name in self._used}
        for definition in list(used.values()):
            details = definition.values() if isinstance(definition, dict) else [definition]
            prefixes = {text.partition(":")[0] for text in details if not text.startswith("@") and "://" not in text}
            used |= {prefix: definitions[prefix] for prefix in prefixes}
        if any(isinstance(definition, dict) for definition in used.values()):
            used["@version"] = definitions["@version"]
        order = sorted(used, key=lambda name: (name != "@version", name not in PREFIXES, name))
        return json.dumps({name: used[name] for name in order}, ensure_ascii=False)

    def node(self, subject: str, properties: list[tuple[str, list[_Value]]]) -> str:
        lines = [f'  {{"@id": {_text(subject)}']
        for predicate, values in properties:
            lines += [f"   {_text(key)}: {_text(value)}" for key, value in self._property(predicate, values)]
        return ",\n".join(lines) + "}"

    def _property(self, predicate: str, values: list[_Value]) -> list[tuple[str, Any]]:
        if predicate == _TYPE and all(isinstance(value, pyoxigraph.NamedNode) for value in values):
            return [("@type", [self._name(value.value, _context().classes.get(value.value)) for value in values])]
        term = _context().properties.get(predicate) if self._short else None
        if term is None:
            return [(self._name(predicate), [self._value(value, None) for value in values])]
        if not term.languages:
            return [(self._use(term.name), [self._value(value, term.datatype) for value in values])]
        return self._texts(predicate, term, values)

    def _texts(self, predicate: str, term: Term, values: list[_Value]) -> list[tuple[str, Any]]:
        """Texts by language; what is no text stands under the property's longer name."""
        by_language: dict[str, list[str]] = {}
        others = []
        for value in values:
            if isinstance(value, pyoxigraph.Literal) and (value.language or value.datatype.value == _STRING):
                by_language.setdefault(value.language or _NONE, []).append(value.value)
            else:
                others.append(self._value(value, None))
        found: list[tuple[str, Any]] = []
        if by_language:
            found.append((self._use(term.name), dict(sorted(by_language.items()))))
        return found + ([(self._name(predicate), others)] if others else [])

    def _value(self, value: _Value, datatype: str | None) -> str | dict[str, str]:
        if isinstance(value, pyoxigraph.NamedNode):
            return value.value if datatype == "@id" else {"@id": value.value}
        if value.language:
            return {"@language": value.language, "@value": value.value}
        if value.datatype.value == (datatype or _STRING):
            return value.value
        if value.datatype.value == _STRING:
            return {"@value": value.value}
        return {"@type": self._name(value.datatype.value), "@value": value.value}

    def _name(self, iri: str, name: str | None = None) -> str:
        """``name``, else the IRI with a prefix, else in full."""
        if self._short is None:
            return iri
        if name is not None:
            return self._use(name)
        short = self._short(iri)
        if short is None:
            return iri
        self._use(short.partition(":")[0])
        return short

    def _use(self, name: str) -> str:
        self._used.add(name)
        return name


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
