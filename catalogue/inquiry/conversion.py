"""Writing what an endpoint sent in the format that was asked for, where it has another one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pyoxigraph as ox

from core.errors import QueryError


def readable(media_type: str, *, graph: bool) -> bool:
    """Whether an answer of this media type can be read without loss."""
    if graph:
        return ox.RdfFormat.from_media_type(media_type) is not None
    return ox.QueryResultsFormat.from_media_type(media_type) not in (None, ox.QueryResultsFormat.CSV)


def convert(source: IO[bytes], target: IO[bytes], found: str, wanted: str, *, graph: bool) -> None:
    """Read an answer of media type ``found`` and write it as ``wanted``.

    Raises:
        QueryError: what was sent is malformed.
    """
    with reading(found):
        if graph:
            quads = ox.parse(source, format=ox.RdfFormat.from_media_type(found))
            ox.serialize((quad.triple for quad in quads), target, format=ox.RdfFormat.from_media_type(wanted))
            return
        results_format = ox.QueryResultsFormat.from_media_type(found)
        assert results_format is not None
        results = ox.parse_query_results(source, format=results_format)
        results.serialize(target, format=ox.QueryResultsFormat.from_media_type(wanted))


@contextmanager
def reading(media_type: str) -> Iterator[None]:
    """Tell in one line that what is read is malformed."""
    try:
        yield
    except (SyntaxError, ValueError) as error:
        raise QueryError(
            f"the endpoint sent what is no {media_type}: {error}",
            remedy="choose another --format, or tell its operator",
        ) from None
