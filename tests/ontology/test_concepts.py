"""The shipped vocabularies: complete, consistent, and honest about where they come from."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from rdflib import Graph, URIRef

from core.terms import CONCEPT, DCT, RDF, SKOS
from ontology.spelling import fold
from ontology.vocabulary import Vocabularies

CONCEPTS = sorted((Path(__file__).parents[2] / "ontology" / "concepts").glob("*.ttl"))
OWN = ("anatomy", "annotation", "cancer", "manufacturer", "modality", "sex", "software", "species")
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


def test_preferred_labels_are_unique_in_a_scheme(vocabularies: Vocabularies) -> None:
    for name, concepts in vocabularies.schemes.items():
        counts = Counter(fold(concept.label) for concept in concepts.values())
        assert [label for label, count in counts.items() if count > 1] == [], name


@pytest.mark.parametrize("name", OWN)
def test_no_synonym_means_two_concepts(vocabularies: Vocabularies, name: str) -> None:
    meant: dict[str, set[str]] = {}
    for iri, concept in vocabularies.schemes[name].items():
        for text in (concept.label, *concept.synonyms):
            meant.setdefault(fold(text), set()).add(iri)
    assert {text: iris for text, iris in meant.items() if len(iris) > 1} == {}


def test_no_exact_code_belongs_to_two_concepts() -> None:
    graph = Graph()
    for path in CONCEPTS:
        graph.parse(path)
    counts = Counter(graph.objects(None, SKOS.exactMatch))
    # Phantom is a body part to DICOM and a species to IDC.
    assert [code for code, n in counts.items() if n > 1] == [URIRef("http://snomed.info/id/706342009")]


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
