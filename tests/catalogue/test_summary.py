"""One dataset, read from its canonical N-Triples."""

from __future__ import annotations

import json

import pytest

from catalogue.summary import DatasetSummary, OtherIdentifier, Stratum, Term, term
from tests.catalogue import samples

CONCEPT = "https://w3id.org/radiograph/concept/"


def test_everything_a_page_needs_is_read() -> None:
    liver = samples.summary("one/liver_ct")

    assert (liver.repository, liver.identifier, liver.kind) == ("one", "liver_ct", "images")
    assert liver.title == "Liver CT"
    assert liver.publisher == "https://example.org/agent/one/publisher"
    assert liver.publisher_identifier == "https://doi.org/10.1234/LIVER.ct"
    assert liver.identifiers == (OtherIdentifier("liver_ct", "One"),)
    assert liver.access == Term("http://publications.europa.eu/resource/authority/access-right/PUBLIC", "Public")
    assert liver.concepts["cancer"] == (Term(f"{CONCEPT}cancer/HCC", "Hepatocellular Carcinoma"),)
    assert liver.concepts["body_part"] == (Term(f"{CONCEPT}anatomy/liver", "Liver"),)
    assert "annotation" not in liver.concepts
    assert (liver.individuals, liver.subjects, liver.studies, liver.series, liver.bytes) == (
        120,
        120,
        240,
        900,
        5000000,
    )
    assert (liver.issued, liver.modified, liver.version) == ("2020-02-03", "2023-05-06", "4")
    assert liver.provenance == ("Collected at two sites.",)
    assert liver.citations == ("Doe J. Liver CT. 2020.",)
    assert [one.label for one in liver.licences] == ["CC BY 4.0"]
    (images,) = liver.distributions
    assert (images.title, images.media_type, images.byte_size) == ("Images", "application/dicom", 5000000)


def test_texts_without_a_concept_stay_beside_those_with_one() -> None:
    body, cancer = samples.summary("one/liver_ct").stated

    assert (body.facet, body.text, body.concept) == ("body_part", "WO INTER", None)
    assert cancer.text == "HepatoCellular carcinoma "
    assert cancer.concept == Term(f"{CONCEPT}cancer/HCC", "Hepatocellular Carcinoma")
    assert (cancer.rule, cancer.confidence) == ("normalised", 0.95)


def test_strata_come_with_the_largest_first_and_gaps_stay_gaps() -> None:
    ct = Term(f"{CONCEPT}modality/CT", "Computed Tomography")
    liver, unknown = Term(f"{CONCEPT}anatomy/liver", "Liver"), Term(f"{CONCEPT}anatomy/unknown", "Not stated")

    assert samples.summary("one/liver_ct").strata == (
        Stratum(ct, liver, Term(f"{CONCEPT}sex/female", "female"), 70, None, 600),
        Stratum(ct, unknown, Term(f"{CONCEPT}sex/male", "male"), None, None, 300),
    )


def test_what_the_source_does_not_say_is_absent_not_zero() -> None:
    belly = samples.summary("one/belly")

    assert belly.individuals is None
    assert (belly.studies, belly.series, belly.bytes) == (None, None, None)
    assert (belly.access, belly.publisher, belly.landing_page) == (None, None, None)
    assert belly.licences == () == belly.strata
    assert belly.description == ""


def test_annotation_sets_say_what_they_were_derived_from() -> None:
    outlines = samples.summary("one/liver_outlines")

    assert outlines.kind == "annotations"
    assert outlines.derived_from == (f"{samples.DATASETS}one/liver_ct",)


def test_malformed_numbers_are_no_numbers() -> None:
    iri = f"{samples.DATASETS}one/odd"
    property_ = "https://w3id.org/radiograph/ontology#subjectCount"
    for text in ("-3", "1e4", "many", "", "9" * 30):
        odd = samples.describe(iri, f'<{iri}> <{property_}> "{text}" .\n'.encode())
        assert DatasetSummary.from_description(odd, samples.vocabularies()).subjects is None


def test_a_summary_is_plain_json() -> None:
    for one in samples.summaries():
        assert json.loads(json.dumps(one.to_json()))["iri"] == one.iri


@pytest.mark.parametrize(
    ("iri", "label"),
    [
        (f"{CONCEPT}modality/MR", "Magnetic Resonance"),
        ("http://publications.europa.eu/resource/authority/access-right/NON_PUBLIC", "Non public"),
        ("https://example.org/licences/own%20terms", "own terms"),
        ("https://example.org/", "example.org"),
    ],
)
def test_unknown_iris_get_a_readable_label(iri: str, label: str) -> None:
    assert term(iri, samples.vocabularies()) == Term(iri, label)
