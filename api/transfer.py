"""An answer on its way to a client, such that one that was cut never looks whole.

Errors before the first byte become ordinary refusals. After it the transfer is aborted: the connection ends without
the last chunk, which every HTTP client reports. A client of HTTP/1.0 knows no chunks, so it gets its answer only
when all of it is there, with its length.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from fastapi import Response
from starlette.types import Receive, Scope, Send

from api.negotiation import Variant
from catalogue.store.answer import Answer
from catalogue.store.pool import QueryPool
from core.errors import QueryError

#: Bytes of an answer for HTTP/1.0 that stay in memory; the rest waits in a temporary file.
_SPOOL = 1024 * 1024
_PIECE = 64 * 1024


class TransferAborted(Exception):
    """The answer was cut after its first byte; the server closes the connection without ending the body."""


class QueryTransfer(Response):
    """Runs a query and sends its answer while it is being made; ends it when the client goes away."""

    def __init__(
        self,
        pool: QueryPool,
        query: str,
        variant: Variant,
        *,
        default_graphs: Sequence[str],
        named_graphs: Sequence[str],
        store: Path,
        headers: dict[str, str],
    ) -> None:
        super().__init__()
        self._pool = pool
        self._query = query
        self._variant = variant
        self._default_graphs = default_graphs
        self._named_graphs = named_graphs
        self._store = store
        self._fields = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or stop as soon as nobody listens.

        Raises:
            QueryError: nothing has been sent.
            TransferAborted: the answer was cut.
        """
        work = asyncio.create_task(self._work(scope, send))
        gone = asyncio.create_task(_gone(receive))
        try:
            await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            if not work.done():
                work.cancel()
            await asyncio.gather(work, gone, return_exceptions=True)
        if not work.cancelled():
            work.result()

    async def _work(self, scope: Scope, send: Send) -> None:
        async with self._pool.query(
            self._query,
            accept=self._variant.media_type,
            default_graphs=self._default_graphs,
            named_graphs=self._named_graphs,
        ) as answer:
            if scope.get("http_version") == "1.0":
                await self._send_whole(answer, send)
            else:
                await self._send_chunks(answer, send)

    async def _send_chunks(self, answer: Answer, send: Send) -> None:
        try:
            # A reader so slow that the deadline passes while the server waits for it is cut, too.
            async with asyncio.timeout_at(answer.deadline):
                await send(self._start(answer))
                async for chunk in answer:
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except QueryError as error:
            raise TransferAborted(str(error)) from error
        except TimeoutError:
            raise TransferAborted("the client did not read the answer before its deadline") from None

    async def _send_whole(self, answer: Answer, send: Send) -> None:
        with tempfile.SpooledTemporaryFile(_SPOOL) as spool:
            async for chunk in answer:
                spool.write(chunk)
            length = spool.tell()
            spool.seek(0)
            await send(self._start(answer, length))
            try:
                async with asyncio.timeout(max(1.0, answer.deadline - asyncio.get_running_loop().time())):
                    await _send_file(spool, send)
            except TimeoutError:
                raise TransferAborted("the client did not read the answer before its deadline") from None

    def _start(self, answer: Answer, length: int | None = None) -> dict[str, object]:
        fields = dict(self._fields)
        if answer.store != self._store:
            # A new release came between: the answer is its, and the tag was made of the one before.
            fields.pop("ETag", None)
        if length is not None:
            fields["Content-Length"] = str(length)
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
        return {"type": "http.response.start", "status": 200, "headers": raw}


async def _gone(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send_file(file: IO[bytes], send: Send) -> None:
    while piece := file.read(_PIECE):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
