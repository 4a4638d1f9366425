"""A judging process: it loads profiles and vocabularies once, and judges one document after another.

It exists to be killed: what is handed in may be made to take for ever. Started as ``python -m api.validation.worker``
by :mod:`api.validation.process`; it denies itself the network before anything of a document is read.
"""

from __future__ import annotations

import gc
import sys
import threading
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from api.validation.messages import PIECE, Job, Setup, Trouble, Warm, frame
from catalogue.store import isolation
from catalogue.store.protocol import Channel, Kind, decode_message, encode

if TYPE_CHECKING:
    from api.validation.judging import Judges

#: Readers recurse over a document; with this much stack, what their guards let pass does not overflow it.
STACK = 64 * 1024 * 1024
#: Characters of a reason that are sent.
LONGEST_REASON = 600


def main() -> None:
    """Isolate this process, load what is judged by, judge documents until the front closes its end."""
    channel = Channel.of_child()
    received = channel.receive()
    if received is None:
        return
    setup = Setup(**decode_message(received[1]))
    try:
        isolation.isolate(setup.parent)
    except isolation.IsolationRefused as refusal:
        if setup.isolation:
            channel.send(frame(Kind.ERROR, Trouble("isolation", f"the network cannot be denied: {refusal}")))
            return
    threading.stack_size(STACK)
    thread = threading.Thread(target=_serve, args=(channel, setup), name="judge")
    thread.start()
    thread.join()


def _serve(channel: Channel, setup: Setup) -> None:
    from api.validation.judging import Judges  # only now: isolation comes first
    from core.errors import RadiographError

    try:
        judges = Judges.load(Path(setup.overlay) if setup.overlay else None)
    except RadiographError as error:
        channel.send(frame(Kind.ERROR, Trouble("setup", str(error))))
        return
    gc.freeze()
    isolation.limit_memory(setup.memory)
    _, resident = isolation.memory_in_use("self")
    channel.send(frame(Kind.READY, Warm(resident)))
    while (received := channel.receive()) is not None:
        job = Job(**decode_message(received[1]))
        document = bytearray()
        while (part := channel.receive()) is not None and part[0] is Kind.DATA:
            document += part[1]
        try:
            _answer(channel, judges, job, bytes(document))
        except BrokenPipeError:
            return
        del document
        gc.collect()


def _answer(channel: Channel, judges: Judges, job: Job, document: bytes) -> None:
    """Judge one document and send what was found, or why it cannot be judged."""
    from api.validation.judging import NotReadable, TooLarge
    from core.errors import InputError
    from shapes.documents import line_of

    try:
        answer = judges.answer(job, document)
    except NotReadable as error:
        reason = error.reason
        why = Trouble("syntax", reason.message, line_of(reason, job.name), reason.remedy)
    except InputError as error:
        why = Trouble("content", error.message, line_of(error, job.name), error.remedy)
    except TooLarge as error:
        why = Trouble("size", str(error))
    except RecursionError:
        why = Trouble("syntax", "the document nests too deeply", remedy="flatten it")
    except MemoryError:
        why = Trouble("memory", "judging this document takes more memory than it may use here")
    except Exception:
        traceback.print_exc()
        why = Trouble("fault", "judging this document failed here", remedy="tell the operator of this service")
    else:
        for start in range(0, len(answer), PIECE):
            channel.send(encode(Kind.DATA, answer[start : start + PIECE]))
        channel.send(encode(Kind.END))
        return
    # A parser may repeat what it stumbled over, however long that is.
    channel.send(frame(Kind.ERROR, replace(why, message=_cut(why.message))))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]}…"


if __name__ == "__main__":
    main()
    sys.exit(0)
