"""From a source's record to its description: the graph of ``docs/data-model.md``.

Nothing is guessed. What the record does not say is left out; what it says in a way that cannot be carried over (a
malformed address, an unknown licence) is left out and told as a remark to the steward.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from rdflib import Graph, Literal, URIRef

from core.errors import IdentifierError
from core.identifiers import Identifiers, normalise_doi
from core.terms import ADMS, DCAT, DCT, PROV, RADIOGRAPH, RDF, RDFS, SKOS, XSD, new_graph
from ingest.addresses import web_address
from ingest.dates import date_literal
from ingest.declaration import RepositoryDeclaration
from ingest.disclosure import disclose
from ingest.imaging import add_counts, add_facets, add_strata, harmonise, owned_node
from ingest.prose import writable
from ingest.record import Facet, SourceDistribution, SourceRecord
from ingest.statements import stated
from ontology.concept import Concept, Match
from ontology.harmoniser import Harmoniser
from ontology.vocabulary import Vocabularies

MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
#: RFC 6838 §4.2, restricted names.
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][\w!#$&^.+-]{0,126}/[A-Za-z0-9][\w!#$&^.+-]{0,126}", re.ASCII)
_KINDS = {"images": RADIOGRAPH.ImagingDataset, "annotations": RADIOGRAPH.AnnotationDataset}


@dataclass(frozen=True, slots=True)
class Description:
    """``graph`` has no blank nodes and only subjects that ``iri`` owns.

    ``stated`` are the texts that became concepts, ``unmatched`` those that became none, both with their facet.
    ``lost_licences`` are texts of licences that no vocabulary knows, in order. ``remarks`` are for the steward and may
    quote the record. ``references`` says of what classes resources are that ``iri`` does not own and refers to.
    """

    graph: Graph
    iri: URIRef
    stated: list[tuple[Facet, Match]]
    unmatched: list[tuple[Facet, str]]
    lost_licences: list[str]
    remarks: list[str]
    references: Graph = field(default_factory=new_graph)


def describe(
    record: SourceRecord,
    declaration: RepositoryDeclaration,
    harmoniser: Harmoniser,
    vocabularies: Vocabularies,
    identifiers: Identifiers,
) -> Description:
    """Map one record of the declared repository; its counts pass disclosure control with the repository's ``k``.

    Raises:
        IdentifierError: the record's identifier cannot become an IRI.
    """
    disclosure = disclose(record, declaration.k)
    writer = _Writer(disclosure.record, declaration, harmoniser, identifiers)
    writer.remarks += [*record.remarks, *disclosure.remarks]
    writer.write()
    harmonised = harmonise(disclosure.record, harmoniser, declaration.id)
    add_facets(writer.graph, writer.dataset, harmonised)
    # Statements in the terms of the profiles count people where they count subjects.
    humans_only = harmonised.of_humans_only or record.statements is not None
    add_counts(writer.graph, writer.dataset, disclosure.record, humans_only=humans_only)
    cube_title = writer.text("Subjects, studies and series by modality, body part and sex", language="en")
    writer.remarks += add_strata(writer.graph, writer.dataset, disclosure.record.strata, cube_title, vocabularies)
    return Description(
        writer.graph,
        writer.dataset,
        harmonised.stated,
        harmonised.unmatched,
        writer.lost_licences,
        writer.remarks,
        writer.references,
    )


class _Writer:
    """Writes what is not about the images."""

    def __init__(
        self,
        record: SourceRecord,
        declaration: RepositoryDeclaration,
        harmoniser: Harmoniser,
        identifiers: Identifiers,
    ) -> None:
        self.graph = new_graph()
        self.references = new_graph()
        self.lost_licences: list[str] = []
        self.remarks: list[str] = []
        self.dataset = identifiers.dataset(declaration.id, record.identifier)
        self._record = record
        self._declaration = declaration
        self._harmoniser = harmoniser
        self._identifiers = identifiers
        self._language = self._tag(declaration.defaults.language)

    def write(self) -> None:
        if self._record.statements is not None:
            self._write_statements(self._record.statements)
            return
        self._write_type_and_texts()
        self._write_identifiers()
        self._write_repository()
        self._write_dates()
        self._write_references()
        self._write_derivation()
        self._write_distributions()

    def text(self, text: str, *, language: str | None = None) -> Literal:
        """A text in the language of the repository, unless told otherwise."""
        return Literal(writable(text), lang=language or self._language)

    def _write_statements(self, statements: str) -> None:
        """Write what the record says in RDF, and of the repository what it does not say."""
        said = stated(statements, self.dataset, self._identifiers)
        self._add(RDF.type, _KINDS[self._record.kind])
        self._write_repository()
        if (self.dataset, DCT.identifier, None) not in said.graph:
            self._write_identifiers()
        for predicate in set(said.graph.predicates(self.dataset)) - {RDF.type}:
            self.graph.remove((self.dataset, predicate, None))
        self.graph += said.graph
        self._write_derivation()
        self.references = said.references
        self.remarks += said.remarks

    def _write_type_and_texts(self) -> None:
        record = self._record
        self._add(RDF.type, DCAT.Dataset)
        self._add(RDF.type, _KINDS[record.kind])
        self._add_texts(self.dataset, DCT.title, [record.title])
        self._add_texts(self.dataset, DCT.description, [record.description])
        self._add_texts(self.dataset, DCAT.keyword, record.keywords)
        self._add_plain(DCAT.version, [record.version])
        self._add_plain(DCT.bibliographicCitation, record.citations)
        node = URIRef(f"{self.dataset}#provenance")
        self._add_texts(node, RDFS.label, [record.provenance])
        if (node, RDFS.label, None) in self.graph:
            self._add(DCT.provenance, node)
            self.graph.add((node, RDF.type, DCT.ProvenanceStatement))
        if record.creators:
            self.remarks.append("creators are not carried over: a description names no persons")

    def _write_identifiers(self) -> None:
        """One ``dct:identifier``, the first publisher's untouched; all others as ``adms:identifier``."""
        record = self._record
        self._add(DCT.identifier, Literal(writable(record.publisher_identifier or "") or str(self.dataset)))
        for text in dict.fromkeys((*record.dois, *record.other_identifiers)):
            doi = normalise_doi(text)
            if doi is None and text in record.dois:
                self.remarks.append(f"{text!r} is not a DOI")
            elif writable(text):
                self._write_identifier(writable(doi or text), "DOI" if doi else None)

    def _write_identifier(self, notation: str, agency: str | None) -> None:
        node = owned_node(self.dataset, "identifier", notation)
        self._add(ADMS.identifier, node)
        self.graph.add((node, RDF.type, ADMS.Identifier))
        self.graph.add((node, SKOS.notation, Literal(notation)))
        if agency is not None:
            self.graph.add((node, ADMS.schemaAgency, Literal(agency)))

    def _write_repository(self) -> None:
        declaration, defaults = self._declaration, self._declaration.defaults
        self._add(DCT.publisher, declaration.publisher_iri(self._identifiers))
        self._add(DCAT.contactPoint, declaration.contact_iri(self._identifiers))
        self._add(DCAT.theme, URIRef(defaults.theme))
        if defaults.access_rights is not None:
            self._add(DCT.accessRights, URIRef(defaults.access_rights))
        for text in self._record.languages:
            language = self._concept(text, "language") or self._concept(text.partition("-")[0], "language")
            if language is not None:
                self._add(DCT.language, URIRef(language.iri))
            else:
                self.remarks.append(f"the language {text!r} is not known")
        if not self._record.languages:
            self._add(DCT.language, URIRef(defaults.language))

    def _write_dates(self) -> None:
        for name, predicate in (("issued", DCT.issued), ("modified", DCT.modified)):
            text = getattr(self._record, name)
            literal = date_literal(text or "")
            if literal is not None:
                self._add(predicate, literal)
            elif text and text.strip():
                self.remarks.append(f"{name} {text!r} is not a date of the form 2024-03-31, 2024-03 or 2024")

    def _write_references(self) -> None:
        self._add_address(self.dataset, DCAT.landingPage, self._record.landing_page)
        for reference in self._record.references:
            self._add_address(self.dataset, DCT.isReferencedBy, reference)

    def _write_derivation(self) -> None:
        for identifier in self._record.derived_from:
            try:
                origin = self._identifiers.dataset(self._declaration.id, identifier)
            except IdentifierError as error:
                self.remarks.append(f"derived from {identifier!r}: {error.message}")
                continue
            if origin == self.dataset:
                self.remarks.append("the record says that it is derived from itself")
                continue
            self._add(PROV.wasDerivedFrom, origin)
            self._add(DCT.source, origin)

    def _write_distributions(self) -> None:
        taken: set[URIRef] = set()
        for distribution in self._record.distributions:
            try:
                iri = self._identifiers.distribution(
                    self._declaration.id, self._record.identifier, distribution.identifier
                )
            except IdentifierError as error:
                self.remarks.append(f"distribution {distribution.identifier!r} is left out: {error.message}")
                continue
            if iri in taken:
                self.remarks.append(f"distribution {distribution.identifier!r} occurs twice; the first is used")
                continue
            taken.add(iri)
            self._write_distribution(iri, distribution)

    def _write_distribution(self, iri: URIRef, distribution: SourceDistribution) -> None:
        self._add(DCAT.distribution, iri)
        self.graph.add((iri, RDF.type, DCAT.Distribution))
        self._add_texts(iri, DCT.title, [distribution.title])
        self._add_texts(iri, DCT.description, [distribution.description])
        self._add_address(iri, DCAT.accessURL, distribution.access_url)
        self._add_address(iri, DCAT.downloadURL, distribution.download_url)
        self._write_format(iri, distribution)
        self._write_licence(iri, distribution)
        if distribution.byte_size is not None:
            size = Literal(str(distribution.byte_size), datatype=XSD.nonNegativeInteger)
            self.graph.add((iri, DCAT.byteSize, size))

    def _write_format(self, iri: URIRef, distribution: SourceDistribution) -> None:
        where = f"distribution {distribution.identifier!r}"
        text = (distribution.media_type or "").strip().removeprefix(MEDIA_TYPES)
        media_type = self._concept(text, "media-type")
        if media_type is not None or _MEDIA_TYPE.fullmatch(text):
            known = media_type.iri if media_type else MEDIA_TYPES + text.lower()
            self.graph.add((iri, DCAT.mediaType, URIRef(known)))
        elif text:
            self.remarks.append(f"{where}: {text!r} is not a media type")
        text = (distribution.format or "").strip()
        file_type = self._concept(text, "file-type")
        if file_type is not None:
            self.graph.add((iri, DCT["format"], URIRef(file_type.iri)))
        elif text:
            self.remarks.append(f"{where}: the format {text!r} is not a known file type")

    def _write_licence(self, iri: URIRef, distribution: SourceDistribution) -> None:
        text = (distribution.licence or "").strip()
        licence = self._concept(text, "licence")
        if licence is not None:
            self.graph.add((iri, DCT.license, URIRef(licence.iri)))
        elif text:
            self.lost_licences.append(text)

    def _concept(self, text: str, scheme: str) -> Concept | None:
        concepts = self._harmoniser.match(text, scheme, repository=self._declaration.id).concepts if text else ()
        return concepts[0] if len(concepts) == 1 else None

    def _tag(self, language: str) -> str | None:
        """The RFC 5646 tag of a language of the authority table, which the vocabulary has among its names."""
        concept = self._concept(language, "language")
        return next((name for name in concept.synonyms if len(name) == 2), None) if concept else None

    def _add(self, predicate: URIRef, value: URIRef | Literal) -> None:
        self.graph.add((self.dataset, predicate, value))

    def _add_texts(self, subject: URIRef, predicate: URIRef, texts: Iterable[str | None]) -> None:
        for text in texts:
            if text and writable(text):
                self.graph.add((subject, predicate, self.text(text)))

    def _add_plain(self, predicate: URIRef, texts: Iterable[str | None]) -> None:
        for text in texts:
            if text and writable(text):
                self._add(predicate, Literal(writable(text)))

    def _add_address(self, subject: URIRef, predicate: URIRef, text: str | None) -> None:
        if not text or not text.strip():
            return
        address = web_address(text)
        if address.iri is not None:
            self.graph.add((subject, predicate, address.iri))
        if address.remark is not None:
            self.remarks.append(address.remark)
