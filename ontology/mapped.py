"""The texts that mapping sets speak of, ready to be looked up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from core.errors import VocabularyError
from ontology.concept import Concept
from ontology.spelling import fold, normalise
from ontology.sssom import COMMON, Mapping, MappingSet
from ontology.vocabulary import Vocabularies


class Mapped:
    """What a mapping set says one text means: all of its rows together."""

    def __init__(self) -> None:
        self.concepts: tuple[Concept, ...] = ()
        self.confidence = 1.0

    def add(self, concepts: Sequence[Concept], confidence: float) -> None:
        self.confidence = min(self.confidence, confidence)
        self.concepts += tuple(concept for concept in concepts if concept not in self.concepts)


class MappedTexts:
    """What all mapping sets say, by repository, scheme and text."""

    def __init__(self, vocabularies: Vocabularies, mappings: Sequence[MappingSet]) -> None:
        """Raises:
        VocabularyError: a mapping set maps to a scheme or concept that does not exist; names file and line.
        """
        self._vocabularies = vocabularies
        self._mapped: dict[tuple[str, str], dict[str, Mapped]] = defaultdict(dict)
        for mapping_set in mappings:
            for row in mapping_set.mappings:
                self._add(mapping_set, row)

    def find(self, key: str, scheme: str, repository: str | None) -> Mapped | None:
        """What a text means to a repository, or to all; ``key`` is the folded text, or its :func:`loose` form."""
        for name in (repository, COMMON) if repository is not None else (COMMON,):
            found = self._mapped.get((name, scheme), {}).get(key)
            if found is not None:
                return found
        return None

    def _add(self, mapping_set: MappingSet, row: Mapping) -> None:
        if row.scheme not in self._vocabularies.schemes:
            raise VocabularyError(
                f"maps to the scheme {row.scheme!r}, which does not exist", where=mapping_set.where(row)
            )
        if row.concept is not None and row.concept not in self._vocabularies.schemes[row.scheme]:
            raise VocabularyError(
                f"maps {row.text!r} to {row.concept}, which is no concept of scheme {row.scheme!r}",
                where=mapping_set.where(row),
                remedy="correct the object_id, or add the concept",
            )
        current = self._vocabularies.current(row.concept) if row.concept is not None else ()
        concepts = [concept for iri in current if (concept := self._vocabularies.concept(iri)) is not None]
        rows = self._mapped[(mapping_set.name, row.scheme)]
        mapped = rows.setdefault(fold(row.text), Mapped())
        mapped.add(concepts, row.confidence)
        # The loose form belongs to the first text that has it; an exact text always goes first.
        rows.setdefault(loose(row.text), mapped)


def loose(text: str) -> str:
    """The form under which a text is found whatever its spelling; never equal to a folded text."""
    return f"\0{normalise(text)}"
