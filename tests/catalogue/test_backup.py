"""Backup and restore: what comes back, what is refused."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pyoxigraph
import pytest

from catalogue.backup import backup, restore
from catalogue.engine import ledger_engine
from catalogue.ledger import Ledger
from catalogue.publication import publish
from core.errors import LedgerError
from ontology.vocabulary import Vocabularies
from tests.catalogue.home import Home, make_settings


@pytest.fixture
def filled(home: Home, vocabularies: Vocabularies) -> Home:
    home.ingest(home.candidate("a"), home.candidate("b"), home.candidate("c", accepted=False))
    publish(home.settings, vocabularies)
    home.ingest(home.candidate("a", "second"), home.candidate("b"), home.candidate("c", accepted=False))
    return home


def quads(home: Home) -> set[str]:
    with home.open() as ledger:
        release = ledger.current_release()
    assert release is not None
    return {str(q) for q in pyoxigraph.Store.read_only(str(release.path / "store")) if "_:" not in str(q)}


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


def pack(archive: Path, content: dict[str, bytes], kind: bytes = tarfile.REGTYPE) -> Path:
    with tarfile.open(archive, "w") as tar:
        for name, data in content.items():
            member = tarfile.TarInfo(name)
            member.size, member.type = len(data), kind
            member.linkname = "/etc/passwd" if kind == tarfile.SYMTYPE else ""
            tar.addfile(member, io.BytesIO(data))
    return archive


@pytest.mark.parametrize("ending", [".tar.gz", ".tar"])
def test_what_was_backed_up_comes_back_elsewhere(
    filled: Home, vocabularies: Vocabularies, tmp_path: Path, ending: str
) -> None:
    archive = tmp_path / f"backup{ending}"
    manifest = backup(filled.settings, archive)
    elsewhere = Home(make_settings(tmp_path / "elsewhere"))
    restored = restore(elsewhere.settings, archive, vocabularies)
    assert restored is not None and restored.number == manifest.release == 1
    with filled.open() as one, elsewhere.open() as two:
        assert one.status() == two.status() and one.status().pending == 1
        assert one.id == two.id == manifest.ledger
        assert one.events() == two.events()
    assert quads(filled) == quads(elsewhere)
    assert publish(elsewhere.settings, vocabularies).number == 2
    assert {path.name for path in tmp_path.iterdir()} == {archive.name, "home", "elsewhere"}, "nothing is left over"


def test_a_backup_during_a_run_has_what_was_committed(filled: Home, vocabularies: Vocabularies, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    with filled.open() as ledger, ledger.run("one", "test") as run:
        run.submit(filled.candidate("not committed yet"))
        backup(filled.settings, archive)
        run.finish(complete=False, report={})
    elsewhere = Home(make_settings(tmp_path / "elsewhere"))
    restore(elsewhere.settings, archive, vocabularies)
    with elsewhere.open() as ledger:
        assert ledger.state(elsewhere.iri("a")) == "published"
        assert ledger.state(elsewhere.iri("not committed yet")) is None


def test_restoring_over_a_ledger_wants_force(filled: Home, vocabularies: Vocabularies, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar.gz"
    backup(filled.settings, archive)
    before = quads(filled)
    publish(filled.settings, vocabularies)
    with pytest.raises(LedgerError, match="--force"):
        restore(filled.settings, archive, vocabularies)
    restore(filled.settings, archive, vocabularies, force=True)
    assert quads(filled) == before
    with filled.open() as ledger:
        assert ledger.status().release == 1
    assert [path.name for path in filled.settings.releases_path.iterdir()] == ["1"]


def test_nobody_restores_beside_a_writer(filled: Home, vocabularies: Vocabularies, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    backup(filled.settings, archive)
    with filled.open() as ledger, ledger.writing("test"), pytest.raises(LedgerError, match="is writing"):
        restore(filled.settings, archive, vocabularies, force=True)


def test_a_ledger_without_a_release_is_restored_too(home: Home, vocabularies: Vocabularies, tmp_path: Path) -> None:
    home.ingest(home.candidate("a"))
    backup(home.settings, tmp_path / "backup.tar")
    elsewhere = make_settings(tmp_path / "elsewhere")
    assert restore(elsewhere, tmp_path / "backup.tar", vocabularies) is None
    with Ledger.open(elsewhere) as ledger:
        assert ledger.status().repositories["one"].draft == 1


def test_a_name_without_a_known_ending_is_refused(filled: Home, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"\.tar\.gz or \.tar"):
        backup(filled.settings, tmp_path / "backup.zip")
    with pytest.raises(LedgerError, match="cannot be written"):
        backup(filled.settings, tmp_path / "missing" / "backup.tar")


def test_only_whole_archives_of_ours_are_accepted(filled: Home, vocabularies: Vocabularies, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    backup(filled.settings, archive)
    good = members(archive)
    ledger, manifest = good["ledger.sqlite"], json.loads(good["manifest.json"])
    flipped = bytearray(ledger)
    flipped[len(flipped) // 2] ^= 0xFF

    def with_manifest(**changes: object) -> dict[str, bytes]:
        return {**good, "manifest.json": json.dumps({**manifest, **changes}).encode()}

    cases: list[tuple[str, Path]] = [
        ("checksum", pack(tmp_path / "flipped.tar", {**good, "ledger.sqlite": bytes(flipped)})),
        ("another size", pack(tmp_path / "short.tar", {**good, "ledger.sqlite": ledger[:-1]})),
        ("nothing else", pack(tmp_path / "traversal.tar", {**good, "../../escaped": b"x"})),
        ("nothing else", pack(tmp_path / "absolute.tar", {"manifest.json": b"{}", "/ledger.sqlite": b"x"})),
        ("nothing else", pack(tmp_path / "links.tar", dict.fromkeys(good, b""), tarfile.SYMTYPE)),
        ("too large", pack(tmp_path / "large.tar", {**good, "manifest.json": b" " * 100_000})),
        ("its format is 2", pack(tmp_path / "format.tar", with_manifest(format=2))),
        ("not a usable backup", pack(tmp_path / "unknown.tar", with_manifest(surprise=1))),
        ("not a usable backup", pack(tmp_path / "json.tar", {**good, "manifest.json": b"no json"})),
        ("not a usable backup", tmp_path / "text.tar"),
        ("not a usable backup", tmp_path / "cut.tar"),
        ("cannot be restored", tmp_path / "missing.tar"),
    ]
    (tmp_path / "text.tar").write_text("not an archive")
    (tmp_path / "cut.tar").write_bytes(archive.read_bytes()[: archive.stat().st_size // 2])
    target = make_settings(tmp_path / "target")
    for message, bad in cases:
        with pytest.raises(LedgerError, match=message):
            restore(target, bad, vocabularies)
        assert not target.ledger_path.exists() and not (tmp_path / "escaped").exists()


def test_a_damaged_ledger_with_a_right_checksum_is_refused(
    filled: Home, vocabularies: Vocabularies, tmp_path: Path
) -> None:
    import hashlib

    backup(filled.settings, tmp_path / "backup.tar")
    good = members(tmp_path / "backup.tar")
    broken = good["ledger.sqlite"][:4096] + b"\xff" * (len(good["ledger.sqlite"]) - 4096)
    manifest = {**json.loads(good["manifest.json"]), "sha256": hashlib.sha256(broken).hexdigest()}
    bad = pack(tmp_path / "bad.tar", {"manifest.json": json.dumps(manifest).encode(), "ledger.sqlite": broken})
    with pytest.raises(LedgerError, match="damaged"):
        restore(make_settings(tmp_path / "target"), bad, vocabularies)


def test_a_backup_of_another_base_or_a_newer_program_is_refused(
    filled: Home, vocabularies: Vocabularies, tmp_path: Path
) -> None:
    backup(filled.settings, tmp_path / "backup.tar")
    other = make_settings(tmp_path / "target", base_iri="https://elsewhere.example.org")
    with pytest.raises(LedgerError, match="set RADIOGRAPH_BASE_IRI to https://catalogue"):
        restore(other, tmp_path / "backup.tar", vocabularies)
    engine = ledger_engine(filled.settings.ledger_path)
    backup_of_newer = tmp_path / "newer.tar"
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE content SET ntriples = ntriples")
    engine.dispose()
    backup(filled.settings, backup_of_newer)
    content = members(backup_of_newer)
    database = tmp_path / "newer.sqlite"
    database.write_bytes(content["ledger.sqlite"])
    engine = ledger_engine(database)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO schema_version VALUES (99, '2030-01-01T00:00:00+00:00')")
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    import hashlib

    data = database.read_bytes()
    changes = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    manifest = json.dumps({**json.loads(content["manifest.json"]), **changes}).encode()
    newer = pack(tmp_path / "repacked.tar", {"manifest.json": manifest, "ledger.sqlite": data})
    with pytest.raises(LedgerError, match="version 99"):
        restore(make_settings(tmp_path / "target"), newer, vocabularies)


def test_what_a_killed_restore_left_behind_is_removed(filled: Home, vocabularies: Vocabularies, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    backup(filled.settings, archive)
    elsewhere = Home(make_settings(tmp_path / "elsewhere"))
    left = elsewhere.settings.home / ".restore-killed"
    left.mkdir(parents=True)
    (left / "ledger.sqlite").touch()
    assert restore(elsewhere.settings, archive, vocabularies) is not None
    assert list(elsewhere.settings.home.glob(".restore-*")) == []
