"""What a form is made of: fields, and what is known of the nodes between a dataset and its values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from rdflib import URIRef

from core.terms import SKOS
from ontology.background import ranges
from shapes.declarations import Profile
from shapes.forms.code_list import CodeList
from shapes.forms.key import Key

#: How the first cell of a form begins.
MARK = "radiograph-form:"


class Kind(StrEnum):
    """What is written in the cells of a column."""

    TEXT = "text"
    DATE = "date"
    WHOLE = "whole number"
    DECIMAL = "decimal number"
    BOOLEAN = "yes or no"
    TYPED = "typed text"
    LINK = "link"


class Need(StrEnum):
    """How badly a value is wanted."""

    MANDATORY = "mandatory"
    CONDITIONAL = "conditional"
    RECOMMENDED = "recommended"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True)
class Field:
    """One column. ``condition`` says when a conditional value must be there; ``classes`` are those of the value."""

    path: tuple[URIRef, ...]
    section: str
    label: str
    help: str
    need: Need
    condition: str
    several: bool
    kind: Kind
    language: str | None
    datatype: URIRef | None
    classes: tuple[URIRef, ...]
    codes: CodeList | None
    examples: tuple[str, ...]

    @property
    def key(self) -> Key:
        """The machine name of the column."""
        return Key.of(self.path, self.language)

    @property
    def stated_classes(self) -> tuple[URIRef, ...]:
        """The classes that must be stated of an address in the column, because nobody else knows them."""
        if self.kind is not Kind.LINK or str(self.path[-1]) in ranges():
            return ()
        return tuple(kind for kind in self.classes if kind != SKOS.Concept)

    @property
    def demand(self) -> str:
        """How badly a value is wanted, in words."""
        need = Need.MANDATORY if self.need is Need.CONDITIONAL else self.need
        return f"{need.value} {self.condition}".strip()


@dataclass(frozen=True)
class Form:
    """The form of one release of a profile.

    ``nodes`` has the classes of what stands between a dataset and its values: of the publisher, of a distribution;
    the dataset itself has the empty path.
    """

    profile: Profile
    level: str | None
    fields: tuple[Field, ...]
    nodes: Mapping[tuple[URIRef, ...], tuple[URIRef, ...]]

    @property
    def mark(self) -> str:
        """What tells that a table is this form, whatever became of the rest of it."""
        level = f"/{self.level_label}" if self.level else ""
        return f"{MARK}{self.profile.id}/{self.profile.release}{level}"

    @property
    def title(self) -> str:
        return f"{self.profile.label} {self.profile.release}"

    @property
    def level_label(self) -> str | None:
        """The access level as its code: NON_PUBLIC."""
        return None if self.level is None else code_of(self.level)

    def only(self, needs: frozenset[Need]) -> Form:
        """The form with the fields that are wanted so badly."""
        return replace(self, fields=tuple(field for field in self.fields if field.need in needs))

    def field(self, path: tuple[URIRef, ...]) -> Field | None:
        """The field with this path."""
        return next((field for field in self.fields if field.path == path), None)


def code_of(iri: str) -> str:
    """The last part of an IRI."""
    return re.split(r"[/#]", iri)[-1]
