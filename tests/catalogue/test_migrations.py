"""The steps to the current tables: each one, what they add up to, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, insert, inspect, select, text

from catalogue import migrations, schema
from catalogue.engine import ledger_engine
from catalogue.ledger import Ledger
from core.errors import LedgerError
from tests.catalogue.home import Home


def shape(engine: Engine) -> dict[str, object]:
    """Everything that a program relies on: columns, keys, indexes and their conditions."""
    inspector = inspect(engine)
    tables: dict[str, object] = {}
    for table in inspector.get_table_names():
        columns = {c["name"]: (str(c["type"]).split("(")[0], c["nullable"]) for c in inspector.get_columns(table)}
        keys = sorted(
            (tuple(k["constrained_columns"]), k["referred_table"], tuple(k["referred_columns"]))
            for k in inspector.get_foreign_keys(table)
        )
        indexes = sorted(
            (i["name"], tuple(i["column_names"]), bool(i["unique"]), str(i["dialect_options"].get("sqlite_where", "")))
            for i in inspector.get_indexes(table)
        )
        checks = sorted(" ".join(str(c["sqltext"]).split()) for c in inspector.get_check_constraints(table))
        unique = sorted(tuple(u["column_names"]) for u in inspector.get_unique_constraints(table))
        tables[table] = (
            columns,
            inspector.get_pk_constraint(table)["constrained_columns"],
            keys,
            indexes,
            checks,
            unique,
        )
    return tables


def names(types: dict[str, object]) -> dict[str, object]:
    """One name for types that SQLite keeps alike."""
    return {table: str(value).replace("VARCHAR", "TEXT") for table, value in types.items()}


def test_the_steps_make_the_tables_that_the_program_declares(tmp_path: Path) -> None:
    stepped, declared = ledger_engine(tmp_path / "stepped"), create_engine(f"sqlite:///{tmp_path / 'declared'}")
    with stepped.connect() as connection:
        migrations.migrate(connection)
    schema.metadata.create_all(declared)
    ours, theirs = names(shape(stepped)), names(shape(declared))
    assert ours.keys() == theirs.keys()
    for table in ours:
        assert ours[table] == theirs[table], table
    stepped.dispose()
    declared.dispose()


def test_version_one_becomes_version_two_and_keeps_what_it_has(home: Home) -> None:
    home.settings.home.mkdir()
    engine = ledger_engine(home.settings.ledger_path)
    with engine.connect() as connection:
        migrations.migrate(connection, target=1)
        assert migrations.version(connection) == 1
        assert not inspect(connection).has_table("verdict")
        connection.execute(insert(schema.ledger).values(id="old", created=datetime.now(UTC), base_iri=None))
        connection.commit()
    engine.dispose()
    with Ledger.open(home.settings, read_only=True) as ledger:
        assert ledger.id == "old"
        assert not ledger.verdicts.get_many(["key"])
        with ledger.engine.connect() as connection:
            applied = connection.execute(select(schema.schema_version.c.version)).scalars().all()
    assert applied == [1, 2]


def test_a_step_that_fails_leaves_the_version_before_it(home: Home) -> None:
    home.settings.home.mkdir()
    engine = ledger_engine(home.settings.ledger_path)
    with engine.connect() as connection:
        migrations.migrate(connection, target=1)
        connection.execute(text("CREATE TABLE other (at TEXT)"))
        connection.execute(text("CREATE INDEX verdict_at ON other (at)"))
        connection.commit()
        with pytest.raises(Exception, match="verdict_at"):
            migrations.migrate(connection)
        connection.rollback()
        assert migrations.version(connection) == 1
        assert not inspect(connection).has_table("verdict")
    engine.dispose()


def test_a_newer_ledger_is_refused(home: Home) -> None:
    home.ingest(home.candidate("a"))
    engine = ledger_engine(home.settings.ledger_path)
    with engine.begin() as connection:
        newer = migrations.CURRENT_VERSION + 1
        now = datetime.now(UTC)
        connection.execute(insert(schema.schema_version).values(version=newer, applied=now))
    engine.dispose()
    for read_only in (True, False):
        with pytest.raises(LedgerError, match=f"version {newer}, this program knows versions up to {newer - 1}"):
            Ledger.open(home.settings, read_only=read_only)
