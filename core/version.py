"""Which version of the program this is, as manifests, the interface and the command line tell it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version


def program_version() -> str:
    """The installed version, or ``unknown`` where the program runs from a folder that was never installed."""
    try:
        return version("radiograph")
    except PackageNotFoundError:
        return "unknown"
