"""What texts of real sources mean. Each expectation was judged by hand: precision before recall."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import VocabularyError
from ontology.concept import Match
from ontology.harmoniser import Harmoniser
from ontology.vocabulary import Vocabularies

Write = Callable[[str, str], Path]
RULES = {"mapping", "label", "synonym", "code", "normalised", "compound", "none"}


def notations(match: Match) -> list[str]:
    return [concept.notation for concept in match.concepts]


@pytest.mark.parametrize(
    ("text", "expected", "rule"),
    [
        ("Lung Adenocarcinoma", ["LUAD"], "label"),
        ("lung adenocarcinoma", ["LUAD"], "label"),
        ("Non-small Cell Lung Cancer", ["NSCLC"], "label"),
        ("NSCLC", ["NSCLC"], "synonym"),
        ("Glioblastoma Multiforme", ["glioblastoma"], "synonym"),
        ("GBM", ["glioblastoma"], "synonym"),
        ("LUAD", ["LUAD"], "code"),
        ("MONDO:0005233", ["NSCLC"], "code"),
        ("mondo:0005233", ["NSCLC"], "code"),
        ("http://purl.obolibrary.org/obo/MONDO_0005233", ["NSCLC"], "code"),
        ("https://w3id.org/radiograph/concept/cancer/NSCLC", ["NSCLC"], "code"),
        ("MONDO:0021117", ["LUNG"], "code"),
        ("Breast_Cancer", ["BREAST"], "normalised"),
        ("lung cancers", ["LUNG"], "normalised"),
        ("cancer of the pancreas", ["PANCREAS"], "normalised"),
        ("Wilms Tumour", ["WT"], "normalised"),
        ("Oesophageal Carcinoma", ["esophageal-carcinoma"], "normalised"),
        ("Renal Cell Carcinoma, Not Otherwise Specified", ["RCC"], "normalised"),
        ("Diffuse Large B-Cell Lymphoma, Not Otherwise Specified", ["DLBCLNOS"], "normalised"),
        ("Breast Cancer, Non-Cancer", ["BREAST", "non-cancer"], "compound"),
        ("Low Grade GLioma", ["low-grade-glioma"], "mapping"),
        ("COVID-19 (non-cancer)", ["covid-19"], "mapping"),
        ("Vestibular Schwannoma (non-cancer)", ["vestibular-schwannoma"], "mapping"),
        ("Phantom", ["phantom"], "label"),
        ("Adenocarcinoma", ["adenocarcinoma"], "label"),
        ("Adenocarcinoma, NOS", ["adenocarcinoma"], "synonym"),
        ("Cancer of unknown primary", ["CUP"], "label"),
    ],
)
def test_cancer_texts(harmoniser: Harmoniser, text: str, expected: list[str], rule: str) -> None:
    match = harmoniser.match(text, "cancer")
    assert (notations(match), match.rule) == (expected, rule)
    assert match.text == text


@pytest.mark.parametrize(
    "text",
    ["Lung", "LUNG", "BREAST", "Lungs", "Various", "Other", "OTHER", "MIXED", "Unknown", "lesion", "NOS", "MS", "ES"],
)
def test_an_organ_a_filler_or_a_short_code_is_no_diagnosis(harmoniser: Harmoniser, text: str) -> None:
    assert harmoniser.match(text, "cancer").concepts == ()


@pytest.mark.parametrize(
    "text",
    ["Choriocarcinoma of something", "no lung cancer", "family history", "lung cancer screening cohort", "?", "-"],
)
def test_what_is_not_a_name_is_not_guessed(harmoniser: Harmoniser, text: str) -> None:
    assert harmoniser.match(text, "cancer") == Match(text, (), "none", 0.0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CHEST", ["816094009"]),
        ("KIDNEY", ["64033007"]),
        ("WHOLEBODY", ["38266002"]),
        ("CHESTABDPELVIS", ["416775004"]),
        ("TSPINE", ["122495006"]),
        ("Left Breast", ["76752008"]),
        ("Head-Neck", ["774007"]),
        ("left and right kidneys", ["64033007"]),
        ("Testicles", ["40689003"]),
        ("uterine cervix", ["71252005"]),
        ("Abdomen, Pelvis", ["818981001", "816092008"]),
        ("prostate/uterus", ["41216001", "35039007"]),
        ("Liver, kidneys & spleen", ["10200004", "64033007", "78961009"]),
        ("39607008", ["39607008"]),
        ("SCT:39607008", ["39607008"]),
        ("unknown", ["unknown"]),
        ("Chest, Phantom", ["816094009", "706342009"]),
        ("Lung Phantom", ["706342009"]),
        ("Stomach, Esophagus, Duodenum", ["69695003", "32849002", "38848004"]),
    ],
)
def test_anatomy_texts(harmoniser: Harmoniser, text: str, expected: list[str]) -> None:
    assert notations(harmoniser.match(text, "anatomy")) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CT", ["CT"]),
        ("ct", ["CT"]),
        ("MRI", ["MR"]),
        ("PET", ["PT"]),
        ("PET/CT", ["PT", "CT"]),
        ("CT & MR", ["CT", "MR"]),
        ("CT, PET", ["CT", "PT"]),
        ("Ultra Sound", ["US"]),
        ("mammography", ["MG"]),
        ("X-Ray", ["XRAY"]),
        ("Histopathology", ["SM"]),
        ("Colonoscopy", ["ES"]),
        ("fundus photography", ["OP"]),
        ("Dermoscopy", ["DMS"]),
        ("DCM:CT", ["CT"]),
        ("http://dicom.nema.org/resources/ontology/DCM/CT", ["CT"]),
        ("SEG", []),
        ("Report", []),
    ],
)
def test_modality_texts(harmoniser: Harmoniser, text: str, expected: list[str]) -> None:
    assert notations(harmoniser.match(text, "modality")) == expected


@pytest.mark.parametrize(
    ("scheme", "text", "expected"),
    [
        ("annotation", "SEG", ["SEG"]),
        ("annotation", "RT Structure Set", ["RTSTRUCT"]),
        ("species", "Canine", ["448771007"]),
        ("species", "Human, Mouse", ["337915000", "447612001"]),
        ("sex", "F", ["female"]),
        ("sex", "O", ["other"]),
        ("manufacturer", "GE MEDICAL SYSTEMS", ["ge"]),
        ("manufacturer", '"GE Healthcare"', ["ge"]),
        ("manufacturer", "Lorad, A Hologic Company", ["hologic"]),
        ("manufacturer", "TOSHIBA_MEC", ["canon-medical"]),
        ("manufacturer", "QIICR", []),
        ("software", "QIICR", ["qiicr"]),
        ("media-type", "application/dicom", ["application/dicom"]),
        ("language", "en", ["ENG"]),
    ],
)
def test_texts_of_other_schemes(harmoniser: Harmoniser, scheme: str, text: str, expected: list[str]) -> None:
    assert notations(harmoniser.match(text, scheme)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "CC BY 4.0",
        "cc-by-4.0",
        "CC-BY 4.0",
        "http://creativecommons.org/licenses/by/4.0",
        "https://creativecommons.org/licenses/by/4.0/",
        "https://www.creativecommons.org/licenses/by/4.0/",
        "https://creativecommons.org/licenses/by/4.0/legalcode",
        "Creative Commons Attribution 4.0 International License",
        "http://publications.europa.eu/resource/authority/licence/CC_BY_4_0",
    ],
)
def test_every_form_of_a_licence_is_its_canonical_iri(harmoniser: Harmoniser, text: str) -> None:
    (concept,) = harmoniser.match(text, "licence").concepts
    assert concept.iri == "https://creativecommons.org/licenses/by/4.0/"


def test_a_licence_with_a_condition_more_is_another_licence(harmoniser: Harmoniser) -> None:
    assert notations(harmoniser.match("CC BY-NC 4.0", "licence")) == ["CC-BY-NC-4.0"]
    assert harmoniser.match("CC BY", "licence").concepts == ()


def test_a_text_may_mean_something_else_in_a_repository(harmoniser: Harmoniser) -> None:
    assert notations(harmoniser.match("Clear Cell Carcinoma", "cancer")) == ["clear-cell-carcinoma"]
    assert notations(harmoniser.match("Clear Cell Carcinoma", "cancer", repository="idc")) == ["CCRCC"]
    assert notations(harmoniser.match("OCT", "modality")) == ["OCT"]
    assert notations(harmoniser.match("OCT", "modality", repository="openmedlab")) == ["OPT"]
    assert notations(harmoniser.match("Spitz Tumor", "anatomy")) == []
    assert notations(harmoniser.match("Spitz Tumor", "anatomy", repository="openmedlab")) == ["39937001"]
    assert notations(harmoniser.match("NMS", "manufacturer")) == []
    assert notations(harmoniser.match("NMS", "manufacturer", repository="idc")) == ["neusoft"]
    assert notations(harmoniser.match("Retinal", "modality", repository="openmedlab")) == []


def test_a_partly_known_list_gives_its_known_part_and_says_so(harmoniser: Harmoniser) -> None:
    match = harmoniser.match("Lung Cancer; something nobody knows", "cancer")
    assert notations(match) == ["LUNG"]
    assert match.rule == "compound"
    assert match.confidence <= 0.5


def test_around_and_all_parts_must_be_known(harmoniser: Harmoniser) -> None:
    assert harmoniser.match("Lung Cancer and something nobody knows", "cancer").concepts == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("glioblastoma (GBM)", ["glioblastoma"]),
        ("Lung Cancer (NSCLC)", ["NSCLC"]),
        ("Melanoma (non-cancer)", []),
        ("Lung Cancer (Glioma)", []),
        ("Glioma, low grade", ["low-grade-glioma"]),
        ("malignant neoplasm of the right lung", ["LUNG"]),
        ("lung, breast and colon cancer", ["LUNG", "BREAST", "colon-cancer"]),
        ("melanoma and breast cancer", ["MEL", "BREAST"]),
        ("recurrent GBM", ["glioblastoma"]),
        ("uterus and cervix cancer of something", []),
        ("no evidence of lung cancer", []),
        ("mouse model of lung cancer", []),
        ("National Cancer Institute", []),
    ],
)
def test_brackets_qualifiers_and_shared_words(harmoniser: Harmoniser, text: str, expected: list[str]) -> None:
    assert notations(harmoniser.match(text, "cancer")) == expected


def test_a_deprecated_concept_answers_with_what_replaces_it(overlay: Write) -> None:
    text = (
        "@prefix : <https://w3id.org/radiograph/concept/cancer/> .\n@prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "@prefix dct: <http://purl.org/dc/terms/> .\n:MEL owl:deprecated true ; dct:isReplacedBy :SKCM .\n"
    )
    folder = overlay("concepts/additions/cancer.ttl", text)
    harmoniser = Harmoniser.load(Vocabularies.load(folder), folder)
    assert notations(harmoniser.match("Malignant Melanoma", "cancer")) == ["SKCM"]


def test_an_ambiguous_text_means_nothing(harmoniser: Harmoniser) -> None:
    """Three organs have a yolk sac tumour in OncoTree, and no general concept answers to the name."""
    assert harmoniser.match("Yolk Sac Tumor", "cancer").concepts == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Adenocarcinoma, Renal Cell Carcinoma, Not Otherwise Specified, Rhabdomyosarcoma",
            ["Adenocarcinoma", "Renal Cell Carcinoma, Not Otherwise Specified", "Rhabdomyosarcoma"],
        ),
        ("Breast Cancer", ["Breast Cancer"]),
        ("Lung Cancer, nonsense, Melanoma", ["Lung Cancer", "nonsense", "Melanoma"]),
        ("nonsense", ["nonsense"]),
    ],
)
def test_a_list_is_cut_at_commas_that_are_not_part_of_a_name(
    harmoniser: Harmoniser, text: str, expected: list[str]
) -> None:
    assert harmoniser.terms(text, "cancer") == expected


def test_a_scheme_that_does_not_exist_is_told(harmoniser: Harmoniser) -> None:
    with pytest.raises(VocabularyError, match="there is no scheme 'tumour'"):
        harmoniser.match("x", "tumour")


def test_a_long_text_is_not_searched(harmoniser: Harmoniser) -> None:
    assert harmoniser.match("Lung Cancer, " * 1000, "cancer").rule == "none"


def test_commas_in_a_bracket_of_whatever_length_separate_nothing(harmoniser: Harmoniser) -> None:
    aside = ", ".join(["whatever else"] * 40)
    assert harmoniser.terms(f"Lung ({aside}), Breast", "anatomy") == [f"Lung ({aside})", "Breast"]


@pytest.mark.parametrize(
    "piece", ["left ", "left and right ", "a ", "a and ", ",", "a\n", "/", "(", "http://", "lung cancer,", "  "]
)
def test_a_hostile_text_is_answered_quickly(harmoniser: Harmoniser, piece: str) -> None:
    text = (piece * 4000)[:3990] + "x"
    start = time.process_time()
    harmoniser.match(text, "cancer")
    assert time.process_time() - start < 1


@given(text=st.text(max_size=60), scheme=st.sampled_from(["cancer", "anatomy", "modality", "licence"]))
def test_any_text_gets_an_answer_and_always_the_same(harmoniser: Harmoniser, text: str, scheme: str) -> None:
    match = harmoniser.match(text, scheme)
    assert match.rule in RULES
    assert 0 <= match.confidence <= 1
    assert (match.rule == "none") <= (not match.concepts)
    assert harmoniser.match(text, scheme) == match
    assert all(concept.scheme == scheme for concept in match.concepts)


@given(data=st.data())
def test_every_label_means_its_concept(harmoniser: Harmoniser, vocabularies: Vocabularies, data: st.DataObject) -> None:
    scheme = data.draw(st.sampled_from(["cancer", "anatomy", "modality", "annotation", "species"]))
    concept = data.draw(st.sampled_from(sorted(vocabularies.schemes[scheme].values(), key=lambda c: c.iri)))
    assert harmoniser.match(concept.label.upper(), scheme).concepts == (concept,)


def test_an_overlay_mapping_set_is_for_the_repository_it_is_named_after(
    vocabularies: Vocabularies, overlay: Write
) -> None:
    text = (
        "# curie_map:\n#   cancer: https://w3id.org/radiograph/concept/cancer/\n"
        "#   concept: https://w3id.org/radiograph/concept/\n"
        "# mapping_set_id: https://example.org/clinic.sssom.tsv\n# license: https://creativecommons.org/licenses/by/4.0/\n"
        "subject_label\tpredicate_id\tobject_id\tobject_source\tmapping_justification\n"
        "Bronchial-Ca\tskos:exactMatch\tcancer:lung-carcinoma\tconcept:cancer\tsemapv:ManualMappingCuration\n"
    )
    harmoniser = Harmoniser.load(vocabularies, overlay("mappings/clinic.sssom.tsv", text))
    assert notations(harmoniser.match("Bronchial-Ca", "cancer", repository="clinic")) == ["lung-carcinoma"]
    assert notations(harmoniser.match("bronchial ca", "cancer", repository="clinic")) == ["lung-carcinoma"]
    assert harmoniser.match("Bronchial-Ca", "cancer", repository="other").concepts == ()
    assert harmoniser.match("Low Grade GLioma", "cancer", repository="clinic").rule == "mapping"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("cancer:nothing\tconcept:cancer", "no concept of scheme 'cancer'"),
        ("cancer:LUAD\tconcept:anatomy", "no concept of scheme 'anatomy'"),
        ("cancer:LUAD\tconcept:tumour", "which does not exist"),
    ],
)
def test_a_mapping_to_what_does_not_exist_is_told_with_file_and_line(
    vocabularies: Vocabularies, overlay: Write, row: str, message: str
) -> None:
    text = (
        "# curie_map:\n#   cancer: https://w3id.org/radiograph/concept/cancer/\n"
        "#   concept: https://w3id.org/radiograph/concept/\n"
        "# mapping_set_id: https://example.org/clinic.sssom.tsv\n# license: https://creativecommons.org/licenses/by/4.0/\n"
        "subject_label\tpredicate_id\tobject_id\tobject_source\tmapping_justification\n"
        f"x\tskos:exactMatch\t{row}\tsemapv:ManualMappingCuration\n"
    )
    with pytest.raises(VocabularyError, match=message) as caught:
        Harmoniser.load(vocabularies, overlay("mappings/clinic.sssom.tsv", text))
    assert str(caught.value.where).endswith("clinic.sssom.tsv, line 7")


def test_three_names_of_one_kind_of_tumour_meet(harmoniser: Harmoniser, vocabularies: Vocabularies) -> None:
    """A question for low-grade glioma finds what repositories call by its short name, or by one of its kinds."""
    glioma = "https://w3id.org/radiograph/concept/cancer/low-grade-glioma"
    for text in ("Low Grade GLioma", "LGG", "diffuse astrocytoma"):
        (concept,) = harmoniser.match(text, "cancer").concepts
        assert glioma in (concept.iri, *vocabularies.ancestors(concept.iri)), text
