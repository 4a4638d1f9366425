"""What a vocabulary tree says, by subject: the form in which two trees are compared and term pages are written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph

from core.errors import VocabularyError
from core.terms import DCT, OWL, RDF, RDFS, SKOS
from ontology.tree import ONTOLOGY, Statements, Tree

#: The group of what ``radiograph.ttl`` says; other groups are called after their scheme.
TERMS = "ontology"

Term = pyoxigraph.NamedNode | pyoxigraph.Literal

_NAMES = (str(SKOS.prefLabel), str(RDFS.label), str(DCT.title))
_CONCEPT, _SCHEME, _ONTOLOGY = str(SKOS.Concept), str(SKOS.ConceptScheme), str(OWL.Ontology)


def insist_on_sound(tree: Tree) -> None:
    """Refuse a tree with a file that cannot be read: nobody knows what it says.

    Raises:
        VocabularyError: the first fault, with file and line.
    """
    for fault in tree.faults:
        line = f", line {fault.line}" if fault.line else ""
        raise VocabularyError(fault.message, where=f"{tree.place(fault.file)}{line}", remedy=fault.remedy)


@dataclass(frozen=True)
class Entry:
    """What one file says of one subject: its values by predicate. ``group`` is the scheme, or ``ontology``."""

    group: str
    iri: str
    values: Mapping[str, frozenset[Term]]

    def get(self, predicate: str) -> frozenset[Term]:
        return self.values.get(predicate, frozenset())

    def iris(self, predicate: str) -> list[str]:
        """The IRIs among the values, sorted."""
        return sorted(term.value for term in self.get(predicate) if isinstance(term, pyoxigraph.NamedNode))

    def texts(self, predicate: str) -> list[pyoxigraph.Literal]:
        """The texts among the values, English first, then by language and text."""
        found = [term for term in self.get(predicate) if isinstance(term, pyoxigraph.Literal)]
        return sorted(found, key=lambda text: (text.language != "en", text.language or "", text.value))

    @cached_property
    def name(self) -> str:
        """The English name, any other, or the IRI."""
        return next((text.value for predicate in _NAMES for text in self.texts(predicate)), self.iri)

    @cached_property
    def kind(self) -> str:
        """``concept``, ``scheme``, ``header`` of the ontology, ``term`` of it, or any other ``entry``."""
        types = self.iris(str(RDF.type))
        for kind, type_ in (("concept", _CONCEPT), ("scheme", _SCHEME), ("header", _ONTOLOGY)):
            if type_ in types:
                return kind if self.group != TERMS or kind == "header" else "term"
        return "term" if self.group == TERMS else "entry"

    @property
    def deprecated(self) -> bool:
        return any(term.value in {"true", "1"} for term in self.get(str(OWL.deprecated)))


class Entries:
    """The Turtle files of a tree by ``(group, IRI)``."""

    def __init__(self, tree: Tree) -> None:
        self.all: dict[tuple[str, str], Entry] = {}
        for name, file in tree.statements.items():
            group = TERMS if name == ONTOLOGY else name.removeprefix("concepts/").removesuffix(".ttl")
            self.all.update(_entries(group, file))

    @cached_property
    def by_iri(self) -> Mapping[str, list[Entry]]:
        found: dict[str, list[Entry]] = defaultdict(list)
        for _, entry in sorted(self.all.items()):
            found[entry.iri].append(entry)
        return dict(found)

    @cached_property
    def parents(self) -> Mapping[str, frozenset[str]]:
        """The directly broader concepts of each subject."""
        return {
            iri: frozenset(above for entry in entries for above in entry.iris(str(SKOS.broader)))
            for iri, entries in self.by_iri.items()
        }

    def ancestors(self, iri: str) -> frozenset[str]:
        """All broader concepts, of a circle too."""
        found: set[str] = set()
        level = set(self.parents.get(iri, ()))
        while level:
            found |= level
            level = {above for one in level for above in self.parents.get(one, ())} - found
        return frozenset(found)

    def name(self, iri: str) -> str | None:
        """What the tree calls this IRI; None where it says nothing of it."""
        return self.by_iri[iri][0].name if iri in self.by_iri else None


def _entries(group: str, file: Statements) -> Iterator[tuple[tuple[str, str], Entry]]:
    found: dict[str, dict[str, set[Term]]] = defaultdict(lambda: defaultdict(set))
    for triple in file.triples:
        assert isinstance(triple.subject, pyoxigraph.NamedNode)
        assert isinstance(triple.object, pyoxigraph.NamedNode | pyoxigraph.Literal)
        found[triple.subject.value][triple.predicate.value].add(triple.object)
    for iri, values in found.items():
        yield (group, iri), Entry(group, iri, {predicate: frozenset(terms) for predicate, terms in values.items()})
