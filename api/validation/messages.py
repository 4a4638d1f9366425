"""What the front and a judging process tell each other, each as the JSON of a frame (:mod:`catalogue.store.protocol`).

The front sends one CONFIG, answered by READY or ERROR; then for each document a QUERY with the job, DATA with the
document, and END, answered by DATA and END, or by ERROR.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from catalogue.store.protocol import Kind, decode_message, encode

#: Bytes in one DATA frame at most.
PIECE = 256 * 1024
#: What a job's answer is written as, when it is for the page.
PAGE = "page"

#: Media types of filled forms, and their suffixes.
TABLES = {
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
}


@dataclass(frozen=True, slots=True)
class Setup:
    """How a process is to run. ``memory`` is in bytes, on top of what the loaded profiles need."""

    overlay: str | None
    memory: int
    isolation: bool
    parent: int


@dataclass(frozen=True, slots=True)
class Warm:
    """A process has loaded profiles and vocabularies; ``resident`` is in bytes."""

    resident: int


@dataclass(frozen=True, slots=True)
class Job:
    """A document to be judged; ``name`` is what messages call it, ``suffix`` that of its file or address.

    No ``profiles`` means those that apply by themselves. ``format`` is one that :mod:`api.validation.worker` writes.
    """

    name: str
    media_type: str | None
    suffix: str
    profiles: tuple[str, ...]
    format: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no judgement.

    ``syntax``: it cannot be read. ``content``: it can, but there is nothing to judge, or it cannot be judged.
    ``memory``, ``size``: it, or the report on it, is too large. ``isolation``, ``setup``: the process cannot work.
    ``fault``: of the program.
    """

    kind: str
    message: str
    line: int | None = None
    remedy: str | None = None


Message = Setup | Warm | Job | Trouble


def frame(kind: Kind, message: Message) -> bytes:
    """One frame with the message."""
    return encode(kind, json.dumps(asdict(message)).encode())


def trouble(payload: bytes) -> Trouble:
    """The trouble that an ERROR frame tells of."""
    return Trouble(**decode_message(payload))
