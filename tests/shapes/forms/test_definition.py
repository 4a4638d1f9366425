from __future__ import annotations

from collections.abc import Callable

import pytest
from rdflib import URIRef

from core.errors import ProfileError
from core.terms import CV, DCAT, DCT, EUCAIM, FOAF, HEALTHDCATAP, RDFS, SH, XSD
from ontology.vocabulary import Vocabularies
from shapes.forms.definition import FormMaker
from shapes.forms.field import Form, Kind, Need
from shapes.forms.key import Key
from shapes.profiles import Profiles
from tests.shapes.forms.conftest import MakeForm

PROFILES = ["dcat-ap", "healthdcat-ap", "healthdcat-ap-7", "eucaim"]
MORE = """
ex:shape a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:property ex:rule , ex:number .
ex:rule sh:path ex:colour ; sh:minCount 1 ; sh:maxCount 1 ; sh:in ( ex:RED ex:dark_blue ) ; sh:name "Colour" ;
  sh:message "No colour. Add ex:colour with the colour of the dataset." ; sh:severity sh:Violation ;
  rdfs:seeAlso <https://example.org/> .
ex:number sh:path ex:weight ; sh:datatype xsd:decimal ; sh:name "Weight" ; sh:message "No weight. Add one." ;
  sh:severity sh:Warning ; rdfs:seeAlso <https://example.org/> .
"""


def field(form: Form, *path: URIRef) -> object:
    found = form.field(path)
    assert found is not None, path
    return found


def demanded(profiles: Profiles, profile_id: str, severity: URIRef) -> set[URIRef]:
    """Properties of a dataset of which some constraint that always holds wants at least one value."""
    files = [name for profile in profiles.lineage(profile_id) for name in profile.shapes.dataset]
    found = set()
    for rule in profiles.constraints(profile_id, files):
        for name in files:
            graph = profiles.files[name].graph
            at_dataset = any((s, SH.targetClass, DCAT.Dataset) in graph for s in graph.subjects(SH.property, rule))
            path = graph.value(rule, SH.path)
            counts = str(graph.value(rule, SH.minCount) or graph.value(rule, SH.qualifiedMinCount) or 0) >= "1"
            wanted = counts or graph.value(rule, SH.hasValue) is not None
            if at_dataset and wanted and isinstance(path, URIRef) and (rule, SH.severity, severity) in graph:
                found.add(path)
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_what_the_shapes_demand_is_marked_in_the_form(profiles: Profiles, form: MakeForm, profile: str) -> None:
    made = form(profile)
    paths = demanded(profiles, profile, SH.Violation)
    assert len(paths) >= 2
    for path in paths:
        demands = [field.demand for field in made.fields if field.path[0] == path]
        # A node is demanded where a value of it is, whatever else of it is filled.
        assert [text for text in demands if text.startswith("mandatory") and "if anything" not in text], path
    for path in demanded(profiles, profile, SH.Warning) - paths:
        needs = [field.need for field in made.fields if field.path[0] == path]
        assert set(needs) & {Need.RECOMMENDED, Need.CONDITIONAL}, path


@pytest.mark.parametrize("profile", PROFILES)
def test_every_field_can_be_filled_by_somebody_who_knows_no_rdf(form: MakeForm, profile: str) -> None:
    made = form(profile)
    keys = [str(field.key) for field in made.fields]
    assert len(set(keys)) == len(keys)
    for one in made.fields:
        assert Key.parse(str(one.key)) == one.key
        assert one.label and ":" not in one.label, one.key
        assert "http" not in one.help or one.path[-1] == URIRef("http://data.europa.eu/r5r/applicableLegislation")
        if one.need is Need.MANDATORY:
            assert one.help or len(one.path) > 1, one.key


def test_nodes_become_columns_with_their_path(form: MakeForm) -> None:
    made = form("healthdcat-ap")
    email = made.field((DCT.publisher, CV.contactPoint, CV.email))
    page = made.field((DCT.publisher, CV.contactPoint, CV.contactPage))
    assert email is not None and page is not None
    assert str(email.key) == "dct:publisher/cv:contactPoint/cv:email"
    assert email.label == "Publisher › Contact point › E-mail address"
    assert email.need is Need.CONDITIONAL and "unless Contact page is filled" in email.demand
    assert page.kind is Kind.LINK and email.kind is Kind.TEXT
    assert FOAF.Agent in made.nodes[(DCT.publisher,)]
    assert CV.ContactPoint in made.nodes[(DCT.publisher, CV.contactPoint)]


def test_of_a_node_that_is_demanded_one_field_is(form: MakeForm) -> None:
    provenance = form("eucaim").field((DCT.provenance, RDFS.label))
    assert provenance is not None and provenance.need is Need.MANDATORY and provenance.language == "en"


def test_the_access_level_chooses_the_marks(form: MakeForm) -> None:
    def keyword(level: str | None) -> tuple[Need, str]:
        found = form("healthdcat-ap", level).field((DCAT.keyword,))
        assert found is not None
        return found.need, found.condition

    assert keyword("public") == (Need.RECOMMENDED, "")
    assert keyword("non-public") == (Need.MANDATORY, "")
    assert keyword("NON_PUBLIC") == keyword("non-public")
    need, condition = keyword(None)
    assert need is Need.CONDITIONAL and condition == "where Access rights is Non-public"


def test_an_unknown_level_or_profile_is_told_with_those_there_are(maker: FormMaker) -> None:
    with pytest.raises(ProfileError, match="no access level 'secret'") as told:
        maker.level("healthdcat-ap", "secret")
    assert told.value.remedy == "its levels are: NON_PUBLIC, PUBLIC, RESTRICTED"
    with pytest.raises(ProfileError, match="its levels are: none"):
        maker.level("dcat-ap", "public")
    with pytest.raises(ProfileError, match="no profile 'nothing'"):
        maker.form("nothing")


def test_datatypes_become_kinds(form: MakeForm) -> None:
    made = form("eucaim")
    expected = {
        (HEALTHDCATAP.hasStructuredData,): (Kind.BOOLEAN, XSD.boolean),
        (HEALTHDCATAP.minTypicalAge,): (Kind.WHOLE, XSD.nonNegativeInteger),
        (DCT.issued,): (Kind.DATE, None),
        (DCAT.spatialResolutionInMeters,): (Kind.DECIMAL, XSD.decimal),
        (DCAT.temporalResolution,): (Kind.TYPED, XSD.duration),
        (DCT.title,): (Kind.TEXT, None),
        (DCAT.landingPage,): (Kind.LINK, None),
    }
    for path, kind in expected.items():
        found = made.field(path)
        assert found is not None and (found.kind, found.datatype) == kind, path


def test_columns_say_whether_several_values_are_right(form: MakeForm) -> None:
    made = form("eucaim")
    several = {field.path: field.several for field in made.fields}
    assert several[(DCT.title,)] and several[(EUCAIM.hasImageModality,)]
    assert not several[(EUCAIM.hasCondition,)] and not several[(DCT.identifier,)]
    twice = form("healthdcat-ap").field((DCT.identifier,))
    assert twice is not None and twice.several


def test_examples_are_those_of_the_complete_description(form: MakeForm) -> None:
    made = form("eucaim")
    structured, modality = made.field((HEALTHDCATAP.hasStructuredData,)), made.field((EUCAIM.hasImageModality,))
    assert structured is not None and structured.examples == ("yes",)
    assert modality is not None and modality.codes is not None
    assert all(len(modality.codes.find(text)) == 1 for text in modality.examples)


def test_no_person_is_asked_for(form: MakeForm) -> None:
    for profile in PROFILES:
        assert not [field for field in form(profile).fields if DCT.creator in field.path]


def test_a_property_that_a_curator_adds_appears_by_itself(extended: Callable[..., Form]) -> None:
    made = extended(MORE)
    colour, weight = made.fields[-2:]
    assert (str(colour.key), colour.section) == ("<https://example.org/colour>", "Further properties")
    assert (colour.label, colour.help, colour.need) == ("Colour", "The colour of the dataset.", Need.MANDATORY)
    assert colour.codes is not None and colour.codes.closed
    assert [(str(entry.iri), entry.label) for entry in colour.codes.entries] == [
        ("https://example.org/RED", "RED"),
        ("https://example.org/dark_blue", "dark blue"),
    ]
    assert (weight.kind, weight.need, weight.several) == (Kind.DECIMAL, Need.OPTIONAL, True)


def test_an_overlay_lays_the_form_out(extended: Callable[..., Form]) -> None:
    layout = """
rest = "Rest"
[[section]]
title = "First"
properties = ["<https://example.org/weight>", "dct:title"]
[[property]]
paths = ["dct:title"]
label = "Name of it"
help = "Call it something."
text = "plain"
[[property]]
paths = ["dct:publisher/dct:type"]
hidden = true
"""
    made = extended(MORE, layout)
    weight, title, *others = made.fields
    assert (weight.section, weight.label) == ("First", "Weight")
    assert (title.label, title.help, title.language) == ("Name of it", "Call it something.", None)
    assert {field.section for field in others} == {"Rest"}
    assert (DCT.publisher, FOAF.name) in {field.path for field in others}
    assert (DCT.publisher, DCT.type) not in {field.path for field in others}


def test_demands_on_what_a_value_has_reach_its_columns(extended: Callable[..., Form]) -> None:
    made = extended("""
ex:shape a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:property ex:outer , ex:weak .
ex:outer sh:path ex:station ; sh:class ex:Station ; sh:node ex:Named ; sh:name "Station" ; sh:message "No. Add." ;
  sh:severity sh:Violation ; rdfs:seeAlso <https://example.org/> .
ex:Named a sh:NodeShape ; sh:property [ sh:path foaf:name ; sh:minCount 1 ; sh:nodeKind sh:Literal ] .
ex:weak sh:path ex:station ; sh:or ( ex:Tagged ex:Named ) ; sh:name "Station" ; sh:message "No. Add." ;
  sh:severity sh:Violation ; rdfs:seeAlso <https://example.org/> .
ex:Tagged a sh:NodeShape ; sh:property [ sh:path ex:tag ; sh:minCount 1 ; sh:datatype xsd:boolean ] .
""")
    found = {field.path[1:]: field for field in made.fields if field.path[0] == URIRef("https://example.org/station")}
    name, tag = found[(FOAF.name,)], found[(URIRef("https://example.org/tag"),)]
    assert (name.label, name.demand) == ("Station › Name", "mandatory if anything of Station is filled")
    assert (tag.kind, tag.need) == (Kind.BOOLEAN, Need.OPTIONAL), "an alternative demands nothing by itself"


def test_only_some_fields(form: MakeForm, vocabularies: Vocabularies) -> None:
    made = form("eucaim").only(frozenset({Need.MANDATORY}))
    assert {field.need for field in made.fields} == {Need.MANDATORY}
    assert 20 < len(made.fields) < len(form("eucaim").fields)
