"""Filled forms on their way into the catalogue, and out again."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import typer
from rdflib import Graph, Literal, URIRef
from typer.testing import CliRunner, Result

from core.errors import InputError
from core.terms import ADMS, CONCEPT, CV, DCAT, DCT, EUCAIM, FOAF, HEALTHDCATAP, PROV, RADIOGRAPH, RDF
from ingest.commands import mount
from ingest.declaration import RepositoryDeclaration
from ingest.form_table import find_form
from ingest.forms import FormReader
from ingest.pipeline import IngestRoom, ingest
from ingest.record import SourceFault, SourceRecord
from ingest.run_report import RunReport
from ingest.sources.form import FormSource
from shapes.forms.field import Form
from shapes.forms.layout import Layout
from tests.ingest.conftest import BASE, DECLARATION
from tests.ingest.filled import Row, as_csv, as_xlsx, complete

Take = Callable[..., RunReport]


@pytest.fixture(scope="module")
def reader(loaded: IngestRoom) -> FormReader:
    return FormReader(loaded.profiles, loaded.vocabularies, Layout.load())


@pytest.fixture(scope="module")
def eucaim(reader: FormReader) -> Form:
    return reader.form("eucaim")


@pytest.fixture
def source(reader: FormReader, loaded: IngestRoom, eucaim: Form) -> Callable[..., FormSource]:
    def make(*rows: Row, partial: bool = False, columns: list[str] | None = None) -> FormSource:
        found = find_form(as_csv(eucaim, rows, columns=columns), "form.csv")
        assert found is not None
        return FormSource(reader.read(found, "form.csv"), "clinic", loaded.vocabularies, partial=partial)

    return make


@pytest.fixture
def take(source: Callable[..., FormSource], room: IngestRoom, declaration: RepositoryDeclaration) -> Take:
    def ingest_rows(*rows: Row, k: int = 1, public: bool = True, partial: bool = False) -> RunReport:
        declared = declaration.model_copy(update={"gate": "eucaim", "k": k, "public": public})
        return ingest(source(*rows, partial=partial), declared, room, name="form.csv")

    return ingest_rows


def description(room: IngestRoom, dataset: URIRef) -> Graph:
    """What the ledger has of a dataset, accepted or not."""
    assert room.ledger is not None
    newest = room.ledger.history(str(dataset))[0]
    found = room.ledger.revision(newest.id)
    assert found is not None
    return found.graph()


def test_a_row_becomes_a_record_in_rdf(source: Callable[..., FormSource], eucaim: Form) -> None:
    (record,) = source(complete(eucaim)).records()
    assert isinstance(record, SourceRecord)
    assert record.location == "form.csv, row 7" and record.statements is not None
    assert record.identifier == "https://example.org/synthetic/eucaim/dataset/spm"
    assert (record.subjects, record.studies) == (60, 80)
    assert "modality" in record.terms and "urn:radiograph:described#publisher" in record.statements


def test_what_is_wrong_with_a_row_is_told_and_the_others_go_on(source: Callable[..., FormSource], eucaim: Form) -> None:
    rows: list[Mapping[str, str]] = [
        {"dct:identifier": "a", "dct:title@en": "A", "healthdcatap:minTypicalAge": "forty"},
        {"dct:title@en": "B"},
        {"dct:identifier": "A", "dct:title@en": "C"},
        {"dct:identifier": "d", "dct:title@en": "D"},
    ]
    items = list(source(*rows).records())
    faults = [item for item in items if isinstance(item, SourceFault)]
    assert [item.identifier for item in items if isinstance(item, SourceRecord)] == ["a", "d"]
    assert [(fault.severity, fault.location.split(", column")[0]) for fault in faults] == [
        ("warning", "form.csv, row 7"),
        ("error", "form.csv, row 8"),
        ("error", "form.csv, row 9"),
    ]
    assert "(Minimum typical age)" in faults[0].location and "'forty' is not a whole number" in faults[0].message


def test_a_filled_form_is_accepted_and_comes_under_our_addresses(take: Take, room: IngestRoom, eucaim: Form) -> None:
    report = take(complete(eucaim))
    assert (report.read, report.accepted, report.warnings, report.errors) == (1, 1, 0, 0), report.to_text()
    assert report.valid["eucaim"] == 1
    identifier = "https://example.org/synthetic/eucaim/dataset/spm"
    dataset = room.identifiers.dataset("clinic", identifier)
    graph = description(room, dataset)
    assert all(room.identifiers.owns(dataset, str(subject)) for subject in graph.subjects())
    assert list(graph.objects(dataset, DCT.identifier)) == [Literal(identifier)], "the original one, untouched"
    (publisher,) = graph.objects(dataset, DCT.publisher)
    assert (publisher, FOAF.name, Literal("Example Hospital Imaging Centre", "en")) in graph
    assert list(graph.objects(graph.value(publisher, CV.contactPoint), CV.email))
    (distribution,) = graph.objects(dataset, DCAT.distribution)
    assert distribution == room.identifiers.distribution("clinic", identifier, "distribution")
    assert str(graph.value(dataset, HEALTHDCATAP.numberOfUniqueIndividuals)) == "60"
    assert (dataset, RDF.type, RADIOGRAPH.ImagingDataset) in graph
    assert set(graph.objects(dataset, RADIOGRAPH.modality)) == {CONCEPT["modality/MR"]}
    assert set(graph.objects(dataset, RADIOGRAPH.bodyPart))
    assert set(graph.objects(dataset, EUCAIM.hasImageModality)), "the profile's own values stay"
    assert list(graph.objects(dataset, ADMS.identifier))


def test_what_a_row_does_not_say_the_declaration_says(take: Take, room: IngestRoom, eucaim: Form) -> None:
    silent = ("dct:publisher", "dct:language")
    row = {name: text for name, text in complete(eucaim).items() if not name.startswith(silent)}
    take(row)
    graph = description(room, room.identifiers.dataset("clinic", row["dct:identifier"]))
    assert set(graph.objects(None, DCT.publisher)) == {room.identifiers.agent("clinic", "publisher")}
    assert len(set(graph.objects(None, DCT.language))) == 1


def test_findings_name_row_and_column(take: Take, eucaim: Form) -> None:
    row = complete(eucaim, **{"dct:title@en": "", "dcat:distribution/dcat:accessURL": ""})
    report = take(row)
    assert report.rejected == 1
    told = {reason.path: reason.examples[0] for reason in report.reasons if reason.profile in ("eucaim", "dcat-ap")}
    assert told[str(DCT.title)].endswith("(row 7, column 'C (Title)')")
    assert "(Distribution › Access URL)" in told[str(DCAT.accessURL)]
    assert "row 7, column 'C (Title)'" in report.to_text()


def test_a_row_that_is_gone_is_deleted_unless_the_form_is_partial(take: Take, eucaim: Form) -> None:
    first, second = complete(eucaim), complete(eucaim, **{"dct:identifier": "https://example.org/second"})
    assert take(first, second).outcomes["created"] == 2
    assert take(first, partial=True).outcomes["deleted"] == 0
    report = take(first)
    assert (report.outcomes["unchanged"], report.outcomes["deleted"]) == (1, 1)


def test_small_counts_reach_neither_ledger_nor_report(take: Take, room: IngestRoom, eucaim: Form) -> None:
    row = complete(eucaim, **{"healthdcatap:numberOfUniqueIndividuals": "7", "eucaim:nbrOfSegmentations": "7"})
    report = take(row, k=10)
    assert report.rejected == 1, "the number of people is mandatory, and withheld"
    assert any("counts of subjects" in note.message for note in report.notes)
    dataset = room.identifiers.dataset("clinic", row["dct:identifier"])
    graph = description(room, dataset)
    assert not list(graph.objects(None, HEALTHDCATAP.numberOfUniqueIndividuals))
    assert not list(graph.objects(None, EUCAIM.nbrOfSegmentations))


def test_of_a_closed_repository_no_value_is_told(take: Take, eucaim: Form) -> None:
    report = take(complete(eucaim, **{"dct:title@en": "", "healthdcatap:minTypicalAge": "Secret"}), public=False)
    text = json.dumps(report.to_json())
    assert report.rejected == 1
    assert "Secret" not in text and "form.csv" not in text and "spm" not in text


def test_a_form_without_identifiers_is_no_repository(
    source: Callable[..., FormSource], room: IngestRoom, declaration: RepositoryDeclaration
) -> None:
    with pytest.raises(InputError, match="no column dct:identifier"):
        ingest(source({"dct:title@en": "T"}, columns=["dct:title@en"]), declaration, room)


def test_a_set_of_annotations_says_what_it_was_made_from(
    source: Callable[..., FormSource], room: IngestRoom, declaration: RepositoryDeclaration, eucaim: Form
) -> None:
    images = complete(eucaim, **{"dct:identifier": "https://example.org/images"})
    made_from = {"prov:wasDerivedFrom": "https://example.org/images | https://example.org/elsewhere"}
    outlines = complete(eucaim, **{"dct:identifier": "https://example.org/outlines"}) | made_from
    outlines["rdf:type"] = "radiograph:AnnotationDataset"
    form = source(images, outlines, columns=[*outlines])
    first, second = (item for item in form.records() if isinstance(item, SourceRecord))
    assert (first.kind, first.derived_from) == ("images", ())
    assert (second.kind, second.derived_from) == ("annotations", ("https://example.org/images",))

    ingest(form, declaration.model_copy(update={"gate": "eucaim", "k": 1}), room, name="form.csv")
    origin, dataset = (room.identifiers.dataset("clinic", record.identifier) for record in (first, second))
    graph = description(room, dataset)
    assert set(graph.objects(dataset, PROV.wasDerivedFrom)) == {origin, URIRef("https://example.org/elsewhere")}
    assert origin in set(graph.objects(dataset, DCT.source))
    kinds = set(graph.objects(dataset, RDF.type))
    assert RADIOGRAPH.AnnotationDataset in kinds and RADIOGRAPH.ImagingDataset not in kinds
    assert RADIOGRAPH.ImagingDataset in set(description(room, origin).objects(origin, RDF.type))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    declared = tmp_path / "overlay" / "ingest" / "repositories" / "clinic.toml"
    declared.parent.mkdir(parents=True)
    declared.write_text(DECLARATION.replace('id = "clinic"', 'id = "clinic"\ngate = "eucaim"'), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    for name, value in (("HOME", tmp_path / "home"), ("BASE_IRI", BASE), ("OVERLAY", tmp_path / "overlay")):
        monkeypatch.setenv(f"RADIOGRAPH_{name}", str(value))
    app = typer.Typer()
    mount(app)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_the_command_takes_a_form_without_a_mapping(run: Callable[..., Result], eucaim: Form, tmp_path: Path) -> None:
    path = tmp_path / "form.xlsx"
    path.write_bytes(as_xlsx(eucaim, [complete(eucaim)]))
    result = run("ingest", "table", path, "--repository", "clinic")
    assert result.exit_code == 0, result.output
    assert "read 1, accepted 1, rejected 0" in result.stdout


def test_a_table_that_is_no_form_wants_a_mapping(run: Callable[..., Result], tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("id,title\n1,a\n")
    result = run("ingest", "table", path, "--repository", "clinic")
    assert "the table is no form" in str(result.exception) and "--mapping" in str(result.exception)


def test_a_broken_form_ends_with_1_and_says_why(run: Callable[..., Result], eucaim: Form, tmp_path: Path) -> None:
    path = tmp_path / "form.csv"
    path.write_bytes(as_csv(eucaim, []))
    result = run("ingest", "table", path, "--repository", "clinic")
    assert result.exit_code == 1
    assert "the form has no filled row" in result.stderr and "below the rows of guidance" in result.stderr
