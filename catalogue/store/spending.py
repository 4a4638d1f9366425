"""How much of the engine each client has used lately, in seconds of its workers, and how long its queries take.

A leaky bucket for each client: what it uses fills the bucket, time drains it. The line of waiting queries looks at it
to find whose turn it is, the endpoint to tell a client that it has had enough for now.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

#: Seconds that the queries of a client usually take at most if it is a quick one.
QUICK = 0.25
#: Queries after which it is known what kind of client one is.
_KNOWN = 5
#: How much the latest query counts among those before it.
_LATEST = 0.3
#: Clients that are remembered; beyond it those who have used least are forgotten.
MAX_CLIENTS = 10_000


@dataclass(slots=True)
class _Bucket:
    level: float = 0.0
    at: float = 0.0
    queries: int = 0
    usual: float = 0.0
    running: dict[object, float] = field(default_factory=dict)


class Spending:
    """What clients have used; those whose buckets have run empty are forgotten."""

    def __init__(self, drain: float, clock: Callable[[], float] = time.monotonic) -> None:
        """``drain`` is how many seconds of use a second of time takes off."""
        self._drain = drain
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._buckets)

    def used(self, client: str) -> float:
        """Seconds that count against ``client`` now, those of its running queries included."""
        bucket = self._buckets.get(client)
        if bucket is None:
            return 0.0
        now = self._clock()
        return self._level(bucket, now) + sum(now - begun for begun in bucket.running.values())

    def is_quick(self, client: str) -> bool:
        """Whether the queries of ``client`` have been answered quickly; of a new one that is not known."""
        bucket = self._buckets.get(client)
        return bucket is not None and bucket.queries >= _KNOWN and bucket.usual <= QUICK

    def wait(self, client: str, limit: float) -> float:
        """Seconds until ``client`` is below ``limit``, if it uses nothing meanwhile."""
        return max(0.0, (self.used(client) - limit) / self._drain)

    def add(self, client: str, seconds: float) -> None:
        """Count use that is over."""
        now = self._clock()
        bucket = self._bucket(client, now)
        bucket.level = self._level(bucket, now) + seconds
        bucket.at = now

    def begin(self, client: str) -> object:
        """Count from now on, until :meth:`end` is given what this returned."""
        now = self._clock()
        mark = object()
        self._bucket(client, now).running[mark] = now
        return mark

    def end(self, client: str, mark: object) -> None:
        """Stop counting what :meth:`begin` began; a second time does nothing."""
        bucket = self._buckets.get(client)
        begun = bucket.running.pop(mark, None) if bucket else None
        if bucket is not None and begun is not None:
            seconds = self._clock() - begun
            self.add(client, seconds)
            bucket.queries += 1
            bucket.usual += (seconds - bucket.usual) * max(_LATEST, 1 / bucket.queries)

    @contextmanager
    def work(self, client: str) -> Iterator[None]:
        """Count the time until the block ends."""
        mark = self.begin(client)
        try:
            yield
        finally:
            self.end(client, mark)

    def _level(self, bucket: _Bucket, now: float) -> float:
        return max(0.0, bucket.level - (now - bucket.at) * self._drain)

    def _bucket(self, client: str, now: float) -> _Bucket:
        """The client's bucket, as the one used last; a new one makes room for itself."""
        bucket = self._buckets.get(client)
        if bucket is None:
            if len(self._buckets) >= MAX_CLIENTS:
                self._forget(now)
            bucket = self._buckets[client] = _Bucket(at=now)
        self._buckets.move_to_end(client)
        return bucket

    def _forget(self, now: float) -> None:
        """Forget the emptiest tenth of the buckets; one with work in progress stays."""
        resting = [(self._level(bucket, now), name) for name, bucket in self._buckets.items() if not bucket.running]
        resting.sort(key=lambda pair: pair[0])
        for _, name in resting[: MAX_CLIENTS // 10]:
            del self._buckets[name]
