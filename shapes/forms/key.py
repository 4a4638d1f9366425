"""The machine names of columns: ``dct:title@en``, ``dct:publisher/cv:contactPoint/cv:email``, and so on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rdflib import URIRef

from core.terms import PREFIXES

_STEP = re.compile(r"(?:<([a-z][a-z0-9+.-]*:[^<>\s\"{}|\\^`]+)>|([a-z][a-z0-9]*):([A-Za-z][\w.-]*))(?:\[([1-9]\d?)\])?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")
#: Deeper paths are no form's.
_MAX_STEPS = 8


@dataclass(frozen=True, slots=True)
class Step:
    """One property of a path; ``number`` tells several nodes of the same property apart."""

    predicate: URIRef
    number: int = 1

    def __str__(self) -> str:
        return shown(self.predicate) + (f"[{self.number}]" if self.number > 1 else "")


@dataclass(frozen=True, slots=True)
class Key:
    """The name of a column: the properties that lead from the dataset to the value, and the language of a text."""

    steps: tuple[Step, ...]
    language: str | None = None

    @classmethod
    def parse(cls, text: str) -> Key | None:
        """Read a column's name; None where it is none. Spaces around its signs do not matter."""
        text = re.sub(r"\s*([/@\[\]])\s*", r"\1", text.strip())
        steps: list[Step] = []
        position = 0
        while (found := _STEP.match(text, position)) and len(steps) < _MAX_STEPS:
            iri, prefix, local, number = found.groups()
            namespace = PREFIXES.get(prefix or "")
            if iri is None and namespace is None:
                return None
            predicate = URIRef(iri) if namespace is None else namespace[local]
            steps.append(Step(predicate, int(number or 1)))
            position = found.end()
            if not text.startswith("/", position):
                break
            position += 1
        rest = text[position:]
        if (
            not steps
            or text[:position].endswith("/")
            or (rest and not (rest.startswith("@") and _LANGUAGE.fullmatch(rest[1:])))
        ):
            return None
        return cls(tuple(steps), rest[1:].lower() or None)

    @classmethod
    def of(cls, path: Iterable[URIRef], language: str | None = None) -> Key:
        """The name of the first column for a path."""
        return cls(tuple(Step(predicate) for predicate in path), language)

    @property
    def path(self) -> tuple[URIRef, ...]:
        """The properties without their numbers."""
        return tuple(step.predicate for step in self.steps)

    def __str__(self) -> str:
        return "/".join(map(str, self.steps)) + (f"@{self.language}" if self.language else "")


def shown(iri: URIRef | str) -> str:
    """A property as people write it: with its prefix, or in angle brackets."""
    text = str(iri)
    for prefix, namespace in PREFIXES.items():
        local = text.removeprefix(str(namespace))
        if local != text and re.fullmatch(r"[A-Za-z][\w.-]*", local):
            return f"{prefix}:{local}"
    return f"<{text}>"
