"""The shipped vocabularies: complete, consistent, and honest about where they come from."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from rdflib import Graph

from core.terms import CONCEPT, DCT, EUCAIM, RDF, SKOS
from ontology.spelling import fold
from ontology.vocabulary import Vocabularies

CONCEPTS = sorted((Path(__file__).parents[2] / "ontology" / "concepts").glob("*.ttl"))
OWN = (
    *("age-group", "anatomy", "annotation", "cancer", "clinical-variable", "laterality", "manufacturer", "modality"),
    *("segmentation", "segmentation-method", "sex", "software", "species", "stage"),
)
#: The official languages of the Union.
OFFICIAL = frozenset(
    (
        *("bg", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "hr"),
        *("hu", "it", "lt", "lv", "mt", "nl", "pl", "pt", "ro", "sk", "sl", "sv"),
    )
)
#: Member states, by the codes of the EU authority table of countries.
MEMBERS = (
    *("AUT", "BEL", "BGR", "CYP", "CZE", "DEU", "DNK", "ESP", "EST", "FIN", "FRA", "GRC", "HRV", "HUN"),
    *("IRL", "ITA", "LTU", "LUX", "LVA", "MLT", "NLD", "POL", "PRT", "ROU", "SVK", "SVN", "SWE"),
)
CANCER = "https://w3id.org/radiograph/concept/cancer/"


@pytest.mark.parametrize("path", CONCEPTS, ids=lambda path: path.stem)
def test_a_scheme_names_its_title_source_and_licence(path: Path) -> None:
    graph = Graph().parse(path)
    (scheme,) = graph.subjects(RDF.type, SKOS.ConceptScheme)
    for predicate in (DCT.title, DCT.source, DCT.license):
        assert graph.value(scheme, predicate, any=True) is not None, f"{path.name} has no {predicate}"


@pytest.mark.parametrize("path", CONCEPTS, ids=lambda path: path.stem)
def test_concepts_are_apart_by_one_blank_line(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert "\n\n\n" not in text
    assert len(re.findall(r"^(?:<[^>]+>|:\S+) a ", text, flags=re.MULTILINE)) == len(
        re.findall(r"\n\n(?:<[^>]+>|:\S+) a ", text)
    )


@pytest.mark.parametrize("name", OWN)
def test_own_concepts_have_an_iri_of_their_scheme_and_notation(vocabularies: Vocabularies, name: str) -> None:
    for iri, concept in vocabularies.schemes[name].items():
        assert iri == f"{CONCEPT}{name}/{concept.notation.replace('/', '%2F')}"


def test_the_promised_schemes_exist(vocabularies: Vocabularies) -> None:
    assert {*OWN, "licence", "access-right", "language", "data-theme", "frequency", "dataset-type"} <= set(
        vocabularies.schemes
    )
    assert {"file-type", "media-type", "country", "health-category", "health-theme"} <= set(vocabularies.schemes)
    assert {"planned-availability", "distribution-status", "data-use-condition"} <= set(vocabularies.schemes)


def test_every_concept_has_an_english_label_a_notation_and_a_way_to_the_top(vocabularies: Vocabularies) -> None:
    for concepts in vocabularies.schemes.values():
        for concept in concepts.values():
            assert concept.labels["en"].strip() == concept.labels["en"] != ""
            assert concept.notation
            above = vocabularies.ancestors(concept.iri)
            tops = [one for one in (concept.iri, *above) if not vocabularies.schemes[concept.scheme][one].broader]
            assert tops, f"{concept.iri} hangs in the air"


def test_ancestors_end_with_the_top_of_the_tree(vocabularies: Vocabularies) -> None:
    """Each stands before those broader than it, whatever way leads up."""
    for iri in vocabularies.schemes["anatomy"]:
        above = vocabularies.ancestors(iri)
        for place, one in enumerate(above):
            assert not set(vocabularies.ancestors(one)) & set(above[:place]), iri


def test_countries_and_languages_of_the_union_have_names_in_all_its_languages(vocabularies: Vocabularies) -> None:
    authority = "http://publications.europa.eu/resource/authority/"
    for code in MEMBERS:
        concept = vocabularies.concept(f"{authority}country/{code}")
        assert concept is not None and set(concept.labels) >= OFFICIAL, code
    named = [set(concept.labels) >= OFFICIAL for concept in vocabularies.schemes["language"].values()]
    assert sum(named) >= len(OFFICIAL)
    health = vocabularies.concept(f"{authority}data-theme/HEAL")
    assert health is not None and set(health.labels) == OFFICIAL


@pytest.mark.parametrize(
    ("joint", "parts"),
    [
        ("818982008", {"818981001", "816092008"}),  # abdomen and pelvis
        ("416550000", {"816094009", "818981001"}),  # chest and abdomen
        ("416775004", {"816094009", "818981001", "816092008"}),  # chest, abdomen and pelvis
        ("417437006", {"45048000", "816094009"}),  # neck and chest
        ("416319003", {"45048000", "816094009", "818981001", "816092008"}),  # neck, chest, abdomen and pelvis
        ("1231522001", {"816092008", "61685007"}),  # pelvis and lower extremities
        ("110837003", {"89837001", "13648007"}),  # bladder and urethra
        ("colon-and-rectum", {"71854001", "34402009", "14742008", "818981001", "816092008"}),
    ],
)
def test_a_joint_region_is_found_from_each_of_its_parts(
    vocabularies: Vocabularies, joint: str, parts: set[str]
) -> None:
    base = f"{CONCEPT}anatomy/"
    assert {base + part for part in parts} <= set(vocabularies.ancestors(base + joint))
    assert vocabularies.children(base + joint) == ()


@pytest.mark.parametrize(("part", "region"), [("34402009", "818981001"), ("53505006", "818981001")])
def test_rectum_and_anus_are_no_parts_of_the_abdomen(vocabularies: Vocabularies, part: str, region: str) -> None:
    above = vocabularies.ancestors(f"{CONCEPT}anatomy/{part}")
    assert f"{CONCEPT}anatomy/{region}" not in above
    assert {f"{CONCEPT}anatomy/14742008", f"{CONCEPT}anatomy/816092008"} <= set(above)


def test_preferred_labels_are_unique_in_a_scheme(vocabularies: Vocabularies) -> None:
    """Except where they are another's and not unique there: classes of EUCAIM are told apart by code."""
    for name, concepts in vocabularies.schemes.items():
        if name.startswith("eucaim-"):
            continue
        counts = Counter(fold(concept.label) for concept in concepts.values())
        assert [label for label, count in counts.items() if count > 1] == [], name


@pytest.mark.parametrize("name", OWN)
def test_no_synonym_means_two_concepts(vocabularies: Vocabularies, name: str) -> None:
    meant: dict[str, set[str]] = {}
    for iri, concept in vocabularies.schemes[name].items():
        for text in (concept.label, *concept.synonyms):
            meant.setdefault(fold(text), set()).add(iri)
    assert {text: iris for text, iris in meant.items() if len(iris) > 1} == {}


def test_no_exact_code_belongs_to_two_concepts(vocabularies: Vocabularies) -> None:
    """But what a segmentation outlines may be a body part, and EUCAIM's entries stand for terms of DUO."""
    meant: dict[str, set[str]] = {}
    for concept in (concept for concepts in vocabularies.schemes.values() for concept in concepts.values()):
        if concept.scheme != "segmentation" and not concept.scheme.startswith("eucaim-"):
            for code in vocabularies.equivalents(concept.iri, SKOS.exactMatch):
                if not code.startswith(str(EUCAIM)):
                    meant.setdefault(code, set()).add(concept.iri)
    # Phantom is a body part to DICOM and a species to IDC.
    assert [code for code, iris in meant.items() if len(iris) > 1] == ["http://snomed.info/id/706342009"]


def test_body_parts_and_segmented_structures_of_one_code_have_one_name(vocabularies: Vocabularies) -> None:
    parts, segmented = vocabularies.schemes["anatomy"], vocabularies.schemes["segmentation"]
    shared = [(part, other) for part in parts.values() if (other := segmented.get(_twin(part.iri)))]
    assert len(shared) > 300
    differing = {part.label: other.label for part, other in shared if fold(part.label) != fold(other.label)}
    assert differing == {"Internal nose": "Endo-nasal", "Retroperitoneum": "Retroperitoneal space"}


def _twin(iri: str) -> str:
    return iri.replace("/anatomy/", "/segmentation/")


def test_what_has_no_broader_concept_is_a_top_concept_and_nothing_else_is() -> None:
    for path in CONCEPTS:
        graph = Graph().parse(path)
        tops = set(graph.subjects(SKOS.topConceptOf))
        assert tops == set(graph.subjects(RDF.type, SKOS.Concept)) - set(graph.subjects(SKOS.broader)), path.name


def test_what_is_no_cancer_is_never_under_the_root_of_tumours(vocabularies: Vocabularies) -> None:
    negative = [concept for concept in vocabularies.schemes["cancer"].values() if concept.negative]
    assert {"phantom", "healthy", "non-cancer", "covid-19"} <= {concept.notation for concept in negative}
    for concept in negative:
        assert f"{CANCER}TISSUE" not in vocabularies.ancestors(concept.iri)
    for concept in vocabularies.schemes["cancer"].values():
        assert (
            concept.negative or concept.notation == "TISSUE" or f"{CANCER}TISSUE" in vocabularies.ancestors(concept.iri)
        )


@pytest.mark.parametrize(
    ("scheme", "narrow", "broad"),
    [
        ("anatomy", "10200004", "818981001"),  # liver, abdomen
        ("anatomy", "12738006", "774007"),  # brain, head and neck
        ("anatomy", "41216001", "816092008"),  # prostate, pelvis
        ("anatomy", "39607008", "816094009"),  # lung, chest
        ("anatomy", "60184004", "71854001"),  # sigmoid colon, colon
        ("anatomy", "82471001", "59652004"),  # left atrium, atrium
        ("anatomy", "53085002", "21814001"),  # right ventricle, ventricle
        ("anatomy", "68523003", "389080008"),  # cerebral white matter, white matter
        ("anatomy", "71341001", "3138006"),  # femur, bone
        ("anatomy", "113262008", "59820001"),  # thoracic aorta, blood vessel
        ("anatomy", "41801008", "51114001"),  # coronary artery, artery
        ("anatomy", "64131007", "29092000"),  # inferior vena cava, vein
        ("anatomy", "76752008", "816094009"),  # breast, chest
        ("anatomy", "64033007", "818981001"),  # kidney, abdomen
        ("cancer", "CCRCC", "KIDNEY"),
        ("cancer", "IHCH", "LIVER"),
        ("cancer", "MPNST", "sarcoma"),
        ("cancer", "glioblastoma", "BRAIN"),
        ("cancer", "low-grade-glioma", "glioma"),
        ("cancer", "LUAD", "LUNG"),
        ("cancer", "LUAD", "NSCLC"),
        ("cancer", "COAD", "colorectal-cancer"),
        ("cancer", "GB", "glioma"),
        ("cancer", "DLBCLNOS", "lymphoma"),
        ("cancer", "OS", "sarcoma"),
        ("modality", "CR", "XRAY"),
        ("laterality", "left", "unilateral"),
        ("age-group", "aged-80", "adult"),
        ("stage", "stage-iiib", "stage-iii"),
        ("stage", "pT4b", "T4"),
        ("clinical-variable", "bi-rads-4b", "bi-rads-4"),
        ("clinical-variable", "grade-group-3", "grade-group"),
        ("segmentation", "14799000", "49755003"),  # secondary neoplasm, morphologically abnormal structure
        ("modality", "MG", "XRAY"),
    ],
)
def test_a_broad_concept_finds_its_narrow_ones(
    vocabularies: Vocabularies, scheme: str, narrow: str, broad: str
) -> None:
    base = f"{CONCEPT}{scheme}/"
    assert base + broad in vocabularies.ancestors(base + narrow)


@pytest.mark.parametrize("name", ["anatomy", "cancer", "modality", "annotation"])
def test_nothing_is_broader_than_itself(vocabularies: Vocabularies, name: str) -> None:
    for iri in vocabularies.schemes[name]:
        assert all(iri not in vocabularies.ancestors(broader) for broader in vocabularies.ancestors(iri))


@pytest.mark.parametrize(
    ("scheme", "notation", "codes"),
    [
        ("cancer", "NSCLC", {"MONDO:0005233", "NCIT:C2926", "ONCOTREE:NSCLC"}),
        ("cancer", "BREAST", {"MONDO:0007254", "NCIT:C9335"}),
        ("cancer", "PRAD", {"MONDO:0005082"}),
        ("cancer", "glioblastoma", {"MONDO:0018177"}),
        ("cancer", "covid-19", {"MONDO:0100096"}),
        ("anatomy", "39607008", {"SCT:39607008"}),
        ("anatomy", "64033007", {"SCT:64033007"}),
        ("modality", "CT", {"DCM:CT"}),
        ("annotation", "RTSTRUCT", {"DCM:RTSTRUCT"}),
        ("species", "337915000", {"SCT:337915000"}),
        ("segmentation", "10200004", {"SCT:10200004"}),
        ("stage", "stage-iv", {"DCM:111501"}),
        ("clinical-variable", "her2-positive", {"NCIT:C68748"}),
        ("segmentation-method", "automatic", {"EUCAIM:COM1000008"}),
    ],
)
def test_concepts_carry_their_codes(vocabularies: Vocabularies, scheme: str, notation: str, codes: set[str]) -> None:
    concept = vocabularies.concept(f"{CONCEPT}{scheme}/{notation}")
    assert concept is not None
    assert codes <= set(concept.codes)


def test_no_tissue_code_of_ncit_stands_for_a_cancer(vocabularies: Vocabularies) -> None:
    """OncoTree's own references of tissue nodes name the organ: C12468 is the lung."""
    for concept in vocabularies.schemes["cancer"].values():
        assert not any(re.fullmatch(r"NCIT:C12\d{3}", code) for code in concept.codes), concept.iri


def test_data_use_conditions_have_the_addresses_of_duo(vocabularies: Vocabularies) -> None:
    duo = "http://purl.obolibrary.org/obo/"
    own = vocabularies.schemes["data-use-condition"]
    assert all(iri == duo + concept.notation for iri, concept in own.items())
    entries = vocabularies.schemes["eucaim-data-use-condition"]
    for iri in entries:
        (exact,) = vocabularies.equivalents(iri, SKOS.exactMatch)
        assert own[exact].label == entries[iri].label
        assert iri in vocabularies.equivalents(exact, SKOS.exactMatch)
    general = vocabularies.ancestors(f"{duo}DUO_0000042")
    assert general == (f"{duo}DUO_0000001",)
