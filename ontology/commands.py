"""``radiograph ontology``: what the vocabularies hold, and what they make of a text."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.table import Table

from core.console import out, print_json
from core.errors import InputError
from core.settings import load_settings
from ontology import check_commands, curation_commands, mapping_commands
from ontology.concept import Concept, Match
from ontology.harmoniser import LEAST, Harmoniser
from ontology.vocabulary import Vocabularies

ontology = typer.Typer(name="ontology", help="Vocabularies and mapping sets.", no_args_is_help=True)


def mount(app: typer.Typer) -> None:
    """Add the sub-commands; other rooms may add theirs to :data:`ontology`."""
    check_commands.mount(ontology)
    curation_commands.mount(ontology)
    mapping_commands.mount(ontology)
    app.add_typer(ontology)


@ontology.command("match")
def match(
    scheme: Annotated[str, typer.Option(help="Scheme to look in: cancer, anatomy, modality, … (see: list).")],
    repository: Annotated[
        str | None, typer.Option(help="Read the texts as this repository means them, by its mapping set.")
    ] = None,
    least: Annotated[float, typer.Option(min=0, max=1, help="Confidence that an answer needs.")] = LEAST,
) -> None:
    """Say which concepts texts mean: one text a line on standard input, one JSON object a line on standard output."""
    settings = load_settings()
    vocabularies = Vocabularies.load(settings.overlay)
    harmoniser = Harmoniser.load(vocabularies, settings.overlay, least=least)
    harmoniser.names(scheme)
    for text in _lines():
        print_json(_as_json(harmoniser.match(text, scheme, repository=repository)), indent=None)


@ontology.command("list")
def list_schemes(
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON for programs.")] = False,
) -> None:
    """List the concept schemes with the number of their concepts. Broken vocabulary or mapping files are told."""
    settings = load_settings()
    vocabularies = Vocabularies.load(settings.overlay)
    Harmoniser.load(vocabularies, settings.overlay)
    rows = [
        {"scheme": name, "concepts": len(concepts), "title": heading.title, "iri": heading.iri}
        for name, concepts in vocabularies.schemes.items()
        for heading in (vocabularies.headings[name],)
    ]
    if as_json:
        print_json(rows)
        return
    table = Table("scheme", "concepts", "title", box=None)
    for row in rows:
        table.add_row(str(row["scheme"]), str(row["concepts"]), str(row["title"]))
    out.print(table)


def _lines() -> Iterator[str]:
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            raise InputError(
                f"is not UTF-8: {error.reason}", where=f"standard input, line {number}", remedy="convert it to UTF-8"
            ) from None


def _as_json(found: Match) -> dict[str, Any]:
    return {
        "text": found.text,
        "concepts": [_concept(concept) for concept in found.concepts],
        "rule": found.rule,
        "confidence": found.confidence,
    }


def _concept(concept: Concept) -> dict[str, Any]:
    return {
        "iri": concept.iri,
        "label": concept.label,
        "negative": concept.negative,
        "codes": list(concept.codes),
    }
