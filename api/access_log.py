"""The access log: one line of JSON a request on standard output, without anything that tells who asked.

No address, no header, no query string. A SPARQL query is noted by its shape (:mod:`api.sparql.shape`), its literals
left out, unless the operator wants them. Lines are written by a thread of their own: a reader of the log that
stands still must not hold up the service, so lines that find no room are dropped and counted.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from datetime import UTC, datetime
from typing import IO, Literal

from api.observation import Observation
from api.sparql.shape import MAX_LENGTH, shape

#: Lines that may wait to be written.
MAX_WAITING = 10_000


class AccessLog:
    """Writes a line for every request that has ended. ``detail`` is ``on`` or ``queries`` (literals included)."""

    def __init__(self, detail: Literal["on", "queries"], output: IO[str] | None = None) -> None:
        self._whole_queries = detail == "queries"
        self._output = output or sys.stdout
        self._lines: queue.Queue[str | None] = queue.Queue(MAX_WAITING)
        self.dropped = 0
        """Lines that found no room since the last one that did."""
        self._writer = threading.Thread(target=self._write, name="access-log", daemon=True)
        self._writer.start()

    def observe(self, seen: Observation) -> None:
        """Note a request that has ended; never blocks."""
        entry = self._entry(seen)
        if self.dropped:
            entry["dropped_before"] = self.dropped
        try:
            self._lines.put_nowait(json.dumps(entry, ensure_ascii=False))
        except queue.Full:
            self.dropped += 1
        else:
            self.dropped = 0

    def close(self) -> None:
        """Write what waits, for at most a second."""
        try:
            self._lines.put(None, timeout=1)
        except queue.Full:
            return
        self._writer.join(timeout=1)

    def _entry(self, seen: Observation) -> dict[str, object]:
        entry: dict[str, object] = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "method": seen.method,
            "path": seen.path[:500],
            "route": seen.route,
            "status": seen.status,
            "bytes": seen.sent,
            "seconds": round(seen.seconds, 6),
        }
        if seen.first_byte is not None:
            entry["first_byte"] = round(seen.first_byte, 6)
        if seen.cut:
            entry["cut"] = True
        if seen.cache:
            entry["cache"] = seen.cache
        if seen.query is not None:
            # Only of an answer is it sure that the engine has read the query: a refusal may have come before.
            shown = seen.query[:MAX_LENGTH] if self._whole_queries else shape(seen.query, understood=seen.status == 200)
            entry["query"] = shown
        return entry

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._output.write(f"{line}\n")
                if self._lines.empty():
                    self._output.flush()
            except (OSError, ValueError):
                # Nobody reads it any more; the service goes on.
                return
