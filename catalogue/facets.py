"""The facets of a search index: which values there are, what they are called, what is broader than what.

A concept counts for itself and for all that is broader, so choosing "abdomen" finds datasets of the liver.
The labels are kept with the index, so that a release goes on saying what it said when it was made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from catalogue.summary import CONCEPT_FACETS, DatasetSummary, Term
from ontology.vocabulary import Vocabularies

#: The facets in the order in which people look for them, with their headings.
FACETS: dict[str, str] = {
    "cancer": "Cancer or condition",
    "body_part": "Body part",
    "modality": "Modality",
    "annotation": "Annotation",
    "kind": "Kind",
    "repository": "Repository",
    "licence": "Licence",
    "access": "Access",
    "species": "Species",
    "manufacturer": "Scanner manufacturer",
}
_KINDS = {"images": "Images", "annotations": "Annotations"}


@dataclass(frozen=True, slots=True)
class FacetEntry:
    """One value a facet can take. ``key`` stands for it in addresses, ``broader`` holds keys, nearest first."""

    key: str
    label: str
    iri: str | None = None
    broader: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """Labels in other languages and synonyms."""


@dataclass(frozen=True, slots=True)
class FacetCount:
    """One line of a facet as shown: ``depth`` is how far it is indented below its nearest shown ancestor."""

    key: str
    label: str
    count: int
    depth: int
    selected: bool
    iri: str | None = None


@dataclass(slots=True)
class FacetDirectory:
    """All entries of all facets of one index."""

    entries: dict[str, dict[str, FacetEntry]] = field(default_factory=lambda: {name: {} for name in FACETS})
    _keys: dict[tuple[str, str], str] = field(default_factory=dict)

    def file(
        self, summary: DatasetSummary, vocabularies: Vocabularies, repositories: Mapping[str, str]
    ) -> dict[str, list[str]]:
        """Enter a dataset's values and return, by facet, the keys it counts for: its own and all broader ones."""
        kind = self._plain("kind", summary.kind, _KINDS[summary.kind])
        repository = self._plain("repository", summary.repository, repositories.get(summary.repository))
        filed = {"kind": [kind], "repository": [repository]}
        terms: dict[str, tuple[Term, ...]] = {
            name: summary.concepts.get(name, ()) for name in CONCEPT_FACETS if name in FACETS
        }
        terms["licence"] = summary.licences
        terms["access"] = (summary.access,) if summary.access else ()
        for facet, values in terms.items():
            keys: dict[str, None] = {}
            for value in values:
                key = self._concept(facet, value, vocabularies)
                keys |= dict.fromkeys((key, *self.entries[facet][key].broader))
            filed[facet] = list(keys)
        return filed

    def key(self, facet: str, value: str) -> str:
        """The key of ``value``, which may be a key or an IRI; an unknown value comes back as it is."""
        return self._keys.get((facet, value), value)

    def entry(self, facet: str, key: str) -> FacetEntry:
        return self.entries[facet].get(key) or FacetEntry(key, key)

    def arrange(self, facet: str, counts: Mapping[str, int], selected: frozenset[str]) -> tuple[FacetCount, ...]:
        """The values with a count (and those selected) as an indented tree, the most frequent first."""
        shown = counts.keys() | selected
        children: dict[str | None, list[str]] = {}
        for key in shown:
            parent = next((broader for broader in self.entry(facet, key).broader if broader in shown), None)
            children.setdefault(parent, []).append(key)
        rows: list[FacetCount] = []

        def walk(parent: str | None, depth: int) -> None:
            siblings = children.get(parent, [])
            for key in sorted(siblings, key=lambda k: (-counts.get(k, 0), self.entry(facet, k).label.casefold(), k)):
                entry = self.entry(facet, key)
                rows.append(FacetCount(key, entry.label, counts.get(key, 0), depth, key in selected, entry.iri))
                walk(key, depth + 1)

        walk(None, 0)
        return tuple(rows)

    def to_json(self) -> dict[str, Any]:
        return {facet: [asdict(entry) for entry in entries.values()] for facet, entries in self.entries.items()}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> FacetDirectory:
        """Read what :meth:`to_json` wrote; KeyError or TypeError where it is something else."""
        directory = cls()
        for facet in FACETS:
            for values in document[facet]:
                values = values | {"broader": tuple(values["broader"]), "names": tuple(values["names"])}
                directory._add(facet, FacetEntry(**values))
        return directory

    def _plain(self, facet: str, key: str, label: str | None) -> str:
        if key not in self.entries[facet]:
            self._add(facet, FacetEntry(key, label or key))
        return key

    def _concept(self, facet: str, value: Term, vocabularies: Vocabularies) -> str:
        known = self._keys.get((facet, value.iri))
        if known is not None:
            return known
        concept = vocabularies.concept(value.iri)
        if concept is None:
            entry = FacetEntry(_end(value.iri, self.entries[facet]), value.label, value.iri)
        else:
            ancestors = [
                self._concept(facet, Term(iri, iri), vocabularies)
                for iri in vocabularies.ancestors(value.iri)
                if vocabularies.concept(iri)
            ]
            names = tuple(dict.fromkeys((*concept.labels.values(), *concept.synonyms)))
            key = concept.notation if concept.notation not in self.entries[facet] else value.iri
            entry = FacetEntry(key, concept.label, value.iri, tuple(ancestors), names)
        self._add(facet, entry)
        return entry.key

    def _add(self, facet: str, entry: FacetEntry) -> None:
        self.entries[facet][entry.key] = entry
        if entry.iri:
            self._keys[facet, entry.iri] = entry.key


def _end(iri: str, taken: Mapping[str, FacetEntry]) -> str:
    end = iri.rsplit("/", 1)[-1]
    return end if end and end not in taken else iri
