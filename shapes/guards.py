"""Looks over what people hand in before it is parsed: documents made to do harm are refused in one line.

Two of the parser's formats can be made to expand without end (XML entities) or to exhaust the stack and end the
process (deeply nested JSON-LD and triple terms).
"""

from __future__ import annotations

import json
from typing import Any
from xml.parsers import expat

from core.errors import InputError
from ontology.contexts import known_context

#: JSON-LD or XML nested deeper than this is refused (the JSON-LD parser recurses).
MAX_DEPTH = 100
#: More references to contexts than this are refused (each is written out before parsing).
MAX_CONTEXTS = 100
#: More openings of triple terms than this are refused (the Turtle parser recurses).
MAX_TRIPLE_TERMS = 100


def check_triple_terms(text: str, name: str) -> None:
    """Refuse a text that opens many triple terms."""
    if text.count("<<") > MAX_TRIPLE_TERMS:
        raise InputError(
            "the document uses triple terms (<<…>>), which are not part of RDF 1.1",
            where=name,
            remedy="state the triples themselves",
        )


def check_json(text: str, name: str) -> None:
    """Refuse JSON that would exhaust the parser's stack, and contexts that would have to be fetched."""
    try:
        document = json.loads(text, parse_int=str)  # a number may be longer than Python converts
    except json.JSONDecodeError as error:
        raise InputError(
            f"not JSON: {error.msg} (column {error.colno})", where=f"{name}:{error.lineno}", remedy="correct the line"
        ) from None
    except RecursionError:
        raise _too_deep(name) from None
    level: list[Any] = [document]
    known = 0
    for _ in range(MAX_DEPTH):
        inner: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                known += _check_context(value, name)
                inner.extend(value.values())
            elif isinstance(value, list):
                inner.extend(value)
        level = inner
    if level:
        raise _too_deep(name)
    if known > MAX_CONTEXTS:
        raise InputError(
            f"the document refers to contexts {known:,} times; at most {MAX_CONTEXTS} are accepted",
            where=name,
            remedy="refer to the context once, for the whole document",
        )


def _check_context(value: dict[str, Any], name: str) -> int:
    """Refuse a context that would have to be fetched; how many are ours, known without fetching."""
    known = 0
    contexts = value.get("@context")
    for context in contexts if isinstance(contexts, list) else [contexts]:
        address = context if isinstance(context, str) else None
        if address is not None and known_context(address) is not None:
            known += 1
            continue
        if isinstance(context, dict) and isinstance(context.get("@import"), str):
            address = context["@import"]
        if address is not None:
            raise InputError(
                f"the JSON-LD context {address} would have to be fetched, and nothing is fetched while validating",
                where=name,
                remedy="put the context itself in its place",
            )
    return known


def check_xml(text: str, name: str) -> None:
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
