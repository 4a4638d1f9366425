"""Concepts as the pages of the vocabularies show them: in a tree, each with how many datasets have it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from fastapi import Request

from api.rendering import Addresses
from api.state import State
from catalogue.facets import FACETS
from catalogue.search import SearchRequest
from ontology.concept import Concept
from ontology.vocabulary import Vocabularies


@dataclass(frozen=True, slots=True)
class Use:
    """How many datasets of the release have a concept or a narrower one.

    ``href`` is the search that finds them, with the ``facet`` and ``key`` it asks for; without it, no facet of the
    search has the concept.
    """

    datasets: int
    href: str | None = None
    facet: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Branch:
    """A concept of a tree with what is narrower."""

    concept: Concept
    use: Use | None
    narrower: tuple[Branch, ...]
    heirs: tuple[Concept, ...] = ()
    """What replaces the concept, if it is deprecated."""


def uses(request: Request, state: State) -> Mapping[str, Use]:
    """By IRI, every concept that a dataset of the release has, or that is broader than one of those."""
    if state.release is None:
        return {}
    to = Addresses.of(request, state.identifiers.base)
    found = {iri: Use(one.total) for iri, one in state.release.usage.concepts.items() if one.total}
    facets = state.release.search.search(SearchRequest(size=1)).facets
    return found | {
        count.iri: Use(count.count, to.path("datasets", {facet: count.key}), facet, count.key)
        for facet in FACETS
        for count in facets[facet]
        if count.iri and count.count
    }


class Trees:
    """Makes branches, with deprecated concepts or without."""

    def __init__(self, state: State, counted: Mapping[str, Use], *, deprecated: bool) -> None:
        self._known = state.vocabularies
        self._uses = counted
        self._deprecated = deprecated

    def whole(self, scheme: str) -> list[Branch]:
        """The tree of a scheme from its top concepts down."""
        concepts = self._known.schemes[scheme]
        tops = [one for one in concepts.values() if not any(broader in concepts for broader in one.broader)]
        return [self._branch(one) for one in by_label(tops) if self._deprecated or not one.deprecated]

    def narrower(self, iri: str) -> list[Branch]:
        """What is directly narrower than a concept."""
        return [self.leaf(one) for one in self._children(iri)]

    def leaf(self, concept: Concept) -> Branch:
        """A concept without what is narrower."""
        return Branch(concept, self._uses.get(concept.iri), (), heirs(concept, self._known))

    def _branch(self, concept: Concept) -> Branch:
        narrower = tuple(self._branch(one) for one in self._children(concept.iri))
        return Branch(concept, self._uses.get(concept.iri), narrower, heirs(concept, self._known))

    def _children(self, iri: str) -> list[Concept]:
        if self._deprecated:
            return by_label(_all_children(self._known).get(iri, ()))
        return by_label(known(self._known.children(iri), self._known))


def heirs(concept: Concept, vocabularies: Vocabularies) -> tuple[Concept, ...]:
    """The concepts in use that stand in for a deprecated one."""
    return tuple(known(vocabularies.current(concept.iri), vocabularies)) if concept.deprecated else ()


def known(iris: Iterable[str], vocabularies: Vocabularies) -> list[Concept]:
    """The concepts with these IRIs, as far as there are such."""
    return [concept for iri in iris if (concept := vocabularies.concept(iri)) is not None]


def by_label(concepts: Iterable[Concept]) -> list[Concept]:
    """Concepts in the order of their labels."""
    return sorted(concepts, key=lambda concept: (concept.label.casefold(), concept.iri))


@lru_cache(maxsize=2)
def _all_children(vocabularies: Vocabularies) -> Mapping[str, Sequence[Concept]]:
    """The directly narrower concepts, deprecated ones too."""
    found: dict[str, list[Concept]] = defaultdict(list)
    for concepts in vocabularies.schemes.values():
        for concept in concepts.values():
            for broader in concept.broader:
                found[broader].append(concept)
    return found
