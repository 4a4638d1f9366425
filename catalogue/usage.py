"""How often each concept is used in a release, for its page: by repository, and which datasets.

A description uses a concept *directly* where it refers to it anywhere: as a facet, a licence, a language, a dimension
of a stratum. It uses a broader concept by way of the narrower ones that it refers to. Each dataset counts once.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from catalogue.description import StoredDescription
from core.errors import ReleaseError
from ontology.vocabulary import Vocabularies

#: The file in a release's folder.
USAGE = "usage.json"
#: The datasets that are named of each concept, the first by title; their number is always complete.
NAMED = 25

_OBJECT = re.compile(rb" <([^<>\s]+)> \.\n")


@dataclass(frozen=True, slots=True)
class ConceptUsage:
    """``direct`` and ``inclusive`` count datasets by repository, without and with narrower concepts.

    ``datasets`` are ``(IRI, title)`` of the first that use the concept or a narrower one, by title.
    """

    direct: Mapping[str, int] = field(default_factory=dict)
    inclusive: Mapping[str, int] = field(default_factory=dict)
    datasets: tuple[tuple[str, str], ...] = ()

    @property
    def total(self) -> int:
        """The datasets that use the concept or a narrower one."""
        return sum(self.inclusive.values())


class Usage:
    """The use of every concept of one release; concepts that are not used have empty counts."""

    def __init__(self, concepts: Mapping[str, ConceptUsage]) -> None:
        self.concepts = concepts

    def of(self, iri: str) -> ConceptUsage:
        """How a concept is used."""
        return self.concepts.get(iri, ConceptUsage())

    def write(self, path: Path) -> None:
        """Write it as JSON; the same bytes for the same release."""
        document = {
            iri: {"direct": dict(one.direct), "inclusive": dict(one.inclusive), "datasets": one.datasets}
            for iri, one in sorted(self.concepts.items())
        }
        path.write_text(json.dumps(document, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Usage | None:
        """Read the usage of the release in ``folder``; None for a release that was made before usage was counted.

        Raises:
            ReleaseError: the file is damaged.
        """
        path = folder / USAGE
        if not path.exists():
            return None
        try:
            return cls({iri: _concept(one) for iri, one in json.loads(path.read_text(encoding="utf-8")).items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ReleaseError(
                f"the usage counts of the release cannot be read: {error}",
                where=str(path),
                remedy="publish a new release",
            ) from error


class UsageCounter:
    """Counts the descriptions of a release one by one."""

    def __init__(self, vocabularies: Vocabularies) -> None:
        self._vocabularies = vocabularies
        self._direct: dict[str, Counter[str]] = defaultdict(Counter)
        self._inclusive: dict[str, Counter[str]] = defaultdict(Counter)
        self._datasets: dict[str, list[tuple[str, str, str]]] = defaultdict(list)

    def add(self, description: StoredDescription, title: str) -> None:
        """Count one dataset."""
        own = set(self._concepts(description.ntriples))
        for iri in own:
            self._direct[iri][description.repository] += 1
        for iri in with_broader(own, self._vocabularies):
            self._inclusive[iri][description.repository] += 1
            self._datasets[iri].append((title.casefold(), description.iri, title))

    def usage(self) -> Usage:
        """What was counted so far."""
        return Usage(
            {
                iri: ConceptUsage(
                    _by_name(self._direct.get(iri, {})),
                    _by_name(counts),
                    tuple((dataset, title) for _, dataset, title in sorted(self._datasets[iri])[:NAMED]),
                )
                for iri, counts in self._inclusive.items()
            }
        )

    def _concepts(self, ntriples: bytes) -> Iterator[str]:
        for found in set(_OBJECT.findall(ntriples)):
            iri = found.decode()
            if self._vocabularies.concept(iri) is not None:
                yield iri


def with_broader(iris: Iterable[str], vocabularies: Vocabularies) -> set[str]:
    """The concepts and all that is broader."""
    own = set(iris)
    return own.union(*(vocabularies.ancestors(iri) for iri in own))


def _by_name(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _concept(document: Mapping[str, Any]) -> ConceptUsage:
    datasets = tuple((str(iri), str(title)) for iri, title in document["datasets"])
    return ConceptUsage(dict(document["direct"]), dict(document["inclusive"]), datasets)
