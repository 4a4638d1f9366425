"""The Imaging Data Commons of the National Cancer Institute: its collections and its analysis results.

What the index declares is checked against its million series rows, and where the two differ the rows win:

- subjects, studies, series, bytes, modalities, body parts and manufacturers come from the rows;
- a collection holds all its series, those of analysis results in it too; an analysis result holds its own series of
  all collections, and is derived from these;
- **the publisher's identifier** of a collection is the DOI of its original source; where it has several, of the one
  that IDC did not contribute itself, then the first in the alphabet. A DOI that two collections share is nobody's;
- **issued** is the date of the IDC version in which the first series appeared, **version** the IDC version that last
  revised a series (so a new IDC version changes only what it revised), **modified** the date that IDC gives where it
  is not before the date of issue, else the date of that version.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from ingest.record import SourceFault, SourceRecord
from ingest.sources.idc_tables import IdcTables
from ontology.harmoniser import Harmoniser

if TYPE_CHECKING:
    from ingest.sources.idc_counts import SeriesCounts

_REPORT = "tell the Imaging Data Commons, support@canceridc.dev"


class IdcSource:
    """Reads an index of the Imaging Data Commons; the installed one where ``index`` is None.

    The harmoniser tells acquisition from annotation and keeps together terms that hold a comma.
    """

    def __init__(self, index: Path | None, harmoniser: Harmoniser, repository: str = "idc") -> None:
        self.repository = repository
        self.complete = True
        self._index = index
        self._harmoniser = harmoniser

    def records(self) -> Iterator[SourceRecord | SourceFault]:
        """Yield the collections, then the analysis results, each in the order of its table.

        Raises:
            InputError: the extra is missing, or a table is missing, broken or lacks a column.
        """
        tables = IdcTables.read(self._index)
        # These need pyarrow, and the tables could not have been read without it.
        from ingest.sources.idc_counts import SeriesCounts
        from ingest.sources.idc_records import IdcRecords
        from ingest.strata import Dimensions

        counts = SeriesCounts(tables.series, Dimensions(self._harmoniser, self.repository))
        records = IdcRecords(tables, counts, self._harmoniser, self.repository)
        seen: set[str] = set()
        yield from _each(tables.collections, "collection_id", "collections_index", records.collection, seen)
        yield from _each(tables.analyses, "analysis_result_id", "analysis_results_index", records.analysis, seen)
        yield from _strays(tables, counts)


def _each(
    rows: Sequence[dict[str, Any]],
    key: str,
    table: str,
    read: Callable[[dict[str, Any], str], SourceRecord],
    seen: set[str],
) -> Iterator[SourceRecord | SourceFault]:
    """``seen`` is shared by both tables, because their identifiers become IRIs of one kind."""
    for number, row in enumerate(rows, start=1):
        identifier = row[key]
        location = f"{table}, row {number}"
        if not identifier or not identifier.strip():
            yield SourceFault(location=location, message=f"the row has no {key}", remedy=_REPORT)
        elif identifier in seen:
            message = f"the identifier {identifier} occurs twice; the first is used"
            yield SourceFault(location=location, message=message, remedy=_REPORT, identifier=identifier)
        else:
            seen.add(identifier)
            yield _read(row, identifier, f"{table}, {key} {identifier}", read)


def _read(
    row: dict[str, Any], identifier: str, location: str, read: Callable[[dict[str, Any], str], SourceRecord]
) -> SourceRecord | SourceFault:
    try:
        return read(row, location)
    except ValidationError as error:
        first = error.errors()[0]
        message = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
        return SourceFault(location=location, message=message, remedy=_REPORT, identifier=identifier)


def _strays(tables: IdcTables, counts: SeriesCounts) -> Iterator[SourceFault]:
    """Series that belong to nothing that the index lists: they are in no count."""
    if counts.ownerless:
        message = f"{counts.ownerless} series belong to no collection"
        yield SourceFault(location="idc_index", message=message, remedy=_REPORT, severity="warning")
    for counted, rows, key in (
        (counts.collections, tables.collections, "collection_id"),
        (counts.analyses, tables.analyses, "analysis_result_id"),
    ):
        for identifier in sorted(counted.keys() - {row[key] for row in rows}):
            message = f"{counted[identifier].series} series have the {key} {identifier}, which is not listed"
            yield SourceFault(
                location="idc_index", message=message, remedy=_REPORT, identifier=identifier, severity="warning"
            )
