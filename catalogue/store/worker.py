"""One query worker: a process that opens a release's checkpoint read-only and answers one query after another.

It exists to be killed: the engine has neither timeout nor cancel, and some queries end the process they run in.
Started as ``python -m catalogue.store.worker`` by :mod:`catalogue.store.process`; frames come in on stdin and go
out on stdout (:mod:`catalogue.store.protocol`).
"""

from __future__ import annotations

import errno
import sys
import threading
import time
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, cast

from catalogue.store import isolation
from catalogue.store.protocol import (
    CHUNK,
    Channel,
    Config,
    Fault,
    Kind,
    Ready,
    Request,
    decode_message,
    encode,
    encode_message,
)

if TYPE_CHECKING:
    import pyoxigraph

#: The engine recurses over a query's syntax tree; with this much stack, what the guard lets pass does not overflow it.
STACK = 64 * 1024 * 1024
#: Bytes that the engine writes at a time, the last piece of an answer apart.
_PIECE = 8 * 1024
#: Seconds that a piece may wait for more to come.
_PATIENCE = 0.02


def main() -> None:
    """Isolate this process, open the store, answer queries until the front closes its end."""
    channel = Channel.of_child()
    received = channel.receive()
    if received is None:
        return
    config = Config(**decode_message(received[1]))
    try:
        isolation.isolate(config.parent)
        isolated = True
    except isolation.IsolationRefused as refusal:
        isolated = False
        if config.isolation:
            channel.send(encode_message(Kind.ERROR, Fault("isolation", str(refusal))))
            return
    if config.store is None:
        channel.send(encode_message(Kind.READY, Ready(0, 0, isolated, 0)))
        return
    threading.stack_size(STACK)
    thread = threading.Thread(target=_serve, args=(channel, config.store, config.memory, isolated), name="query")
    thread.start()
    thread.join()


def _serve(channel: Channel, path: str, memory: int, isolated: bool) -> None:
    """Answer queries in this thread: results of the engine must not cross threads."""
    import pyoxigraph  # only now: isolation comes first

    try:
        store = pyoxigraph.Store.read_only(path)
        triples = len(store)
        next(store.quads_for_pattern(None, None, None), None)
    except OSError as error:
        channel.send(encode_message(Kind.ERROR, Fault("store", str(error))))
        return
    isolation.limit_memory(memory)
    _, resident = isolation.memory_in_use("self")
    channel.send(encode_message(Kind.READY, Ready(triples, resident, isolated, threading.get_native_id())))
    while (received := channel.receive()) is not None:
        try:
            rest = answer(store, Request(**decode_message(received[1])), channel.send)
            # In one piece with the end: the front has a small answer after a single read.
            channel.send((encode(Kind.DATA, rest) if rest else b"") + encode(Kind.END))
        except BrokenPipeError:
            return
        except Exception as error:
            channel.send(encode_message(Kind.ERROR, _fault(error)))


def answer(store: pyoxigraph.Store, request: Request, send: Callable[[bytes], None]) -> bytes:
    """Evaluate one query and send its serialisation in DATA frames, while it is being evaluated.

    Returns what is left to send, which is all of a small answer.

    Raises:
        SyntaxError: the query is malformed.
        ValueError: a graph IRI or the media type is malformed or does not fit the query's form.
        OSError, RuntimeError: the engine gave up.
    """
    import pyoxigraph

    results = store.query(
        request.query,
        base_iri=request.base,
        use_default_graph_as_union=request.union,
        default_graph=_nodes(request.default_graphs),
        named_graphs=_nodes(request.named_graphs),
    )
    output = _Output(send)
    file = cast(IO[bytes], output)  # the engine calls write alone
    if isinstance(results, pyoxigraph.QueryTriples):
        graph_format = pyoxigraph.RdfFormat.from_media_type(request.media_type)
        if graph_format is None:
            raise ValueError(f"{request.media_type} cannot hold triples")
        results.serialize(file, format=graph_format)
    else:
        results_format = pyoxigraph.QueryResultsFormat.from_media_type(request.media_type)
        if results_format is None:
            raise ValueError(f"{request.media_type} cannot hold query results")
        results.serialize(file, format=results_format)
    return output.rest()


class _Output:
    """The file-like object the engine serialises into: collects to :data:`CHUNK`, then sends a frame.

    The engine writes pieces of :data:`_PIECE`. The first whole one goes out at once, and so does what has waited for
    :data:`_PATIENCE`: whoever asked for much, or for what is hard to find, sees that it comes.
    """

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._collected: list[bytes] = []
        self._size = 0
        self._sent_at = 0.0

    def write(self, data: bytes) -> int:
        if self._size + len(data) > CHUNK:
            self._flush()
        if len(data) > CHUNK:
            for start in range(0, len(data), CHUNK):
                self._send(encode(Kind.DATA, data[start : start + CHUNK]))
            return len(data)
        self._collected.append(data)
        self._size += len(data)
        if self._size >= _PIECE and time.monotonic() - self._sent_at > _PATIENCE:
            self._flush()
        return len(data)

    def flush(self) -> None:
        """Nothing to do: what is collected is sent when it is time."""

    def rest(self) -> bytes:
        return b"".join(self._collected)

    def _flush(self) -> None:
        if self._collected:
            self._send(encode(Kind.DATA, b"".join(self._collected)))
            self._collected.clear()
            self._size = 0
        self._sent_at = time.monotonic()


def _nodes(iris: list[str] | None) -> list[Any] | None:
    import pyoxigraph

    return None if iris is None else [pyoxigraph.NamedNode(iri) for iri in iris]


def _fault(error: Exception) -> Fault:
    message = str(error).strip() or type(error).__name__
    if isinstance(error, SyntaxError):
        return Fault("syntax", message)
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return Fault("memory", message)
    return Fault("request" if isinstance(error, ValueError) else "engine", message)


if __name__ == "__main__":
    main()
    sys.exit(0)
