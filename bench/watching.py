"""Watching a service from outside: the memory of its processes, what it leaves open, and a listener nobody may call."""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

_INTERVAL = 0.25
#: Seconds that a service gets to put everything away after the last request.
_SETTLING = 20.0


@dataclass(frozen=True, slots=True)
class Sample:
    """What is open at one time. ``front`` and ``largest`` (of the children) are resident MB."""

    front: float
    largest: float
    children: int
    threads: int
    files: int


class Watch:
    """Samples a process and its children in a thread until the block ends."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.samples: list[Sample] = []
        self.before = _sample(pid)
        self.after = self.before

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def settle(self) -> None:
        """Wait until no more is open than before, for a while at most, and note what is."""
        end = time.monotonic() + _SETTLING
        while True:
            self.after = _sample(self._pid)
            if not self.leaks() or time.monotonic() > end:
                return
            time.sleep(0.5)

    def leaks(self) -> list[str]:
        """What there is more of than before: a child more is a warm spare, threads of pools stay."""
        kinds = (("processes", "children", 1), ("threads", "threads", 16), ("files", "files", 10))
        grown = ((name, getattr(self.before, key), getattr(self.after, key), room) for name, key, room in kinds)
        return [f"{name}: {old} before, {new} after" for name, old, new, room in grown if new > old + room]

    def lines(self) -> list[str]:
        """What was seen, a line each."""
        front, largest = max(s.front for s in self.samples), max(s.largest for s in self.samples)
        return [
            f"Memory at most: the front {front:.0f} MB (before: {self.before.front:.0f} MB), a worker {largest:.0f} MB",
            f"Processes, threads and files of the service before: {self.before.children}, {self.before.threads}, "
            f"{self.before.files}; after: {self.after.children}, {self.after.threads}, {self.after.files}; "
            f"leaks: {', '.join(self.leaks()) or 'none'}",
        ]

    def _sample(self) -> None:
        while not self._over.wait(_INTERVAL):
            self.samples.append(_sample(self._pid))


class Trap:
    """A listener on loopback that counts who connects."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self.connections = 0
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()


def children(pid: int) -> list[int]:
    """The processes that a process has started and that are still there."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def resident(pid: int) -> float:
    """Resident memory of a process in MB; 0 where it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith("VmRSS:")), "VmRSS: 0 kB")
    return int(line.split()[1]) / 1024


def _sample(pid: int) -> Sample:
    own = children(pid)
    return Sample(
        front=resident(pid),
        largest=max((resident(child) for child in own), default=0.0),
        children=len(own),
        threads=len(list(Path(f"/proc/{pid}/task").iterdir())),
        files=len(list(Path(f"/proc/{pid}/fd").iterdir())),
    )
