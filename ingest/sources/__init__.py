"""The readers of repositories, one module a kind; all of them are a :class:`Source`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from rdflib import URIRef

from core.identifiers import Identifiers
from ingest.record import SourceFault, SourceRecord
from shapes.document import Position
from shapes.report import Finding


class Source(Protocol):
    """Reads one repository and yields what it says, one neutral record a dataset.

    ``repository`` is the key of the repository's declaration. ``complete`` says whether the records are all that the
    repository has: only then may the absence of a record delete its description. ``complete`` is read after the
    last record, because a source may find out on the way that it could not read everything.
    """

    repository: str
    complete: bool

    def records(self) -> Iterator[SourceRecord | SourceFault]:
        """Yield every record in a stable order; a record that cannot be used becomes a fault and the others go on.

        Raises:
            InputError: the input as a whole cannot be read.
        """
        ...


@runtime_checkable
class PlacingSource(Protocol):
    """A source that knows where in it each value of its records stands."""

    def place(self, identifier: str, finding: Finding, dataset: URIRef, identifiers: Identifiers) -> Position | None:
        """Where in the source the value is that a finding on the description ``dataset`` is about."""
        ...
