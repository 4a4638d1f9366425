"""Answers that are kept as long as their release is served, and the one run of a query that many ask at once.

A key names all that an answer depends on, the release too, so nothing kept ever goes stale; a new release empties the
cache. Only whole answers are kept, never one that was cut. All memory is counted against one bound: what is kept,
what is being collected to be kept, and what was thrown out while somebody still reads it.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from api.sparql.flight import Flight
from catalogue.store.querying import AnswerStream

#: The share of the cache that one answer may take.
_SHARE = 16
#: What an entry takes besides its bytes.
_OVERHEAD = 1024

#: Runs a query, whose whole answer has to be there at a time of the event loop's clock.
Ask = Callable[[float], AbstractAsyncContextManager[AnswerStream]]


@dataclass(frozen=True, slots=True)
class Key:
    """What an answer depends on."""

    release: int
    query: str
    default_graphs: tuple[str, ...]
    named_graphs: tuple[str, ...]
    media_type: str

    @property
    def etag(self) -> str:
        """A weak entity tag (RFC 9110 §8.8.3): the answer may be serialised in another order the next time."""
        asked = (self.release, self.query, self.default_graphs, self.named_graphs, self.media_type)
        return f'W/"{hashlib.sha256(repr(asked).encode("utf-8", "surrogatepass")).hexdigest()[:32]}"'


@dataclass(frozen=True, slots=True)
class CacheStatus:
    """What a cache holds now, and look-ups since the service started."""

    hits: int
    misses: int
    bytes: int
    entries: int


class Entry:
    """One whole answer; ``gzip`` is the same compressed, once somebody wanted it so."""

    __slots__ = ("_cache", "_dropped", "_readers", "body", "gzip", "key", "size")

    def __init__(self, cache: ResultCache, key: Key, body: bytes, size: int) -> None:
        self.key = key
        self.body = body
        self.gzip: bytes | None = None
        self.size = size
        self._cache = cache
        self._readers = 0
        self._dropped = False

    @property
    def dropped(self) -> bool:
        """Whether the cache has let it go."""
        return self._dropped

    def keep_gzip(self, coded: bytes) -> None:
        """Keep the compressed form as well, where there is room."""
        if self.gzip is None and not self._dropped and self._cache.reserve(len(coded)):
            self.gzip = coded
            self.size += len(coded)

    def __enter__(self) -> Entry:
        """Being read, and so in memory whatever the cache does."""
        self._readers += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._readers -= 1
        self._forget()

    def drop(self) -> None:
        """Leave the cache; its memory is free when the last reader has done."""
        self._dropped = True
        self._forget()

    def _forget(self) -> None:
        if self._dropped and not self._readers:
            self._cache.give_back(self.size)
            self.body, self.gzip = b"", None


class ResultCache:
    """The answers of the release being served, least recently used first to go."""

    def __init__(self, max_bytes: int) -> None:
        self.hits = 0
        self.misses = 0
        self.bytes = 0
        """All that is counted against ``max_bytes``."""
        self.max_bytes = max_bytes
        self.max_answer = max_bytes // _SHARE
        self._release: int | None = None
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._flights: dict[Key, Flight] = {}

    def status(self) -> CacheStatus:
        """What the cache holds and has done."""
        return CacheStatus(self.hits, self.misses, self.bytes, len(self._entries))

    def turn_to(self, release: int) -> None:
        """Let go of every answer of another release."""
        if release != self._release:
            self._release = release
            self._flights.clear()
            entries, self._entries = self._entries, OrderedDict()
            for entry in entries.values():
                entry.drop()

    def get(self, key: Key) -> Entry | None:
        """The answer, if it is kept."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def touch(self, entry: Entry) -> None:
        """Count an answer given from an entry that was found without its key."""
        self.hits += 1
        if not entry.dropped:
            self._entries.move_to_end(entry.key)

    def flight(self, key: Key) -> Flight | None:
        """The run of this query that is under way."""
        return self._flights.get(key)

    def run(self, key: Key | None, ask: Ask, store: Path, deadline: float, *, late: bool = False) -> Flight:
        """Run a query; its answer will be kept if there is a key, it comes from ``store``, and it fits.

        ``late`` is whether it is begun with less than the whole of its time.
        """
        if key is None or key.release != self._release or not self.max_bytes:
            return Flight(ask, store, None, deadline)
        flight = Flight(ask, store, _Place(self, key), deadline, late=late)
        self._flights[key] = flight
        return flight

    def reserve(self, size: int) -> bool:
        """Take room for ``size`` bytes, at the cost of what was used least; False where there is not enough."""
        while self.bytes + size > self.max_bytes and self._entries:
            _, entry = self._entries.popitem(last=False)
            entry.drop()
        if self.bytes + size > self.max_bytes:
            return False
        self.bytes += size
        return True

    def give_back(self, size: int) -> None:
        """Room taken by :meth:`reserve` is free again."""
        self.bytes -= size

    def settle(self, key: Key, place: _Place, body: bytes | None, reserved: int) -> Entry | None:
        """A run has ended, with all of its answer or without: keep it, and let others run the query again."""
        flight = self._flights.get(key)
        if flight is not None and flight.place is place:
            del self._flights[key]
        if body is None or key.release != self._release or key in self._entries:
            self.give_back(reserved)
            return None
        entry = self._entries[key] = Entry(self, key, body, reserved)
        return entry


class _Place:
    """The place that a run has in the cache: room taken bit by bit, then an entry or nothing."""

    def __init__(self, cache: ResultCache, key: Key) -> None:
        self._cache = cache
        self._key = key
        self._reserved = 0

    def grow(self, size: int) -> bool:
        """Take room for more bytes of the answer; False where it is too large to be kept."""
        first = 0 if self._reserved else _OVERHEAD + len(self._key.query)
        if self._reserved + size > self._cache.max_answer or not self._cache.reserve(size + first):
            return False
        self._reserved += size + first
        return True

    def settle(self, body: bytes | None) -> Entry | None:
        """Fill the place, or give it up."""
        reserved, self._reserved = self._reserved, 0
        return self._cache.settle(self._key, self, body, reserved)
