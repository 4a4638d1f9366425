"""From the path of a request to the IRI it names.

Identifiers may hold ``/`` (as ``%2F``), dots and any letter, so paths are split before they are decoded. They may also
end like a file name: the caller tries the whole identifier first, then the one without its extension.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, unquote_to_bytes

from fastapi import Request

from api.negotiation import GRAPH_VARIANTS, HTML, Variant

EXTENSIONS = {variant.name: variant for variant in (*GRAPH_VARIANTS, HTML)}


def segments(request: Request, kind: str) -> tuple[str, ...]:
    """The decoded parts of the path after ``/{kind}/``; empty where they are not UTF-8."""
    raw: bytes = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
    root = quote(request.scope.get("root_path", "")).encode()
    rest = raw.removeprefix(root).partition(f"/{kind}/".encode())[2]
    try:
        return tuple(unquote_to_bytes(part).decode() for part in rest.split(b"/"))
    except UnicodeDecodeError:
        return ()


def readings(name: str) -> Iterator[tuple[str, Variant | None]]:
    """What the last part of a path can mean: an identifier as it is, then one with a format's extension."""
    yield name, None
    stem, _, extension = name.rpartition(".")
    if stem and extension in EXTENSIONS:
        yield stem, EXTENSIONS[extension]
