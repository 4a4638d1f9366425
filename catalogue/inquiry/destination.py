"""Where an answer is written: stdout as it comes, or a file that is there whole or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from core.errors import InputError


@contextmanager
def destination(output: Path | None) -> Iterator[IO[bytes]]:
    """What to write to. A file takes its name, in place of an older one, only when the block ends without an error.

    A reader who closes stdout early has what he wanted: that ends the block, and is no error.
    """
    if output is not None:
        with _whole_file(output.resolve()) as file:
            yield file
        return
    try:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # What is still buffered must not complain when the program ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def _whole_file(target: Path) -> Iterator[IO[bytes]]:
    if target.exists() and not target.is_file():
        with target.open("wb") as device:
            yield device
        return
    if not target.parent.is_dir():
        raise InputError("there is no such folder", where=str(target.parent), remedy="make it, or name another file")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".radiograph-query-") as folder:
        written = Path(folder) / target.name
        with written.open("wb") as file:
            yield cast(IO[bytes], file)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            written.chmod(target.stat().st_mode & 0o7777)
        written.replace(target)
