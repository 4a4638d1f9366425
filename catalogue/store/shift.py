"""Which workers are at what, for whom, and which of them have to make way.

Clients whose queries have been quick so far are served apart from all others: one worker at least is theirs, whatever
the others ask, and has the processor before them. A client that nobody knows yet is one of the others; its queries run
at once where there is room. A query of a quick client that takes longer than :data:`QUICK` is from then on one of the
others, too, and is ended where they have no room for it.

A query that takes longer than :data:`LONG` goes on aside: its worker has to do with less of the processor, and
another takes its place. As many may be aside as half the workers. When every place is taken by long queries and
somebody waits who has used less, the query of the client that has used most is ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from catalogue.store.process import WorkerProcess
from catalogue.store.spending import QUICK, Spending

#: Workers besides those that may be at work for clients whose queries are not quick: one for those of them that have
#: used less than the rest, and one for clients whose queries are.
SPARES = 2
#: Seconds after which a query is a long one, and by which use has to differ to tell a light client from a heavy one.
LONG = 1.0
#: How much a worker for those who are not quick leaves the processor to more urgent work, and one aside (nice(1)). The
#: kernel gives each step four fifths of the time of the one before: with 19 a query of half a second was not done in
#: thirty beside three busy programs of the same machine, and the quick are hardly served sooner for it.
HUMBLE = 4
ASIDE = 8


@dataclass(slots=True)
class Work:
    """What a worker is at: for whom, since when, whether as one of the quick, and whether it has gone aside."""

    client: str
    since: float
    mark: object
    quick: bool
    aside: bool = False


class Shift:
    """The busy workers of a pool of ``size``; ``reserved`` is whether the last fresh one is kept for quick clients."""

    def __init__(self, size: int, spending: Spending, *, reserved: bool = True) -> None:
        self._size = size
        self._needed = SPARES if reserved else 1
        self._most_aside = max(1, size // 2)
        self._spending = spending
        self._busy: dict[WorkerProcess, Work] = {}

    def __len__(self) -> int:
        return len(self._busy)

    def __iter__(self) -> Iterator[WorkerProcess]:
        return iter(list(self._busy))

    def begin(self, worker: WorkerProcess, client: str, now: float, *, quick: bool) -> None:
        """A worker starts on a query."""
        self._busy[worker] = Work(client, now, self._spending.begin(client), quick)

    def end(self, worker: WorkerProcess) -> Work | None:
        """A worker is done with its query."""
        work = self._busy.pop(worker, None)
        if work is not None:
            self._spending.end(work.client, work.mark)
        return work

    def working(self, store: Path | None) -> int:
        """Workers on ``store`` that are not aside; those of the release before drain beside them."""
        return sum(not work.aside for _, work in self._on(store))

    def choose(
        self, idle: Sequence[WorkerProcess], store: Path | None, client: str, *, quick: bool
    ) -> WorkerProcess | None:
        """The idle worker that takes a query of ``client``, if one may.

        Workers that have once worked for others than the quick are humble ever after, and go on serving these.
        """
        working = [work for _, work in self._on(store) if not work.aside]
        at_quick = sum(work.quick for work in working)
        humble = next((worker for worker in idle if worker.humble), None)
        fresh = [worker for worker in idle if not worker.humble]
        if quick:
            return (fresh[0] if fresh else humble) if at_quick < self._size else None
        if not self._has_place([work for work in working if not work.quick], client):
            return None
        # The last worker that is not humble is kept for the quick, unless one works for them already.
        return humble or (fresh[0] if fresh and len(fresh) + at_quick >= self._needed else None)

    def _has_place(self, others: list[Work], client: str) -> bool:
        """Whether one more may work for who is not quick; beyond their number one that has used less than they."""
        if len(others) < self._size:
            return True
        limit = self._spending.used(client) + LONG
        return len(others) == self._size and all(self._spending.used(work.client) > limit for work in others)

    def not_quick(self, store: Path | None, now: float) -> Iterator[tuple[WorkerProcess, bool]]:
        """Workers for the quick that count among the others from now on, and whether there is room for them."""
        for worker, work in list(self._on(store)):
            if work.quick and now - work.since > QUICK:
                others = sum(not other.quick and not other.aside for _, other in self._on(store))
                work.quick = False
                yield worker, others <= self._size

    def long(self, store: Path | None, now: float) -> list[WorkerProcess]:
        """Workers that go aside now."""
        aside = sum(work.aside for _, work in self._on(store))
        long = [worker for worker, work in self._on(store) if not work.aside and now - work.since > LONG]
        moved = long[: max(0, self._most_aside - aside)]
        for worker in moved:
            self._busy[worker].aside = True
        return moved

    def dearest(self, store: Path | None, client: str, now: float) -> WorkerProcess | None:
        """The worker to end so that ``client`` gets one, where the others are at long queries and used more.

        It is that of the client that has used most by its other queries; among equals the youngest.
        """
        current = [(worker, work) for worker, work in self._on(store) if not work.quick]
        if any(worker.dismissed or now - work.since < LONG for worker, work in current):
            return None
        limit = self._spending.used(client) + LONG
        heavier = [(worker, work) for worker, work in current if self._spending.used(work.client) > limit]

        def cost(pair: tuple[WorkerProcess, Work]) -> tuple[float, float]:
            work = pair[1]
            return round(self._spending.used(work.client) - (now - work.since)), work.since

        return max(heavier, key=cost)[0] if heavier else None

    def _on(self, store: Path | None) -> Iterator[tuple[WorkerProcess, Work]]:
        return ((worker, work) for worker, work in self._busy.items() if worker.store == store)
