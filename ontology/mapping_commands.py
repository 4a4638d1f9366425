"""``radiograph ontology map``: what curators ask about raw texts and mapping sets."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from core.console import Exit, err, out, print_json
from core.errors import InputError
from core.settings import load_settings
from ontology.check_commands import FormatOption, ProfileOption, Source, load_tree, tell
from ontology.check_mappings import mapping_findings
from ontology.check_profile import Profile
from ontology.finding import Format
from ontology.golden import golden_findings
from ontology.harmoniser import Harmoniser
from ontology.mapping_suggest import Candidate, Suggester, as_mapping_set
from ontology.vocabulary import Vocabularies

mapping = typer.Typer(name="map", help="Raw texts and mapping sets.", no_args_is_help=True)


class SuggestionFormat(StrEnum):
    """The formats candidates can be written in."""

    TEXT = "text"
    JSON = "json"
    SSSOM = "sssom"


def mount(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(mapping)


@mapping.command("suggest")
def suggest(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="One text a line; - for standard input.")],
    scheme: Annotated[str, typer.Option(help="Scheme to look in: cancer, anatomy, modality, … (see: list).")],
    repository: Annotated[str | None, typer.Option(help="Leave out what this repository's set knows.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Most candidates for a text.")] = 5,
    format: Annotated[SuggestionFormat, typer.Option(help="text, json, or rows to paste: sssom.")] = (
        SuggestionFormat.TEXT
    ),
) -> None:
    """Suggest concepts for texts that mean none yet, with a score and the reason. Nothing is changed.

    Exit code 0: every text is known; 1: some are not; 2: FILE cannot be read, or there is no such scheme.
    """
    settings = load_settings()
    vocabularies = Vocabularies.load(settings.overlay)
    harmoniser = Harmoniser.load(vocabularies, settings.overlay)
    harmoniser.names(scheme)
    suggester = Suggester(vocabularies, scheme)
    texts = [
        text
        for text in dict.fromkeys(_lines(file))
        if text and harmoniser.match(text, scheme, repository=repository).rule == "none"
    ]
    _tell_candidates([(text, suggester.candidates(text, limit)) for text in texts], format)
    raise typer.Exit(Exit.FINDINGS if texts else Exit.OK)


@mapping.command("check")
def check(source: Source = None, format: FormatOption = Format.TEXT, profile: ProfileOption = None) -> None:
    """Look for faults in the mapping sets, and for golden records that come out otherwise.

    Exit code 0: no error and no warning; 1: some; 2: SOURCE cannot be read.
    """
    tree = load_tree(source)
    rules = Profile.load(tree.checks, profile)
    findings = list(mapping_findings(tree, rules))
    if not any(finding.severity == "error" for finding in findings):
        findings += golden_findings(tree, rules)
    tell(tree, findings, format)


def _tell_candidates(answers: Sequence[tuple[str, list[Candidate]]], form: SuggestionFormat) -> None:
    if form is SuggestionFormat.SSSOM:
        sys.stdout.write(as_mapping_set(candidate for _, found in answers for candidate in found))
        return
    if form is SuggestionFormat.JSON:
        print_json([{"text": text, "candidates": [_as_json(one) for one in found]} for text, found in answers])
        return
    table = Table("text", "score", "concept", "label", "why", box=None)
    for text, found in answers:
        for one in found:
            table.add_row(text, f"{one.score:.2f}", one.concept.notation, one.concept.label, f"{one.why}: {one.name}")
        if not found:
            table.add_row(text, "", "", "", "no name is like it")
    out.print(table)
    err.print(f"{len(answers)} texts mean no concept yet.")


def _as_json(candidate: Candidate) -> dict[str, str | float]:
    return {
        "iri": candidate.concept.iri,
        "label": candidate.concept.label,
        "score": candidate.score,
        "why": candidate.why,
        "name": candidate.name,
    }


def _lines(file: Path) -> Iterator[str]:
    where = "standard input" if str(file) == "-" else str(file)
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        yield from (line.strip() for line in data.decode("utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot be read: {error}", where=where, remedy="give a UTF-8 text, one name a line") from None
