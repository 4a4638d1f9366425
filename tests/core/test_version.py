from __future__ import annotations

import importlib.metadata

import pytest

from core.version import program_version


def test_the_version_is_that_of_the_installed_program() -> None:
    assert program_version() == importlib.metadata.version("radiograph")


def test_a_program_that_was_never_installed_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr("core.version.version", absent)
    assert program_version() == "unknown"
