from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rdflib import Literal, URIRef

from core.errors import InputError, ProfileError, SettingsError
from core.terms import DCAT, DCT, RADIOGRAPH, RDF, new_graph
from ingest.declaration import RepositoryDeclaration
from ingest.derivation import owned
from ingest.pipeline import IngestRoom, ingest
from ingest.record import SourceDistribution, SourceFault, SourceRecord
from ingest.run_report import RunReport
from ingest.sources.table import TableSource
from ingest.table_mapping import TableMapping


class ListSource:
    """A source of records that a test wrote down."""

    def __init__(self, *items: SourceRecord | SourceFault, complete: bool = True) -> None:
        self.repository = "clinic"
        self.complete = complete
        self._items = items

    def records(self) -> Iterator[SourceRecord | SourceFault]:
        yield from self._items


def record(identifier: str, **values: Any) -> SourceRecord:
    said = {"title": f"Dataset {identifier}", "description": "Images.", "location": f"row {identifier}"}
    return SourceRecord(identifier=identifier, **(said | values))


def fault(identifier: str | None) -> SourceFault:
    return SourceFault(location="row 9", message="broken", remedy="mend it", identifier=identifier)


def state(room: IngestRoom, identifier: str) -> tuple[int, int]:
    """How many creations and deletions of a description the ledger has seen."""
    assert room.ledger is not None
    iri = str(room.identifiers.dataset("clinic", identifier))
    kinds = [event.kind for event in room.ledger.events() if event.iri == iri]
    return kinds.count("create"), kinds.count("delete")


def test_records_become_published_descriptions(room: IngestRoom, declaration: RepositoryDeclaration) -> None:
    report = ingest(ListSource(record("a"), record("b")), declaration, room, name="list")
    assert (report.read, report.accepted, report.rejected, report.errors) == (2, 2, 0, 0)
    assert report.valid["dcat-ap"] == 2
    assert report.outcomes["created"] == 2
    assert not report.has_findings
    assert state(room, "a") == (1, 0)


def test_the_same_again_changes_nothing(room: IngestRoom, declaration: RepositoryDeclaration) -> None:
    ingest(ListSource(record("a")), declaration, room)
    report = ingest(ListSource(record("a")), declaration, room)
    assert report.outcomes == {"created": 0, "updated": 0, "unchanged": 1, "rejected": 0, "stale": 0, "deleted": 0}


def test_what_a_complete_source_no_longer_has_is_deleted(room: IngestRoom, declaration: RepositoryDeclaration) -> None:
    ingest(ListSource(record("a"), record("b")), declaration, room)
    report = ingest(ListSource(record("a", title="Changed")), declaration, room)
    assert (report.outcomes["updated"], report.outcomes["deleted"]) == (1, 1)


def test_a_partial_source_deletes_nothing(room: IngestRoom, declaration: RepositoryDeclaration) -> None:
    ingest(ListSource(record("a"), record("b")), declaration, room)
    report = ingest(ListSource(record("a"), complete=False), declaration, room)
    assert report.outcomes["deleted"] == 0 and not report.complete


def test_a_faulty_record_is_not_taken_for_gone(room: IngestRoom, declaration: RepositoryDeclaration) -> None:
    ingest(ListSource(record("a"), record("b"), record("c")), declaration, room)
    report = ingest(ListSource(record("a"), fault("b")), declaration, room)
    assert report.complete and report.has_findings
    assert state(room, "b") == (1, 0)
    assert state(room, "c") == (1, 1)


def test_a_fault_of_nobody_knows_whose_record_deletes_nothing(
    room: IngestRoom, declaration: RepositoryDeclaration
) -> None:
    ingest(ListSource(record("a"), record("b")), declaration, room)
    report = ingest(ListSource(record("a"), fault(None)), declaration, room)
    assert not report.complete
    assert state(room, "b") == (1, 0)


def test_a_source_without_any_record_is_refused_and_deletes_nothing(
    room: IngestRoom, declaration: RepositoryDeclaration
) -> None:
    ingest(ListSource(record("a")), declaration, room)
    with pytest.raises(InputError, match="no record at all"):
        ingest(ListSource(), declaration, room)
    assert state(room, "a") == (1, 0)


def test_a_source_that_breaks_off_deletes_nothing(room: IngestRoom, declaration: RepositoryDeclaration) -> None:
    class Breaking(ListSource):
        def records(self) -> Iterator[SourceRecord | SourceFault]:
            yield record("a")
            raise InputError("the line went dead")

    ingest(ListSource(record("a"), record("b")), declaration, room)
    with pytest.raises(InputError, match="dead"):
        ingest(Breaking(), declaration, room)
    assert state(room, "b") == (1, 0)
    assert room.ledger is not None
    assert [run.state for run in room.ledger.runs()].count("failed") == 1


def test_one_bad_record_does_not_stop_the_others(room: IngestRoom, declaration: RepositoryDeclaration) -> None:
    report = ingest(ListSource(record("a"), record("\x01bad"), record("z")), declaration, room)
    assert (report.accepted, report.errors) == (2, 1)
    assert report.faults[0].message and report.faults[0].remedy


def test_two_records_of_one_identifier_keep_the_first(room: IngestRoom, declaration: RepositoryDeclaration) -> None:
    report = ingest(ListSource(record("a"), record("a", title="Other")), declaration, room)
    assert (report.accepted, report.errors) == (1, 1)
    assert "occurs twice" in report.faults[0].message


def test_what_fails_the_gate_is_rejected_with_its_reason(room: IngestRoom, declaration: RepositoryDeclaration) -> None:
    report = ingest(ListSource(record("a"), record("b", title=None)), declaration, room)
    assert (report.accepted, report.rejected) == (1, 1)
    assert report.reasons[0].path == str(DCT.title) and report.reasons[0].examples == ("b",)
    assert report.has_findings
    assert state(room, "b") == (0, 0)


def test_an_unknown_gate_is_told_before_anything_is_written(
    room: IngestRoom, declaration: RepositoryDeclaration
) -> None:
    with pytest.raises(ProfileError, match="no profile 'gold'"):
        ingest(ListSource(record("a")), declaration.model_copy(update={"gate": "gold"}), room)
    assert room.ledger is not None and room.ledger.repositories() == []


def test_terms_are_counted_and_unmatched_ones_are_no_finding(
    room: IngestRoom, declaration: RepositoryDeclaration
) -> None:
    said = record("a", terms={"modality": ("CT", "thought photography")})
    report = ingest(ListSource(said), declaration, room)
    assert report.concepts["modality"] == 1
    assert report.unmatched == {"modality": {"thought photography": 1}}
    assert not report.has_findings


def test_an_unknown_licence_is_a_finding_and_the_record_goes_in(
    room: IngestRoom, declaration: RepositoryDeclaration
) -> None:
    way = SourceDistribution(identifier="d", access_url="https://x.example.org/", licence="free for all")
    known = SourceDistribution(identifier="k", access_url="https://x.example.org/", licence="CC BY 4.0")
    report = ingest(ListSource(record("a", distributions=(way, known))), declaration, room)
    assert (report.accepted, report.warnings) == (1, 1)
    assert "'free for all'" in report.faults[0].message and report.faults[0].location == "row a"


def test_a_dry_run_judges_and_writes_nothing(loaded: IngestRoom, declaration: RepositoryDeclaration) -> None:
    report = ingest(ListSource(record("a"), record("b", title=None)), declaration, loaded)
    assert (report.dry_run, report.run, report.accepted, report.rejected) == (True, None, 1, 1)
    assert report.outcomes == {}


def test_the_report_is_kept_with_the_run(room: IngestRoom, declaration: RepositoryDeclaration) -> None:
    report = ingest(ListSource(record("a")), declaration, room, name="list")
    assert room.ledger is not None
    (run,) = room.ledger.runs()
    assert (run.id, run.source, run.report["accepted"]) == (report.run, "list", 1)
    assert json.loads(json.dumps(report.to_json()))["outcomes"]["created"] == 1


def test_progress_is_told_for_each_record(loaded: IngestRoom, declaration: RepositoryDeclaration) -> None:
    told: list[None] = []
    ingest(ListSource(record("a"), fault("b")), declaration, loaded, progress=lambda: told.append(None))
    assert len(told) == 2


def test_of_a_source_that_is_not_public_nothing_is_quoted(room: IngestRoom, declaration: RepositoryDeclaration) -> None:
    closed = declaration.model_copy(update={"public": False, "k": 10})
    way = SourceDistribution(identifier="d", access_url="https://x.example.org/", licence="SECRET licence")
    said = (
        record("a", location="SECRET.csv, row 2", terms={"modality": ("SECRET machine",)}, distributions=(way,)),
        record("SECRET", title=None, issued="SECRET"),
        SourceFault(location="SECRET.csv, row 4", message="SECRET", remedy="SECRET", identifier="SECRET2"),
        record("small", subjects=3, studies=4, series=5, remarks=("SECRET",)),
    )
    report = ingest(ListSource(*said), closed, room, name="SECRET.csv")
    assert "SECRET" not in json.dumps(report.to_json()) and "SECRET" not in report.to_text()
    assert report.unmatched == {"modality": {"": 1}}
    assert (report.errors, report.warnings, report.rejected) == (1, 1, 1)
    assert room.ledger is not None
    (run,) = room.ledger.runs()
    assert "SECRET" not in run.source and "SECRET" not in json.dumps(dict(run.report))
    with room.ledger.engine.connect() as connection:
        kept = connection.exec_driver_sql("select source_record from revision").scalars().all()
        verdicts = connection.exec_driver_sql("select count(*) from verdict").scalar_one()
    assert kept and not any("SECRET.csv" in str(text) or '"subjects":3' in str(text) for text in kept)
    assert verdicts == 0


def test_a_description_speaks_only_of_what_it_owns(loaded: IngestRoom) -> None:
    dataset = loaded.identifiers.dataset("clinic", "a")
    graph = new_graph()
    own = (dataset, RDF.type, DCAT.Dataset)
    part = (URIRef(f"{dataset}#x"), RADIOGRAPH.text, Literal("x"))
    foreign = (loaded.identifiers.dataset("idc", "a"), DCT.title, Literal("defaced"))
    for triple in (own, part, foreign):
        graph.add(triple)
    kept, number = owned(graph, dataset, loaded.identifiers)
    assert set(kept) == {own, part} and number == 1


def test_a_table_goes_in_and_its_bad_rows_do_not(
    room: IngestRoom, declaration: RepositoryDeclaration, mapping: TableMapping, clinic: Any
) -> None:
    path = clinic.write(
        clinic.row("a"), clinic.row("A"), clinic.row("b", licence="free for all"), clinic.row(""), end="c,short\n"
    )
    report = ingest(TableSource(path, "clinic", mapping), declaration, room, name=path.name)
    assert (report.accepted, report.errors, report.warnings) == (2, 3, 1)
    assert [fault.location for fault in report.faults] == [f"clinic.csv, row {n}" for n in (3, 5, 6, 4)]
    assert all(fault.message and fault.remedy for fault in report.faults)


def test_a_dataset_may_be_derived_from_a_neighbour(room: IngestRoom, declaration: RepositoryDeclaration) -> None:
    report = ingest(ListSource(record("a"), record("b", derived_from=("a",))), declaration, room)
    assert (report.accepted, report.rejected) == (2, 0), report.to_text()


def test_a_declaration_that_spoils_every_description_is_told_once(
    room: IngestRoom, declaration: RepositoryDeclaration
) -> None:
    publisher = declaration.publisher.model_copy(update={"type": "https://x.example.org/no-list#clinic"})
    with pytest.raises(SettingsError, match="no-list#clinic") as caught:
        ingest(ListSource(record("a")), declaration.model_copy(update={"publisher": publisher}), room)
    assert caught.value.where == "ingest/repositories/clinic.toml"


def report_of_the_list(room: IngestRoom, path: Path) -> RunReport:
    shipped = TableMapping.shipped("openmedlab")
    assert shipped is not None
    declaration = RepositoryDeclaration.load("openmedlab")
    return ingest(TableSource(path, "openmedlab", shipped), declaration, room, name=path.name)


@pytest.mark.oracle
def test_a_real_dirty_table_is_published(room: IngestRoom, oracle_table: Path) -> None:
    report = report_of_the_list(room, oracle_table)
    assert report.accepted >= 300, report.to_text()
    assert report.errors == report.warnings == 0
    assert report.complete
    again = report_of_the_list(room, oracle_table)
    assert again.outcomes["unchanged"] == report.accepted == again.accepted
