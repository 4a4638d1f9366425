"""What a broad concept finds, against what the words of the sources say when they are read by hand.

The lists below were written by hand from all distinct values of the index; no vocabulary was used. A value that names
several regions is in the list of each; one that names the whole body is in none.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import Server
from tests.e2e.asking import DATASET, ask

pytestmark = pytest.mark.idc

#: Values of BodyPartExamined and terms of tumor_locations, in lower case.
ABDOMEN = frozenset(
    (
        *("abdomen", "abdomenpelvis", "bd ct abd wo_w c", "chestabdomen", "chestabdpelvis", "chest-abdomen-pelvis"),
        *("neckchestabdomen", "neckchestabdpelv", "adrenal", "adrenal gland", "adrenal glands", "bile duct"),
        *("gallbladder", "kidney", "liver", "pancreas", "retroperitoneum", "stomach", "colon", "small intestine"),
    )
)
PELVIS = frozenset(
    (
        *("pelvis", "abdomenpelvis", "chestabdpelvis", "chest-abdomen-pelvis", "neckchestabdpelv", "bonypelvis"),
        *("sspine", "coccyx", "anus", "rectum", "bladder", "bladder organ", "prostate", "prostate gland", "testicles"),
        *("cervix", "uterine cervix", "uterus", "body of uterus", "myometrium", "ovary", "vagina"),
    )
)
CHEST = frozenset(
    (
        *("chest", "thorax", "chest (thorax) w", "th ct chest wo c", "chestabdomen", "chestabdpelvis", "neckchest"),
        *("chest-abdomen-pelvis", "neckchestabdomen", "neckchestabdpelv", "lung", "heart", "mediastinum", "thymus"),
        *("esophagus", "breast", "left breast", "right breast"),
    )
)
NECK = frozenset(("neck", "neckchest", "neckchestabdomen", "neckchestabdpelv", "thyroid", "thyroid gland", "larynx"))
#: Terms of cancer_types, in lower case. "Non-Small Cell Carcinoma" without more is said of the lung alone.
LUNG_CANCER = frozenset(
    (
        *("lung cancer", "lung other", "lung adenocarcinoma", "lung squamous cell carcinoma"),
        *("non-small cell lung cancer", "non-small cell carcinoma", "small cell lung cancer"),
    )
)


def _terms(text: str | None) -> frozenset[str]:
    return frozenset(term.strip().lower() for term in (text or "").split(","))


@cache
def _collections() -> list[dict[str, Any]]:
    import idc_index_data
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = pq.read_table(
        Path(idc_index_data.__file__).parent / "collections_index.parquet",
        columns=["collection_id", "tumor_locations", "cancer_types"],
    ).to_pylist()
    return rows


def _examined() -> Iterator[tuple[str, str]]:
    """(collection or analysis result, body part) of the series; a collection has the series of its analyses too."""
    import idc_index_data
    import pyarrow.parquet as pq

    columns = ["collection_id", "analysis_result_id", "BodyPartExamined"]
    table = pq.read_table(Path(idc_index_data.__file__).parent / "idc_index.parquet", columns=columns)
    for row in table.group_by(columns).aggregate([]).to_pylist():
        for owner in (row["collection_id"], row["analysis_result_id"]):
            if owner:
                yield owner, (row["BodyPartExamined"] or "").strip().lower()


def _showing(parts: frozenset[str]) -> set[str]:
    found = {row["collection_id"] for row in _collections() if _terms(row["tumor_locations"]) & parts}
    return found | {owner for owner, part in _examined() if part in parts}


def _found(server: Server, path: str, concept: str) -> set[str]:
    query = f"""
        PREFIX radiograph: <https://w3id.org/radiograph/ontology#>
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT DISTINCT ?dataset WHERE {{ ?dataset {path} <https://w3id.org/radiograph/concept/{concept}> }}"""
    datasets = {row["dataset"] for row in ask(server, query)}
    return {iri.removeprefix(DATASET) for iri in datasets if iri.startswith(DATASET)}


@pytest.mark.parametrize(
    ("concept", "parts"),
    [
        ("anatomy/818981001", ABDOMEN),
        ("anatomy/816092008", PELVIS),
        ("anatomy/816094009", CHEST),
        ("anatomy/45048000", NECK),
    ],
    ids=["abdomen", "pelvis", "chest", "neck"],
)
def test_a_region_finds_its_parts_and_the_regions_it_is_a_part_of(
    server: Server, concept: str, parts: frozenset[str]
) -> None:
    expected = _showing(parts)
    assert expected
    assert _found(server, "radiograph:bodyPart/skos:broader*", concept) == expected
    assert _found(server, "radiograph:bodyPart/^skos:narrower*", concept) == expected


def test_lung_cancer_finds_its_subtypes(server: Server) -> None:
    expected = {row["collection_id"] for row in _collections() if _terms(row["cancer_types"]) & LUNG_CANCER}
    assert len(expected) > 20
    assert _found(server, "radiograph:condition/skos:broader*", "cancer/LUNG") == expected
