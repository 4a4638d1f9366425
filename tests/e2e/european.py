"""The European example as its forms say it, read as plain CSV with nothing of Radiograph in between."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from urllib.parse import quote

from tests.deployment import ROOT

FOLDER = ROOT / "examples" / "european"
#: The repositories whose descriptions pass EUCAIM 2.0; the fourth one falls short on purpose.
GOOD = ("aurora", "borealis", "meridian")
SHORT = "polaris"
HELD_BACK = "bone-xr"


@dataclass(frozen=True)
class Record:
    """One row of a form."""

    repository: str
    cells: dict[str, str]

    def all(self, column: str) -> list[str]:
        """The values of a cell."""
        return [text for part in self.cells.get(column, "").split("|") if (text := part.strip())]

    def one(self, column: str) -> str:
        return self.cells.get(column, "")

    @property
    def number(self) -> int:
        return int(self.cells["healthdcatap:numberOfUniqueIndividuals"])

    @property
    def identifier(self) -> str:
        return self.cells["dct:identifier"]

    @property
    def name(self) -> str:
        return self.identifier.rpartition("/")[2]

    @property
    def iri(self) -> str:
        return f"http://127.0.0.1:8000/dataset/{self.repository}/{quote(self.identifier, safe='-._~')}"

    @property
    def is_images(self) -> bool:
        return self.one("rdf:type") != "radiograph:AnnotationDataset"

    def has(self, column: str, *texts: str) -> bool:
        """Whether a cell has a value that begins with one of the texts."""
        return any(value.startswith(texts) for value in self.all(column))

    def ways(self) -> dict[str, str]:
        """The address of each distribution by its access condition."""
        found = {}
        for prefix in ("dcat:distribution/", "dcat:distribution[2]/"):
            if self.one(f"{prefix}dct:rights"):
                found[self.one(f"{prefix}dct:rights")] = self.one(f"{prefix}dcat:accessURL")
        return found


@cache
def records() -> tuple[Record, ...]:
    """All rows but the one that is held back."""
    found = []
    for repository in (*GOOD, SHORT):
        with (FOLDER / f"{repository}.csv").open(encoding="utf-8", newline="") as file:
            found += [Record(repository, row) for row in csv.DictReader(file)]
    return tuple(record for record in found if record.name != HELD_BACK)


def images() -> list[Record]:
    return [record for record in records() if record.is_images]


def called(name: str) -> Record:
    (found,) = [record for record in records() if record.name == name]
    return found
