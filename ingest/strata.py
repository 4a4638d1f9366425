"""Counts of subjects, studies and series per modality × body part × sex, from one row a series.

Raw values become concepts *before* rows are grouped: two spellings of one body part make one stratum, in which a
subject who has both counts once. A value without a concept, or with several, counts as unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow
import pyarrow.compute

from core.terms import CONCEPT
from ingest.record import SourceStratum
from ontology.concept import Concept
from ontology.harmoniser import Harmoniser

UNKNOWN_BODY_PART = str(CONCEPT["anatomy/unknown"])
UNKNOWN_SEX = str(CONCEPT["sex/unknown"])
#: DICOM PS3.3 C.7.1.1, Patient's Sex: M, F and O are its only values; anything else says nothing.
_SEX = {"M": "male", "F": "female", "O": "other"}


class Dimensions:
    """Reads raw values of DICOM attributes as the concepts of the three dimensions."""

    def __init__(self, harmoniser: Harmoniser, repository: str) -> None:
        self._harmoniser = harmoniser
        self._repository = repository

    def acquisition(self, modality: str | None) -> Concept | None:
        """The acquisition modality (DICOM CID 29) of a code, or None where it is another kind of object or unknown."""
        return self._only(modality, "modality")

    def annotation(self, modality: str | None) -> Concept | None:
        """The kind of non-acquisition object (DICOM CID 32) of a code, or None."""
        return self._only(modality, "annotation")

    def modality(self, text: str | None) -> str:
        """The concept of a Modality code, acquisition or annotation; a code in neither list is "other"."""
        concept = self.acquisition(text) or self.annotation(text) or self.annotation("OT")
        return concept.iri if concept else str(CONCEPT["annotation/OT"])

    def body_part(self, text: str | None) -> str:
        concept = self._only(text, "anatomy")
        return concept.iri if concept else UNKNOWN_BODY_PART

    def sex(self, text: str | None) -> str:
        name = _SEX.get((text or "").strip().upper())
        return str(CONCEPT[f"sex/{name}"]) if name else UNKNOWN_SEX

    def _only(self, text: str | None, scheme: str) -> Concept | None:
        if not text or not text.strip():
            return None
        concepts = self._harmoniser.match(text, scheme, repository=self._repository).concepts
        return concepts[0] if len(concepts) == 1 else None


def concept_column(column: Any, concept: Callable[[str | None], str]) -> Any:
    """Return a dictionary-encoded text column with ``concept`` applied to every value, null included."""
    encoded = column.combine_chunks() if isinstance(column, pyarrow.ChunkedArray) else column
    texts = [*encoded.dictionary.to_pylist(), None]
    concepts = [concept(text) for text in texts]
    distinct = sorted(set(concepts))
    position = {iri: index for index, iri in enumerate(distinct)}
    codes = pyarrow.array([position[iri] for iri in concepts], pyarrow.int32())
    indices = pyarrow.compute.fill_null(encoded.indices, len(texts) - 1)
    return pyarrow.DictionaryArray.from_arrays(codes.take(indices), pyarrow.array(distinct, pyarrow.string()))


def count_strata(series: Any, owner: str) -> dict[str, tuple[SourceStratum, ...]]:
    """Count the strata of every value of the column ``owner``; rows without one are left out.

    ``series`` has one row a series and the columns ``patient`` and ``study`` (any numbers that tell them apart) and
    ``modality``, ``body_part`` and ``sex`` (concept IRIs, see :func:`concept_column`).
    """
    owned = series.filter(pyarrow.compute.is_valid(series[owner]))
    counted = owned.group_by([owner, "modality", "body_part", "sex"]).aggregate(
        [("patient", "count_distinct"), ("study", "count_distinct"), ([], "count_all")]
    )
    strata: dict[str, list[SourceStratum]] = {}
    for row in counted.to_pylist():
        stratum = SourceStratum(
            modality=row["modality"],
            body_part=row["body_part"],
            sex=row["sex"],
            subjects=row["patient_count_distinct"],
            studies=row["study_count_distinct"],
            series=row["count_all"],
        )
        strata.setdefault(row[owner], []).append(stratum)
    return {name: tuple(sorted(cells, key=_order)) for name, cells in strata.items()}


def _order(stratum: SourceStratum) -> tuple[str, str, str]:
    return stratum.modality, stratum.body_part, stratum.sex
