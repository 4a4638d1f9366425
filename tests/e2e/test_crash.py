"""kill -9 at random points of ingest and publish: the last release serves on, a rerun loses and doubles nothing."""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.deployment import COMMAND, Deployment, serving

pytestmark = [pytest.mark.ci, pytest.mark.idc]


def _kill(deployment: Deployment, arguments: list[str], after: float) -> bool:
    """Run a command and kill it without warning; true where it was still running."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        env=deployment.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(after)
    running = process.poll() is None
    process.kill()
    process.wait()
    return running


def test_ten_kills_lose_and_double_nothing(published: Deployment, tmp_path: Path) -> None:
    """Start from nothing, be killed ten times on the way, and arrive where an undisturbed deployment is."""
    chance = random.Random(20261122)
    deployment = Deployment(tmp_path / "home")
    killed = 0
    for _ in range(5):
        killed += _kill(deployment, ["ingest", "idc"], chance.uniform(1, 6.5))
    deployment.run("ingest", "idc", codes=(0, 1))
    for _ in range(5):
        killed += _kill(deployment, ["publish"], chance.uniform(0.6, 2.4))
    deployment.run("publish")
    assert killed >= 8, "the kills came too late to prove anything"

    status = json.loads(deployment.run("status", "--json").stdout)
    undisturbed = json.loads(published.run("status", "--json").stdout)
    assert status["repositories"]["idc"] == undisturbed["repositories"]["idc"]
    events = [json.loads(line) for line in deployment.run("events", "list", "--json").stdout.splitlines()]
    assert len({event["iri"] for event in events}) == len(events) == status["repositories"]["idc"]["published"]


def test_a_killed_publish_leaves_the_last_release_serving(copied: Deployment, tmp_path: Path) -> None:
    chance = random.Random(7)
    with serving(copied, tmp_path / "log") as running:
        before = httpx.get(f"{running.url}/catalog.nt?page=1", timeout=30).text
        withdrawn = json.loads(copied.run("events", "list", "--json").stdout.splitlines()[0])["iri"]
        copied.run("descriptions", "withdraw", str(withdrawn), "--reason", "test")
        for _ in range(3):
            _kill(copied, ["publish"], chance.uniform(0.6, 1.8))
            answer = httpx.get(f"{running.url}/dataset/idc/nlst.nt", timeout=30)
            assert answer.status_code == 200
            release = json.loads(copied.run("status", "--json").stdout)["release"]
            if release == 1:
                assert httpx.get(f"{running.url}/catalog.nt?page=1&release=1", timeout=30).text == before
        copied.run("publish")
        status = json.loads(copied.run("status", "--json").stdout)
        assert status["release"] == 2
        assert status["repositories"]["idc"]["withdrawn"] == 1
        for _ in range(50):
            if httpx.get(str(withdrawn).replace("http://127.0.0.1:8000", running.url)).status_code == 410:
                break
            time.sleep(0.2)
        else:
            raise AssertionError("the service did not switch to release 2")
