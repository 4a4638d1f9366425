"""Validation reports kept by content, so that an unchanged description is judged once.

A cache and nothing more: it may be emptied at any time, and a report that cannot be kept is judged again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial

from sqlalchemy import Connection, Engine, LargeBinary, delete, func, insert, select, type_coerce

from catalogue.schema import CompressedText, verdict
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

    def get_many(self, keys: Collection[str]) -> Mapping[str, Callable[[], str]]:
        """The reports that are kept under some of ``keys``, each inflated when it is called for."""
        found = {key: partial(str, self._pending[key]) for key in keys if key in self._pending}
        wanted = [key for key in keys if key not in found]
        if wanted:
            deflated = type_coerce(verdict.c.report, LargeBinary)
            listed = func.json_each(json.dumps(wanted)).table_valued("value")
            with self._engine.connect() as connection:
                rows = connection.execute(
                    select(verdict.c.key, deflated).where(verdict.c.key.in_(select(listed.c.value)))
                )
                found.update((key, partial(self._inflate, report)) for key, report in rows)
        return found

    def _inflate(self, report: bytes) -> str:
        return CompressedText().process_result_value(report, self._engine.dialect) or ""

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
