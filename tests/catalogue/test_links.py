"""Links: what counts as evidence that two descriptions are of one dataset, and what does not."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import Graph, Literal, URIRef

from catalogue.description import StoredDescription
from catalogue.links import (
    DERIVED_FROM,
    MAX_CARRIERS,
    SAME_DATASET,
    Link,
    derive_links,
    find_links,
    links_graph,
    read_links,
    write_links,
)
from core.canonical import canonical_ntriples, content_hash
from core.errors import ReleaseError
from core.identifiers import Identifiers
from core.terms import ADMS, DCAT, DCT, OWL, PROV, RADIOGRAPH, RDF, SKOS, new_graph

IDS = Identifiers("https://catalogue.example.org")
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def described(
    repository: str,
    identifier: str,
    *,
    primary: str = "",
    others: tuple[str, ...] = (),
    cites: tuple[str, ...] = (),
    derived_from: tuple[str, ...] = (),
    kind: URIRef | None = None,
) -> StoredDescription:
    graph = new_graph()
    dataset = IDS.dataset(repository, identifier)
    graph.add((dataset, RDF.type, DCAT.Dataset))
    graph.add((dataset, DCT.title, Literal(f'quotes <{DCT.identifier}> "10.1/no" in its title', lang="en")))
    if kind:
        graph.add((dataset, RDF.type, kind))
    if primary:
        graph.add((dataset, DCT.identifier, Literal(primary)))
    for index, other in enumerate(others):
        node = URIRef(f"{dataset}#identifier-{index}")
        graph.add((dataset, ADMS.identifier, node))
        graph.add((node, RDF.type, ADMS.Identifier))
        graph.add((node, SKOS.notation, Literal(other)))
    for cited in cites:
        graph.add((dataset, DCT.isReferencedBy, URIRef(cited)))
        graph.add((dataset, DCT.relation, URIRef(cited)))
        graph.add((dataset, DCT.bibliographicCitation, Literal(cited)))
        graph.add((URIRef(f"{dataset}#cited"), DCT.identifier, Literal(cited)))
    for source in derived_from:
        graph.add((dataset, PROV.wasDerivedFrom, URIRef(source)))
    ntriples = canonical_ntriples(graph)
    return StoredDescription(str(dataset), repository, identifier, 1, ntriples, content_hash(ntriples), (), NOW, NOW)


def test_one_doi_in_two_repositories_is_the_same_dataset_whatever_its_spelling() -> None:
    links = derive_links(
        [
            described("tcia", "lidc", primary="https://doi.org/10.7937/K9/TCIA.2015.LO9QL9SX"),
            described("idc", "lidc_idri", others=("doi:10.7937/k9/tcia.2015.lo9ql9sx",)),
        ],
        IDS,
    )
    [link] = links
    assert (link.subject, link.object) == (str(IDS.dataset("idc", "lidc_idri")), str(IDS.dataset("tcia", "lidc")))
    assert (link.kind, link.state, link.method) == (SAME_DATASET, "accepted", "shared-doi")
    assert link.confidence == 0.95
    for part in (
        "10.7937/k9/tcia.2015.lo9ql9sx",
        "doi:10.7937",
        "https://doi.org/10.7937/K9",
        link.subject,
        link.object,
    ):
        assert part in link.evidence


def test_a_doi_in_dct_identifier_of_both_is_the_surest_evidence() -> None:
    [link] = derive_links([described("a", "1", primary="10.1234/x"), described("b", "1", primary="10.1234/X")], IDS)
    assert link.confidence == 1.0


def test_citations_and_references_are_no_identity() -> None:
    doi = "https://doi.org/10.1234/paper"
    assert derive_links([described("a", "1", cites=(doi,)), described("b", "1", primary=doi)], IDS) == []
    assert derive_links([described("a", "1", cites=(doi,)), described("b", "1", cites=(doi,))], IDS) == []


def test_nothing_is_linked_within_one_repository() -> None:
    assert derive_links([described("a", "1", primary="10.1234/x"), described("a", "2", primary="10.1234/x")], IDS) == []


def test_identifiers_that_are_no_doi_link_nothing() -> None:
    assert derive_links([described("a", "1", primary="lidc"), described("b", "1", primary="lidc")], IDS) == []


def test_a_doi_of_several_datasets_of_one_repository_is_only_proposed() -> None:
    descriptions = [described("a", str(n), others=("10.1234/x",)) for n in range(3)]
    links = derive_links([*descriptions, described("b", "1", primary="10.1234/x")], IDS)
    assert [link.state for link in links] == ["proposed"] * 3
    assert all(link.confidence == 0.2 and "3 pairs" in link.evidence for link in links)


def test_the_dataset_that_has_it_as_dct_identifier_is_meant_among_several() -> None:
    links = derive_links(
        [
            described("a", "whole", primary="10.1234/x"),
            described("a", "part", primary="10.1234/y", others=("10.1234/x",)),
            described("b", "1", primary="10.1234/x"),
        ],
        IDS,
    )
    assert [(link.subject, link.state) for link in links] == [(str(IDS.dataset("a", "whole")), "accepted")]


def test_a_dataset_of_many_dois_may_be_a_whole_and_the_other_a_part() -> None:
    whole = described("a", "whole", primary="10.1234/whole", others=("10.1234/p1", "10.1234/p2"))
    [link] = derive_links([whole, described("b", "p1", primary="10.1234/p1")], IDS)
    assert link.state == "proposed"
    assert "part" in link.evidence


def test_the_same_set_of_dois_is_no_part() -> None:
    dois = ("10.1234/p1", "10.1234/p2")
    [link] = derive_links([described("a", "1", others=dois), described("b", "1", others=dois)], IDS)
    assert link.state == "accepted"
    assert all(doi in link.evidence for doi in dois)


def test_images_and_annotations_of_one_doi_are_not_the_same() -> None:
    images = described("a", "1", primary="10.1234/x", kind=RADIOGRAPH.ImagingDataset)
    annotations = described("b", "1", primary="10.1234/x", kind=RADIOGRAPH.AnnotationDataset)
    [link] = derive_links([images, annotations], IDS)
    assert link.state == "proposed"


def test_a_crowded_doi_links_nothing_and_is_told() -> None:
    crowd = [described("a", str(n), others=("10.1234/x",)) for n in range(MAX_CARRIERS + 1)]
    findings = find_links([*crowd, described("b", "1", primary="10.1234/x")], IDS)
    assert findings.links == ()
    assert "10.1234/x" in findings.remarks[0]


def test_declared_derivations_are_kept_and_dangling_ones_are_told(caplog: pytest.LogCaptureFixture) -> None:
    source, missing = IDS.dataset("idc", "nlst"), IDS.dataset("idc", "gone")
    derived = described("idc", "seg", derived_from=(source, missing, "https://elsewhere.example.org/d"))
    with caplog.at_level(logging.WARNING):
        [link] = derive_links([described("idc", "nlst"), derived], IDS)
    assert (link.subject, link.object) == (derived.iri, str(source))
    assert (link.kind, link.state, link.method, link.confidence) == (
        DERIVED_FROM,
        "accepted",
        "declared-by-source",
        1.0,
    )
    assert [record.getMessage() for record in caplog.records] == [
        f"{derived.iri} says it is derived from {missing}, which is not in the catalogue; no link was made"
    ]


def test_a_dataset_is_not_derived_from_itself() -> None:
    findings = find_links([described("idc", "x", derived_from=(IDS.dataset("idc", "x"),))], IDS)
    assert findings.links == ()
    assert "itself" in findings.remarks[0]


@given(st.permutations(range(6)))
def test_the_order_of_descriptions_does_not_matter(order: list[int]) -> None:
    descriptions = [
        described("a", "1", primary="10.1234/x"),
        described("b", "1", primary="10.1234/x", derived_from=(IDS.dataset("a", "1"),)),
        described("b", "2", others=("10.1234/x", "10.1234/y")),
        described("c", "1", others=("10.1234/y",)),
        described("c", "2", others=("10.1234/y",)),
        described("d", "1", primary="10.1234/X"),
    ]
    assert derive_links([descriptions[index] for index in order], IDS) == derive_links(descriptions, IDS)


def test_the_digest_does_not_move_with_evidence_or_confidence() -> None:
    link = Link("https://a", "https://b", SAME_DATASET, "accepted", 1.0, "shared-doi", "because")
    again = Link("https://a", "https://b", SAME_DATASET, "proposed", 0.2, "shared-doi", "otherwise")
    other = Link("https://a", "https://b", DERIVED_FROM, "accepted", 1.0, "shared-doi", "because")
    assert link.digest == again.digest != other.digest


def test_the_graph_tells_each_link_and_states_only_accepted_sameness() -> None:
    a, b, c = (str(IDS.dataset(name, "1")) for name in "abc")
    accepted = Link(a, b, SAME_DATASET, "accepted", 0.95, "shared-doi", "because")
    proposed = Link(a, c, SAME_DATASET, "proposed", 0.5, "shared-doi", "perhaps")
    derived = Link(c, a, DERIVED_FROM, "accepted", 1.0, "declared-by-source", "it says so")
    graph = links_graph([accepted, proposed, derived], IDS)
    assert {(str(s), str(o)) for s, o in graph.subject_objects(RADIOGRAPH.sameDatasetAs)} == {(a, b), (b, a)}
    assert list(graph.subject_objects(PROV.wasDerivedFrom)) == []
    node = IDS.link(proposed.digest)
    assert (node, RDF.type, RADIOGRAPH.Link) in graph
    assert (node, RADIOGRAPH.linkState, Literal("proposed")) in graph
    assert (node, RADIOGRAPH.linkKind, RADIOGRAPH.sameDatasetAs) in graph
    assert graph.value(node, RADIOGRAPH.confidence).toPython() == pytest.approx(0.5)  # type: ignore[union-attr]
    assert not set(graph.predicates()) & {OWL.sameAs, SKOS.exactMatch}
    assert canonical_ntriples(graph) == canonical_ntriples(_read(canonical_ntriples(graph)))


def _read(ntriples: bytes) -> Graph:
    return new_graph().parse(data=ntriples, format="nt")


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
links = st.builds(
    Link,
    subject=texts,
    object=texts,
    kind=st.sampled_from([SAME_DATASET, DERIVED_FROM]),
    state=st.sampled_from(["accepted", "proposed"]),
    confidence=st.floats(0, 1),
    method=texts,
    evidence=texts,
)


@given(st.lists(links, max_size=5))
def test_links_survive_their_file(tmp_path_factory: pytest.TempPathFactory, some: list[Link]) -> None:
    path = tmp_path_factory.mktemp("links") / "links.ndjson"
    write_links(path, some)
    assert read_links(path) == some


@pytest.mark.parametrize("line", ["{", "[]", '{"subject": "a"}', '"x"', '{"surprise": 1}'])
def test_a_damaged_file_names_the_line(tmp_path: Path, line: str) -> None:
    path = tmp_path / "links.ndjson"
    path.write_text("\n" + line + "\n", encoding="utf-8")
    with pytest.raises(ReleaseError, match="line 2"):
        read_links(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match=r"links\.ndjson"):
        read_links(tmp_path / "links.ndjson")
