"""One concept of a scheme, as the rest of the program sees it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Concept:
    """A SKOS concept.

    ``labels`` are its preferred labels by language; ``synonyms`` its alternative and hidden labels in any
    language; ``broader`` the IRIs of its direct parents; ``codes`` its codes elsewhere as CURIEs
    (``MONDO:0005233``, ``SCT:39607008``, ``DCM:CT``). ``replaced_by`` names the concepts that stand in for one that
    is ``deprecated``.
    """

    iri: str
    scheme: str
    notation: str
    labels: dict[str, str]
    synonyms: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    negative: bool = field(default=False)
    """Says "not a cancer" or "not a patient": phantom, healthy, non-cancer."""
    definitions: dict[str, str] = field(default_factory=dict)
    deprecated: bool = field(default=False)
    replaced_by: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The English label, or any other, or the notation."""
        return self.labels.get("en") or next(iter(self.labels.values()), self.notation)

    @property
    def definition(self) -> str:
        """The English definition, or any other, or nothing."""
        return self.definitions.get("en") or next(iter(self.definitions.values()), "")


@dataclass(frozen=True, slots=True)
class Scheme:
    """A SKOS concept scheme: ``name`` is that of its file, ``shortest_notation`` the fewest characters a bare
    notation needs to be taken for a code in free text (two-letter codes are too often something else)."""

    name: str
    iri: str
    title: str
    shortest_notation: int = 1


@dataclass(frozen=True, slots=True)
class Match:
    """What one raw text became.

    ``rule`` names what fired (``mapping``, ``label``, ``synonym``, ``code``, ``normalised``, ``compound`` or
    ``none``), ``confidence`` is between 0 and 1; ``concepts`` is empty where nothing was sure enough.
    """

    text: str
    concepts: tuple[Concept, ...]
    rule: str
    confidence: float
