from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyoxigraph
import pytest
from rdflib import Literal, URIRef

from core.errors import VocabularyError
from core.terms import ACCESS_RIGHT, DCT, RDF, SKOS
from ontology.vocabulary import Vocabularies

Write = Callable[[str, str], Path]
CANCER = "https://w3id.org/radiograph/concept/cancer/"
HEAD = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix radiograph: <https://w3id.org/radiograph/ontology#> .
@prefix : <https://example.org/unit/> .

<https://example.org/unit> a skos:ConceptScheme ; dct:title "Units"@en .

"""
ONE = (
    ':one a skos:Concept ; skos:notation "one" ; skos:prefLabel "One"@en ; skos:inScheme <https://example.org/unit> .\n'
)


def test_ancestors_are_nearest_first_and_leave_out_the_concept(vocabularies: Vocabularies) -> None:
    ancestors = vocabularies.ancestors(f"{CANCER}LUAD")
    assert ancestors[0] == f"{CANCER}NSCLC"
    assert ancestors.index(f"{CANCER}NSCLC") < ancestors.index(f"{CANCER}LUNG") < ancestors.index(f"{CANCER}TISSUE")
    assert f"{CANCER}LUAD" not in ancestors
    assert len(ancestors) == len(set(ancestors))


def test_children_are_the_other_side_of_broader(vocabularies: Vocabularies) -> None:
    assert f"{CANCER}LUAD" in vocabularies.children(f"{CANCER}NSCLC")
    assert vocabularies.children(f"{CANCER}LUAD") == ()


def test_an_unknown_iri_has_no_concept_ancestors_or_entry(vocabularies: Vocabularies) -> None:
    assert vocabularies.concept("https://example.org/x") is None
    assert vocabularies.ancestors("https://example.org/x") == ()
    assert vocabularies.entry("https://example.org/x") == []


def test_an_entry_has_type_label_scheme_and_notation(vocabularies: Vocabularies) -> None:
    entry = {(p, o) for _, p, o in vocabularies.entry(str(ACCESS_RIGHT.PUBLIC))}
    assert (RDF.type, DCT.RightsStatement) in entry
    assert (RDF.type, SKOS.Concept) in entry
    assert (SKOS.inScheme, URIRef("http://publications.europa.eu/resource/authority/access-right")) in entry
    assert (SKOS.prefLabel, Literal("Public", lang="en")) in entry
    assert (SKOS.notation, Literal("PUBLIC")) in entry


def test_an_entry_cannot_be_changed_from_outside(vocabularies: Vocabularies) -> None:
    vocabularies.entry(f"{CANCER}LUAD").clear()
    assert vocabularies.entry(f"{CANCER}LUAD")


def test_graphs_are_sorted_ntriples_that_parse_back(vocabularies: Vocabularies) -> None:
    graphs = dict(vocabularies.graphs())
    assert {"ontology", "vocabulary/cancer", "vocabulary/data-theme"} <= set(graphs)
    for content in graphs.values():
        lines = content.decode().splitlines()
        assert lines == sorted(set(lines))
        assert len(list(pyoxigraph.parse(content, format=pyoxigraph.RdfFormat.N_TRIPLES))) == len(lines)


def test_graphs_say_both_sides_of_the_tree(vocabularies: Vocabularies) -> None:
    store = pyoxigraph.Store()
    for _, content in vocabularies.graphs():
        store.load(content, format=pyoxigraph.RdfFormat.N_TRIPLES)
    query = (
        "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> ASK { ?a skos:%s ?b FILTER NOT EXISTS { ?b skos:%s ?a } }"
    )
    assert not store.query(query % ("broader", "narrower"))
    assert not store.query(query % ("narrower", "broader"))


def test_loading_is_quick() -> None:
    code = (
        "import time; start = time.process_time()\n"
        "from ontology.vocabulary import Vocabularies; from ontology.harmoniser import Harmoniser\n"
        "imported = time.process_time()\n"
        "harmoniser = Harmoniser.load(Vocabularies.load()); harmoniser.match('Lung Cancer', 'cancer')\n"
        "print(time.process_time() - imported)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert float(run.stdout) < 1.5


def test_an_overlay_adds_a_scheme_and_changes_the_digest(vocabularies: Vocabularies, overlay: Write) -> None:
    loaded = Vocabularies.load(overlay("concepts/unit.ttl", HEAD + ONE))
    assert loaded.schemes["unit"]["https://example.org/unit/one"].label == "One"
    assert loaded.headings["unit"].title == "Units"
    assert "cancer" in loaded.schemes
    assert loaded.digest != vocabularies.digest
    assert Vocabularies.load().digest == vocabularies.digest


def test_an_overlay_file_replaces_the_shipped_one_of_the_same_name(overlay: Write) -> None:
    loaded = Vocabularies.load(overlay("concepts/species.ttl", HEAD + ONE))
    assert set(loaded.schemes["species"]) == {"https://example.org/unit/one"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (HEAD + ONE + ":two a skos:Concept skos:broader :one .\n", 9, "is not Turtle"),
        (HEAD + ONE.replace("@en", "@de"), 8, "no English label"),
        (HEAD + ONE.replace('skos:notation "one" ;', ""), 8, "0 notations"),
        (HEAD + ONE + ONE.replace(":one", ":two"), 9, "has the notation 'one'"),
        (HEAD + ONE.replace("unit> .\n", "units> .\n"), 8, "not in the scheme"),
        (HEAD + ONE.replace(" ; skos:inScheme", " ; skos:broader :two ; skos:inScheme"), 8, "does not exist"),
        (HEAD + ONE.replace(" ; skos:inScheme", " ; skos:broader :one ; skos:inScheme"), 8, "broader than itself"),
        (HEAD + ONE.replace(" ; skos:inScheme", ' ; skos:exactMatch "MONDO:1" ; skos:inScheme'), 8,
         "has a text as skos:exactMatch"),
        (ONE.join(["@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n@prefix : <https://e.org/> .\n", ""]), None,
         "has 0 concept schemes"),
        (HEAD + ONE.replace('"One"@en', '"One"@en, [ a skos:Concept ]'), None, "blank node"),
        (HEAD.replace(' ; dct:title "Units"@en', ' ; radiograph:shortestNotation "few"') + ONE, 6, "is no number"),
    ],
)  # fmt: skip
def test_a_broken_scheme_is_told_with_file_and_line(overlay: Write, text: str, line: int | None, message: str) -> None:
    folder = overlay("concepts/unit.ttl", text)
    with pytest.raises(VocabularyError) as caught:
        Vocabularies.load(folder)
    assert message in caught.value.message
    assert caught.value.where is not None
    assert str(folder / "ontology" / "concepts" / "unit.ttl") in caught.value.where
    if line is not None:
        assert caught.value.where.endswith(f", line {line}")
    assert caught.value.remedy


def test_a_file_that_is_no_text_is_told(overlay: Write) -> None:
    folder = overlay("concepts/unit.ttl", "")
    (folder / "ontology" / "concepts" / "unit.ttl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(VocabularyError, match=r"unit\.ttl: cannot be read"):
        Vocabularies.load(folder)


def test_a_concept_of_another_scheme_cannot_be_redefined(overlay: Write) -> None:
    text = HEAD + ONE + ONE.replace(":one", f"<{CANCER}LUAD>").replace('"one"', '"two"')
    with pytest.raises(VocabularyError, match="is already a concept of scheme 'cancer'"):
        Vocabularies.load(overlay("concepts/unit.ttl", text))


ADD = """@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix MONDO: <http://purl.obolibrary.org/obo/MONDO_> .
@prefix : <https://w3id.org/radiograph/concept/cancer/> .

"""
NEW = (
    ':rare a skos:Concept ; skos:notation "rare" ; skos:prefLabel "Rare Sarcoma of Here"@en ;\n'
    "  skos:broader :sarcoma ; skos:inScheme <https://w3id.org/radiograph/concept/cancer> .\n"
)


def test_an_addition_says_more_in_a_shipped_scheme(vocabularies: Vocabularies, overlay: Write) -> None:
    more = ':LUAD skos:altLabel "Lung adeno of ours"@en ; skos:prefLabel "Adénocarcinome du poumon"@fr .\n'
    loaded = Vocabularies.load(overlay("concepts/additions/cancer.ttl", ADD + NEW + more))
    before, after = vocabularies.concept(f"{CANCER}LUAD"), loaded.concept(f"{CANCER}LUAD")
    assert before is not None and after is not None
    assert after.synonyms == (*before.synonyms, "Lung adeno of ours")
    assert after.labels == before.labels | {"fr": "Adénocarcinome du poumon"}
    assert set(loaded.schemes["cancer"]) - set(vocabularies.schemes["cancer"]) == {f"{CANCER}rare"}
    assert f"{CANCER}rare" in loaded.children(f"{CANCER}sarcoma")
    assert b"Rare Sarcoma of Here" in dict(loaded.graphs())["vocabulary/cancer"]
    assert loaded.digest != vocabularies.digest


def test_an_addition_is_laid_over_a_file_that_replaces_a_scheme(overlay: Write) -> None:
    overlay("concepts/unit.ttl", HEAD + ONE)
    loaded = Vocabularies.load(
        overlay("concepts/additions/unit.ttl", ADD + '<https://example.org/unit/one> skos:altLabel "Uno"@en .\n')
    )
    assert loaded.schemes["unit"]["https://example.org/unit/one"].synonyms == ("Uno",)


@pytest.mark.parametrize(
    ("name", "text", "line", "message"),
    [
        ("none", ADD + NEW, None, "adds to the scheme 'none', which does not exist"),
        ("cancer", ADD + ':LUADD skos:altLabel "x"@en .\n', 7, "is no concept of scheme 'cancer'"),
        ("cancer", ADD + ':LUAD skos:prefLabel "Another name"@en .\n', 7, "has two skos:prefLabel in en"),
        ("cancer", ADD + ':LUAD skos:notation "LUAD2" .\n', 7, "has 2 notations"),
        ("cancer", ADD + NEW.replace(":sarcoma", ":sarcomas"), 7, "does not exist"),
        ("cancer", ADD + NEW.replace('"rare"', '"LUAD"'), 7, "has the notation 'LUAD'"),
        ("cancer", ADD + ":TISSUE skos:broader :LUAD .\n", 7, "is broader than itself"),
        ("cancer", ADD + ":LUAD dct:isReplacedBy :gone .\n", 7, "has the replacing concept"),
        ("cancer", ADD + ':LUAD dct:isReplacedBy "LUSC" .\n', 7, "has a text as dct:isReplacedBy"),
        ("cancer", ADD + '<https://w3id.org/radiograph/concept/cancer> dct:title "Mine"@en .\n', 7,
         "describes the concept scheme"),
        ("cancer", ADD + NEW + ":LUAD skos:broader [] .\n", None, "blank node"),
    ],
)  # fmt: skip
def test_a_broken_addition_is_told_with_its_own_file_and_line(
    overlay: Write, name: str, text: str, line: int | None, message: str
) -> None:
    folder = overlay(f"concepts/additions/{name}.ttl", text)
    with pytest.raises(VocabularyError) as caught:
        Vocabularies.load(folder)
    assert message in caught.value.message
    assert caught.value.where is not None and caught.value.remedy
    if line is not None:
        assert caught.value.where == f"{folder / 'ontology/concepts/additions' / name}.ttl, line {line}"


def test_a_deprecated_concept_leaves_the_tree_and_leads_to_what_replaces_it(overlay: Write) -> None:
    text = ADD + NEW + ":rare owl:deprecated true ; dct:isReplacedBy :sarcoma .\n"
    text += ":LUAD owl:deprecated true ; dct:isReplacedBy :rare, :NSCLC .\n"
    loaded = Vocabularies.load(overlay("concepts/additions/cancer.ttl", text))
    concept = loaded.concept(f"{CANCER}LUAD")
    assert concept is not None and concept.deprecated
    assert concept.replaced_by == (f"{CANCER}rare", f"{CANCER}NSCLC")
    assert loaded.current(f"{CANCER}LUAD") == (f"{CANCER}NSCLC", f"{CANCER}sarcoma")
    assert loaded.current(f"{CANCER}LUSC") == (f"{CANCER}LUSC",)
    assert loaded.current("https://example.org/x") == ()
    assert f"{CANCER}LUAD" not in loaded.children(f"{CANCER}NSCLC")


def test_replacements_in_a_circle_lead_nowhere(overlay: Write) -> None:
    text = (
        ADD
        + ":LUAD owl:deprecated true ; dct:isReplacedBy :LUSC .\n:LUSC owl:deprecated true ; dct:isReplacedBy :LUAD .\n"
    )
    assert Vocabularies.load(overlay("concepts/additions/cancer.ttl", text)).current(f"{CANCER}LUAD") == ()


def test_texts_are_told_with_their_languages(vocabularies: Vocabularies) -> None:
    bulgarian = "http://publications.europa.eu/resource/authority/language/BUL"
    assert ("bg", "български") in vocabularies.texts(bulgarian, SKOS.prefLabel)
    assert vocabularies.texts("https://example.org/x", SKOS.prefLabel) == ()


def test_an_entry_speaks_english_alone(vocabularies: Vocabularies) -> None:
    """It goes into every document that refers to it; names in all languages are at the concept's own address."""
    bulgarian = "http://publications.europa.eu/resource/authority/language/BUL"
    labels = [o for _, p, o in vocabularies.entry(bulgarian) if p == SKOS.prefLabel]
    assert labels == [Literal("Bulgarian", lang="en")]
