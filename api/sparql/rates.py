"""How much one client may use: a budget of seconds of query workers, filled again as time goes by.

Answers from the cache, validators and refusals cost nothing; a query costs what its worker was busy for. A client in
debt is told when to come back (429), before its query takes anybody's time.
"""

from __future__ import annotations

import math

from catalogue.store.spending import Spending
from core.errors import RateLimited
from core.settings import Settings


class Rates:
    """The budgets of all clients; counts how many queries were refused."""

    def __init__(self, settings: Settings, spending: Spending) -> None:
        self._limit = settings.client_seconds
        self._per_minute = settings.client_seconds_per_minute
        self._spending = spending
        self.refused = 0

    def check(self, client: str) -> None:
        """Let a client go on.

        Raises:
            RateLimited: it has used up its budget.
        """
        if not self._limit or self._spending.used(client) < self._limit:
            return
        self.refused += 1
        seconds = max(1, math.ceil(self._spending.wait(client, self._limit)))
        raise RateLimited(
            f"your queries have used the {self._limit:g} seconds of computing time that are yours for now",
            remedy=f"ask again in {seconds} seconds; {self._per_minute:g} seconds come back each minute",
            retry_after=seconds,
        )
