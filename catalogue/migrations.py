"""The steps that bring a ledger's tables to what this program knows; forward only.

Step ``n`` is the file ``ledger-n.sql`` and is never edited once released. Each step runs in one transaction
with the row that says it was applied, so a ledger is always at a whole version.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files

from sqlalchemy import Connection, func, insert, inspect, select

from catalogue.schema import schema_version
from core.errors import LedgerError

#: The version of the tables that this program reads and writes.
CURRENT_VERSION = 2


def version(connection: Connection) -> int:
    """The version of the tables; 0 where there are none yet.

    Raises:
        LedgerError: the ledger was made by a newer program.
    """
    if not inspect(connection).has_table(schema_version.name):
        return 0
    found = connection.execute(select(func.max(schema_version.c.version))).scalar() or 0
    if found > CURRENT_VERSION:
        raise LedgerError(
            f"the ledger has version {found}, this program knows versions up to {CURRENT_VERSION}",
            where=connection.engine.url.database,
            remedy="use the newer radiograph that wrote it",
        )
    return int(found)


def migrate(connection: Connection, target: int = CURRENT_VERSION) -> None:
    """Apply the steps that are missing up to ``target``; each is committed by itself.

    Raises:
        LedgerError: the ledger was made by a newer program.
    """
    found = version(connection)
    connection.rollback()
    for step in range(found + 1, target + 1):
        if step == 1:
            schema_version.create(connection, checkfirst=True)
        for statement in _statements(step):
            connection.exec_driver_sql(statement)
        connection.execute(insert(schema_version).values(version=step, applied=datetime.now(UTC)))
        connection.commit()


def _statements(step: int) -> list[str]:
    script = (files("catalogue") / f"ledger-{step}.sql").read_text(encoding="utf-8")
    return [statement for part in script.split(";\n") if (statement := part.strip())]
