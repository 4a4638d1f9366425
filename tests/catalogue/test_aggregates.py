"""Numbers that are true: nothing is counted twice, and a spot of the picture is what its search finds."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

from catalogue.aggregates import aggregate
from catalogue.links import Link
from catalogue.search import SearchIndex, SearchRequest
from catalogue.summary import Term
from core.terms import CONCEPT, PROV, RADIOGRAPH
from tests.catalogue import samples

SAME = Link(
    f"{samples.DATASETS}one/liver_ct", f"{samples.DATASETS}two/LIVER", str(RADIOGRAPH.sameDatasetAs),
    "accepted", 1.0, "shared-doi", "10.1234/liver.ct",
)  # fmt: skip
PROPOSED = Link(SAME.subject, SAME.object, SAME.kind, "proposed", 0.5, "shared-doi", "10.1234/liver.ct")
DERIVED = Link(
    f"{samples.DATASETS}one/liver_outlines", SAME.subject, str(PROV.wasDerivedFrom), "accepted", 1.0, "x", "stated"
)


def test_subjects_of_annotation_sets_are_not_counted_again() -> None:
    totals = aggregate(samples.summaries(), [DERIVED], samples.vocabularies())["totals"]

    assert (totals["datasets"], totals["images"], totals["annotations"]) == (5, 4, 1)
    assert totals["subjects"] == 120 + 900 + 118
    assert totals["studies"] == 240 + 900
    assert totals["links"] == 1


def test_only_subjects_known_to_be_people_count_as_people() -> None:
    belly = [one for one in samples.summaries() if one.identifier == "belly"]

    assert belly[0].subjects == 5
    assert aggregate(belly, [], samples.vocabularies())["totals"]["subjects"] == 0


def test_one_dataset_at_two_places_counts_once_when_the_link_is_accepted() -> None:
    def subjects(link: Link) -> int:
        return int(aggregate(samples.summaries(), [link], samples.vocabularies())["totals"]["subjects"])

    assert subjects(SAME) == 120 + 900
    assert subjects(PROPOSED) == 120 + 900 + 118


def test_each_repository_has_its_own_row() -> None:
    rows = aggregate(samples.summaries(), [SAME], samples.vocabularies())["repositories"]

    assert [(row["key"], row["datasets"], row["annotations"], row["subjects"]) for row in rows] == [
        ("one", 4, 1, 1020),
        ("two", 1, 0, 118),
    ]


def test_concepts_are_counted_by_dataset_most_frequent_first() -> None:
    document = aggregate(samples.summaries(), [], samples.vocabularies())

    assert [(row["label"], row["datasets"]) for row in document["facets"]["body_part"]] == [
        ("Liver", 3),
        ("Abdomen", 1),
        ("Breast", 1),
    ]
    assert [(row["label"], row["datasets"]) for row in document["licences"]] == [("CC BY 4.0", 1)]


def test_what_is_no_cancer_is_not_among_the_cancers() -> None:
    terms = (Term(str(CONCEPT["cancer/phantom"]), "Phantom"), Term(str(CONCEPT["cancer/HCC"]), "Liver cell cancer"))
    dataset = replace(samples.summary("one/liver_ct"), concepts={"cancer": terms})

    cancers = aggregate([dataset], [], samples.vocabularies())["facets"]["cancer"]
    assert [row["label"] for row in cancers] == ["Liver cell cancer"]


def test_every_cell_of_the_picture_is_what_its_search_finds(tmp_path: Path) -> None:
    matrix = aggregate(samples.summaries(), [], samples.vocabularies())["matrix"]
    index = SearchIndex.build(tmp_path / "index", samples.summaries(), samples.vocabularies())

    assert [row["label"] for row in matrix["body_parts"]] == ["Abdomen", "Liver", "Breast"]
    for part, cells in zip(matrix["body_parts"], matrix["cells"], strict=True):
        for modality, count in zip(matrix["modalities"], cells, strict=True):
            filters = {"body_part": (part["iri"],), "modality": (modality["iri"],), "kind": ("images",)}
            assert index.search(SearchRequest(filters=filters)).total == count


def test_the_order_of_input_does_not_matter_and_the_result_is_json() -> None:
    shuffled = samples.summaries()
    random.Random(7).shuffle(shuffled)
    document = aggregate(shuffled, [SAME, DERIVED], samples.vocabularies())

    assert document == aggregate(samples.summaries(), [DERIVED, SAME], samples.vocabularies())
    assert json.loads(json.dumps(document)) == document


def test_an_empty_release_has_numbers_too() -> None:
    document = aggregate([], [], samples.vocabularies())

    assert document["totals"]["datasets"] == 0
    assert document["matrix"]["cells"] == []
