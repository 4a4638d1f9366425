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
