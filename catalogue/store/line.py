"""The line of queries that wait for a worker: whose turn it is, and who has to leave when it is too long.

Next is the client that has used least lately, among equals the one that was served longest ago; its queries keep
their order. So whoever floods the service waits behind everybody who does not.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from core.errors import QueryUnavailable

Place = TypeVar("Place")


class Line(Generic[Place]):
    """Waiting queries by client, at most ``most`` of one and ``all_in_all`` in all."""

    def __init__(self, most: int, all_in_all: int, used: Callable[[str], float]) -> None:
        self._most = most
        self._all_in_all = all_in_all
        self._used = used
        self._waiting: OrderedDict[str, deque[Place]] = OrderedDict()
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Place]:
        return (place for places in self._waiting.values() for place in places)

    def join(self, client: str, place: Place) -> Place | None:
        """Take a place at the end of the client's own queue; the place that had to be given up for it, if any.

        Raises:
            QueryUnavailable: as many of this client's wait as may, or the line is full and nobody has more in it.
        """
        own = self._waiting.get(client, ())
        if len(own) >= self._most:
            raise _full("too many of your queries are waiting")
        ousted = None
        if self._length >= self._all_in_all:
            longest = max(self._waiting, key=lambda name: len(self._waiting[name]))
            if len(self._waiting[longest]) <= len(own) + 1:
                raise _full("too many queries are waiting")
            ousted = self._waiting[longest][-1]
            self.leave(longest, ousted)
        self._waiting.setdefault(client, deque()).append(place)
        self._length += 1
        return ousted

    def leave(self, client: str, place: Place) -> None:
        """Give a place up; does nothing where it is given up already."""
        own = self._waiting.get(client)
        if own is not None and place in own:
            own.remove(place)
            self._taken(client)

    def first(self) -> tuple[str, Place]:
        """Whose turn it is; the line must not be empty."""
        client = min(self._waiting, key=self._used)
        return client, self._waiting[client][0]

    def next(self) -> tuple[str, Place]:
        """Whose turn it is, taken out of the line."""
        client, place = self.first()
        self._waiting[client].popleft()
        self._waiting.move_to_end(client)
        self._taken(client)
        return client, place

    def _taken(self, client: str) -> None:
        self._length -= 1
        if not self._waiting[client]:
            del self._waiting[client]


def _full(reason: str) -> QueryUnavailable:
    return QueryUnavailable(reason, remedy="try again in a few seconds")
