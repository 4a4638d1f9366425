"""A real catalogue for all end-to-end tests: both repositories ingested and published once, then served."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import CHROMIUM
from tests.deployment import Deployment, Server, build, serving
from tests.e2e.browser import ARGUMENTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """The catalogue, made once for all test processes. Read it; use :func:`copied` to change it."""
    pytest.importorskip("idc_index_data")
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    home, done = shared / "catalogue", shared / "catalogue.done"
    with (shared / "catalogue.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(home, ignore_errors=True)
            build(home)
            done.touch()
    return Deployment(home)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running browser."""
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def copied(published: Deployment, tmp_path: Path) -> Deployment:
    """A copy of the catalogue that a test may change."""
    shutil.copytree(published.home, tmp_path / "home")
    return Deployment(tmp_path / "home")


@pytest.fixture(scope="session")
def server(published: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service on the published catalogue."""
    with serving(published, tmp_path_factory.mktemp("server") / "log") as running:
        yield running
