"""What happens when the input comes again: unchanged, and with one collection gone."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from tests.deployment import Deployment, serving

pytestmark = [pytest.mark.idc, pytest.mark.ci]


def _events(deployment: Deployment) -> list[dict[str, object]]:
    return [json.loads(line) for line in deployment.run("events", "list", "--json").stdout.splitlines()]


def _index_without(collection: str, folder: Path) -> Path:
    """The installed index with one collection taken out of its list of collections."""
    import idc_index_data
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    installed = Path(idc_index_data.__file__).parent
    folder.mkdir()
    for table in installed.glob("*.parquet"):
        if table.name != "collections_index.parquet":
            (folder / table.name).symlink_to(table)
    collections = pq.read_table(installed / "collections_index.parquet")
    kept = collections.filter(pc.not_equal(collections["collection_id"], collection))
    assert kept.num_rows == collections.num_rows - 1
    pq.write_table(kept, folder / "collections_index.parquet")
    return folder


def test_the_same_input_again_makes_no_event_and_no_release(copied: Deployment) -> None:
    before, ledger = _events(copied), (copied.home / "ledger.sqlite").stat().st_size
    copied.run("ingest", "idc", codes=(0, 1))
    assert _events(copied) == before
    assert (copied.home / "ledger.sqlite").stat().st_size - ledger < 100_000
    copied.run("publish")
    assert json.loads(copied.run("status", "--json").stdout)["release"] == 1


def test_a_collection_that_is_gone_is_one_delete_event_and_410(copied: Deployment, tmp_path: Path) -> None:
    before = _events(copied)
    index = _index_without("acrin_contralateral_breast_mr", tmp_path / "index")
    copied.run("ingest", "idc", "--index", str(index), codes=(0, 1))
    new = _events(copied)[len(before) :]
    assert [event["kind"] for event in new] == ["delete"]
    assert str(new[0]["iri"]).endswith("/dataset/idc/acrin_contralateral_breast_mr")
    copied.run("publish")
    with serving(copied, tmp_path / "log") as running:
        for suffix, accept in (("", "text/html"), ("", "text/turtle"), (".ttl", "*/*")):
            address = f"{running.url}/dataset/idc/acrin_contralateral_breast_mr{suffix}"
            assert httpx.get(address, headers={"Accept": accept}).status_code == 410
        assert httpx.get(f"{running.url}/dataset/idc/nlst.ttl").status_code == 200
        feed = httpx.get(f"{running.url}/catalog.nt?page=1", timeout=30).text
        assert "acrin_contralateral_breast_mr" not in feed
