"""Validation reports kept by content, so that an unchanged description is judged once.

A cache and nothing more: it may be emptied at any time, and a report that cannot be kept is judged again.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, delete, func, insert, select

from catalogue.schema import verdict
from core.errors import LedgerError

#: Reports written at once, and the number above which the oldest go.
_BATCH = 200
_MAX_VERDICTS = 200_000


class LedgerVerdictCache:
    """Implements :class:`shapes.cache.VerdictCache` on the ledger; writes join the run that is going on."""

    def __init__(self, engine: Engine, writing: Callable[[], AbstractContextManager[Connection]] | None) -> None:
        self._engine = engine
        self._writing = writing
        self._pending: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """The report kept under ``key``, or None."""
        if key in self._pending:
            return self._pending[key]
        with self._engine.connect() as connection:
            return connection.execute(select(verdict.c.report).where(verdict.c.key == key)).scalar()

    def put(self, key: str, report: str) -> None:
        """Keep ``report`` under ``key``."""
        if self._writing is None:
            return
        self._pending[key] = report
        if len(self._pending) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is pending; where somebody else is writing, forget it."""
        pending, self._pending = self._pending, {}
        if not pending or self._writing is None:
            return
        try:
            with self._writing() as connection:
                self._write(connection, pending)
        except LedgerError:
            return

    def _write(self, connection: Connection, pending: dict[str, str]) -> None:
        known = set(connection.execute(select(verdict.c.key).where(verdict.c.key.in_(pending))).scalars())
        now = datetime.now(UTC)
        rows = [{"key": key, "report": report, "at": now} for key, report in pending.items() if key not in known]
        if rows:
            connection.execute(insert(verdict), rows)
        excess = (connection.execute(select(func.count()).select_from(verdict)).scalar() or 0) - _MAX_VERDICTS
        if excess > 0:
            oldest = select(verdict.c.key).order_by(verdict.c.at).limit(excess)
            connection.execute(delete(verdict).where(verdict.c.key.in_(oldest)))
