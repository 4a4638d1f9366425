"""A small index of the Imaging Data Commons: every oddity of the real one once, in thirteen series."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet

_LICENCE = {
    "license_url": "https://creativecommons.org/licenses/by/4.0/",
    "license_long_name": "Creative Commons Attribution 4.0 International License",
    "license_short_name": "CC BY 4.0",
}
_NON_COMMERCIAL = {"license_url": None, "license_long_name": None, "license_short_name": "CC BY-NC 3.0"}


def source(identifier: str, doi: str | None, **changes: Any) -> dict[str, Any]:
    return {
        "source_id": identifier,
        "source_title": f"Data of {identifier}",
        "source_type": "original_data",
        "source_doi": doi,
        "source_url": f"https://doi.org/{doi}" if doi else None,
        "modalities": "CT",
        "license": _LICENCE,
        "citation": f"Doe, J., &amp; Roe, R. (2020).\n<i>Data of {identifier}</i>. https://doi.org/{doi}",
        "provenance": {
            "data_contributor": "TCIA",
            "source_data_provider": "UNKNOWN",
            "deidentification_party": "TCIA",
            "dicom_conversion_by": "NOT_APPLICABLE",
        },
    } | changes


def _collection(identifier: str, sources: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return {
        "collection_id": identifier,
        "collection_name": identifier.upper(),
        "cancer_types": "Breast Cancer",
        "tumor_locations": "Breast",
        "subjects": 2,
        "species": "Human",
        "sources": sources,
        "supporting_data": None,
        "program_id": "community",
        "updated": "2023-05-01",
        "description": f"About {identifier}.",
    } | changes


_BY_IDC = {
    "data_contributor": "IDC",
    "source_data_provider": "GDC",
    "deidentification_party": "GDC",
    "dicom_conversion_by": "IDC",
}
COLLECTIONS: list[dict[str, Any]] = [
    _collection(
        "breast_mr",
        [
            source("breast_mr", "10.5281/zenodo.1", modalities="SM", provenance=_BY_IDC),
            source("breast_mr", "10.7937/BREAST", modalities="MR", license=_NON_COMMERCIAL),
            source("segmented", "10.5281/zenodo.3", source_type="analysis_result", modalities="SEG", provenance=None),
        ],
        subjects=3,
        cancer_types="Breast Cancer, Renal Cell Carcinoma, Not Otherwise Specified",
        supporting_data="Clinical, Genomics",
        program_id="tcga",
        description=(
            "Women with cancer (< 50 years), imaged as described in a paper\n(https://doi.org/10.1038/ncomms5006).\n"
            "Please see the\n BREAST-MR (https://doi.org/10.7937/breast) page\nto learn more."
        ),
    ),
    _collection("shared_one", [source("shared_one", "10.7937/both")], updated=None),
    _collection("shared_two", [source("shared_two", "10.7937/BOTH")], updated="2018-01-01", subjects=9),
    _collection("mouse", [source("mouse", "10.7937/mouse")], species="Mouse", cancer_types=None, tumor_locations=None),
    _collection("announced", [source("announced", "10.7937/announced")], subjects=7),
]
ANALYSES: list[dict[str, Any]] = [
    {
        "analysis_result_id": "segmented",
        "analysis_result_title": "Segmented\nbreasts",
        "source_DOI": "10.5281/zenodo.3",
        "source_url": "https://doi.org/10.5281/zenodo.3",
        "subjects": 3,
        "collections": "breast_mr",
        "modalities": "SEG",
        "updated": "2024-01-02",
        **_LICENCE,
        "description": "Segmentations.",
        "citation": "Doe (2024)",
        "provenance": _BY_IDC,
    }
]
VERSIONS = [
    {"idc_version": 1, "version_timestamp": "2020-06-01"},
    {"idc_version": 2, "version_timestamp": "2021-04-10"},
    {"idc_version": 3, "version_timestamp": "2024-02-29"},
]

#: collection, analysis, DOI, patient, study, sex, body part, modality, manufacturer, first and last version, MB
_SERIES: list[tuple[Any, ...]] = [
    ("breast_mr", None, "10.7937/breast", "P1", "S1", "F", "BREAST", "MR", "SIEMENS", 1, 2, 1.5),
    ("breast_mr", None, "10.7937/breast", "P1", "S1", "F", "Left Breast", "MR", "SIEMENS", 1, 1, 0.000001),
    ("breast_mr", None, "10.7937/breast", "P2", "S2", "0000", None, "MR", "GE MEDICAL SYSTEMS", 1, 1, 2.0),
    ("breast_mr", None, "10.5281/zenodo.1", "P3", "S3", "F", None, "SM", "Leica Biosystems", 2, 2, 4.0),
    ("breast_mr", "segmented", "10.5281/zenodo.3", "P1", "S1", "F", "BREAST", "SEG", "QIICR", 3, 3, 0.5),
    ("breast_mr", "segmented", "10.5281/zenodo.3", "P2", "S2", None, "BREAST", "SEG", "SIEMENS", 3, 3, 0.5),
    ("shared_one", None, "10.7937/both", "P1", "S4", "M", "CHEST", "CT", None, 2, 2, 1.0),
    ("shared_one", None, "10.7937/both", "P1", "S5", "M", "CHEST", "CT", " ", 2, 2, 1.0),
    ("shared_one", "segmented", "10.5281/zenodo.3", "P1", "S5", "M", None, "SEG", "QIICR", 3, 3, 1.0),
    ("shared_two", None, "10.7937/both", "P2", "S6", "O", "WO INTER", "CT", "Philips", 2, 3, 1.0),
    ("mouse", None, "10.7937/mouse", "M1", "S7", None, None, "MR", "Bruker?", 2, 2, 1.0),
    ("mouse", None, "10.7937/mouse", None, None, None, None, "MR", None, 2, 2, 1.0),
    ("unlisted", None, None, "P9", "S9", None, None, "CT", None, 2, 2, 1.0),
]
_COLUMNS = (
    "collection_id", "analysis_result_id", "source_DOI", "PatientID", "StudyInstanceUID", "PatientSex",
    "BodyPartExamined", "Modality", "Manufacturer", "series_init_idc_version", "series_revised_idc_version",
    "series_size_MB",
)  # fmt: skip


def tables() -> dict[str, pyarrow.Table]:
    """The four tables by the name of their file, without its ending."""
    rows = [dict(zip(_COLUMNS, row, strict=True)) for row in _SERIES]
    for row in rows:
        row["PatientID"] = row["PatientID"] and f"PATIENT-{row['PatientID']}"
        row["StudyInstanceUID"] = row["StudyInstanceUID"] and f"1.2.840.99999.{row['StudyInstanceUID']}"
    return {
        "collections_index": pyarrow.Table.from_pylist(COLLECTIONS),
        "analysis_results_index": pyarrow.Table.from_pylist(ANALYSES),
        "version_metadata_index": pyarrow.Table.from_pylist(VERSIONS),
        "idc_index": pyarrow.Table.from_pylist(rows),
    }


def write_index(folder: Path, **replaced: pyarrow.Table) -> Path:
    for name, table in (tables() | replaced).items():
        pyarrow.parquet.write_table(table, folder / f"{name}.parquet")
    return folder
