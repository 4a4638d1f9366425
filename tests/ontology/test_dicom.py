"""The DICOM vocabularies say what DICOM's own context groups say, as pydicom carries them (PS3.16)."""

from __future__ import annotations

import pytest
from pydicom.sr.codedict import codes

from core.terms import CONCEPT, SKOS
from ontology.vocabulary import Vocabularies

#: Where the codes of DICOM's context groups are at home.
NAMESPACES = (
    "http://dicom.nema.org/resources/ontology/DCM/",
    "http://snomed.info/id/",
    "http://purl.obolibrary.org/obo/NCIT_",
    "http://purl.org/sig/ont/fma/fma",
    "http://radlex.org/RID/",
)


def _context_group(number: int) -> dict[str, str]:
    """The codes of a context group with their meanings; DICOM's capitals are not the same in every edition."""
    group = getattr(codes, f"cid{number}")
    return {code.value: code.meaning.casefold() for code in (getattr(group, name) for name in group.dir())}


def _labels(vocabularies: Vocabularies, scheme: str, predicate: str = "exactMatch") -> dict[str, str]:
    """The codes of DICOM's context groups that a scheme's concepts are tied to, with the concepts' labels."""
    return {
        iri.removeprefix(namespace): concept.label.casefold()
        for concept in vocabularies.schemes[scheme].values()
        for iri in vocabularies.equivalents(concept.iri, SKOS[predicate])
        for namespace in NAMESPACES
        if iri.startswith(namespace)
    }


@pytest.mark.parametrize(
    ("number", "scheme", "renamed"),
    [
        (29, "modality", {}),
        # A facet that reads "Other" would be taken for other annotations; ANN is younger than pydicom's edition.
        (32, "annotation", {"OT": "other object"}),
        (4031, "anatomy", {}),
        (244, "laterality", {}),
        (6068, "stage", {}),
        (6160, "stage", {}),
        (6161, "stage", {}),
        (6162, "stage", {"1229901006": "cm0"}),
        (7150, "segmentation", {}),
        (7159, "segmentation", {}),
        (7194, "segmentation", {}),
        (7162, "segmentation-method", {"123109": "manual segmentation"}),
    ],
)
def test_a_scheme_has_every_code_of_its_context_group_by_its_name(
    vocabularies: Vocabularies, number: int, scheme: str, renamed: dict[str, str]
) -> None:
    expected = _context_group(number)
    found = _labels(vocabularies, scheme)
    assert {code: found.get(code) for code in expected} == expected | renamed


def test_modality_and_annotation_hold_nothing_but_the_two_groups_of_dicom(vocabularies: Vocabularies) -> None:
    assert set(_labels(vocabularies, "modality")) == set(_context_group(29))
    assert set(_labels(vocabularies, "annotation")) == {*_context_group(32), "ANN"}
    assert not set(_labels(vocabularies, "modality")) & set(_labels(vocabularies, "annotation"))


def test_the_notation_of_a_modality_is_its_code(vocabularies: Vocabularies) -> None:
    for scheme in ("modality", "annotation"):
        for concept in vocabularies.schemes[scheme].values():
            for iri in vocabularies.equivalents(concept.iri, SKOS.exactMatch):
                if iri.startswith(NAMESPACES[0]):
                    assert iri.removeprefix(NAMESPACES[0]) == concept.notation


def test_sex_is_coded_by_dicom_and_named_like_it(vocabularies: Vocabularies) -> None:
    """Strata have four values (PS3.3 C.7.1.1 has M, F and O, and an empty one); the finer codes are not told apart."""
    known = _context_group(7455)
    exact, close = _labels(vocabularies, "sex"), _labels(vocabularies, "sex", "closeMatch")
    assert exact == {code: known[code] for code in ("F", "M", "U", "121102")}
    assert set(close) == {"121103", "121104"} <= set(known)


def test_codes_of_body_parts_mean_to_dicom_what_they_are_called_here(vocabularies: Vocabularies) -> None:
    """Of all SNOMED CT codes that pydicom knows; a code with a digit wrong would name another place."""
    meanings: dict[str, set[str]] = {}
    for name in codes.SCT.dir():
        code = getattr(codes.SCT, name)
        meanings.setdefault(code.value, set()).add(code.meaning.casefold())
    found = {code: label for code, label in _labels(vocabularies, "anatomy").items() if code in meanings}
    assert len(found) > 300
    # DICOM has a code for the region "pelvis" too, and two parts of one name could not be told apart.
    assert {code: label for code, label in found.items() if label not in meanings[code]} == {"118645006": "bony pelvis"}


@pytest.mark.parametrize("number", [7151, 7192])
def test_segmentation_has_every_property_type_of_dicom(vocabularies: Vocabularies, number: int) -> None:
    """A code of two names is told apart from its twin by the code in brackets; BARI's have no address of their own."""
    found = {concept.notation: concept.label.casefold() for concept in vocabularies.schemes["segmentation"].values()}
    for code, meaning in _context_group(number).items():
        assert found[code] in (meaning, f"{meaning} ({code})")


def test_a_segmentation_is_of_one_of_the_categories_of_dicom(vocabularies: Vocabularies) -> None:
    categories = {f"{CONCEPT}segmentation/{code}" for code in _context_group(7150)}
    for concept in vocabularies.schemes["segmentation"].values():
        assert concept.iri in categories or categories & set(vocabularies.ancestors(concept.iri)), concept.iri


def test_pi_rads_is_coded_as_dicom_codes_it(vocabularies: Vocabularies) -> None:
    found = _labels(vocabularies, "clinical-variable")
    expected = _context_group(6325)
    assert {code: found.get(code) for code in expected} == {
        code: meaning.partition(" - ")[0] for code, meaning in expected.items()
    }
