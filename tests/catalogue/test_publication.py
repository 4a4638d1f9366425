"""Releases: what is in them, when there is none to make, what is refused, rolled back, rebuilt."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
from rdflib import Literal, URIRef

from catalogue.content import stable_blank_nodes
from catalogue.ledger import Ledger
from catalogue.publication import publish, rebuild_store, rollback
from catalogue.release import Release
from catalogue.search import SearchIndex, SearchRequest
from catalogue.store.embedded import EmbeddedStore
from core.canonical import from_oxigraph
from core.errors import ReleaseError
from core.terms import DCT
from ontology.vocabulary import Vocabularies
from tests.catalogue.home import Home, make_settings


def quads(path: Path) -> set[str]:
    """A checkpoint's quads; blank nodes are counted, not compared, because the store names them anew."""
    return {str(quad) for quad in pyoxigraph.Store.read_only(str(path / "store")) if "_:" not in str(quad)}


def titles(home: Home) -> dict[str, str]:
    """The titles in the current release's triple store, by identifier."""
    with home.open() as ledger:
        release = ledger.current_release()
    assert release is not None
    store = pyoxigraph.Store.read_only(str(release.path / "store"))
    query = "SELECT ?id ?title { GRAPH ?g { ?s a dcat:Dataset ; dct:identifier ?id ; dct:title ?title } }"
    found: Any = store.query(query, prefixes={"dcat": "http://www.w3.org/ns/dcat#", "dct": str(DCT)})
    return {row["id"].value: row["title"].value for row in found}


def test_a_release_holds_what_was_accepted(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"), home.candidate("b"), home.candidate("c", accepted=False))
    release = publish(home.settings, vocabularies)
    assert (release.number, release.datasets, release.path) == (1, 2, home.settings.releases_path / "1")
    assert titles(home) == {"a": "a first", "b": "b first"}
    manifest = json.loads((release.path / "manifest.json").read_text())
    assert manifest["triples"] == release.triples == len(pyoxigraph.Store.read_only(str(release.path / "store")))
    assert {"aggregates.json", "links.ndjson"} <= {entry["path"] for entry in manifest["files"]}
    assert SearchIndex.open(release.path / "search").search(SearchRequest(text="first")).total == 2
    with home.open() as ledger:
        members = ledger.members(1)
        assert [member.iri for member in members] == [home.iri("a"), home.iri("b")] and ledger.count(1) == 2
        assert members[0].ntriples == home.candidate("a").ntriples, "byte for byte as validated"
        assert members[0].issued == members[0].modified == release.created
        assert ledger.members(1, offset=1, limit=1) == members[1:]
        assert ledger.members(1, repository="two") == []
        assert [member.iri for member in ledger.each_member(1)] == [member.iri for member in members]
        assert ledger.description(home.iri("c")) is None and ledger.state(home.iri("c")) == "rejected"


def test_named_graphs_are_those_of_the_data_model(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"))
    release = publish(home.settings, vocabularies)
    names = {graph.value for graph in pyoxigraph.Store.read_only(str(release.path / "store")).named_graphs()}
    identifiers = home.settings.identifiers
    expected = {identifiers.record("one", "a"), identifiers.catalogue("one"), identifiers.catalogue()}
    expected |= {identifiers.graph("release"), identifiers.graph("ontology"), identifiers.graph("vocabulary/anatomy")}
    assert {str(graph) for graph in expected} <= names


def test_nothing_new_makes_no_release(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"))
    first = publish(home.settings, vocabularies)
    home.ingest(home.candidate("a"))
    assert publish(home.settings, vocabularies) == first
    assert [path.name for path in home.settings.releases_path.iterdir()] == ["1"]


def test_an_empty_catalogue_can_be_published(home: Home, vocabularies: Vocabularies) -> None:
    with Ledger.open(home.settings, create=True):
        pass
    assert publish(home.settings, vocabularies).datasets == 0
    assert publish(home.settings, vocabularies).number == 1


def test_changes_are_applied_and_the_old_release_stays(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"), home.candidate("b"), home.candidate("c"))
    first = publish(home.settings, vocabularies)
    before = quads(first.path)
    home.ingest(home.candidate("a", "second"), home.candidate("b"), home.candidate("d"))
    second = publish(home.settings, vocabularies, allow_shrink=True)
    assert titles(home) == {"a": "a second", "b": "b first", "d": "d first"}
    assert quads(first.path) == before
    with home.open() as ledger:
        a, b = (ledger.description(home.iri(name)) for name in "ab")
        assert a is not None and (a.issued, a.modified) == (first.created, second.created)
        assert b is not None and (b.issued, b.modified) == (first.created, first.created)
        old = ledger.description(home.iri("a"), release=1)
        assert old is not None and old.ntriples == home.candidate("a").ntriples
        assert ledger.revision(old.revision) == old
        assert ledger.description(home.iri("c"), release=1) is not None


def test_updating_and_filling_anew_give_the_same_store(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"), home.candidate("b"))
    publish(home.settings, vocabularies)
    home.ingest(home.candidate("b", "second"), home.candidate("c"))
    updated = publish(home.settings, vocabularies, allow_shrink=True)
    before = quads(updated.path)
    shutil.rmtree(updated.path)
    shutil.rmtree(home.settings.store_path)
    rebuilt = rebuild_store(home.settings, vocabularies)
    assert rebuilt == updated and quads(updated.path) == before
    with EmbeddedStore(home.settings.store_path, home.settings.identifiers) as store:
        marker = store.marker()
        assert marker is not None and (marker.release, marker.event) == (updated.number, updated.event)
    assert publish(home.settings, vocabularies) == updated


def test_tricky_literals_survive_both_ways_into_the_store(home: Home, vocabularies: Vocabularies) -> None:
    tricky = ["\\u0041 back\\slash", "quote \" ' }", "} } ; DROP ALL ; #", " .\n", "bell \x07 tab \t", "漢 😀"]

    def candidate(name: str) -> object:
        subject = URIRef(home.iri(name))
        return home.candidate(name, triples=[(subject, DCT.description, Literal(text)) for text in tricky])

    home.ingest(candidate("filled"))  # type: ignore[arg-type]
    publish(home.settings, vocabularies)
    home.ingest(candidate("filled"), candidate("updated"))  # type: ignore[arg-type]
    release = publish(home.settings, vocabularies)
    store = pyoxigraph.Store.read_only(str(release.path / "store"))
    for name in ("filled", "updated"):
        subject, predicate = pyoxigraph.NamedNode(home.iri(name)), pyoxigraph.NamedNode(str(DCT.description))
        assert {str(from_oxigraph(quad.object)) for quad in store.quads_for_pattern(subject, predicate, None)} == set(
            tricky
        )


def test_a_changed_declaration_is_a_release(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"))
    publish(home.settings, vocabularies)
    with home.open() as ledger:
        ledger.declare(home.entry("one", "Renamed"))
    release = publish(home.settings, vocabularies)
    assert release.number == 2
    assert any("Renamed" in quad for quad in quads(release.path))


def test_changed_vocabularies_are_a_release(home: Home, vocabularies: Vocabularies, tmp_path: Path) -> None:
    home.ingest(home.candidate("a"))
    publish(home.settings, vocabularies)
    concepts = tmp_path / "overlay" / "ontology" / "concepts"
    concepts.mkdir(parents=True)
    scheme = "https://w3id.org/radiograph/concept/colour"
    (concepts / "colour.ttl").write_text(
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
        f"<{scheme}> a skos:ConceptScheme .\n"
        f'<{scheme}/red> a skos:Concept ; skos:inScheme <{scheme}> ; skos:notation "red" ; skos:prefLabel "red"@en .\n'
    )
    with_colours = Vocabularies.load(tmp_path / "overlay")
    assert publish(home.settings, with_colours).number == 2
    assert publish(home.settings, Vocabularies.load(tmp_path / "overlay")).number == 2, "the same, read again"
    release = publish(home.settings, vocabularies)
    assert release.number == 3 and not any("colour" in quad for quad in quads(release.path))


def test_a_release_that_loses_too_much_is_refused(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(*(home.candidate(f"c{number}") for number in range(10)))
    publish(home.settings, vocabularies)
    home.ingest(*(home.candidate(f"c{number}") for number in range(8)))
    with pytest.raises(ReleaseError, match=r"lose 2 of 10 .*--allow-shrink"):
        publish(home.settings, vocabularies)
    assert len(titles(home)) == 10
    home.ingest(*(home.candidate(f"c{number}") for number in range(9)))
    assert publish(home.settings, vocabularies).datasets == 9, "a tenth is within the limit"
    home.ingest()
    assert publish(home.settings, vocabularies, allow_shrink=True).datasets == 0


def test_old_releases_are_dropped_but_not_forgotten(home: Home, vocabularies: Vocabularies) -> None:
    settings = make_settings(home.settings.home, keep_releases=2)
    for version in range(4):
        home.ingest(home.candidate("a", f"version {version}"))
        publish(settings, vocabularies)
    assert sorted(path.name for path in settings.releases_path.iterdir()) == ["3", "4"]
    with home.open() as ledger:
        assert [(release.number, release.dropped) for release in ledger.releases()] == [
            (4, False),
            (3, False),
            (2, True),
            (1, True),
        ]
        assert [ledger.count(number) for number in (1, 2, 3, 4)] == [0, 0, 1, 1]
    with pytest.raises(ReleaseError, match=r"release 1 was dropped \(releases kept on disk: 3, 4\)"):
        rollback(settings, vocabularies, 1)
    with pytest.raises(ReleaseError, match="release 9 does not exist"):
        rollback(settings, vocabularies, 9)


def test_rollback_is_a_new_release_with_events_that_lead_back(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"), home.candidate("b"))
    first = publish(home.settings, vocabularies)
    home.ingest(home.candidate("a", "second"), home.candidate("c"), home.candidate("bad", accepted=False))
    publish(home.settings, vocabularies, allow_shrink=True)
    home.ingest(home.candidate("a", "a draft"), home.candidate("c"), home.candidate("bad", accepted=False))
    third = rollback(home.settings, vocabularies, 1)
    assert third.number == 3 and titles(home) == {"a": "a first", "b": "b first"}
    with home.open() as ledger:
        back = [(e.kind, e.iri[-1]) for e in ledger.events() if e.reason == "rollback to release 1"]
        assert sorted(back) == [("create", "b"), ("delete", "c"), ("update", "a")]
        assert ledger.events()[-1].seq == third.event
        b = ledger.description(home.iri("b"))
        assert b is not None and (b.issued, b.modified) == (first.created, third.created)
        assert ledger.state(home.iri("c")) == "withdrawn" and ledger.state(home.iri("bad")) == "rejected"
    assert rollback(home.settings, vocabularies, 1) == third, "that is what is published"


def test_a_foreign_or_newer_store_is_made_anew(home: Home, vocabularies: Vocabularies, tmp_path: Path) -> None:
    other = Home(make_settings(tmp_path / "other"))
    other.ingest(other.candidate("x"))
    publish(other.settings, vocabularies)
    home.ingest(home.candidate("a"))
    publish(home.settings, vocabularies)
    shutil.rmtree(home.settings.store_path)
    shutil.copytree(other.settings.store_path, home.settings.store_path)
    home.ingest(home.candidate("a"), home.candidate("b"))
    publish(home.settings, vocabularies)
    assert titles(home) == {"a": "a first", "b": "b first"}

    shutil.copy(home.settings.ledger_path, tmp_path / "ledger")
    home.ingest(home.candidate("a"), home.candidate("b"), home.candidate("c"))
    publish(home.settings, vocabularies)
    for ending in ("-wal", "-shm"):
        home.settings.ledger_path.with_name(f"ledger.sqlite{ending}").unlink(missing_ok=True)
    shutil.copy(tmp_path / "ledger", home.settings.ledger_path)
    home.ingest(home.candidate("a"), home.candidate("b"), home.candidate("d"))
    publish(home.settings, vocabularies)
    assert titles(home) == {"a": "a first", "b": "b first", "d": "d first"}


def test_a_damaged_release_folder_is_made_again(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"))
    release = publish(home.settings, vocabularies)
    before = quads(release.path)
    (release.path / "aggregates.json").write_text("{}")
    (release.path / "links.ndjson").unlink()
    assert rebuild_store(home.settings, vocabularies) == release
    assert json.loads((release.path / "aggregates.json").read_text())["totals"]
    assert (release.path / "links.ndjson").exists() and quads(release.path) == before


def test_publishing_restores_a_missing_release_folder(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"))
    release = publish(home.settings, vocabularies)
    shutil.rmtree(home.settings.releases_path)
    assert publish(home.settings, vocabularies) == release
    assert titles(home) == {"a": "a first"}


def test_a_store_opened_by_another_program_is_left_alone(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"))
    publish(home.settings, vocabularies)
    home.ingest(home.candidate("a"), home.candidate("b"))
    with (
        EmbeddedStore(home.settings.store_path, home.settings.identifiers),
        pytest.raises(ReleaseError, match=r"cannot be opened.*end the process that has it open"),
    ):
        publish(home.settings, vocabularies)
    assert publish(home.settings, vocabularies).number == 2


def test_nothing_to_rebuild_before_the_first_release(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"))
    assert rebuild_store(home.settings, vocabularies) is None


def test_stages_are_told(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"))
    stages: list[str] = []
    release: Release = publish(home.settings, vocabularies, progress=stages.append)
    assert release.number == 1 and stages == ["triple store", "search index and counts"]


def test_blank_nodes_of_a_vocabulary_are_named_by_content() -> None:
    one = b'_:x <http://p> _:y .\n_:y <http://p> "_:z" .\n'
    two = b'_:b1 <http://p> "_:z" .\n_:a9 <http://p> _:b1 .\n'
    other = b'_:x <http://p> _:y .\n_:y <http://p> "else" .\n'
    assert stable_blank_nodes(one) == stable_blank_nodes(two)
    assert b'"_:z"' in stable_blank_nodes(one)
    labels = {word for word in stable_blank_nodes(one).split() if word.startswith(b"_:")}
    assert labels.isdisjoint(stable_blank_nodes(other).split())


def test_the_release_before_stays_while_a_running_service_switches(home: Home, vocabularies: Vocabularies) -> None:
    settings = make_settings(home.settings.home, keep_releases=1)
    for version in range(3):
        home.ingest(home.candidate("a", f"version {version}"))
        publish(settings, vocabularies)
    assert sorted(path.name for path in settings.releases_path.iterdir()) == ["2", "3"]
    with home.open() as ledger:
        assert [ledger.count(number) for number in (1, 2, 3)] == [0, 1, 1]


def test_the_store_does_not_grow_by_a_log_a_publication(home: Home, vocabularies: Vocabularies) -> None:
    for version in range(5):
        home.ingest(home.candidate("a", f"version {version}"))
        publish(home.settings, vocabularies)
    assert len(list(home.settings.store_path.glob("LOG.old.*"))) <= 2
