"""How forms are laid out: ``layout.toml``, or the overlay's file of that name in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from rdflib import URIRef

from shapes.forms.key import shown
from shapes.strict_toml import Table, read_toml

_SHIPPED = Path(__file__).parent
_NAME = "layout.toml"


class Section(Table):
    """A heading and the properties of the dataset that stand under it, in order."""

    title: str
    properties: tuple[str, ...]


class Property(Table):
    """What is special about the columns whose path fits one of ``paths`` (see ``layout.toml``)."""

    paths: tuple[str, ...]
    first: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    add: bool = False
    unfold: bool = False
    text: Literal["plain", "tagged"] | None = None
    link: bool = False
    label: str | None = None
    help: str | None = None
    list: str | None = None
    kind: str | None = Field(None, alias="class")
    hidden: bool = False


class Layout(Table):
    """The order and grouping of columns, and what shapes cannot say of them."""

    rest: str
    section: tuple[Section, ...]
    property: tuple[Property, ...] = ()

    @classmethod
    def load(cls, overlay: Path | None = None) -> Layout:
        """Read the overlay's ``shapes/forms/layout.toml``, else the shipped one.

        Raises:
            ProfileError: it is not TOML, or has a key that a layout does not have.
        """
        laid = overlay / "shapes" / "forms" / _NAME if overlay else None
        path = laid if laid is not None and laid.is_file() else _SHIPPED / _NAME
        return read_toml(path, cls, "see the shipped layout.toml for the keys")

    def of(self, path: tuple[URIRef, ...]) -> Property:
        """What is said of a path; the longest of the paths that fit says it."""
        names = [shown(step) for step in path]
        found = Property(paths=())
        ends = ["/".join(names[-length:]) for length in range(1, len(names) + 1)]
        for end in (*ends, f"/{ends[-1]}"):
            for declared in self.property:
                if end in declared.paths:
                    said = declared.model_dump(exclude_defaults=True, exclude={"paths"}, by_alias=True)
                    found = Property.model_validate(found.model_dump(by_alias=True) | said)
        return found

    def added(self, path: tuple[URIRef, ...]) -> list[str]:
        """The properties that the layout adds to the node at ``path``, in the order of ``first``."""
        names = "/".join(shown(step) for step in path)
        ends = [end for declared in self.property if declared.add for end in declared.paths]
        parents = [end.rpartition("/") for end in ends]
        return [name for parent, _, name in parents if parent and f"/{names}".endswith(f"/{parent}")]

    def place(self, predicate: URIRef) -> tuple[int, int]:
        """Where a property of the dataset stands: its section and its place there; unnamed ones stand last."""
        name = shown(predicate)
        for number, section in enumerate(self.section):
            if name in section.properties:
                return number, section.properties.index(name)
        return len(self.section), 0

    def heading(self, number: int) -> str:
        """The title of a section by its number."""
        return self.section[number].title if number < len(self.section) else self.rest
