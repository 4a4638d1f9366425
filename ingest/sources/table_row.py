"""Reads one row of a table as its mapping says: cells to texts, texts to properties."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.errors import SettingsError
from ingest.record import SourceDistribution, SourceFault
from ingest.sources.cell import READERS
from ingest.sources.time_limit import time_limit
from ingest.table_mapping import PLACEHOLDER, Distribution, Properties, Reading, TableMapping

#: Properties that keep every value; of the others the first value counts.
_LISTS = frozenset(
    ("dois", "other_identifiers", "keywords", "citations", "references", "creators", "languages", "derived_from")
)
#: What the values of a property must be (a key of ``READERS``); the others are text.
_KINDS = {
    "issued": "date",
    "modified": "date",
    "dois": "DOI",
    "source_iri": "web address",
    "landing_page": "web address",
    "references": "web address",
    "access_url": "web address",
    "download_url": "web address",
    "subjects": "number",
    "studies": "number",
    "series": "number",
    "byte_size": "byte size",
}
_SHOWN = 80
#: A pattern that takes longer over one cell never ends, for practical purposes.
_PATTERN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row: its cells by column, stripped."""

    location: str
    identifier: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ReadRow:
    """What a row says, and what could not be read of it."""

    properties: dict[str, Any]
    faults: list[SourceFault] = field(default_factory=list)


class RowReader:
    """Reads rows with one mapping."""

    def __init__(self, mapping: TableMapping) -> None:
        self._mapping = mapping
        self._corrections = {(correction.row, correction.column): correction for correction in mapping.corrections}
        self._nothing = frozenset(text.casefold() for text in mapping.table.nothing)
        self._columns_nothing = {
            name: frozenset(text.casefold() for text in column.nothing) for name, column in mapping.columns.items()
        }

    def read(self, row: TableRow) -> ReadRow:
        """Read every property, facet and distribution of the mapping; what is unreadable becomes a warning."""
        faults = list(self._corrected(row))
        properties: dict[str, Any] = {}
        for name in Properties.model_fields:
            values = self._values(row, name, getattr(self._mapping.properties, name), faults)
            if values:
                properties[name] = tuple(values) if name in _LISTS else values[0]
        terms = {facet: tuple(self._texts(row, readings)) for facet, readings in self._mapping.facets.items()}
        properties["terms"] = {facet: texts for facet, texts in terms.items() if texts}
        properties["distributions"] = tuple(
            distribution
            for declared in self._mapping.distributions
            for distribution in self._distributions(row, declared, faults)
        )
        return ReadRow(properties, faults)

    def _corrected(self, row: TableRow) -> Iterator[SourceFault]:
        for (identifier, column), correction in self._corrections.items():
            if identifier == row.identifier:
                yield SourceFault(
                    location=row.location,
                    message=f"{column} is read as {_short(correction.value)}: {correction.reason}",
                    remedy="correct the table, then remove the correction from the mapping file",
                    identifier=row.identifier,
                    severity="info",
                )

    def _values(self, row: TableRow, name: str, readings: Iterable[Reading], faults: list[SourceFault]) -> list[str]:
        """The readable values of a property; a warning where there are texts and none of them can be read."""
        kind = _KINDS.get(name)
        texts = list(self._texts(row, readings))
        if kind is None:
            return texts
        read = [(text, READERS[kind](text)) for text in texts]
        values = [value for _, value in read if value is not None]
        unread = [text for text, value in read if value is None]
        if unread and (not values or name in _LISTS):
            faults.append(
                SourceFault(
                    location=row.location,
                    message=f"{name}: {_short(unread[0])} is not a {kind}; it is left out",
                    remedy="correct the cell, or map it in the mapping file (values, match, nothing)",
                    identifier=row.identifier,
                    severity="warning",
                )
            )
        return list(dict.fromkeys(values))

    def _texts(self, row: TableRow, readings: Iterable[Reading]) -> Iterator[str]:
        """The texts of all readings in order, each once."""
        seen: set[str] = set()
        for reading in readings:
            if reading.otherwise and seen:
                continue
            for text in self._selected(row, reading):
                if text not in seen:
                    seen.add(text)
                    yield text

    def _selected(self, row: TableRow, reading: Reading) -> Iterator[str]:
        for text in self._raw(row, reading):
            for value in _found(reading, text):
                listed = value if reading.values is None else self._mapping.values[reading.values].get(value, "")
                if listed.strip():
                    yield listed.strip()

    def _raw(self, row: TableRow, reading: Reading) -> Iterator[str]:
        if reading.constant is not None:
            yield reading.constant
        elif reading.column is not None:
            yield from self._cell(row, reading.column)
        else:
            text = " ".join(filter(None, (self._sentence(row, sentence) for sentence in reading.sentences)))
            if text:
                yield text

    def _sentence(self, row: TableRow, sentence: str) -> str | None:
        """The sentence with its columns filled in, or None where one of them says nothing."""
        filled = {name: ", ".join(self._cell(row, name)).rstrip(" .") for name in PLACEHOLDER.findall(sentence)}
        if not all(filled.values()):
            return None
        return PLACEHOLDER.sub(lambda found: filled[found[1]], sentence)

    def _cell(self, row: TableRow, column: str) -> list[str]:
        """The texts of a cell: corrected, split, replaced, without those that say nothing."""
        correction = self._corrections.get((row.identifier, column))
        cell = correction.value if correction else row.cells.get(column, "")
        declared = self._mapping.columns.get(column)
        if declared is None:
            return [] if cell.casefold() in self._nothing or not cell else [cell]
        nothing = self._nothing | self._columns_nothing[column]
        parts = [cell] if cell in declared.values else _split(cell, declared.split)
        texts = (declared.values.get(part, part) for part in parts if part.casefold() not in nothing)
        return list(dict.fromkeys(text for text in texts if text))

    def _distributions(
        self, row: TableRow, declared: Distribution, faults: list[SourceFault]
    ) -> Iterator[SourceDistribution]:
        """One distribution for each address; where there are several, what is said of the whole is said of none."""
        addresses = self._values(row, "access_url", declared.access_url, faults)
        names = [name for name in Distribution.model_fields if name not in ("identifier", "access_url")]
        found = {name: self._values(row, name, getattr(declared, name), faults) for name in names}
        facts: dict[str, Any] = {name: values[0] for name, values in found.items() if values}
        if len(addresses) > 1:
            facts = {name: value for name, value in facts.items() if name in ("title", "description", "licence")}
        for number, access_url in enumerate(addresses, 1):
            identifier = declared.identifier if number == 1 else f"{declared.identifier}-{number}"
            yield SourceDistribution(identifier=identifier, access_url=access_url, **facts)


def _found(reading: Reading, text: str) -> list[str]:
    """The places of a text that a reading takes: the whole text where it has no pattern.

    Raises:
        SettingsError: a pattern takes too long, as nested repeats do.
    """
    if reading.match is None and reading.unless is None:
        return [text]
    try:
        with time_limit(_PATTERN_SECONDS):
            if reading.unless is not None and reading.unless.search(text):
                return []
            if reading.match is None:
                return [text]
            return [match.expand(reading.result) for match in reading.match.finditer(text)]
    except TimeoutError:
        patterns = " or ".join(repr(p.pattern) for p in (reading.unless, reading.match) if p is not None)
        raise SettingsError(
            f"the pattern {patterns} is not done with one cell after {_PATTERN_SECONDS:g} s",
            where=f"mapping file, reading of {', '.join(reading.columns)}",
            remedy="write it without repeats inside repeats, such as (a+)+ or (a|a)*",
        ) from None


def _split(cell: str, separators: Iterable[str]) -> list[str]:
    parts = [cell]
    for separator in separators:
        parts = [piece for part in parts for piece in part.split(separator)]
    return [part.strip() for part in parts]


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
