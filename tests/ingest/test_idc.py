from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from core.canonical import canonical_ntriples
from core.errors import InputError
from core.identifiers import Identifiers
from core.terms import DCAT, DCT, HEALTHDCATAP, QB, RADIOGRAPH, RDF
from ingest.declaration import RepositoryDeclaration
from ingest.mapping import Description, describe
from ingest.record import SourceFault, SourceRecord
from ontology.harmoniser import Harmoniser
from ontology.vocabulary import Vocabularies

pyarrow = pytest.importorskip("pyarrow")
pytest.importorskip("pyarrow.compute")
pytest.importorskip("pyarrow.parquet")


from ingest.sources.idc import IdcSource  # noqa: E402
from tests.conftest import ROOT  # noqa: E402
from tests.ingest import idc_slice  # noqa: E402


def read(folder: Path, harmoniser: Harmoniser) -> tuple[dict[str, SourceRecord], list[SourceFault]]:
    found = list(IdcSource(folder, harmoniser).records())
    records = {item.identifier: item for item in found if isinstance(item, SourceRecord)}
    return records, [item for item in found if isinstance(item, SourceFault)]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory, harmoniser: Harmoniser) -> dict[str, SourceRecord]:
    return read(idc_slice.write_index(tmp_path_factory.mktemp("idc")), harmoniser)[0]


def test_what_a_collection_says(records: dict[str, SourceRecord]) -> None:
    record = records["breast_mr"]
    assert (record.kind, record.title) == ("images", "BREAST_MR")
    assert record.description == (
        "Women with cancer (< 50 years), imaged as described in a paper (https://doi.org/10.1038/ncomms5006).\n\n"
        "Please see the BREAST-MR (https://doi.org/10.7937/breast) page to learn more."
    )
    assert record.references == ("https://doi.org/10.1038/ncomms5006",)
    assert record.citations == (
        "Doe, J., & Roe, R. (2020). Data of breast_mr. https://doi.org/10.7937/BREAST",
        "Doe, J., & Roe, R. (2020). Data of breast_mr. https://doi.org/10.5281/zenodo.1",
    )
    assert record.provenance == (
        "Contributed to the Imaging Data Commons by TCIA. De-identified by TCIA. Contributed to the Imaging Data "
        "Commons by IDC. Source data from GDC. De-identified by GDC. Converted to DICOM by IDC."
    )
    assert (
        record.landing_page == "https://portal.imaging.datacommons.cancer.gov/explore/filters/?collection_id=breast_mr"
    )
    assert set(record.keywords) == {
        "Breast Cancer", "Renal Cell Carcinoma, Not Otherwise Specified", "Breast", "Clinical", "Genomics", "tcga",
    }  # fmt: skip


def test_the_identifier_is_that_of_the_first_publisher(records: dict[str, SourceRecord]) -> None:
    assert records["breast_mr"].publisher_identifier == "https://doi.org/10.7937/breast"
    assert records["breast_mr"].dois == ("10.7937/breast", "10.5281/zenodo.1")
    assert records["segmented"].publisher_identifier == "https://doi.org/10.5281/zenodo.3"


def test_a_doi_that_two_collections_share_is_nobodys(records: dict[str, SourceRecord]) -> None:
    for name in ("shared_one", "shared_two"):
        assert records[name].publisher_identifier is None
        assert records[name].dois == ("10.7937/both",)


def test_the_order_of_sources_changes_nothing(tmp_path: Path, harmoniser: Harmoniser) -> None:
    turned = [row | {"sources": row["sources"][::-1]} for row in idc_slice.COLLECTIONS]
    plain, reverse = tmp_path / "plain", tmp_path / "reverse"
    plain.mkdir()
    reverse.mkdir()
    idc_slice.write_index(plain)
    idc_slice.write_index(reverse, collections_index=pyarrow.Table.from_pylist(turned))
    assert read(plain, harmoniser) == read(reverse, harmoniser)


def test_each_source_is_a_distribution_with_its_licence_and_its_bytes(records: dict[str, SourceRecord]) -> None:
    found = [(d.identifier, d.licence, d.byte_size) for d in records["breast_mr"].distributions]
    licence = "https://creativecommons.org/licenses/by/4.0/"
    assert found == [
        ("breast_mr", "CC BY-NC 3.0", 3_500_001),
        ("breast_mr-10.5281-zenodo.1", licence, 4_000_000),
        ("segmented", licence, 1_000_000),
    ]
    assert records["segmented"].distributions[0].byte_size == 2_000_000
    assert records["breast_mr"].byte_size == 8_500_001


def test_a_licence_whose_name_and_address_are_of_two_is_not_stated(
    tmp_path: Path, harmoniser: Harmoniser, vocabularies: Vocabularies, identifiers: Identifiers
) -> None:
    address = "https://creativecommons.org/licenses/by/3.0/"
    licence = {"license_url": address, "license_long_name": None, "license_short_name": "CC BY-NC 3.0"}
    row = idc_slice.COLLECTIONS[3] | {"sources": [idc_slice.source("mouse", "10.7937/mouse", license=licence)]}
    idc_slice.write_index(tmp_path, collections_index=pyarrow.Table.from_pylist([row]))
    record = read(tmp_path, harmoniser)[0]["mouse"]
    description = describe(record, RepositoryDeclaration.load("idc"), harmoniser, vocabularies, identifiers)
    assert list(description.graph.objects(None, DCT.license)) == []
    (remark,) = [remark for remark in description.remarks if "licence" in remark]
    assert "10.7937/mouse" in remark and "CC BY-NC 3.0" in remark and address in remark


def test_what_says_nothing_is_neither_keyword_nor_provenance(tmp_path: Path, harmoniser: Harmoniser) -> None:
    source = idc_slice.source("mouse", "10.7937/mouse")
    source["provenance"] = source["provenance"] | {"dicom_conversion_by": "NOT_DOCUMENTED"}
    row = idc_slice.COLLECTIONS[3] | {"sources": [source], "tumor_locations": "Various", "supporting_data": "Clinical"}
    idc_slice.write_index(tmp_path, collections_index=pyarrow.Table.from_pylist([row]))
    record = read(tmp_path, harmoniser)[0]["mouse"]
    assert record.keywords == ("Clinical",)
    assert record.provenance == "Contributed to the Imaging Data Commons by TCIA. De-identified by TCIA."


def test_counts_come_from_the_rows(records: dict[str, SourceRecord]) -> None:
    found = {name: (r.subjects, r.studies, r.series) for name, r in records.items()}
    assert found == {
        "breast_mr": (3, 3, 6),
        "shared_one": (1, 2, 3),
        "shared_two": (1, 1, 1),
        "mouse": (1, 1, 2),  # one series has neither patient nor study
        "announced": (7, None, None),
        "segmented": (3, 3, 3),  # P1 of two collections is two people
    }


def test_differences_between_declared_and_found_are_told(records: dict[str, SourceRecord]) -> None:
    assert records["shared_two"].remarks == ("the index declares 9 subjects, its series are of 1",)
    assert records["announced"].remarks == ("the index has no series of it; counts and modalities are as declared",)
    assert "the index declares CT, but has no such series" in records["mouse"].remarks
    assert records["breast_mr"].remarks == ()


def test_facets_keep_raw_texts_and_tell_scanners_from_software(records: dict[str, SourceRecord]) -> None:
    assert records["breast_mr"].terms == {
        "annotationType": ("SEG",),
        "bodyPart": ("Breast", "BREAST", "Left Breast"),
        "condition": ("Breast Cancer", "Renal Cell Carcinoma, Not Otherwise Specified"),
        "modality": ("MR", "SM"),
        "scannerManufacturer": ("GE MEDICAL SYSTEMS", "Leica Biosystems", "SIEMENS"),
        "software": ("QIICR", "SIEMENS"),
        "species": ("Human",),
    }
    assert records["shared_one"].terms.get("scannerManufacturer") is None


def test_dates_and_versions(records: dict[str, SourceRecord]) -> None:
    found = {name: (r.issued, r.modified, r.version) for name, r in records.items()}
    assert found["breast_mr"] == ("2020-06-01", "2023-05-01", "3")
    assert found["shared_one"] == ("2021-04-10", "2024-02-29", "3")  # no date given
    assert found["shared_two"] == ("2021-04-10", "2024-02-29", "3")  # given before it was issued
    assert found["announced"] == (None, "2023-05-01", None)


def test_an_analysis_result_is_derived_from_what_is_listed_and_what_rows_tell(
    records: dict[str, SourceRecord],
) -> None:
    record = records["segmented"]
    assert (record.kind, record.title) == ("annotations", "Segmented breasts")
    assert record.derived_from == ("breast_mr", "shared_one")
    assert record.terms["species"] == ("Human",)
    assert record.landing_page == record.source_iri == "https://doi.org/10.5281/zenodo.3"


def test_strata_count_a_subject_with_two_spellings_once(records: dict[str, SourceRecord]) -> None:
    cells = {
        tuple(iri.rsplit("/", 2)[-1] for iri in (s.modality, s.body_part, s.sex)): s
        for s in records["breast_mr"].strata
    }
    stratum = cells["MR", "76752008", "female"]
    assert (stratum.subjects, stratum.studies, stratum.series) == (1, 1, 2)
    assert cells["MR", "unknown", "unknown"].subjects == 1
    assert sum(s.series for s in records["breast_mr"].strata) == 6


def test_series_of_nothing_listed_are_told(tmp_path: Path, harmoniser: Harmoniser) -> None:
    faults = read(idc_slice.write_index(tmp_path), harmoniser)[1]
    assert [(f.identifier, f.severity) for f in faults] == [("unlisted", "warning")]


def test_bad_rows_are_faults_and_the_others_go_on(tmp_path: Path, harmoniser: Harmoniser) -> None:
    rows: list[dict[str, Any]] = [*idc_slice.COLLECTIONS, idc_slice.COLLECTIONS[0]]
    rows += [idc_slice.COLLECTIONS[1] | {"collection_id": name} for name in (None, " ")]
    rows += [idc_slice.COLLECTIONS[4] | {"collection_id": "negative", "subjects": -1}]
    idc_slice.write_index(tmp_path, collections_index=pyarrow.Table.from_pylist(rows))
    records, faults = read(tmp_path, harmoniser)
    assert len(records) == 6
    messages = [f.message for f in faults if f.severity == "error"]
    assert messages[0] == "the identifier breast_mr occurs twice; the first is used"
    assert messages[1:3] == ["the row has no collection_id"] * 2
    assert messages[3].startswith("subjects:")


def test_an_analysis_result_cannot_take_the_place_of_a_collection(tmp_path: Path, harmoniser: Harmoniser) -> None:
    impostor = idc_slice.ANALYSES[0] | {"analysis_result_id": "mouse"}
    idc_slice.write_index(tmp_path, analysis_results_index=pyarrow.Table.from_pylist([impostor]))
    records, faults = read(tmp_path, harmoniser)
    assert records["mouse"].kind == "images"
    assert ("mouse", "error") in {(f.identifier, f.severity) for f in faults}


def test_a_newer_index_may_lack_optional_columns_and_have_others(tmp_path: Path, harmoniser: Harmoniser) -> None:
    tables = idc_slice.tables()
    collections = tables["collections_index"].drop_columns(["description", "program_id", "updated", "species"])
    series = tables["idc_index"].append_column("novelty", pyarrow.nulls(13))
    idc_slice.write_index(tmp_path, collections_index=collections, idc_index=series)
    records, _ = read(tmp_path, harmoniser)
    assert records["breast_mr"].description is None
    assert records["breast_mr"].series == 6


def test_an_empty_index_has_no_records(tmp_path: Path, harmoniser: Harmoniser) -> None:
    empty = {name: table.slice(0, 0) for name, table in idc_slice.tables().items()}
    idc_slice.write_index(tmp_path, **empty)
    assert read(tmp_path, harmoniser) == ({}, [])


@pytest.mark.parametrize("name", sorted(idc_slice.tables()))
def test_every_missing_or_broken_file_is_named(tmp_path: Path, harmoniser: Harmoniser, name: str) -> None:
    path = idc_slice.write_index(tmp_path) / f"{name}.parquet"
    intact = path.read_bytes()
    for content in (b"", b"PAR1PAR1", intact[:-20], intact[: len(intact) // 2]):
        path.write_bytes(content)
        with pytest.raises(InputError, match="cannot be read") as caught:
            read(tmp_path, harmoniser)
        assert caught.value.where == str(path) and caught.value.remedy
    path.unlink()
    with pytest.raises(InputError, match="missing") as caught:
        read(tmp_path, harmoniser)
    assert caught.value.where == str(path)


@pytest.mark.parametrize(
    ("name", "column"),
    [("collections_index", "sources"), ("analysis_results_index", "source_DOI"), ("idc_index", "StudyInstanceUID")],
)
def test_a_missing_or_mistyped_column_is_named(tmp_path: Path, harmoniser: Harmoniser, name: str, column: str) -> None:
    table = idc_slice.tables()[name]
    number = pyarrow.array([1.5] * len(table))
    mistyped = table.set_column(table.column_names.index(column), column, number)
    for broken in (table.drop_columns([column]), mistyped):
        idc_slice.write_index(tmp_path, **{name: broken})
        with pytest.raises(InputError, match=column) as caught:
            read(tmp_path, harmoniser)
        assert caught.value.where is not None and caught.value.where.endswith(f"{name}.parquet")


def test_a_folder_that_is_not_there(tmp_path: Path, harmoniser: Harmoniser) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read(tmp_path / "nowhere", harmoniser)


@pytest.mark.parametrize("missing", ["pyarrow", "idc_index_data"])
def test_without_the_extra_the_remedy_is_to_install_it(missing: str) -> None:
    """In a process of its own, because here both are imported already."""
    script = f"""
import importlib.machinery
real = importlib.machinery.PathFinder.find_spec
def hidden(name, path=None, target=None):
    return None if name.partition(".")[0] == {missing!r} else real(name, path, target)
importlib.machinery.PathFinder.find_spec = staticmethod(hidden)
from core.errors import InputError
from ingest.sources.idc import IdcSource
try:
    list(IdcSource(None, None).records())
except InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd=ROOT)
    assert "pip install 'radiograph[idc]'" in done.stdout, done.stderr


@pytest.fixture(scope="module")
def everything(harmoniser: Harmoniser) -> list[SourceRecord]:
    found = list(IdcSource(None, harmoniser).records())
    assert [item for item in found if isinstance(item, SourceFault)] == []
    return [item for item in found if isinstance(item, SourceRecord)]


@pytest.fixture(scope="module")
def descriptions(
    everything: list[SourceRecord], harmoniser: Harmoniser, vocabularies: Vocabularies, identifiers: Identifiers
) -> list[Description]:
    declaration = RepositoryDeclaration.load("idc")
    return [describe(record, declaration, harmoniser, vocabularies, identifiers) for record in everything]


def _installed_series(*columns: str) -> Any:
    """Straight from the file, for comparison."""
    spec = importlib.util.find_spec("idc_index_data")
    assert spec is not None and spec.origin is not None
    return pyarrow.parquet.read_table(Path(spec.origin).parent / "idc_index.parquet", columns=list(columns))


@pytest.mark.idc
def test_the_whole_index_is_read(everything: list[SourceRecord]) -> None:
    assert Counter(record.kind for record in everything) == {"images": 179, "annotations": 26}
    assert all(record.publisher_identifier for record in everything)
    collections = [record for record in everything if record.kind == "images"]
    series = _installed_series("collection_id", "analysis_result_id")
    assert sum(r.series or 0 for r in collections) == len(series) == 1_044_191
    assert sum(s.series for r in collections for s in r.strata) == len(series)
    analysed = len(series) - series["analysis_result_id"].null_count
    assert sum(s.series for r in everything if r.kind == "annotations" for s in r.strata) == analysed
    assert all(r.byte_size == sum(d.byte_size or 0 for d in r.distributions) for r in everything)


@pytest.mark.idc
def test_counts_of_single_collections_agree_with_a_plain_count(everything: list[SourceRecord]) -> None:
    records = {record.identifier: record for record in everything}
    columns = ("collection_id", "PatientID", "StudyInstanceUID", "PatientSex")
    table = _installed_series(*columns)
    for name in ("prostatex", "nsclc_radiomics", "4d_lung", "tcga_kich"):
        rows = table.filter(pyarrow.compute.equal(table["collection_id"], name)).to_pylist()
        record = records[name]
        assert (record.subjects, record.studies, record.series) == (
            len({row["PatientID"] for row in rows}), len({row["StudyInstanceUID"] for row in rows}), len(rows),
        )  # fmt: skip
        men = sum(s.series for s in record.strata if s.sex.endswith("/male"))
        assert men == sum(row["PatientSex"] == "M" for row in rows)


@pytest.mark.idc
def test_every_description_owns_its_subjects_and_is_canonical(
    descriptions: list[Description], identifiers: Identifiers
) -> None:
    keys = set()
    for description in descriptions:
        subjects = {str(subject) for subject in description.graph.subjects()}
        assert all(identifiers.owns(str(description.iri), subject) for subject in subjects)
        assert canonical_ntriples(description.graph)
        keys.add(str(description.iri))
    assert len(keys) == 205


@pytest.mark.idc
def test_every_distribution_of_the_index_has_address_and_licence_and_every_iri_is_clean(
    descriptions: list[Description],
) -> None:
    for description in descriptions:
        distributions = set(description.graph.subjects(RDF.type, DCAT.Distribution))
        assert distributions
        for node in distributions:
            assert (node, DCAT.accessURL, None) in description.graph
            assert (node, DCT.license, None) in description.graph or str(node).endswith("/phantom_fda")
        assert [remark for remark in description.remarks if "web address" in remark or "percent" in remark] == []


@pytest.mark.idc
def test_scanner_manufacturers_and_software_are_apart(descriptions: list[Description]) -> None:
    makers, software = set(), set()
    for description in descriptions:
        makers |= {str(o).rsplit("/", 1)[-1] for o in description.graph.objects(None, RADIOGRAPH.scannerManufacturer)}
        software |= {str(o) for o in description.graph.objects(None, RADIOGRAPH.software)}
    assert makers and software
    assert not any(name in maker.casefold() for maker in makers for name in ("qiicr", "highdicom", "pixelmed", "mim"))
    assert any("qiicr" in name.casefold() for name in software)


@pytest.mark.idc
def test_individuals_are_counted_only_where_all_are_human(
    everything: list[SourceRecord], descriptions: list[Description]
) -> None:
    counted: dict[bool, set[str]] = defaultdict(set)
    for record, description in zip(everything, descriptions, strict=True):
        has_count = (description.iri, HEALTHDCATAP.numberOfUniqueIndividuals, None) in description.graph
        counted[has_count].add(record.identifier)
        assert not has_count or record.terms["species"] == ("Human",)
        assert (description.iri, RADIOGRAPH.subjectCount, None) in description.graph
    assert {"rider_lung_ct", "prostatex", "nlst"} <= counted[True]
    assert {"uw_cirp_mouse_pet_ct_nsclc", "icdc_glioma", "qin_pet_phantom", "qin_lungct_seg"} <= counted[False]


@pytest.mark.idc
def test_strata_are_observations_of_the_cube(descriptions: list[Description]) -> None:
    for description in descriptions:
        cubes = set(description.graph.objects(description.iri, RADIOGRAPH.strata))
        assert len(cubes) == 1
        observations = set(description.graph.subjects(RDF.type, QB.Observation))
        assert observations == set(description.graph.subjects(QB.dataSet, cubes.pop()))
