"""The tables of the Imaging Data Commons' index, read from the installed package or from a folder.

Only the columns that are needed are read, text columns as dictionaries: a million series cost some hundred megabytes.
Identifiers of patients and studies are there for counting and never leave :mod:`ingest.sources`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from core.errors import InputError

_INSTALL = "install the extra: pip install 'radiograph[idc]'"
_OTHER_INDEX = "give a folder with the parquet files of an idc-index-data release"

#: Columns without which a table is of no use; all others are taken where they are there.
_COLLECTION = ("collection_id", "collection_name", "sources")
_COLLECTION_OPTIONAL = (
    "cancer_types", "tumor_locations", "subjects", "species", "supporting_data", "program_id", "updated", "description",
)  # fmt: skip
_ANALYSIS = ("analysis_result_id", "analysis_result_title", "source_DOI")
_ANALYSIS_OPTIONAL = (
    "source_url", "subjects", "collections", "modalities", "updated", "license_url", "license_short_name",
    "description", "citation", "provenance",
)  # fmt: skip
_VERSION = ("idc_version", "version_timestamp")
_SERIES_TEXT = (
    "collection_id", "analysis_result_id", "source_DOI", "PatientID", "StudyInstanceUID", "PatientSex",
    "BodyPartExamined", "Modality", "Manufacturer",
)  # fmt: skip
_SOURCE_FIELDS = ("source_id", "source_type", "source_doi")
_SERIES_NUMBER = ("series_init_idc_version", "series_revised_idc_version", "series_size_MB")
_NUMBERS = ("subjects", "idc_version", *_SERIES_NUMBER)


@dataclass(frozen=True, slots=True)
class IdcTables:
    """``collections`` and ``analyses`` are plain rows, ``versions`` maps an IDC version to its date.

    ``series`` is a ``pyarrow.Table`` with one row a series, its text columns dictionary-encoded in one chunk.
    """

    collections: list[dict[str, Any]]
    analyses: list[dict[str, Any]]
    versions: dict[int, str]
    series: Any

    @classmethod
    def read(cls, index: Path | None = None) -> IdcTables:
        """Read the tables in the folder ``index``, or those of the installed ``idc-index-data``.

        Raises:
            InputError: the extra is not installed, a file is missing or broken, or a column is missing.
        """
        folder = _installed() if index is None else index
        if not folder.is_dir():
            raise InputError("there is no such folder", where=str(folder), remedy=_OTHER_INDEX)
        collections = _rows(folder / "collections_index.parquet", _COLLECTION, _COLLECTION_OPTIONAL)
        analyses = _rows(folder / "analysis_results_index.parquet", _ANALYSIS, _ANALYSIS_OPTIONAL)
        versions = _rows(folder / "version_metadata_index.parquet", _VERSION, ())
        dates = {row["idc_version"]: str(row["version_timestamp"])[:10] for row in versions}
        return cls(collections, analyses, dates, _series(folder / "idc_index.parquet"))


def _installed() -> Path:
    spec = find_spec("idc_index_data")
    if spec is None or not spec.submodule_search_locations:
        raise InputError("the index of the Imaging Data Commons is not installed", remedy=_INSTALL)
    return Path(next(iter(spec.submodule_search_locations)))


def _rows(path: Path, required: tuple[str, ...], optional: tuple[str, ...]) -> list[dict[str, Any]]:
    table = _table(path, required, optional, dictionaries=())
    _check_types(table, path)
    absent = dict.fromkeys(column for column in optional if column not in table.column_names)
    return [absent | row for row in table.to_pylist()]


def _series(path: Path) -> Any:
    table = _table(path, _SERIES_TEXT + _SERIES_NUMBER, (), dictionaries=_SERIES_TEXT)
    _check_types(table, path)
    return table.unify_dictionaries().combine_chunks()


def _check_types(table: Any, path: Path) -> None:
    """A column of another type would fail far from here, with a message that names neither file nor column."""
    from pyarrow import types

    for column in table.schema:
        kind = column.type.value_type if types.is_dictionary(column.type) else column.type
        if column.name == "sources":
            fields = kind.value_type if types.is_list(kind) or types.is_large_list(kind) else kind
            fits = types.is_struct(fields) and all(fields.get_field_index(name) >= 0 for name in _SOURCE_FIELDS)
        elif column.name == "provenance":
            fits = types.is_struct(kind)
        elif column.name in _NUMBERS:
            fits = types.is_integer(kind) or types.is_floating(kind)
        else:
            fits = types.is_string(kind) or types.is_large_string(kind)
        if not fits and not types.is_null(kind):
            raise InputError(f"the column {column.name} is of the type {kind}", where=str(path), remedy=_OTHER_INDEX)


def _table(path: Path, required: tuple[str, ...], optional: tuple[str, ...], dictionaries: tuple[str, ...]) -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError("pyarrow, which reads parquet files, is not installed", remedy=_INSTALL) from None
    if not path.is_file():
        raise InputError("the file is missing", where=str(path), remedy=_OTHER_INDEX)
    try:
        names = pyarrow.parquet.read_schema(path).names
        missing = [column for column in required if column not in names]
        if missing:
            raise InputError(f"the column {', '.join(missing)} is missing", where=str(path), remedy=_OTHER_INDEX)
        columns = [*required, *(column for column in optional if column in names)]
        return pyarrow.parquet.read_table(path, columns=columns, read_dictionary=list(dictionaries))
    except (pyarrow.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"the parquet file cannot be read: {reason}", where=str(path), remedy=_OTHER_INDEX) from None
