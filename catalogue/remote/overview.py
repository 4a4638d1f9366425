"""What each endpoint of an external store holds, and which one is served: for `radiograph store show`."""

from __future__ import annotations

from dataclasses import dataclass

from catalogue.release import Release
from catalogue.remote.declaration import RemoteStore
from catalogue.remote.location import Switching
from catalogue.remote.switch import current_endpoint
from catalogue.remote.writer import RemoteWriter
from core.errors import StoreError
from core.settings import Settings


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """One endpoint. ``release`` and ``triples`` are what it says itself; ``problem`` why it could not be asked."""

    name: str
    serving: bool
    ready: bool
    release: int | None
    triples: int | None
    problem: str | None


def overview(settings: Settings, declaration: RemoteStore, current: Release | None) -> list[EndpointStatus]:
    """Ask each endpoint.

    Raises:
        SettingsError: the secret cannot be read.
    """
    serving = current_endpoint(settings, declaration, current)
    switching = Switching.read(settings.releases_path)
    found = []
    for endpoint in declaration.endpoint:
        is_serving = endpoint == serving
        release = triples = problem = None
        try:
            with RemoteWriter(declaration, endpoint, settings.identifiers) as writer:
                marker, triples = writer.marker(), len(writer)
            release = marker.release if marker is not None else None
        except StoreError as error:
            problem = error.message
        blocked = current is not None and switching is not None and switching.blocks(endpoint.name, current.number)
        ready = is_serving and current is not None and release == current.number and not blocked
        found.append(EndpointStatus(endpoint.name, is_serving, ready, release, triples, problem))
    return found
