"""What every source must keep, whatever it reads.

To add a source, add a ``Case`` to ``CASES``: a name, a function that makes the source over a small input it writes
into a folder, and a function that breaks that input so that it cannot be read as a whole.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.canonical import canonical_ntriples
from core.errors import InputError
from core.identifiers import Identifiers
from ingest.declaration import RepositoryDeclaration
from ingest.mapping import Description, describe
from ingest.record import SourceFault, SourceRecord
from ingest.sources import Source
from ontology.harmoniser import Harmoniser
from ontology.vocabulary import Vocabularies


@dataclass(frozen=True)
class Case:
    """``identifiers`` are the records that the input has, in order; ``secrets`` texts of it that must not get out."""

    name: str
    make: Callable[[Path, Harmoniser], Source]
    ruin: Callable[[Path], object]
    identifiers: tuple[str, ...]
    secrets: tuple[str, ...] = ()
    needs: str | None = None


def _idc(folder: Path, harmoniser: Harmoniser) -> Source:
    from ingest.sources.idc import IdcSource
    from tests.ingest.idc_slice import write_index

    if not list(folder.iterdir()):
        write_index(folder)
    return IdcSource(folder, harmoniser)


_TABLE = """id,title,official_website,download_url
liver,Liver,https://example.org/liver,"Ask the organisers."
lung,Lung,https://example.org/lung,https://example.org/lung.zip
LUNG,Again,https://example.org/again,TBD
"""


def _table(folder: Path, harmoniser: Harmoniser) -> Source:
    from ingest.sources.table import TableSource
    from ingest.table_mapping import TableMapping

    path = folder / "table.csv"
    if not path.exists():
        path.write_text(_TABLE, encoding="utf-8")
    mapping = TableMapping.shipped("openmedlab")
    assert mapping is not None
    return TableSource(path, "openmedlab", mapping)


CASES = [
    Case(
        name="idc",
        make=_idc,
        ruin=lambda folder: (folder / "idc_index.parquet").write_bytes(b"PAR1"),
        identifiers=("breast_mr", "shared_one", "shared_two", "mouse", "announced", "segmented"),
        secrets=("PATIENT-", "1.2.840.99999."),
        needs="pyarrow",
    ),
    Case(
        name="openmedlab",
        make=_table,
        ruin=lambda folder: (folder / "table.csv").write_bytes(b"id,title\xff"),
        identifiers=("liver", "lung"),
    ),
]


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    case: Case = request.param
    if case.needs and importlib.util.find_spec(case.needs) is None:
        pytest.skip(f"{case.needs} is not installed")
    return case


@pytest.fixture
def found(case: Case, tmp_path: Path, harmoniser: Harmoniser) -> list[SourceRecord | SourceFault]:
    return list(case.make(tmp_path, harmoniser).records())


def _records(found: list[SourceRecord | SourceFault]) -> list[SourceRecord]:
    return [item for item in found if isinstance(item, SourceRecord)]


def test_all_records_are_there_once_and_in_order(case: Case, found: list[SourceRecord | SourceFault]) -> None:
    assert tuple(record.identifier for record in _records(found)) == case.identifiers


def test_reading_again_gives_the_same(
    case: Case, tmp_path: Path, harmoniser: Harmoniser, found: list[SourceRecord | SourceFault]
) -> None:
    source = case.make(tmp_path, harmoniser)
    assert list(source.records()) == found
    assert list(source.records()) == found


def test_records_survive_json(found: list[SourceRecord | SourceFault]) -> None:
    for record in _records(found):
        assert SourceRecord.model_validate_json(record.model_dump_json()) == record


def test_records_say_where_they_stood(found: list[SourceRecord | SourceFault]) -> None:
    assert all(item.location for item in found)
    for fault in (item for item in found if isinstance(item, SourceFault)):
        assert fault.message and fault.remedy


def test_a_source_knows_its_repository_and_whether_it_is_complete(
    case: Case, tmp_path: Path, harmoniser: Harmoniser
) -> None:
    source = case.make(tmp_path, harmoniser)
    assert RepositoryDeclaration.load(source.repository).id == source.repository
    list(source.records())
    assert isinstance(source.complete, bool)


def test_unreadable_input_is_an_error_with_place_and_remedy(case: Case, tmp_path: Path, harmoniser: Harmoniser) -> None:
    source = case.make(tmp_path, harmoniser)
    case.ruin(tmp_path)
    with pytest.raises(InputError) as caught:
        list(source.records())
    assert caught.value.where and caught.value.remedy


def test_nothing_about_single_patients_gets_out(
    case: Case, found: list[SourceRecord | SourceFault], vocabularies: Vocabularies, harmoniser: Harmoniser
) -> None:
    told = "".join(item.model_dump_json() for item in found)
    for record in _records(found):
        description = _described(case, record, vocabularies, harmoniser)
        told += canonical_ntriples(description.graph).decode() + str(description.remarks)
    for secret in case.secrets:
        assert secret not in told


def test_every_record_becomes_a_description_that_owns_its_subjects(
    case: Case,
    found: list[SourceRecord | SourceFault],
    vocabularies: Vocabularies,
    harmoniser: Harmoniser,
) -> None:
    for record in _records(found):
        description = _described(case, record, vocabularies, harmoniser)
        subjects = set(description.graph.subjects())
        assert description.iri in subjects
        assert all(_IDENTIFIERS.owns(str(description.iri), str(subject)) for subject in subjects)
        # Raises where a blank node or a malformed IRI or literal is left.
        again = _described(case, record, vocabularies, harmoniser)
        assert canonical_ntriples(description.graph) == canonical_ntriples(again.graph)


_IDENTIFIERS = Identifiers("https://catalogue.example.org")


def _described(case: Case, record: SourceRecord, vocabularies: Vocabularies, harmoniser: Harmoniser) -> Description:
    return describe(record, RepositoryDeclaration.load(case.name), harmoniser, vocabularies, _IDENTIFIERS)
