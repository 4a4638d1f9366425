"""The Imaging Data Commons read straight from the parquet files of its index, with nothing of Radiograph in between."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

Row = dict[str, Any]

ANNOTATION_MODALITIES = frozenset(
    ("SEG", "SR", "RTSTRUCT", "RTDOSE", "RTPLAN", "ANN", "M3D", "REG", "PR", "KO", "FID", "RWV", "PMAP", "OT")
)


def rows(table: str, *columns: str) -> list[Row]:
    """The rows of one file; of some columns only those that are distinct, with their number as ``count``."""
    import idc_index_data
    import pyarrow.parquet as pq

    path = Path(idc_index_data.__file__).parent / f"{table}.parquet"
    if not columns:
        found: list[Row] = pq.read_table(path).to_pylist()
        return found
    grouped = pq.read_table(path, columns=list(columns)).group_by(list(columns)).aggregate([([], "count_all")])
    found = grouped.to_pylist()
    return [row | {"count": row["count_all"]} for row in found]


@cache
def series() -> list[Row]:
    """The series by what the tests ask of them."""
    columns = ("collection_id", "analysis_result_id", "Modality", "BodyPartExamined", "Manufacturer", "PatientID")
    return rows("idc_index", *columns)


@cache
def collections() -> dict[str, Row]:
    return {row["collection_id"]: row for row in rows("collections_index")}


@cache
def analyses() -> dict[str, Row]:
    return {row["analysis_result_id"]: row for row in rows("analysis_results_index")}


@cache
def annotations_of() -> dict[str, set[str]]:
    """Collection to the analysis results on it, by what they declare and by the series."""
    found: dict[str, set[str]] = {}
    for row in analyses().values():
        for collection in (row["collections"] or "").split(","):
            found.setdefault(collection.strip(), set()).add(row["analysis_result_id"])
    for row in series():
        if row["analysis_result_id"]:
            found.setdefault(row["collection_id"], set()).add(row["analysis_result_id"])
    return found


@cache
def patients() -> dict[str, int]:
    """How many patients a collection has."""
    found: dict[str, set[str]] = {}
    for row in series():
        found.setdefault(row["collection_id"], set()).add(row["PatientID"])
    return {name: len(ids) for name, ids in found.items()}


def with_modality(modality: str) -> set[str]:
    """The collections that have series of a modality."""
    return {row["collection_id"] for row in series() if row["Modality"] == modality}


def words(text: str | None) -> frozenset[str]:
    """The terms of a list in one cell, in lower case."""
    return frozenset(term.strip().lower() for term in (text or "").split(","))


def with_cancer(*terms: str) -> set[str]:
    """The collections that name one of these cancers, in lower case."""
    return {name for name, row in collections().items() if words(row["cancer_types"]) & set(terms)}


def with_part(*terms: str) -> set[str]:
    """The collections and analysis results that name one of these body parts, in lower case, or were taken of one."""
    found = {name for name, row in collections().items() if words(row["tumor_locations"]) & set(terms)}
    for row in series():
        if (row["BodyPartExamined"] or "").strip().lower() in terms:
            found |= {row["collection_id"], row["analysis_result_id"]}
    return found - {None}
