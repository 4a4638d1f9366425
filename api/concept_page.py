"""The page of one concept: what it is called, what it means here and elsewhere, and which datasets have it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from fastapi import Request
from fastapi.responses import HTMLResponse
from rdflib import Graph, URIRef

from api.rendering import Addresses, page
from api.state import State
from api.vocabulary_page import formats, signposts, text_of
from api.vocabulary_tree import Trees, Use, by_label, heirs, known, uses
from core.terms import SKOS
from ontology.concept import Concept
from ontology.mapping_index import Statement
from ontology.vocabulary import Vocabularies

_RELATIONS = (
    (SKOS.exactMatch, "the same"),
    (SKOS.closeMatch, "close, not the same"),
    (SKOS.broadMatch, "broader there"),
    (SKOS.narrowMatch, "narrower there"),
    (SKOS.relatedMatch, "related"),
)
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Code:
    """A concept of another system: as CURIE and as address, and whether it is the very same.

    ``statements`` are the rows of mapping sets that say so; without one, the code came with the scheme's source.
    """

    text: str
    iri: str
    exact: bool
    relation: str = ""
    statements: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class Names:
    """What a concept is called in one language."""

    language: str
    tag: str
    label: str | None
    synonyms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RepositoryUse:
    """How many datasets of one repository have a concept itself, and how many it or a narrower one."""

    title: str
    direct: int
    inclusive: int
    href: str | None


def concept_page(
    request: Request, state: State, concept: Concept, statements: Graph, *, deprecated: bool
) -> HTMLResponse:
    """The page of one concept; ``statements`` are what its scheme says of it."""
    vocabularies, counted = state.vocabularies, uses(request, state)
    use = counted.get(concept.iri)
    trees = Trees(state, counted, deprecated=deprecated)
    iri = URIRef(concept.iri)
    return page(
        request,
        "concept.html",
        headers=signposts(concept.iri),
        concept=concept,
        scheme=vocabularies.headings[concept.scheme],
        heirs=heirs(concept, vocabularies),
        definition=text_of(statements, iri, SKOS.definition),
        note=text_of(statements, iri, SKOS.scopeNote),
        example=text_of(statements, iri, SKOS.example),
        names=_names(concept, vocabularies),
        hidden=sorted({text for _, text in vocabularies.texts(concept.iri, SKOS.hiddenLabel)}, key=str.casefold),
        codes=codes(concept, vocabularies, state.mappings.links(concept.iri)),
        texts=state.mappings.texts(concept.iri),
        how=how,
        path=_path(concept, vocabularies),
        broader=by_label(known(concept.broader, vocabularies)),
        narrower=trees.narrower(concept.iri),
        retired=0
        if deprecated
        else len(Trees(state, {}, deprecated=True).narrower(concept.iri)) - len(vocabularies.children(concept.iri)),
        use=use,
        repositories=_repositories(request, state, concept.iri, use),
        datasets=state.release.usage.of(concept.iri).datasets if state.release else (),
        total=state.release.usage.of(concept.iri).total if state.release else 0,
        formats=formats(),
    )


def codes(concept: Concept, vocabularies: Vocabularies, statements: Sequence[Statement] = ()) -> list[Code]:
    """The codes elsewhere, exact ones first; a concept's CURIEs stand in the order of its exact and close matches."""
    matches = {relation: vocabularies.equivalents(concept.iri, relation) for relation, _ in _RELATIONS}
    exact = matches[SKOS.exactMatch]
    iris = dict.fromkeys((*exact, *matches[SKOS.closeMatch]))
    curies = dict(zip(iris, concept.codes, strict=True))
    found = [
        Code(curies.get(iri, iri), iri, iri in exact, text, tuple(one for one in statements if one.object == iri))
        for relation, text in _RELATIONS
        for iri in dict.fromkeys(matches[relation])
        if relation == SKOS.exactMatch or iri not in exact
    ]
    return sorted(found, key=lambda code: (not code.exact, code.iri))


def how(justification: str) -> str:
    """A term of the mapping vocabulary in words: "manual mapping curation"."""
    return _CAPITAL.sub(" ", justification.rpartition("/")[2]).lower()


def _names(concept: Concept, vocabularies: Vocabularies) -> list[Names]:
    """By language, English first, then by the name of the language."""
    synonyms = vocabularies.texts(concept.iri, SKOS.altLabel)
    tags = dict.fromkeys((*concept.labels, *(language for language, _ in synonyms)))
    languages = _languages(vocabularies)
    found = [
        Names(
            languages.get(tag, tag or "Any language"),
            tag,
            concept.labels.get(tag),
            tuple(sorted({text for language, text in synonyms if language == tag}, key=str.casefold)),
        )
        for tag in tags
    ]
    return sorted(found, key=lambda names: (names.tag != "en", names.language))


@lru_cache(maxsize=2)
def _languages(vocabularies: Vocabularies) -> dict[str, str]:
    """The name of each language by its two-letter tag, as the scheme of languages gives it."""
    concepts: Iterable[Concept] = vocabularies.schemes.get("language", {}).values()
    return {tag: one.label for one in concepts for tag in one.synonyms if len(tag) == 2}


def _repositories(request: Request, state: State, iri: str, use: Use | None) -> list[RepositoryUse]:
    if state.release is None:
        return []
    to, usage = Addresses.of(request, state.identifiers.base), state.release.usage.of(iri)
    directory = state.release.search.directory
    return [
        RepositoryUse(
            directory.entry("repository", repository).label,
            usage.direct.get(repository, 0),
            number,
            to.path("datasets", {use.facet: use.key, "repository": repository}) if use and use.href else None,
        )
        for repository, number in sorted(usage.inclusive.items(), key=lambda item: (-item[1], item[0]))
    ]


def _path(concept: Concept, vocabularies: Vocabularies) -> list[Concept]:
    """The way from the top of the tree to the concept; where it has several broader ones, by the first of each."""
    found: list[Concept] = []
    while concept.broader and (broader := vocabularies.concept(concept.broader[0])):
        found.insert(0, broader)
        concept = broader
    return found
