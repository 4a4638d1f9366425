"""Frames between the front and a query worker: one kind byte, four bytes of length, the payload.

The front sends one CONFIG, then QUERY after QUERY; the worker answers the CONFIG with READY or ERROR, and each
QUERY with any number of DATA frames and then END or ERROR. Both ends always know where an answer stops, so that
an answer that was cut can never be mistaken for a whole one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import struct
from asyncio import StreamReader
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

_HEADER = struct.Struct(">cI")
#: Bytes of an answer that a worker collects before it sends them, and so the size of a DATA frame at most.
CHUNK = 64 * 1024
#: Bytes that the pipe to the front takes without its reading.
_PIPE = 512 * 1024
#: No frame is larger; a length beyond it means that the two ends have lost each other.
MAX_FRAME = 16 * 1024 * 1024


class Kind(Enum):
    """What a frame holds."""

    CONFIG = b"C"
    READY = b"R"
    QUERY = b"Q"
    DATA = b"D"
    END = b"E"
    ERROR = b"X"


@dataclass(frozen=True, slots=True)
class Config:
    """How a worker is to run. ``memory`` is in bytes, on top of what the opened store needs.

    Without a store the worker only tells whether it could isolate itself.
    """

    store: str | None
    memory: int
    isolation: bool
    parent: int


@dataclass(frozen=True, slots=True)
class Ready:
    """What a worker found when it opened the store, and its ``thread`` that answers. ``resident`` is in bytes."""

    triples: int
    resident: int
    isolated: bool
    thread: int


@dataclass(frozen=True, slots=True)
class Request:
    """One query. ``union`` makes all graphs the default graph; the graph lists, where not None, replace it.

    ``base`` is what relative IRIs in the query are relative to, where it does not say itself.
    """

    query: str
    media_type: str
    union: bool
    default_graphs: list[str] | None = None
    named_graphs: list[str] | None = None
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why there is no (whole) answer: ``syntax``, ``request``, ``memory``, ``engine``, ``store`` or ``isolation``."""

    kind: str
    message: str


class ProtocolError(Exception):
    """The other end sent what is no frame."""


def encode(kind: Kind, payload: bytes = b"") -> bytes:
    """One frame as bytes."""
    return _HEADER.pack(kind.value, len(payload)) + payload


def encode_message(kind: Kind, message: Config | Ready | Request | Fault) -> bytes:
    """One frame with a JSON payload."""
    return encode(kind, json.dumps(asdict(message)).encode())


def decode_message(payload: bytes) -> dict[str, Any]:
    """The JSON payload of a frame."""
    value = json.loads(payload)
    if not isinstance(value, dict):
        raise ProtocolError("the payload is no JSON object")
    return value


async def read_frame(reader: StreamReader) -> tuple[Kind, bytes]:
    """Read one frame.

    Raises:
        asyncio.IncompleteReadError: the other end is gone.
        ProtocolError: the bytes are no frame.
    """
    kind, length = _unpack(await reader.readexactly(_HEADER.size))
    return kind, await reader.readexactly(length) if length else b""


class Channel:
    """The worker's blocking end: reads frames from one file descriptor and writes to another."""

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink

    @classmethod
    def of_child(cls) -> Channel:
        """The channel on stdin and stdout; what a library may print goes to stderr, not between the frames."""
        channel = cls(os.dup(0), os.dup(1))
        os.dup2(2, 1)
        with contextlib.suppress(OSError):
            # Room for the engine to write on while the front is at something else; not every sink is a pipe.
            fcntl.fcntl(channel._sink, fcntl.F_SETPIPE_SZ, _PIPE)
        return channel

    def receive(self) -> tuple[Kind, bytes] | None:
        """The next frame, or None when the front has closed its end."""
        header = self._read(_HEADER.size)
        if header is None:
            return None
        kind, length = _unpack(header)
        payload = self._read(length)
        return None if payload is None else (kind, payload)

    def send(self, frame: bytes) -> None:
        """Write a frame whole; blocks while the front does not read."""
        view = memoryview(frame)
        while view:
            view = view[os.write(self._sink, view) :]

    def _read(self, length: int) -> bytes | None:
        parts = bytearray()
        while len(parts) < length:
            part = os.read(self._source, length - len(parts))
            if not part:
                return None
            parts += part
        return bytes(parts)


def _unpack(header: bytes) -> tuple[Kind, int]:
    kind, length = _HEADER.unpack(header)
    try:
        known = Kind(kind)
    except ValueError:
        raise ProtocolError(f"unknown kind of frame {kind!r}") from None
    if length > MAX_FRAME:
        raise ProtocolError(f"a frame of {length:,} bytes is larger than {MAX_FRAME:,}")
    return known, length
