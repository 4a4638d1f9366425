"""What the million series rows of the Imaging Data Commons say of a collection or an analysis result.

A patient is counted per collection: patient identifiers repeat across collections without meaning the same person.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pyarrow
import pyarrow.compute

from ingest.record import Facet, SourceStratum
from ingest.strata import Dimensions, concept_column, count_strata

COLLECTION = "collection_id"
ANALYSIS = "analysis_result_id"
_BYTES_PER_MB = 1_000_000  # idc_index.sql of idc-index-data divides the bytes by this


@dataclass(slots=True)
class Counts:
    """``terms`` are raw values by facet; versions are of IDC; ``collections`` are those that the series lie in."""

    subjects: int = 0
    studies: int = 0
    series: int = 0
    byte_size: int = 0
    first_version: int | None = None
    last_version: int | None = None
    terms: dict[Facet, tuple[str, ...]] = field(default_factory=dict)
    strata: tuple[SourceStratum, ...] = ()
    collections: tuple[str, ...] = ()


class SeriesCounts:
    """Counts by collection and by analysis result, computed once."""

    def __init__(self, series: Any, dimensions: Dimensions) -> None:
        """``series`` is the table of :class:`ingest.sources.idc_tables.IdcTables`."""
        self._dimensions = dimensions
        narrow = _narrow(series, dimensions)
        self.collections = self._counts(narrow, COLLECTION)
        self.analyses = self._counts(narrow, ANALYSIS)
        self.sizes = _sizes(narrow)
        self.ownerless = series[COLLECTION].null_count

    def _counts(self, series: Any, owner: str) -> dict[str, Counts]:
        owned = series.filter(pyarrow.compute.is_valid(series[owner]))
        counts = _totals(owned, owner)
        for name, strata in count_strata(owned, owner).items():
            counts[name].strata = strata
        for name, terms in self._terms(owned, owner).items():
            counts[name].terms = {facet: tuple(sorted(texts)) for facet, texts in sorted(terms.items())}
        if owner != COLLECTION:
            for name, row in _distinct(owned, owner, COLLECTION):
                counts[name].collections = tuple(sorted({*counts[name].collections, row}))
        return counts

    def _terms(self, series: Any, owner: str) -> dict[str, dict[Facet, set[str]]]:
        """Raw values by facet. Only who made acquired images made a scanner; the rest was made by software."""
        terms: dict[str, dict[Facet, set[str]]] = defaultdict(lambda: defaultdict(set))
        for name, text in _distinct(series, owner, "BodyPartExamined"):
            terms[name]["bodyPart"].add(text)
        for name, text in _distinct(series, owner, "Modality"):
            terms[name]["annotationType" if self._is_annotation(text) else "modality"].add(text)
        for row in series.group_by([owner, "Modality", "Manufacturer"]).aggregate([]).to_pylist():
            manufacturer, acquired = row["Manufacturer"], self._dimensions.acquisition(row["Modality"])
            if manufacturer and manufacturer.strip():
                terms[row[owner]]["scannerManufacturer" if acquired else "software"].add(manufacturer)
        return terms

    def _is_annotation(self, modality: str) -> bool:
        return not self._dimensions.acquisition(modality) and self._dimensions.annotation(modality) is not None


def _narrow(series: Any, dimensions: Dimensions) -> Any:
    """Replace identifiers by numbers and dimensions by concepts; what is not grouped by is gone after this."""
    collection = series[COLLECTION].combine_chunks()
    patient = series["PatientID"].combine_chunks()
    collections = len(collection.dictionary) or 1
    patients = pyarrow.compute.add(
        pyarrow.compute.multiply(patient.indices.cast(pyarrow.int64()), collections), collection.indices
    )
    megabytes = pyarrow.compute.multiply(series["series_size_MB"], float(_BYTES_PER_MB))
    kept = (COLLECTION, ANALYSIS, "source_DOI", "Modality", "BodyPartExamined", "Manufacturer")
    return pyarrow.table(
        {name: series[name] for name in kept}
        | {
            "patient": patients,
            "study": series["StudyInstanceUID"].combine_chunks().indices,
            "modality": concept_column(series["Modality"], dimensions.modality),
            "body_part": concept_column(series["BodyPartExamined"], dimensions.body_part),
            "sex": concept_column(series["PatientSex"], dimensions.sex),
            # Whole bytes add up to the same sum in any order; fractions of megabytes would not.
            "bytes": pyarrow.compute.round(megabytes).cast(pyarrow.int64()),
            "first": series["series_init_idc_version"],
            "last": series["series_revised_idc_version"],
        }
    )


def _totals(series: Any, owner: str) -> dict[str, Counts]:
    aggregates = [
        ("patient", "count_distinct"), ("study", "count_distinct"), ([], "count_all"), ("bytes", "sum"),
        ("first", "min"), ("last", "max"),
    ]  # fmt: skip
    return {
        row[owner]: Counts(
            subjects=row["patient_count_distinct"],
            studies=row["study_count_distinct"],
            series=row["count_all"],
            byte_size=row["bytes_sum"] or 0,
            first_version=row["first_min"],
            last_version=row["last_max"],
        )
        for row in series.group_by(owner).aggregate(aggregates).to_pylist()
    }


def _sizes(series: Any) -> dict[tuple[str, str], int]:
    """Bytes by collection and DOI of the source, the DOI in lower case."""
    sizes: dict[tuple[str, str], int] = defaultdict(int)
    for row in series.group_by([COLLECTION, "source_DOI"]).aggregate([("bytes", "sum")]).to_pylist():
        if row[COLLECTION] and row["source_DOI"]:
            sizes[row[COLLECTION], row["source_DOI"].lower()] += row["bytes_sum"] or 0
    return dict(sizes)


def _distinct(series: Any, owner: str, column: str) -> Iterable[tuple[str, str]]:
    for row in series.group_by([owner, column]).aggregate([]).to_pylist():
        if row[column] and row[column].strip():
            yield row[owner], row[column]
