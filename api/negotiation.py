"""Content negotiation: which representation of a resource a client gets (RFC 9110 §12.5.1).

Every router that serves more than one representation names its variants, best first, and asks
:func:`negotiate`. A ``format`` parameter (a short name such as ``ttl``, or a media type) wins over the header,
so that a plain link can point at one representation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import RadiographError

_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*"?)+')
_PARAMETER = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*"?)+')
_QUALITY = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
#: A longer Accept header is cut here: no browser or library sends one, and every element costs time.
_MAX_ELEMENTS = 64


class NotAcceptable(RadiographError):
    """None of the representations offered is one the client accepts (HTTP 406)."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One representation: short name for ``?format=``, media type, further media types and names that ask for it.

    ``synonyms`` are what other endpoints call it; SPARQLWrapper sends these.
    """

    name: str
    media_type: str
    aliases: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
    label: str = ""
    """What pages call it."""

    @property
    def content_type(self) -> str:
        """The Content-Type header; text carries its charset, because the default of ``text/*`` is not UTF-8."""
        return f"{self.media_type}; charset=utf-8" if self.media_type.startswith("text/") else self.media_type


HTML = Variant("html", "text/html", ("application/xhtml+xml",))
JSON = Variant("json", "application/json")

TURTLE = Variant(
    "ttl",
    "text/turtle",
    ("application/x-turtle", "application/turtle", "text/n3", "text/rdf+n3"),
    ("turtle", "n3"),
    label="Turtle",
)
NTRIPLES = Variant("nt", "application/n-triples", ("text/plain",), ("ntriples", "n-triples"), label="N-Triples")
RDFXML = Variant(
    "rdf", "application/rdf+xml", ("application/xml", "text/xml"), ("xml", "rdf+xml", "rdfxml"), label="RDF/XML"
)
JSONLD = Variant("jsonld", "application/ld+json", ("application/json",), ("json-ld", "json"), label="JSON-LD")
TRIG = Variant("trig", "application/trig", ("application/x-trig",), label="TriG")
NQUADS = Variant("nq", "application/n-quads", ("text/x-nquads",), ("nquads", "n-quads"), label="N-Quads")

RESULTS_JSON = Variant("json", "application/sparql-results+json", ("application/json", "text/json"), label="JSON")
RESULTS_XML = Variant("xml", "application/sparql-results+xml", ("application/xml", "text/xml"), label="XML")
RESULTS_CSV = Variant("csv", "text/csv", label="CSV")
RESULTS_TSV = Variant("tsv", "text/tab-separated-values", ("text/plain",), label="TSV")

#: What a graph can be had as, and what bindings or a boolean can be had as; the first is the answer to ``*/*``.
GRAPH_VARIANTS = (TURTLE, NTRIPLES, RDFXML, JSONLD)
#: What CONSTRUCT and DESCRIBE can be had as: also in formats for datasets, which then hold a default graph alone.
CONSTRUCT_VARIANTS = (*GRAPH_VARIANTS, TRIG, NQUADS)
RESULT_VARIANTS = (RESULTS_JSON, RESULTS_XML, RESULTS_CSV, RESULTS_TSV)


def negotiate(accept: str | None, variants: Sequence[Variant], *, format: str | None = None) -> Variant:
    """Return the variant the client likes best; among equals the one it names most exactly, then the first.

    Args:
        accept: the Accept header; None or empty accepts anything.
        variants: what is offered, best first.
        format: a short name or media type that overrides the header.

    Raises:
        NotAcceptable: the client accepts none of them, or ``format`` names none.
    """
    if format:
        wanted = format.strip().lower()
        for variant in variants:
            if wanted in (variant.name, variant.media_type, *variant.aliases, *variant.synonyms):
                return variant
        raise NotAcceptable(f"there is no format {format[:80]!r} here", remedy=_offer(variants, name=True))
    ranges = parse_accept(accept)
    if not ranges:
        return variants[0]
    scores = [(_score(variant, ranges), -index) for index, variant in enumerate(variants)]
    (quality, _), index = max(scores)
    if quality <= 0:
        raise NotAcceptable(
            f"none of the accepted media types is served here: {(accept or '')[:200]}",
            remedy=_offer(variants, name=False),
        )
    return variants[-index]


def accepts(accept: str | None, variant: Variant) -> bool:
    """Whether the client names this very media type; a wildcard does not count (how a browser is told apart)."""
    return any(quality > 0 and media_type == variant.media_type for media_type, quality in parse_accept(accept))


def parse_accept(accept: str | None) -> list[tuple[str, float]]:
    """The media ranges of an Accept header with their quality, in order; malformed elements are passed over."""
    ranges = []
    for element in _ELEMENT.findall(accept or "")[:_MAX_ELEMENTS]:
        media_range, _, rest = element.strip().partition(";")
        media_range, parameters = media_range.strip(), _PARAMETER.findall(rest)
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "q":
                quality = float(value) if _QUALITY.fullmatch(value := value.strip()) else 0.0
                break
        if media_range == "*":
            media_range = "*/*"
        if media_range.count("/") == 1:
            ranges.append((media_range.lower(), quality))
    return ranges


def _score(variant: Variant, ranges: list[tuple[str, float]]) -> tuple[float, int]:
    """The quality of a variant and how exactly it was named: 3 itself, 2 an alias, 1 its type, 0 anything."""
    best: dict[int, float] = {}
    for media_range, quality in ranges:
        level = _exactness(variant, media_range)
        if level is not None:
            best[level] = max(quality, best.get(level, 0.0))
    if not best:
        return 0.0, -1
    exactness = max(best)
    return best[exactness], exactness


def _exactness(variant: Variant, media_range: str) -> int | None:
    if media_range == variant.media_type:
        return 3
    if media_range in variant.aliases:
        return 2
    if media_range == "*/*":
        return 0
    return 1 if media_range.endswith("/*") and variant.media_type.startswith(media_range[:-1]) else None


def _offer(variants: Sequence[Variant], *, name: bool) -> str:
    return "ask for " + ", ".join(variant.name if name else variant.media_type for variant in variants)
