"""The writer lock: one process at a time changes a home folder.

An operating-system lock on a file, so that it is free again however its holder ended; the file's text tells
who holds it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from core.errors import LedgerError
from core.settings import Settings

if sys.platform == "win32":
    import msvcrt

    # Windows denies reading what is locked: lock a byte far behind the text.
    _BEHIND = 1 << 30

    def _acquire(file: IO[str]) -> None:
        file.seek(_BEHIND)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _acquire(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def make_home(settings: Settings) -> None:
    """Make the home folder where there is none.

    Raises:
        LedgerError: it cannot be made.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LedgerError(
            f"the folder cannot be made: {error.strerror}",
            where=str(settings.home),
            remedy="set RADIOGRAPH_HOME to a folder that you may write to",
        ) from error


def writer_lock(settings: Settings) -> WriterLock:
    """The lock of ``settings.home``."""
    return WriterLock(settings.home / "writer.lock")


class WriterLock:
    """The lock of one home; re-entrant for the thread that holds it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = threading.RLock()
        self._depth = 0

    @contextmanager
    def held(self, purpose: str) -> Iterator[None]:
        """Hold the lock; ``purpose`` is told to whoever comes meanwhile.

        Raises:
            LedgerError: another process or thread holds it; the message names it and says what to do.
        """
        if not self._thread.acquire(blocking=False):
            raise self._busy()
        try:
            if self._depth:
                self._depth += 1
                try:
                    yield
                finally:
                    self._depth -= 1
                return
            with self._opened() as file:
                try:
                    _acquire(file)
                except OSError:
                    raise self._busy() from None
                self._sign(file, purpose)
                self._depth = 1
                try:
                    yield
                finally:
                    self._depth = 0
                    file.truncate(0)
        finally:
            self._thread.release()

    def _opened(self) -> IO[str]:
        try:
            return self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise LedgerError(
                f"the lock cannot be taken: {error.strerror}",
                where=str(self._path),
                remedy="check that you may write to RADIOGRAPH_HOME",
            ) from error

    def _sign(self, file: IO[str], purpose: str) -> None:
        file.truncate(0)
        since = datetime.now(UTC).isoformat(timespec="seconds")
        json.dump({"pid": os.getpid(), "purpose": purpose, "since": since}, file)
        file.flush()

    def _busy(self) -> LedgerError:
        try:
            holder = json.loads(self._path.read_text(encoding="utf-8"))
            who = f"process {holder['pid']} ({holder['purpose']}, since {holder['since']})"
            remedy = f"wait until it has finished, or end process {holder['pid']}"
        except (OSError, ValueError, KeyError, TypeError):
            who, remedy = "another process", "wait until it has finished"
        return LedgerError(f"{who} is writing to this catalogue", where=str(self._path), remedy=remedy)
