"""Web addresses of sources as IRIs that every RDF tool accepts."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple
from urllib.parse import urlsplit

import pyoxigraph
from rdflib import URIRef

from core.identifiers import normalise_doi

_MAX_LENGTH = 2048
#: What RFC 3987 allows nowhere after the host; the brackets are for IPv6 hosts only.
_FORBIDDEN = re.compile(r'[\x00-\x20<>"{}|\\^`\[\]]|%(?![0-9A-Fa-f]{2})')
_HOST = re.compile(r"(?:[\w-]+\.)*[\w-]+\.?|[0-9a-f.]*:[0-9a-f:.]+")


class Address(NamedTuple):
    """``iri`` is None where the text is no usable address; ``remark`` says what was wrong or mended."""

    iri: URIRef | None
    remark: str | None = None


def web_address(text: str) -> Address:
    """Return the http(s) IRI in ``text``, mended where that changes nothing but the spelling.

    Characters that an IRI must not hold are percent-encoded, a DOI becomes its resolver's address. All else that is
    not an absolute http(s) address is refused: a missing scheme or host would have to be guessed.
    """
    stripped = text.strip()
    doi = normalise_doi(stripped)
    if doi is not None:
        return _accepted(doi_address(doi), None)
    if len(stripped) > _MAX_LENGTH:
        return Address(None, f"the address {stripped[:80]!r}… is longer than {_MAX_LENGTH} characters")
    reason = _refusal(stripped)
    if reason:
        return Address(None, f"{stripped!r} {reason}")
    encoded = _encoded(stripped)
    remark = f"{stripped!r} is no IRI as it stands and was written as {encoded}" if encoded != stripped else None
    return _accepted(encoded, remark)


def doi_address(doi: str) -> str:
    """The resolver's address of a bare DOI."""
    escaped = doi.replace("%", "%25").replace("#", "%23").replace("?", "%3F")
    return f"https://doi.org/{_FORBIDDEN.sub(_percent, escaped)}"


def _refusal(text: str) -> str | None:
    if any(unicodedata.category(c) in {"Cc", "Cs", "Co", "Cn"} for c in text):
        return "has control or unassigned characters"
    try:
        parts = urlsplit(text)
        valid_port = parts.port is None or parts.port > 0
    except ValueError:
        return "is not a web address"
    if parts.scheme.lower() not in {"http", "https"}:
        return "is not a web address: it must start with https:// or http://"
    if "@" in parts.netloc:
        return "holds a user name or password"
    if not valid_port or not _HOST.fullmatch(parts.hostname or ""):
        return "is not a web address: its host is malformed"
    return None


def _encoded(text: str) -> str:
    scheme, _, rest = text.partition("://")
    end = min((rest.find(mark) for mark in "/?#" if mark in rest), default=len(rest))
    before, mark, fragment = rest[end:].partition("#")
    tail = before + mark + fragment.replace("#", "%23")
    return f"{scheme.lower()}://{rest[:end]}{_FORBIDDEN.sub(_percent, tail)}"


def _percent(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found.group().encode())


def _accepted(iri: str, remark: str | None) -> Address:
    """The last word has the parser that will read the description back."""
    try:
        pyoxigraph.NamedNode(iri)
    except ValueError:
        return Address(None, f"{iri!r} is not a web address")
    return Address(URIRef(iri), remark)
