"""The front's side of one query worker: starting it, asking it, and what its end means for a query."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path
from typing import IO

from catalogue.store.child import START_TIMEOUT, ChildProcess
from catalogue.store.protocol import (
    Config,
    Fault,
    Kind,
    ProtocolError,
    Ready,
    Request,
    decode_message,
    encode_message,
)
from catalogue.store.syntax import readable
from core.errors import QueryError, QuerySyntaxError, QueryTooLarge, QueryUnavailable, StoreError


class WorkerProcess(ChildProcess):
    """One running worker that has opened its store."""

    def __init__(self, process: asyncio.subprocess.Process, log: IO[bytes], memory: int) -> None:
        super().__init__(process, log, memory)
        self.store: Path | None = None
        self.answered = 0
        self.humble = False
        """Whether it leaves the processor to more urgent work, for good."""
        self.dismissed = False
        """Whether it was killed in the middle of an answer, because others waited for too long."""
        self.ready = Ready(0, 0, False, 0)

    @classmethod
    async def start(cls, store: Path | None, *, memory: int, isolation: bool) -> WorkerProcess:
        """Start a worker on ``store``; ``memory`` in bytes on top of what the opened store needs.

        Raises:
            QueryUnavailable: the worker may not deny itself the network, or cannot be started.
            StoreError: the store cannot be opened.
        """
        try:
            worker = await cls.spawn("catalogue.store.worker", memory)
        except OSError as error:
            raise QueryUnavailable(
                f"a query worker cannot be started: {error}",
                remedy="free space in the folder of temporary files, and see the log",
            ) from error
        worker.store = store
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
        worker._resident = worker.ready.resident
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

    def yield_to_others(self, niceness: int) -> None:
        """Let more urgent work of this machine go first from now on (nice(1)); it cannot be taken back.

        Linux keeps that for each thread, so the one that answers is told. It is not looked up in ``/proc``: names
        read there have to be forgotten when the worker ends, and the front would wait for a humble thread doing so.
        """
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self.ready.thread, niceness)

    async def receive(self) -> bytes | None:
        """The next bytes of the answer, or None at its end.

        Raises:
            QueryError: the query was not answered, or not to its end; the worker lives on if :attr:`alive`.
        """
        try:
            kind, payload = await self._read()
        except (asyncio.IncompleteReadError, ConnectionError, ProtocolError):
            raise await self._death() from None
        if kind is Kind.DATA:
            return payload
        if kind is Kind.END:
            return None
        raise _query_error(Fault(**decode_message(payload)))

    async def _send(self, frame: bytes) -> None:
        try:
            await self._write(frame)
        except ConnectionError:
            raise await self._death() from None

    async def _receive_ready(self) -> Ready:
        try:
            kind, payload = await self._read()
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
        code = await self._exit_code()
        if self.dismissed:
            return QueryUnavailable(
                "the query was ended, because it took long and others waited",
                remedy="try again when there is less to do, or narrow its patterns",
            )
        if self._ran_out_of_memory():
            return _too_large()
        return QueryError(
            f"the engine ended unexpectedly while it answered (code {code})",
            remedy="simplify the query; other queries are not affected",
        )


def _query_error(fault: Fault) -> QueryError:
    if fault.kind == "syntax":
        return QuerySyntaxError(readable(fault.message), remedy="see https://www.w3.org/TR/sparql11-query/")
    if fault.kind == "request":
        return QuerySyntaxError(fault.message, remedy="correct the request")
    if fault.kind == "memory":
        return _too_large()
    return QueryError(f"the query could not be evaluated: {fault.message}", remedy="change the query")


def _too_large() -> QueryTooLarge:
    return QueryTooLarge(
        "the query needs more memory than it may use",
        remedy="narrow its patterns, or sort, group and join less at a time",
    )
