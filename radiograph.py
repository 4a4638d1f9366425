"""The front door of the command line: mounts each room's commands under one noun-verb tree."""

from __future__ import annotations

import sys

import typer
from rich.markup import escape

import api.commands
import catalogue.commands
import ingest.commands
import ontology.commands
import shapes.commands
from core.console import Exit, err
from core.errors import RadiographError

app = typer.Typer(
    name="radiograph",
    help="A semantic catalogue of cancer imaging datasets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
ontology.commands.mount(app)
ingest.commands.mount(app)
shapes.commands.mount(app)
catalogue.commands.mount(app)
api.commands.mount(app)


def main() -> None:
    """Run the command line; a :class:`RadiographError` becomes one readable line and exit code 2."""
    try:
        app()
    except RadiographError as error:
        err.print(f"[red]error:[/red] {escape(str(error))}")
        sys.exit(Exit.FAULT)


if __name__ == "__main__":
    main()
