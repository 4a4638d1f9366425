"""Lifting: older descriptions become what the pinned releases want, and nothing else changes."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.compare import graph_diff, to_isomorphic
from rdflib.term import Node

from core.errors import ProfileError
from core.terms import ADMS, CV, DCAT, DCT, FOAF, HEALTHDCATAP, RDF, VCARD, XSD, new_graph
from ontology.vocabulary import Vocabularies
from shapes.document import Document, Position, Positions
from shapes.lifting import lift
from shapes.lifting_rules import Lifting
from shapes.profiles import Profiles
from shapes.reader import read_rdf
from shapes.validator import Validator
from tests.shapes.conftest import EXAMPLES, turtle

SAMPLES = Path(__file__).parent / "samples"
FAMILIES = ("dcat-ap-2", "eucaim-1", "health-ri-2", "healthdcat-ap-draft")
OLD = URIRef("https://example.org/old/dataset")


def lifted(graph: Graph, rules: Lifting | None = None) -> Graph:
    return lift(Document("test", graph), rules).document.graph


@pytest.mark.parametrize("family", FAMILIES)
def test_an_older_description_becomes_its_modern_counterpart(family: str) -> None:
    found, wanted = lifted(read_rdf(SAMPLES / f"{family}.ttl")), read_rdf(SAMPLES / f"{family}-lifted.ttl")
    _, only_found, only_wanted = graph_diff(to_isomorphic(found), to_isomorphic(wanted))
    assert not len(only_found) and not len(only_wanted), (only_found.serialize(), only_wanted.serialize())


@pytest.mark.parametrize("family", FAMILIES)
def test_lifting_twice_changes_nothing_more(family: str) -> None:
    once = lift(Document("test", read_rdf(SAMPLES / f"{family}.ttl")))
    twice = lift(once.document)
    assert twice.document is once.document
    assert all(rewrite.kept for rewrite in twice.rewrites)


@pytest.mark.parametrize("family", FAMILIES)
def test_lifting_the_counterpart_changes_nothing(family: str) -> None:
    document = Document("test", read_rdf(SAMPLES / f"{family}-lifted.ttl"))
    assert lift(document).document is document


#: Of a release before the pinned one, on purpose.
OLDER = "healthdcat-ap-7-complete"
CURRENT = [path for path in sorted(EXAMPLES.glob("*.ttl")) if path.stem != OLDER]


@pytest.mark.parametrize("path", CURRENT, ids=lambda path: path.stem)
def test_what_is_current_comes_back_as_it_is(path: Path) -> None:
    document = Document(path.name, read_rdf(path))
    result = lift(document)
    assert result.document is document and not result.rewrites


def test_release_7_names_its_lists_on_the_host_of_release_8() -> None:
    result = lift(Document(OLDER, read_rdf(EXAMPLES / f"{OLDER}.ttl")))
    assert result.rewrites and all("acceptance" in r.before and "acceptance" not in r.after for r in result.rewrites)
    assert b"acceptance" not in result.document.graph.serialize(format="nt", encoding="utf-8")


def test_lifting_mends_what_was_only_old(profiles: Profiles, vocabularies: Vocabularies) -> None:
    graph = read_rdf(SAMPLES / "healthdcat-ap-draft.ttl")
    validator = Validator(profiles, vocabularies)

    def violations(description: Graph) -> list[str]:
        report = validator.validate(description, OLD, profiles=("healthdcat-ap",))
        return [f"{f.focus} {f.path}" for f in report.findings if f.severity == "violation"]

    assert len(violations(graph)) > 5
    assert violations(lifted(graph)) == []


def test_each_rewrite_is_told_at_its_line() -> None:
    description = "ex:d a dcat:Dataset ; dct:publisher _:p . _:p healthdcatap:publisherNote 'A note' ; foaf:name 'P' ."
    graph = turtle(description)
    node = next(iter(graph.objects(None, DCT.publisher)))
    positions = Positions()
    positions.add(node, FOAF.name, Literal("P"), Position(line=8))
    positions.add(node, HEALTHDCATAP.publisherNote, Literal("A note"), Position(line=7))
    result = lift(Document("test", graph, positions))
    (rewrite,) = result.rewrites
    assert (rewrite.before, rewrite.after) == ('healthdcatap:publisherNote "A note"', 'dct:description "A note"')
    assert rewrite.focus == "https://example.org/synthetic/d"
    assert rewrite.position == Position(line=7) and rewrite.reason and not rewrite.kept
    # Blank nodes keep their identity, and the rewritten statement stands where the old one stood.
    assert result.document.positions.find(node, DCT.description, Literal("A note")) == Position(line=7)
    assert result.document.positions.find(node, FOAF.name) == Position(line=8)
    assert (node, HEALTHDCATAP.publisherNote, None) in graph, "the document itself is not touched"


def test_a_statement_that_several_rules_rewrite_is_told_once() -> None:
    graph = turtle("ex:a a foaf:Agent ; <https://w3id.org/healthdcat-ap#publisherNote> 'A note' .")
    (rewrite,) = lift(Document("test", graph)).rewrites
    assert rewrite.before.startswith("<https://w3id.org/healthdcat-ap#publisherNote>")
    assert rewrite.after == 'dct:description "A note"'
    assert "base" in rewrite.reason and "description" in rewrite.reason and rewrite.rule.count(":") >= 2


def test_what_has_no_place_any_more_stays_and_is_told() -> None:
    graph = turtle("ex:a a foaf:Agent ; healthdcatap:trustedDataHolder true .")
    document = Document("test", graph)
    result = lift(document)
    assert result.document is document
    (rewrite,) = result.rewrites
    assert rewrite.kept and "trustedDataHolder" in rewrite.before and "kept" in rewrite.reason


@pytest.mark.parametrize(
    "statement",
    [
        # A contact point of a dataset is a vcard; one of an agent that is a dataset, too, is nobody's guess.
        "ex:x a dcat:Dataset ; dcat:contactPoint ex:c . ex:c a vcard:Kind ; vcard:hasEmail <mailto:a@example.org> .",
        "ex:x a dcat:Dataset , foaf:Agent ; dcat:contactPoint ex:c .",
        # Two publishers: whose type it is cannot be known.
        "ex:x a dcat:Dataset ; dct:publisher ex:p , ex:q ; healthdcatap:publisherType ex:t .",
        "ex:x a dcat:Dataset ; dct:publisher ex:p ; healthdcatap:publisherType ex:t . ex:p dct:type ex:u .",
        "ex:x dct:publisher 'Centre' ; a dcat:Dataset ; healthdcatap:publisherType ex:t .",
        # Properties that others use for other things.
        "ex:x a dcat:Distribution ; owl:versionInfo '1' ; dct:isVersionOf ex:y .",
        "ex:x <http://schema.org/startDate> '2020-01-01'^^xsd:date .",
        "ex:x a dcat:CatalogRecord ; adms:status <http://purl.org/adms/status/Completed> .",
        "ex:x a dcat:Dataset ; dct:accessRights 'ask us' .",
        "ex:x dcat:byteSize '1.5'^^xsd:decimal , '-1'^^xsd:integer , '12' .",
        "ex:x a dcat:Dataset ; dcat:contactPoint ex:c . ex:c vcard:hasEmail 'ask at the desk' .",
        "ex:x healthdcatap:personalData true .",
        "ex:x healthdcatap:hasCodeValues ex:c . ex:c skos:notation 'C61' , 'C62' .",
        "ex:x a foaf:Agent ; foaf:mbox <mailto:a@example.org> .",
        "ex:x healthdcatap:unheardOf 'kept' ; <https://example.org/ns#publisherType> ex:t .",
    ],
)
def test_what_is_not_certain_is_left_alone(statement: str) -> None:
    document = Document("test", turtle(statement))
    assert lift(document).document is document


def test_a_contact_that_serves_dataset_and_agent_is_described_both_ways() -> None:
    graph = lifted(
        turtle(
            "ex:d a dcat:Dataset ; dcat:contactPoint ex:c ; dct:publisher ex:p . ex:p a foaf:Agent ; dcat:contactPoint "
            "ex:c . ex:c a vcard:Kind ; vcard:hasEmail <mailto:a@example.org> ; vcard:hasTelephone <tel:+3212345678> ."
        )
    )
    contact = next(iter(graph.objects(None, CV.contactPoint)))
    assert set(graph.objects(contact, RDF.type)) == {VCARD.Kind, CV.ContactPoint}
    assert (contact, VCARD.hasEmail, URIRef("mailto:a@example.org")) in graph
    assert (contact, CV.email, Literal("a@example.org")) in graph
    assert (contact, CV.telephone, Literal("+3212345678")) in graph


NODES = [BNode("b"), *(URIRef(f"https://example.org/{n}") for n in "abc"), URIRef("http://[malformed")]
TERMS = [
    *(DCT.publisher, DCT.type, DCT.accessRights, DCT.temporal, DCT.hasVersion, DCAT.contactPoint, CV.contactPoint),
    *(VCARD.hasEmail, FOAF.mbox, HEALTHDCATAP.publisherType, HEALTHDCATAP.publisherNote, HEALTHDCATAP.purpose),
    *(HEALTHDCATAP.hasCodeValues, HEALTHDCATAP.hdab, ADMS.status, DCAT.byteSize, RDF.type, DCAT.distribution),
    *(URIRef("https://w3id.org/healthdcat-ap#hdab"), URIRef("http://schema.org/startDate")),
    *(URIRef("https://example.org/ns#one"), URIRef("https://example.org/ns#two")),
]
VALUES = [
    *NODES,
    *(Literal(text) for text in ("open", "x", "a@example.org", "12")),
    *(Literal("12", datatype=XSD.integer), Literal("P1D", datatype=XSD.duration), Literal("Text", lang="en")),
    *(DCAT.Dataset, DCAT.Distribution, FOAF.Agent, VCARD.Kind, DCT.PeriodOfTime),
    URIRef("https://hyperontology.eucaim.cancerimage.eu/#CLIN1"),
]
OWN = [URIRef("https://example.org/ns#one"), URIRef("https://example.org/ns#two")]


@given(st.lists(st.tuples(st.sampled_from(NODES), st.sampled_from(TERMS), st.sampled_from(VALUES)), max_size=25))
def test_lifting_comes_to_rest_and_loses_nothing(triples: list[tuple[Node, Node, Node]]) -> None:
    graph = new_graph()
    for triple in triples:
        graph.add(triple)
    before = set(graph)
    once = lift(Document("test", graph))
    assert set(graph) == before, "the document itself is not touched"
    assert lift(once.document).document is once.document
    after = set(once.document.graph)
    assert {t for t in before if t[1] in OWN and not str(t[2]).startswith("https://hyper")} <= after
    changed = [rewrite for rewrite in once.rewrites if not rewrite.kept]
    assert bool(changed) == (before != after)
    # Every statement that is gone was told; what is new has a rewrite as well.
    assert len(before - after) <= len(changed)
    assert len({t[0] for t in before}) <= len({t[0] for t in after}) + len(changed)


def hub(size: int) -> Graph:
    """One dataset, agent, contact and code that everything refers to, each with many values and classes."""
    many = range(size)
    links = " , ".join(f"ex:n{n}" for n in many)
    texts = " , ".join(f"'{n}'" for n in many)
    boxes = " , ".join(f"<mailto:a{n}@example.org>" for n in many)
    datasets = " ".join(f"ex:d{n} a dcat:Dataset ; dct:publisher ex:a ; healthdcatap:hdab ex:a ." for n in many)
    return turtle(
        f"ex:d a dcat:Dataset , {links} ; dct:publisher ex:a , {links} ; healthdcatap:publisherType {links} ; "
        f"healthdcatap:purpose {texts} ; healthdcatap:hasCodeValues ex:c , {links} ; dcat:distribution ex:x . "
        f"{datasets} "
        f"ex:a a foaf:Agent , {links} ; foaf:mbox {boxes} ; dcat:contactPoint _:k , {links} . "
        f"_:k a vcard:Kind , {links} ; vcard:hasEmail {boxes} ; healthdcatap:trustedDataHolder {texts} . "
        f"ex:c skos:notation {texts} ; skos:inScheme {links} . ex:n0 skos:notation {texts} . "
        f"ex:x a dcat:Distribution ; spdx:checksumValue {texts} ; spdx:algorithm {links} ."
    )


def test_no_rule_multiplies_what_strangers_write() -> None:
    """Ten times the document takes not a hundred times as long: no rule makes pairs."""

    def seconds(size: int) -> float:
        document = Document("test", hub(size))
        begin = process_time()
        assert lift(document).rewrites
        return process_time() - begin

    assert seconds(1_000) < max(seconds(100), 0.02) * 40


def test_an_overlay_adds_rules_without_python(tmp_path: Path) -> None:
    folder = tmp_path / "shapes" / "lifting"
    folder.mkdir(parents=True)
    (folder / "ours.toml").write_text(
        '[prefixes]\nours = "https://example.org/ns#"\n'
        '[[property]]\nfrom = ["ours:scanner"]\nto = "eucaim:hasEquipmentManufacturer"\nreason = "We said so."\n'
        '[[query]]\nfile = "ours.rq"\nwhen = ["ours:name"]\nreason = "A name is a title."\n',
        encoding="utf-8",
    )
    (folder / "ours.rq").write_text(
        "SELECT ?subject ?property ?value ?newProperty WHERE { VALUES (?property ?newProperty) { "
        "(<https://example.org/ns#name> <http://purl.org/dc/terms/title>) } ?subject ?property ?value }",
        encoding="utf-8",
    )
    graph = turtle(
        "ex:d <https://example.org/ns#scanner> ex:m ; <https://example.org/ns#name> 'N' ; owl:versionInfo '1' ."
    )
    rules = Lifting.load(tmp_path)
    found = lifted(graph, rules)
    assert {str(p).rpartition("#")[2].rpartition("/")[2] for p in found.predicates()} == {
        "hasEquipmentManufacturer", "title", "versionInfo"
    }  # fmt: skip
    assert len(rules.rules) == len(Lifting.load().rules) + 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[property]]\nfrom = ['a:b']\nto = 'dct:x'\nreason = 'r'", "no known prefix"),
        ("[[property]]\nfrom = ['dct:b']\nto = 'dct:x'\non = 'ghost'\nreason = 'r'", "no role 'ghost'"),
        ("[[property]]\nfrom = ['dct:b']\nto = 'dct:x'", "reason"),
        ("[[property]]\nform = ['dct:b']\nto = 'dct:x'\nreason = 'r'", "property.0.form"),
        ("[[query]]\nfile = 'no.rq'\nwhen = ['dct:x']\nreason = 'r'", "no query no.rq"),
        ("[[query]]\nfile = '../../../secret.rq'\nwhen = ['dct:x']\nreason = 'r'", "no query"),
        ("[[query]]\nfile = 'bad.rq'\nwhen = ['dct:x']\nreason = 'r'", "no SELECT"),
        ("[[query", "TOML"),
    ],
)
def test_a_wrong_rule_is_told(tmp_path: Path, text: str, message: str) -> None:
    folder = tmp_path / "shapes" / "lifting"
    folder.mkdir(parents=True)
    (folder / "ours.toml").write_text(text, encoding="utf-8")
    (folder / "bad.rq").write_text("SELECT ?s WHERE { ?s ?p ?o }", encoding="utf-8")
    (tmp_path / "secret.rq").write_text("SELECT ?subject WHERE { ?subject ?p ?o }", encoding="utf-8")
    with pytest.raises(ProfileError, match=r"ours\.toml|bad\.rq|ours: ") as caught:
        Lifting.load(tmp_path)
    assert message in str(caught.value)


def test_rules_that_undo_each_other_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "shapes" / "lifting"
    folder.mkdir(parents=True)
    (folder / "ours.toml").write_text(
        "[[property]]\nfrom = ['dct:a']\nto = 'dct:b'\nreason = 'r'\n"
        "[[property]]\nfrom = ['dct:b']\nto = 'dct:a'\nreason = 'r'\n",
        encoding="utf-8",
    )
    with pytest.raises(ProfileError, match="do not come to rest"):
        lift(Document("test", turtle("ex:x dct:a 1 .")), Lifting.load(tmp_path))
