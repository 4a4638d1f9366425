"""One change between two vocabulary trees, and how much it asks of those who use them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Impact(StrEnum):
    """Breaking: an IRI, a code, a place in the tree or a meaning that data and queries hold on to is gone or another.
    Additive: there is something more. Editorial: the words are others; what they do to texts is told by ``impact``."""

    BREAKING = "breaking"
    ADDITIVE = "additive"
    EDITORIAL = "editorial"


_GRAVITY = {impact: rank for rank, impact in enumerate(Impact)}


@dataclass(frozen=True, slots=True)
class Change:
    """``group`` is the scheme, ``ontology``, or ``mappings/NAME``; ``subject`` an IRI, or the text of a mapping row.

    ``before`` and ``after`` are the values that went and came: IRIs as they are, texts in quotes with their language.
    """

    impact: Impact
    kind: str
    group: str
    subject: str
    name: str
    reason: str
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    predicate: str = ""

    @property
    def order(self) -> tuple[int, str, str, str, str, str, tuple[str, ...], tuple[str, ...]]:
        """The gravest first, then by group, kind and name."""
        return (
            _GRAVITY[self.impact], self.group, self.kind, self.name.casefold(), self.subject, self.predicate,
            self.before, self.after,
        )  # fmt: skip
