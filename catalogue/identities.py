"""Finding a dataset by any identifier it has: ours, the publisher's, a DOI in whatever spelling, the source record.

The index is made once a release, as a small SQLite file in its folder: it is looked into and never in memory.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from catalogue.description import StoredDescription
from core.canonical import select_statements
from core.errors import ReleaseError
from core.identifiers import normalise_doi
from core.terms import ADMS, DCT, SKOS

#: The file in a release's folder.
IDENTITIES = "identities.sqlite"

_PREDICATES = (str(DCT.identifier), str(ADMS.identifier), str(SKOS.notation))


class Identities:
    """The identifiers of one release."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / IDENTITIES

    def find(self, identifier: str) -> tuple[str, ...]:
        """The IRIs of the datasets that carry ``identifier``, sorted.

        Raises:
            ReleaseError: the file is missing or damaged.
        """
        try:
            with closing(sqlite3.connect(f"file:{quote(str(self._path))}?mode=ro&immutable=1", uri=True)) as file:
                found = file.execute(
                    "SELECT iri FROM identity WHERE key = ? ORDER BY iri", (identity_key(identifier),)
                ).fetchall()
        except sqlite3.Error as error:
            raise ReleaseError(
                f"the identifiers of the release cannot be read: {error}",
                where=str(self._path),
                remedy="publish a new release",
            ) from error
        return tuple(iri for (iri,) in found)


class IdentityFile:
    """Writes the index of a release, description by description; whole when it is left without an error."""

    def __init__(self, folder: Path) -> None:
        """Raises:
        OSError: the file cannot be written.
        """
        self._file = sqlite3.connect(folder / IDENTITIES)
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute("CREATE TABLE identity (key TEXT, iri TEXT, PRIMARY KEY (key, iri)) WITHOUT ROWID")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self._file.commit()
        except sqlite3.Error as failure:
            raise OSError(f"the identifiers of the release cannot be written: {failure}") from failure
        finally:
            self._file.close()

    def add(self, description: StoredDescription) -> None:
        """Enter a dataset under all that it is called.

        Raises:
            OSError: the disk is full.
        """
        keys = {identity_key(identifier) for identifier in identifiers_of(description)}
        try:
            self._file.executemany(
                "INSERT INTO identity VALUES (?, ?)", [(key, description.iri) for key in sorted(keys)]
            )
        except sqlite3.Error as error:
            raise OSError(f"the identifiers of the release cannot be written: {error}") from error


def identity_key(identifier: str) -> str:
    """What two spellings of one identifier have in common: the bare DOI in lower case, or the text."""
    text = identifier.strip()
    return normalise_doi(text) or text


def identifiers_of(description: StoredDescription) -> Iterator[str]:
    """All identifiers of the dataset that a description is about, as written, and its own IRI."""
    yield description.iri
    if description.source_iri:
        yield description.source_iri
    nodes: list[str] = []
    notations: dict[str, str] = {}
    for subject, predicate, value in select_statements(description.ntriples, _PREDICATES):
        if predicate == str(SKOS.notation):
            notations[subject] = value.value
        elif subject == description.iri and predicate == str(DCT.identifier):
            yield value.value
        elif subject == description.iri:
            nodes.append(value.value)
    yield from (notations.get(node, node) for node in nodes)
