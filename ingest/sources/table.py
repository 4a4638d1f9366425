"""A table as a repository: each row of a CSV or XLSX file is a dataset, read as its mapping file says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from core.errors import InputError
from core.identifiers import harvested_key
from ingest.record import SourceFault, SourceRecord
from ingest.sources.spreadsheet import Row, Sheet, read_sheet
from ingest.sources.table_row import RowReader, TableRow
from ingest.table_mapping import TableMapping

_MAX_IDENTIFIER = 200


@dataclass(frozen=True, slots=True)
class _Draft:
    """A row read property by property, before it is seen beside the others."""

    location: str
    identifier: str
    properties: dict[str, Any]


class TableSource:
    """Reads a table; ``partial`` says that it holds only some of the repository's datasets."""

    def __init__(
        self,
        path: Path,
        repository: str,
        mapping: TableMapping,
        *,
        encoding: str | None = None,
        partial: bool = False,
    ) -> None:
        self.repository = repository
        self.complete = not partial
        self._path = path
        self._mapping = mapping
        self._encoding = encoding or mapping.table.encoding

    def records(self) -> Iterator[SourceRecord | SourceFault]:
        """Yield a record for each usable row, in the order of the table, and a fault for each thing wrong.

        Raises:
            InputError: the file cannot be read, or a required column is missing.
        """
        layout = self._mapping.table
        sheet = read_sheet(self._path, encoding=self._encoding, delimiter=layout.delimiter, sheet=layout.sheet)
        self._check_columns(sheet)
        self.complete = self.complete and not sheet.truncated
        yield from self._absent_columns(sheet)
        faults: list[SourceFault] = []
        left_out: Counter[str] = Counter()
        drafts = list(self._drafts(sheet, faults, left_out))
        yield from faults
        yield from self._told_left_out(left_out)
        yield from self._records(drafts)

    def _check_columns(self, sheet: Sheet) -> None:
        layout = self._mapping.table
        for column in (layout.identifier, *layout.required):
            if column not in sheet.header:
                raise InputError(
                    f"the column {column!r} is missing; the header has {', '.join(map(repr, sheet.header))}",
                    where=f"{self._path.name}, row 1",
                    remedy="add the column, or name the right one in the mapping file",
                )
        if not sheet.rows:
            raise InputError(
                "the table has a header and no rows", where=f"{self._path.name}, row 2", remedy="add a row a dataset"
            )

    def _absent_columns(self, sheet: Sheet) -> Iterator[SourceFault]:
        absent = [column for column in self._mapping.used_columns if column not in sheet.header]
        if absent:
            yield SourceFault(
                location=f"{self._path.name}, row 1",
                message=f"the mapping reads columns that the table does not have: {', '.join(map(repr, absent))}",
                remedy="add the columns, or take them out of the mapping file",
                severity="warning",
            )

    def _drafts(self, sheet: Sheet, faults: list[SourceFault], left_out: Counter[str]) -> Iterator[_Draft]:
        """Read row after row; what is wrong with one goes to ``faults``, why one is passed over to ``left_out``."""
        reader = RowReader(self._mapping)
        reasons = {row: group.reason for group in self._mapping.leave_out for row in group.rows}
        seen: dict[str, str] = {}
        for row in sheet.rows:
            location = f"{self._path.name}, {row.location}"
            identifier = _identifier_of(row, sheet, self._mapping.table.identifier)
            fault = row_fault(row, location, identifier, seen)
            if fault is not None:
                faults.append(fault)
                continue
            if identifier in reasons:
                left_out[reasons[identifier]] += 1
                continue
            read = reader.read(TableRow(location, identifier, dict(zip(sheet.header, row.cells, strict=False))))
            faults.extend(read.faults)
            yield _Draft(location, identifier, read.properties)

    def _told_left_out(self, left_out: Counter[str]) -> Iterator[SourceFault]:
        for reason, number in left_out.items():
            yield SourceFault(
                location=self._path.name,
                message=f"{number} rows are left out: {reason}",
                remedy="nothing; see leave_out in the mapping file",
                severity="info",
            )

    def _records(self, drafts: list[_Draft]) -> Iterator[SourceRecord | SourceFault]:
        known = {draft.identifier for draft in drafts}
        shared = _shared_dois(drafts)
        for draft in drafts:
            properties = draft.properties
            yield from _told_shared(draft, shared)
            dois = tuple(doi for doi in properties.pop("dois", ()) if doi not in shared)
            own = {f"https://doi.org/{doi}" for doi in dois}
            references = (value for value in properties.pop("references", ()) if value.lower() not in own)
            sources = (value for value in properties.pop("derived_from", ()) if value in known - {draft.identifier})
            yield _record(draft, dois=dois, references=tuple(references), derived_from=tuple(sources))


def _identifier_of(row: Row, sheet: Sheet, column: str) -> str:
    """The row's id as far as it can be read: also of a row that is otherwise unusable, so that it counts as seen.

    In a row of the wrong length only the first cell is sure to stand in its place.
    """
    position = sheet.header.index(column)
    if position and row.problem and len(row.cells) != len(sheet.header):
        return ""
    return row.cells[position] if position < len(row.cells) else ""


def row_fault(row: Row, location: str, identifier: str, seen: dict[str, str]) -> SourceFault | None:
    """What makes a row no record: it cannot be read, or its id is missing, unusable or taken by a row in ``seen``."""
    if row.problem is not None:
        known = identifier if identifier and len(identifier) <= _MAX_IDENTIFIER and identifier.isprintable() else None
        return SourceFault(location=location, message=row.problem, remedy=row.remedy, identifier=known)
    if not identifier:
        return SourceFault(location=location, message="the row has no id", remedy="give it one that stays the same")
    if len(identifier) > _MAX_IDENTIFIER:
        message = f"the id has {len(identifier):,} characters; at most {_MAX_IDENTIFIER} are accepted"
        return SourceFault(location=location, message=message, remedy="give the row a short id")
    unprintable = next((character for character in identifier if not character.isprintable()), None)
    if unprintable is not None:
        message = f"the id has the invisible character U+{ord(unprintable):04X}"
        return SourceFault(location=location, message=message, remedy="type the id anew")
    key = harvested_key(identifier)
    earlier = seen.setdefault(key, f"{location} ({identifier!r})")
    if earlier != f"{location} ({identifier!r})":
        return SourceFault(
            location=location,
            message=f"the id {identifier!r} is already that of {earlier}; harvesters would take both for one dataset",
            remedy="give one of the two rows another id; the first was taken",
            identifier=identifier,
        )
    return None


def _shared_dois(drafts: Iterable[_Draft]) -> frozenset[str]:
    """DOIs that more than one row gives: they name a series or a common source, not the one dataset."""
    uses = Counter(doi for draft in drafts for doi in draft.properties.get("dois", ()))
    return frozenset(doi for doi, number in uses.items() if number > 1)


def _told_shared(draft: _Draft, shared: frozenset[str]) -> Iterator[SourceFault]:
    found = [doi for doi in draft.properties.get("dois", ()) if doi in shared]
    if found:
        yield SourceFault(
            location=draft.location,
            message=f"several rows give the DOI {', '.join(found)}, so it does not identify this dataset",
            remedy="nothing, if it names their common source; else correct the rows",
            identifier=draft.identifier,
            severity="info",
        )


def _record(draft: _Draft, **others: Any) -> SourceRecord | SourceFault:
    try:
        return SourceRecord(identifier=draft.identifier, location=draft.location, **draft.properties, **others)
    except ValidationError as error:
        first = error.errors()[0]
        return SourceFault(
            location=draft.location,
            message=f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}",
            remedy="correct the cell, or the constant in the mapping file",
            identifier=draft.identifier,
        )
