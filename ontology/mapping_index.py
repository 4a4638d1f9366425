"""What mapping sets say of each concept: who tied it to a code, and which texts of sources were given to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ontology.sssom import MappingSet, load_mapping_sets


@dataclass(frozen=True, slots=True)
class Statement:
    """One row, as said of a concept: the code's IRI or the text, and how it is known.

    ``source`` is the name of the set: that of a repository, ``common``, or of the other vocabulary.
    """

    object: str
    source: str
    justification: str
    confidence: float


class MappingIndex:
    """The rows of all mapping sets by concept."""

    def __init__(self, sets: Iterable[MappingSet]) -> None:
        self._links: dict[str, list[Statement]] = defaultdict(list)
        self._texts: dict[str, list[Statement]] = defaultdict(list)
        for one in sets:
            for link in one.links:
                self._links[link.subject].append(Statement(link.object, one.name, link.justification, link.confidence))
            for row in one.mappings:
                if row.concept is not None:
                    self._texts[row.concept].append(Statement(row.text, one.name, row.justification, row.confidence))

    @classmethod
    def load(cls, overlay: Path | None = None) -> MappingIndex:
        """Read all mapping sets, the overlay's files first.

        Raises:
            VocabularyError: a file is not SSSOM.
        """
        return cls(load_mapping_sets(overlay))

    def links(self, concept: str) -> tuple[Statement, ...]:
        """What a concept is tied to, in the order of the sets."""
        return tuple(self._links.get(concept, ()))

    def texts(self, concept: str) -> tuple[Statement, ...]:
        """The texts that were given to a concept, in the order of the alphabet."""
        return tuple(sorted(self._texts.get(concept, ()), key=lambda one: (one.object.casefold(), one.source)))
