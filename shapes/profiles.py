"""The profiles that descriptions are judged by: data in ``profiles.toml``, shapes in Turtle beside it.

A new release of a profile is a folder of Turtle and an entry in ``profiles.toml``; no Python changes. An operator's
overlay folder may bring its own ``shapes/profiles.toml`` (an entry of the same id replaces the shipped one) and
its own Turtle (a file of the same name wins).
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rdflib import Graph, URIRef

from core.canonical import from_oxigraph
from core.errors import ProfileError
from core.terms import DCT, RDF, SH, new_graph

_SHIPPED = Path(__file__).parent
_DECLARATIONS = "profiles.toml"


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Shapes(_Declared):
    """Turtle files by what they are for: a dataset with all it refers to, or a catalogue and its like."""

    dataset: tuple[str, ...] = ()
    catalogue: tuple[str, ...] = ()


class Evidence(_Declared):
    """What in a description says that a profile is meant; a description needs one of them."""

    conforms_to: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()


class Case(_Declared):
    """More shapes, where the dataset has ``value`` as a value of ``path``: the access level chooses rules."""

    path: str
    value: str
    shapes: tuple[str, ...]


class Relaxation(_Declared):
    """A rule an operator shows as a warning; conformance is still not claimed. No repositories means all."""

    rule: str
    repositories: tuple[str, ...] = ()


class Profile(_Declared):
    """One release of one application profile.

    ``iri`` is what a record's ``dct:conformsTo`` names; without ``applies`` the profile applies to every description.
    """

    id: str
    label: str
    release: str
    iri: str
    specification: str
    extends: str | None = None
    shapes: Shapes
    applies: Evidence | None = None
    cases: tuple[Case, ...] = Field((), alias="case")

    def applies_to(self, description: Graph, dataset: URIRef) -> bool:
        """Whether the description claims this profile or uses its terms."""
        if self.applies is None:
            return True
        claims = {str(value).rstrip("/#") for value in description.objects(dataset, DCT.conformsTo)}
        if claims & {iri.rstrip("/#") for iri in (self.iri, *self.applies.conforms_to)}:
            return True
        namespaces = self.applies.namespaces
        return bool(namespaces) and any(str(p).startswith(namespaces) for p in description.predicates())

    def files(self) -> Iterator[str]:
        """Every Turtle file this profile names."""
        yield from self.shapes.dataset
        yield from self.shapes.catalogue
        for case in self.cases:
            yield from case.shapes


class _Document(_Declared):
    classes: tuple[str, ...] = ()
    profile: tuple[Profile, ...] = ()
    relaxed: tuple[Relaxation, ...] = ()


@dataclass(frozen=True, slots=True)
class ShapeFile:
    """One parsed Turtle file: its graph, the node shapes with a target that it defines, and its digest."""

    name: str
    graph: Graph
    targets: tuple[URIRef, ...]
    digest: str


class Profiles:
    """All declared profiles and their parsed shapes."""

    def __init__(
        self,
        profiles: Sequence[Profile],
        files: Mapping[str, ShapeFile],
        classes: Graph,
        relaxed: Sequence[Relaxation] = (),
    ) -> None:
        self._profiles = {profile.id: profile for profile in profiles}
        self.files = files
        self.classes = classes
        self.relaxed = tuple(relaxed)
        self.digest = self._digest()

    @classmethod
    def load(cls, overlay: Path | None = None) -> Profiles:
        """Read the shipped profiles and, over them, those of ``overlay/shapes``.

        Raises:
            ProfileError: a declaration or a Turtle file is missing or malformed; names the file and the line.
        """
        folders = [folder for folder in (overlay / "shapes" if overlay else None, _SHIPPED) if folder is not None]
        documents = [_read_document(folder / _DECLARATIONS) for folder in folders if (folder / _DECLARATIONS).is_file()]
        profiles: dict[str, Profile] = {}
        for document in reversed(documents):
            profiles.update({profile.id: profile for profile in document.profile})
        _check_extensions(profiles)
        names = {name for profile in profiles.values() for name in profile.files()}
        files = {name: _read_shapes(name, folders) for name in sorted(names)}
        classes = new_graph()
        for name in sorted({name for document in documents for name in document.classes}):
            classes += _read_turtle(_find(name, folders))
        return cls(list(profiles.values()), files, classes, [r for d in documents for r in d.relaxed])

    def _digest(self) -> str:
        """Changes when any shape, subclass fact, declaration or relaxation changes."""
        parts = [f"{name} {file.digest}" for name, file in self.files.items()]
        parts += sorted(f"{s} {o}" for s, o in self.classes.subject_objects())
        parts += [item.model_dump_json() for item in (*self, *self.relaxed)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def __iter__(self) -> Iterator[Profile]:
        return iter(self._profiles.values())

    def get(self, profile_id: str) -> Profile:
        """The profile with this id.

        Raises:
            ProfileError: there is none; the message lists those there are.
        """
        profile = self._profiles.get(profile_id)
        if profile is None:
            raise ProfileError(f"there is no profile {profile_id!r}", remedy=f"use one of {', '.join(self._profiles)}")
        return profile

    def lineage(self, profile_id: str) -> tuple[Profile, ...]:
        """The profile and all it extends, the most general first."""
        profile = self.get(profile_id)
        return (*(self.lineage(profile.extends) if profile.extends else ()), profile)

    def applicable(self, description: Graph, dataset: URIRef) -> tuple[str, ...]:
        """Ids of the profiles that apply to a description by themselves."""
        return tuple(profile.id for profile in self if profile.applies_to(description, dataset))

    def select(self, profile_ids: Iterable[str]) -> tuple[Profile, ...]:
        """The named profiles and all they extend, each once, the most general first."""
        chosen = {profile.id: profile for name in profile_ids for profile in self.lineage(name)}
        return tuple(chosen.values())


def _check_extensions(profiles: Mapping[str, Profile]) -> None:
    for profile in profiles.values():
        seen, current = {profile.id}, profile.extends
        while current is not None:
            if current not in profiles or current in seen:
                raise ProfileError(
                    f"profile {profile.id!r} extends {current!r}, which is unknown or extends it in turn",
                    where=_DECLARATIONS,
                    remedy="name another declared profile, or leave extends out",
                )
            seen.add(current)
            current = profiles[current].extends


def _read_document(path: Path) -> _Document:
    try:
        return _Document.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProfileError(f"not readable as TOML: {error}", where=str(path), remedy="correct the file") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ProfileError(
            f"{place}: {first['msg']}", where=str(path), remedy="see the shipped profiles.toml"
        ) from None


def _find(name: str, folders: Sequence[Path]) -> Path:
    for folder in folders:
        path = folder / name
        if path.resolve().is_relative_to(folder.resolve()) and path.is_file():
            return path
    raise ProfileError(
        f"the shapes file {name} does not exist", where=_DECLARATIONS, remedy="add the file or correct its name"
    )


def _read_turtle(path: Path) -> Graph:
    graph = new_graph()
    try:
        for triple in pyoxigraph.parse(path=path, format=pyoxigraph.RdfFormat.TURTLE):
            graph.add((from_oxigraph(triple.subject), from_oxigraph(triple.predicate), from_oxigraph(triple.object)))
    except SyntaxError as error:
        raise ProfileError(
            f"not Turtle: {error.msg}", where=f"{path}:{error.lineno}", remedy="correct the line"
        ) from None
    return graph


def _read_shapes(name: str, folders: Sequence[Path]) -> ShapeFile:
    path = _find(name, folders)
    graph = _read_turtle(path)
    targeted = {s for p in (SH.targetClass, SH.targetObjectsOf, SH.targetSubjectsOf) for s in graph.subjects(p)}
    targets = tuple(sorted(s for s in targeted if isinstance(s, URIRef) and (s, RDF.type, SH.NodeShape) in graph))
    if not targets:
        raise ProfileError(
            "no sh:NodeShape with an IRI and a target", where=str(path), remedy="give a shape sh:targetClass"
        )
    return ShapeFile(name, graph, targets, hashlib.sha256(path.read_bytes()).hexdigest())
