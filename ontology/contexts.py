"""The JSON-LD contexts that Radiograph publishes: names for the terms of HealthDCAT-AP, EUCAIM and its own ontology.

They are files in ``ontology/contexts``, served at ``/context/{name}.jsonld``. Nothing of them is ever fetched: whoever
refers to one by its address, on whatever host, is given the shipped file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.errors import VocabularyError

_HERE = Path(__file__).parent / "contexts"
#: An absolute address, on any host and under any path, or one relative to a host.
_ADDRESS = re.compile(r"(?:https?://[^/?#\s]+)?(?:/[^?#\s]*)?/context/([a-z0-9.-]+)\.jsonld")


@dataclass(frozen=True, slots=True)
class Term:
    """A name for a property: ``datatype`` is what its strings are taken for, ``@id`` for links.

    With ``languages`` its texts stand in an object by their language.
    """

    name: str
    datatype: str | None
    languages: bool


@dataclass(frozen=True, slots=True)
class Context:
    """One context: the file's bytes, the definitions in it, and its names by IRI."""

    name: str
    document: bytes
    definitions: Mapping[str, Any]
    properties: Mapping[str, Term]
    classes: Mapping[str, str]
    prefixes: Mapping[str, str]


@lru_cache(maxsize=1)
def contexts() -> Mapping[str, Context]:
    """All contexts by name, read once.

    Raises:
        VocabularyError: a file is no context.
    """
    return MappingProxyType({path.stem: _read(path) for path in sorted(_HERE.glob("*.jsonld"))})


def known_context(address: str) -> Mapping[str, Any] | None:
    """What the context at ``address`` defines, whatever the host; None where it is not one of ours."""
    found = _ADDRESS.fullmatch(address)
    context = contexts().get(found[1]) if found else None
    return context.definitions if context else None


def with_known_contexts(text: str) -> str:
    """A JSON-LD text in which the contexts that refer to ours are written out; the text itself where none does.

    The text is JSON, and not nested deeper than Python can walk.
    """
    if "/context/" not in text:
        return text
    document = json.loads(text)
    return json.dumps(document, ensure_ascii=False) if _write_out(document) else text


def _write_out(value: Any) -> bool:
    """Replace addresses in ``value``; whether there was one."""
    found = False
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        found = _write_out(inner) or found
    if isinstance(value, dict) and "@context" in value:
        stated = value["@context"]
        several = stated if isinstance(stated, list) else [stated]
        known = [known_context(item) if isinstance(item, str) else None for item in several]
        if any(item is not None for item in known):
            value["@context"] = [
                item if ours is None else dict(ours) for item, ours in zip(several, known, strict=True)
            ]
            return True
    return found


def _read(path: Path) -> Context:
    document = path.read_bytes()
    try:
        definitions: dict[str, Any] = json.loads(document)["@context"]
        prefixes = {name: iri for name, iri in definitions.items() if isinstance(iri, str) and "://" in iri}
        properties, classes = {}, {}
        for name, definition in definitions.items():
            if name in prefixes or name.startswith("@"):
                continue
            details = {"@id": definition} if isinstance(definition, str) else definition
            iri = _expand(details["@id"], prefixes)
            if name[0].isupper():
                classes[iri] = name
            else:
                datatype = details.get("@type")
                datatype = _expand(datatype, prefixes) if datatype not in (None, "@id") else datatype
                properties[iri] = Term(name, datatype, details.get("@container") == "@language")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise VocabularyError(f"no JSON-LD context: {error!r}", where=str(path), remedy="restore the file") from None
    return Context(path.stem, document, MappingProxyType(definitions), properties, classes, prefixes)


def _expand(name: str, prefixes: Mapping[str, str]) -> str:
    prefix, _, local = name.partition(":")
    return prefixes[prefix] + local
