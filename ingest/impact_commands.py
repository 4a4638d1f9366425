"""``radiograph ontology impact``: what a change of the vocabularies does to the catalogue; nothing is written."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from catalogue.examples import QUERIES, read_folder
from catalogue.ledger import Ledger
from core.console import Exit
from core.settings import Settings, load_settings
from ingest.impact import Impact
from ingest.impact_report import ImpactFormat, write_impact
from ingest.impact_search import find_impact
from ontology.tree import Tree

_ALLOCATIONS = 100_000


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Look for garbage seldom: nearly all that is read here is kept to the end, and looking it over takes a third."""
    thresholds = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


def impact_of(before: str | Path, after: str | Path | None, settings: Settings, queries: Path) -> Impact:
    """What changes in the catalogue of ``settings`` between two trees; ``queries`` is a folder of example queries.

    Raises:
        RadiographError: a tree, the ledger, a profile or a query is broken.
    """
    with _seldom_collecting(), Ledger.open(settings, read_only=True) as ledger:
        return find_impact(Tree.load(before), Tree.load(after), ledger, settings, read_folder(queries))


def mount(ontology: typer.Typer) -> None:
    """Add the command to those of the vocabularies."""

    @ontology.command("impact")
    def impact(
        before: Annotated[str, typer.Argument(help="A git revision, or a folder with the vocabularies.")],
        after: Annotated[
            str | None, typer.Argument(help="The same, for what it becomes; left out, the shipped vocabularies.")
        ] = None,
        queries: Annotated[
            Path | None,
            typer.Option(help="Folder of example queries, *.rq; left out, those of the service and the overlay."),
        ] = None,
        format: Annotated[
            ImpactFormat, typer.Option(help="text for people, json for programs, markdown for a pull request.")
        ] = ImpactFormat.TEXT,
    ) -> None:
        """Say which datasets, facets, links, verdicts and answers differ between remaps with two vocabulary trees.

        Exit code 0: nothing changes; 1: something does; 2: it cannot be told.
        """
        settings = load_settings()
        trees = Tree.load(before), Tree.load(after)
        asked = {query.name: query for folder in _folders(queries, settings) for query in read_folder(folder)}
        with Ledger.open(settings, read_only=True) as ledger:
            found = find_impact(*trees, ledger, settings, tuple(asked.values()))
        sys.stdout.write(write_impact(found, format))
        raise typer.Exit(Exit.FINDINGS if found.anything else Exit.OK)


def _folders(named: Path | None, settings: Settings) -> list[Path]:
    """Where the queries are: in the folder that was named, or with the service and in ``queries`` of the overlay."""
    own = settings.overlay / "queries" if settings.overlay else None
    return [named] if named else [QUERIES, *([own] if own and own.is_dir() else [])]
