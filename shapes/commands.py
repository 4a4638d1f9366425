"""``radiograph validate``: what is wrong with a description, in words, before it is handed in."""

from __future__ import annotations

import sys
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from core.console import Exit, out, print_json
from core.settings import load_settings
from ontology.vocabulary import Vocabularies
from shapes.documents import Judged, judge
from shapes.profiles import Profiles
from shapes.reader import MAX_BYTES, parse_rdf, read_rdf
from shapes.report import Finding
from shapes.validator import Validator

_STYLES = {"violation": "red", "warning": "yellow", "info": "blue"}


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"


def mount(app: typer.Typer) -> None:
    """Add the validation command."""
    app.command("validate")(validate)


def validate(
    file: Annotated[str, typer.Argument(help="RDF file (Turtle, TriG, N-Triples, RDF/XML, JSON-LD), or - for stdin.")],
    profile: Annotated[
        str | None, typer.Option(help="Judge by this profile and what it extends: dcat-ap, healthdcat-ap.")
    ] = None,
    format: Annotated[Format, typer.Option(help="text for people, json for programs.")] = Format.TEXT,
) -> None:
    """Check descriptions against DCAT-AP and HealthDCAT-AP.

    Every dataset, catalogue, series, data service and catalogue record in FILE is judged. Without --profile, DCAT-AP
    applies to all, and HealthDCAT-AP to those that use a term of its namespace or name it in dct:conformsTo.
    Nothing is fetched from the network. Exit code 0: no violation; 1: violations; 2: FILE cannot be judged.
    """
    settings = load_settings()
    profiles = Profiles.load(settings.overlay)
    chosen = (profiles.get(profile).id,) if profile else None
    if file == "-":
        graph = parse_rdf(sys.stdin.buffer.read(MAX_BYTES + 1), name="standard input")
    else:
        graph = read_rdf(Path(file))
    validator = Validator(profiles, Vocabularies.load(settings.overlay))
    judged = judge(graph, validator, name=file, profiles=chosen)
    conforms = all(verdict.conforms for one in judged for verdict in one.report.verdicts)
    if format is Format.JSON:
        print_json(as_json(judged, conforms))
    else:
        _print_text(judged, profiles)
    raise typer.Exit(Exit.OK if conforms else Exit.FINDINGS)


def as_json(judged: list[Judged], conforms: bool) -> dict[str, Any]:
    """The document that programs read: whether there is no violation, and all findings with IRIs."""
    findings = [finding for one in judged for finding in one.report.findings]
    return {"conforms": conforms, "findings": [finding.model_dump(exclude_none=True) for finding in findings]}


def _print_text(judged: list[Judged], profiles: Profiles) -> None:
    for one in judged:
        out.print(f"[bold]{escape(one.title)}[/bold]  {escape(one.report.record)}")
        for verdict in one.report.verdicts:
            declared = profiles.get(verdict.profile)
            word = "[green]conforms to[/green]" if verdict.conforms else "[red]does not conform to[/red]"
            counts = f"{_count(verdict.violations, 'violation')}, {_count(verdict.warnings, 'warning')}"
            out.print(f"  {word} {escape(declared.label)} {escape(declared.release)}: {counts}")
        for (_, focus), findings in groupby(one.report.findings, lambda finding: (finding.severity, finding.focus)):
            place = one.places.get(focus, "")
            if place:
                out.print(f"  at {escape(place)}")
            for finding in findings:
                _print_finding(finding, profiles)
        out.print()


def _print_finding(finding: Finding, profiles: Profiles) -> None:
    problem, _, advice = finding.message.partition(". ")
    declared = profiles.get(finding.profile)
    style = _STYLES[finding.severity]
    out.print(f"  [{style}]{finding.severity}[/{style}] [bold]{escape(finding.field)}[/bold]: {escape(problem)}.")
    if finding.value is not None:
        out.print(f"      value: {escape(finding.value)}")
    out.print(f"      to do: {escape(advice)}")
    out.print(
        f"      rule:  {escape(declared.label)} {escape(declared.release)}, {escape(finding.specification or '')}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
