"""Which engine answers queries, as the settings say."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from catalogue.query_engine import query_engine
from catalogue.remote.queries import RemoteQueries
from catalogue.store.pool import QueryPool
from catalogue.store.querying import QueryEngine
from core.errors import SettingsError
from core.settings import Settings
from tests.catalogue.home import make_settings


async def _engine(settings: Settings, *, for_one_query: bool = False) -> QueryEngine:
    return query_engine(settings, for_one_query=for_one_query)


def test_workers_answer_where_no_other_store_is_named(tmp_path: Path) -> None:
    settings = make_settings(tmp_path, workers=3)
    for for_one_query, workers in ((False, 3), (True, 1)):
        engine = asyncio.run(_engine(settings, for_one_query=for_one_query))
        assert isinstance(engine, QueryPool) and engine.status().workers == workers


def test_an_external_store_answers_where_one_is_named(tmp_path: Path) -> None:
    declared = tmp_path / "store.toml"
    declared.write_text(
        'kind = "sparql11"\n[[endpoint]]\nname = "a"\nquery = "http://127.0.0.1:1/q"\nupdate = "http://127.0.0.1:1/u"\n'
    )
    for for_one_query in (False, True):
        engine = asyncio.run(_engine(make_settings(tmp_path, store=declared), for_one_query=for_one_query))
        assert isinstance(engine, RemoteQueries)
    declared.write_text("kind = ")
    with pytest.raises(SettingsError, match="not TOML"):
        asyncio.run(_engine(make_settings(tmp_path, store=declared)))
