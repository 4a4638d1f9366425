"""The profiles that descriptions are judged by: data in ``profiles.toml``, shapes in Turtle beside it.

A new release of a profile is a folder of Turtle and an entry in ``profiles.toml``; no Python changes. An operator's
overlay folder may bring its own ``shapes/profiles.toml`` (an entry of the same id replaces the shipped one) and
its own Turtle (a file of the same name wins).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph
from rdflib import Graph, URIRef
from rdflib.term import Node

from core.canonical import from_oxigraph
from core.errors import ProfileError
from core.terms import RDF, SH, new_graph
from shapes.declarations import DECLARATIONS, Document, Profile, Relaxation, check_extensions, read_declarations

__all__ = ["Profile", "Profiles", "Relaxation", "ShapeFile", "profile_iris"]

_SHIPPED = Path(__file__).parent
_TARGETS = (SH.targetClass, SH.targetObjectsOf, SH.targetSubjectsOf)


@dataclass(frozen=True, slots=True)
class ShapeFile:
    """One parsed Turtle file: its graph, the node shapes with a target that it defines, its constraints, its digest."""

    name: str
    path: Path
    graph: Graph
    targets: tuple[URIRef, ...]
    constraints: frozenset[URIRef]
    digest: str

    def line_of(self, node: Node) -> str:
        """The file, and the line where the statements on ``node`` begin, for messages."""
        local = re.escape(re.split(r"[#/]", str(node))[-1])
        text = self.path.read_text(encoding="utf-8")
        # What stands indented is rather a reference to the node.
        patterns = (rf"^{indent}(<[^>]*{local}>|[\w.-]*:{local})(?=\s)" for indent in ("", r"\s*"))
        found = next((match for pattern in patterns if (match := re.search(pattern, text, re.MULTILINE))), None)
        return f"{self.path}:{text.count(chr(10), 0, found.start(1)) + 1}" if found else str(self.path)


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
        self._constraints: dict[tuple[str, tuple[str, ...] | None], frozenset[URIRef]] = {}

    @classmethod
    def load(cls, overlay: Path | None = None) -> Profiles:
        """Read the shipped profiles and, over them, those of ``overlay/shapes``.

        Raises:
            ProfileError: a declaration or a Turtle file is missing or malformed; names the file and the line.
        """
        folders, documents = _documents(overlay)
        profiles: dict[str, Profile] = {}
        for document in reversed(documents):
            profiles.update({profile.id: profile for profile in document.profile})
        check_extensions(profiles)
        named = {name: profile for profile in profiles.values() for name in profile.files()}
        files = {name: _read_shapes(name, folders, named[name].source) for name in sorted(named)}
        _check_unique(files.values())
        classes = new_graph()
        for name in sorted({name for document in documents for name in document.classes}):
            classes += _read_turtle(_find(name, folders, DECLARATIONS))
        loaded = cls(list(profiles.values()), files, classes, [r for d in documents for r in d.relaxed])
        loaded._check_names()
        return loaded

    def _check_names(self) -> None:
        """See that what profiles do without, and what operators relax, exists: a misspelt IRI would do nothing."""
        for profile in self:
            foreign = set(profile.replaces) - {
                name for above in self.lineage(profile.id)[:-1] for name in above.files()
            }
            if foreign:
                raise ProfileError(
                    f"profile {profile.id!r} replaces {min(foreign)}, which is no file of a profile it extends",
                    where=profile.source,
                    remedy="correct the name, or leave it out",
                )
            unknown = set(profile.without) - {str(rule) for rule in self._inherited(profile)}
            if unknown:
                raise ProfileError(
                    f"profile {profile.id!r} is without {min(unknown)}, which is no constraint of its files",
                    where=profile.source,
                    remedy="correct the IRI, or leave it out",
                )
        constraints = {str(rule) for file in self.files.values() for rule in file.constraints}
        for relaxation in self.relaxed:
            if relaxation.rule not in constraints:
                raise ProfileError(
                    f"the relaxed rule {relaxation.rule} is no constraint of any profile",
                    where=DECLARATIONS,
                    remedy="correct the IRI, or leave the entry out",
                )

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

    def reasons(
        self, description: Graph, dataset: URIRef, *, repository: str | None = None, named: Iterable[str] = ()
    ) -> dict[str, str]:
        """The profiles that a description is judged by, the most general first, and why, in words after "because".

        ``named`` are those that somebody asked for; what the description says then counts for nothing.
        """
        found = dict.fromkeys(named, "it was asked for")
        if not found:
            told = {profile.id: profile.why(description, dataset, repository) for profile in self}
            found = {name: why for name, why in told.items() if why is not None}
        reasons: dict[str, str] = {}
        for profile in self.select(found):
            heirs = [p for p in self.select(found) if p.extends == profile.id]
            reasons[profile.id] = found.get(profile.id) or f"{heirs[0].label} {heirs[0].release} extends it"
        return reasons

    def applicable(self, description: Graph, dataset: URIRef, repository: str | None = None) -> tuple[str, ...]:
        """Ids of the profiles that apply to a description by themselves."""
        return tuple(profile.id for profile in self if profile.why(description, dataset, repository) is not None)

    def select(self, profile_ids: Iterable[str]) -> tuple[Profile, ...]:
        """The named profiles and all they extend, each once, the most general first."""
        chosen = {profile.id: profile for name in profile_ids for profile in self.lineage(name)}
        return tuple(chosen.values())

    def constraints(self, profile_id: str, files: Iterable[str] | None = None) -> frozenset[URIRef]:
        """The constraints that a profile and those it extends have in ``files``; left out, in all their files."""
        key = (profile_id, None if files is None else tuple(files))
        if key not in self._constraints:
            profile = self.get(profile_id)
            rules = self._inherited(profile) - {URIRef(rule) for rule in profile.without}
            rules -= {rule for name in profile.replaces for rule in self.files[name].constraints}
            if key[1] is not None:
                rules &= {rule for name in set(key[1]) for rule in self.files[name].constraints}
            self._constraints[key] = rules
        return self._constraints[key]

    def _inherited(self, profile: Profile) -> frozenset[URIRef]:
        """The constraints of its own files and of the profile it extends, before it does without some."""
        own = frozenset(rule for name in profile.files() for rule in self.files[name].constraints)
        return own | self.constraints(profile.extends) if profile.extends else own


def _find(name: str, folders: Sequence[Path], source: str) -> Path:
    for folder in folders:
        path = folder / name
        if path.resolve().is_relative_to(folder.resolve()) and path.is_file():
            return path
    raise ProfileError(
        f"the shapes file {name} does not exist", where=source, remedy="add the file or correct its name"
    )


def profile_iris(overlay: Path | None = None) -> dict[str, str]:
    """The IRI of each declared profile by its id; shapes are not read.

    Raises:
        ProfileError: a declaration is malformed.
    """
    _, documents = _documents(overlay)
    return {profile.id: profile.iri for document in reversed(documents) for profile in document.profile}


def _documents(overlay: Path | None) -> tuple[list[Path], list[Document]]:
    """The folders of shapes and the declarations in them, the overlay's first."""
    folders = [folder for folder in (overlay / "shapes" if overlay else None, _SHIPPED) if folder is not None]
    return folders, [
        read_declarations(folder / DECLARATIONS) for folder in folders if (folder / DECLARATIONS).is_file()
    ]


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


def _read_shapes(name: str, folders: Sequence[Path], source: str) -> ShapeFile:
    path = _find(name, folders, source)
    graph = _read_turtle(path)
    targeted = {s for p in _TARGETS for s in graph.subjects(p)}
    targets = tuple(sorted(s for s in targeted if isinstance(s, URIRef) and (s, RDF.type, SH.NodeShape) in graph))
    if not targets:
        raise ProfileError(
            "no sh:NodeShape with an IRI and a target", where=str(path), remedy="give a shape sh:targetClass"
        )
    constraints = frozenset(s for s in graph.subjects(SH.severity) if isinstance(s, URIRef))
    return ShapeFile(name, path, graph, targets, constraints, hashlib.sha256(path.read_bytes()).hexdigest())


def _check_unique(files: Iterable[ShapeFile]) -> None:
    """All shapes are prepared as one graph: two shapes of one name would become one that nobody wrote."""
    homes: dict[URIRef, ShapeFile] = {}
    for file in files:
        for node in sorted({*file.constraints, *file.targets}):
            home = homes.setdefault(node, file)
            if home is not file:
                raise ProfileError(
                    f"{node} is defined here and in {home.line_of(node)}",
                    where=file.line_of(node),
                    remedy="give the one of the newer release an IRI of its own, or name the other file in its place",
                )
