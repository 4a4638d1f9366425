"""``radiograph ontology diff``, ``release``, ``refresh`` and ``docs``: what curators do with a new version."""

from __future__ import annotations

import datetime
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from core.console import Exit, err, out
from core.settings import load_settings
from ontology.checkout import working_root
from ontology.difference import Difference, compare
from ontology.difference_report import DifferenceFormat, short, summary, write_difference
from ontology.merge import Conflict, Side
from ontology.refresh import prepare_refresh
from ontology.release import prepare_release
from ontology.release_archive import archive_name, kept_tree, version_numbers
from ontology.term_docs import write_term_pages
from ontology.tree import Tree

_STYLES = {"Breaking": "red", "Additive": "green", "Editorial": "blue"}

FolderOption = Annotated[
    Path, typer.Option("--folder", help="Checkout, or folder with radiograph.ttl, to work on.", show_default="here")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Tell what would change, and change nothing.")]
FormatOption = Annotated[
    DifferenceFormat, typer.Option(help="text for people, markdown for a pull request, json for programs.")
]


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("diff")(diff)
    app.command("release")(release)
    app.command("refresh")(refresh)
    app.command("docs")(docs)


def named_tree(source: str | None) -> Tree:
    """The tree that a command was given: a folder, a git revision, or a released version that is kept; by default the
    working copy around the current folder, or else what Radiograph uses."""
    here = Path.cwd()
    root = next((place for place in (here / "ontology", here) if (place / "radiograph.ttl").is_file()), None)
    if source is None:
        return replace(Tree.load(here), title="the working copy") if root else Tree.load(load_settings().overlay)
    if root and version_numbers(source) and (root / archive_name(source)).is_file() and not Path(source).exists():
        return kept_tree(root, source)
    return Tree.load(source)


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A folder, a git revision, or a released version.")],
    after: Annotated[str | None, typer.Argument(metavar="[B]", help="Another; by default the working copy.")] = None,
    format: FormatOption = DifferenceFormat.TEXT,
) -> None:
    """Tell what is different between two versions of the vocabularies: breaking, additive, editorial.

    Layout, comments and order make no difference. Exit code 0: no difference; 1: some; 2: one cannot be read.
    """
    difference = compare(named_tree(before), named_tree(after))
    _tell(difference, format)
    raise typer.Exit(Exit.FINDINGS if difference.changes else Exit.OK)


def release(
    version: Annotated[str, typer.Argument(help="The new version, such as 1.2.0.")],
    date: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The day of the release.", show_default="today, in UTC"),
    ] = None,
    base: Annotated[
        str | None,
        typer.Option("--from", help="Folder or git revision with the version before, where that is not kept."),
    ] = None,
    folder: FolderOption = Path(),
    dry_run: DryRunOption = False,
) -> None:
    """Make a version: set version IRIs, keep the old version, and draft the entry of the change log.

    Refuses while `check` finds errors, edits are not committed, or the number is too small for what changed. Either all
    files change or none. Exit code 0: released; 2: refused.
    """
    day = (date or datetime.datetime.now(datetime.UTC)).date()
    prepared = prepare_release(working_root(folder), version, day, base=named_tree(base) if base else None)
    if not dry_run:
        prepared.write()
    for name in sorted(prepared.files):
        out.print(Text(f"{'would write' if dry_run else 'wrote'} {name}"))
    out.print(Text(f"{prepared.previous} → {version}: {summary(prepared.difference)}"))


def refresh(
    scheme: Annotated[str, typer.Argument(help="The scheme, such as cancer (declared in refresh.toml).")],
    source: Annotated[Path, typer.Option("--from", help="The publisher's file.")],
    prefer: Annotated[
        Side | None, typer.Option(help="Settle conflicts: keep the local value, or take the one of upstream.")
    ] = None,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Only record that the scheme was made from this file.")
    ] = False,
    retire_many: Annotated[
        bool, typer.Option("--retire-many", help="Deprecate however many concepts the file lacks.")
    ] = False,
    folder: FolderOption = Path(),
    dry_run: DryRunOption = False,
    format: FormatOption = DifferenceFormat.TEXT,
) -> None:
    """Rebuild a scheme from its publisher's file; own labels, synonyms, concepts and places in the tree stay.

    What the publisher took out is deprecated. Exit code 0: merged; 1: values changed on both sides, told and nothing
    written; 2: the file or the scheme cannot be read.
    """
    prepared = prepare_refresh(
        working_root(folder), scheme, source, prefer=prefer, adopt=adopt, retire_many=retire_many
    )
    if not dry_run:
        prepared.write()
    if adopt:
        err.print("recorded; the scheme is as it was")
        return
    _tell(prepared.difference, format)
    for conflict in prepared.conflicts:
        err.print(Text(_conflict(conflict), style="red"))
    if prepared.conflicts:
        err.print(f"nothing was written: settle {len(prepared.conflicts)} conflicts, or say --prefer local|upstream")
        raise typer.Exit(Exit.FINDINGS)
    if prepared.difference.changes:
        err.print("what this does to data: radiograph ontology impact HEAD")


def docs(
    source: Annotated[str | None, typer.Argument(help="A folder, a git revision, or a released version.")] = None,
    output: Annotated[Path, typer.Option(help="The folder to write; what was written before is replaced.")] = Path(
        "build/ontology"
    ),
) -> None:
    """Write pages about every concept and term: plain HTML that needs no server."""
    tree = named_tree(source)
    number = write_term_pages(tree, output)
    out.print(Text(f"wrote {number} pages to {output}"))


def _conflict(conflict: Conflict) -> str:
    def told(values: tuple[str, ...]) -> str:
        return ", ".join(short(value) for value in values) or "nothing"

    return (
        f"conflict: {conflict.name} ({short(conflict.iri)}) {short(conflict.predicate)}: was {told(conflict.base)}, "
        f"is {told(conflict.local)} here and {told(conflict.upstream)} upstream"
    )


def _tell(difference: Difference, form: DifferenceFormat) -> None:
    text = write_difference(difference, form)
    if form is not DifferenceFormat.TEXT:
        sys.stdout.write(text)
        return
    for line in text.splitlines():
        out.print(Text(line, style=_STYLES.get(line.partition(":")[0], "")))
