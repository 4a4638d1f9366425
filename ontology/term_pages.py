"""What templates of term pages are given, the names of their files, and the tree in steps."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

_LONGEST = 100

Steps = list[tuple[str, bool]]


@dataclass(frozen=True)
class Value:
    """A text, or a link where there is an address."""

    text: str
    href: str = ""
    language: str = ""


@dataclass(frozen=True)
class Row:
    """A property with its values."""

    name: str
    values: Sequence[Value]


@dataclass(frozen=True)
class Item:
    """A concept or term in a list or on its page; ``seen`` where its narrower concepts are listed elsewhere."""

    iri: str
    name: str
    notation: str
    href: str
    id: str
    deprecated: bool
    heirs: Sequence[Value] = field(default=())
    rows: Sequence[Row] = field(default=())
    seen: bool = False


def slugs(keys: Sequence[str], *, taken: Collection[str]) -> dict[str, str]:
    """A name for each key that is safe as a file and in an address; no two differ by case alone."""
    found: dict[str, str] = {}
    used = {name.casefold() for name in taken}
    for key in sorted(set(keys)):
        name = re.sub(r"[^A-Za-z0-9_.-]", lambda match: f"~{ord(match[0]):X}~", key)
        name = re.sub(r"^\.", "~2E~", name)
        if len(name) > _LONGEST or name.casefold() in used or not name:
            name = f"{name[:_LONGEST]}~{sha256(key.encode()).hexdigest()[:8]}"
        used.add(name.casefold())
        found[key] = name
    return found


def tree_steps(
    tops: Sequence[str], narrower: Mapping[str, Sequence[str]], shown: Collection[str]
) -> Iterator[tuple[str, bool]]:
    """The tree as ``(IRI, seen)`` and the steps ``down``, ``up`` and ``end`` (of an item).

    What is below a concept with several broader ones is listed once: under the first; elsewhere it is ``seen``.
    """
    opened: set[str] = set()
    todo: list[tuple[str, bool]] = [(iri, True) for iri in reversed(tops)]
    while todo:
        step, is_item = todo.pop()
        if not is_item:
            yield step, False
            continue
        below = [iri for iri in narrower.get(step, ()) if iri in shown]
        seen = bool(below) and step in opened
        yield step, seen
        if not below or seen:
            yield "end", False
            continue
        opened.add(step)
        yield "down", False
        todo += [("end", False), ("up", False), *((iri, True) for iri in reversed(below))]
