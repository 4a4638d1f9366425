"""The pages of the vocabularies: one scheme as a tree, the ontology with all schemes, and what a search finds."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import HTMLResponse
from rdflib import Graph, URIRef

from api.negotiation import GRAPH_VARIANTS
from api.rendering import page
from api.state import State
from api.vocabulary_tree import Trees, uses
from core.terms import DCT, OWL, RDF, RDFS, SKOS
from ontology.label_search import Hit
from ontology.vocabulary import Vocabularies

#: More concepts than this are shown as a tree that is closed at first.
MAX_OPEN = 60
#: Concepts that a page of a search shows.
SHOWN = 50
_KINDS = ((OWL.Class, "Classes"), (OWL.ObjectProperty, "Properties"), (OWL.DatatypeProperty, "Properties of values"))


def scheme_page(request: Request, state: State, name: str, statements: Graph, *, deprecated: bool) -> HTMLResponse:
    """The page of a concept scheme; ``statements`` are what it says of itself."""
    scheme, concepts = state.vocabularies.headings[name], state.vocabularies.schemes[name]
    iri = URIRef(scheme.iri)
    retired = sum(concept.deprecated for concept in concepts.values())
    return page(
        request,
        "scheme.html",
        headers=signposts(scheme.iri),
        name=name,
        scheme=scheme,
        definition=text_of(statements, iri, DCT.description),
        sources=sorted(str(one) for one in statements.objects(iri, DCT.source)),
        licences=sorted(str(one) for one in statements.objects(iri, DCT.license)),
        total=len(concepts) - retired,
        retired=retired,
        deprecated=deprecated,
        tree=Trees(state, uses(request, state), deprecated=deprecated).whole(name),
        opened=len(concepts) <= MAX_OPEN,
        formats=formats(),
    )


def ontology_page(
    request: Request, state: State, ontology: Graph, *, kept: Sequence[str], old: bool = False
) -> HTMLResponse:
    """The page of the application ontology: its terms, and the concept schemes they are used with.

    ``kept`` are the versions that can be had; an ``old`` one is shown without the schemes, which are of now.
    """
    (iri,) = ontology.subjects(RDF.type, OWL.Ontology)
    own = {term for term in ontology.subjects(RDFS.isDefinedBy, iri) if isinstance(term, URIRef)}
    version = text_of(ontology, iri, OWL.versionInfo)
    version_iri = text_of(ontology, iri, OWL.versionIRI)
    return page(
        request,
        "ontology.html",
        headers=signposts(version_iri if old and version_iri else str(iri)),
        iri=version_iri if old and version_iri else str(iri),
        title=text_of(ontology, iri, DCT.title),
        definition=text_of(ontology, iri, DCT.description),
        version=version,
        old=old,
        kept=[one for one in reversed(kept) if one != version],
        licence=text_of(ontology, iri, DCT.license),
        schemes=[] if old else _schemes(state.vocabularies),
        terms=[
            (heading, [_term(ontology, term) for term in sorted(own & set(ontology.subjects(RDF.type, kind)))])
            for kind, heading in _KINDS
        ],
        formats=formats(),
    )


def search_page(
    request: Request, state: State, text: str, hits: Sequence[Hit], *, scheme: str | None, number: int
) -> HTMLResponse:
    """The concepts that a search found; ``number`` is that of the page, from 1."""
    trees = Trees(state, uses(request, state), deprecated=True)
    first = (number - 1) * SHOWN
    return page(
        request,
        "concepts.html",
        headers={"X-Robots-Tag": "noindex"},
        text=text,
        scheme=scheme,
        schemes=[(name, title) for name, title, _ in _schemes(state.vocabularies)],
        headings=state.vocabularies.headings,
        total=len(hits),
        rows=[(hit, trees.leaf(hit.concept)) for hit in hits[first : first + SHOWN]],
        number=number,
        pages=-(-len(hits) // SHOWN),
    )


def formats() -> list[tuple[str, str]]:
    """Each format with its address, relative to the page itself."""
    return [(variant.label, f"?format={variant.name}") for variant in GRAPH_VARIANTS]


def signposts(iri: str) -> dict[str, str]:
    """The header that names the IRI of what a page is about."""
    return {"Link": f'<{iri}>; rel="canonical"'}


def text_of(statements: Graph, subject: object, *predicates: URIRef) -> str | None:
    """The first value of the first predicate that has one, English before other languages."""
    for predicate in predicates:
        values = [one for s, p, one in statements.triples((URIRef(str(subject)), predicate, None))]
        if values:
            return str(min(values, key=lambda one: (getattr(one, "language", None) not in ("en", None), str(one))))
    return None


def _schemes(vocabularies: Vocabularies) -> list[tuple[str, str, int]]:
    """Name, title and number of concepts in use of every scheme, by title."""
    return [
        (name, scheme.title, sum(not concept.deprecated for concept in vocabularies.schemes[name].values()))
        for name, scheme in sorted(vocabularies.headings.items(), key=lambda item: item[1].title.casefold())
    ]


def _term(ontology: Graph, term: URIRef) -> dict[str, str | bool | None]:
    return {
        "name": str(term).rpartition("#")[2],
        "iri": str(term),
        "label": text_of(ontology, term, RDFS.label),
        "definition": text_of(ontology, term, SKOS.definition, RDFS.comment),
        "deprecated": text_of(ontology, term, OWL.deprecated) == "true",
        "replaced_by": text_of(ontology, term, DCT.isReplacedBy),
    }
