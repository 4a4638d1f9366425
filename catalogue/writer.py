"""Brings the writer store to the content of a release: by the events since the last one, or anew."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection

from catalogue.content import ReleaseContent, description_graph
from catalogue.release import Release, Touched, event_time, touched_descriptions, upcoming_of
from catalogue.remote.declaration import remote_store
from catalogue.remote.location import LOCATION
from catalogue.remote.switch import RemoteRelease, is_served
from catalogue.store.embedded import EmbeddedStore, remove_store
from catalogue.store.marker import Marker
from core.settings import Settings

#: Description graphs an update transaction replaces.
_CHUNK = 200
#: Above this share of changed descriptions, loading an empty store is faster than updating the old one.
_LARGE_SHARE = 0.25
#: Below this number updating is fast enough in any case.
_SMALL_NUMBER = 500


class ReleaseStore(AbstractContextManager["ReleaseStore"], Protocol):
    """What a release's folder is made from, whatever the engine."""

    def checkpoint(self, path: Path) -> int:
        """Make ``store/`` of a release in the missing folder ``path``; returns how many triples it stands for."""


def prepare_store(
    settings: Settings, connection: Connection, content: ReleaseContent, previous: Release | None
) -> ReleaseStore:
    """Open the writer store with, or for, the content of the next release.

    The embedded one is used as it is where it holds the previous release, or an attempt at the next; else a new one
    is loaded. An external one is written to at the checkpoint.

    Raises:
        StoreError: another program has the store open, it is damaged, cannot be reached, or is not ours.
        SettingsError: the declaration of the external store is broken.
        OSError: the disk is full.
    """
    remote = remote_store(settings)
    if remote is not None:
        return RemoteRelease(settings, remote, connection, content, previous, anew=False)
    path = settings.store_path
    if previous is None or not path.exists():
        return _fill(path, content)
    touched = touched_descriptions(connection, previous.event)
    if len(touched) > max(_SMALL_NUMBER, _LARGE_SHARE * previous.datasets):
        return _fill(path, content)
    _remove_old_logs(path)
    store = EmbeddedStore(path, content.identifiers)
    marker = store.marker()
    if marker is None or not _belongs(marker, connection, content, previous):
        store.close()
        return _fill(path, content)
    _apply(store, marker, connection, content, touched)
    return store


def fill_store(settings: Settings, connection: Connection, content: ReleaseContent, current: Release) -> ReleaseStore:
    """Open the writer store for the content of the current release, and load it anew.

    Raises:
        StoreError, SettingsError, OSError: as for ``prepare_store``.
    """
    remote = remote_store(settings)
    if remote is not None:
        return RemoteRelease(settings, remote, connection, content, current, anew=True)
    return _fill(settings.store_path, content)


def is_intact(settings: Settings, release: Release, ledger: str) -> bool:
    """Whether a release is there to be served, on the engine that is chosen.

    Raises:
        StoreError: the external store cannot be asked.
        SettingsError: its declaration is broken.
    """
    remote = remote_store(settings)
    if remote is not None:
        return release.path.exists() and is_served(settings, remote, release, ledger)
    return release.path.exists() and not (release.path / "store" / LOCATION).exists()


def _fill(path: Path, content: ReleaseContent) -> EmbeddedStore:
    """Load a new store aside, put it in the place of the old one, and open it."""
    aside = path.with_name(f"{path.name}.new")
    remove_store(aside)
    with EmbeddedStore(aside, content.identifiers) as store:
        store.load(content.everything(), content.marker)
    remove_store(path)
    aside.rename(path)
    return EmbeddedStore(path, content.identifiers)


def _remove_old_logs(path: Path) -> None:
    """RocksDB puts its log of each opening aside and keeps a thousand of them: more bytes than many a catalogue."""
    for log in path.glob("LOG.old.*"):
        log.unlink(missing_ok=True)


def _belongs(marker: Marker, connection: Connection, content: ReleaseContent, previous: Release) -> bool:
    """Whether the store's history is this ledger's, up to the previous release or on the way to the next."""
    return (
        marker.ledger == content.ledger
        and marker.release in (previous.number, content.number)
        and previous.event <= marker.event <= content.event
        and marker.event_at == event_time(connection, marker.event)
    )


def _apply(
    store: EmbeddedStore, marker: Marker, connection: Connection, content: ReleaseContent, touched: list[Touched]
) -> None:
    """Replace what changed, a chunk a transaction; the marker moves with each."""
    identifiers = content.identifiers
    for start in range(0, len(touched), _CHUNK):
        chunk = touched[start : start + _CHUNK]
        graphs: dict[str, bytes | None] = {str(identifiers.record(t.repository, t.identifier)): None for t in chunk}
        for description in upcoming_of(connection, [t.iri for t in chunk], content.created):
            name, ntriples = description_graph(description, identifiers)
            graphs[name] = ntriples
        event = chunk[-1].event
        store.replace(graphs, _moved(marker, content, event, event_time(connection, event)))
    changed: dict[str, bytes | None] = dict.fromkeys(marker.graphs.keys() - content.marker.graphs.keys())
    changed |= {
        name: content.graphs[name]
        for name, digest in content.marker.graphs.items()
        if marker.graphs.get(name) != digest
    }
    store.replace(changed, content.marker)


def _moved(marker: Marker, content: ReleaseContent, event: int, event_at: str) -> Marker:
    return Marker(content.ledger, content.number, event, event_at, content.created, marker.graphs)
