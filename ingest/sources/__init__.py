"""The readers of repositories, one module a kind; all of them are a :class:`Source`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from ingest.record import SourceFault, SourceRecord


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
