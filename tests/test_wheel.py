"""The wheel is whole: built from the sources, installed elsewhere, it ingests, publishes and serves."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import zipfile
from pathlib import Path

import httpx
import pytest

pytest.importorskip("pyarrow")

from tests.deployment import ROOT, stop
from tests.ingest.idc_slice import write_index

pytestmark = pytest.mark.idc

_PAGES = (
    "/",
    "/datasets",
    "/datasets?q=lung",
    "/sparql",
    "/catalog.ttl",
    "/catalog.jsonld",
    "/catalogue/idc",
    "/ontology",
    "/concept/modality/MR",
    "/release/1",
    "/health",
    "/static/radiograph.css",
    "/static/mark.svg",
    "/openapi.json",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy so that the checkout stays as it is."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for package in _packages():
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("radiograph.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check")
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, "-w", folder, source], check=True, timeout=120)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which the unpacked wheel comes before the checkout."""
    site = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RADIOGRAPH_")}
    return kept | {"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1", "NO_COLOR": "1"}


def _packages() -> list[str]:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    return [package for package in declared if "." not in package]


def test_every_file_of_the_packages_is_in_the_wheel(wheel: Path) -> None:
    files = {path for name in _packages() for path in (ROOT / name).rglob("*") if path.is_file()}
    expected = {path.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    with zipfile.ZipFile(wheel) as archive:
        assert expected - set(archive.namelist()) == set()


@pytest.mark.ci
def test_the_wheel_runs_where_there_is_no_checkout(environment: dict[str, str], tmp_path: Path) -> None:
    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

    def radiograph(*arguments: str) -> str:
        return run("-m", "radiograph", *arguments)

    site = environment["PYTHONPATH"]
    places = run(
        "-c", f"import radiograph, {', '.join(_packages())} as last; print(radiograph.__file__, last.__file__)"
    )
    assert all(place.startswith(site) for place in places.split())
    radiograph("ingest", "idc", "--index", str(write_index(tmp_path)))
    assert radiograph("publish").startswith("release 1: ")
    _check_pages(environment, tmp_path)


def _check_pages(environment: dict[str, str], folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", "radiograph", "serve", "--port", port]
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            _wait(client, process)
            answers = {page: client.get(page).status_code for page in _PAGES}
            query = "SELECT ?dataset WHERE { ?dataset a <http://www.w3.org/ns/dcat#Dataset> } LIMIT 1"
            found = client.post("/sparql", data={"query": query}, headers={"Accept": "text/csv"})
            dataset = found.text.split()[1].removeprefix("http://127.0.0.1:8000")
            answers |= {dataset: client.get(dataset, headers={"Accept": "text/html"}).status_code}
        assert set(answers.values()) == {200}, answers
    finally:
        stop(process)


def _wait(client: httpx.Client, process: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        try:
            if client.get("/health").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert process.poll() is None, "the service ended"
        time.sleep(0.1)
    raise AssertionError("the service did not become healthy")
