from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.terms import CONCEPT
from ontology.harmoniser import Harmoniser

pyarrow = pytest.importorskip("pyarrow")

from ingest.strata import UNKNOWN_BODY_PART, UNKNOWN_SEX, Dimensions, concept_column, count_strata  # noqa: E402

BREAST = str(CONCEPT["anatomy/76752008"])

Row = tuple[str | None, int | None, int, str, str, str]


@pytest.fixture(scope="module")
def dimensions(harmoniser: Harmoniser) -> Dimensions:
    return Dimensions(harmoniser, "idc")


@pytest.mark.parametrize(
    ("raw", "name"),
    [("M", "male"), ("f", "female"), (" F ", "female"), ("O", "other")]
    + [(junk, "unknown") for junk in (None, "", "U", "0000", "6657", "male?", "MF")],
)
def test_patient_sex_has_three_values_and_the_rest_says_nothing(
    dimensions: Dimensions, raw: str | None, name: str
) -> None:
    assert dimensions.sex(raw) == str(CONCEPT[f"sex/{name}"])


def test_two_spellings_are_one_body_part(dimensions: Dimensions) -> None:
    assert dimensions.body_part("BREAST") == dimensions.body_part("Left Breast") == BREAST


@pytest.mark.parametrize("raw", [None, "", " ", "WO INTER", "OUTSIDE FIL", "BREAST, KIDNEY", "\x00", "x" * 10_000])
def test_what_is_no_body_part_is_unknown(dimensions: Dimensions, raw: str | None) -> None:
    assert dimensions.body_part(raw) == UNKNOWN_BODY_PART


def test_acquisition_and_annotation_are_apart(dimensions: Dimensions) -> None:
    assert dimensions.modality("CT") == str(CONCEPT["modality/CT"])
    assert dimensions.modality("SEG") == str(CONCEPT["annotation/SEG"])
    assert dimensions.acquisition("SEG") is None
    assert dimensions.annotation("CT") is None


def test_every_code_gets_a_concept_that_exists(dimensions: Dimensions, vocabularies: Any) -> None:
    for raw in ("CT", "SR", "OT", "FUSION", "M3D", "nonsense", "", None):
        assert vocabularies.concept(dimensions.modality(raw)) is not None
    for iri in (UNKNOWN_BODY_PART, UNKNOWN_SEX, dimensions.sex("M"), dimensions.sex("F"), dimensions.sex("O")):
        assert vocabularies.concept(iri) is not None


@given(st.lists(st.none() | st.sampled_from(["a", "A", "b", ""])))
def test_concept_column_applies_the_function_to_every_value(values: list[str | None]) -> None:
    column = pyarrow.chunked_array([pyarrow.array(values, pyarrow.string())]).dictionary_encode()
    changed = concept_column(column, lambda text: (text or "none").upper())
    assert changed.to_pylist() == [(value or "none").upper() for value in values]
    assert len(changed.dictionary) == len(set(changed.dictionary.to_pylist()))


rows = st.lists(
    st.tuples(
        st.sampled_from(["one", "two", None]),
        st.none() | st.integers(0, 4),
        st.integers(0, 6),
        st.sampled_from(["ct", "mr"]),
        st.sampled_from(["lung", "breast"]),
        st.sampled_from(["m", "f"]),
    )
)


@given(rows)
def test_strata_count_distinct_subjects_and_studies(series: list[Row]) -> None:
    """Compared with the same counts made in plain Python."""
    expected: dict[str, dict[tuple[str, str, str], list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in series:
        if row[0] is not None:
            expected[row[0]][row[3:]].append(row)
    found = count_strata(table(series), "owner")
    assert found.keys() == expected.keys()
    for owner, strata in found.items():
        assert [(s.modality, s.body_part, s.sex) for s in strata] == sorted(expected[owner])
        for stratum in strata:
            members = expected[owner][stratum.modality, stratum.body_part, stratum.sex]
            assert stratum.series == len(members)
            assert stratum.subjects == len({row[1] for row in members} - {None})
            assert stratum.studies == len({row[2] for row in members})


def table(series: list[Row]) -> Any:
    names = ("owner", "patient", "study", "modality", "body_part", "sex")
    types = (pyarrow.string(), pyarrow.int64(), pyarrow.int32(), *(pyarrow.string(),) * 3)
    columns = [list(column) for column in zip(*series, strict=True)] or [[] for _ in names]
    arrays = [pyarrow.array(column, type_) for column, type_ in zip(columns, types, strict=True)]
    return pyarrow.table(dict(zip(names, arrays, strict=True)))
