"""Graphs without blank nodes as Turtle, RDF/XML, JSON-LD and N-Triples; equal graphs give equal bytes.

Harvesters hash what they get, so order and prefixes depend on the graph alone. The writers of rdflib and pyoxigraph
are not used here: the one is too slow for a page of a feed, the other orders prefixes at random, writes
control characters that XML forbids, and breaks on predicates whose last part is no XML name. Literals keep their
lexical form and datatype in every format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from xml.sax.saxutils import escape, quoteattr

import pyoxigraph
from rdflib import Graph

from api.json_ld import json_ld
from api.negotiation import JSONLD, NTRIPLES, RDFXML, TURTLE, Variant
from core.canonical import canonical_ntriples
from core.terms import PREFIXES, RDF, XSD

_LOCAL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
#: Splits an IRI before its longest XML name; RDF/XML can write no predicate without one.
_XML_NAME = re.compile(r"(.*[^A-Za-z0-9_.-][0-9.-]*)([A-Za-z_][A-Za-z0-9_.-]*)", re.DOTALL)
#: What XML 1.0 cannot carry, not even escaped (§2.2).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TYPE = str(RDF.type)
_STRING = str(XSD.string)
_NAMESPACES = {str(namespace): prefix for prefix, namespace in PREFIXES.items()}

_Term = pyoxigraph.NamedNode | pyoxigraph.Literal
_Statement = tuple[str, str, _Term]


def serialise(graph: Graph, variant: Variant) -> bytes:
    """Write ``graph`` in the format of ``variant``, UTF-8.

    RDF/XML has two limits, both of the format: a statement whose predicate ends in no XML name is left out, and
    control characters in texts become U+FFFD.

    Raises:
        DescriptionError: the graph has a blank node or a malformed IRI.
        ValueError: the variant is no RDF format.
    """
    ntriples = canonical_ntriples(graph)
    if variant.name == NTRIPLES.name:
        return ntriples
    writer = {TURTLE.name: _turtle, RDFXML.name: _rdf_xml, JSONLD.name: _json_ld}.get(variant.name)
    if writer is None:
        raise ValueError(f"{variant.media_type} is no RDF format")
    return writer(_statements(ntriples)).encode()


def _statements(ntriples: bytes) -> list[_Statement]:
    """The statements by subject, then ``rdf:type`` first, then in order of predicate and object."""
    parsed = [
        (triple.subject.value, triple.predicate.value, triple.object)
        for triple in pyoxigraph.parse(ntriples, format=pyoxigraph.RdfFormat.N_TRIPLES)
    ]
    return sorted(parsed, key=lambda s: (s[0], s[1] != _TYPE, s[1], str(s[2])))


def _by_subject(statements: list[_Statement]) -> Iterator[tuple[str, list[tuple[str, list[_Term]]]]]:
    for subject, group in groupby(statements, key=lambda statement: statement[0]):
        properties = [
            (predicate, [statement[2] for statement in values])
            for predicate, values in groupby(group, key=lambda statement: statement[1])
        ]
        yield subject, properties


class _Names:
    """Shortens IRIs with Radiograph's prefixes and remembers which were used."""

    def __init__(self) -> None:
        self.used: dict[str, str] = {}
        self._short: dict[str, str | None] = {}

    def short(self, iri: str) -> str | None:
        """``prefix:local``, or None where no prefix fits or the rest would need escaping."""
        if iri not in self._short:
            cut = max(iri.rfind("#"), iri.rfind("/")) + 1
            prefix, local = _NAMESPACES.get(iri[:cut]), iri[cut:]
            fits = prefix is not None and _LOCAL.fullmatch(local) is not None
            if fits and prefix is not None:
                self.used[prefix] = iri[:cut]
            self._short[iri] = f"{prefix}:{local}" if fits else None
        return self._short[iri]


def _turtle(statements: list[_Statement]) -> str:
    names = _Names()

    def term(value: _Term) -> str:
        if isinstance(value, pyoxigraph.NamedNode):
            return names.short(value.value) or str(value)
        datatype = names.short(value.datatype.value) if not value.language else None
        if datatype is None or value.datatype.value == _STRING:
            return str(value)
        return f"{pyoxigraph.Literal(value.value)}^^{datatype}"

    blocks = []
    for subject, properties in _by_subject(statements):
        lines = []
        for predicate, values in properties:
            verb = "a" if predicate == _TYPE else names.short(predicate) or f"<{predicate}>"
            lines.append(f"{verb} " + " , ".join(term(value) for value in values))
        blocks.append(f"{names.short(subject) or f'<{subject}>'}\n    " + " ;\n    ".join(lines) + " .\n")
    header = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in sorted(names.used.items()))
    return "\n".join([header, *blocks]) if header else "\n".join(blocks)


def _rdf_xml(statements: list[_Statement]) -> str:
    namespaces = {str(RDF): "rdf"}

    def element(predicate: str) -> str | None:
        parts = _XML_NAME.fullmatch(predicate)
        if not parts:
            return None
        prefix = namespaces.setdefault(parts[1], _NAMESPACES.get(parts[1], f"ns{len(namespaces)}"))
        return f"{prefix}:{parts[2]}"

    blocks = []
    for subject, properties in _by_subject(statements):
        lines = [f"  <rdf:Description rdf:about={quoteattr(subject)}>\n"]
        for predicate, values in properties:
            name = element(predicate)
            if name:
                lines += [_xml_property(name, value) for value in values]
        blocks.append("".join([*lines, "  </rdf:Description>\n"]))
    declarations = "".join(
        f"\n    xmlns:{prefix}={quoteattr(iri)}" for iri, prefix in sorted(namespaces.items(), key=lambda item: item[1])
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF{declarations}>\n{"".join(blocks)}</rdf:RDF>\n'


def _xml_property(name: str, value: _Term) -> str:
    if isinstance(value, pyoxigraph.NamedNode):
        return f"    <{name} rdf:resource={quoteattr(value.value)}/>\n"
    attribute = ""
    if value.language:
        attribute = f" xml:lang={quoteattr(value.language)}"
    elif value.datatype.value != _STRING:
        attribute = f" rdf:datatype={quoteattr(value.datatype.value)}"
    text = escape(_NOT_XML.sub("\ufffd", value.value), {"\r": "&#13;"})
    return f"    <{name}{attribute}>{text}</{name}>\n"


def _json_ld(statements: list[_Statement]) -> str:
    return json_ld(_by_subject(statements), _Names().short)
