"""The vocabularies in memory: what every term, concept and authority entry is called and where it belongs.

They are parsed with pyoxigraph rather than rdflib, because every command pays for loading them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import pyoxigraph
from rdflib import URIRef
from rdflib.term import Node

from core.canonical import from_oxigraph
from core.errors import VocabularyError
from core.terms import DCT, RDF, RDFS, SKOS
from ontology.additions import ADDITIONS, extended
from ontology.concept import Concept, Scheme
from ontology.links import linked
from ontology.scheme import Properties, by_subject, read_scheme
from ontology.sssom import load_mapping_sets
from ontology.turtle import TurtleFile, layered, read_turtle

HERE = Path(__file__).parent

#: What an entry says of its subject: enough to satisfy a class or scheme constraint and to show a name in English.
_ENTRY = (RDF.type, RDFS.label, DCT.title, SKOS.prefLabel, SKOS.inScheme, SKOS.notation)


#: What one file says by subject, its scheme, and the concepts of that.
_Read = tuple[Mapping[str, Properties], Scheme, Mapping[str, Concept]]


class Vocabularies:
    """Radiograph's ontology and all concept schemes.

    ``schemes`` maps a scheme's name (its file's name without ``.ttl``) to its concepts by IRI, ``headings`` to
    the scheme itself; ``digest`` changes when any file changes.
    """

    def __init__(
        self, ontology: TurtleFile, schemes: Mapping[str, TurtleFile], like: Vocabularies | None = None
    ) -> None:
        """Index parsed files; :meth:`load` is the usual way in. What ``like`` has of the same is not read again.

        Raises:
            VocabularyError: a scheme is malformed (see :meth:`load`).
        """
        self._files = {"ontology": ontology} | {f"vocabulary/{name}": schemes[name] for name in sorted(schemes)}
        self._said: dict[str, list[Properties]] = defaultdict(list)
        self._concepts: dict[str, Concept] = {}
        self._entries: dict[str, list[tuple[URIRef, URIRef, Node]]] = {}
        self._ancestors: dict[str, tuple[str, ...]] = {}
        self._enter(by_subject(ontology))
        self._read: dict[str, _Read] = {}
        self.headings: dict[str, Scheme] = {}
        indexed: dict[str, Mapping[str, Concept]] = {}
        for name in sorted(schemes):
            known = like._known(name, schemes[name]) if like is not None else None
            self._read[name] = known or _read(name, schemes[name])
            subjects, self.headings[name], concepts = self._read[name]
            self._enter(subjects)
            self._check_new(schemes[name], concepts)
            self._concepts |= concepts
            indexed[name] = MappingProxyType(concepts)
        self.schemes: Mapping[str, Mapping[str, Concept]] = MappingProxyType(indexed)
        self._children = self._check_references(schemes)
        self.digest = hashlib.sha256(b"\0".join(_digestible(self._files))).hexdigest()

    @classmethod
    def load(cls, overlay: Path | None = None) -> Vocabularies:
        """Parse ``ontology/radiograph.ttl`` and ``ontology/concepts/*.ttl``, the overlay's files first.

        ``overlay`` is the folder of the setting ``RADIOGRAPH_OVERLAY``; its ``ontology/concepts/x.ttl``
        replaces the shipped ``x.ttl`` or adds a scheme ``x``, and its ``ontology/concepts/additions/x.ttl``
        says more in scheme ``x``: new concepts, and more about concepts that are there. What mapping sets say of
        concepts is said of them here.

        Raises:
            VocabularyError: a file is not Turtle, or a scheme has a concept without English label or notation,
                a notation twice, a broader or replacing concept that does not exist, or a cycle; or an addition
                describes what its scheme does not have. Names file and line.
        """
        laid = overlay / "ontology" if overlay is not None else None
        paths = layered(HERE / "concepts", laid / "concepts" if laid else None, "*.ttl")
        ontology = layered(HERE, laid, "radiograph.ttl")
        if not ontology or not paths:
            raise VocabularyError("no vocabularies found", where=str(HERE), remedy="reinstall Radiograph")
        schemes = {path.stem: read_turtle(path) for path in paths}
        if laid is not None:
            for path in sorted(laid.glob(f"concepts/{ADDITIONS}/*.ttl")):
                schemes[path.stem] = extended(schemes.get(path.stem), read_turtle(path))
        return cls(read_turtle(ontology[0]), linked(schemes, load_mapping_sets(overlay)))

    def concept(self, iri: str) -> Concept | None:
        """The concept with this IRI, of whatever scheme."""
        return self._concepts.get(iri)

    def ancestors(self, iri: str) -> tuple[str, ...]:
        """All broader concepts, transitively, each before those broader than it, without the concept itself."""
        if iri not in self._ancestors:
            found: list[str] = []
            seen: set[str] = set()
            path = [(iri, iter(self._broader(iri)))]
            while path:
                one, waiting = path[-1]
                if (broader := next(waiting, None)) is None:
                    path.pop()
                    found += [one] if path else []
                elif broader not in seen:
                    seen.add(broader)
                    path.append((broader, iter(self._broader(broader))))
            self._ancestors[iri] = tuple(reversed(found))
        return self._ancestors[iri]

    def children(self, iri: str) -> tuple[str, ...]:
        """The directly narrower concepts that are in use, in the order of their file."""
        return self._children.get(iri, ())

    def current(self, iri: str) -> tuple[str, ...]:
        """The concepts in use that a concept stands for: itself, or what replaces it if it is deprecated."""
        found: dict[str, None] = {}
        seen: set[str] = set()
        waiting = [iri]
        while waiting:
            concept = self._concepts.get(one := waiting.pop(0))
            if concept is None or one in seen:
                continue
            seen.add(one)
            if concept.deprecated:
                waiting += concept.replaced_by
            else:
                found[one] = None
        return tuple(found)

    def texts(self, iri: str, predicate: URIRef) -> tuple[tuple[str, str], ...]:
        """What is said of an IRI by a property of texts, such as ``skos:altLabel``: (language, text), in order."""
        return tuple(
            (value.language or "", value.value)
            for properties in self._said.get(iri, ())
            for value in properties.get(str(predicate), ())
            if isinstance(value, pyoxigraph.Literal)
        )

    def entry(self, iri: str) -> list[tuple[URIRef, URIRef, Node]]:
        """What the vocabularies say of an IRI: types, English labels, scheme and notation; empty if unknown."""
        if iri not in self._entries and iri in self._said:
            subject = URIRef(iri)
            self._entries[iri] = [
                (subject, predicate, from_oxigraph(value))
                for properties in self._said[iri]
                for predicate in _ENTRY
                for value in properties.get(str(predicate), ())
                if not isinstance(value, pyoxigraph.Literal) or value.language in (None, "en")
            ]
        return list(self._entries.get(iri, ()))

    def equivalents(self, iri: str, predicate: URIRef) -> tuple[str, ...]:
        """The IRIs that a concept is tied to by ``skos:exactMatch`` or another property of concepts."""
        return tuple(
            value.value
            for properties in self._said.get(iri, ())
            for value in properties.get(str(predicate), ())
            if isinstance(value, pyoxigraph.NamedNode)
        )

    def graphs(self, only: Container[str] | None = None) -> Iterator[tuple[str, bytes]]:
        """Yield ``(name, sorted N-Triples)`` of each vocabulary, or of some: ``ontology``, ``vocabulary/cancer``, …

        Files say ``skos:broader`` alone; here its other side, ``skos:narrower``, is said as well.
        """
        for name, file in self._files.items():
            if only is not None and name not in only:
                continue
            lines = {f"{triple} .\n" for triple in file.triples}
            for iri in self.schemes.get(name.removeprefix("vocabulary/"), ()):
                lines |= {f"<{iri}> <{SKOS.narrower}> <{child}> .\n" for child in self.children(iri)}
            yield name, "".join(sorted(lines)).encode()

    def _broader(self, iri: str) -> Sequence[str]:
        """Last first, so that the first comes nearest when the way up is turned round."""
        return self._concepts[iri].broader[::-1] if iri in self._concepts else ()

    def _enter(self, subjects: Mapping[str, Properties]) -> None:
        for subject, properties in subjects.items():
            self._said[subject].append(properties)

    def _known(self, name: str, file: TurtleFile) -> _Read | None:
        """What was read of a scheme, if its file says the same as ``file``."""
        ours = self._files.get(f"vocabulary/{name}")
        same = ours is not None and ours.triples == file.triples and ours.prefixes == file.prefixes
        return self._read[name] if same else None

    def _check_new(self, file: TurtleFile, concepts: Mapping[str, Concept]) -> None:
        for iri in concepts:
            if iri in self._concepts:
                other = self._concepts[iri].scheme
                raise VocabularyError(
                    f"{iri} is already a concept of scheme {other!r}",
                    where=file.where(iri),
                    remedy="give it an IRI of its own, or name the file after the scheme it replaces",
                )

    def _check_references(self, files: Mapping[str, TurtleFile]) -> dict[str, tuple[str, ...]]:
        children: dict[str, list[str]] = defaultdict(list)
        for concept in self._concepts.values():
            for other in (*concept.broader, *concept.replaced_by):
                if other not in self._concepts:
                    kind = "broader" if other in concept.broader else "replacing"
                    raise VocabularyError(
                        f"{concept.iri} has the {kind} concept {other}, which does not exist",
                        where=files[concept.scheme].where(concept.iri),
                        remedy="correct the IRI, or add the concept",
                    )
            if not concept.deprecated:
                for broader in concept.broader:
                    children[broader].append(concept.iri)
        circular = [concept for concept in self._concepts.values() if concept.iri in self.ancestors(concept.iri)]
        if circular:
            worst = next((one for one in circular if files[one.scheme].adds_to(one.iri)), circular[0])
            raise VocabularyError(
                f"{worst.iri} is broader than itself",
                where=files[worst.scheme].where(worst.iri),
                remedy="remove the skos:broader that closes the circle",
            )
        return {iri: tuple(narrower) for iri, narrower in children.items()}


def _read(name: str, file: TurtleFile) -> _Read:
    subjects = by_subject(file)
    return subjects, *read_scheme(name, file, subjects)


def _digestible(files: Mapping[str, TurtleFile]) -> Iterator[bytes]:
    for name, file in files.items():
        yield name.encode() + b"\0" + file.text.encode()
        if file.addition is not None:
            yield f"{name}/{ADDITIONS}".encode() + b"\0" + file.addition.text.encode()
        if file.linked:
            yield f"{name}/mappings".encode() + b"\0" + "\n".join(map(str, file.linked)).encode()
