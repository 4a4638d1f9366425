from __future__ import annotations

import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InputError, SettingsError
from ingest.record import SourceFault, SourceRecord
from ingest.sources import table_row
from ingest.sources.table import TableSource
from ingest.table_mapping import TableMapping


def read(path: Path, mapping: TableMapping, **options: Any) -> tuple[dict[str, SourceRecord], list[SourceFault]]:
    items = list(TableSource(path, "clinic", mapping, **options).records())
    records = [item for item in items if isinstance(item, SourceRecord)]
    return {record.identifier: record for record in records}, [item for item in items if isinstance(item, SourceFault)]


def test_a_row_becomes_a_record(clinic: Any, mapping: TableMapping) -> None:
    said = clinic.row(
        "a",
        date="May, 2023.",
        modality="CT/Magnetic, PET",
        anatomy="Lung cancer",
        doi="10.7937/TCIA.x",
        website="https://clinic.example.org/home",
        licence="CC BY 4.0",
        format="png",
        size="1.5 GB",
    )
    records, faults = read(clinic.write(said), mapping)
    assert faults == []
    record = records["a"]
    assert record.location == "clinic.csv, row 2"
    assert record.title == "Dataset a"
    assert record.description == "Dataset a from a clinic. Task: Segmentation. Modality: CT, MR, PET."
    assert record.issued == "2023-05"
    assert record.dois == ("10.7937/tcia.x",)
    assert record.references == ()
    assert record.keywords == ("Segmentation", "clinic")
    assert record.terms == {"modality": ("CT", "MR", "PET"), "condition": ("Lung cancer",)}
    assert record.byte_size == 1_500_000_000
    (distribution,) = record.distributions
    assert distribution.access_url == "https://clinic.example.org/a"
    assert (distribution.licence, distribution.media_type) == ("CC BY 4.0", "image/png")
    assert distribution.description is None


def test_a_pattern_that_never_ends_is_ended_and_named(
    clinic: Any, mapping: TableMapping, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_row, "_PATTERN_SECONDS", 0.1)
    hostile = TableMapping.parse(
        """
        title = "Hostile"
        [table]
        identifier = "id"
        [properties]
        title = { column = "title", match = '(a+)+$' }
        """,
        "hostile.toml",
    )
    with pytest.raises(SettingsError, match=r"'\(a\+\)\+\$' is not done") as caught:
        read(clinic.write(clinic.row("x", title="a" * 40 + "!")), hostile)
    assert caught.value.remedy


def test_an_invisible_character_in_an_id_is_named(clinic: Any, mapping: TableMapping) -> None:
    _, (fault, *_) = read(clinic.write(clinic.row("zero\u200bwidth")), mapping)
    assert "U+200B" in fault.message


def test_what_says_nothing_is_left_out(clinic: Any, mapping: TableMapping) -> None:
    records, faults = read(
        clinic.write(clinic.row("a", title="dataset name", task="tbd", date="-", year="2019")), mapping
    )
    assert faults == []
    assert records["a"].title == "a"
    assert records["a"].description == "Modality: CT."
    assert records["a"].issued == "2019"


def test_prose_in_place_of_an_address_is_kept_as_prose(clinic: Any, mapping: TableMapping) -> None:
    said = clinic.row("a", download="Ask the organisers.", website="https://clinic.example.org/home")
    (distribution,) = read(clinic.write(said), mapping)[0]["a"].distributions
    assert distribution.access_url == "https://clinic.example.org/home"
    assert distribution.description == "Ask the organisers."


def test_several_addresses_are_several_distributions_and_the_size_is_of_none(
    clinic: Any, mapping: TableMapping
) -> None:
    said = clinic.row("a", download="https://a.example.org/1, https://b.example.org/2", size="3 MB", licence="CC0")
    first, second = read(clinic.write(said), mapping)[0]["a"].distributions
    assert (first.identifier, second.identifier) == ("download", "download-2")
    assert first.byte_size is None and second.byte_size is None
    assert first.licence == second.licence == "CC0"


def test_without_any_address_there_is_no_distribution(clinic: Any, mapping: TableMapping) -> None:
    assert read(clinic.write(clinic.row("a", download="TBD")), mapping)[0]["a"].distributions == ()


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"date": "03.04.2019"}, "issued: '03.04.2019' is not a date"),
        ({"size": "36G/110G"}, "byte_size: '36G/110G' is not a byte size"),
        ({"website": "clinic.example.org"}, "landing_page: 'clinic.example.org' is not a web address"),
    ],
)
def test_an_unreadable_value_is_lost_with_a_warning_and_the_row_goes_in(
    clinic: Any, mapping: TableMapping, cells: dict[str, str], message: str
) -> None:
    records, faults = read(clinic.write(clinic.row("a", **cells)), mapping)
    assert "a" in records
    assert faults[0].severity == "warning" and faults[0].location == "clinic.csv, row 2" and faults[0].remedy
    assert faults[0].message.startswith(message)


def test_a_paper_s_doi_is_a_reference(clinic: Any, mapping: TableMapping) -> None:
    record = read(clinic.write(clinic.row("a", doi="10.1038/s41597")), mapping)[0]["a"]
    assert record.dois == ()
    assert record.references == ("https://doi.org/10.1038/s41597",)


def test_a_doi_that_two_rows_give_identifies_neither(clinic: Any, mapping: TableMapping) -> None:
    path = clinic.write(clinic.row("a", doi="10.5281/zenodo.1"), clinic.row("b", doi="10.5281/ZENODO.1"))
    records, faults = read(path, mapping)
    assert all(record.dois == () for record in records.values())
    assert all("https://doi.org/10.5281/" in record.references[0] for record in records.values())
    assert [fault.severity for fault in faults] == ["info", "info"]


def test_derivation_names_other_rows_exactly(clinic: Any, mapping: TableMapping) -> None:
    rows = (clinic.row("LiTS"), clinic.row("b", built_from="LiTS"), clinic.row("c", built_from="lits"), clinic.row("d"))
    records, _ = read(clinic.write(*rows), mapping)
    assert [records[name].derived_from for name in "bcd"] == [("LiTS",), (), ()]


def test_corrections_are_made_and_told(clinic: Any, mapping: TableMapping) -> None:
    records, faults = read(clinic.write(clinic.row("corrected", title="Wrong")), mapping)
    assert records["corrected"].title == "The right title"
    assert faults[0].severity == "info" and "the table has the wrong one" in faults[0].message


def test_rows_are_left_out_by_name(clinic: Any, mapping: TableMapping) -> None:
    records, faults = read(clinic.write(clinic.row("unwanted"), clinic.row("a")), mapping)
    assert list(records) == ["a"]
    assert [(fault.severity, fault.message) for fault in faults] == [("info", "1 rows are left out: no images")]


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ("a", "'a' is already that of clinic.csv, row 2 ('a')"),
        ("A", "row 2 ('a')"),
        ("", "no id"),
        ("x" * 201, "201 characters"),
    ],
)
def test_bad_ids_are_faults_and_the_good_rows_go_in(clinic: Any, mapping: TableMapping, second: str, told: str) -> None:
    records, faults = read(clinic.write(clinic.row("a"), clinic.row(second), clinic.row("z")), mapping)
    assert list(records) == ["a", "z"]
    (fault,) = faults
    assert fault.severity == "error" and fault.location == "clinic.csv, row 3" and fault.remedy
    assert told in fault.message


@pytest.mark.parametrize(
    "bad", ["b,x", "b" + ",x" * 20, 'b,"x"y', "b,\0" + "," * 12], ids=["short", "long", "quotes", "nul"]
)
def test_bad_rows_are_faults_and_the_good_rows_go_in(clinic: Any, mapping: TableMapping, bad: str) -> None:
    path = clinic.write(clinic.row("a"), end=f"{bad}\n" + "z,Dataset z" + "," * 12 + "\n")
    records, faults = read(path, mapping)
    assert list(records) == ["a", "z"]
    (fault,) = faults
    assert fault.severity == "error" and fault.location == "clinic.csv, row 3" and fault.remedy


def test_an_id_that_may_have_moved_is_not_taken_for_known(clinic: Any, mapping: TableMapping) -> None:
    header = ["title", "id", "download"]
    path = clinic.write({"id": "a", "title": "A"}, header=header, end="Title, with comma,b,https://x.example.org\n")
    _, faults = read(path, mapping)
    assert [fault.identifier for fault in faults if fault.severity == "error"] == [None]


@pytest.mark.parametrize(
    ("content", "where", "message"),
    [
        ("id,title\na,b\n", "clinic.csv, row 1", "the column 'download' is missing; the header has 'id', 'title'"),
        ("title,download\n", "clinic.csv, row 1", "the column 'id' is missing"),
        ("id,title,download\n", "clinic.csv, row 2", "a header and no rows"),
        ("", "clinic.csv, row 1", "empty"),
    ],
)
def test_a_table_that_cannot_be_used_is_told(
    clinic: Any, mapping: TableMapping, content: str, where: str, message: str
) -> None:
    clinic.path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        read(clinic.path, mapping)
    assert caught.value.where == where
    assert caught.value.remedy


def test_columns_of_the_mapping_that_the_table_lacks_are_noted(clinic: Any, mapping: TableMapping) -> None:
    records, faults = read(clinic.write(clinic.row("a"), header=["id", "title", "download"]), mapping)
    assert "a" in records
    assert faults[0].severity == "warning" and "'licence'" in faults[0].message


def test_a_table_is_complete_unless_it_is_cut_or_said_to_be_a_part(clinic: Any, mapping: TableMapping) -> None:
    for end, partial, complete in (("", False, True), ("", True, False), ('b,"open\nc,d\n', False, False)):
        source = TableSource(clinic.write(clinic.row("a"), end=end), "clinic", mapping, partial=partial)
        list(source.records())
        assert source.complete is complete


_text = st.text(max_size=30)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from(["id", "title", "date", "doi", "website", "download", "size"]), _text),
        min_size=1,
        max_size=6,
    )
)
def test_any_cells_give_records_or_faults_never_a_crash(
    clinic: Any, mapping: TableMapping, rows: list[dict[str, str]]
) -> None:
    try:
        records, faults = read(clinic.write(*rows), mapping)
    except InputError as error:
        assert error.remedy
        return
    except UnicodeEncodeError:
        return
    assert all(fault.remedy and "clinic.csv" in fault.location for fault in faults)
    unusable = sum(fault.severity == "error" for fault in faults)
    left_out = sum("are left out: no images" in fault.message for fault in faults)
    assert len(records) + unusable + left_out <= len(rows)


@pytest.mark.oracle
def test_the_shipped_mapping_reads_the_real_table(oracle_table: Path) -> None:
    shipped = TableMapping.shipped("openmedlab")
    assert shipped is not None
    records, faults = read(oracle_table, shipped)
    assert Counter(fault.severity for fault in faults).keys() == {"info"}
    assert len(records) == 351
    assert all(record.title and record.title != "Dataset Name" and record.description for record in records.values())
    assert records["CMMD"].dois == ("10.7937/tcia.eqde-4b16",)
    assert records["QIN-LungCT-Seg"].dois == ("10.7937/k9/tcia.2015.1buvfjr7",)
    assert records["CrossMoDA2021"].dois == ()
    assert records["StructSeg2019_Task1"].dois == ()
    assert records["PathMMU"].derived_from == ()
    assert records["Retina"].distributions == ()
    assert records["NuCLS"].title == "GasHisSDB"
    for name in ("BraTS-TCGA-LGG", "MSD_Prostate", "WMH"):
        assert records[name].terms["modality"] == ("MR",)
        assert "Modality: MR." in str(records[name].description)
    assert {name for name in records if records[name].kind == "annotations"} == {
        *("DICOM-LIDC-IDRI-Nodules", "ISPY1-Tumor-SEG-Radiomics", "IvyGAP-Radiomics", "PleThora"),
        *("QIBA-VolCT-1B", "QIN-LungCT-Seg", "RIDER-LungCT-Seg"),
    }
    assert sum(record.issued is not None for record in records.values()) >= 350
    assert not any("@" in record.model_dump_json() for record in records.values())


def test_the_shipped_mapping_corrects_only_rows_it_does_not_leave_out() -> None:
    text = (Path(__file__).parents[2] / "ingest" / "mappings" / "openmedlab.toml").read_text(encoding="utf-8")
    declared = tomllib.loads(text)
    left_out = {name for group in declared["leave_out"] for name in group["rows"]}
    assert not left_out & {correction["row"] for correction in declared["corrections"]}
