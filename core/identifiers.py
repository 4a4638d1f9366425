"""The IRIs of this deployment: how they are made, read back and owned (docs/data-model.md).

Every IRI is ``{base}/{kind}/…`` with a base from settings; routing is by path alone. A description owns
its dataset IRI, everything after ``#`` of it, its catalogue record and its distributions, and nothing else.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from rdflib import URIRef

from core.errors import IdentifierError

_REPOSITORY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
# RFC 3987 unreserved characters stay readable; all else in an identifier is percent-encoded.
_SAFE = "-._~"
_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?(10\.\d{4,9}/\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Mints and reads the IRIs under one base, for example ``https://catalogue.example.org``."""

    base: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.base)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
            raise IdentifierError(
                f"base IRI {self.base!r} is not an absolute http(s) address without query or fragment",
                where="RADIOGRAPH_BASE_IRI",
                remedy="use something like https://catalogue.example.org",
            )
        object.__setattr__(self, "base", self.base.rstrip("/"))

    def dataset(self, repository: str, identifier: str) -> URIRef:
        return URIRef(f"{self.base}/dataset/{_repository(repository)}/{_segment(identifier)}")

    def distribution(self, repository: str, identifier: str, distribution: str) -> URIRef:
        return URIRef(
            f"{self.base}/distribution/{_repository(repository)}/{_segment(identifier)}/{_segment(distribution)}"
        )

    def record(self, repository: str, identifier: str) -> URIRef:
        """The catalogue record of a description, which is also the name of its graph."""
        return URIRef(f"{self.base}/record/{_repository(repository)}/{_segment(identifier)}")

    def agent(self, repository: str, slug: str) -> URIRef:
        return URIRef(f"{self.base}/agent/{_repository(repository)}/{_segment(slug)}")

    def catalogue(self, repository: str | None = None) -> URIRef:
        """The catalogue of one repository (also the name of its graph), or of the whole deployment."""
        return URIRef(f"{self.base}/catalogue" + (f"/{_repository(repository)}" if repository else ""))

    def link(self, digest: str) -> URIRef:
        return URIRef(f"{self.base}/link/{digest}")

    def release(self, number: int) -> URIRef:
        return URIRef(f"{self.base}/release/{number}")

    def graph(self, name: str) -> URIRef:
        """A named graph that belongs to no description: ``links``, ``release``, ``vocabulary/cancer``, …"""
        return URIRef(f"{self.base}/graph/{name}")

    def parse_dataset(self, iri: str) -> tuple[str, str]:
        """Return ``(repository, identifier)`` of one of our dataset IRIs.

        Raises:
            IdentifierError: the IRI is not a dataset of this deployment.
        """
        prefix = f"{self.base}/dataset/"
        rest = iri[len(prefix) :] if iri.startswith(prefix) else ""
        repository, _, segment = rest.partition("/")
        if not _REPOSITORY.fullmatch(repository) or not segment or "/" in segment or "#" in segment:
            raise IdentifierError(f"{iri} is not a dataset of this catalogue", remedy=f"expected {prefix}REPOSITORY/ID")
        return repository, unquote(segment)

    def owns(self, dataset: str, iri: str) -> bool:
        """Whether the description of ``dataset`` may have ``iri`` as a subject."""
        iri = str(iri)  # rdflib's URIRef.startswith takes no tuple: it would answer False
        repository, identifier = self.parse_dataset(dataset)
        record = str(self.record(repository, identifier))
        distributions = f"{self.base}/distribution/{repository}/{_segment(identifier)}/"
        # An rdflib URIRef never equals a plain string of the same characters.
        return (
            str(iri) in (str(dataset), record)
            or iri.startswith((f"{dataset}#", f"{record}#"))
            or (iri.startswith(distributions) and len(iri) > len(distributions))
        )


def harvested_key(identifier: str) -> str:
    """The key data.europa.eu's harvester makes of an identifier; two equal keys would overwrite each other.

    NFKD, ``%`` removed, runs of ``\\W`` to ``-``, lower case (reference: piveau-hub identifier normalisation).
    """
    decomposed = unicodedata.normalize("NFKD", identifier).replace("%", "")
    return re.sub(r"\W+", "-", decomposed).lower()


def normalise_doi(text: str) -> str | None:
    """Return the bare, lower-case DOI in ``text`` (``10.…/…``), or None where there is none.

    DOIs are case-insensitive (DOI Handbook §2.4), so lower case is the form to compare.
    """
    found = _DOI.fullmatch(text.strip().rstrip(".,;"))
    return found.group(1).lower() if found else None


def _repository(repository: str) -> str:
    if not _REPOSITORY.fullmatch(repository):
        raise IdentifierError(
            f"repository key {repository!r} is not usable in an IRI",
            remedy="use a lower-case letter followed by up to 62 letters, digits, - or _",
        )
    return repository


def _segment(identifier: str) -> str:
    text = unicodedata.normalize("NFC", identifier.strip())
    if not text or text in {".", ".."} or any(unicodedata.category(c) in {"Cc", "Cs"} for c in text):
        raise IdentifierError(
            f"identifier {identifier!r} is empty or has control characters", remedy="give the record a readable id"
        )
    return quote(text, safe=_SAFE)
