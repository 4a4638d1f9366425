"""What a kept record asks of the vocabularies when it is described, without describing it.

This mirrors :mod:`ingest.mapping` and :mod:`ingest.imaging`, and tests hold it complete: a description whose questions
have the same answers in two vocabulary trees is the same in both. Records are read as plain JSON here, because of most
of them nothing more is needed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.terms import RADIOGRAPH
from ingest.declaration import RepositoryDeclaration
from ingest.imaging import SCHEMES, SIBLINGS
from ingest.mapping import MEDIA_TYPES
from ingest.prose import writable
from ontology.harmoniser import Harmoniser

_ADDRESS = re.compile(r"https?://[^\"\\\s<>]+")
#: Terms of the ontology that descriptions point to.
_WRITTEN = frozenset(str(RADIOGRAPH[name]) for name in (*SCHEMES, "strataStructure"))

Question = tuple[str, str]
"""A text, and the scheme that it is looked up in."""
Answer = tuple[tuple[str, ...], str, float, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """``questions`` are asked of the harmoniser; ``iris`` may be referred to as they are; ``dimensions`` are the
    concepts of strata, which must be in a vocabulary."""

    questions: frozenset[Question]
    iris: frozenset[str]
    dimensions: frozenset[str]


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """A source record as the ledger keeps it: its JSON, and what that says."""

    iri: str
    text: str
    document: Mapping[str, Any]
    declaration: RepositoryDeclaration

    @classmethod
    def read(cls, iri: str, text: str, declaration: RepositoryDeclaration) -> KeptRecord | None:
        """The record; None where the text is none."""
        try:
            document = json.loads(text)
            complete = isinstance(document["identifier"], str) and isinstance(document["terms"], dict)
        except (ValueError, KeyError, TypeError):
            return None
        return cls(iri, text, document, declaration) if complete else None

    @property
    def title(self) -> str:
        return str(self.document.get("title") or self.document["identifier"])

    @property
    def strata(self) -> list[dict[str, Any]]:
        return self.document.get("strata") or []

    @property
    def stated(self) -> bool:
        """Whether the record says its description itself, in RDF."""
        return self.document.get("statements") is not None

    def licences(self) -> Iterator[str]:
        """The texts of the licences of its distributions."""
        for one in self.document.get("distributions") or ():
            yield (one.get("licence") or "").strip()

    def asked(self) -> Asked:
        """What is asked when it is described."""
        questions = frozenset(question for question in self._questions() if question[0])
        media_types = {MEDIA_TYPES + name.lower() for name, scheme in questions if scheme == "media-type"}
        dimensions = frozenset(one[name] for one in self.strata for name in ("modality", "body_part", "sex"))
        addresses = _ADDRESS.findall(self.text), _ADDRESS.findall(self.declaration.model_dump_json())
        return Asked(questions, _WRITTEN.union(*addresses, media_types), dimensions)

    def _questions(self) -> Iterator[Question]:
        yield self.declaration.defaults.language, "language"
        for text in self.document.get("languages") or ():
            yield text, "language"
            yield text.partition("-")[0], "language"
        for one in self.document.get("distributions") or ():
            yield (one.get("media_type") or "").strip().removeprefix(MEDIA_TYPES), "media-type"
            yield (one.get("format") or "").strip(), "file-type"
            yield (one.get("licence") or "").strip(), "licence"
        for facet, texts in self.document["terms"].items():
            schemes = {SCHEMES[facet], SCHEMES[SIBLINGS.get(facet, facet)]}
            schemes |= {"manufacturer"} if facet == "software" else set()
            for text in map(writable, texts):
                yield from ((text, scheme) for scheme in schemes)


def answer(question: Question, harmoniser: Harmoniser, repository: str) -> Answer:
    """All of an answer that a description can show."""
    match = harmoniser.match(*question, repository=repository)
    tags = (name for concept in match.concepts for name in concept.synonyms if len(name) == 2)
    of_language = tuple(tags) if question[1] == "language" else ()
    return tuple(concept.iri for concept in match.concepts), match.rule, match.confidence, of_language
