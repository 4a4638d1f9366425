"""The front's side of one child process that exists to be killed: starting it, frames to and from it, ending it.

Query workers and the processes that judge descriptions (:mod:`api.validation.process`) are such children. What they
have in common is here: the environment they get, the log their last words go to, how much memory they hold.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import IO, Self

from catalogue.store.isolation import memory_in_use
from catalogue.store.protocol import CHUNK, Kind, read_frame

#: Seconds a child may take until it is ready.
START_TIMEOUT = 60.0
_PACKAGES = Path(__file__).parents[2]
#: All a child gets of the environment; credentials of the service are none of its business.
_INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "PYTHONHOME")
_OUT_OF_MEMORY = (b"memory allocation of", b"bad_alloc", b"out of memory", b"MemoryError")


class ChildProcess:
    """One running child. ``memory`` is what it may hold, in bytes, on top of what it held when it was ready."""

    def __init__(self, process: asyncio.subprocess.Process, log: IO[bytes], memory: int) -> None:
        self._process = process
        self._log = log
        self._memory = memory
        self._resident = 0
        self._outgrown = False
        self._killed = False

    @classmethod
    async def spawn(cls, module: str, memory: int) -> Self:
        """Start ``python -m module``.

        Raises:
            OSError: no process can be started, or its log has no room.
        """
        log = tempfile.TemporaryFile()  # noqa: SIM115  (closed by end())
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", module),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd="/",
                env=_environment(),
                limit=2 * CHUNK,
            )
        except OSError:
            log.close()
            raise
        return cls(process, log, memory)

    @property
    def alive(self) -> bool:
        return self._process.returncode is None and not self._stdout.at_eof()

    def outgrown(self) -> bool:
        """Whether the child holds more memory than it may (a second net: the address space is limited too)."""
        resident = self._holds()
        self._outgrown |= resident is not None and resident > self._resident + self._memory
        return self._outgrown

    def worn(self) -> bool:
        """Whether memory that an answer left behind makes a fresh child the better one."""
        resident = self._holds()
        return resident is None or resident > self._resident + self._memory // 2

    def kill(self) -> None:
        """End the child at once."""
        if self._killed or self._process.returncode is not None:
            return
        self._killed = True
        # Not Process.kill(): it may reap a child that has just ended, under the feet of the event loop.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """End the child and let go of everything that belongs to it."""
        self.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        # A reader that was paused would never see the end, and wait() would wait for it.
        with contextlib.suppress(ConnectionError):
            while await self._stdout.read(2 * CHUNK):
                pass
        await self._process.wait()
        self._log.close()

    @property
    def _stdout(self) -> asyncio.StreamReader:
        assert self._process.stdout is not None
        return self._process.stdout

    async def _write(self, frame: bytes) -> None:
        """Send a frame.

        Raises:
            ConnectionError: the child is gone.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(frame)
        await self._process.stdin.drain()

    async def _read(self) -> tuple[Kind, bytes]:
        """The next frame.

        Raises:
            asyncio.IncompleteReadError, ConnectionError, ProtocolError: the child is gone, or speaks no frames.
        """
        return await read_frame(self._stdout)

    async def _exit_code(self) -> int:
        """End the child, if it has not ended, and learn how it ended."""
        self.kill()
        await self._stdout.read()
        return await self._process.wait()

    def _ran_out_of_memory(self) -> bool:
        return self._outgrown or any(sign in self._tail() for sign in _OUT_OF_MEMORY)

    def _tail(self) -> bytes:
        """The child's last words."""
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - 4096))
        return self._log.read()

    def _holds(self) -> int | None:
        """Resident bytes; None where the child is gone."""
        try:
            return memory_in_use(self._process.pid)[1]
        except OSError:
            return None


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return kept | {"PYTHONPATH": str(_PACKAGES), "MALLOC_ARENA_MAX": "2"}
