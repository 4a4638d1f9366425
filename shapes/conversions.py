"""How a value of an older shape becomes what the newer property wants, where that is certain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rdflib import BNode, Literal, URIRef
from rdflib.term import Node

from core.terms import XSD

if TYPE_CHECKING:
    from shapes.lifting_rules import Conversion

_ADDRESS = re.compile(r"[^\s<>\"'`|^{}\\:/?#@]+@[^\s<>\"'`|^{}\\:/?#@]+\.[^\s<>\"'`|^{}\\:/?#@]+")
_TELEPHONE = re.compile(r"\+?[0-9][0-9 ().\-/]{3,30}")
_LINK = re.compile(r"https?://[^\s<>\"`|^{}\\]+")
_COUNT = re.compile(r"\+?([0-9]{1,30})(?:\.0*)?")
#: What a number may have been called; a number written as mere text is not converted.
_NUMBERS = {
    *(XSD.integer, XSD.int, XSD.long, XSD.short, XSD.decimal, XSD.double, XSD.float),
    *(XSD.positiveInteger, XSD.unsignedInt, XSD.unsignedLong),
}


def convert(conversion: Conversion, value: Node) -> Node | None:
    """The value as the new property wants it, or None where that is not certain."""
    if isinstance(value, BNode):
        return None
    if conversion == "count":
        return _count(value)
    text = str(value).strip()
    if conversion == "iri":
        return URIRef(text) if isinstance(value, Literal) and _LINK.fullmatch(text) else None
    if conversion == "telephone":
        number = text.removeprefix("tel:")
        return Literal(number) if _TELEPHONE.fullmatch(number) else None
    address = text[len("mailto:") :] if text.lower().startswith("mailto:") else text
    if not _ADDRESS.fullmatch(address):
        return None
    if conversion == "email":
        return Literal(address)
    return URIRef(f"mailto:{address}")


def _count(value: Node) -> Literal | None:
    if not isinstance(value, Literal) or value.datatype not in _NUMBERS:
        return None
    found = _COUNT.fullmatch(str(value).strip())
    return Literal(found[1], datatype=XSD.nonNegativeInteger, normalize=False) if found else None
