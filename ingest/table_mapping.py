"""The mapping file of a table: which column says what, as data (``docs/tables.md`` is its manual).

A mapping is TOML, so that a data steward can write one without Python. It is read strictly: a misspelt key or a
property that does not exist is an error that names the file, the key and the remedy, never a column silently lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ingest.record import Facet
from ingest.strict_toml import parse_strictly, read_text

#: A place for a column's text in a sentence.
PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


def _pattern(text: object) -> object:
    if not isinstance(text, str):
        return text
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from None


Pattern = Annotated[re.Pattern[str], BeforeValidator(_pattern)]
Texts = Annotated[tuple[str, ...], BeforeValidator(lambda value: (value,) if isinstance(value, str) else value)]


class Reading(_Strict):
    """One way to get a property's texts from a row: from a column, from sentences, or a constant.

    ``match`` takes every place of a text where the pattern is found, as ``result``; ``unless`` passes over texts
    in which its pattern is found; ``values`` names a list of replacements, and what is not in it is dropped;
    ``otherwise`` uses this reading only where the ones before it gave nothing.
    """

    column: str | None = None
    constant: str | None = None
    sentences: Texts = ()
    match: Pattern | None = None
    result: str = r"\g<0>"
    unless: Pattern | None = None
    values: str | None = None
    otherwise: bool = False

    @model_validator(mode="after")
    def _check(self) -> Reading:
        if sum((self.column is not None, self.constant is not None, bool(self.sentences))) != 1:
            raise ValueError("give exactly one of column, constant and sentences")
        if self.match is not None:
            try:
                re.compile(f"{self.match.pattern}|").sub(self.result, "")
            except (re.error, IndexError) as error:
                raise ValueError(f"result {self.result!r} does not fit the pattern: {error}") from None
        return self

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns this reading looks at."""
        named = [name for sentence in self.sentences for name in PLACEHOLDER.findall(sentence)]
        return (self.column,) if self.column is not None else tuple(dict.fromkeys(named))


def _readings(value: object) -> object:
    """Allow ``"column"`` and one reading in place of a list of readings."""
    items = value if isinstance(value, list) else [value]
    return [{"column": item} if isinstance(item, str) else item for item in items]


Readings = Annotated[tuple[Reading, ...], BeforeValidator(_readings)]


class Table(_Strict):
    """What the file looks like: the column of ids, the columns it must have, the texts that say nothing."""

    identifier: str
    required: Texts = ()
    nothing: Texts = ()
    sheet: str | None = None
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    encoding: str | None = None


class Column(_Strict):
    """How the cells of one column are read, wherever they are used."""

    nothing: Texts = ()
    split: Texts = ()
    values: dict[str, str] = Field(default_factory=dict)


class Properties(_Strict):
    """The properties of a :class:`~ingest.record.SourceRecord` that a table can give."""

    kind: Readings = ()
    title: Readings = ()
    description: Readings = ()
    publisher_identifier: Readings = ()
    dois: Readings = ()
    other_identifiers: Readings = ()
    source_iri: Readings = ()
    landing_page: Readings = ()
    keywords: Readings = ()
    issued: Readings = ()
    modified: Readings = ()
    version: Readings = ()
    provenance: Readings = ()
    citations: Readings = ()
    references: Readings = ()
    creators: Readings = ()
    languages: Readings = ()
    subjects: Readings = ()
    studies: Readings = ()
    series: Readings = ()
    byte_size: Readings = ()
    derived_from: Readings = ()


class Distribution(_Strict):
    """One distribution a dataset, or one for each address that ``access_url`` gives; none where it gives none."""

    identifier: str
    access_url: Readings
    title: Readings = ()
    description: Readings = ()
    download_url: Readings = ()
    licence: Readings = ()
    media_type: Readings = ()
    format: Readings = ()
    byte_size: Readings = ()


class Correction(_Strict):
    """What a cell should say, for a table that the steward cannot change; ``reason`` is told in the run's report."""

    row: str
    column: str
    value: str
    reason: str


class LeftOut(_Strict):
    """Rows that are not to be described, by id, and why."""

    rows: Texts
    reason: str


class TableMapping(_Strict):
    """A whole mapping file."""

    title: str
    table: Table
    columns: dict[str, Column] = Field(default_factory=dict)
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    properties: Properties = Properties()
    facets: dict[Facet, Readings] = Field(default_factory=dict)
    distributions: tuple[Distribution, ...] = ()
    corrections: tuple[Correction, ...] = ()
    leave_out: tuple[LeftOut, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> TableMapping:
        for reading in self.readings():
            if reading.values is not None and reading.values not in self.values:
                raise ValueError(f"there is no list [values.{reading.values}]")
        if not self.properties.title:
            raise ValueError("properties.title is missing: a dataset needs a title")
        identifiers = [distribution.identifier for distribution in self.distributions]
        if len(set(identifiers)) < len(identifiers):
            raise ValueError("two distributions have the same identifier")
        return self

    def readings(self) -> Iterator[Reading]:
        """All readings of the mapping."""
        groups: list[Iterable[Reading]] = [getattr(self.properties, name) for name in Properties.model_fields]
        groups += self.facets.values()
        for distribution in self.distributions:
            groups += [getattr(distribution, name) for name in Distribution.model_fields if name != "identifier"]
        for group in groups:
            yield from group

    @cached_property
    def used_columns(self) -> tuple[str, ...]:
        """Every column that the mapping mentions, in order."""
        named = [self.table.identifier, *self.table.required]
        named += [column for reading in self.readings() for column in reading.columns]
        named += [*self.columns, *(correction.column for correction in self.corrections)]
        return tuple(dict.fromkeys(named))

    @classmethod
    def load(cls, path: Path) -> TableMapping:
        """Read a mapping file.

        Raises:
            SettingsError: it cannot be read, is not TOML, or has a key or value that a mapping does not have.
        """
        return cls.parse(read_text(path, "give --mapping a TOML file"), path.name)

    @classmethod
    def parse(cls, text: str, name: str) -> TableMapping:
        """Read a mapping from text; ``name`` is the file's name for messages.

        Raises:
            SettingsError: as in :meth:`load`.
        """
        return parse_strictly(cls, text, name, "docs/tables.md lists the keys of a mapping")

    @classmethod
    def shipped(cls, name: str, overlay: Path | None = None) -> TableMapping | None:
        """The mapping called ``name`` in the overlay's or the shipped ``ingest/mappings``, or None."""
        laid_over = overlay / "ingest" / "mappings" / f"{name}.toml" if overlay else None
        if laid_over and laid_over.is_file():
            return cls.load(laid_over)
        shipped = resources.files("ingest") / "mappings" / f"{name}.toml"
        return cls.parse(shipped.read_text(encoding="utf-8"), f"{name}.toml") if shipped.is_file() else None
