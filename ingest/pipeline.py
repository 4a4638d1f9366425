"""The one way into the catalogue: record → description → verdict → ledger, for the command line and the API alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal

from rdflib import URIRef

from catalogue.description import Candidate
from catalogue.ledger import Ledger
from catalogue.run import Run
from core.errors import CatalogueError, IdentifierError, InputError, ProfileError, RadiographError, SettingsError
from core.identifiers import Identifiers
from core.settings import Settings
from ingest.declaration import RepositoryDeclaration
from ingest.derivation import Deriver, Words
from ingest.mapping import Description
from ingest.record import SourceFault, SourceRecord
from ingest.run_report import RunReport, Tally
from ingest.sources import PlacingSource, Source
from ontology.harmoniser import Harmoniser
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.report import Finding
from shapes.validator import Validator


@dataclass(frozen=True)
class IngestRoom:
    """What every ingest needs, loaded once. Without a ledger nothing is written: a dry run."""

    identifiers: Identifiers
    vocabularies: Vocabularies
    harmoniser: Harmoniser
    profiles: Profiles
    validator: Validator
    ledger: Ledger | None = None

    @classmethod
    @contextmanager
    def open(cls, settings: Settings, *, dry_run: bool = False) -> Iterator[IngestRoom]:
        """Load vocabularies, mappings and shapes, and open the ledger (made where there is none).

        Raises:
            RadiographError: one of them is broken.
        """
        vocabularies = Vocabularies.load(settings.overlay)
        profiles = Profiles.load(settings.overlay)
        harmoniser = Harmoniser.load(vocabularies, settings.overlay)
        with ExitStack() as stack:
            ledger = None if dry_run else stack.enter_context(Ledger.open(settings, create=True))
            validator = Validator(profiles, vocabularies, ledger.verdicts if ledger else None)
            yield cls(settings.identifiers, vocabularies, harmoniser, profiles, validator, ledger)


def ingest(
    source: Source,
    declaration: RepositoryDeclaration,
    room: IngestRoom,
    *,
    name: str = "",
    progress: Callable[[], None] = lambda: None,
) -> RunReport:
    """Take in all that ``source`` says; ``name`` is what the run's source is called in reports.

    A fault in one record never stops the others. What a faulty record was about is not taken as absent: its
    description stays as it was.

    Raises:
        InputError: the source as a whole cannot be read, or holds nothing; nothing was deleted.
        ProfileError: the repository's gate is not a known profile.
        SettingsError: the declared catalogue, publisher or contact would make every description invalid.
        LedgerError: the ledger cannot be written.
    """
    _check_declaration(declaration, room)
    ingestion = _Ingestion(source, declaration, room, name or type(source).__name__, progress)
    if room.ledger is None:
        ingestion.read(None)
        return ingestion.tally.report(complete=ingestion.complete, run=None)
    room.ledger.declare(declaration.entry(room.identifiers))
    with room.ledger.run(declaration.id, ingestion.tally.source) as run:
        ingestion.read(run)
        told = ingestion.tally.report(complete=ingestion.complete, run=run.id)
        summary = run.finish(complete=ingestion.complete, report=told.to_json())
    return ingestion.tally.report(complete=ingestion.complete, run=run.id, summary=summary)


def _check_declaration(declaration: RepositoryDeclaration, room: IngestRoom) -> None:
    """Tell a broken declaration once, not once for each of its descriptions."""
    where = f"ingest/repositories/{declaration.id}.toml"
    try:
        basis = room.profiles.lineage(declaration.gate)[0].id
    except ProfileError as error:
        raise ProfileError(error.message, where=f"{where}, gate", remedy=error.remedy) from None
    catalogue = declaration.catalogue_iri(room.identifiers)
    report = room.validator.validate_catalogue(
        declaration.catalogue_graph(room.identifiers), catalogue, repository=declaration.id, profiles=[basis]
    )
    violation = next((finding for finding in report.findings if finding.severity == "violation"), None)
    if violation is not None:
        raise SettingsError(
            f"{violation.message} ({violation.value})" if violation.value else violation.message,
            where=where,
            remedy="correct the declaration; docs/tables.md lists its keys",
        )


class _Ingestion:
    """One run over one source."""

    def __init__(
        self,
        source: Source,
        declaration: RepositoryDeclaration,
        room: IngestRoom,
        name: str,
        progress: Callable[[], None],
    ) -> None:
        self._source = source
        self._room = room
        self._progress = progress
        # A remembered verdict holds the values it rejected, so those of a closed source are not remembered.
        closed = not declaration.public
        validator = Validator(room.profiles, room.vocabularies) if closed else room.validator
        words = Words(room.vocabularies, room.harmoniser)
        self._deriver = Deriver(declaration, room.identifiers, words, room.profiles, validator)
        self._lost_track = False
        gate = (profile.id for profile in room.profiles.lineage(declaration.gate))
        self.tally = Tally(declaration.id, name, public=declaration.public, gate=gate)

    @property
    def complete(self) -> bool:
        """Whether what was not seen is truly gone from the source."""
        return self._source.complete and not self._lost_track

    def read(self, run: Run | None) -> None:
        """Take in record after record; without a run, only judge them."""
        for item in self._source.records():
            if isinstance(item, SourceFault):
                self._take_fault(item, run)
            else:
                self.tally.record()
                self._take_record(item, run)
            self._progress()
        if self.complete and not self.tally.read:
            raise InputError(
                "the source holds no record at all",
                where=self.tally.source,
                remedy="check that it is whole; to remove every description of a repository, withdraw them",
            )

    def _take_fault(self, fault: SourceFault, run: Run | None) -> None:
        if fault.severity == "error":
            self.tally.record()
            self._keep(fault.identifier, run)
        self.tally.fault(fault)

    def _keep(self, identifier: str | None, run: Run | None) -> None:
        """A record that cannot be used is still there: its description must not be taken as deleted."""
        try:
            if identifier is None:
                raise IdentifierError("nobody knows whose record this is")
            if run is not None:
                run.keep(identifier)
        except IdentifierError:
            self._lost_track = True

    def _take_record(self, record: SourceRecord, run: Run | None) -> None:
        try:
            derived = self._deriver.derive(record)
            self._tell(record, derived.description, derived.foreign)
            candidate, report = derived.candidate, derived.report
            if run is not None:
                run.submit(candidate)
        except CatalogueError:
            raise
        except RadiographError as error:
            self._keep(record.identifier, run)
            self.tally.fault(_fault(record, error))
            return
        places = {finding: self._place(record, finding, candidate) for finding in report.findings}
        self.tally.verdict(record.identifier, report, accepted=candidate.accepted, places=places)

    def _place(self, record: SourceRecord, finding: Finding, candidate: Candidate) -> str:
        """Where in the source a finding is, if the source can tell."""
        if not isinstance(self._source, PlacingSource):
            return ""
        place = self._source.place(record.identifier, finding, URIRef(candidate.iri), self._room.identifiers)
        return str(place or "")

    def _tell(self, record: SourceRecord, description: Description, foreign: int) -> None:
        """Count what became of the stated texts; tell what was lost (a warning) and what was noticed (a note)."""
        for facet, match in description.stated:
            self.tally.concept(facet, len(match.concepts))
        for facet, text in description.unmatched:
            self.tally.unmatched(facet, text)
        for text in dict.fromkeys(description.lost_licences):
            message = f"the licence {text!r} is not known; the dataset is described without it"
            remedy = "write a licence of the catalogue's list, or add this one to the licence vocabulary"
            self.tally.fault(_note(record, message, remedy, "warning"))
        if foreign:
            message = f"{foreign} resources that do not belong to the dataset were left out"
            self.tally.fault(_note(record, message, "describe them where they belong", "warning"))
        for remark in description.remarks:
            self.tally.fault(_note(record, remark, "mend it at the source, if it matters", "info"))


def _note(
    record: SourceRecord, message: str, remedy: str, severity: Literal["error", "warning", "info"]
) -> SourceFault:
    return SourceFault(
        location=record.location or record.identifier,
        message=message,
        remedy=remedy,
        identifier=record.identifier,
        severity=severity,
    )


def _fault(record: SourceRecord, error: RadiographError) -> SourceFault:
    return _note(record, error.message, error.remedy or "correct the record", "error")
