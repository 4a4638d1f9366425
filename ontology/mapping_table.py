"""The table of a mapping set as it stands, however broken: header, columns and rows with their lines.

The loader (``ontology.sssom``) refuses a set at its first fault. A curator wants to see all of them, so this reader
tells what it cannot read and goes on.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.terms import SKOS

#: Prefixes that the SSSOM specification builds in.
BUILT_IN = {
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": str(SKOS),
    "sssom": "https://w3id.org/sssom/",
}

#: More rows are not read: nobody curates them by hand.
MAX_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its cells by column, untouched, and its line."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "").strip()


@dataclass(frozen=True)
class MappingTable:
    """One file. ``problems`` are the check that found each, its line, and what it is about."""

    metadata: Mapping[str, str]
    prefixes: Mapping[str, str]
    prefix_lines: Mapping[str, int]
    columns: tuple[str, ...]
    head: int
    rows: tuple[Row, ...]
    problems: tuple[tuple[str, int, str], ...] = field(default=())

    def expand(self, curie: str) -> str | None:
        """The IRI that a CURIE stands for; None where its prefix is not declared."""
        prefix, colon, local = curie.partition(":")
        namespace = self.prefixes.get(prefix) or BUILT_IN.get(prefix)
        return namespace + local if colon and namespace else None


def read_table(text: str) -> MappingTable:
    """Read the text of a mapping set."""
    lines = text.splitlines()
    head = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    problems: list[tuple[str, int, str]] = []
    metadata, prefixes = _header(lines[:head], problems)
    columns = tuple(lines[head].split("\t")) if head < len(lines) else ()
    rows: list[Row] = []
    for number, line in enumerate(lines[head + 1 :], start=head + 2):
        if not line.strip():
            continue
        if len(rows) + len(problems) >= MAX_ROWS:
            problems.append(("mapping-cells", number, f"and those below are too many; at most {MAX_ROWS} are read"))
            break
        cells = _cells(line)
        if cells is None:
            problems.append(("mapping-cells", number, "has a quote that is not closed"))
        elif len(cells) != len(columns):
            problems.append(("mapping-cells", number, f"has {len(cells)} cells, the table {len(columns)} columns"))
        else:
            rows.append(Row(number, dict(zip(columns, cells, strict=True))))
    namespaces = {prefix: namespace for prefix, (namespace, _) in prefixes.items()}
    places = {prefix: line for prefix, (_, line) in prefixes.items()}
    return MappingTable(metadata, namespaces, places, columns, head + 1, tuple(rows), tuple(problems))


def _cells(line: str) -> list[str] | None:
    try:
        return next(csv.reader([line], delimiter="\t", strict=True))
    except csv.Error:
        return None


def _header(
    lines: list[str], problems: list[tuple[str, int, str]]
) -> tuple[dict[str, str], dict[str, tuple[str, int]]]:
    """Scalars and the ``curie_map`` of the header; other nested slots are passed over."""
    metadata: dict[str, str] = {}
    prefixes: dict[str, tuple[str, int]] = {}
    block = ""
    for number, line in enumerate(lines, start=1):
        content = line.removeprefix("#").removeprefix(" ").rstrip()
        nested = content.startswith((" ", "\t", "-"))
        if not content.strip() or (nested and block != "curie_map"):
            continue
        key, colon, value = (part.strip() for part in content.partition(":"))
        value = value.strip("\"'")
        if not colon or not key:
            problems.append(("mapping-header", number, repr(content)))
        elif nested:
            prefixes[key] = (value, number)
        else:
            block = "" if value else key
            metadata[key] = value
    return metadata, prefixes
