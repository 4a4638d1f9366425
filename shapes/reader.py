"""Reads RDF that people hand in: Turtle, TriG, N-Triples, N-Quads, RDF/XML and JSON-LD, strictly and offline.

What is read may be hostile, so it is looked over first (``shapes.guards``). A document is read with the lines its
statements stand on; a graph alone is read a little faster.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph
from pyoxigraph import RdfFormat
from rdflib import Graph

from core.canonical import from_oxigraph
from core.errors import InputError
from core.terms import new_graph
from ontology.contexts import with_known_contexts
from shapes.document import Document, Positions
from shapes.guards import check_json, check_triple_terms, check_xml
from shapes.json_lines import locate_json
from shapes.lines import Statement, located

#: Larger documents are refused; a description of one dataset has a few kilobytes.
MAX_BYTES = 50 * 1024 * 1024
#: In larger documents statements are not located: positions take more memory than the statements themselves.
MAX_LOCATED = 8 * 1024 * 1024
#: JSON-LD is read a second time for its lines, which takes several times as long as reading it.
MAX_LOCATED_JSON = 2 * 1024 * 1024

_SUFFIXES = {
    ".ttl": RdfFormat.TURTLE,
    ".n3": RdfFormat.TURTLE,
    ".nt": RdfFormat.N_TRIPLES,
    ".nq": RdfFormat.N_QUADS,
    ".trig": RdfFormat.TRIG,
    ".rdf": RdfFormat.RDF_XML,
    ".owl": RdfFormat.RDF_XML,
    ".xml": RdfFormat.RDF_XML,
    ".jsonld": RdfFormat.JSON_LD,
    ".json": RdfFormat.JSON_LD,
}
_MEDIA_TYPES = {
    "text/turtle": RdfFormat.TURTLE,
    "application/n-triples": RdfFormat.N_TRIPLES,
    "application/n-quads": RdfFormat.N_QUADS,
    "application/trig": RdfFormat.TRIG,
    "application/rdf+xml": RdfFormat.RDF_XML,
    "application/xml": RdfFormat.RDF_XML,
    "text/xml": RdfFormat.RDF_XML,
    "application/ld+json": RdfFormat.JSON_LD,
    "application/json": RdfFormat.JSON_LD,
}
_PLACE = re.compile(
    r"^Parser error (?:at line \d+ (?:column \d+|between columns \d+ and \d+)|between .*?): |\s*\(line \d+\)$"
)


def read_document(path: Path) -> Document:
    """Read a file with the positions of its statements; its suffix tells the format, else its first characters do.

    Raises:
        InputError: the file is missing, too large, empty, not RDF or not UTF-8; names the file and the line.
    """
    return parse_document(_read(path), name=str(path), suffix=path.suffix)


def parse_document(data: bytes, *, name: str, media_type: str | None = None, suffix: str = "") -> Document:
    """Parse a document and say on which line each statement stands; arguments and errors as in :func:`parse_rdf`.

    A document of more than ``MAX_LOCATED`` bytes, or ``MAX_LOCATED_JSON``, gets no positions.
    """
    data, text, form = _checked(data, name, media_type, suffix)
    graph, positions = new_graph(), Positions()
    if form is RdfFormat.JSON_LD or len(data) > MAX_LOCATED:
        statements = _statements(data, form)
    else:
        statements = located(data, form)
    with _reported(form, name):
        for subject, predicate, value, position in statements:
            graph.add((subject, predicate, value))
            if position is not None:
                positions.add(subject, predicate, value, position)
    if form is RdfFormat.JSON_LD and len(data) <= MAX_LOCATED_JSON:
        locate_json(text, graph, positions)
    return Document(name, graph, positions, text)


def read_rdf(path: Path) -> Graph:
    """Read the graph of a file; errors as in :func:`read_document`."""
    return parse_rdf(_read(path), name=str(path), suffix=path.suffix)


def parse_rdf(data: bytes, *, name: str, media_type: str | None = None, suffix: str = "") -> Graph:
    """Parse a document; ``name`` is what messages call it. Graph names of TriG and N-Quads are dropped.

    The format is that of ``media_type``, else of ``suffix``, else what the first characters look like.

    Raises:
        InputError: the document is too large, empty, not RDF or not UTF-8; names it and the line.
    """
    data, _, form = _checked(data, name, media_type, suffix)
    graph = new_graph()
    with _reported(form, name):
        for subject, predicate, value, _ in _statements(data, form):
            graph.add((subject, predicate, value))
    return graph


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_large(str(path), size)
        with path.open("rb") as file:
            # A pipe or a device has no size, and may never end.
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise InputError(
            f"cannot be read: {reason}", where=str(path), remedy="check the name and permissions"
        ) from None


def _checked(data: bytes, name: str, media_type: str | None, suffix: str) -> tuple[bytes, str, RdfFormat]:
    """The data without byte-order mark, its text and format, when it is safe to parse."""
    if len(data) > MAX_BYTES:
        raise _too_large(name, len(data))
    data = data.removeprefix(b"\xef\xbb\xbf")
    text = _decode(data, name)
    if not text.strip():
        raise InputError("the document is empty", where=name, remedy="give a description in RDF")
    essence = (media_type or "").partition(";")[0].strip().lower()
    form = _MEDIA_TYPES.get(essence) or _SUFFIXES.get(suffix.lower()) or _sniff(text)
    _CHECKS.get(form, check_triple_terms)(text, name)
    return data, text, form


def _statements(data: bytes, form: RdfFormat) -> Iterator[Statement]:
    if form is RdfFormat.JSON_LD:
        data = with_known_contexts(data.decode()).encode()
    for quad in pyoxigraph.parse(data, format=form):
        yield from_oxigraph(quad.subject), from_oxigraph(quad.predicate), from_oxigraph(quad.object), None


@contextmanager
def _reported(form: RdfFormat, name: str) -> Iterator[None]:
    """Turn what the parser says into a finding about the document."""
    try:
        yield
    except SyntaxError as error:
        where = f"{name}:{error.lineno}" if error.lineno else name
        reason = _PLACE.sub("", _PLACE.sub("", str(error.msg)))
        raise InputError(f"not {form.name}: {reason}", where=where, remedy=_remedy(reason)) from None
    except ValueError as error:
        raise InputError(str(error), where=name, remedy="use RDF 1.1 without triple terms") from None


def _remedy(reason: str) -> str:
    if "No scheme" in reason:
        return "write the IRI in full, or declare a base"
    return "correct the line, or give the file the suffix of its format, such as .ttl, .rdf or .jsonld"


def _too_large(name: str, size: int) -> InputError:
    return InputError(
        f"the document has {size / 1e6:.0f} MB; at most {MAX_BYTES / 1e6:.0f} MB are accepted",
        where=name,
        remedy="split it, one file for some hundred datasets",
    )


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"byte {data[error.start]:#04x} is not UTF-8", where=f"{name}:{line}", remedy="save the file as UTF-8"
        ) from None


def _sniff(text: str) -> RdfFormat:
    start = text.lstrip()[:200]
    if start.startswith(("<?xml", "<!DOCTYPE", "<!--", "<rdf:")):
        return RdfFormat.RDF_XML
    if re.match(r'[{\[]\s*(?:["{\[]|[}\]])', start):
        return RdfFormat.JSON_LD
    return RdfFormat.TRIG


_CHECKS: dict[RdfFormat, Callable[[str, str], None]] = {
    RdfFormat.JSON_LD: check_json,
    RdfFormat.RDF_XML: check_xml,
}
