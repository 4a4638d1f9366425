"""What ``profiles.toml`` may say, and reading it: a profile is data, checked before anything is judged by it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import Field, PrivateAttr
from rdflib import Graph, URIRef

from core.errors import ProfileError
from core.terms import DCT, prefixed
from shapes.strict_toml import Table, read_toml

DECLARATIONS = "profiles.toml"


class Shapes(Table):
    """Turtle files by what they are for: a dataset with all it refers to, or a catalogue and its like."""

    dataset: tuple[str, ...] = ()
    catalogue: tuple[str, ...] = ()


class Evidence(Table):
    """What says that a profile is meant; one of them is enough.

    ``conforms_to`` and ``namespaces`` are looked for in the description; ``repositories`` are ids of repositories
    all of whose descriptions are meant.
    """

    conforms_to: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    repositories: tuple[str, ...] = ()


class Case(Table):
    """More shapes, where the dataset has ``value`` as a value of ``path``: the access level chooses rules."""

    path: str
    value: str
    shapes: tuple[str, ...]

    def holds(self, description: Graph, dataset: URIRef) -> bool:
        """Whether the dataset has the value."""
        return self.value in {str(value) for value in description.objects(dataset, URIRef(self.path))}


class Relaxation(Table):
    """A rule an operator shows as a warning; conformance is still not claimed. No repositories means all."""

    rule: str
    repositories: tuple[str, ...] = ()


class Profile(Table):
    """One release of one application profile.

    ``iri`` is what a record's ``dct:conformsTo`` names; without ``applies`` the profile applies to every description.
    ``without`` are constraints of the named files, or of the extended profile, that this release does not have;
    ``replaces`` are files of the extended profile, its code lists for one, that its own stand in for.
    """

    id: str
    label: str
    release: str
    iri: str
    specification: str
    extends: str | None = None
    enabled: bool = True
    shapes: Shapes
    without: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    applies: Evidence | None = None
    cases: tuple[Case, ...] = Field((), alias="case")
    examples: tuple[str, ...] = ()
    _source: str = PrivateAttr(DECLARATIONS)

    @property
    def source(self) -> str:
        """The file that declares it, for messages."""
        return self._source

    def why(self, description: Graph, dataset: URIRef, repository: str | None = None) -> str | None:
        """Why the profile applies by itself, in words that follow "because"; None where it does not."""
        if not self.enabled:
            return None
        if self.applies is None:
            return "it applies to every description"
        if repository is not None and repository in self.applies.repositories:
            return f"it applies to every description of the repository {repository}"
        claims = {str(value).rstrip("/#") for value in description.objects(dataset, DCT.conformsTo)}
        if claims & {iri.rstrip("/#") for iri in (self.iri, *self.applies.conforms_to)}:
            return f"the description names {self.label} in dct:conformsTo"
        namespaces = self.applies.namespaces
        used = min((str(p) for p in set(description.predicates()) if str(p).startswith(namespaces)), default=None)
        if namespaces and used is not None:
            return f"the description uses terms of the {self.label} namespace, such as {prefixed(used)}"
        return None

    @property
    def scope(self) -> str:
        """Which descriptions it applies to by itself, in words."""
        if not self.enabled:
            return "none until it is enabled"
        if self.applies is None:
            return "every description"
        claims = "descriptions that name it in dct:conformsTo"
        uses = [f"use the namespace {namespace}" for namespace in self.applies.namespaces]
        members = [f"belong to the repository {repository}" for repository in self.applies.repositories]
        return " or ".join((claims, *uses, *members))

    def dataset_files(self, description: Graph, dataset: URIRef) -> Iterator[str]:
        """The Turtle files that hold for this dataset."""
        yield from self.shapes.dataset
        for case in self.cases:
            if case.holds(description, dataset):
                yield from case.shapes

    def files(self) -> Iterator[str]:
        """Every Turtle file this profile names."""
        yield from self.shapes.dataset
        yield from self.shapes.catalogue
        for case in self.cases:
            yield from case.shapes


class Document(Table):
    """One ``profiles.toml``."""

    classes: tuple[str, ...] = ()
    profile: tuple[Profile, ...] = ()
    relaxed: tuple[Relaxation, ...] = ()


def read_declarations(path: Path) -> Document:
    """Read one ``profiles.toml``.

    Raises:
        ProfileError: it is not TOML, or a key is unknown, missing or of the wrong kind; names the line.
    """
    document = read_toml(path, Document, "see the shipped profiles.toml for the keys")
    for profile in document.profile:
        profile._source = str(path)
    ids = [profile.id for profile in document.profile]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        raise ProfileError(
            f"the profile {twice!r} is declared twice", where=str(path), remedy="give one of them another id"
        )
    return document


def check_extensions(profiles: Mapping[str, Profile]) -> None:
    """See that every profile extends a known one, and none itself.

    Raises:
        ProfileError: one does not; names the file that declares it.
    """
    for profile in profiles.values():
        seen, current = {profile.id}, profile.extends
        while current is not None:
            if current not in profiles or current in seen:
                raise ProfileError(
                    f"profile {profile.id!r} extends {current!r}, which is unknown or extends it in turn",
                    where=profile.source,
                    remedy="name another declared profile, or leave extends out",
                )
            seen.add(current)
            current = profiles[current].extends
