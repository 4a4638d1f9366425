"""``radiograph validate``: what is wrong with a description, in words, before it is handed in."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from core.console import Exit, err, out
from core.errors import InputError
from core.settings import load_settings
from ontology.vocabulary import Vocabularies
from shapes.checks import Checks
from shapes.document import Document
from shapes.documents import Judgement, Unjudged, judge, judgements_of
from shapes.fetching import fetch
from shapes.formats import Format, write
from shapes.formats.text import WIDTH, report_lines
from shapes.lifting_rules import Lifting
from shapes.profiles import Profiles
from shapes.reader import MAX_BYTES, parse_document, read_document
from shapes.validator import Validator

#: Reads a filled form, or says with None that the file is none.
FormReader = Callable[[Path], Document | None]

_STYLES = {"title": "bold", "good": "green", "violation": "red", "warning": "yellow", "info": "blue", "example": "cyan"}
#: Seconds that an address has for its answer.
_PATIENCE = 60.0
_WIDEST = 100


def mount(app: typer.Typer, forms: FormReader | None = None) -> None:
    """Add the validation command; ``forms`` reads filled forms, which rooms after this one know."""

    @app.command("validate")
    def validate(
        files: Annotated[
            list[str],
            typer.Argument(
                metavar="FILE|URL|-...",
                help="RDF files (Turtle, TriG, N-Triples, RDF/XML, JSON-LD), filled forms, addresses, or - for stdin.",
            ),
        ],
        profile: Annotated[
            list[str] | None,
            typer.Option(help="Judge by this profile and what it extends; may be given several times."),
        ] = None,
        format: Annotated[
            Format,
            typer.Option(help="text for people; json, sarif, github for programs; turtle, jsonld as SHACL report."),
        ] = Format.TEXT,
        output: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
    ) -> None:
        """Check descriptions against DCAT-AP, HealthDCAT-AP and EUCAIM.

        Every dataset, catalogue, series, data service and catalogue record in FILE is judged. Without --profile, the
        profiles apply that the description names in dct:conformsTo or whose terms it uses. Only an address that is
        given is fetched. Exit code 0: no violation; 1: violations; 2: a FILE cannot be judged.
        """
        results = _judge(files, profile, forms)
        _write(results, format, output)
        judgements = judgements_of(results)
        if len(judgements) < len(results):
            raise typer.Exit(Exit.FAULT)
        raise typer.Exit(Exit.OK if all(judgement.conforms for judgement in judgements) else Exit.FINDINGS)


def _judge(files: Sequence[str], named: Sequence[str] | None, forms: FormReader | None) -> list[Judgement | Unjudged]:
    """Judge each file; one of several that cannot be judged does not keep back what is found out about the others.

    Raises:
        InputError: the only file cannot be judged.
    """
    overlay = load_settings().overlay
    profiles = _profiles(overlay)
    chosen = tuple(profiles.get(name).id for name in named) if named else None
    results: list[Judgement | Unjudged] = []
    for name in files:
        try:
            document = _read(name, forms)
            validator, checks, rules = _prepared(overlay)
            results.append(judge(document, validator, profiles=chosen, checks=checks, rules=rules))
        except InputError as error:
            if len(files) == 1:
                raise
            results.append(Unjudged("standard input" if name == "-" else name, error))
    return results


@lru_cache(maxsize=1)
def _profiles(overlay: Path | None) -> Profiles:
    return Profiles.load(overlay)


@lru_cache(maxsize=1)
def _prepared(overlay: Path | None) -> tuple[Validator, Checks, Lifting]:
    validator = Validator(_profiles(overlay), Vocabularies.load(overlay))
    return validator, Checks.load(overlay), Lifting.load(overlay)


def _write(results: Sequence[Judgement | Unjudged], form: Format, output: Path | None) -> None:
    if output is not None or form is not Format.TEXT:
        for result in results:
            if isinstance(result, Unjudged):
                err.print(Text(f"error: {result.error}"))
    if output is not None:
        output.write_text(write(results, form), encoding="utf-8")
    elif form is Format.TEXT:
        width = min(max(out.width, WIDTH), _WIDEST) if out.is_terminal else WIDTH
        for line in report_lines(results, width=width):
            out.print(Text(line.text, style=_STYLES.get(line.style, "")))
    else:
        sys.stdout.write(write(results, form))


def _read(name: str, forms: FormReader | None) -> Document:
    if name == "-":
        return parse_document(sys.stdin.buffer.read(MAX_BYTES + 1), name="standard input")
    if name.startswith(("http://", "https://")):
        found = fetch(name, limit=MAX_BYTES, timeout=_PATIENCE, public_only=False)
        return parse_document(found.data, name=found.name, media_type=found.media_type, suffix=found.suffix)
    form = forms(Path(name)) if forms is not None else None
    return form if form is not None else read_document(Path(name))
