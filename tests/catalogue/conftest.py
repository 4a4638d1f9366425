"""A home of its own for each test, and the shipped vocabularies."""

from __future__ import annotations

from pathlib import Path

import pytest

from ontology.vocabulary import Vocabularies
from tests.catalogue.home import Home, few_vocabularies, make_settings


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(make_settings(tmp_path / "home"))


@pytest.fixture(scope="session")
def vocabularies() -> Vocabularies:
    """A few of the shipped vocabularies, so that a release is made in a moment."""
    return few_vocabularies()
