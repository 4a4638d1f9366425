"""``radiograph template``: an empty form of a profile, for people who describe datasets."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from core.errors import SettingsError
from core.settings import load_settings
from ontology.vocabulary import Vocabularies
from shapes.forms.definition import FormMaker
from shapes.forms.field import Form, Need
from shapes.forms.layout import Layout
from shapes.forms.skeleton import as_turtle
from shapes.forms.table import as_csv
from shapes.forms.workbook import as_workbook
from shapes.profiles import Profiles


class Format(StrEnum):
    """What a form is written as."""

    XLSX = "xlsx"
    CSV = "csv"
    TTL = "ttl"


class Fields(StrEnum):
    """How many fields a form has."""

    ALL = "all"
    RECOMMENDED = "recommended"
    MANDATORY = "mandatory"


_WRITERS: dict[Format, Callable[[Form], bytes]] = {
    Format.XLSX: as_workbook,
    Format.CSV: as_csv,
    Format.TTL: as_turtle,
}
_KEPT = {
    Fields.ALL: frozenset(Need),
    Fields.RECOMMENDED: frozenset((Need.MANDATORY, Need.CONDITIONAL, Need.RECOMMENDED)),
    Fields.MANDATORY: frozenset((Need.MANDATORY, Need.CONDITIONAL)),
}


def mount(app: typer.Typer) -> None:
    """Add the command."""
    app.command("template")(template)


def template(
    profile: Annotated[str, typer.Option(help="Id of the profile, such as healthdcat-ap or eucaim.")],
    format: Annotated[Format, typer.Option(help="xlsx or csv to fill as a table, ttl for writers of RDF.")] = (
        Format.XLSX
    ),
    output: Annotated[
        Path | None, typer.Option(help="File to write; left out, named for the profile. - is stdout.")
    ] = None,
    access_level: Annotated[
        str | None, typer.Option(help="public, restricted or non-public: mark what is mandatory at this level.")
    ] = None,
    fields: Annotated[Fields, typer.Option(help="all, recommended (and mandatory), or mandatory only.")] = Fields.ALL,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that exists.")] = False,
) -> None:
    """Write an empty form of a profile: a column a property, with labels, help and the code lists as drop-downs.

    A filled form is read by `radiograph validate` and `radiograph ingest table` without a mapping file.
    """
    settings = load_settings()
    profiles = Profiles.load(settings.overlay)
    maker = FormMaker(profiles, Vocabularies.load(settings.overlay), Layout.load(settings.overlay))
    level = maker.level(profile, access_level) if access_level else None
    form = maker.form(profile, level).only(_KEPT[fields])
    content = _WRITERS[format](form)
    if str(output) == "-":
        sys.stdout.buffer.write(content)
        return
    path = output or Path(f"{profile}.{format}")
    if path.exists() and not force:
        raise SettingsError(
            "the file exists, and may be a form that somebody has filled",
            where=str(path),
            remedy="name another with --output, or overwrite it with --force",
        )
    path.write_bytes(content)
