from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import Graph, Literal, URIRef

from core.canonical import canonical_ntriples
from core.errors import SettingsError
from core.identifiers import Identifiers
from core.terms import ADMS, CV, DCAT, DCT, FOAF, RDF, SKOS, VCARD
from ingest.declaration import RepositoryDeclaration
from ontology.background import background
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.validator import Validator

IDENTIFIERS = Identifiers("https://catalogue.example.org")
STANDARDS = Path(__file__).parents[3] / "shared" / "standards" / "dcat-ap-3.0.1"
SMALLEST = """
id = "clinic"
title = "A clinic"
description = "Datasets of a clinic."
[publisher]
name = "The clinic"
[contact]
name = "Data office"
email = "data@clinic.example.org"
"""


def test_a_declaration_is_careful_unless_told_otherwise() -> None:
    declaration = RepositoryDeclaration.parse(SMALLEST, "clinic.toml")
    assert (declaration.public, declaration.k, declaration.gate) == (False, 10, "dcat-ap")
    assert declaration.defaults.access_rights is None


def test_the_catalogue_its_publisher_and_its_contact(declaration: RepositoryDeclaration) -> None:
    graph = declaration.catalogue_graph(IDENTIFIERS)
    catalogue = IDENTIFIERS.catalogue("clinic")
    publisher, contact = IDENTIFIERS.agent("clinic", "publisher"), IDENTIFIERS.agent("clinic", "contact")
    assert (catalogue, RDF.type, DCAT.Catalog) in graph
    assert (catalogue, DCT.title, Literal("A clinic", lang="en")) in graph
    assert (catalogue, DCT.publisher, publisher) in graph
    assert (catalogue, DCAT.contactPoint, contact) in graph
    assert set(graph.objects(publisher, RDF.type)) == {FOAF.Agent, FOAF.Organization}
    assert graph.value(publisher, DCT.type) == URIRef(
        "http://purl.org/adms/publishertype/Academia-ScientificOrganisation"
    )
    identifier = graph.value(publisher, ADMS.identifier)
    assert str(graph.value(identifier, SKOS.notation)) == "https://ror.org/00000000"
    assert graph.value(graph.value(publisher, CV.contactPoint), CV.email) == Literal("data@clinic.example.org")
    assert set(graph.objects(contact, RDF.type)) == {VCARD.Kind, VCARD.Organization}
    assert graph.value(contact, VCARD.hasEmail) == URIRef("mailto:data@clinic.example.org")
    assert graph.value(contact, VCARD.hasURL) == URIRef("https://clinic.example.org/data")


def test_the_ledger_s_entry_is_canonical_and_changes_with_the_declaration(declaration: RepositoryDeclaration) -> None:
    entry = declaration.entry(IDENTIFIERS)
    assert entry.ntriples == canonical_ntriples(declaration.catalogue_graph(IDENTIFIERS))
    assert entry.declaration_hash == declaration.entry(IDENTIFIERS).declaration_hash
    other = declaration.model_copy(update={"k": 5}).entry(IDENTIFIERS)
    assert other.declaration_hash != entry.declaration_hash and other.ntriples == entry.ntriples


@pytest.mark.parametrize(
    ("before", "after", "where", "message"),
    [
        ('title = "A clinic"', 'titel = "A clinic"', "titel", "there is no such key"),
        ('title = "A clinic"', "", "title", "this key is missing"),
        ('id = "clinic"', 'id = "Clinic"', "id", "pattern"),
        ('id = "clinic"', 'id = "other"', "id", "named for 'clinic' and declares 'other'"),
        ('name = "The clinic"', 'name = ""', "publisher.name", "at least 1"),
        ('name = "The clinic"', 'name = "x"\nurl = "clinic"', "publisher.url", "is not a web address"),
        ('name = "The clinic"', 'name = "x"\nror = "y"', "publisher.ror", "there is no such key"),
        ('email = "data@clinic.example.org"', "", "contact", "give an email or a url"),
        ('email = "data@clinic.example.org"', 'email = "data at clinic"', "contact.email", "pattern"),
        ('name = "The clinic"', 'name = "x"\ntype = "Clinic"', "publisher.type", "no publisher type"),
        ("[publisher]", "k = 0\n[publisher]", "k", "greater than or equal to 1"),
        ("[publisher]", "[defaults]\nlanguage = 'en us'\n[publisher]", "defaults.language", "neither a code nor an"),
    ],
)
def test_a_mistake_is_told_with_file_key_and_remedy(before: str, after: str, where: str, message: str) -> None:
    assert before in SMALLEST
    with pytest.raises(SettingsError) as caught:
        RepositoryDeclaration.parse(SMALLEST.replace(before, after, 1), "clinic.toml")
    assert caught.value.where == f"clinic.toml, {where}"
    assert message in caught.value.message
    assert caught.value.remedy


def test_an_undeclared_repository_is_told_with_those_that_are() -> None:
    with pytest.raises(SettingsError, match="'nobody' is not declared") as caught:
        RepositoryDeclaration.load("nobody")
    assert "openmedlab" in str(caught.value.remedy)


def test_the_overlay_adds_and_replaces(overlay: Path) -> None:
    assert RepositoryDeclaration.load("clinic", overlay).title == "A clinic"
    assert "clinic" in [declaration.id for declaration in RepositoryDeclaration.all(overlay)]
    assert "clinic" not in [declaration.id for declaration in RepositoryDeclaration.all()]


@pytest.mark.parametrize("declaration", RepositoryDeclaration.all(), ids=lambda declared: declared.id)
def test_shipped_repositories_meet_dcat_ap(declaration: RepositoryDeclaration, vocabularies: Vocabularies) -> None:
    validator = Validator(Profiles.load(), vocabularies)
    graph = declaration.catalogue_graph(IDENTIFIERS)
    report = validator.validate_catalogue(graph, IDENTIFIERS.catalogue(declaration.id), profiles=["dcat-ap"])
    assert [finding for finding in report.findings if finding.severity == "violation"] == []


@pytest.mark.oracle
def test_catalogue_agent_and_contact_meet_the_official_shapes(
    declaration: RepositoryDeclaration, vocabularies: Vocabularies
) -> None:
    if not STANDARDS.is_dir():
        pytest.skip("the official shapes are not beside the checkout")
    import pyshacl

    shapes = Graph()
    for name in ("shapes.ttl", "range.ttl"):
        shapes.parse(STANDARDS / name)
    graph = declaration.catalogue_graph(IDENTIFIERS)
    graph += background(graph, vocabularies)
    conforms, _, text = pyshacl.validate(graph, shacl_graph=shapes, allow_warnings=True, inplace=False)
    assert conforms, text
