"""Backup and restore: one archive holds the ledger, and all else is made from it again.

The archive is a tar file with two members, ``manifest.json`` and ``ledger.sqlite``; it is consistent also when
taken while an ingest or a publication is going on.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from sqlalchemy import select
from sqlalchemy.exc import DatabaseError

from catalogue import migrations, schema
from catalogue.engine import ledger_engine
from catalogue.ledger import Ledger
from catalogue.lock import make_home, writer_lock
from catalogue.publication import Progress, rebuild_store, silent
from catalogue.release import Release
from catalogue.store.embedded import remove_store
from core.errors import LedgerError
from core.settings import Settings
from ontology.vocabulary import Vocabularies

_MANIFEST = "manifest.json"
_LEDGER = "ledger.sqlite"
_MODES = {".tar.gz": "w:gz", ".tgz": "w:gz", ".tar": "w"}
#: A manifest larger than this is none of ours.
_MAX_MANIFEST = 64 * 1024
_FORMAT = 1
#: How the folders begin in which a restore unpacks.
_RESTORING = ".restore-"


@dataclass(frozen=True, slots=True)
class BackupManifest:
    """What an archive says about the ledger in it; ``bytes`` and ``sha256`` are those of the ledger's file."""

    format: int
    created: str
    ledger: str
    base_iri: str | None
    schema_version: int
    release: int
    bytes: int
    sha256: str


def backup(settings: Settings, target: Path) -> BackupManifest:
    """Write the ledger into the archive ``target`` (``.tar.gz`` or ``.tar``), replacing an older archive as a whole.

    Raises:
        LedgerError: there is no ledger, the name has another ending, or the archive cannot be written.
    """
    mode = next((mode for ending, mode in _MODES.items() if target.name.endswith(ending)), None)
    if mode is None:
        raise LedgerError("the archive has an unknown ending", where=str(target), remedy="name it .tar.gz or .tar")
    try:
        with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".radiograph-backup-") as folder:
            copy = Path(folder) / _LEDGER
            manifest = _copy_ledger(settings, copy)
            (Path(folder) / _MANIFEST).write_text(json.dumps(asdict(manifest), indent=1) + "\n", encoding="utf-8")
            archive = Path(folder) / "archive"
            with tarfile.open(archive, mode) as tar:  # type: ignore[call-overload]
                for name in (_MANIFEST, _LEDGER):
                    tar.add(Path(folder) / name, arcname=name, filter=_anonymous)
            with archive.open("rb+") as file:
                os.fsync(file.fileno())
            archive.replace(target)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(
            f"the backup cannot be written: {error}", where=str(target), remedy="free space or choose another place"
        ) from error
    return manifest


def restore(
    settings: Settings,
    source: Path,
    vocabularies: Vocabularies,
    *,
    force: bool = False,
    progress: Progress = silent,
) -> Release | None:
    """Put the ledger of an archive into ``settings.home`` and make store and current release from it.

    ``force`` replaces a ledger that is there; stop the service first.

    Raises:
        LedgerError: a ledger is there already, the archive is damaged or none of ours, it was made by a newer
            program, belongs to another base IRI, or somebody else is writing.
    """
    if settings.ledger_path.exists() and not force:
        raise LedgerError(
            "there is a ledger already",
            where=str(settings.ledger_path),
            remedy="restore into an empty RADIOGRAPH_HOME, or replace it with --force",
        )
    make_home(settings)
    with (
        writer_lock(settings).held("restoring a backup"),
        tempfile.TemporaryDirectory(dir=settings.home, prefix=_RESTORING) as folder,
    ):
        _remove_leftovers(settings.home, Path(folder))
        copy = Path(folder) / _LEDGER
        _extract(source, copy)
        _check(copy, source, settings)
        _replace(settings, copy)
    return rebuild_store(settings, vocabularies, progress=progress)


def _remove_leftovers(home: Path, own: Path) -> None:
    """Remove what restores that were killed left behind: each has a whole ledger in it."""
    for folder in home.glob(f"{_RESTORING}*"):
        if folder != own:
            shutil.rmtree(folder)


def _copy_ledger(settings: Settings, copy: Path) -> BackupManifest:
    with Ledger.open(settings, read_only=True) as ledger:
        source = ledger.engine.raw_connection()
        with closing(source), closing(sqlite3.connect(copy)) as destination:
            connection = source.driver_connection
            assert isinstance(connection, sqlite3.Connection)
            connection.backup(destination)
            # One file, not three: the copy is not written to any more.
            destination.execute("PRAGMA journal_mode = DELETE")
    digest, size = _hash(copy)
    identity, base, version, release = _identify(copy)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return BackupManifest(_FORMAT, now, identity, base, version, release, size, digest)


def _identify(path: Path) -> tuple[str, str | None, int, int]:
    engine = ledger_engine(path, read_only=True)
    try:
        with engine.connect() as connection:
            version = migrations.version(connection)
            row = connection.execute(select(schema.ledger)).one()
            last = select(schema.release.c.number).order_by(schema.release.c.number.desc()).limit(1)
            return row.id, row.base_iri, version, connection.execute(last).scalar() or 0
    finally:
        engine.dispose()


def _extract(source: Path, copy: Path) -> None:
    """Take the ledger, and nothing else, out of an archive; only the names of its members are trusted, never paths."""
    with _reading(source) as tar:
        members = {member.name: member for member in tar}
        if set(members) != {_MANIFEST, _LEDGER} or not all(member.isreg() for member in members.values()):
            raise _not_ours(source, f"it should hold {_MANIFEST} and {_LEDGER} and nothing else")
        if members[_MANIFEST].size > _MAX_MANIFEST:
            raise _not_ours(source, f"its {_MANIFEST} is too large")
        manifest = BackupManifest(**json.loads(_member(tar, members[_MANIFEST]).read()))
        if manifest.format != _FORMAT:
            raise _not_ours(source, f"its format is {manifest.format}, this program reads {_FORMAT}")
        if members[_LEDGER].size != manifest.bytes:
            raise _not_ours(source, f"its {_LEDGER} has another size than its manifest says")
        with copy.open("wb") as file:
            shutil.copyfileobj(_member(tar, members[_LEDGER]), file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
    if _hash(copy)[0] != manifest.sha256:
        raise _not_ours(source, f"the checksum of its {_LEDGER} is wrong")


@contextmanager
def _reading(source: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(source) as tar:
            yield tar
    except (tarfile.TarError, EOFError, zlib.error, ValueError, TypeError) as error:
        raise _not_ours(source, str(error)) from error
    except OSError as error:
        raise LedgerError(f"the backup cannot be restored: {error}", where=str(source)) from error


def _member(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(member)
    assert file is not None
    return file


def _check(copy: Path, source: Path, settings: Settings) -> None:
    """Make sure that what was extracted is a whole ledger which this program and these settings can use."""
    try:
        with closing(sqlite3.connect(copy)) as connection:
            findings = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if findings != "ok":
            raise _not_ours(source, f"its ledger is damaged: {findings}")
        _, base, _, _ = _identify(copy)
    except (sqlite3.DatabaseError, DatabaseError) as error:
        raise _not_ours(source, f"its ledger is damaged: {error}") from error
    if base is not None and base != settings.identifiers.base:
        raise LedgerError(
            f"the backup holds descriptions under {base}, but the base IRI is set to {settings.identifiers.base}",
            where=str(source),
            remedy=f"set RADIOGRAPH_BASE_IRI to {base}",
        )


def _replace(settings: Settings, copy: Path) -> None:
    """Put the ledger in place; what was derived from an older one goes first, so that nothing disagrees."""
    remove_store(settings.store_path)
    if settings.releases_path.exists():
        shutil.rmtree(settings.releases_path)
    for ending in ("-wal", "-shm"):
        settings.ledger_path.with_name(settings.ledger_path.name + ending).unlink(missing_ok=True)
    copy.replace(settings.ledger_path)


def _hash(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out who made the archive, and let only its owner read what is restored."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member


def _not_ours(source: Path, problem: str) -> LedgerError:
    return LedgerError(f"not a usable backup: {problem}", where=str(source), remedy="use another backup")
