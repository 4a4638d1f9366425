from __future__ import annotations

from collections.abc import Callable
from typing import Any
from xml.dom import minidom

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rdflib import BNode, Literal, URIRef

from core.canonical import canonical_ntriples, parse_ntriples
from core.errors import IdentifierError
from core.identifiers import Identifiers
from core.terms import (
    ACCESS_RIGHT,
    ADMS,
    CONCEPT,
    DATA_THEME,
    DCAT,
    DCT,
    HEALTHDCATAP,
    PROV,
    QB,
    RADIOGRAPH,
    RDF,
    RDFS,
    SKOS,
    XSD,
)
from ingest.declaration import RepositoryDeclaration
from ingest.mapping import Description, describe
from ingest.record import SourceDistribution, SourceRecord, SourceStratum
from ontology.harmoniser import Harmoniser
from ontology.vocabulary import Vocabularies

Describe = Callable[..., Description]
BASE = "https://catalogue.example.org/base"
ITEM = URIRef(f"{BASE}/dataset/clinic/item")
FILES = URIRef(f"{BASE}/distribution/clinic/item/files")
ENGLISH = URIRef("http://publications.europa.eu/resource/authority/language/ENG")


DECLARATION = RepositoryDeclaration.model_validate(
    {
        "id": "clinic",
        "title": "A clinic",
        "description": "Datasets of a clinic.",
        "publisher": {"name": "The clinic"},
        "contact": {"name": "Data office", "email": "data@clinic.example.org"},
        "defaults": {"access_rights": "PUBLIC"},
    }
)


@pytest.fixture(scope="module")
def described(harmoniser: Harmoniser, vocabularies: Vocabularies, identifiers: Identifiers) -> Describe:
    def make(record: SourceRecord | None = None, *, k: int = 1, **said: Any) -> Description:
        record = record or SourceRecord(**({"identifier": "item"} | said))
        repository = DECLARATION.model_copy(update={"k": k})
        return describe(record, repository, harmoniser, vocabularies, identifiers)

    return make


def count(number: int) -> Literal:
    return Literal(str(number), datatype=XSD.nonNegativeInteger)


def test_a_record_that_says_nothing_gets_only_what_its_repository_says(described: Describe) -> None:
    description = described()
    assert set(description.graph) == {
        (ITEM, RDF.type, DCAT.Dataset),
        (ITEM, RDF.type, RADIOGRAPH.ImagingDataset),
        (ITEM, DCT.identifier, Literal(str(ITEM))),
        (ITEM, DCT.publisher, URIRef(f"{BASE}/agent/clinic/publisher")),
        (ITEM, DCAT.contactPoint, URIRef(f"{BASE}/agent/clinic/contact")),
        (ITEM, DCAT.theme, DATA_THEME.HEAL),
        (ITEM, DCT.accessRights, ACCESS_RIGHT.PUBLIC),
        (ITEM, DCT.language, ENGLISH),
    }
    assert (description.iri, description.stated, description.unmatched, description.remarks) == (ITEM, [], [], [])


def test_blank_texts_say_nothing(described: Describe) -> None:
    blank = dict.fromkeys(("title", "description", "version", "provenance", "landing_page", "issued"), " ")
    lists = dict.fromkeys(("keywords", "citations", "references", "other_identifiers"), (" ", ""))
    assert set(described(**blank, **lists).graph) == set(described().graph)


def test_texts_are_in_the_language_of_the_repository(described: Describe) -> None:
    graph = described(title=" T ", description="D", keywords=("K", "K"), provenance="P", version="2 ").graph
    assert graph.value(ITEM, DCT.title) == Literal("T", lang="en")
    assert graph.value(ITEM, DCT.description) == Literal("D", lang="en")
    assert list(graph.objects(ITEM, DCAT.keyword)) == [Literal("K", lang="en")]
    assert graph.value(ITEM, DCAT.version) == Literal("2")
    node = URIRef(f"{ITEM}#provenance")
    assert graph.value(ITEM, DCT.provenance) == node
    assert set(graph.predicate_objects(node)) == {
        (RDF.type, DCT.ProvenanceStatement), (RDFS.label, Literal("P", lang="en")),
    }  # fmt: skip


def test_the_first_publishers_identifier_is_kept_as_it_is(described: Describe) -> None:
    graph = described(
        publisher_identifier="https://doi.org/10.1234/ABC", dois=("10.1234/ABC", "https://doi.org/10.1234/abc"),
        other_identifiers=("LOCAL 7", "doi:10.5555/X"),
    ).graph  # fmt: skip
    assert list(graph.objects(ITEM, DCT.identifier)) == [Literal("https://doi.org/10.1234/ABC")]
    nodes = list(graph.objects(ITEM, ADMS.identifier))
    found = {(str(graph.value(n, SKOS.notation)), str(graph.value(n, ADMS.schemaAgency))) for n in nodes}
    assert found == {("10.1234/abc", "DOI"), ("10.5555/x", "DOI"), ("LOCAL 7", "None")}
    assert all((n, RDF.type, ADMS.Identifier) in graph for n in nodes)


def test_a_doi_that_is_none_is_told(described: Describe) -> None:
    description = described(dois=("see website",))
    assert description.remarks == ["'see website' is not a DOI"]
    assert not list(description.graph.objects(ITEM, ADMS.identifier))


def test_dates_keep_their_precision_and_junk_is_told(described: Describe) -> None:
    description = described(issued="2021", modified="yesterday")
    assert description.graph.value(ITEM, DCT.issued) == Literal("2021", datatype=XSD.gYear)
    assert description.graph.value(ITEM, DCT.modified) is None
    assert len(description.remarks) == 1 and "'yesterday'" in description.remarks[0]


def test_addresses_are_mended_or_told(described: Describe) -> None:
    description = described(
        landing_page="https://example.org/a b", references=("10.1000/x", "javascript:alert(1)", "www.example.org")
    )
    assert description.graph.value(ITEM, DCAT.landingPage) == URIRef("https://example.org/a%20b")
    assert list(description.graph.objects(ITEM, DCT.isReferencedBy)) == [URIRef("https://doi.org/10.1000/x")]
    assert len(description.remarks) == 3


def test_languages_by_name_code_and_tag(described: Describe) -> None:
    description = described(languages=("German", "en-GB", "gobbledygook"))
    found = {str(iri).rsplit("/", 1)[-1] for iri in description.graph.objects(ITEM, DCT.language)}
    assert found == {"DEU", "ENG"}
    assert description.remarks == ["the language 'gobbledygook' is not known"]


def test_derivation_stays_in_the_repository(described: Describe) -> None:
    description = described(kind="annotations", derived_from=("other one", "item", "\x00"))
    other = URIRef(f"{BASE}/dataset/clinic/other%20one")
    assert (ITEM, RDF.type, RADIOGRAPH.AnnotationDataset) in description.graph
    assert list(description.graph.objects(ITEM, PROV.wasDerivedFrom)) == [other]
    assert list(description.graph.objects(ITEM, DCT.source)) == [other]
    assert len(description.remarks) == 2


def test_a_distribution(described: Describe) -> None:
    files = SourceDistribution(
        identifier="files", title="Files", access_url="https://example.org/x", download_url="https://example.org/x.zip",
        licence="CC BY 4.0", media_type="application/dicom", format="ZIP", byte_size=5,
    )  # fmt: skip
    description = described(distributions=(files,))
    assert set(description.graph.predicate_objects(FILES)) == {
        (RDF.type, DCAT.Distribution),
        (DCT.title, Literal("Files", lang="en")),
        (DCAT.accessURL, URIRef("https://example.org/x")),
        (DCAT.downloadURL, URIRef("https://example.org/x.zip")),
        (DCT.license, URIRef("https://creativecommons.org/licenses/by/4.0/")),
        (DCAT.mediaType, URIRef("https://www.iana.org/assignments/media-types/application/dicom")),
        (DCT["format"], URIRef("http://publications.europa.eu/resource/authority/file-type/ZIP")),
        (DCAT.byteSize, count(5)),
    }
    assert (ITEM, DCAT.distribution, FILES) in description.graph
    assert (description.lost_licences, description.remarks) == ([], [])


@pytest.mark.parametrize(
    "said",
    [
        {"licence": "free for academics"},
        {"licence": "CC BY 4.0, CC BY-NC 4.0"},
        {"media_type": "pictures"},
        {"format": "papyrus"},
        {"access_url": "on request"},
    ],
)
def test_what_a_distribution_cannot_carry_is_told_and_not_guessed(described: Describe, said: dict[str, str]) -> None:
    description = described(distributions=(SourceDistribution(identifier="files", **said),))
    assert set(description.graph.predicate_objects(FILES)) == {(RDF.type, DCAT.Distribution)}
    (told,) = (*description.lost_licences, *description.remarks)
    assert next(iter(said.values())) in told


def test_distributions_that_share_an_identifier_do_not_mix(described: Describe) -> None:
    twice = tuple(SourceDistribution(identifier="files", title=title) for title in ("one", "two"))
    description = described(distributions=(*twice, SourceDistribution(identifier=" ")))
    assert list(description.graph.objects(FILES, DCT.title)) == [Literal("one", lang="en")]
    assert len(description.remarks) == 2


def test_facets_are_concepts_beside_their_raw_texts(described: Describe) -> None:
    terms = {"bodyPart": ("LUNG", "Lung", "WO INTER"), "species": ("Human",)}
    description = described(terms=terms)
    graph, lung = description.graph, CONCEPT["anatomy/39607008"]
    assert list(graph.objects(ITEM, RADIOGRAPH.bodyPart)) == [lung]
    nodes = {str(graph.value(n, RADIOGRAPH.text)): n for n in graph.objects(ITEM, RADIOGRAPH.statedValue)}
    assert nodes.keys() == {"LUNG", "Lung", "WO INTER", "Human"}
    assert graph.value(nodes["Lung"], RADIOGRAPH.concept) == lung
    assert graph.value(nodes["Lung"], RADIOGRAPH.confidence) == Literal("1.0", datatype=XSD.decimal)
    assert set(graph.predicate_objects(nodes["WO INTER"])) == {
        (RDF.type, RADIOGRAPH.StatedValue),
        (RADIOGRAPH.facet, RADIOGRAPH.bodyPart),
        (RADIOGRAPH.text, Literal("WO INTER")),
        (RADIOGRAPH.rule, Literal("none")),
    }
    assert description.unmatched == [("bodyPart", "WO INTER")]
    assert [(facet, match.text) for facet, match in description.stated] == [
        ("bodyPart", "LUNG"), ("bodyPart", "Lung"), ("species", "Human"),
    ]  # fmt: skip


def test_texts_in_the_wrong_one_of_two_facets_are_stated_where_they_belong(described: Describe) -> None:
    graph = described(
        terms={"modality": ("CT", "SEG"), "scannerManufacturer": ("QIICR", "SIEMENS"), "software": ("SIEMENS",)}
    ).graph
    assert list(graph.objects(ITEM, RADIOGRAPH.modality)) == [CONCEPT["modality/CT"]]
    assert list(graph.objects(ITEM, RADIOGRAPH.annotationType)) == [CONCEPT["annotation/SEG"]]
    assert list(graph.objects(ITEM, RADIOGRAPH.scannerManufacturer)) == [CONCEPT["manufacturer/siemens"]]
    assert list(graph.objects(ITEM, RADIOGRAPH.software)) == [CONCEPT["software/qiicr"]]
    assert len(list(graph.objects(ITEM, RADIOGRAPH.statedValue))) == 4


@pytest.mark.parametrize(
    ("species", "counted"),
    [(("Human",), True), (("Human", "Mouse"), False), (("Mouse",), False), ((), False), (("Human", "gremlin"), False)],
)
def test_individuals_are_counted_only_where_all_are_human(
    described: Describe, species: tuple[str, ...], counted: bool
) -> None:
    graph = described(subjects=20, studies=30, series=400, byte_size=5, terms={"species": species}).graph
    assert (graph.value(ITEM, HEALTHDCATAP.numberOfUniqueIndividuals) == count(20)) == counted
    assert graph.value(ITEM, HEALTHDCATAP.numberOfRecords) == graph.value(ITEM, RADIOGRAPH.studyCount) == count(30)
    assert graph.value(ITEM, RADIOGRAPH.subjectCount) == count(20)
    assert graph.value(ITEM, RADIOGRAPH.seriesCount) == count(400)
    assert graph.value(ITEM, RADIOGRAPH.byteSize) == count(5)


@pytest.mark.parametrize("terms", [{"condition": ("Phantom",)}, {"bodyPart": ("Lung", "Lung Phantom")}])
def test_phantoms_are_no_individuals_whatever_species_they_are_said_to_be(
    described: Describe, terms: dict[str, tuple[str, ...]]
) -> None:
    graph = described(subjects=20, terms={"species": ("Human",)} | terms).graph
    assert graph.value(ITEM, HEALTHDCATAP.numberOfUniqueIndividuals) is None
    assert graph.value(ITEM, RADIOGRAPH.subjectCount) == count(20)


def _stratum(sex: str, subjects: int) -> SourceStratum:
    return SourceStratum(
        modality=str(CONCEPT["modality/CT"]), body_part=str(CONCEPT["anatomy/39607008"]),
        sex=str(CONCEPT[f"sex/{sex}"]),
        subjects=subjects, studies=subjects, series=subjects * 3,
    )  # fmt: skip


def test_strata_are_a_cube_that_nothing_but_the_dataset_points_to(described: Describe) -> None:
    graph = described(strata=(_stratum("male", 12), _stratum("female", 5))).graph
    cube = URIRef(f"{ITEM}#strata")
    assert set(graph.subject_predicates(cube)) >= {(ITEM, RADIOGRAPH.strata)}
    assert (cube, RDF.type, QB.DataSet) in graph and (cube, QB.structure, RADIOGRAPH.strataStructure) in graph
    observations = list(graph.subjects(QB.dataSet, cube))
    assert {int(str(graph.value(o, RADIOGRAPH.subjectCount))) for o in observations} == {12, 5}
    assert not [s for o in observations for s in graph.subjects(None, o)]


def test_small_strata_are_withheld_and_told_without_numbers(described: Describe) -> None:
    strata = (_stratum("male", 120), _stratum("female", 5), _stratum("other", 40))
    description = described(subjects=165, studies=165, series=495, strata=strata, k=10)
    shown = [str(o) for o in description.graph.objects(None, RADIOGRAPH.stratumSex)]
    assert shown == [str(CONCEPT["sex/male"])]
    assert description.remarks == ["2 strata withheld: counts of people below the threshold, or next to such"]


def test_a_stratum_of_a_concept_that_is_gone_is_told(described: Describe) -> None:
    gone = _stratum("male", 3).model_copy(update={"modality": str(CONCEPT["modality/gone"])})
    description = described(strata=(gone,))
    assert not list(description.graph.objects(ITEM, RADIOGRAPH.strata))
    assert len(description.remarks) == 1 and "modality/gone" in description.remarks[0]


def test_persons_are_not_carried_over(described: Describe) -> None:
    description = described(creators=("Jane Doe",))
    assert "Jane Doe" not in canonical_ntriples(description.graph).decode()
    assert len(description.remarks) == 1


def test_an_identifier_that_cannot_be_an_iri_is_an_error(described: Describe) -> None:
    with pytest.raises(IdentifierError):
        described(identifier="\n")


hostile = (
    st.none() | st.text(max_size=30) | st.sampled_from(["\x00", "\ud800", "<b>&", "http://", "10.1/ ", '"""', "\u202e"])
)
lists = st.lists(st.text(max_size=20) | hostile.filter(lambda x: x is not None), max_size=3).map(tuple)
records = st.builds(
    SourceRecord,
    identifier=st.text(st.characters(blacklist_categories=("Cc", "Cs", "Z")), min_size=3, max_size=20),
    kind=st.sampled_from(["images", "annotations"]),
    **dict.fromkeys(("title", "description", "landing_page", "issued", "modified", "version", "provenance"), hostile),
    publisher_identifier=hostile,
    **dict.fromkeys(("dois", "other_identifiers", "keywords", "citations", "references", "languages"), lists),
    derived_from=lists,
    distributions=st.lists(
        st.builds(
            SourceDistribution,
            identifier=st.text(min_size=1, max_size=8),
            **dict.fromkeys(
                ("title", "description", "access_url", "download_url", "licence", "media_type", "format"), hostile
            ),
        ),
        max_size=2,
    ).map(tuple),
    terms=st.dictionaries(st.sampled_from(["modality", "bodyPart", "condition", "software", "species"]), lists),
    subjects=st.none() | st.integers(0, 10**12),
)


@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=150, deadline=None)
@given(records)
def test_any_record_becomes_a_graph_that_can_be_kept(
    described: Describe, identifiers: Identifiers, record: SourceRecord
) -> None:
    description = described(record)
    assert not any(isinstance(term, BNode) for triple in description.graph for term in triple)
    assert all(identifiers.owns(str(description.iri), str(s)) for s in description.graph.subjects())
    ntriples = canonical_ntriples(description.graph)
    assert canonical_ntriples(parse_ntriples(ntriples)) == ntriples
    assert len(list(description.graph.objects(description.iri, DCT.identifier))) == 1
    minidom.parseString(description.graph.serialize(format="xml").encode())
