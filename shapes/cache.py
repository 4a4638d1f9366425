"""Where verdicts may be remembered, and under which key, so that an unchanged description is judged once.

The key is made of the description's hash and of all else that a verdict depends on, before any of the work of judging
is done. A description that is unchanged but for what the vocabularies say of it is judged again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol

from rdflib import URIRef

#: The packages and modules whose code decides what a verdict is.
_CODE = ("core", "shapes", "ontology.background", "ontology.turtle", "ontology.vocabulary")


class VerdictCache(Protocol):
    """Reports by key: equal keys mean equal reports. What is kept is the JSON of a :class:`shapes.report.Report`."""

    def get_many(self, keys: Collection[str]) -> Mapping[str, Callable[[], str]]:
        """The reports that are kept under some of ``keys``, each read when it is called for."""
        ...

    def put(self, key: str, report: str) -> None:
        """Keep ``report`` under ``key``; a second put of one key may be ignored."""
        ...


class VerdictKey:
    """Makes the keys of all descriptions that are judged alike.

    Args:
        parts: whatever the verdicts depend on besides the description and the program's own code.
    """

    def __init__(self, parts: Iterable[str]) -> None:
        self._common = hashlib.sha256(repr((code_digest(), *parts)).encode())

    def of(self, record: URIRef, digest: str) -> str:
        """The key of a description whose N-Triples have this SHA-256."""
        key = self._common.copy()
        key.update(f"{digest} <{record}>".encode())
        return key.hexdigest()


@cache
def code_digest() -> str:
    """Changes when the code that judges does: a new release of the program, or a curator's own change, asks anew."""
    found = hashlib.sha256()
    for name in _CODE:
        file = Path(str(import_module(name).__file__))
        beside = sorted(file.parent.glob("*.py")) if file.name == "__init__.py" else [file]
        for path in [*beside, *sorted(file.parent.glob("*.ttl"))]:
            found.update(path.read_bytes())
    return found.hexdigest()
