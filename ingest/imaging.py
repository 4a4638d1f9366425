"""What a description says of the images: facets as concepts, counts, and strata as a W3C Data Cube."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from core.terms import CONCEPT, DCT, HEALTHDCATAP, QB, RADIOGRAPH, RDF, XSD
from ingest.prose import writable
from ingest.record import Facet, SourceRecord, SourceStratum
from ontology.concept import Match
from ontology.harmoniser import Harmoniser
from ontology.vocabulary import Vocabularies

#: The scheme that the texts of a facet are looked up in.
SCHEMES: Mapping[Facet, str] = {
    "modality": "modality",
    "annotationType": "annotation",
    "bodyPart": "anatomy",
    "condition": "cancer",
    "species": "species",
    "scannerManufacturer": "manufacturer",
    "software": "software",
}
#: Sources mix these pairs: a list of modalities holds SEG, a list of manufacturers holds makers of software. A text
#: is looked up in both, and what it means is stated where it belongs.
SIBLINGS: Mapping[Facet, Facet] = {
    "modality": "annotationType",
    "annotationType": "modality",
    "scannerManufacturer": "software",
}
_HUMAN = str(CONCEPT["species/337915000"])
#: Sources call the species of a phantom human, and say in another facet that it is a phantom.
PHANTOMS = frozenset(str(CONCEPT[name]) for name in ("cancer/phantom", "anatomy/706342009", "species/706342009"))


@dataclass(slots=True)
class Harmonised:
    """The texts of a record with what they became; ``unmatched`` are those that became nothing."""

    stated: list[tuple[Facet, Match]] = field(default_factory=list)
    unmatched: list[tuple[Facet, str]] = field(default_factory=list)

    def concepts(self, facet: Facet) -> set[str]:
        return {concept.iri for stated, match in self.stated if stated == facet for concept in match.concepts}

    @property
    def of_humans_only(self) -> bool:
        """Whether the source says which species, says nothing but human, and speaks of no phantom."""
        understood = all(facet != "species" for facet, _ in self.unmatched)
        phantoms = any(concept.iri in PHANTOMS for _, match in self.stated for concept in match.concepts)
        return understood and not phantoms and self.concepts("species") == {_HUMAN}


def harmonise(record: SourceRecord, harmoniser: Harmoniser, repository: str) -> Harmonised:
    """Find the concepts of every text of every facet."""
    result = Harmonised()
    for facet in sorted(record.terms):
        for text in filter(None, dict.fromkeys(map(writable, record.terms[facet]))):
            matches = list(_matches(facet, text, harmoniser, repository))
            result.stated += matches
            if not matches and not _is_copied(facet, text, harmoniser, repository):
                result.unmatched.append((facet, text))
    return result


def _matches(facet: Facet, text: str, harmoniser: Harmoniser, repository: str) -> Iterator[tuple[Facet, Match]]:
    for candidate in (facet, SIBLINGS.get(facet)):
        if candidate is not None:
            match = harmoniser.match(text, SCHEMES[candidate], repository=repository)
            if match.concepts:
                yield candidate, match


def _is_copied(facet: Facet, text: str, harmoniser: Harmoniser, repository: str) -> bool:
    """Annotation objects often keep the Manufacturer of the images they were made on: it is no software's maker."""
    return facet == "software" and bool(harmoniser.match(text, "manufacturer", repository=repository).concepts)


def add_facets(graph: Graph, dataset: URIRef, harmonised: Harmonised) -> None:
    """Add the concepts of every facet, and every raw text beside what became of it."""
    for facet, match in harmonised.stated:
        for concept in match.concepts:
            graph.add((dataset, RADIOGRAPH[facet], URIRef(concept.iri)))
        node = _add_stated_value(graph, dataset, facet, match.text, match.rule)
        confidence = Literal(str(round(match.confidence, 4)), datatype=XSD.decimal)
        graph.add((node, RADIOGRAPH.confidence, confidence))
        for concept in match.concepts:
            graph.add((node, RADIOGRAPH.concept, URIRef(concept.iri)))
    for facet, text in harmonised.unmatched:
        _add_stated_value(graph, dataset, facet, text, "none")


def _add_stated_value(graph: Graph, dataset: URIRef, facet: Facet, text: str, rule: str) -> URIRef:
    node = owned_node(dataset, "stated", facet, text)
    graph.add((dataset, RADIOGRAPH.statedValue, node))
    graph.add((node, RDF.type, RADIOGRAPH.StatedValue))
    graph.add((node, RADIOGRAPH.facet, RADIOGRAPH[facet]))
    graph.add((node, RADIOGRAPH.text, Literal(text)))
    graph.add((node, RADIOGRAPH.rule, Literal(rule)))
    return node


def add_counts(graph: Graph, dataset: URIRef, record: SourceRecord, *, humans_only: bool) -> None:
    """Add the totals. ``numberOfUniqueIndividuals`` is about people, so it stands only where all subjects are."""
    _add_count(graph, dataset, RADIOGRAPH.subjectCount, record.subjects)
    _add_count(graph, dataset, RADIOGRAPH.studyCount, record.studies)
    _add_count(graph, dataset, RADIOGRAPH.seriesCount, record.series)
    _add_count(graph, dataset, RADIOGRAPH.byteSize, record.byte_size)
    _add_count(graph, dataset, HEALTHDCATAP.numberOfRecords, record.studies)
    if humans_only:
        _add_count(graph, dataset, HEALTHDCATAP.numberOfUniqueIndividuals, record.subjects)


def add_strata(
    graph: Graph, dataset: URIRef, strata: tuple[SourceStratum, ...], title: Literal, vocabularies: Vocabularies
) -> list[str]:
    """Add the cube and its observations; return a remark for each stratum whose concepts no vocabulary has."""
    remarks: list[str] = []
    cube = URIRef(f"{dataset}#strata")
    for stratum in strata:
        dimensions = (stratum.modality, stratum.body_part, stratum.sex)
        unknown = [iri for iri in dimensions if vocabularies.concept(iri) is None]
        if unknown:
            remarks.append(f"a stratum is left out: {', '.join(unknown)} is in no vocabulary")
            continue
        node = owned_node(dataset, "stratum", *dimensions)
        statements: list[tuple[URIRef, Node]] = [
            (RDF.type, QB.Observation),
            (QB.dataSet, cube),
            (RADIOGRAPH.stratumModality, URIRef(stratum.modality)),
            (RADIOGRAPH.stratumBodyPart, URIRef(stratum.body_part)),
            (RADIOGRAPH.stratumSex, URIRef(stratum.sex)),
        ]
        for predicate, value in statements:
            graph.add((node, predicate, value))
        _add_count(graph, node, RADIOGRAPH.subjectCount, stratum.subjects)
        _add_count(graph, node, RADIOGRAPH.studyCount, stratum.studies)
        _add_count(graph, node, RADIOGRAPH.seriesCount, stratum.series)
    if len(remarks) < len(strata):
        graph.add((dataset, RADIOGRAPH.strata, cube))
        graph.add((cube, RDF.type, QB.DataSet))
        graph.add((cube, QB.structure, RADIOGRAPH.strataStructure))
        graph.add((cube, DCT.title, title))
    return remarks


def owned_node(dataset: URIRef, kind: str, *content: str) -> URIRef:
    """A node under the dataset whose IRI depends on its content only."""
    digest = sha256("\0".join(content).encode()).hexdigest()[:16]
    return URIRef(f"{dataset}#{kind}-{digest}")


def _add_count(graph: Graph, subject: URIRef, predicate: URIRef, count: int | None) -> None:
    if count is not None:
        graph.add((subject, predicate, Literal(str(count), datatype=XSD.nonNegativeInteger)))
