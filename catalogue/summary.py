"""What pages and search need of one dataset, read once from its description.

The canonical N-Triples are read straight into a table of subject and predicate, not into an rdflib graph: a
release of a hundred thousand datasets is summarised in minutes instead of hours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from urllib.parse import unquote

import pyoxigraph

from catalogue.description import StoredDescription
from core.terms import ADMS, DCAT, DCT, FOAF, HEALTHDCATAP, PROV, QB, RADIOGRAPH, RDF, RDFS, SKOS
from ontology.vocabulary import Vocabularies

#: Name of a facet of concepts, as in addresses and JSON, to the property that carries it.
CONCEPT_FACETS = {
    "modality": RADIOGRAPH.modality,
    "cancer": RADIOGRAPH.condition,
    "body_part": RADIOGRAPH.bodyPart,
    "annotation": RADIOGRAPH.annotationType,
    "species": RADIOGRAPH.species,
    "manufacturer": RADIOGRAPH.scannerManufacturer,
    "software": RADIOGRAPH.software,
}
_FACET_OF_PROPERTY = {str(iri): name for name, iri in CONCEPT_FACETS.items()}


@dataclass(frozen=True, slots=True)
class Term:
    """An IRI and what people call it."""

    iri: str
    label: str


@dataclass(frozen=True, slots=True)
class DistributionSummary:
    """One way to get the data; ``byte_size`` in bytes."""

    iri: str
    title: str
    access_url: str | None
    download_url: str | None
    licence: Term | None
    media_type: str | None
    byte_size: int | None


@dataclass(frozen=True, slots=True)
class StatedText:
    """What the source wrote, and the concept it became; ``concept`` is None where none was sure enough."""

    facet: str
    text: str
    concept: Term | None
    rule: str | None
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Stratum:
    """Counts of one cell of modality × body part × sex; None where the cell does not tell (suppressed)."""

    modality: Term
    body_part: Term
    sex: Term
    subjects: int | None
    studies: int | None
    series: int | None


@dataclass(frozen=True, slots=True)
class OtherIdentifier:
    """An identifier that others use for the dataset, with the agency or scheme it belongs to."""

    notation: str
    agency: str | None


@dataclass(frozen=True, slots=True)
class DatasetSummary:
    """One dataset. ``identifier`` is the local id in its repository, ``publisher_identifier`` ``dct:identifier``.

    ``concepts`` holds the concepts by facet (keys of :data:`CONCEPT_FACETS`); ``individuals`` counts human
    subjects, ``subjects`` all; counts are None where the source tells none. Dates are as stated (``xsd`` text).
    """

    iri: str
    repository: str
    identifier: str
    kind: Literal["images", "annotations"]
    title: str
    description: str
    publisher: str | None
    publisher_identifier: str | None
    access: Term | None
    keywords: tuple[str, ...]
    concepts: dict[str, tuple[Term, ...]]
    licences: tuple[Term, ...]
    individuals: int | None
    subjects: int | None
    studies: int | None
    series: int | None
    bytes: int | None
    issued: str | None
    modified: str | None
    version: str | None
    landing_page: str | None
    references: tuple[str, ...]
    citations: tuple[str, ...]
    provenance: tuple[str, ...]
    derived_from: tuple[str, ...]
    identifiers: tuple[OtherIdentifier, ...]
    distributions: tuple[DistributionSummary, ...]
    stated: tuple[StatedText, ...]
    strata: tuple[Stratum, ...] = field(default=())

    @classmethod
    def from_description(cls, description: StoredDescription, vocabularies: Vocabularies) -> DatasetSummary:
        """Read the summary of one stored description; concepts are labelled in English where they can be."""
        node = _Node(_table(description.ntriples), description.iri, vocabularies)
        images = str(RADIOGRAPH.AnnotationDataset) not in node.iris(RDF.type)
        distributions = tuple(_distribution(part) for part in node.nodes(DCAT.distribution))
        return cls(
            iri=description.iri,
            repository=description.repository,
            identifier=unquote(description.iri.rsplit("/", 1)[-1]),
            kind="images" if images else "annotations",
            title=node.text(DCT.title) or description.identifier,
            description=node.text(DCT.description) or "",
            publisher=node.iri(DCT.publisher),
            publisher_identifier=node.text(DCT.identifier),
            access=node.term(DCT.accessRights),
            keywords=node.texts(DCAT.keyword),
            concepts={name: node.terms(iri) for name, iri in CONCEPT_FACETS.items() if node.iris(iri)},
            licences=_unique(d.licence for d in distributions if d.licence),
            individuals=node.number(HEALTHDCATAP.numberOfUniqueIndividuals),
            subjects=node.number(RADIOGRAPH.subjectCount, HEALTHDCATAP.numberOfUniqueIndividuals),
            studies=node.number(RADIOGRAPH.studyCount, HEALTHDCATAP.numberOfRecords),
            series=node.number(RADIOGRAPH.seriesCount),
            bytes=node.number(RADIOGRAPH.byteSize),
            issued=node.text(DCT.issued),
            modified=node.text(DCT.modified),
            version=node.text(DCAT.version),
            landing_page=node.iri(DCAT.landingPage),
            references=(*node.iris(DCT.isReferencedBy), *node.iris(FOAF.page)),
            citations=node.texts(DCT.bibliographicCitation),
            provenance=tuple(text for part in node.nodes(DCT.provenance) for text in part.texts(RDFS.label)),
            derived_from=node.iris(PROV.wasDerivedFrom),
            identifiers=tuple(_identifier(part) for part in node.nodes(ADMS.identifier)),
            distributions=distributions,
            stated=_stated(node),
            strata=_strata(node),
        )

    def to_json(self) -> dict[str, Any]:
        """All fields as plain JSON values."""
        return asdict(self)


_Table = dict[str, dict[str, list[pyoxigraph.NamedNode | pyoxigraph.Literal]]]


class _Node:
    """One resource of a description, with readers for its values (sorted, as canonical N-Triples are)."""

    def __init__(self, table: _Table, iri: str, vocabularies: Vocabularies) -> None:
        self.name = iri
        self.table = table
        self._properties = table.get(iri, {})
        self._vocabularies = vocabularies

    def iris(self, predicate: str) -> tuple[str, ...]:
        values = self._properties.get(str(predicate), ())
        return tuple(value.value for value in values if isinstance(value, pyoxigraph.NamedNode))

    def iri(self, predicate: str) -> str | None:
        return next(iter(self.iris(predicate)), None)

    def texts(self, predicate: str) -> tuple[str, ...]:
        """The literals, English ones first."""
        values = self._properties.get(str(predicate), ())
        literals = [value for value in values if isinstance(value, pyoxigraph.Literal)]
        literals.sort(key=lambda value: not (value.language or "en").startswith("en"))
        return tuple(dict.fromkeys(value.value for value in literals))

    def text(self, predicate: str) -> str | None:
        return next(iter(self.texts(predicate)), None)

    def number(self, *predicates: str) -> int | None:
        for predicate in predicates:
            for text in self.texts(predicate):
                if text.isascii() and text.isdigit() and len(text) < 19:
                    return int(text)
        return None

    def terms(self, predicate: str) -> tuple[Term, ...]:
        return tuple(term(iri, self._vocabularies) for iri in self.iris(predicate))

    def term(self, predicate: str) -> Term | None:
        return next(iter(self.terms(predicate)), None)

    def nodes(self, predicate: str) -> tuple[_Node, ...]:
        return tuple(self.at(iri) for iri in self.iris(predicate))

    def at(self, iri: str) -> _Node:
        return _Node(self.table, iri, self._vocabularies)


def term(iri: str, vocabularies: Vocabularies) -> Term:
    """The IRI with its label from the vocabularies, or with a readable end of itself."""
    concept = vocabularies.concept(iri)
    return Term(iri, concept.label if concept else _readable_end(iri))


def _readable_end(iri: str) -> str:
    end = unquote(iri.rstrip("/#").rsplit("/", 1)[-1].rsplit("#", 1)[-1]) or iri
    return end.replace("_", " ").capitalize() if end.isupper() and len(end) > 5 else end


def _table(ntriples: bytes) -> _Table:
    table: _Table = defaultdict(lambda: defaultdict(list))
    for triple in pyoxigraph.parse(ntriples, format=pyoxigraph.RdfFormat.N_TRIPLES):
        if isinstance(triple.subject, pyoxigraph.NamedNode) and isinstance(
            triple.object, pyoxigraph.NamedNode | pyoxigraph.Literal
        ):
            table[triple.subject.value][triple.predicate.value].append(triple.object)
    return table


def _distribution(node: _Node) -> DistributionSummary:
    return DistributionSummary(
        iri=node.name,
        title=node.text(DCT.title) or unquote(node.name.rsplit("/", 1)[-1]),
        access_url=node.iri(DCAT.accessURL),
        download_url=node.iri(DCAT.downloadURL),
        licence=node.term(DCT.license),
        media_type=_media_type(node.iri(DCAT.mediaType)),
        byte_size=node.number(DCAT.byteSize),
    )


def _media_type(iri: str | None) -> str | None:
    return iri.split("/media-types/")[-1] if iri else None


def _identifier(node: _Node) -> OtherIdentifier:
    return OtherIdentifier(node.text(SKOS.notation) or node.name, node.text(ADMS.schemaAgency))


def _stated(node: _Node) -> tuple[StatedText, ...]:
    found: list[StatedText] = []
    for part in node.nodes(RADIOGRAPH.statedValue):
        facet = _FACET_OF_PROPERTY.get(part.iri(RADIOGRAPH.facet) or "")
        text = part.text(RADIOGRAPH.text)
        if facet is None or text is None:
            continue
        rule = part.text(RADIOGRAPH.rule)
        confidence = _decimal(part.text(RADIOGRAPH.confidence))
        concepts: tuple[Term | None, ...] = part.terms(RADIOGRAPH.concept) or (None,)
        found.extend(StatedText(facet, text, concept, rule, confidence) for concept in concepts)
    return tuple(sorted(found, key=lambda s: (s.facet, s.text.casefold(), s.text, s.concept.iri if s.concept else "")))


def _strata(node: _Node) -> tuple[Stratum, ...]:
    cubes = set(node.iris(RADIOGRAPH.strata))
    found: list[Stratum] = []
    for name, properties in node.table.items():
        observation = node.at(name) if str(QB.dataSet) in properties else None
        if observation is None or not cubes.intersection(observation.iris(QB.dataSet)):
            continue
        modality = observation.term(RADIOGRAPH.stratumModality)
        body_part = observation.term(RADIOGRAPH.stratumBodyPart)
        sex = observation.term(RADIOGRAPH.stratumSex)
        if modality and body_part and sex:
            counts = [
                observation.number(predicate)
                for predicate in (RADIOGRAPH.subjectCount, RADIOGRAPH.studyCount, RADIOGRAPH.seriesCount)
            ]
            found.append(Stratum(modality, body_part, sex, *counts))
    return tuple(sorted(found, key=lambda s: (-(s.series or 0), s.modality.iri, s.body_part.iri, s.sex.iri)))


def _decimal(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _unique(terms: Iterable[Term]) -> tuple[Term, ...]:
    return tuple(dict.fromkeys(terms))
