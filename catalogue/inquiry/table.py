"""An answer as a person reads it: bindings in columns, IRIs shortened by the prefixes that the query declares."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import IO

import pyoxigraph as ox
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

#: Rows that are laid out together; the columns of the first page are those of all.
_PAGE = 500
#: A column gives way to the others down to this width.
_NARROWEST = 12
_GAP = 2
_PREFIX = re.compile(r"\bPREFIX\s+([\w.\-]*:)\s*<([^>\s]*)>", re.IGNORECASE)
_LOCAL = re.compile(r"[\w\-]*(?:\.[\w\-]+)*")
_NUMBER = re.compile(r"(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)?")


def draw(results: IO[bytes], query: str, console: Console, write: Callable[[str], object]) -> int | None:
    """Draw SPARQL results in JSON as the console would show them.

    Returns:
        How many rows there were, or None where the answer is true or false.
    """
    parsed = ox.parse_query_results(results, format=ox.QueryResultsFormat.JSON)
    if isinstance(parsed, ox.QueryBoolean):
        write(f"{str(bool(parsed)).lower()}\n")
        return None
    assert isinstance(parsed, ox.QuerySolutions)
    rows = _rows(parsed, _prefixes(query))
    page = list(islice(rows, _PAGE))
    columns = _columns([variable.value for variable in parsed.variables], page, console.width)
    total = 0
    while page or not total:
        write(_page(page, columns, console, header=total == 0))
        total += len(page)
        page = list(islice(rows, _PAGE))
        if not page:
            break
    return total


def _page(rows: list[list[str]], columns: list[Column], console: Console, *, header: bool) -> str:
    table = Table(*(column.copy() for column in columns), box=None, pad_edge=False, show_header=header)
    for row in rows:
        table.add_row(*map(Text, row))
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _rows(solutions: ox.QuerySolutions, prefixes: list[tuple[str, str]]) -> Iterator[list[str]]:
    for solution in solutions:
        yield [_shown(value, prefixes) for value in solution]


def _prefixes(query: str) -> list[tuple[str, str]]:
    """Namespaces with their prefixes, the longest first."""
    declared = [(namespace, prefix) for prefix, namespace in _PREFIX.findall(query) if namespace]
    return sorted(declared, key=lambda pair: -len(pair[0]))


def _shown(value: object, prefixes: list[tuple[str, str]]) -> str:
    if value is None:
        return ""
    if isinstance(value, ox.NamedNode):
        for namespace, prefix in prefixes:
            local = value.value.removeprefix(namespace)
            if local != value.value and _LOCAL.fullmatch(local):
                return f"{prefix}{local}"
        return value.value
    # A row is one line, however many its text has.
    return " ".join(value.value.split()) if isinstance(value, ox.Literal) else str(value)


def _columns(names: list[str], page: list[list[str]], width: int) -> list[Column]:
    """Columns as wide as the first page needs; where that is wider than the terminal, the widest give way."""
    widths = [max(map(cell_len, (name, *(row[at] for row in page)))) for at, name in enumerate(names)]
    room = width - _GAP * max(0, len(widths) - 1)
    while sum(widths) > room and max(widths, default=0) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    numeric = [bool(page) and all(_NUMBER.fullmatch(row[at]) for row in page) for at in range(len(names))]
    return [
        Column(name, width=widths[at], overflow="fold", justify="right" if numeric[at] else "left")
        for at, name in enumerate(names)
    ]
