"""The content of a release that was made, out of the ledger, and a store to ask about it, wherever it is kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph
from sqlalchemy import Connection

from catalogue.content import ReleaseContent, graph_content, released_graphs
from catalogue.ledger import Ledger
from catalogue.release import Release, each_member, event_time
from catalogue.remote.location import LOCATION
from catalogue.store.embedded import EmbeddedStore
from core.errors import StoreError
from core.identifiers import Identifiers
from core.settings import Settings


def released_content(connection: Connection, release: Release, ledger: str, identifiers: Identifiers) -> ReleaseContent:
    """All that a release consists of; descriptions are read while ``connection`` is open."""
    graphs = released_graphs(connection, release.number)
    return ReleaseContent(
        number=release.number,
        created=release.created,
        event=release.event,
        event_at=event_time(connection, release.event),
        ledger=ledger,
        background={name: graph_content(connection, digest) for name, digest in graphs.items()},
        descriptions=lambda: each_member(connection, release.number),
        identifiers=identifiers,
    )


@contextmanager
def readable_store(settings: Settings, release: Release) -> Iterator[pyoxigraph.Store]:
    """A release's checkpoint; of one on an external store, a copy made from the ledger for the time of the block.

    Raises:
        StoreError: the checkpoint cannot be opened, or the copy not be made.
    """
    path = release.path / "store"
    if not (path / LOCATION).exists():
        yield _opened(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "store"
        with (
            Ledger.open(settings, read_only=True) as ledger,
            ledger.engine.connect() as connection,
            EmbeddedStore(copy, settings.identifiers) as store,
        ):
            content = released_content(connection, release, ledger.id, settings.identifiers)
            store.load(content.everything(), content.marker)
        yield _opened(copy)


def _opened(path: Path) -> pyoxigraph.Store:
    try:
        return pyoxigraph.Store.read_only(str(path))
    except (OSError, RuntimeError) as error:
        remedy = "run `radiograph store rebuild`"
        raise StoreError(f"the checkpoint cannot be opened: {error}", where=str(path), remedy=remedy) from error
