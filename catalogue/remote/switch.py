"""Brings an external store to the content of a release: by the events since its marker, or anew.

With two endpoints the one that is not serving is written to. With one, services are told first, and answer 503 until
the ledger has the release. An endpoint that was cut short is not used until a publication or a rebuild has mended it.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Self

from sqlalchemy import Connection

from catalogue.content import ReleaseContent, description_graph
from catalogue.release import Release, event_time, touched_descriptions, upcoming_of
from catalogue.remote.declaration import Endpoint, RemoteStore
from catalogue.remote.location import Location, Switching
from catalogue.remote.writer import RemoteWriter
from catalogue.store.marker import Marker
from core.errors import StoreError
from core.settings import Settings

#: Descriptions read at a time, and then written with one new marker.
_CHUNK = 200
#: Seconds in which every service has followed the ledger to a new release.
_FOLLOWING = 3.0


class RemoteRelease:
    """A release on its way to an endpoint. Nothing is written before ``checkpoint``, and that comes last."""

    def __init__(
        self,
        settings: Settings,
        declaration: RemoteStore,
        connection: Connection,
        content: ReleaseContent,
        previous: Release | None,
        *,
        anew: bool,
    ) -> None:
        """Choose the endpoint, and see that it can be reached, written to, and is ours.

        Raises:
            StoreError: it is not; nothing was changed.
            SettingsError: the secret cannot be read.
        """
        self._settings = settings
        self._declaration = declaration
        self._connection = connection
        self._content = content
        self._previous = previous
        self.endpoint = target(settings, declaration, previous)
        self._writer = RemoteWriter(declaration, self.endpoint, content.identifiers)
        try:
            self._writer.check()
            marker = _own_marker(self._writer, content)
        except BaseException:
            self._writer.close()
            raise
        self._marker = None if anew else marker

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def checkpoint(self, path: Path) -> int:
        """Write the release to the endpoint, and where it is into the missing folder ``path``; returns its triples.

        Raises:
            StoreError: the store failed, or does not hold what it was sent.
        """
        content = self._content
        # All that takes time without the store comes before the switch.
        whole = content.marker
        self._announce()
        since = self._since()
        if self._marker is not None and since is not None:
            self._apply(self._marker, since)
        else:
            self._writer.clear()
            self._writer.load(content.everything(), whole)
        if self._writer.marker() != whole:
            raise StoreError("the store does not say what it was told last", where=self._writer.where)
        triples = len(self._writer)
        Location(self.endpoint.name, content.number, content.ledger, content.event).write(path)
        Switching(self.endpoint.name, content.number, complete=True).write(self._settings.releases_path)
        return triples

    def _announce(self) -> None:
        """Tell the services, and wait until none can be reading from the endpoint any more."""
        Switching(self.endpoint.name, self._content.number, complete=False).write(self._settings.releases_path)
        if self._previous is None:
            return
        if len(self._declaration.endpoint) == 1:
            time.sleep(self._declaration.grace)
            return
        # The release before the last is on this endpoint; queries that began on it end with their deadline.
        try:
            made = (self._previous.path / "store").stat().st_mtime
        except OSError:
            return
        longest = self._settings.query_timeout + _FOLLOWING
        time.sleep(min(max(0.0, made + longest - time.time()), longest))

    def _since(self) -> int | None:
        """The event after which all changes lead from what the endpoint holds to the release; None if none does."""
        content, marker = self._content, self._marker
        if marker is None or marker.release > content.number or marker.event > content.event:
            return None
        if marker.event_at != event_time(self._connection, marker.event):
            return None
        if marker.release < content.number:
            return marker.event
        # An attempt at this very release: what it brought in bears the time of that attempt.
        return min(marker.event, self._previous.event) if self._previous is not None else None

    def _apply(self, base: Marker, since: int) -> None:
        """Replace what changed since; until all is done the marker claims no more than what did not change."""
        content, writer = self._content, self._writer
        upcoming = content.marker
        # A graph whose state is not known has no hash, so that a second attempt replaces or removes it.
        unchanged = {
            name: base.graphs[name] if base.graphs.get(name) == upcoming.graphs.get(name) else ""
            for name in base.graphs.keys() | upcoming.graphs.keys()
        }
        at = event_time(self._connection, since)
        underway = Marker(content.ledger, content.number, since, at, content.created, unchanged)
        writer.replace({}, underway)
        touched = touched_descriptions(self._connection, since)
        for start in range(0, len(touched), _CHUNK):
            chunk = touched[start : start + _CHUNK]
            names = (str(content.identifiers.record(one.repository, one.identifier)) for one in chunk)
            graphs: dict[str, bytes | None] = dict.fromkeys(names)
            for description in upcoming_of(self._connection, [one.iri for one in chunk], content.created):
                name, ntriples = description_graph(description, content.identifiers)
                graphs[name] = ntriples
            writer.replace(graphs, underway)
        changed = {name: content.graphs.get(name) for name, digest in unchanged.items() if not digest}
        writer.replace(changed, upcoming)


def target(settings: Settings, declaration: RemoteStore, previous: Release | None) -> Endpoint:
    """The endpoint to write the next release to: the one that does not hold the previous one, if there are two."""
    holder = current_endpoint(settings, declaration, previous)
    return next((endpoint for endpoint in declaration.endpoint if endpoint != holder), declaration.endpoint[0])


def current_endpoint(settings: Settings, declaration: RemoteStore, release: Release | None) -> Endpoint | None:
    """The endpoint that a release is on; None where it is on none of those declared."""
    if release is None:
        return None
    location = Location.read(release.path / "store")
    if location is not None:
        return declaration.named(location.endpoint)
    written = Switching.read(settings.releases_path)
    lost = written is not None and written.complete and written.release == release.number
    return declaration.named(written.endpoint) if written is not None and lost else None


def is_served(settings: Settings, declaration: RemoteStore, release: Release, ledger: str) -> bool:
    """Whether an endpoint holds a release, whole.

    Raises:
        StoreError: the endpoint cannot be asked.
    """
    location = Location.read(release.path / "store")
    endpoint = declaration.named(location.endpoint) if location is not None else None
    switching = Switching.read(settings.releases_path)
    if endpoint is None or (switching is not None and switching.blocks(endpoint.name, release.number)):
        return False
    with RemoteWriter(declaration, endpoint, settings.identifiers) as writer:
        marker = writer.marker()
    return marker is not None and (marker.ledger, marker.release, marker.event) == (
        ledger,
        release.number,
        release.event,
    )


def _own_marker(writer: RemoteWriter, content: ReleaseContent) -> Marker | None:
    """The marker of a store that is empty or ours."""
    base = content.identifiers.base
    foreign = sorted(name for name in writer.graph_names() if name != base and not name.startswith(f"{base}/"))
    if foreign:
        raise StoreError(
            f"the store holds {len(foreign):,} graphs that are not of this catalogue, such as {foreign[0]}",
            where=writer.where,
            remedy="give the catalogue a store of its own, or empty this one",
        )
    marker = writer.marker()
    if marker is not None and marker.ledger != content.ledger:
        raise StoreError(
            "the store holds another catalogue with the same base IRI",
            where=writer.where,
            remedy="use another store; if that catalogue is given up, remove all graphs from this one",
        )
    return marker
