"""The front door of the command line: mounts each room's commands under one noun-verb tree."""

from __future__ import annotations

import gc
import sys
import traceback
from typing import Annotated

import typer
from rich.markup import escape
from sqlalchemy.exc import DatabaseError

import api.commands
import catalogue.commands
import catalogue.inquiry.commands
import ingest.commands
import ingest.forms
import ingest.impact_commands
import ingest.profile_commands
import ingest.remap
import ontology.commands
import shapes.commands
import shapes.forms.commands
from core.console import Exit, err, out
from core.errors import RadiographError
from core.version import program_version

app = typer.Typer(
    name="radiograph",
    help="A semantic catalogue of cancer imaging datasets.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
ontology.commands.mount(app)
ingest.commands.mount(app)
ingest.profile_commands.mount(app)
ingest.remap.mount(app)
ingest.impact_commands.mount(ontology.commands.ontology)
shapes.commands.mount(app, forms=ingest.forms.filled_form)
shapes.forms.commands.mount(app)
catalogue.commands.mount(app)
catalogue.inquiry.commands.mount(app)
api.commands.mount(app)

#: After how many new objects, and collections, Python looks for garbage (gc.set_threshold). Vocabularies, shapes and
#: graphs are many objects that stay: with the presets they are looked through again and again while they are made,
#: which takes as long as making them.
COLLECTIONS = (20_000, 20, 50)


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(f"radiograph {program_version()}")
        raise typer.Exit


@app.callback()
def front_door(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """A semantic catalogue of cancer imaging datasets."""


def main() -> None:
    """Run the command line; whatever goes wrong ends in a readable line and exit code 2, never in another code."""
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    try:
        app()
    except RadiographError as error:
        _fail(str(error))
    except DatabaseError as error:
        _fail(
            f"the ledger cannot be used: {error.orig} (check the disk, or restore a backup with `radiograph restore`)"
        )
    except OSError as error:
        _fail(f"{error.filename or 'input or output'}: {error.strerror or error}")
    except MemoryError:
        _fail("the memory is used up (give the program more, or a smaller input)")
    except Exception:
        traceback.print_exc()
        _fail("this is a fault of the program (please report it, with the lines above)")
    finally:
        # Python looks for garbage once more before it ends, through all modules: half a second for nothing.
        gc.freeze()


def _fail(message: str) -> None:
    err.print(f"[red]error:[/red] {escape(message)}")
    sys.exit(Exit.FAULT)


if __name__ == "__main__":
    main()
