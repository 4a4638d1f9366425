"""Questions 1 to 8 of portal integrators on the real catalogue, and the same worked out from the source tables.

The expectations below are computed from the parquet files of the index with nothing of Radiograph in between: its
vocabularies, its counts and its store are what is tested.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.deployment import Server
from tests.e2e.asking import ask, example, is_idc, local, of_idc
from tests.e2e.idc_tables import (
    ANNOTATION_MODALITIES,
    analyses,
    annotations_of,
    collections,
    patients,
    series,
    with_cancer,
    with_modality,
    with_part,
    words,
)
from tests.e2e.test_concept_questions import LUNG_CANCER

pytestmark = pytest.mark.idc


def test_breast_mr_with_more_than_500_subjects_and_their_annotation_sets(server: Server) -> None:
    answered: dict[str, set[str]] = {}
    for row in ask(server, example("01-breast-mr")):
        if is_idc(row["dataset"]):
            sets = answered.setdefault(local(row["dataset"]), set())
            if "annotations" in row:
                sets.add(local(row["annotations"]))
    breasts = with_part("breast", "left breast", "right breast")
    expected = {name for name in with_modality("MR") & breasts if patients()[name] > 500}
    assert expected, "the index has such collections"
    images = {name: sets for name, sets in answered.items() if name in collections()}
    assert images == {name: annotations_of().get(name, set()) for name in expected}


@pytest.mark.parametrize(
    ("doi", "collection"),
    [("10.7937/k9tcia.2017.murs5cl", "prostatex"), ("https://doi.org/10.7937/K9/TCIA.2016.AB2NAZRP", "tcga_brca")],
)
def test_the_records_of_a_doi_with_the_evidence_of_each_link(server: Server, doi: str, collection: str) -> None:
    bare = doi.lower().removeprefix("https://doi.org/")
    assert bare in {(source["source_doi"] or "").lower() for source in collections()[collection]["sources"]}
    rows = [row for row in ask(server, example("02-records-of-a-doi", doi=f'"{bare}"')) if is_idc(row["dataset"])]
    assert {local(row["dataset"]) for row in rows} == {collection}
    linked = {local(row["other"]) for row in rows if is_idc(row["other"])}
    assert linked == annotations_of()[collection]
    for row in rows:
        assert row["state"] == "accepted"
        assert row["other"] in row["evidence"] and row["dataset"] in row["evidence"]


@pytest.mark.parametrize("collection", ["nlst", "prostatex", "tcga_brca"])
def test_annotations_derived_from_a_collection(server: Server, collection: str) -> None:
    rows = ask(server, example("03-derived-annotations", collection=f'"{collection}"'))
    expected = annotations_of().get(collection, set())
    assert {local(row["annotations"]) for row in rows} == expected
    assert expected


def _licence(source: dict[str, Any]) -> str | None:
    """The licence that address and name agree in, in a form that is the same for all spellings of both."""
    address = re.search(r"/(by[a-z-]*|zero)/(\d)", source.get("license_url") or "")
    name = re.match(r"CC (BY[A-Z-]*) (\d)|(CC0)", source.get("license_short_name") or "")
    meant = {f"{address[1]} {address[2]}" if address else None}
    if name:
        meant.add("zero 1" if name[3] else f"{name[1].lower()} {name[2]}")
    return meant.pop() if len(meant) == 1 else None


def test_derived_sets_under_another_licence_than_their_source(server: Server) -> None:
    expected = set()
    for collection, derived in annotations_of().items():
        sources = [one for one in collections()[collection]["sources"] if one["source_type"] == "original_data"]
        addresses = {analyses()[name]["source_url"] for name in derived}
        own = {_licence(one["license"] or {}) for one in sources if one["source_url"] not in addresses} - {None}
        for name in derived:
            licence = _licence(analyses()[name])
            expected |= {(name, licence, collection, other) for other in own if licence and licence != other}
    answered = set()
    for row in ask(server, example("04-licence-differs")):
        if is_idc(row["derived"]):
            pair = (_licence({"license_url": row["licence"]}), _licence({"license_url": row["sourceLicence"]}))
            answered.add((local(row["derived"]), pair[0], local(row["source"]), pair[1]))
    assert ("nnu_net_bpr_annotations", "by 4", "nsclc_radiomics", "by-nc 3") in expected
    assert answered == expected


def test_lung_cancer_with_subtypes_on_ct_that_may_be_used_commercially(server: Server) -> None:
    allowed = {"by 4", "by 3", "zero 1"}
    expected = {
        name
        for name in with_cancer(*LUNG_CANCER) & with_modality("CT")
        if all(_licence(source["license"] or {}) in allowed for source in collections()[name]["sources"])
    }
    rows = ask(server, example("05-lung-ct-commercial"))
    assert {local(row["dataset"]) for row in rows if is_idc(row["dataset"])} == expected
    assert "nlst" in expected and "nsclc_radiomics" not in expected, "its annotations are free, its images are not"
    assert all(int(row["subjects"]) == patients()[local(row["dataset"])] for row in rows if is_idc(row["dataset"]))


def test_the_subjects_with_prostate_cancer_are_counted_once(server: Server) -> None:
    expected = with_cancer("prostate cancer")
    pure = {
        name for name in expected if words(collections()[name]["cancer_types"]) <= {"prostate cancer", "non-cancer"}
    }
    (row,) = ask(server, of_idc(example("06-prostate-subjects")))
    assert int(row["datasets"]) == len(expected)
    assert int(row["atMost"]) == sum(patients()[name] for name in expected)
    assert int(row["atLeast"]) == sum(patients()[name] for name in pure)


def test_prostate_mr_with_segmentations_of_the_zones(server: Server) -> None:
    """By the titles and descriptions of the collections and of the analyses of their images."""
    annotated = {row["collection_id"] for row in series() if row["Modality"] in ANNOTATION_MODALITIES}
    expected = set()
    for name in with_modality("MR") & with_part("prostate", "prostate gland"):
        row = collections()[name]
        texts = {name: f"{row['collection_name']} {row['description']}"} if name in annotated else {}
        for result in annotations_of().get(name, ()):
            texts[result] = f"{analyses()[result]['analysis_result_title']} {analyses()[result]['description']}"
        expected |= {(name, one) for one, text in texts.items() if re.search(r"\b(zones?|zonal)\b", text, re.I)}
    rows = [row for row in ask(server, example("08-prostate-zones")) if is_idc(row["dataset"])]
    assert ("prostatex", "prostatex_seg_zones") in expected
    answered = {(local(row["dataset"]), local(row["segmentations"])) for row in rows}
    assert {pair for pair in answered if pair[0] in collections()} == expected
