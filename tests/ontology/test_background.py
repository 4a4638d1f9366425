from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import Graph, Literal, URIRef

from core.canonical import canonical_ntriples
from core.terms import ACCESS_RIGHT, CONCEPT, DATA_THEME, DCAT, DCT, FOAF, RDF, SH, SKOS, XSD, new_graph
from ontology.background import background, ranges
from ontology.vocabulary import Vocabularies

DATASET = URIRef("https://example.org/dataset/one")
DISTRIBUTION = URIRef("https://example.org/distribution/one")
PAGE = URIRef("https://example.org/page")

# What a harvested description and its repository's graph say, without anything about the IRIs they point to.
DESCRIPTION = """
@prefix adms: <http://www.w3.org/ns/adms#> .
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dcatap: <http://data.europa.eu/r5r/> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix vcard: <http://www.w3.org/2006/vcard/ns#> .
@prefix authority: <http://publications.europa.eu/resource/authority/> .

<https://example.org/dataset/one> a dcat:Dataset ;
  dct:title "One"@en ; dct:description "One dataset"@en ; dct:identifier "one" ;
  dct:accessRights <http://publications.europa.eu/resource/authority/access-right/PUBLIC> ;
  dcat:theme <http://publications.europa.eu/resource/authority/data-theme/HEAL> ;
  dct:language <http://publications.europa.eu/resource/authority/language/ENG> ;
  dct:accrualPeriodicity <http://publications.europa.eu/resource/authority/frequency/IRREG> ;
  dct:type <http://publications.europa.eu/resource/authority/dataset-type/PERSONAL_DATA> ;
  dct:spatial <http://publications.europa.eu/resource/authority/country/ESP> ;
  dct:conformsTo <https://example.org/a-standard> ;
  dcatap:applicableLegislation <http://data.europa.eu/eli/reg/2025/327/oj> ;
  dct:publisher <https://example.org/agent/publisher> ; dcat:contactPoint <https://example.org/agent/contact> ;
  dcat:landingPage <https://example.org/page> ; foaf:page <https://example.org/more> ;
  dct:isReferencedBy <https://doi.org/10.1000/x> ;
  dcat:distribution <https://example.org/distribution/one> .
<https://example.org/distribution/one> a dcat:Distribution ; dcat:accessURL <https://example.org/data> ;
  dct:license <https://creativecommons.org/licenses/by/4.0/> ;
  dct:format <http://publications.europa.eu/resource/authority/file-type/ZIP> ;
  dcat:mediaType <https://www.iana.org/assignments/media-types/application/dicom> ;
  adms:status <http://publications.europa.eu/resource/authority/distribution-status/COMPLETED> ;
  dcatap:availability <http://publications.europa.eu/resource/authority/planned-availability/STABLE> .
<https://example.org/agent/publisher> a foaf:Agent ; foaf:name "Publisher" .
<https://example.org/agent/contact> a vcard:Kind ; vcard:fn "Contact" .
"""


@pytest.fixture
def description() -> Graph:
    return new_graph().parse(data=DESCRIPTION, format="turtle")


def test_an_authority_entry_is_what_its_vocabulary_says(description: Graph, vocabularies: Vocabularies) -> None:
    found = background(description, vocabularies)
    assert (ACCESS_RIGHT.PUBLIC, RDF.type, DCT.RightsStatement) in found
    assert (DATA_THEME.HEAL, RDF.type, SKOS.Concept) in found
    assert (DATA_THEME.HEAL, SKOS.prefLabel, Literal("Health", lang="en")) in found
    scheme = URIRef("http://publications.europa.eu/resource/authority/data-theme")
    assert (DATA_THEME.HEAL, SKOS.inScheme, scheme) in found
    assert (scheme, RDF.type, SKOS.ConceptScheme) in found


def test_a_page_is_a_document(description: Graph, vocabularies: Vocabularies) -> None:
    assert (PAGE, RDF.type, FOAF.Document) in background(description, vocabularies)


def test_what_a_description_must_say_itself_is_not_added(vocabularies: Vocabularies) -> None:
    graph = new_graph()
    graph.add((DATASET, DCT.publisher, URIRef("https://example.org/agent")))
    graph.add((DATASET, DCAT.contactPoint, URIRef("https://example.org/contact")))
    graph.add((DATASET, DCAT.theme, URIRef("https://example.org/theme")))
    assert len(background(graph, vocabularies)) == 0


def test_nothing_is_added_to_what_is_described(description: Graph, vocabularies: Vocabularies) -> None:
    description.add((PAGE, DCT.title, Literal("Page")))
    described = set(description.subjects())
    assert not described & set(background(description, vocabularies).subjects())


def test_the_description_stays_as_it_is_and_the_answer_is_always_the_same(
    description: Graph, vocabularies: Vocabularies
) -> None:
    before = canonical_ntriples(description)
    answers = {canonical_ntriples(background(description, vocabularies)) for _ in range(3)}
    assert len(answers) == 1
    assert canonical_ntriples(description) == before


def test_own_concepts_and_unknown_licences_get_a_type(vocabularies: Vocabularies) -> None:
    graph = new_graph()
    concept, licence = CONCEPT["cancer/LUAD"], URIRef("https://example.org/terms")
    graph.add((DATASET, URIRef("https://w3id.org/radiograph/ontology#condition"), concept))
    graph.add((DISTRIBUTION, DCT.license, licence))
    graph.add((DISTRIBUTION, DCAT.byteSize, Literal("1", datatype=XSD.nonNegativeInteger)))
    found = background(graph, vocabularies)
    assert (concept, SKOS.prefLabel, Literal("Lung Adenocarcinoma", lang="en")) in found
    assert (licence, RDF.type, DCT.LicenseDocument) in found


def test_ranges_are_read_from_their_file() -> None:
    assert ranges()[str(DCAT.landingPage)] == str(FOAF.Document)
    assert str(DCT.publisher) not in ranges()


@pytest.mark.parametrize(
    ("code", "counts"),
    [
        ("language/SWA", True),
        ("language/ENGLISH", False),
        ("language/eng", False),
        ("country/1A0", True),
        ("place/BEL_BRU", True),
        ("continent/ATLANTIS", False),
        ("file-type/GRIB_GZIP", True),
        ("file-type/zip", False),
        ("frequency/SOMETIMES", False),
    ],
)
def test_of_a_list_held_in_part_what_has_the_form_of_an_entry_counts_as_one(
    code: str, counts: bool, vocabularies: Vocabularies
) -> None:
    entry = URIRef(f"http://publications.europa.eu/resource/authority/{code}")
    graph = new_graph()
    graph.add((DATASET, DCT.language, entry))
    scheme = URIRef(str(entry).rpartition("/")[0])
    found = background(graph, vocabularies)
    assert ((entry, SKOS.inScheme, scheme) in found) == ((entry, RDF.type, SKOS.Concept) in found) == counts


def test_an_entry_that_the_description_speaks_of_is_told_where_that_is_wanted(vocabularies: Vocabularies) -> None:
    graph = new_graph()
    english = URIRef("http://publications.europa.eu/resource/authority/language/ENG")
    graph.add((DATASET, DCT.language, english))
    graph.add((english, RDF.type, DCT.LinguisticSystem))
    assert len(background(graph, vocabularies)) == 0
    assert (english, SKOS.inScheme, None) in background(graph, vocabularies, described=True)


@pytest.mark.oracle
def test_description_and_background_pass_the_official_ranges(
    description: Graph, vocabularies: Vocabularies, reference: Path
) -> None:
    pyshacl = pytest.importorskip("pyshacl")
    shapes = Graph().parse(reference / "standards" / "dcat-ap-3.0.1" / "range.ttl")
    data = description + background(description, vocabularies)
    conforms, report, text = pyshacl.validate(data, shacl_graph=shapes, advanced=False, inference="none")
    assert conforms, text
    bare, report, _ = pyshacl.validate(description, shacl_graph=shapes, advanced=False, inference="none")
    assert not bare and len(set(report.subjects(RDF.type, SH.ValidationResult))) > 10


@pytest.mark.oracle
def test_description_and_background_pass_the_official_authority_tables(
    description: Graph, vocabularies: Vocabularies, reference: Path
) -> None:
    pyshacl = pytest.importorskip("pyshacl")
    shapes = Graph().parse(reference / "standards" / "dcat-ap-3.0.1" / "mdr-vocabularies.shape.ttl")
    data = description + background(description, vocabularies)
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, advanced=False, inference="none")
    paths = set(report.objects(None, SH.resultPath))
    # The publisher of this description is no corporate body of the EU table, which the specification only asks for
    # where one applies; nothing else may be found.
    assert paths <= {DCT.publisher, SKOS.inScheme}
    assert set(report.objects(None, SH.focusNode)) <= {DATASET, URIRef("https://example.org/agent/publisher")}
