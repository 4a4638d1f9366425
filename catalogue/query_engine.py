"""Which engine answers queries: the workers on this machine, or the external store that the settings name."""

from __future__ import annotations

from catalogue.remote.declaration import remote_store
from catalogue.remote.queries import RemoteQueries
from catalogue.store.pool import QueryPool
from catalogue.store.querying import QueryEngine
from core.settings import Settings


def query_engine(settings: Settings, *, for_one_query: bool = False) -> QueryEngine:
    """The engine of the settings, with nothing started yet; one that is for one query keeps no worker in reserve.

    Raises:
        SettingsError: the declaration of the external store is broken.
    """
    external = remote_store(settings)
    if external is not None:
        return RemoteQueries(settings, external)
    if for_one_query:
        return QueryPool(settings.model_copy(update={"workers": 1}), spares=0)
    return QueryPool(settings)
