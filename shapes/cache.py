"""Where verdicts may be remembered: the ledger implements this, so that an unchanged description is judged once."""

from __future__ import annotations

from typing import Protocol


class VerdictCache(Protocol):
    """Reports by key.

    A key is a SHA-256 over the canonical slice, the shapes that were applied and the engine's version; equal
    keys mean equal reports. What is kept is the JSON of a :class:`shapes.report.Report`.
    """

    def get(self, key: str) -> str | None:
        """The report kept under ``key``, or None."""
        ...

    def put(self, key: str, report: str) -> None:
        """Keep ``report`` under ``key``; a second put of one key may be ignored."""
        ...
