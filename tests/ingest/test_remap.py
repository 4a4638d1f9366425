from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from sqlalchemy import update

from catalogue import schema
from catalogue.ledger import Ledger
from catalogue.publication import publish
from catalogue.usage import Usage
from core.errors import InputError
from core.settings import Settings
from ingest.declaration import RepositoryDeclaration
from ingest.pipeline import IngestRoom, ingest
from ingest.remap import remap
from ingest.sources.table import TableSource
from ingest.table_mapping import TableMapping
from tests.ingest import changed_trees
from tests.ingest.conftest import MAPPING, ClinicTable, write_overlay

BASE = "https://catalogue.example.org"
_CHEST = "https://w3id.org/radiograph/concept/anatomy/816094009"
_BODY = "https://w3id.org/radiograph/concept/anatomy/38266002"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a clinic's four datasets, published; one of them was withdrawn since."""
    folder = tmp_path_factory.mktemp("published")
    made = Settings(base_iri=BASE, home=folder / "home", overlay=write_overlay(folder), _env_file=None)
    clinic = ClinicTable(folder)
    table = clinic.write(
        clinic.row("a", anatomy="Breast"), clinic.row("b", anatomy="Chest"), clinic.row("c"), clinic.row("d")
    )
    with IngestRoom.open(made) as room:
        declaration = RepositoryDeclaration.load("clinic", made.overlay)
        ingest(TableSource(table, "clinic", TableMapping.parse(MAPPING, "clinic.toml")), declaration, room)
        publish(made, room.vocabularies)
        assert room.ledger is not None
        room.ledger.withdraw(f"{BASE}/dataset/clinic/d", "asked for")
    return folder / "home"


@pytest.fixture
def settings(published: Path, tmp_path: Path, overlay: Path) -> Settings:
    """The same in a copy."""
    shutil.copytree(published, tmp_path / "home")
    return Settings(base_iri=BASE, home=tmp_path / "home", overlay=overlay, _env_file=None)


def _events(settings: Settings) -> list[tuple[str, str]]:
    with Ledger.open(settings, read_only=True) as ledger:
        return [(event.kind, event.iri.rpartition("/")[2]) for event in ledger.events()]


def test_a_changed_vocabulary_updates_what_it_touches_and_revives_nothing(settings: Settings) -> None:
    before = _events(settings)
    assert settings.overlay is not None
    changed_trees.copy(settings.overlay)
    changed_trees.deprecate(settings.overlay)
    (dry,) = remap(settings, dry_run=True)
    assert dry.dry_run and dry.read == 3 and _events(settings) == before
    (report,) = remap(settings)
    assert (report.outcomes["updated"], report.outcomes["unchanged"], report.outcomes["deleted"]) == (1, 2, 0)
    assert _events(settings) == [*before, ("update", "b")]
    with Ledger.open(settings, read_only=True) as ledger:
        assert ledger.runs(limit=1)[0].source == "kept source records"


def test_what_a_gate_refuses_by_now_stays_published(settings: Settings) -> None:
    assert settings.overlay is not None
    before = _events(settings)
    changed_trees.copy(settings.overlay)
    changed_trees.shorten_list(settings.overlay)
    (report,) = remap(settings)
    assert report.outcomes["deleted"] == 0
    assert [event for event in _events(settings)[len(before) :] if event[0] == "delete"] == []
    with Ledger.open(settings, read_only=True) as ledger:
        assert ledger.state(f"{BASE}/dataset/clinic/a") == "published"


def test_a_record_that_cannot_be_read_is_told_and_kept(settings: Settings) -> None:
    with Ledger.open(settings) as ledger, ledger.writing("a test") as connection:
        first = schema.revision.c.id == 1
        connection.execute(update(schema.revision).where(first).values(source_record='{"other": 1}'))
    (report,) = remap(settings)
    assert (report.errors, report.outcomes["unchanged"], report.outcomes["deleted"]) == (1, 2, 0)
    assert "cannot be read" in report.faults[0].message


def test_a_repository_that_the_ledger_does_not_have_is_refused(settings: Settings) -> None:
    with pytest.raises(InputError, match="nothing of 'other'"):
        remap(settings, repository="other")


def test_a_release_says_how_often_concepts_are_used(settings: Settings) -> None:
    with Ledger.open(settings, read_only=True) as ledger:
        release = ledger.current_release()
    assert release is not None
    usage = Usage.read(release.path)
    assert usage is not None
    chest = usage.of(_CHEST)
    # The breast is a part of the chest.
    assert (chest.direct, chest.inclusive) == ({"clinic": 1}, {"clinic": 2})
    assert chest.datasets == tuple((f"{BASE}/dataset/clinic/{name}", f"Dataset {name}") for name in "ab")
    body = usage.of(_BODY)
    assert (body.direct, body.inclusive, body.total) == ({}, {"clinic": 2}, 2)
    assert usage.of("https://example.org/unused").total == 0
    assert json.loads((release.path / "usage.json").read_text())[_BODY]["inclusive"] == {"clinic": 2}
    assert Usage.read(release.path / "store") is None
