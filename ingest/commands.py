"""The commands that bring descriptions in: ``radiograph ingest …`` and ``radiograph repositories …``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from core.console import Exit, err, out, print_json, progress
from core.errors import InputError, SettingsError
from core.settings import Settings, load_settings
from ingest.declaration import RepositoryDeclaration
from ingest.form_table import FormSheet, find_form
from ingest.forms import FormReader
from ingest.pipeline import IngestRoom, ingest
from ingest.run_report import RunReport
from ingest.sources import Source
from ingest.sources.form import FormSource
from ingest.sources.spreadsheet import read_content
from ingest.sources.table import TableSource
from ingest.table_mapping import TableMapping
from shapes.forms.layout import Layout

JsonOption = Annotated[bool, typer.Option("--json", help="Write the report as JSON to stdout.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Read and judge, but write nothing.")]


def mount(app: typer.Typer) -> None:
    """Add the commands of this room."""
    ingest_app = typer.Typer(no_args_is_help=True, help="Bring descriptions into the catalogue.")
    ingest_app.command("idc")(ingest_idc)
    ingest_app.command("table")(ingest_table)
    app.add_typer(ingest_app, name="ingest")
    repositories_app = typer.Typer(no_args_is_help=True, help="The repositories that are declared.")
    repositories_app.command("list")(list_repositories)
    app.add_typer(repositories_app, name="repositories")


def ingest_idc(
    index: Annotated[
        Path | None,
        typer.Option(help="Folder of index files; left out, those of the package idc-index-data.", exists=True),
    ] = None,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Ingest the NCI Imaging Data Commons from its index files."""
    # Imported here because the extra `idc` is optional.
    from ingest.sources.idc import IdcSource

    settings = load_settings()
    declaration = RepositoryDeclaration.load("idc", settings.overlay)
    _run(
        lambda room: IdcSource(index, room.harmoniser),
        declaration,
        settings,
        "IDC index",
        as_json=as_json,
        dry_run=dry_run,
    )


def ingest_table(
    file: Annotated[
        Path,
        typer.Argument(help="Filled form, or other CSV or XLSX file, one row a dataset.", exists=True, dir_okay=False),
    ],
    repository: Annotated[str, typer.Option(help="Id of the repository that the rows belong to.")],
    mapping: Annotated[
        Path | None,
        typer.Option(
            help="Mapping file (TOML); left out, the one named as the repository.", exists=True, dir_okay=False
        ),
    ] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a CSV file; left out, UTF-8.")] = None,
    partial: Annotated[
        bool, typer.Option("--partial", help="The table holds only some of the datasets: delete nothing.")
    ] = False,
    as_json: JsonOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Ingest a filled form, or another table, read as its mapping file says (docs/tables.md)."""
    settings = load_settings()
    declaration = RepositoryDeclaration.load(repository, settings.overlay)
    try:
        form = None if mapping else find_form(read_content(file), file.name, encoding)
        if form is not None:
            source_in = _form_source(form, file, repository, settings, partial=partial)
        else:
            source_in = _table_source(file, repository, mapping, settings, encoding=encoding, partial=partial)
        _run(source_in, declaration, settings, file.name, as_json=as_json, dry_run=dry_run)
    except InputError as error:
        # The table is the steward's work: one that cannot be read at all is a finding, not a fault of the program.
        shown = error if declaration.public else InputError(error.message, remedy=error.remedy)
        _print_error(shown, as_json=as_json)
        raise typer.Exit(Exit.FINDINGS) from None


def _form_source(
    form: FormSheet, file: Path, repository: str, settings: Settings, *, partial: bool
) -> Callable[[IngestRoom], Source]:
    layout = Layout.load(settings.overlay)

    def source(room: IngestRoom) -> Source:
        filled = FormReader(room.profiles, room.vocabularies, layout).read(form, file.name)
        return FormSource(filled, repository, room.vocabularies, partial=partial)

    return source


def _table_source(
    file: Path, repository: str, mapping: Path | None, settings: Settings, *, encoding: str | None, partial: bool
) -> Callable[[IngestRoom], Source]:
    table_mapping = TableMapping.load(mapping) if mapping else TableMapping.shipped(repository, settings.overlay)
    if table_mapping is None:
        raise SettingsError(
            f"the table is no form of `radiograph template`, and there is no mapping for tables of {repository!r}",
            where=f"ingest/mappings/{repository}.toml",
            remedy="give one with --mapping",
        )
    source = TableSource(file, repository, table_mapping, encoding=encoding, partial=partial)
    return lambda room: source


def list_repositories(as_json: JsonOption = False) -> None:
    """List the declared repositories."""
    declarations = RepositoryDeclaration.all(load_settings().overlay)
    if as_json:
        print_json([declaration.model_dump(mode="json", exclude_none=True) for declaration in declarations])
        return
    table = Table("id", "title", "publisher", "gate", "public", "k", box=None)
    for declaration in declarations:
        public = "yes" if declaration.public else "no"
        cells = (declaration.id, declaration.title, declaration.publisher.name, declaration.gate, public)
        table.add_row(*cells, str(declaration.k))
    out.print(table)


def _run(
    source_in: Callable[[IngestRoom], Source],
    declaration: RepositoryDeclaration,
    settings: Settings,
    name: str,
    *,
    as_json: bool,
    dry_run: bool,
) -> None:
    """Ingest and report; ends the command with 1 where there is anything to mend."""
    with IngestRoom.open(settings, dry_run=dry_run) as room, progress(f"ingesting {declaration.id}") as advance:
        report = ingest(source_in(room), declaration, room, name=name, progress=advance)
    _print_report(report, as_json=as_json)
    if report.has_findings:
        raise typer.Exit(Exit.FINDINGS)


def _print_report(report: RunReport, *, as_json: bool) -> None:
    if as_json:
        print_json(report.to_json())
    else:
        out.print(report.to_text(), markup=False)


def _print_error(error: InputError, *, as_json: bool) -> None:
    if as_json:
        print_json({"error": error.message, "where": error.where, "remedy": error.remedy})
    err.print(f"error: {error}", markup=False)
