"""``radiograph ontology check`` and ``radiograph ontology reason``: what a curator asks before handing in."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from core.console import Exit, out
from core.settings import load_settings
from ontology.check import check as check_tree
from ontology.check_profile import Profile
from ontology.finding import Finding, Format, matters, write
from ontology.reasoner import reason as reason_over
from ontology.tree import Tree

_STYLES = {"error": "red", "warning": "yellow", "info": "blue"}

Source = Annotated[
    str | None,
    typer.Argument(
        metavar="[SOURCE]",
        help="A folder with vocabularies, or a git revision such as HEAD; by default what Radiograph uses.",
    ),
]
FormatOption = Annotated[Format, typer.Option(help="text for people; json, sarif, github for programs.")]
ProfileOption = Annotated[
    Path | None, typer.Option("--profile", help="File with severities, laid over those of the vocabularies.")
]


def mount(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("check")(check)
    app.command("reason")(reason)


def check(
    source: Source = None,
    format: FormatOption = Format.TEXT,
    profile: ProfileOption = None,
) -> None:
    """Look for faults in the ontology, the concept schemes and the mapping sets.

    Nothing is fetched and nothing is changed. Exit code 0: no error and no warning; 1: some; 2: SOURCE cannot be read.
    """
    tree = load_tree(source)
    tell(tree, check_tree(tree, Profile.load(tree.checks, profile)), format)


def reason(
    source: Source = None,
    format: FormatOption = Format.TEXT,
    profile: ProfileOption = None,
    inferred: Annotated[bool, typer.Option("--inferred", help="Tell as well what follows without being said.")] = False,
) -> None:
    """Look for contradictions in the ontology with HermiT, and explain each by the statements that cause it.

    Needs the extra `reason`, which brings its own Java. Exit code 0: none; 1: some; 2: the reasoner cannot run.
    """
    tree = load_tree(source)
    tell(tree, reason_over(tree, Profile.load(tree.checks, profile), inferred=inferred), format)


def load_tree(source: str | None) -> Tree:
    """The tree that a command was given; the installation's own, overlay included, where none was."""
    return Tree.load(source if source is not None else load_settings().overlay)


def tell(tree: Tree, findings: Sequence[Finding], form: Format) -> None:
    """Write the findings by the paths of their files and end the command with the exit code they deserve."""
    placed = [finding.placed(tree.place(finding.file)) for finding in findings]
    if form is Format.TEXT:
        for line in write(placed, form, title=tree.title).splitlines():
            out.print(Text(line, style=_style(line)))
    else:
        sys.stdout.write(write(placed, form, title=tree.title))
    raise typer.Exit(Exit.FINDINGS if matters(placed) else Exit.OK)


def _style(line: str) -> str:
    if line.startswith(" "):
        return ""
    return next((style for severity, style in _STYLES.items() if f": {severity}: " in line), "bold")
