"""The exception of a request that is refused, with the status that says so."""

from __future__ import annotations

from core.errors import RadiographError


class Refusal(RadiographError):
    """A request that is refused with a status of its own; ``line`` is the one to blame of what was handed in."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        remedy: str | None = None,
        headers: dict[str, str] | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.headers = headers or {}
        self.line = line
