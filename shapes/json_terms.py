"""What the terms of a JSON-LD text stand for, as far as one reading of all its contexts tells.

A term that two contexts of the text define differently stands for nothing here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin

from rdflib import URIRef

from ontology.contexts import known_context

_KEYWORDS = frozenset(
    f"@{name}"
    for name in (
        *("context", "graph", "id", "included", "index", "language", "list", "nest", "reverse", "set", "type"),
        *("value", "vocab", "base", "direction", "import", "json", "none", "prefix", "propagate", "protected"),
    )
)
#: Terms may be defined by terms; not deeper than this.
_MOST_STEPS = 5


class Terms:
    """The terms of all contexts in a JSON-LD document."""

    def __init__(self, document: Any) -> None:
        self._iris: dict[str, str | None] = {}
        self._containers: dict[str, str | None] = {}
        self._settings: dict[str, str | None] = {}
        for context in _contexts(document):
            for term, definition in context.items():
                self._define(term, definition)
        self._prefixes = {name: iri for name in self._iris if (iri := self._expand(name)) is not None}

    def _define(self, term: str, definition: Any) -> None:
        if term in ("@vocab", "@base"):
            _keep(self._settings, term, definition if isinstance(definition, str) else None)
        elif isinstance(definition, str):
            _keep(self._iris, term, definition)
        elif isinstance(definition, dict):
            named = definition.get("@id", None if "@reverse" in definition else term)
            _keep(self._iris, term, named if isinstance(named, str) else None)
            container = definition.get("@container")
            _keep(self._containers, term, container if isinstance(container, str) else None)

    def keyword(self, key: str) -> str | None:
        """The keyword that a key is, or is another name for."""
        known = key if key.startswith("@") else self._iris.get(key)
        return known if known in _KEYWORDS else None

    def container(self, key: str) -> str | None:
        """How the values of a term are arranged, if its definition says so."""
        return self._containers.get(key)

    def predicate(self, key: str) -> URIRef | None:
        """The property that a key stands for."""
        iri = self._expand(key)
        return URIRef(iri) if iri is not None else None

    def iris(self, text: str) -> set[str]:
        """The IRIs that a text may stand for where an identifier or a term is expected."""
        found = {text}
        if (term := self._expand(text)) is not None:
            found.add(term)
        if (base := self._settings.get("@base")) is not None:
            found.add(urljoin(base, text))
        return found

    def written(self, value: str) -> set[str]:
        """The ways in which an IRI may be written in the text; a literal's text is written as it is."""
        short = {f"{p}:{value[len(iri) :]}" for p, iri in self._prefixes.items() if iri and value.startswith(iri)}
        same = {name for name, iri in self._prefixes.items() if iri == value}
        return {value} | short | same

    def _expand(self, key: str, steps: int = _MOST_STEPS) -> str | None:
        if steps == 0 or key.startswith("@"):
            return None
        if key in self._iris:
            named = self._iris[key]
            if named is None or named == key:
                return self._compact(key, steps) if named == key else None
            return self._expand(named, steps - 1)
        return self._compact(key, steps)

    def _compact(self, key: str, steps: int) -> str | None:
        prefix, colon, local = key.partition(":")
        if colon:
            if local.startswith("//") or prefix not in self._iris:
                return key
            base = self._expand(prefix, steps - 1)
            return base + local if base is not None else None
        vocabulary = self._settings.get("@vocab")
        return vocabulary + key if vocabulary else None


def _keep(kept: dict[str, str | None], key: str, value: str | None) -> None:
    """Keep a definition; one that contradicts another leaves none."""
    kept[key] = value if kept.get(key, value) == value else None


def _contexts(value: Any) -> Iterator[Mapping[str, Any]]:
    """Every context in a document, at any depth, contexts in definitions of terms too."""
    if isinstance(value, dict):
        found = value.get("@context")
        for context in found if isinstance(found, list) else [found]:
            known = known_context(context) if isinstance(context, str) else context
            if isinstance(known, Mapping):
                yield known
        for inner in value.values():
            yield from _contexts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _contexts(inner)
