"""What all tests share: the checkout, the reference standards beside it, and when a test is skipped."""

from __future__ import annotations

import gc
import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import rdflib

from ontology.harmoniser import Harmoniser
from ontology.vocabulary import Vocabularies
from radiograph import COLLECTIONS

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared"
CHROMIUM = Path("/usr/bin/chromium")

pytest_plugins = ["tests.servers"]


def pytest_configure() -> None:
    """As the command line does it (radiograph.py): most of what tests load stays, and is not garbage."""
    gc.set_threshold(*COLLECTIONS)


def pytest_collection_finish() -> None:
    """The tests themselves stay, too."""
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with a reason, what this machine cannot run; under RADIOGRAPH_REQUIRE_ALL (CI) it fails instead."""
    required = bool(os.environ.get("RADIOGRAPH_REQUIRE_ALL"))
    missing = {
        "oracle": None if SHARED.is_dir() else "the reference standards are not beside the checkout",
        "browser": None if CHROMIUM.exists() or required else "Chromium is not installed",
        "idc": None if importlib.util.find_spec("idc_index_data") or required else "the extra `idc` is not installed",
    }
    for item in items:
        for marker, reason in missing.items():
            if reason and item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def literals_stay_as_written() -> Iterator[None]:
    """``pyshacl.validate``, which some tests use as an oracle, leaves rdflib rewriting "007" to "7" ever after."""
    yield
    rdflib.NORMALIZE_LITERALS = False


@pytest.fixture(scope="session")
def vocabularies() -> Vocabularies:
    """The shipped vocabularies."""
    return Vocabularies.load()


@pytest.fixture(scope="session")
def harmoniser(vocabularies: Vocabularies) -> Harmoniser:
    """The shipped mapping sets over the shipped vocabularies."""
    return Harmoniser.load(vocabularies)
