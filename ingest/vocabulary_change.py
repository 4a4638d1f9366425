"""What two vocabulary trees make different for descriptions, before any description is looked at."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.terms import SKOS
from ingest.derivation import Words
from ontology.entries import insist_on_sound
from ontology.harmoniser import Harmoniser
from ontology.sssom import MappingSet
from ontology.tree import ONTOLOGY, Tree
from ontology.vocabulary import Vocabularies

_Rows = Mapping[str, list[tuple[str, str, str | None, float]]]


@dataclass(frozen=True)
class VocabularyChange:
    """``entries`` are the IRIs of which validation is told something else; ``known`` those that are concepts in one
    tree only; ``schemes`` those in which a text may mean something else or a concept be elsewhere; ``graphs``
    the names of the vocabularies in which something differs, the other side of a relation included."""

    before: Words
    after: Words
    entries: frozenset[str]
    known: frozenset[str]
    schemes: frozenset[str]
    graphs: frozenset[str]
    titles: tuple[str, str]

    @property
    def anything(self) -> bool:
        """Whether the trees differ in anything that the program reads."""
        differ = self.before.vocabularies.digest != self.after.vocabularies.digest
        return differ or bool(self.schemes)

    def referring(self, iris: Iterable[str]) -> bool:
        """Whether one of ``iris`` is told as something else."""
        return not self.entries.isdisjoint(iris)


def vocabulary_change(before: Tree, after: Tree) -> VocabularyChange:
    """Compare two trees.

    Raises:
        VocabularyError: one of them cannot be used; names file and line.
    """
    insist_on_sound(before)
    insist_on_sound(after)
    sets = before.mapping_sets(), after.mapping_sets()
    first = before.vocabularies()
    sides = first, after.vocabularies(like=first)
    touched = _touched(before, after) | _relinked(*sets)
    changed = _schemes(touched, *sides) | set(_remapped(*map(_rows, sets)))
    related = _related(*sides)
    neighbours = {f"vocabulary/{other}" for name in changed for other in related.get(name, ())}
    return VocabularyChange(
        Words(sides[0], Harmoniser(sides[0], sets[0])),
        Words(sides[1], Harmoniser(sides[1], sets[1])),
        frozenset(_told_otherwise(touched, *sides)),
        frozenset(iri for iri in touched if (sides[0].concept(iri) is None) != (sides[1].concept(iri) is None)),
        frozenset(name for name in related if not related[name].isdisjoint(changed)),
        frozenset((*_graphs(before, after), *neighbours)),
        (before.title, after.title),
    )


def _told_otherwise(touched: Iterable[str], *sides: Vocabularies) -> set[str]:
    """The IRIs of which validation is told something else, themselves or of the lists that they are in."""
    found = {iri for iri in touched if len({frozenset(side.entry(iri)) for side in sides}) > 1}
    lists = {iri for iri in found if all(side.concept(iri) is None for side in sides)}
    if lists:
        for side in sides:
            for concepts in side.schemes.values():
                found |= {iri for iri in concepts if not lists.isdisjoint(side.equivalents(iri, SKOS.inScheme))}
    return found


def _relinked(*sets: tuple[MappingSet, ...]) -> set[str]:
    """The concepts of which the sets of concepts say something else."""
    old, new = ({(link.subject, link.predicate, link.object) for one in side for link in one.links} for side in sets)
    return {subject for subject, _, _ in old ^ new}


def _touched(before: Tree, after: Tree) -> set[str]:
    """The subjects of all statements that only one of the trees makes."""
    found: set[str] = set()
    for name in sorted(before.statements.keys() | after.statements.keys()):
        if before.texts.get(name) == after.texts.get(name):
            continue
        old, new = (
            set(tree.statements[name].triples) if name in tree.statements else set() for tree in (before, after)
        )
        found |= {str(triple.subject.value) for triple in old ^ new if hasattr(triple.subject, "value")}
    return found


def _graphs(before: Tree, after: Tree) -> Iterator[str]:
    for name in before.statements.keys() | after.statements.keys():
        if before.texts.get(name) != after.texts.get(name):
            yield "ontology" if name == ONTOLOGY else f"vocabulary/{Path(name).stem}"


def _schemes(touched: Iterable[str], *sides: Vocabularies) -> set[str]:
    """The schemes of the concepts, or the schemes themselves."""
    heads = {one.iri: name for side in sides for name, one in side.headings.items()}
    found = {heads[iri] for iri in touched if iri in heads}
    return found | {concept.scheme for iri in touched for side in sides if (concept := side.concept(iri)) is not None}


def _rows(sets: Iterable[MappingSet]) -> _Rows:
    """The rows of all mapping sets by the scheme they map to, in their order: the first of like texts wins."""
    found: dict[str, list[tuple[str, str, str | None, float]]] = defaultdict(list)
    for one in sets:
        for row in one.mappings:
            found[row.scheme].append((one.name, row.text, row.concept, row.confidence))
    return found


def _remapped(old: _Rows, new: _Rows) -> Iterator[str]:
    for scheme in sorted(old.keys() | new.keys()):
        if old.get(scheme) != new.get(scheme):
            yield scheme


def _related(*sides: Vocabularies) -> dict[str, set[str]]:
    """For each scheme, itself and those that its concepts are replaced by or narrower than, at any remove."""
    related: dict[str, set[str]] = {name: {name} for side in sides for name in side.schemes}
    for side in sides:
        for name, concepts in side.schemes.items():
            for concept in concepts.values():
                for other in (*concept.broader, *concept.replaced_by):
                    if other not in concepts and (found := side.concept(other)) is not None:
                        related[name].add(found.scheme)
    while any(_widen(related)):
        pass
    return related


def _widen(related: dict[str, set[str]]) -> list[bool]:
    grown = []
    for schemes in related.values():
        size = len(schemes)
        schemes |= {further for one in tuple(schemes) for further in related.get(one, ())}
        grown.append(len(schemes) > size)
    return grown
