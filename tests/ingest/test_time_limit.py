from __future__ import annotations

import re
import signal
import threading

import pytest

from ingest.sources.time_limit import time_limit

ENDLESS = re.compile("(a+)+$")


def test_a_match_that_never_ends_is_ended_and_the_alarm_given_back() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TimeoutError, match=r"0\.1 s"), time_limit(0.1):
        ENDLESS.search("a" * 40 + "!")
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_block_in_time_is_left_alone() -> None:
    with time_limit(5):
        assert ENDLESS.search("aaa")
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_in_another_thread_the_block_runs_without_a_limit() -> None:
    done: list[bool] = []

    def work() -> None:
        with time_limit(0.1):
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
