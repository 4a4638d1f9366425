"""One kept record under two vocabulary trees: what it becomes, and what of it stands in the catalogue then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from catalogue.description import StoredDescription
from catalogue.facets import FACETS
from catalogue.summary import CONCEPT_FACETS, DatasetSummary
from core.errors import RadiographError
from core.terms import RADIOGRAPH
from ingest.derivation import Derived, Deriver, Words
from ingest.imaging import SCHEMES, SIBLINGS, Harmonised, harmonise
from ingest.questions import KeptRecord
from ingest.record import SourceRecord
from shapes.report import Finding

#: For what was never published: no answer may depend on the hour.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES = {str(iri): name for name, iri in CONCEPT_FACETS.items()}
#: The facets of the search that hold concepts, and the scheme of each.
FACET_SCHEMES: Mapping[str, str] = {
    **{_NAMES[str(RADIOGRAPH[facet])]: scheme for facet, scheme in SCHEMES.items()},
    "licence": "licence",
    "access": "access-right",
}

#: Values by facet of the search.
Facts = dict[str, set[str]]


@dataclass(frozen=True, slots=True)
class Side:
    """What a record becomes under one tree; without ``derived`` it cannot be described, and ``fault`` says why."""

    derived: Derived | None
    fault: str = ""

    @property
    def accepted(self) -> bool:
        return self.derived is not None and self.derived.candidate.accepted

    @property
    def conforms(self) -> frozenset[str]:
        """The ids of the profiles that are met."""
        verdicts = self.derived.report.verdicts if self.derived else ()
        return frozenset(verdict.profile for verdict in verdicts if verdict.conforms)

    @property
    def findings(self) -> frozenset[Finding]:
        return frozenset(self.derived.report.findings) if self.derived else frozenset()


def derive_side(deriver: Deriver, record: SourceRecord) -> Side:
    """Derive a record; what cannot be described is told and no reason to stop."""
    try:
        return Side(deriver.derive(record))
    except RadiographError as error:
        return Side(None, error.message)


def standing(side: Side, before: StoredDescription | None, iri: str) -> StoredDescription | None:
    """What stands in the catalogue after a remap, where ``before`` stood: an invalid revision replaces nothing.

    What stands already and is refused by now stays as well, and claims only the profiles that it still meets.
    """
    if side.derived is None:
        return before
    candidate = side.derived.candidate
    if not candidate.accepted and (before is None or before.ntriples != candidate.ntriples):
        return before
    conforms_to = tuple(sorted(set(candidate.conforms_to)))
    if before is not None:
        return replace(before, ntriples=candidate.ntriples, conforms_to=conforms_to, source_iri=candidate.source_iri)
    return StoredDescription(
        iri,
        candidate.repository,
        candidate.identifier,
        0,
        candidate.ntriples,
        "",
        conforms_to,
        _NEVER,
        _NEVER,
        candidate.source_iri,
    )


def facts_of(summary: DatasetSummary) -> Facts:
    """The values of a description, by facet."""
    found = {name: {term.iri for term in terms} for name, terms in summary.concepts.items() if name in FACETS}
    found["licence"] = {licence.iri for licence in summary.licences}
    found["access"] = {summary.access.iri} if summary.access else set()
    return found | {"kind": {summary.kind}, "repository": {summary.repository}}


def facts_of_record(record: KeptRecord, words: Words, schemes: frozenset[str]) -> Facts:
    """The values of a record without making its description, in the facets of ``schemes`` at least."""
    harmonised = harmonise_kept(record, words, schemes)
    found = {_NAMES[str(RADIOGRAPH[facet])]: harmonised.concepts(facet) for facet, _ in harmonised.stated}
    matches = (
        words.harmoniser.match(text, "licence", repository=record.declaration.id).concepts
        for text in record.licences()
        if text and "licence" in schemes
    )
    access = record.declaration.defaults.access_rights
    found["licence"] = {concepts[0].iri for concepts in matches if len(concepts) == 1}
    found["access"] = {access} if access else set()
    return found | {"kind": {record.document["kind"]}, "repository": {record.declaration.id}}


def harmonise_kept(record: KeptRecord, words: Words, schemes: frozenset[str]) -> Harmonised:
    """What the texts of a record become that are looked up in ``schemes``."""
    terms = {
        facet: tuple(texts)
        for facet, texts in record.document["terms"].items()
        if not schemes.isdisjoint({SCHEMES[facet], SCHEMES[SIBLINGS.get(facet, facet)]})
    }
    plain = SourceRecord.model_construct(identifier=record.document["identifier"], terms=terms)
    return harmonise(plain, words.harmoniser, record.declaration.id)
