"""``radiograph profiles``: which profiles there are, and what one would newly fail before it is switched on."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from catalogue.ledger import Ledger
from core.console import Exit, err, out, print_json, progress
from core.settings import load_settings
from ingest.preview import NewlyViolated, Preview, preview
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profile, Profiles
from shapes.validator import Validator


class Format(StrEnum):
    """How an answer is written."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[Format, typer.Option(help="text for people, json for programs.")]


def mount(app: typer.Typer) -> None:
    """Add the commands on profiles."""
    profiles_app = typer.Typer(no_args_is_help=True, help="The profiles that descriptions are judged by.")
    profiles_app.command("list")(list_profiles)
    profiles_app.command("preview")(preview_profile)
    app.add_typer(profiles_app, name="profiles")


def list_profiles(format: FormatOption = Format.TEXT) -> None:
    """List the declared profiles: release, when it applies, and how many constraints it has with all it extends."""
    profiles = Profiles.load(load_settings().overlay)
    if format is Format.JSON:
        print_json([_profile_json(profile, profiles) for profile in profiles])
        return
    table = Table("id", "profile", "applies to", "constraints", box=None)
    for profile in profiles:
        name = f"{profile.label} {profile.release}"
        table.add_row(profile.id, escape(name), escape(profile.scope), f"{len(profiles.constraints(profile.id)):,}")
    out.print(table)


def preview_profile(
    profile: Annotated[
        str, typer.Argument(metavar="ID", help="Id of the profile, as `radiograph profiles list` has it.")
    ],
    overlay: Annotated[
        Path | None,
        typer.Option(
            help="Overlay folder with the proposed shapes; left out, the configured one.", exists=True, file_okay=False
        ),
    ] = None,
    format: FormatOption = Format.TEXT,
) -> None:
    """Say what a profile would newly fail: judge every accepted description by it, and write nothing.

    The profile need not be enabled. With --overlay, it is taken from that folder: a new release, or the same profile
    with other shapes. What is violated already by the profiles of now is left out. Exit code 0: no description would
    newly fail; 1: some would; 2: the profile or the ledger cannot be read.
    """
    settings = load_settings()
    proposed = Profiles.load(overlay or settings.overlay)
    wanted = proposed.get(profile)
    with Ledger.open(settings, read_only=True) as ledger:
        vocabularies = Vocabularies.load(settings.overlay)
        judge = Validator(proposed, vocabularies)
        present = Validator(Profiles.load(settings.overlay), vocabularies) if overlay else judge
        with progress("descriptions") as advance:
            found = preview(ledger, profile, present, judge, settings.identifiers, progress=advance)
    if format is Format.JSON:
        print_json(_preview_json(found, wanted))
    else:
        _print_preview(found, wanted)
    raise typer.Exit(Exit.FINDINGS if found.failing else Exit.OK)


def _profile_json(profile: Profile, profiles: Profiles) -> dict[str, Any]:
    return {
        "id": profile.id,
        "label": profile.label,
        "release": profile.release,
        "iri": profile.iri,
        "specification": profile.specification,
        "extends": profile.extends,
        "enabled": profile.enabled,
        "applies": profile.scope,
        "constraints": len(profiles.constraints(profile.id)),
    }


def _preview_json(found: Preview, profile: Profile) -> dict[str, Any]:
    return {
        "profile": profile.id,
        "release": profile.release,
        "enabled": profile.enabled,
        "judged": found.judged,
        "applies": found.applies,
        "conforming": found.conforming,
        "newly_failing": dict(found.failing),
        "rules": [
            {
                "rule": str(one.rule.iri),
                "field": one.rule.field,
                "message": one.rule.message,
                "specification": one.rule.specification,
                "count": one.count,
                "repositories": dict(one.repositories),
                "examples": [
                    {"iri": example.iri, "title": example.title, "repository": example.repository}
                    for example in one.examples
                ],
            }
            for one in found.ranked
        ],
    }


def _print_preview(found: Preview, profile: Profile) -> None:
    name = f"{profile.label} {profile.release}" + ("" if profile.enabled else " (not enabled)")
    out.print(f"[bold]{escape(name)}[/bold]: {found.judged:,} descriptions judged, {found.conforming:,} conform")
    out.print(f"  it would apply to {found.applies:,} of them by itself")
    if not found.failing:
        out.print("  none would newly fail")
        return
    share = ", ".join(f"{count:,} of {escape(repository)}" for repository, count in sorted(found.failing.items()))
    out.print(f"  [red]{found.failing.total():,} would newly fail[/red]: {share}")
    for one in found.ranked:
        out.print()
        _print_rule(one)
    err.print("nothing was written")


def _print_rule(one: NewlyViolated) -> None:
    problem, _, advice = one.rule.message.partition(". ")
    counts = ", ".join(f"{repository} {count:,}" for repository, count in sorted(one.repositories.items()))
    out.print(
        f"[bold]{one.count:,}[/bold] × [bold]{escape(one.rule.field)}[/bold]: {escape(problem)}. ({escape(counts)})"
    )
    out.print(f"    to do: {escape(advice)}")
    out.print(f"    rule:  {escape(one.rule.specification)}")
    for example in one.examples:
        out.print(f"    such as {escape(example.title)}  {escape(example.iri)}")
