"""How every command speaks: data on stdout, progress and remarks on stderr, one set of exit codes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

#: Wider than any row: what goes into a pipe or a file has one line a row, whatever its length.
_UNWRAPPED = 10_000

#: Where tables and answers go; plain and never wrapped when piped, and NO_COLOR is honoured by rich.
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _UNWRAPPED)
#: Where progress, remarks and errors go.
err = Console(stderr=True, highlight=False, soft_wrap=True)


class Exit(IntEnum):
    """Exit codes of every command."""

    OK = 0
    FINDINGS = 1
    FAULT = 2


def print_json(value: Any, *, indent: int | None = 2) -> None:
    """Write one JSON document to stdout, keys in their given order, unescaped UTF-8."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=indent) + "\n")


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator[Any]:
    """Yield a callable that advances a progress bar by one; silent unless stderr is a terminal."""
    if not err.is_terminal:
        yield lambda: None
        return
    label_column = TextColumn("{task.description}")
    columns = (SpinnerColumn(), label_column, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda: bar.advance(task)
