"""Where a release is on an external store, and whether that endpoint is being written to at the moment.

Instead of a checkpoint, a release's folder ``store/`` has ``endpoint.json``. ``releases/switching.json`` tells what
was last written: put before an endpoint is touched, complete when its content was verified, never removed.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from catalogue.release import Release
from core.settings import Settings

LOCATION = "endpoint.json"
SWITCHING = "switching.json"


@dataclass(frozen=True, slots=True)
class Location:
    """The endpoint that holds a release, with the ledger and the last event it was made from."""

    endpoint: str
    release: int
    ledger: str
    event: int

    def write(self, store: Path) -> None:
        """Say so in the ``store/`` folder of a release."""
        store.mkdir(parents=True, exist_ok=True)
        _write(store / LOCATION, asdict(self))

    @classmethod
    def read(cls, store: Path) -> Self | None:
        """Read it back from a release's ``store/``; None where the release is elsewhere, or damaged."""
        content = _read(store / LOCATION)
        try:
            return cls(**content) if content is not None else None
        except TypeError:
            return None


@dataclass(frozen=True, slots=True)
class Switching:
    """What was last written to an endpoint, and whether all of it is there."""

    endpoint: str
    release: int
    complete: bool

    def blocks(self, endpoint: str, release: int) -> bool:
        """Whether ``endpoint`` cannot answer from ``release``: it is being written to, or holds another one."""
        return self.endpoint == endpoint and not (self.complete and self.release == release)

    def write(self, releases: Path) -> None:
        """Say so to every service on this home."""
        releases.mkdir(parents=True, exist_ok=True)
        _write(releases / SWITCHING, asdict(self))

    @classmethod
    def read(cls, releases: Path) -> Self | None:
        """Read it back; None where nothing was written to an external store yet."""
        content = _read(releases / SWITCHING)
        try:
            return cls(**content) if content is not None else None
        except TypeError:
            return None


def is_blocked(settings: Settings, release: Release) -> bool:
    """Whether the endpoint that a release is on cannot answer from it at the moment."""
    location, switching = Location.read(release.path / "store"), Switching.read(settings.releases_path)
    return location is not None and switching is not None and switching.blocks(location.endpoint, release.number)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _write(path: Path, content: dict[str, Any]) -> None:
    """Put a whole file in place, on the disk before it is seen."""
    aside = path.with_name(f".{path.name}.new")
    with aside.open("w", encoding="utf-8") as file:
        file.write(json.dumps(content) + "\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
