"""The abuse run at a small size: honest answers, nothing left behind, nobody called. Full size: ``bench/abuse.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.abuse import SETTINGS, run
from tests.deployment import Deployment

pytestmark = [pytest.mark.ci, pytest.mark.idc]


def test_abuse_is_answered_honestly_and_leaves_nothing(published: Deployment, tmp_path: Path) -> None:
    outcome = run(published.home, seconds=30, quiet=3, number=60, log=tmp_path / "log")
    assert sum(outcome.attacks.values()) >= 60 and len({kind for kind, _ in outcome.attacks}) > 20
    assert outcome.dishonest == []
    assert outcome.trapped == 0
    assert outcome.watch.leaks() == []
    limit = int(SETTINGS["RADIOGRAPH_WORKER_MEMORY_MB"]) + 200
    assert max(sample.largest for sample in outcome.watch.samples) < limit
    assert len(outcome.abused.seconds) > 50
    assert not [wrong for wrong in outcome.abused.wrong if wrong.startswith("another answer")]
    assert len(outcome.abused.wrong) <= 0.02 * len(outcome.abused.seconds), outcome.abused.wrong
