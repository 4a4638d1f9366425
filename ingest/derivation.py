"""From a record to its candidate: mapped, cut to what it owns, judged by its gate. The ledger has no part in it."""

from __future__ import annotations

from dataclasses import dataclass

from rdflib import Graph, URIRef

from catalogue.description import Candidate
from core.canonical import canonical_ntriples, skolemise
from core.errors import IdentifierError
from core.identifiers import Identifiers
from core.terms import DCAT, RDF, new_graph
from ingest.declaration import RepositoryDeclaration
from ingest.disclosure import disclose
from ingest.mapping import Description, describe
from ingest.record import SourceRecord
from ontology.harmoniser import Harmoniser
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.report import Report
from shapes.validator import Validator


@dataclass(frozen=True, slots=True)
class Derived:
    """What one record came to; ``foreign`` counts the subjects that were left out because they are not its own."""

    candidate: Candidate
    report: Report
    description: Description
    foreign: int


@dataclass(frozen=True)
class Words:
    """The vocabularies and what the mapping sets make of texts by them."""

    vocabularies: Vocabularies
    harmoniser: Harmoniser


class Deriver:
    """Derives the candidates of one repository."""

    def __init__(
        self,
        declaration: RepositoryDeclaration,
        identifiers: Identifiers,
        words: Words,
        profiles: Profiles,
        validator: Validator,
    ) -> None:
        self._declaration = declaration
        self._identifiers = identifiers
        self._words = words
        self._profiles = profiles
        self._validator = validator
        self._context = declaration.catalogue_graph(identifiers)

    def describe(self, record: SourceRecord) -> Description:
        """Map a record, and judge nothing.

        Raises:
            IdentifierError: its identifier cannot become an IRI.
        """
        words = self._words
        return describe(record, self._declaration, words.harmoniser, words.vocabularies, self._identifiers)

    def derive(self, record: SourceRecord) -> Derived:
        """Map and judge a record.

        Raises:
            RadiographError: it cannot be described.
        """
        declaration = self._declaration
        description = self.describe(record)
        graph, foreign = owned(skolemise(description.graph, description.iri), description.iri, self._identifiers)
        context = with_neighbours(self._context + description.references, graph, description.iri, self._identifiers)
        report = self._validator.validate(
            graph, description.iri, context=context, repository=declaration.id, gate=declaration.gate
        )
        candidate = Candidate(
            iri=str(description.iri),
            repository=declaration.id,
            identifier=record.identifier,
            ntriples=canonical_ntriples(graph),
            report=_kept_report(report, declaration).model_dump_json(),
            conforms_to=tuple(self._profiles.get(v.profile).iri for v in report.verdicts if v.conforms),
            accepted=report.conforms(declaration.gate),
            source_record=_kept_record(record, declaration).model_dump_json(),
            source_iri=record.source_iri,
        )
        return Derived(candidate, report, description, foreign)


def owned(graph: Graph, dataset: URIRef, identifiers: Identifiers) -> tuple[Graph, int]:
    """The part of a description that it may say, and how many subjects it does not own."""
    foreign = {subject for subject in graph.subjects() if not identifiers.owns(str(dataset), str(subject))}
    if not foreign:
        return graph, 0
    kept = new_graph()
    for triple in graph:
        if triple[0] not in foreign:
            kept.add(triple)
    return kept, len(foreign)


def with_neighbours(context: Graph, graph: Graph, dataset: URIRef, identifiers: Identifiers) -> Graph:
    """The context, and of the other datasets of the catalogue that a description refers to that they are datasets.

    Their own descriptions say so, but each is validated by itself.
    """
    terms = (term for term in set(graph.objects()) - {dataset} if isinstance(term, URIRef))
    neighbours = [term for term in terms if _is_dataset(term, identifiers)]
    if not neighbours:
        return context
    extended = new_graph()
    extended += context
    for neighbour in neighbours:
        extended.add((neighbour, RDF.type, DCAT.Dataset))
    return extended


def _is_dataset(iri: URIRef, identifiers: Identifiers) -> bool:
    try:
        identifiers.parse_dataset(str(iri))
    except IdentifierError:
        return False
    return True


def _kept_record(record: SourceRecord, declaration: RepositoryDeclaration) -> SourceRecord:
    """The record as the ledger may keep it: small counts withheld, and of a source that is not public no places."""
    disclosed = disclose(record, declaration.k).record
    return disclosed if declaration.public else disclosed.model_copy(update={"location": "", "remarks": ()})


def _kept_report(report: Report, declaration: RepositoryDeclaration) -> Report:
    """The report as the ledger may keep it: of a source that is not public no rejected values."""
    if declaration.public:
        return report
    findings = tuple(finding.model_copy(update={"value": None}) for finding in report.findings)
    return report.model_copy(update={"findings": findings})
