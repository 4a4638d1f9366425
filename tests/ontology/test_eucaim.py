"""EUCAIM's value lists against the tables they were made from."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from rdflib import Graph, URIRef

from core.terms import DCT, EUCAIM, RDF, SKOS
from ontology.vocabulary import Vocabularies

CONCEPTS = Path(__file__).parents[2] / "ontology" / "concepts"
#: Lists by what the tables call them.
LISTS = {
    "interoperability_tier": "eucaim-tier",
    "dataset_type": "eucaim-dataset-type",
    "collection_method": "eucaim-collection-method",
    "dataset_access_condition": "eucaim-access-condition",
    "birth_sex": "eucaim-birth-sex",
    "segmentation_method": "eucaim-segmentation-method",
    "manufacturer": "eucaim-manufacturer",
    "modality": "eucaim-modality",
    "body_part": "eucaim-body-part",
    "condition": "eucaim-condition",
    "secondary_condition": "eucaim-condition",
}


def table(reference: Path, name: str) -> list[dict[str, str]]:
    with (reference / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def graph() -> Graph:
    whole = Graph()
    for path in CONCEPTS.glob("eucaim-*.ttl"):
        whole.parse(path)
    return whole


@pytest.mark.oracle
def test_every_value_is_in_its_list_and_says_whether_that_is_sure(
    vocabularies: Vocabularies, reference: Path, graph: Graph
) -> None:
    rows = table(reference, "standards/eucaim-2.0/value-sets.csv")
    assert len(rows) > 800
    for row in rows:
        concept = vocabularies.schemes[LISTS[row["value_set"]]][row["uri"]]
        assert concept.notation == row["code"]
        note = str(graph.value(URIRef(row["uri"]), SKOS.editorialNote))
        assert ("guess" in note) == (row["membership"] == "guess"), row
        assert ("sure" in note) == (row["membership"] == "sure"), row


@pytest.mark.oracle
def test_lists_hold_nothing_else_of_the_hyper_ontology(vocabularies: Vocabularies, reference: Path) -> None:
    known = {row["uri"] for row in table(reference, "standards/eucaim-2.0/value-sets.csv")}
    labels = {row["conceptIRI"] for row in table(reference, "standards/eucaim-2.0/segmentation-labels.csv")}
    held = {iri for name in vocabularies.schemes for iri in vocabularies.schemes[name] if iri.startswith(EUCAIM)}
    assert held == known | labels
    assert set(vocabularies.schemes["eucaim-segmentation-label"]) == labels - known


@pytest.mark.oracle
def test_classes_are_called_what_the_hyper_ontology_calls_them(vocabularies: Vocabularies, reference: Path) -> None:
    names = {
        row["uri"]: " ".join(row["label"].split()) for row in table(reference, "data/hyperontology_classes_v2.csv")
    }
    for name, concepts in vocabularies.schemes.items():
        if name.startswith("eucaim-"):
            for iri, concept in concepts.items():
                assert concept.label == names.get(iri, concept.label), iri


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("name", "scheme"),
    [("access-conditions", "eucaim-access-condition"), ("data-use-conditions", "eucaim-data-use-condition")],
)
def test_conditions_are_the_published_ones(
    name: str, scheme: str, vocabularies: Vocabularies, reference: Path, graph: Graph
) -> None:
    for row in table(reference, f"standards/eucaim-2.0/{name}.csv"):
        concept = vocabularies.schemes[scheme][row["iri"]]
        assert (concept.notation, concept.label) == (row["notation"], row["label"])
        assert (URIRef(row["iri"]), RDF.type, DCT.RightsStatement) in graph
        exact = graph.value(URIRef(row["iri"]), SKOS.exactMatch)
        assert (str(exact) if exact else "") == row["exact_match"]


def test_tiers_are_not_mixed_up(vocabularies: Vocabularies) -> None:
    """One digit tells tier 2 from tier 1C+, and the codes do not follow the tiers."""
    names = {concept.notation: concept.label for concept in vocabularies.schemes["eucaim-tier"].values()}
    tiers = {"SPEC1000009": "Tier 1", "SPEC1000011": "Tier 2", "SPEC1000010": "Tier 3", "SPEC10000011": "Tier 1C+"}
    assert tiers.items() <= names.items() and len(names) == 9
