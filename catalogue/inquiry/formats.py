"""What an answer can be written as: which format fits which form of query, and which is meant where none is named."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from catalogue.store.guard import Form
from core.errors import QueryError


class Format(StrEnum):
    """What ``--format`` takes."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    TSV = "tsv"
    XML = "xml"
    TURTLE = "ttl"
    NTRIPLES = "nt"
    JSONLD = "jsonld"
    TRIG = "trig"
    NQUADS = "nq"


#: Formats of bindings and of a boolean; a table is drawn from the JSON.
RESULTS = {
    Format.TABLE: "application/sparql-results+json",
    Format.JSON: "application/sparql-results+json",
    Format.CSV: "text/csv",
    Format.TSV: "text/tab-separated-values",
    Format.XML: "application/sparql-results+xml",
}
#: Formats of a graph.
GRAPHS = {
    Format.TURTLE: "text/turtle",
    Format.NTRIPLES: "application/n-triples",
    Format.XML: "application/rdf+xml",
    Format.JSONLD: "application/ld+json",
    Format.TRIG: "application/trig",
    Format.NQUADS: "application/n-quads",
}
#: What the endings of files mean.
_ENDINGS = {str(format): format for format in Format if format is not Format.TABLE} | {
    "srj": Format.JSON,
    "srx": Format.XML,
    "rdf": Format.XML,
    "txt": Format.TABLE,
}


def fitting(form: Form) -> dict[Format, str]:
    """The formats that can hold the answer to such a query, with their media types."""
    return GRAPHS if form.gives_graph else RESULTS


def choose(wanted: Format | None, form: Form, output: Path | None, *, terminal: bool) -> Format:
    """The format of the answer: the one named, else by the file's ending, else by who reads it.

    A person gets a table or Turtle; a pipe gets one row or triple a line, terms as they are: TSV or N-Triples.

    Raises:
        QueryError: the format named cannot hold the answer.
    """
    offered = fitting(form)
    if wanted is None:
        wanted = _ENDINGS.get(output.suffix.removeprefix(".").lower()) if output is not None else None
    if wanted is None:
        person = terminal and output is None
        if form.gives_graph:
            return Format.TURTLE if person else Format.NTRIPLES
        return Format.TABLE if person else Format.TSV
    if wanted not in offered:
        raise QueryError(
            f"the answer to {form} is {'a graph' if form.gives_graph else 'no graph'}, "
            f"which cannot be written as {wanted}",
            remedy=f"choose --format {', '.join(offered)}",
        )
    return wanted
