"""A form as Turtle: every field a commented line with an example, for people who write RDF by hand."""

from __future__ import annotations

from collections.abc import Iterator

from rdflib import Literal, URIRef

from core.terms import PREFIXES
from shapes.forms.field import Field, Form, Kind
from shapes.forms.key import shown
from shapes.forms.table import SIGNS, sentence

_HEAD = """\
## {title}: a dataset.
##
## Remove "# " in front of the lines that you fill, and put your values in place of the examples.
## Keep the brackets around what you fill. Lines with ## explain: * must be filled, (*) must be filled in the case
## told, (r) should be filled. Check the file with: radiograph validate FILE
"""


def as_turtle(form: Form) -> bytes:
    """The form as a Turtle document in which only the dataset's type is stated."""
    body = list(_body(form))
    used = [f"@prefix {p}: <{ns}> ." for p, ns in PREFIXES.items() if any(f"{p}:" in line for line in body)]
    return ("\n".join([_HEAD.format(title=form.title), *used, "", *body]) + "\n").encode()


def _body(form: Form) -> Iterator[str]:
    classes = " , ".join(shown(kind) for kind in form.nodes[()])
    yield f"<https://example.org/dataset> a {classes} ;"
    section = ""
    open_path: tuple[URIRef, ...] = ()
    for field in form.fields:
        yield from _closed(open_path, field.path[:-1])
        open_path = open_path[: _common(open_path, field.path[:-1])]
        if field.section != section:
            section = field.section
            yield f"\n## {section}"
        while len(open_path) < len(field.path) - 1:
            open_path = field.path[: len(open_path) + 1]
            types = " , ".join(shown(kind) for kind in form.nodes[open_path])
            yield f"{_indent(open_path)}{shown(open_path[-1])} [ a {types} ;"
        yield from _lines(field)
    yield from _closed(open_path, ())
    yield "."
    stated = dict.fromkeys(line for field in form.fields for line in _classes(field))
    if stated:
        yield "\n## What the addresses above are, where nobody else knows it"
        yield from stated


def _closed(open_path: tuple[URIRef, ...], path: tuple[URIRef, ...]) -> Iterator[str]:
    """The ends of the nodes that the next field is not in."""
    for depth in range(len(open_path), _common(open_path, path), -1):
        yield f"{_indent(open_path[:depth])}] ;"


def _common(one: tuple[URIRef, ...], other: tuple[URIRef, ...]) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _indent(path: tuple[URIRef, ...]) -> str:
    return "# " + "    " * len(path)


def _lines(field: Field) -> Iterator[str]:
    told = f"{field.label} {SIGNS[field.need]}".strip()
    number = ", may be several" if field.several else ""
    chosen = f" From the list: {field.codes.title}." if field.codes else ""
    yield f"##{'    ' * len(field.path)} {told}: {field.demand}{number}. {sentence(field.help)}{chosen}".rstrip()
    values = [*(_term(field, text) for text in field.examples[: None if field.several else 1])]
    yield f"{_indent(field.path)}{shown(field.path[-1])} {' , '.join(values) or _blank(field)} ;"


def _classes(field: Field) -> Iterator[str]:
    if field.codes is None and field.stated_classes:
        kinds = " , ".join(shown(kind) for kind in field.stated_classes)
        for term in [_term(field, text) for text in field.examples] or [_blank(field)]:
            yield f"# {term} a {kinds} ."


def _term(field: Field, text: str) -> str:
    """An example, which is written as in a cell, as Turtle."""
    if field.codes is not None and (found := field.codes.find(text)):
        return _iri(found[0].iri)
    if field.kind is Kind.LINK:
        is_mail = "@" in text and "://" not in text
        return _iri(URIRef(f"mailto:{text}" if is_mail else text))
    if field.kind is Kind.BOOLEAN:
        return "true" if text == "yes" else "false"
    if field.kind is Kind.DATE:
        return Literal(text, datatype=PREFIXES["xsd"][_date_type(text)]).n3()
    return Literal(text, lang=field.language, datatype=field.datatype).n3()


def _date_type(text: str) -> str:
    return {4: "gYear", 7: "gYearMonth", 10: "date"}.get(len(text), "dateTime")


def _iri(iri: URIRef) -> str:
    return f"<{iri}>"


def _blank(field: Field) -> str:
    """What stands where there is no example."""
    if field.kind is Kind.LINK:
        return _iri(field.codes.entries[0].iri) if field.codes and field.codes.entries else "<https://example.org/>"
    samples = {Kind.DATE: "2024-03-31", Kind.WHOLE: "1", Kind.DECIMAL: "0.5", Kind.BOOLEAN: "no", Kind.TYPED: "P1D"}
    return _term(field, samples.get(field.kind, "…"))
