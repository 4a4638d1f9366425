"""The vocabularies in memory: what every term, concept and authority entry is called and where it belongs.

They are parsed with pyoxigraph rather than rdflib, because every command pays for loading them.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

import pyoxigraph
from rdflib import URIRef
from rdflib.term import Node

from core.canonical import from_oxigraph
from core.errors import VocabularyError
from core.terms import DCT, RADIOGRAPH, RDF, RDFS, SKOS
from ontology.concept import Concept, Scheme
from ontology.turtle import TurtleFile, layered, read_turtle

HERE = Path(__file__).parent

#: What an entry says of its subject: enough to satisfy a class or scheme constraint and to show a name.
_ENTRY = frozenset(str(p) for p in (RDF.type, RDFS.label, DCT.title, SKOS.prefLabel, SKOS.inScheme, SKOS.notation))

_VALUES = (pyoxigraph.NamedNode, pyoxigraph.Literal)

Statements = dict[str, list[pyoxigraph.Triple]]
Properties = dict[str, list[pyoxigraph.NamedNode | pyoxigraph.Literal]]


class Vocabularies:
    """Radiograph's ontology and all concept schemes.

    ``schemes`` maps a scheme's name (its file's name without ``.ttl``) to its concepts by IRI, ``headings`` to
    the scheme itself; ``digest`` changes when any file changes.
    """

    def __init__(self, ontology: TurtleFile, schemes: Mapping[str, TurtleFile]) -> None:
        """Index parsed files; :meth:`load` is the usual way in.

        Raises:
            VocabularyError: a scheme is malformed (see :meth:`load`).
        """
        self._files = {"ontology": ontology} | {f"vocabulary/{name}": schemes[name] for name in sorted(schemes)}
        self._statements: Statements = defaultdict(list)
        self._concepts: dict[str, Concept] = {}
        self._entries: dict[str, list[tuple[URIRef, URIRef, Node]]] = {}
        self._ancestors: dict[str, tuple[str, ...]] = {}
        for file in self._files.values():
            for triple in file.triples:
                if not isinstance(triple.subject, pyoxigraph.NamedNode) or not isinstance(triple.object, _VALUES):
                    raise VocabularyError(
                        "has a blank node or a quoted triple", where=str(file.path), remedy="give every node an IRI"
                    )
                self._statements[triple.subject.value].append(triple)
        self.headings: dict[str, Scheme] = {}
        indexed: dict[str, Mapping[str, Concept]] = {}
        for name in sorted(schemes):
            self.headings[name], concepts = _read_scheme(name, schemes[name])
            self._check_new(schemes[name], concepts)
            self._concepts |= concepts
            indexed[name] = MappingProxyType(concepts)
        self.schemes: Mapping[str, Mapping[str, Concept]] = MappingProxyType(indexed)
        self._children = self._check_hierarchy(schemes)
        self.digest = hashlib.sha256(
            b"\0".join(name.encode() + b"\0" + file.text.encode() for name, file in self._files.items())
        ).hexdigest()

    @classmethod
    def load(cls, overlay: Path | None = None) -> Vocabularies:
        """Parse ``ontology/radiograph.ttl`` and ``ontology/concepts/*.ttl``, the overlay's files first.

        ``overlay`` is the folder of the setting ``RADIOGRAPH_OVERLAY``; its ``ontology/concepts/x.ttl``
        replaces the shipped ``x.ttl`` or adds a scheme ``x``.

        Raises:
            VocabularyError: a file is not Turtle, or a scheme has a concept without English label or notation,
                a notation twice, a broader concept that does not exist, or a cycle. Names file and line.
        """
        laid = overlay / "ontology" if overlay is not None else None
        paths = layered(HERE / "concepts", laid / "concepts" if laid else None, "*.ttl")
        ontology = layered(HERE, laid, "radiograph.ttl")
        if not ontology or not paths:
            raise VocabularyError("no vocabularies found", where=str(HERE), remedy="reinstall Radiograph")
        return cls(read_turtle(ontology[0]), {path.stem: read_turtle(path) for path in paths})

    def concept(self, iri: str) -> Concept | None:
        """The concept with this IRI, of whatever scheme."""
        return self._concepts.get(iri)

    def ancestors(self, iri: str) -> tuple[str, ...]:
        """All broader concepts, transitively, nearest first, without the concept itself."""
        if iri not in self._ancestors:
            found: dict[str, None] = {}
            level = [iri]
            while level:
                level = [b for one in level if one in self._concepts for b in self._concepts[one].broader]
                level = [broader for broader in dict.fromkeys(level) if broader not in found]
                found |= dict.fromkeys(level)
            self._ancestors[iri] = tuple(found)
        return self._ancestors[iri]

    def children(self, iri: str) -> tuple[str, ...]:
        """The directly narrower concepts, in the order of their file."""
        return self._children.get(iri, ())

    def entry(self, iri: str) -> list[tuple[URIRef, URIRef, Node]]:
        """What the vocabularies say of an IRI: types, labels, scheme and notation; empty for an unknown IRI."""
        if iri not in self._entries and iri in self._statements:
            subject = URIRef(iri)
            self._entries[iri] = [
                (subject, URIRef(triple.predicate.value), from_oxigraph(triple.object))
                for triple in self._statements[iri]
                if triple.predicate.value in _ENTRY
            ]
        return list(self._entries.get(iri, ()))

    def equivalents(self, iri: str, predicate: URIRef) -> tuple[str, ...]:
        """The IRIs that a concept is tied to by ``skos:exactMatch`` or ``skos:closeMatch``."""
        return tuple(
            triple.object.value
            for triple in self._statements.get(iri, ())
            if triple.predicate.value == str(predicate) and isinstance(triple.object, pyoxigraph.NamedNode)
        )

    def graphs(self) -> Iterator[tuple[str, bytes]]:
        """Yield ``(name, sorted N-Triples)`` of each vocabulary: ``ontology``, ``vocabulary/cancer``, …"""
        for name, file in self._files.items():
            yield name, "".join(sorted({f"{triple} .\n" for triple in file.triples})).encode()

    def _check_new(self, file: TurtleFile, concepts: Mapping[str, Concept]) -> None:
        for iri in concepts:
            if iri in self._concepts:
                other = self._concepts[iri].scheme
                raise VocabularyError(
                    f"{iri} is already a concept of scheme {other!r}",
                    where=file.where(iri),
                    remedy="give it an IRI of its own, or name the file after the scheme it replaces",
                )

    def _check_hierarchy(self, files: Mapping[str, TurtleFile]) -> dict[str, tuple[str, ...]]:
        children: dict[str, list[str]] = defaultdict(list)
        for concept in self._concepts.values():
            for broader in concept.broader:
                if broader not in self._concepts:
                    raise VocabularyError(
                        f"{concept.iri} has the broader concept {broader}, which does not exist",
                        where=files[concept.scheme].where(concept.iri),
                        remedy="correct the IRI, or add the concept",
                    )
                children[broader].append(concept.iri)
        for concept in self._concepts.values():
            if concept.iri in self.ancestors(concept.iri):
                raise VocabularyError(
                    f"{concept.iri} is broader than itself",
                    where=files[concept.scheme].where(concept.iri),
                    remedy="remove the skos:broader that closes the circle",
                )
        return {iri: tuple(narrower) for iri, narrower in children.items()}


def _read_scheme(name: str, file: TurtleFile) -> tuple[Scheme, dict[str, Concept]]:
    by_subject: dict[str, Properties] = {}
    for triple in file.triples:
        if isinstance(triple.subject, pyoxigraph.NamedNode) and isinstance(triple.object, _VALUES):
            properties = by_subject.setdefault(triple.subject.value, defaultdict(list))
            properties[triple.predicate.value].append(triple.object)
    kinds = {iri: {kind.value for kind in properties[str(RDF.type)]} for iri, properties in by_subject.items()}
    heads = [iri for iri in by_subject if str(SKOS.ConceptScheme) in kinds[iri]]
    if len(heads) != 1:
        raise VocabularyError(
            f"has {len(heads)} concept schemes", where=str(file.path), remedy="declare exactly one skos:ConceptScheme"
        )
    reader = _ConceptReader(name, heads[0], file)
    concepts = {
        iri: reader.read(iri, properties) for iri, properties in by_subject.items() if str(SKOS.Concept) in kinds[iri]
    }
    head = by_subject[heads[0]]
    titles = [value.value for value in head[str(DCT.title)]]
    lengths = [value.value for value in head[str(RADIOGRAPH.shortestNotation)]]
    if not all(length.isdecimal() for length in lengths):
        raise VocabularyError(
            f"radiograph:shortestNotation {lengths[0]!r} is no number",
            where=file.where(heads[0]),
            remedy="write a whole number",
        )
    return Scheme(name, heads[0], titles[0] if titles else name, *map(int, lengths[:1])), concepts


class _ConceptReader:
    """Makes :class:`Concept` of the statements in one file, and refuses what is incomplete."""

    def __init__(self, scheme: str, scheme_iri: str, file: TurtleFile) -> None:
        self._scheme = scheme
        self._scheme_iri = scheme_iri
        self._file = file
        self._notations: dict[str, str] = {}
        self._namespaces = sorted(
            ((ns, prefix) for prefix, ns in file.prefixes.items()), key=lambda pair: -len(pair[0])
        )

    def read(self, iri: str, properties: Properties) -> Concept:
        def values(*predicates: URIRef) -> tuple[str, ...]:
            return tuple(value.value for p in predicates for value in properties.get(str(p), ()))

        labels = {
            value.language or "": value.value
            for value in properties.get(str(SKOS.prefLabel), ())
            if isinstance(value, pyoxigraph.Literal)
        }
        notations = values(SKOS.notation)
        if "en" not in labels:
            self._fail(iri, "has no English label", 'add skos:prefLabel "…"@en')
        if len(notations) != 1:
            self._fail(iri, f"has {len(notations)} notations", 'give it exactly one skos:notation "…"')
        if notations[0] in self._notations:
            self._fail(iri, f"has the notation {notations[0]!r} of {self._notations[notations[0]]}", "use another one")
        if self._scheme_iri not in values(SKOS.inScheme):
            self._fail(iri, f"is not in the scheme of its file, {self._scheme_iri}", "add skos:inScheme")
        for predicate in (SKOS.exactMatch, SKOS.closeMatch, SKOS.broader):
            if any(isinstance(value, pyoxigraph.Literal) for value in properties.get(str(predicate), ())):
                name = str(predicate).rpartition("#")[2]
                self._fail(iri, f"has a text as skos:{name}", "give the IRI of the concept that is meant")
        self._notations[notations[0]] = iri
        return Concept(
            iri=iri,
            scheme=self._scheme,
            notation=notations[0],
            labels=labels,
            synonyms=values(SKOS.altLabel, SKOS.hiddenLabel),
            broader=values(SKOS.broader),
            codes=tuple(dict.fromkeys(self._curie(code) for code in values(SKOS.exactMatch, SKOS.closeMatch))),
            types=values(RDF.type),
            negative="true" in values(RADIOGRAPH.negative),
        )

    def _curie(self, iri: str) -> str:
        for namespace, prefix in self._namespaces:
            if iri.startswith(namespace):
                return f"{prefix}:{iri[len(namespace) :]}"
        return iri

    def _fail(self, iri: str, message: str, remedy: str) -> NoReturn:
        raise VocabularyError(f"{iri} {message}", where=self._file.where(iri), remedy=remedy)
