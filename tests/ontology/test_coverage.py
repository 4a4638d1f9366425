"""How much of the words of real repositories is understood: nothing of IDC may be lost unseen."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from ontology.concept import Match
from ontology.harmoniser import Harmoniser


def unknown(harmoniser: Harmoniser, texts: Iterable[str], *schemes: str, repository: str = "idc") -> set[str]:
    """Texts that no rule knows in any of the schemes; "known to mean nothing" is known."""

    def answers(text: str) -> list[Match]:
        return [harmoniser.match(text, scheme, repository=repository) for scheme in schemes]

    return {text for text in texts if all(answer.rule == "none" for answer in answers(text))}


def collections(*columns: str) -> list[dict[str, Any]]:
    parquet = pytest.importorskip("pyarrow.parquet")
    package = pytest.importorskip("idc_index_data")
    path = Path(str(package.__file__)).parent / "collections_index.parquet"
    return list(parquet.read_table(path, columns=list(columns)).to_pylist())


def series(column: str) -> Counter[str]:
    parquet = pytest.importorskip("pyarrow.parquet")
    package = pytest.importorskip("idc_index_data")
    path = Path(str(package.__file__)).parent / "idc_index.parquet"
    counts = parquet.read_table(path, columns=[column])[column].value_counts().to_pylist()
    return Counter({row["values"]: row["counts"] for row in counts if row["values"] is not None})


@pytest.mark.idc
@pytest.mark.parametrize(
    ("column", "scheme"), [("cancer_types", "cancer"), ("tumor_locations", "anatomy"), ("species", "species")]
)
def test_every_term_of_idc_collections_is_known(harmoniser: Harmoniser, column: str, scheme: str) -> None:
    terms = {
        term
        for row in collections(column)
        for term in harmoniser.terms(row[column] or "", scheme, repository="idc")
        if term
    }
    assert len(terms) > 3
    assert unknown(harmoniser, terms, scheme) == set()


@pytest.mark.idc
def test_idc_cancer_terms_become_concepts_except_various(harmoniser: Harmoniser) -> None:
    terms = {
        term
        for row in collections("cancer_types")
        for term in harmoniser.terms(row["cancer_types"] or "", "cancer", repository="idc")
    }
    empty = {term for term in terms if not harmoniser.match(term, "cancer", repository="idc").concepts}
    assert len(terms) > 110
    assert empty <= {"Various", ""}


@pytest.mark.idc
def test_body_parts_of_idc_are_known_by_series(harmoniser: Harmoniser) -> None:
    counts = series("BodyPartExamined")
    lost = unknown(harmoniser, counts, "anatomy")
    assert 1 - sum(counts[text] for text in lost) / counts.total() >= 0.99
    found = sum(n for text, n in counts.items() if harmoniser.match(text, "anatomy", repository="idc").concepts)
    assert found / counts.total() >= 0.999


@pytest.mark.idc
def test_every_modality_of_idc_is_acquisition_or_annotation_and_never_both(harmoniser: Harmoniser) -> None:
    for text in series("Modality"):
        schemes = [s for s in ("modality", "annotation") if harmoniser.match(text, s, repository="idc").concepts]
        assert len(schemes) == 1, text


@pytest.mark.idc
def test_manufacturers_sexes_and_licences_of_idc_are_known(harmoniser: Harmoniser) -> None:
    assert unknown(harmoniser, series("Manufacturer"), "manufacturer", "software") == set()
    assert unknown(harmoniser, series("PatientSex"), "sex") == set()
    assert unknown(harmoniser, series("license_short_name"), "licence") == set()
    licences = {source["license"][key] for row in collections("sources") for source in row["sources"]
                for key in ("license_url", "license_long_name", "license_short_name")}  # fmt: skip
    assert unknown(harmoniser, licences, "licence") == set()


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("column", "scheme"),
    [("modalities", "modality"), ("anatomical_structures", "anatomy"), ("anatomical_area", "anatomy")],
)
def test_texts_of_a_dirty_table_are_known(harmoniser: Harmoniser, reference: Path, column: str, scheme: str) -> None:
    with (reference / "data" / "openmedlab.csv").open(encoding="utf-8", newline="") as file:
        texts = {row[column] for row in csv.DictReader(file) if row[column].strip()}
    assert len(texts) > 50
    assert unknown(harmoniser, texts, scheme, repository="openmedlab") == set()
