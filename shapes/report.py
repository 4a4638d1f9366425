"""The verdict on one description: findings, and which profiles it meets."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["violation", "warning", "info"]


class Finding(BaseModel):
    """One thing wrong with a description.

    ``record`` is the dataset's IRI, ``path`` the property's IRI, ``focus`` the node it is missing from or wrong
    at (never a blank node), ``value`` the offending value as text, ``rule`` the IRI of the constraint, ``field``
    what people call the property, ``specification`` the address of the section that demands it. ``relaxed``: it is a
    violation of the profile that the operator has shown as a warning.
    """

    model_config = ConfigDict(frozen=True)

    record: str
    path: str
    severity: Severity
    profile: str
    message: str
    focus: str = ""
    value: str | None = None
    rule: str | None = None
    field: str = ""
    specification: str | None = None
    relaxed: bool = False


class Verdict(BaseModel):
    """How a description fares under one profile; ``conforms`` is true where it has no violation, relaxed or not.

    ``relaxed`` of the ``warnings`` are violations that the operator has shown as warnings.
    """

    model_config = ConfigDict(frozen=True)

    profile: str
    conforms: bool
    violations: int
    warnings: int
    relaxed: int = 0


class Report(BaseModel):
    """All findings on one description, sorted, and a verdict for each profile that applies to it."""

    model_config = ConfigDict(frozen=True)

    record: str
    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]

    def conforms(self, profile: str) -> bool:
        """Whether the description meets ``profile``; false where the profile was not applied."""
        return any(verdict.profile == profile and verdict.conforms for verdict in self.verdicts)
