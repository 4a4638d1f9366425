"""Reads RDF that people hand in: Turtle, TriG, N-Triples, N-Quads, RDF/XML and JSON-LD, strictly and offline.

What is read may be hostile. Two of the parser's formats can be made to expand without end (XML entities) or to
exhaust the stack and end the process (deeply nested JSON-LD and triple terms), so those are looked over first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.parsers import expat

import pyoxigraph
from pyoxigraph import RdfFormat
from rdflib import Graph

from core.canonical import from_oxigraph
from core.errors import InputError
from core.terms import new_graph

#: Larger documents are refused; a description of one dataset has a few kilobytes.
MAX_BYTES = 50 * 1024 * 1024
#: JSON-LD or XML nested deeper than this is refused (the JSON-LD parser recurses).
MAX_DEPTH = 100
#: More openings of triple terms than this are refused (the Turtle parser recurses).
MAX_TRIPLE_TERMS = 100

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


def read_rdf(path: Path) -> Graph:
    """Read a file; its suffix tells the format, else its first characters do.

    Raises:
        InputError: the file is missing, too large, empty, not RDF or not UTF-8; names the file and the line.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_large(str(path), size)
        with path.open("rb") as file:
            # A pipe or a device has no size, and may never end.
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise InputError(
            f"cannot be read: {reason}", where=str(path), remedy="check the name and permissions"
        ) from None
    return parse_rdf(data, name=str(path), suffix=path.suffix)


def parse_rdf(data: bytes, *, name: str, media_type: str | None = None, suffix: str = "") -> Graph:
    """Parse a document; ``name`` is what messages call it. Graph names of TriG and N-Quads are dropped.

    The format is that of ``media_type``, else of ``suffix``, else what the first characters look like.

    Raises:
        InputError: the document is too large, empty, not RDF or not UTF-8; names it and the line.
    """
    if len(data) > MAX_BYTES:
        raise _too_large(name, len(data))
    data = data.removeprefix(b"\xef\xbb\xbf")
    text = _decode(data, name)
    if not text.strip():
        raise InputError("the document is empty", where=name, remedy="give a description in RDF")
    essence = (media_type or "").partition(";")[0].strip().lower()
    form = _MEDIA_TYPES.get(essence) or _SUFFIXES.get(suffix.lower()) or _sniff(text)
    if (check := _CHECKS.get(form)) is not None:
        check(text, name)
    elif text.count("<<") > MAX_TRIPLE_TERMS:
        raise InputError(
            "the document uses triple terms (<<…>>), which are not part of RDF 1.1",
            where=name,
            remedy="state the triples themselves",
        )
    return _parse(data, form, name)


def _parse(data: bytes, form: RdfFormat, name: str) -> Graph:
    graph = new_graph()
    try:
        for quad in pyoxigraph.parse(data, format=form):
            graph.add((from_oxigraph(quad.subject), from_oxigraph(quad.predicate), from_oxigraph(quad.object)))
    except SyntaxError as error:
        where = f"{name}:{error.lineno}" if error.lineno else name
        reason = _PLACE.sub("", _PLACE.sub("", str(error.msg)))
        raise InputError(f"not {form.name}: {reason}", where=where, remedy=_remedy(reason)) from None
    except ValueError as error:
        raise InputError(str(error), where=name, remedy="use RDF 1.1 without triple terms") from None
    return graph


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


def _check_json(text: str, name: str) -> None:
    """Refuse JSON that would exhaust the parser's stack, and contexts that would have to be fetched."""
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(
            f"not JSON: {error.msg} (column {error.colno})", where=f"{name}:{error.lineno}", remedy="correct the line"
        ) from None
    except RecursionError:
        raise _too_deep(name) from None
    level: list[Any] = [document]
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                _check_context(value, name)
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
        level = inner
    if level:
        raise _too_deep(name)


def _check_context(value: dict[str, Any], name: str) -> None:
    contexts = value.get("@context")
    for context in contexts if isinstance(contexts, list) else [contexts]:
        address = context if isinstance(context, str) else None
        if isinstance(context, dict) and isinstance(context.get("@import"), str):
            address = context["@import"]
        if address is not None:
            raise InputError(
                f"the JSON-LD context {address} would have to be fetched, and nothing is fetched while validating",
                where=name,
                remedy="put the context itself in its place",
            )


def _check_xml(text: str, name: str) -> None:
    """Refuse entities that expand to other entities or files, and nesting that the parser takes for ever over."""
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise _too_deep(f"{name}:{parser.CurrentLineNumber}")

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1

    def entity(tag: str, parameter: bool, value: str | None, *rest: str | None) -> None:
        if parameter or value is None or "&" in value or len(value) > 200:
            raise InputError(
                f"the XML entity {tag!r} stands for another entity, a file or a long text",
                where=f"{name}:{parser.CurrentLineNumber}",
                remedy="write its text out where it is used",
            )

    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler, parser.EntityDeclHandler = start, end, entity
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise InputError(
            f"not XML: {expat.errors.messages[error.code]}", where=f"{name}:{error.lineno}", remedy="correct the line"
        ) from None


def _too_deep(where: str) -> InputError:
    return InputError(f"the document nests deeper than {MAX_DEPTH} levels", where=where, remedy="flatten it")


_CHECKS: dict[RdfFormat, Callable[[str, str], None]] = {
    RdfFormat.JSON_LD: _check_json,
    RdfFormat.RDF_XML: _check_xml,
}
