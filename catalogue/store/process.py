"""The front's side of one query worker: starting it, asking it, watching it, ending it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import IO

from catalogue.store.isolation import memory_in_use
from catalogue.store.protocol import (
    CHUNK,
    Config,
    Fault,
    Kind,
    ProtocolError,
    Ready,
    Request,
    decode_message,
    encode_message,
    read_frame,
)
from core.errors import QueryError, QuerySyntaxError, QueryTooLarge, QueryUnavailable, StoreError

#: Seconds a worker may take to open the store.
START_TIMEOUT = 60.0
_PACKAGES = Path(__file__).parents[2]
#: All a worker gets of the environment; credentials of the service are none of its business.
_INHERITED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TMPDIR", "PYTHONHOME")
#: How many of the tokens that could have stood at a syntax error are named.
_ALTERNATIVES = 12
_OUT_OF_MEMORY = (b"memory allocation of", b"bad_alloc", b"out of memory", b"MemoryError")


class WorkerProcess:
    """One running worker that has opened its store."""

    def __init__(self, process: asyncio.subprocess.Process, log: IO[bytes], store: Path | None, memory: int) -> None:
        self.store = store
        self.answered = 0
        self.ready = Ready(0, 0, False)
        self._process = process
        self._log = log
        self._memory = memory
        self._outgrown = False
        self._killed = False

    @classmethod
    async def start(cls, store: Path | None, *, memory: int, isolation: bool) -> WorkerProcess:
        """Start a worker on ``store``; ``memory`` in bytes on top of what the opened store needs.

        Raises:
            QueryUnavailable: the worker may not deny itself the network, or cannot be started.
            StoreError: the store cannot be opened.
        """
        try:
            log = tempfile.TemporaryFile()  # noqa: SIM115  (closed by end())
        except OSError as error:
            raise QueryUnavailable(
                f"a query worker cannot be started: {error}", remedy="free space in the folder of temporary files"
            ) from error
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "catalogue.store.worker"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd="/",
                env=_environment(),
                limit=2 * CHUNK,
                start_new_session=True,  # Ctrl-C is for the front, which ends its workers itself
            )
        except OSError as error:
            log.close()
            raise QueryUnavailable(f"a query worker cannot be started: {error}", remedy="see the log") from error
        worker = cls(process, log, store, memory)
        try:
            config = Config(str(store.absolute()) if store else None, memory, isolation, os.getpid())
            async with asyncio.timeout(START_TIMEOUT):
                await worker._send(encode_message(Kind.CONFIG, config))
                worker.ready = await worker._receive_ready()
        except TimeoutError:
            await worker.end()
            raise QueryUnavailable(
                f"a query worker was not ready after {START_TIMEOUT:g} seconds",
                remedy="give the machine less to do, or set RADIOGRAPH_WORKERS to fewer",
            ) from None
        except BaseException:
            await worker.end()
            raise
        return worker

    @classmethod
    async def probe(cls, *, isolation: bool) -> None:
        """Find out whether workers can run here before there is a store to open.

        Raises:
            QueryUnavailable: as :meth:`start`.
        """
        worker = await cls.start(None, memory=0, isolation=isolation)
        await worker.end()

    async def ask(self, request: Request) -> None:
        """Hand over one query; its answer comes by :meth:`receive`."""
        self.answered += 1
        await self._send(encode_message(Kind.QUERY, request))

    async def receive(self) -> bytes | None:
        """The next bytes of the answer, or None at its end.

        Raises:
            QueryError: the query was not answered, or not to its end; the worker lives on if :attr:`alive`.
        """
        try:
            kind, payload = await read_frame(self._stdout)
        except (asyncio.IncompleteReadError, ConnectionError, ProtocolError):
            raise await self._death() from None
        if kind is Kind.DATA:
            return payload
        if kind is Kind.END:
            return None
        raise _query_error(Fault(**decode_message(payload)))

    @property
    def alive(self) -> bool:
        return self._process.returncode is None and not self._stdout.at_eof()

    def outgrown(self) -> bool:
        """Whether the worker holds more memory than it may (a second net: the address space is limited too)."""
        try:
            _, resident = memory_in_use(self._process.pid)
        except OSError:
            return False
        self._outgrown = resident > self.ready.resident + self._memory
        return self._outgrown

    def worn(self) -> bool:
        """Whether memory that an answer left behind makes a fresh worker the better one."""
        try:
            _, resident = memory_in_use(self._process.pid)
        except OSError:
            return True
        return resident > self.ready.resident + self._memory // 2

    def kill(self) -> None:
        """End the worker at once."""
        if self._killed or self._process.returncode is not None:
            return
        self._killed = True
        # Not Process.kill(): it may reap a worker that has just ended, under the feet of the event loop.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._process.pid, signal.SIGKILL)

    async def end(self) -> None:
        """End the worker and let go of everything that belongs to it."""
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

    async def _send(self, frame: bytes) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(frame)
            await self._process.stdin.drain()
        except ConnectionError:
            raise await self._death() from None

    async def _receive_ready(self) -> Ready:
        try:
            kind, payload = await read_frame(self._stdout)
        except (asyncio.IncompleteReadError, ConnectionError, ProtocolError):
            raise QueryUnavailable(
                f"a query worker ended while it started: {self._tail().decode(errors='replace')[-300:]}",
                remedy="see the log; a missing library or too little memory are the usual reasons",
            ) from None
        if kind is Kind.READY:
            return Ready(**decode_message(payload))
        fault = Fault(**decode_message(payload))
        if fault.kind == "isolation":
            raise QueryUnavailable(
                f"query workers cannot deny themselves the network on this machine: {fault.message}",
                remedy="allow seccomp filters, or set RADIOGRAPH_WORKER_ISOLATION=off to accept it",
            )
        raise StoreError(
            f"the store cannot be opened: {fault.message}", where=str(self.store), remedy="publish a new release"
        )

    async def _death(self) -> QueryError:
        """Why the worker is gone in the middle of an answer."""
        self.kill()
        await self._stdout.read()
        code = await self._process.wait()
        if self._outgrown or any(sign in self._tail() for sign in _OUT_OF_MEMORY):
            return _too_large()
        return QueryError(
            f"the engine ended unexpectedly while it answered (code {code})",
            remedy="simplify the query; other queries are not affected",
        )

    def _tail(self) -> bytes:
        size = self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, size - 4096))
        return self._log.read()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return kept | {"PYTHONPATH": str(_PACKAGES), "MALLOC_ARENA_MAX": "2"}


def _query_error(fault: Fault) -> QueryError:
    if fault.kind == "syntax":
        return QuerySyntaxError(_readable(fault.message), remedy="see https://www.w3.org/TR/sparql11-query/")
    if fault.kind == "request":
        return QuerySyntaxError(fault.message, remedy="correct the request")
    if fault.kind == "memory":
        return _too_large()
    return QueryError(f"the query could not be evaluated: {fault.message}", remedy="change the query")


def _readable(message: str) -> str:
    """The engine's syntax message without character classes and with a few of what may be dozens of alternatives."""
    place, found, expected = " ".join(message.split()).partition("expected one of ")
    if not found:
        return place[:500]
    alternatives = [text for text in expected.split(", ") if re.fullmatch(r'"[^"\\]+"|[A-Za-z ]+', text)]
    shown = ", ".join(alternatives[:_ALTERNATIVES])
    return f"{place}expected one of {shown}{', …' if len(alternatives) > _ALTERNATIVES else ''}"


def _too_large() -> QueryTooLarge:
    return QueryTooLarge(
        "the query needs more memory than it may use",
        remedy="narrow its patterns, or sort, group and join less at a time",
    )
