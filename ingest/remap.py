"""``radiograph remap``: every description derived anew from its source record in the ledger, without the source.

For when vocabularies, mapping sets or profiles changed. What it goes through is the pipeline of every ingest, so that
what did not change makes no event. Nothing is absent from what the ledger keeps, so nothing is deleted.

What a source did with the vocabularies before there was a record stays as it was: strata are counted from series, and
counts of distinct subjects cannot be added up; a list of terms was cut, and a table read by its mapping file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

import typer
from pydantic import ValidationError

from catalogue.ledger import Ledger
from catalogue.reader import LedgerReader
from core.console import Exit, out, print_json, progress
from core.errors import InputError
from core.identifiers import Identifiers
from core.settings import Settings, load_settings
from ingest.declaration import RepositoryDeclaration
from ingest.pipeline import IngestRoom, ingest
from ingest.record import SourceFault, SourceRecord
from ingest.run_report import RunReport

#: What runs of this kind call their source.
KEPT = "kept source records"


class KeptSource:
    """The source records that the ledger keeps of one repository, as delivered last."""

    complete = False

    def __init__(self, repository: str, ledger: LedgerReader, identifiers: Identifiers) -> None:
        self.repository = repository
        self._ledger = ledger
        self._identifiers = identifiers

    def records(self) -> Iterator[SourceRecord | SourceFault]:
        """Yield the records in the order of their IRIs, then what of them remains as an earlier ingest made it."""
        counted = 0
        for iri, text in self._ledger.source_records(self.repository):
            _, identifier = self._identifiers.parse_dataset(iri)
            record = read_record(text, iri, identifier)
            counted += isinstance(record, SourceRecord) and bool(record.strata)
            yield record
        if counted:
            yield SourceFault(
                location=KEPT,
                message=f"the strata of {counted} records are as they were counted when they were ingested",
                remedy="ingest the repository again, to count them with the vocabularies of now",
                severity="info",
            )


def read_record(text: str, iri: str, identifier: str) -> SourceRecord | SourceFault:
    """A kept record, or why it cannot be used: another version of the program wrote it."""
    try:
        record = SourceRecord.model_validate_json(text)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        message = f"the kept source record cannot be read: {reason}"
        return SourceFault(location=iri, message=message, remedy="ingest it again", identifier=identifier)
    return record


def remap(
    settings: Settings,
    *,
    repository: str | None = None,
    dry_run: bool = False,
    advance: Callable[[], None] = lambda: None,
) -> list[RunReport]:
    """Derive the descriptions of one repository, or of all, anew; the reports are by repository.

    Raises:
        InputError: the ledger does not have the repository.
        SettingsError: a repository is no longer declared.
        RadiographError: as for an ingest.
    """
    with Ledger.open(settings, read_only=True) as kept:
        known = [entry.id for entry in kept.repositories()]
        if repository is not None and repository not in known:
            raise InputError(
                f"the ledger has nothing of {repository!r}",
                remedy=f"use one of {', '.join(known)}" if known else "ingest it first",
            )
        chosen = [repository] if repository is not None else known
        declarations = [RepositoryDeclaration.load(name, settings.overlay) for name in chosen]
        with IngestRoom.open(settings, dry_run=dry_run) as room:
            return [
                ingest(
                    KeptSource(declaration.id, kept, room.identifiers),
                    declaration,
                    room,
                    name=KEPT,
                    progress=advance,
                )
                for declaration in declarations
            ]


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("remap")(remap_descriptions)


def remap_descriptions(
    repository: Annotated[str | None, typer.Option(help="Only this repository; left out, all.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the reports as JSON to stdout.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Derive and judge, but write nothing.")] = False,
) -> None:
    """Derive all descriptions anew from the source records that are kept, after vocabularies or profiles changed.

    Exit code 0: nothing to mend; 1: findings, as for an ingest; 2: it cannot be done.
    """
    settings = load_settings()
    with progress("deriving anew") as advance:
        reports = remap(settings, repository=repository, dry_run=dry_run, advance=advance)
    if as_json:
        print_json([report.to_json() for report in reports])
    else:
        for report in reports:
            out.print(report.to_text(), markup=False)
    if any(report.has_findings for report in reports):
        raise typer.Exit(Exit.FINDINGS)
