"""How a judgement is written: for people, for programs, for RDF tools and for code hosting sites."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from shapes.documents import Judgement, Unjudged
from shapes.formats.annotations import to_annotations, write_github, write_sarif
from shapes.formats.json_report import write_json
from shapes.formats.shacl import write_jsonld, write_turtle
from shapes.formats.text import write_text

__all__ = ["MEDIA_TYPES", "Format", "to_annotations", "write"]


class Format(StrEnum):
    """The formats a judgement can be written in."""

    TEXT = "text"
    JSON = "json"
    TURTLE = "turtle"
    JSONLD = "jsonld"
    SARIF = "sarif"
    GITHUB = "github"


MEDIA_TYPES: dict[Format, str] = {
    Format.TEXT: "text/plain; charset=utf-8",
    Format.JSON: "application/json",
    Format.TURTLE: "text/turtle; charset=utf-8",
    Format.JSONLD: "application/ld+json",
    Format.SARIF: "application/sarif+json",
    Format.GITHUB: "text/plain; charset=utf-8",
}
_WRITERS: dict[Format, Callable[[Sequence[Judgement | Unjudged]], str]] = {
    Format.TEXT: write_text,
    Format.JSON: write_json,
    Format.TURTLE: write_turtle,
    Format.JSONLD: write_jsonld,
    Format.SARIF: write_sarif,
    Format.GITHUB: write_github,
}


def write(results: Sequence[Judgement | Unjudged], form: Format) -> str:
    """All that was found out about one document or several, in the format, with a line feed at the end."""
    return _WRITERS[form](results).rstrip("\n") + "\n"
