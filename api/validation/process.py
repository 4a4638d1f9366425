"""The front's side of one judging process: starting it, handing it a document, and what its end means."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from api.refusal import Refusal
from api.validation.messages import PIECE, Job, Setup, Trouble, Warm, frame, trouble
from catalogue.store.child import START_TIMEOUT, ChildProcess
from catalogue.store.protocol import Kind, ProtocolError, decode_message, encode

_GONE = (asyncio.IncompleteReadError, ConnectionError, ProtocolError)
_STATUS = {"syntax": 400, "content": 422, "memory": 413, "size": 413}
ON_YOUR_MACHINE = "check it on your machine, where there are no limits: radiograph validate FILE"


class JudgeProcess(ChildProcess):
    """One running process that has loaded the profiles."""

    judged = 0

    @classmethod
    async def start(cls, *, overlay: Path | None, memory: int, isolation: bool) -> JudgeProcess:
        """Start a process and wait until it is warm.

        Raises:
            Refusal: it may not deny itself the network, or cannot be started (503; the message is for the log too).
        """
        try:
            process = await cls.spawn("api.validation.worker", memory)
        except OSError as error:
            raise unavailable(f"a judging process cannot be started: {error}") from error
        setup = Setup(str(overlay.absolute()) if overlay else None, memory, isolation, os.getpid())
        try:
            async with asyncio.timeout(START_TIMEOUT):
                await process._write(frame(Kind.CONFIG, setup))
                kind, payload = await process._read()
        except (*_GONE, TimeoutError) as error:
            words = process._tail().decode(errors="replace")[-300:]
            await process.end()
            raise unavailable(f"a judging process did not become ready: {words}") from error
        except BaseException:
            await process.end()
            raise
        if kind is not Kind.READY:
            await process.end()
            raise unavailable(trouble(payload).message)
        process._resident = Warm(**decode_message(payload)).resident
        return process

    async def judge(self, job: Job, document: bytes) -> bytes:
        """The answer to a job, in its format.

        Raises:
            Refusal: there is none; the process lives on if it is ``alive``.
        """
        self.judged += 1
        answer = bytearray()
        try:
            await self._write(frame(Kind.QUERY, job))
            for start in range(0, len(document), PIECE):
                await self._write(encode(Kind.DATA, document[start : start + PIECE]))
            await self._write(encode(Kind.END))
            while True:
                kind, payload = await self._read()
                if kind is Kind.END:
                    return bytes(answer)
                if kind is Kind.ERROR:
                    raise refused(trouble(payload))
                answer += payload
        except _GONE:
            raise await self._death() from None

    async def _death(self) -> Refusal:
        """Why the process is gone in the middle of a document."""
        code = await self._exit_code()
        if self._ran_out_of_memory():
            return refused(Trouble("memory", "judging this document takes more memory than it may use here"))
        return Refusal(
            500,
            f"judging this document ended unexpectedly (code {code})",
            remedy="tell the operator of this service; other documents are not affected",
        )


def refused(why: Trouble) -> Refusal:
    """A trouble with a document as an answer."""
    remedy = why.remedy or (ON_YOUR_MACHINE if why.kind in ("memory", "size") else None)
    place = f"line {why.line}: " if why.line is not None else ""
    return Refusal(_STATUS.get(why.kind, 500), f"{place}{why.message}", remedy=remedy, line=why.line)


def unavailable(message: str) -> Refusal:
    """No process can judge now."""
    return Refusal(503, message, remedy="try again in some seconds")
