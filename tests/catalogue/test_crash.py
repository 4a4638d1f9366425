"""SIGKILL at ten and more points of ingest and publication, and a full disk: nothing is lost, nothing doubled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from catalogue.description import StoredDescription
from catalogue.publication import publish
from ontology.vocabulary import Vocabularies
from tests.catalogue import victim
from tests.catalogue.home import Home, make_settings

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")


def torment(home: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "catalogue" / "victim.py"), str(home), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def published(home: Home) -> list[tuple[str, bytes, tuple[str, ...]]]:
    def essence(description: StoredDescription) -> tuple[str, bytes, tuple[str, ...]]:
        return description.iri, description.ntriples, description.conforms_to

    with home.open() as ledger:
        release = ledger.current_release()
        assert release is not None
        return [essence(description) for description in ledger.each_member(release.number)]


@pytest.mark.ci
def test_killed_at_every_point_it_arrives_where_an_undisturbed_one_does(
    tmp_path: Path, vocabularies: Vocabularies
) -> None:
    result = torment(tmp_path / "home", "kills", "20261122")
    statuses = result["statuses"]
    assert {statuses[point] for point in victim.POINTS} == {-9}, "every point was reached"
    assert list(statuses.values()).count(-9) >= 10
    undisturbed = Home(make_settings(tmp_path / "undisturbed"))
    victim.ingest(undisturbed, result["version"])
    publish(undisturbed.settings, vocabularies)
    home = Home(make_settings(tmp_path / "home"))
    assert published(home) == published(undisturbed)
    with home.open() as ledger:
        assert {run.state for run in ledger.runs()} <= {"complete", "interrupted"}
        assert not list(home.settings.releases_path.glob("*.partial"))


def test_a_full_disk_makes_no_half_release(tmp_path: Path) -> None:
    statuses = torment(tmp_path / "home", "full-disk")["statuses"]
    assert set(statuses.values()) == {0}, "each was told that space must be freed"
    names = {path.name for path in (tmp_path / "home" / "releases").iterdir()}
    assert names == {"1", "2"}
