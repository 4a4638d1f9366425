"""One request made to do harm: what it is made of, and which answers are right for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

LISTENER = "http://listener.invalid"
TURTLE, TRIG, NT, NQ = "text/turtle", "application/trig", "application/n-triples", "application/n-quads"
XML, JSON = "application/rdf+xml", "application/ld+json"
SYNTAXES = (TURTLE, TRIG, NT, NQ, XML, JSON)
#: Not RDF, or not RDF that is taken.
BAD = frozenset({400})
#: It may or may not be RDF, but there is no dataset in it, or one that cannot be judged.
BARREN = frozenset({400, 422})
#: It is RDF, and is judged if that is done in time and memory.
JUDGED = frozenset({200, 400, 413, 422})
LARGE = frozenset({413})
TYPE = frozenset({415})
GOOD = (Path(__file__).parents[3] / "examples" / "dcat-ap-complete.ttl").read_bytes()
HEAD = b"@prefix dcat: <http://www.w3.org/ns/dcat#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n"
HEAD += b"@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"
HEAD += b"@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#" '
    'xmlns:dct="http://purl.org/dc/terms/">'
)


@dataclass(frozen=True)
class Hostile:
    """One request. ``body`` is made when it is needed: some are tens of megabytes."""

    family: str
    body: Callable[[], bytes]
    media_type: str = TURTLE
    right: frozenset[int] = BAD
    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""
    chunked: bool = False


def plain(family: str, body: bytes, media_type: str = TURTLE, right: frozenset[int] = BAD, **more: object) -> Hostile:
    return Hostile(family, lambda: body, media_type, right, **more)  # type: ignore[arg-type]


def dataset(statements: bytes) -> bytes:
    return HEAD + b"<https://example.org/d> a dcat:Dataset ;\n" + statements + b" .\n"
