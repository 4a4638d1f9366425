"""What changed in the mapping sets between two trees, row by row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.errors import VocabularyError
from ontology.change import Change, Impact
from ontology.mapping_table import MappingTable, Row, read_table
from ontology.tree import Tree

_SUFFIX = ".sssom.tsv"
#: Columns that say what a row is about, and what it claims; the others say how it came about.
_ABOUT = ("subject_id", "subject_label", "subject_source", "object_source")
_CLAIM = ("predicate_id", "object_id", "predicate_modifier")

_Key = tuple[str, ...]


@dataclass(frozen=True)
class _Set:
    """A mapping set: claims and further cells of each subject, and its header."""

    header: Mapping[str, str]
    claims: Mapping[_Key, frozenset[_Key]]
    cells: Mapping[_Key, frozenset[tuple[tuple[str, str], ...]]]


def mapping_changes(before: Tree, after: Tree) -> Iterator[Change]:
    """The changes of all mapping sets.

    Raises:
        VocabularyError: a table cannot be read; names file and line.
    """
    old, new = _sets(before), _sets(after)
    for name in sorted(old.keys() | new.keys()):
        group = f"mappings/{name}"
        if name not in new:
            reason = "the texts of its repository are understood by it no more"
            yield Change(
                Impact.BREAKING, "set-removed", group, old[name].header.get("mapping_set_id", name), name, reason
            )
        elif name not in old:
            subject = new[name].header.get("mapping_set_id", name)
            yield Change(Impact.ADDITIVE, "set-added", group, subject, name, "it is new")
        empty = _Set({}, {}, {})
        yield from _row_changes(group, old.get(name, empty), new.get(name, empty))
        if name in old and name in new:
            yield from _header_changes(group, name, old[name].header, new[name].header)


def _sets(tree: Tree) -> dict[str, _Set]:
    found: dict[str, _Set] = {}
    for file, text in tree.texts.items():
        if file.endswith(_SUFFIX):
            table = read_table(text)
            for check, line, message in table.problems:
                where = f"{tree.place(file)}, line {line}"
                raise VocabularyError(message, where=where, remedy=f"see radiograph ontology check ({check})")
            found[file.removeprefix("mappings/").removesuffix(_SUFFIX)] = _read(table)
    return found


def _read(table: MappingTable) -> _Set:
    claims: dict[_Key, set[_Key]] = defaultdict(set)
    cells: dict[_Key, set[tuple[tuple[str, str], ...]]] = defaultdict(set)
    for row in table.rows:
        key = tuple(_expanded(table, row, column) for column in _ABOUT)
        claim = tuple(_expanded(table, row, column) for column in _CLAIM)
        claims[key].add(claim)
        others = ((column, _expanded(table, row, column)) for column in sorted(row.cells) if column not in _ABOUT)
        cells[key].add(tuple((column, value) for column, value in others if value))
    return _Set(
        dict(table.metadata),
        {key: frozenset(values) for key, values in claims.items()},
        {key: frozenset(values) for key, values in cells.items()},
    )


def _expanded(table: MappingTable, row: Row, column: str) -> str:
    value = row[column]
    return (table.expand(value) or value) if column.endswith(("_id", "_source", "_justification")) else value


def _row_changes(group: str, old: _Set, new: _Set) -> Iterator[Change]:
    for key in sorted(old.claims.keys() | new.claims.keys()):
        before, after = old.claims.get(key, frozenset()), new.claims.get(key, frozenset())
        name, subject = key[1] or key[0], key[0] or key[1]
        if before != after:
            if not before:
                impact, kind, reason = Impact.ADDITIVE, "row-added", "a text more is understood"
            elif not after:
                impact, kind, reason = Impact.BREAKING, "row-removed", "the text is understood by it no more"
            else:
                impact, kind, reason = Impact.BREAKING, "row-changed", "the text means something else"
            yield Change(
                impact, kind, group, subject, name, reason, _objects(before - after), _objects(after - before), key[3]
            )
        elif old.cells[key] != new.cells[key]:
            gone, come = old.cells[key] - new.cells[key], new.cells[key] - old.cells[key]
            reason = "the text means the same; why, or how surely, is told otherwise"
            yield Change(
                Impact.EDITORIAL,
                "row-edited",
                group,
                subject,
                name,
                reason,
                _details(gone, come),
                _details(come, gone),
                key[3],
            )


def _objects(claims: frozenset[_Key]) -> tuple[str, ...]:
    told = ((predicate.rpartition("#")[2], f" ({how})" if how else "", target) for predicate, target, how in claims)
    return tuple(sorted(f"{predicate}{how} {target}" for predicate, how, target in told))


def _details(
    rows: frozenset[tuple[tuple[str, str], ...]], others: frozenset[tuple[tuple[str, str], ...]]
) -> tuple[str, ...]:
    """The cells that the other side does not have."""
    elsewhere = {cell for row in others for cell in row}
    own = {cell for row in rows for cell in row} - elsewhere
    return tuple(sorted(f"{column}: {value}" for column, value in own))


def _header_changes(group: str, name: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    for slot in sorted(old.keys() | new.keys()):
        before, after = old.get(slot, ""), new.get(slot, "")
        if before == after:
            continue
        impact, kind, reason = Impact.EDITORIAL, "note-changed", "the words are others, the meaning is not"
        if slot == "license":
            impact, kind, reason = Impact.BREAKING, "licence-changed", "the terms of use are others"
        elif slot == "mapping_set_version":
            kind, reason = "version", "the version is another"
        elif slot == "mapping_set_id":
            impact, kind, reason = Impact.BREAKING, "set-readdressed", "its IRI is another"
        subject = new.get("mapping_set_id", name)
        yield Change(
            impact, kind, group, subject, name, reason, (before,) if before else (), (after,) if after else (), slot
        )
