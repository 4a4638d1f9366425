"""Questions that portal integrators ask, through SPARQLWrapper, and the same worked out from the source tables.

The expectations below are computed from the parquet files of the index with nothing of Radiograph in between: its
vocabularies, its counts and its store are what is tested.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import ROOT, Server

pytestmark = pytest.mark.idc

DATASET = "http://127.0.0.1:8000/dataset/idc/"
ANNOTATION_MODALITIES = frozenset(
    ("SEG", "SR", "RTSTRUCT", "RTDOSE", "RTPLAN", "ANN", "M3D", "REG", "PR", "KO", "FID", "RWV", "PMAP", "OT")
)

#: First words of a Manufacturer value, in lower case, to the maker: by hand, from the distinct values of the index.
MAKERS = {
    "ge": "GE",
    "siemens": "Siemens",
    "philips": "Philips",
    "toshiba": "Canon",
    "canon": "Canon",
    "hitachi": "Hitachi",
    "hologic": "Hologic",
}


def ask(server: Server, query: str) -> list[dict[str, str]]:
    """Put a SELECT query to the service and return its rows as plain text."""
    from SPARQLWrapper import JSON, SPARQLWrapper

    wrapper = SPARQLWrapper(f"{server.url}/sparql", returnFormat=JSON)
    wrapper.setTimeout(60)
    wrapper.setQuery(query)
    answer: Any = wrapper.queryAndConvert()
    return [{name: cell["value"] for name, cell in row.items()} for row in answer["results"]["bindings"]]


def example(name: str) -> str:
    return (ROOT / "api" / "queries" / name).read_text(encoding="utf-8")


@cache
def _series() -> list[dict[str, Any]]:
    """Distinct (collection, analysis result, modality, body part, manufacturer, patient) of the series index."""
    import idc_index_data
    import pyarrow.parquet as pq

    columns = ["collection_id", "analysis_result_id", "Modality", "BodyPartExamined", "Manufacturer", "PatientID"]
    table = pq.read_table(Path(idc_index_data.__file__).parent / "idc_index.parquet", columns=columns)
    rows: list[dict[str, Any]] = table.group_by(columns).aggregate([]).to_pylist()
    return rows


@cache
def _collections() -> dict[str, dict[str, Any]]:
    import idc_index_data
    import pyarrow.parquet as pq

    table = pq.read_table(Path(idc_index_data.__file__).parent / "collections_index.parquet")
    return {row["collection_id"]: row for row in table.to_pylist()}


def _breast_mr_over_500() -> set[str]:
    patients: dict[str, set[str]] = {}
    with_mr: set[str] = set()
    with_breast = {name for name, row in _collections().items() if "breast" in (row["tumor_locations"] or "").lower()}
    for row in _series():
        patients.setdefault(row["collection_id"], set()).add(row["PatientID"])
        if row["Modality"] == "MR":
            with_mr.add(row["collection_id"])
        if "breast" in (row["BodyPartExamined"] or "").lower():
            with_breast.add(row["collection_id"])
    return {name for name in with_mr & with_breast if len(patients[name]) > 500}


def _annotations_of() -> dict[str, set[str]]:
    """Collection to the analysis results on it, by what they declare and by the rows."""
    import idc_index_data
    import pyarrow.parquet as pq

    found: dict[str, set[str]] = {}
    table = pq.read_table(Path(idc_index_data.__file__).parent / "analysis_results_index.parquet")
    for row in table.to_pylist():
        for collection in (row["collections"] or "").split(","):
            found.setdefault(collection.strip(), set()).add(row["analysis_result_id"])
    for row in _series():
        if row["analysis_result_id"]:
            found.setdefault(row["collection_id"], set()).add(row["analysis_result_id"])
    return found


def test_breast_mr_with_more_than_500_subjects_and_their_annotation_sets(server: Server) -> None:
    rows = ask(server, example("1-breast-mr.rq"))
    answered: dict[str, set[str]] = {}
    for row in rows:
        if row["dataset"].startswith(DATASET):
            sets = answered.setdefault(row["dataset"].removeprefix(DATASET), set())
            if "annotations" in row:
                sets.add(row["annotations"].removeprefix(DATASET))
    expected = _breast_mr_over_500()
    assert expected, "the index has such collections"
    images = {name: sets for name, sets in answered.items() if name in _collections()}
    assert images == {name: _annotations_of().get(name, set()) for name in expected}


@pytest.mark.parametrize("collection", ["nlst", "prostatex", "tcga_brca"])
def test_annotations_derived_from_a_collection(server: Server, collection: str) -> None:
    rows = ask(server, example("2-derived-from-nlst.rq").replace('"/nlst"', f'"/{collection}"'))
    expected = _annotations_of().get(collection, set())
    assert {row["annotations"].removeprefix(DATASET) for row in rows} == expected
    assert expected


def test_datasets_with_three_or_more_scanner_vendors(server: Server) -> None:
    """Where three great makers appear by name it must be answered, and none with fewer than three strings may be."""
    rows = ask(server, example("3-many-vendors.rq"))
    answered = {row["dataset"].removeprefix(DATASET) for row in rows if row["dataset"].startswith(DATASET)}
    makers: dict[str, set[str]] = {}
    strings: dict[str, set[str]] = {}
    for row in _series():
        if row["Modality"] in ANNOTATION_MODALITIES or not row["Manufacturer"]:
            continue
        name = row["Manufacturer"].strip().lower()
        strings.setdefault(row["collection_id"], set()).add(name)
        maker = MAKERS.get(name.replace("-", " ").split()[0] if name.split() else "")
        if maker:
            makers.setdefault(row["collection_id"], set()).add(maker)
    sure = {collection for collection, found in makers.items() if len(found) >= 3}
    possible = {collection for collection, found in strings.items() if len(found) >= 3}
    assert sure
    assert sure <= answered
    assert answered & set(_collections()) <= possible
