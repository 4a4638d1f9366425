"""Isolation, each time in a process of its own, because what is given up cannot be had back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catalogue.store import isolation
from catalogue.store.isolation import memory_in_use, network_denied

ROOT = Path(__file__).parents[2]


def run(code: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


ATTEMPTS = """
import ctypes, errno, socket, subprocess, sys, threading
from catalogue.store.isolation import deny_network
deny_network()
def attempt(call):
    try:
        call()
    except OSError as error:
        print(errno.errorcode[error.errno])
    else:
        print("open")
"""


@pytest.mark.parametrize("family", ["AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET"])
def test_sockets_that_lead_off_the_machine_are_denied(family: str) -> None:
    assert run(f"{ATTEMPTS}\nattempt(lambda: socket.socket(socket.{family}, socket.SOCK_DGRAM))") == ["EPERM"]


def test_unix_sockets_and_pipes_stay() -> None:
    assert (
        run(f"{ATTEMPTS}\nattempt(lambda: socket.socket(socket.AF_UNIX))\nattempt(socket.socketpair)") == ["open"] * 2
    )


def test_threads_and_children_inherit_it() -> None:
    code = f"""{ATTEMPTS}
thread = threading.Thread(target=attempt, args=(socket.socket,)); thread.start(); thread.join()
child = "import socket\\ntry: socket.socket()\\nexcept PermissionError: print('EPERM')"
print(subprocess.run([sys.executable, "-c", child], capture_output=True, text=True).stdout)
"""
    assert run(code) == ["EPERM", "EPERM"]


def test_rings_and_foreign_system_calls_are_denied() -> None:
    numbers = [425, 0x40000000 + 39] if os.uname().machine == "x86_64" else [425]
    code = f"""{ATTEMPTS}
libc = ctypes.CDLL(None, use_errno=True)
for number in {numbers}:
    print(libc.syscall(number, 1, 0), errno.errorcode[ctypes.get_errno()])
"""
    assert run(code) == ["-1", "EPERM"] * len(numbers)


def test_the_test_tells_the_difference() -> None:
    assert not network_denied()


def test_an_unknown_machine_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "pdp11")
    with pytest.raises(isolation.IsolationRefused, match="pdp11"):
        isolation.deny_network()


def test_memory_is_limited_beyond_what_is_in_use() -> None:
    code = """
from catalogue.store.isolation import limit_memory
limit_memory(64 * 1024 * 1024)
bytearray(16 * 1024 * 1024)
try:
    bytearray(128 * 1024 * 1024)
except MemoryError:
    print("refused")
"""
    assert run(code) == ["refused"]


def test_a_worker_does_not_outlive_its_parent() -> None:
    child = "\n".join(
        [
            "import os, time",
            "from catalogue.store.isolation import die_with_parent",
            "die_with_parent(os.getppid())",
            "print('x', flush=True)",
            "time.sleep(60)",
        ]
    )
    parent = "\n".join(
        [
            "import subprocess, sys, time",
            f"child = subprocess.Popen([sys.executable, '-c', {child!r}], stdout=subprocess.PIPE)",
            "child.stdout.read(1)",
            "print(child.pid, flush=True)",
            "time.sleep(60)",
        ]
    )
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        orphan = int(process.stdout.readline())
        assert memory_in_use(orphan)[1] > 0
        process.send_signal(signal.SIGKILL)
    for _ in range(100):
        state = Path(f"/proc/{orphan}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    os.kill(orphan, signal.SIGKILL)
    pytest.fail("the child outlived its parent")
