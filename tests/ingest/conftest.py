"""A small synthetic table, its mapping, and a repository declared in an overlay, for the tests of this room."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalogue.ledger import Ledger
from core.identifiers import Identifiers
from core.settings import Settings
from ingest.declaration import RepositoryDeclaration
from ingest.pipeline import IngestRoom
from ingest.table_mapping import TableMapping

BASE = "https://catalogue.example.org"
MAPPING = """
title = "Clinic table"

[table]
identifier = "id"
required = ["title", "download"]
nothing = ["TBD", "-"]

[columns.title]
nothing = ["Dataset Name"]

[columns.modality]
split = [",", "/"]
values = { "Magnetic" = "MR" }

[values.file_type]
"png" = "image/png"

[properties]
title = ["title", "id"]
description = { sentences = ["{title} from a clinic.", "Task: {task}.", "Modality: {modality}."] }
issued = ["date", "year"]
landing_page = "website"
dois = { column = "doi", match = '^10\\.(?:7937|5281)/.+$' }
references = { column = "doi", match = '^10\\..+$', result = 'https://doi.org/\\g<0>' }
keywords = ["task", { constant = "clinic" }]
derived_from = "built_from"
byte_size = "size"

[facets]
modality = "modality"
bodyPart = { column = "anatomy", unless = '(?i)cancer' }
condition = { column = "anatomy", match = '(?i)^.*cancer.*$' }

[[distributions]]
identifier = "download"
title = { constant = "Download" }
access_url = [
  { column = "download", match = 'https?://[^\\s,]+' },
  { column = "website", otherwise = true },
]
description = { column = "download", unless = '^https?://\\S+$' }
licence = "licence"
media_type = { column = "format", values = "file_type" }
byte_size = "size"

[[corrections]]
row = "corrected"
column = "title"
value = "The right title"
reason = "the table has the wrong one"

[[leave_out]]
rows = "unwanted"
reason = "no images"
"""

HEADER = [
    *("id", "title", "date", "year", "modality", "anatomy", "task"),
    *("doi", "website", "download", "licence", "format", "size", "built_from"),
]

DECLARATION = """
id = "clinic"
title = "A clinic"
description = "Datasets of a clinic."
homepage = "https://clinic.example.org/"
public = true
k = 1

[publisher]
name = "The clinic"
url = "https://clinic.example.org/"
type = "Academia-ScientificOrganisation"
identifiers = ["https://ror.org/00000000"]
email = "data@clinic.example.org"

[contact]
name = "Data office"
email = "data@clinic.example.org"
url = "https://clinic.example.org/data"

[defaults]
access_rights = "PUBLIC"
"""


class ClinicTable:
    """Writes the synthetic table; a row says by itself what it needs to be published."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "clinic.csv"

    def write(self, *rows: dict[str, str], header: list[str] | None = None, end: str = "") -> Path:
        columns = header or HEADER
        lines = [",".join(columns)]
        lines += [",".join('"' + row.get(name, "").replace('"', '""') + '"' for name in columns) for row in rows]
        self.path.write_text("\n".join(lines) + "\n" + end, encoding="utf-8", newline="")
        return self.path

    def row(self, identifier: str, **cells: str) -> dict[str, str]:
        said = {
            "id": identifier,
            "title": f"Dataset {identifier}",
            "task": "Segmentation",
            "modality": "CT",
            "download": f"https://clinic.example.org/{identifier}",
        }
        return said | cells


@pytest.fixture
def clinic(tmp_path: Path) -> ClinicTable:
    return ClinicTable(tmp_path)


@pytest.fixture(scope="session")
def mapping() -> TableMapping:
    return TableMapping.parse(MAPPING, "clinic.toml")


@pytest.fixture(scope="session")
def declaration() -> RepositoryDeclaration:
    return RepositoryDeclaration.parse(DECLARATION, "clinic.toml")


def write_overlay(home: Path) -> Path:
    """An overlay that declares the clinic and maps its tables."""
    for folder, text in (("repositories", DECLARATION), ("mappings", MAPPING)):
        path = home / "overlay" / "ingest" / folder / "clinic.toml"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    return home / "overlay"


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    return write_overlay(tmp_path)


@pytest.fixture(scope="session")
def oracle_table() -> Path:
    path = Path(__file__).parents[3] / "shared" / "data" / "openmedlab.csv"
    if not path.is_file():
        pytest.skip("the table of openmedlab is not beside the checkout")
    return path


@pytest.fixture(scope="session")
def identifiers() -> Identifiers:
    return Identifiers("https://catalogue.example.org/base")


@pytest.fixture(scope="module")
def loaded() -> Iterator[IngestRoom]:
    """All that ingest needs, without a ledger."""
    with IngestRoom.open(Settings(base_iri=BASE, _env_file=None), dry_run=True) as room:
        yield room


@pytest.fixture
def room(loaded: IngestRoom, tmp_path: Path) -> Iterator[IngestRoom]:
    """The same with a ledger of its own."""
    settings = Settings(base_iri=BASE, home=tmp_path / "home", _env_file=None)
    with Ledger.open(settings, create=True) as ledger:
        yield dataclasses.replace(loaded, ledger=ledger)
