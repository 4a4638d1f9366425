from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def reference() -> Path:
    """The reference standards and data beside the checkout; tests that compare with them skip where they are absent."""
    folder = ROOT / ".." / "shared"
    if not folder.is_dir():
        pytest.skip("the reference standards are not beside the checkout")
    return folder


@pytest.fixture
def overlay(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file under an overlay folder's ``ontology/`` and return the overlay folder."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / "ontology" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return tmp_path

    return write
