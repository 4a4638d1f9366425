"""The pages of the vocabularies: one concept, one scheme as a tree, and the ontology with all schemes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import HTMLResponse
from rdflib import Graph, URIRef

from api.negotiation import GRAPH_VARIANTS
from api.rendering import Addresses, page
from api.state import State
from catalogue.facets import FACETS
from catalogue.search import SearchRequest
from core.terms import DCT, OWL, RDF, RDFS, SKOS
from ontology.concept import Concept
from ontology.vocabulary import Vocabularies

#: More concepts than this are shown as a tree that is closed at first.
MAX_OPEN = 60
_KINDS = ((OWL.Class, "Classes"), (OWL.ObjectProperty, "Properties"), (OWL.DatatypeProperty, "Properties of values"))


@dataclass(frozen=True, slots=True)
class Use:
    """How many datasets of the release have a concept or a narrower one, and the search that finds them."""

    datasets: int
    href: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A concept of a tree with what is narrower."""

    concept: Concept
    use: Use | None
    narrower: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A concept of another system: as CURIE and as address, and whether it is the very same."""

    text: str
    iri: str
    exact: bool


def concept_page(request: Request, state: State, concept: Concept, statements: Graph) -> HTMLResponse:
    """The page of one concept; ``statements`` are what its scheme says of it."""
    iri, uses = URIRef(concept.iri), _uses(request, state)
    known = state.vocabularies
    return page(
        request,
        "concept.html",
        headers=_signposts(concept.iri),
        concept=concept,
        scheme=known.headings[concept.scheme],
        definition=_text(statements, iri, SKOS.definition, SKOS.scopeNote),
        synonyms=sorted({str(label) for label in statements.objects(iri, SKOS.altLabel)}, key=str.casefold),
        codes=codes(concept, known),
        path=_path(concept, state),
        broader=_sorted(state, concept.broader),
        narrower=[Branch(one, uses.get(one.iri), ()) for one in _sorted(state, known.children(concept.iri))],
        use=uses.get(concept.iri),
        formats=_formats(),
    )


def scheme_page(request: Request, state: State, name: str, statements: Graph) -> HTMLResponse:
    """The page of a concept scheme; ``statements`` are what it says of itself."""
    scheme, concepts = state.vocabularies.headings[name], state.vocabularies.schemes[name]
    iri, uses = URIRef(scheme.iri), _uses(request, state)
    tops = [one.iri for one in concepts.values() if not any(broader in concepts for broader in one.broader)]
    return page(
        request,
        "scheme.html",
        headers=_signposts(scheme.iri),
        scheme=scheme,
        definition=_text(statements, iri, DCT.description),
        sources=sorted(str(one) for one in statements.objects(iri, DCT.source)),
        licences=sorted(str(one) for one in statements.objects(iri, DCT.license)),
        total=len(concepts),
        tree=[_branch(one, state, uses) for one in _sorted(state, tops)],
        opened=len(concepts) <= MAX_OPEN,
        formats=_formats(),
    )


def ontology_page(request: Request, state: State, ontology: Graph) -> HTMLResponse:
    """The page of the application ontology: its terms, and the concept schemes they are used with."""
    (iri,) = ontology.subjects(RDF.type, OWL.Ontology)
    known = state.vocabularies
    own = {term for term in ontology.subjects(RDFS.isDefinedBy, iri) if isinstance(term, URIRef)}
    return page(
        request,
        "ontology.html",
        headers=_signposts(str(iri)),
        iri=str(iri),
        title=_text(ontology, iri, DCT.title),
        definition=_text(ontology, iri, DCT.description),
        version=_text(ontology, iri, OWL.versionInfo),
        licence=_text(ontology, iri, DCT.license),
        schemes=[
            (name, scheme.title, len(known.schemes[name]))
            for name, scheme in sorted(known.headings.items(), key=lambda item: item[1].title.casefold())
        ],
        terms=[
            (heading, [_term(ontology, term) for term in sorted(own & set(ontology.subjects(RDF.type, kind)))])
            for kind, heading in _KINDS
        ],
        formats=_formats(),
    )


def _uses(request: Request, state: State) -> Mapping[str, Use]:
    """By IRI, every concept that a dataset of the release has, or that is broader than one of those."""
    if state.release is None:
        return {}
    to = Addresses.of(request, state.identifiers.base)
    facets = state.release.search.search(SearchRequest(size=1)).facets
    return {
        count.iri: Use(count.count, to.path("datasets", {facet: count.key}))
        for facet in FACETS
        for count in facets[facet]
        if count.iri and count.count
    }


def _path(concept: Concept, state: State) -> list[Concept]:
    """The way from the top of the tree to the concept; where it has several broader ones, by the first of each."""
    found: list[Concept] = []
    while concept.broader and (broader := state.vocabularies.concept(concept.broader[0])):
        found.insert(0, broader)
        concept = broader
    return found


def _branch(concept: Concept, state: State, uses: Mapping[str, Use]) -> Branch:
    narrower = _sorted(state, state.vocabularies.children(concept.iri))
    return Branch(concept, uses.get(concept.iri), tuple(_branch(one, state, uses) for one in narrower))


def _sorted(state: State, iris: Sequence[str]) -> list[Concept]:
    concepts = [concept for iri in iris if (concept := state.vocabularies.concept(iri))]
    return sorted(concepts, key=lambda concept: (concept.label.casefold(), concept.iri))


def codes(concept: Concept, known: Vocabularies) -> list[Code]:
    """The codes elsewhere, exact ones first; a concept's CURIEs stand in the order of its exact and close matches."""
    exact = known.equivalents(concept.iri, SKOS.exactMatch)
    iris = dict.fromkeys((*exact, *known.equivalents(concept.iri, SKOS.closeMatch)))
    codes = [Code(text, iri, iri in exact) for text, iri in zip(concept.codes, iris, strict=True)]
    return sorted(codes, key=lambda code: (not code.exact, code.iri))


def _term(ontology: Graph, term: URIRef) -> dict[str, str | None]:
    return {
        "name": str(term).rpartition("#")[2],
        "iri": str(term),
        "label": _text(ontology, term, RDFS.label),
        "definition": _text(ontology, term, SKOS.definition, RDFS.comment),
    }


def _text(statements: Graph, subject: object, *predicates: URIRef) -> str | None:
    """The first value of the first predicate that has one, English before other languages."""
    for predicate in predicates:
        values = [one for s, p, one in statements.triples((URIRef(str(subject)), predicate, None))]
        if values:
            return str(min(values, key=lambda one: (getattr(one, "language", None) not in ("en", None), str(one))))
    return None


def _formats() -> list[tuple[str, str]]:
    """Each format with its address, relative to the page itself."""
    return [(variant.label, f"?format={variant.name}") for variant in GRAPH_VARIANTS]


def _signposts(iri: str) -> dict[str, str]:
    return {"Link": f'<{iri}>; rel="canonical"'}
