"""Publishing: from the ledger's events to a numbered, immutable release.

Everything is made aside and forced onto the disk; one ledger transaction is the switch. A crash at any point
before it leaves the last release serving, and the next publication cleans up and starts over.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import OperationalError

from catalogue import schema
from catalogue.assembly import Assembled, assemble, clean, damage
from catalogue.content import ReleaseContent, background_graphs, keep_graphs, released_graphs
from catalogue.ledger import Ledger
from catalogue.quality import GRAPH as QUALITY
from catalogue.release import (
    Changes,
    Release,
    commit_release,
    drop_releases,
    each_upcoming,
    event_time,
    pending_changes,
    read_releases,
)
from catalogue.released import released_content
from catalogue.remote.location import is_blocked
from catalogue.revisions import Revisions
from catalogue.run import live_descriptions
from catalogue.store.embedded import remove_store
from catalogue.writer import ReleaseStore, fill_store, is_intact, prepare_store
from core.errors import RadiographError, ReleaseError, SearchError, StoreError
from core.settings import Settings
from ontology.vocabulary import Vocabularies

#: A running service answers from the release before until it has seen the new one.
_FEWEST_KEPT = 2

Progress = Callable[[str], object]


def silent(stage: str) -> None:
    """Tell nobody."""


def publish(
    settings: Settings, vocabularies: Vocabularies, *, allow_shrink: bool = False, progress: Progress = silent
) -> Release:
    """Release what the ledger holds; returns the current release where there is nothing new.

    ``progress`` is told the name of each stage.

    Raises:
        ReleaseError: it would lose too many datasets, the disk is full, another program has the writer store open,
            or the store is damaged; the last release goes on serving.
        LedgerError: somebody else is writing.
    """
    with Ledger.open(settings) as ledger, ledger.writing("publishing") as connection:
        return _Publication(ledger, connection, vocabularies, progress).publish(allow_shrink=allow_shrink)


def rollback(settings: Settings, vocabularies: Vocabularies, number: int, *, progress: Progress = silent) -> Release:
    """Publish the descriptions of an earlier release as a new one, with the events that lead back to it.

    Vocabularies and the repositories' own descriptions stay as they are now. Drafts and rejected candidates of
    descriptions that change give way; the next run brings them again.

    Raises:
        ReleaseError: there is no such release, or it was dropped.
        LedgerError: somebody else is writing.
    """
    with Ledger.open(settings) as ledger, ledger.writing(f"rollback to release {number}") as connection:
        _restore_members(connection, number)
        return _Publication(ledger, connection, vocabularies, progress).publish(allow_shrink=True)


def rebuild_store(settings: Settings, vocabularies: Vocabularies, *, progress: Progress = silent) -> Release | None:
    """Make the writer store again from the ledger alone, and the current release's folder where it is damaged.

    The release keeps its number and content. Returns it, or None where there is none yet.

    Raises:
        ReleaseError: the disk is full.
        LedgerError: somebody else is writing.
    """
    with Ledger.open(settings) as ledger, ledger.writing("rebuilding the store") as connection:
        return _Publication(ledger, connection, vocabularies, progress).rebuild()


class _Publication:
    """One publication, under the writer lock and inside one ledger transaction."""

    def __init__(self, ledger: Ledger, connection: Connection, vocabularies: Vocabularies, progress: Progress) -> None:
        self._settings = ledger.settings
        self._connection = connection
        self._vocabularies = vocabularies
        self._progress = progress
        self._ledger_id = ledger.id
        self._previous = next(iter(read_releases(connection, self._settings.releases_path, limit=1)), None)

    def publish(self, *, allow_shrink: bool) -> Release:
        """Make the next release, if there is anything to release."""
        with self._cleaning_up():
            changes = pending_changes(self._connection)
            background = background_graphs(self._connection, self._settings, self._vocabularies)
            digests = keep_graphs(self._connection, background)
            if self._previous is not None and not self._differs(self._previous, changes, digests):
                intact = is_intact(self._settings, self._previous, self._ledger_id)
                return self._previous if intact else self.rebuild() or self._previous
            if not allow_shrink:
                _refuse_shrinking(changes, self._settings.max_shrink)
            self._release(changes, background, digests)
        self._drop_old()
        return read_releases(self._connection, self._settings.releases_path, limit=1)[0]

    def _differs(self, previous: Release, changes: Changes, digests: dict[str, str]) -> bool:
        """Whether there is anything new; new reports on what stays as it is wait for the next release."""
        quality = str(self._settings.identifiers.graph(QUALITY))
        released = released_graphs(self._connection, previous.number) | {quality: digests[quality]}
        return changes.changed > 0 or digests != released

    def _release(self, changes: Changes, background: dict[str, bytes], digests: dict[str, str]) -> None:
        connection, previous, created = self._connection, self._previous, datetime.now(UTC)
        content = ReleaseContent(
            number=previous.number + 1 if previous else 1,
            created=created,
            event=changes.event,
            event_at=event_time(connection, changes.event),
            ledger=self._ledger_id,
            background=background,
            descriptions=lambda: each_upcoming(connection, created),
            identifiers=self._settings.identifiers,
        )
        self._progress("triple store")
        with prepare_store(self._settings, connection, content, previous) as store:
            assembled = self._assemble(store, content)
        assembled.install()
        commit_release(connection, self._row(content, assembled), digests)
        connection.commit()

    def rebuild(self) -> Release | None:
        """Make the store, and where need be the folder, of the current release again."""
        release, connection = self._previous, self._connection
        if release is None:
            remove_store(self._settings.store_path)
            return None
        content = released_content(connection, release, self._ledger_id, self._settings.identifiers)
        table = schema.release
        this = table.c.number == release.number
        manifest = connection.execute(select(table.c.manifest).where(this)).scalar_one()
        with self._cleaning_up():
            self._progress("triple store")
            with fill_store(self._settings, connection, content, release) as store:
                if self._is_whole(release, manifest):
                    return release
                assembled = self._assemble(store, content)
            assembled.install()
            connection.execute(update(table).where(this).values(manifest=assembled.manifest))
        return release

    def _is_whole(self, release: Release, manifest: str) -> bool:
        """Whether the folder can stay as it is; one that stands for an external store names what is filled anew."""
        if self._settings.store != "embedded" or not is_intact(self._settings, release, self._ledger_id):
            return False
        return damage(release.path, manifest) is None

    def _assemble(self, store: ReleaseStore, content: ReleaseContent) -> Assembled:
        self._progress("search index and counts")
        table = schema.repository.c
        titles = {row.id: row.title for row in self._connection.execute(select(table.id, table.title))}
        return assemble(self._settings.releases_path, store, content, self._vocabularies, titles)

    def _row(self, content: ReleaseContent, assembled: Assembled) -> dict[str, object]:
        return {
            "number": content.number,
            "created": content.created,
            "event": content.event,
            "triples": assembled.triples,
            "links": len(content.links),
            "datasets": assembled.datasets,
            "vocabularies": self._vocabularies.digest,
            "manifest": assembled.manifest,
        }

    def _drop_old(self) -> None:
        numbers = drop_releases(self._connection, max(self._settings.keep_releases, _FEWEST_KEPT))
        self._connection.commit()
        for number in numbers:
            shutil.rmtree(self._settings.releases_path / str(number), ignore_errors=True)

    @contextmanager
    def _cleaning_up(self) -> Iterator[None]:
        """Remove leftovers before and, where writing fails, after, and say what can be done."""
        current = self._previous.number if self._previous else 0
        clean(self._settings.releases_path, current)
        try:
            yield
        except (OSError, OperationalError, SearchError, StoreError) as error:
            self._connection.rollback()
            clean(self._settings.releases_path, current)
            reason = error.message if isinstance(error, RadiographError) else str(error)
            if isinstance(error, StoreError) and error.where:
                reason = f"{reason} [{error.where}]"
            own = error.remedy if isinstance(error, StoreError) else None
            blocked = self._previous is not None and is_blocked(self._settings, self._previous)
            state = "queries are answered with 503 until it is" if blocked else "the last one goes on serving"
            raise ReleaseError(
                f"the release could not be written, {state}: {reason}",
                where=str(self._settings.home),
                remedy=own or "free space on the disk and try again",
            ) from error


def _refuse_shrinking(changes: Changes, max_shrink: float) -> None:
    if changes.before and changes.lost / changes.before > max_shrink:
        raise ReleaseError(
            f"the release would lose {changes.lost} of {changes.before} published datasets; "
            f"at most {max_shrink:.0%} may go at once",
            where="RADIOGRAPH_MAX_SHRINK",
            remedy="check the last runs; if the datasets are really gone, publish with --allow-shrink",
        )


def _restore_members(connection: Connection, number: int) -> None:
    """Write the events that lead from the upcoming content back to that of an earlier release."""
    release = schema.release.c
    row = connection.execute(select(release.dropped).where(release.number == number)).first()
    if row is None or row.dropped:
        kept = connection.execute(select(release.number).where(release.dropped.is_(False)).order_by(release.number))
        numbers = ", ".join(str(kept_number) for kept_number in kept.scalars()) or "none"
        problem = "was dropped" if row else "does not exist"
        raise ReleaseError(f"release {number} {problem}", remedy=f"releases kept on disk: {numbers}")
    member = schema.release_member.c
    query = select(member.iri, member.revision).where(member.release == number)
    members = {row.iri: row.revision for row in connection.execute(query)}
    revisions = Revisions(connection, reason=f"rollback to release {number}")
    for absent in live_descriptions(connection, None, without=members):
        revisions.delete(absent, keep_rejected=True)
    for iri, revision in members.items():
        live = revisions.live(iri)
        if live is not None:
            revisions.restore(live, revision)
