"""Mapping sets in SSSOM's TSV form (https://w3id.org/sssom/, CC0): what texts mean, and what concepts are elsewhere.

A set without ``subject_id`` is of texts, and says ``subject_type: rdfs literal``. ``object_source`` names the scheme,
because one text may mean one thing as a body part and another as a disease. Several rows for one text in one scheme are
a compound: it means all of them. The object ``sssom:NoTermFound`` says that a curator looked and that the text means
nothing we have a concept for.

A set with ``subject_id`` is of concepts: each row ties one of ours to one of another vocabulary. Codes that came with
the source of a scheme stand in the scheme's own file; what a curator found besides stands in such a set, with who found
it and how. A code stands at one of the two places.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from core.errors import VocabularyError
from core.terms import CONCEPT, SKOS
from ontology.turtle import layered

HERE = Path(__file__).parent

NO_TERM_FOUND = "https://w3id.org/sssom/NoTermFound"
#: The set that applies to every repository; any other applies to the repository it is named after.
COMMON = "common"

_SUFFIX = ".sssom.tsv"
_LINKED = ("subject_id", "predicate_id", "object_id", "mapping_justification")
_REQUIRED = ("subject_label", "predicate_id", "object_id", "mapping_justification", "object_source")
# Built in by the SSSOM specification: they need no line in the curie_map.
_BUILT_IN = {
    "semapv": "https://w3id.org/semapv/vocab/",
    "skos": str(SKOS),
    "sssom": "https://w3id.org/sssom/",
}
#: A text may be as narrow as the concept or narrower; a narrower or merely related concept would be a guess.
_PREDICATES = frozenset(str(p) for p in (SKOS.exactMatch, SKOS.closeMatch, SKOS.broadMatch))

_LINKS = _PREDICATES | {str(SKOS.narrowMatch), str(SKOS.relatedMatch)}


@dataclass(frozen=True, slots=True)
class Mapping:
    """One row: ``text`` means ``concept`` in ``scheme``; ``concept`` is None for "known to mean nothing"."""

    text: str
    scheme: str
    concept: str | None
    confidence: float
    line: int
    justification: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """One row of a set of concepts: ``subject``, one of ours, is tied to ``object`` by ``predicate``; all IRIs."""

    subject: str
    predicate: str
    object: str
    justification: str
    confidence: float
    line: int


@dataclass(frozen=True, slots=True)
class MappingSet:
    """One file; ``name`` is the repository it is for, or ``common``; in a set of concepts only ``links`` is filled."""

    name: str
    iri: str
    licence: str
    mappings: tuple[Mapping, ...]
    path: Path
    links: tuple[Link, ...] = ()
    prefixes: dict[str, str] = field(default_factory=dict)

    def where(self, mapping: Mapping | Link) -> str:
        return f"{self.path}, line {mapping.line}"


def load_mapping_sets(overlay: Path | None = None) -> tuple[MappingSet, ...]:
    """Read ``ontology/mappings/*.sssom.tsv``, the overlay's files first.

    Raises:
        VocabularyError: a file is not SSSOM; names file, line and remedy.
    """
    laid = overlay / "ontology" / "mappings" if overlay is not None else None
    return tuple(read_mapping_set(path) for path in layered(HERE / "mappings", laid, f"*{_SUFFIX}"))


def read_mapping_set(path: Path) -> MappingSet:
    """Read one mapping set.

    Raises:
        VocabularyError: the file cannot be read or is not SSSOM; names file, line and remedy.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise VocabularyError(f"cannot be read: {error}", where=str(path), remedy="save it as UTF-8 TSV") from None
    return parse_mapping_set(text, path)


def parse_mapping_set(text: str, path: Path) -> MappingSet:
    """Read the text of a mapping set; ``path`` gives its name and is where errors are told.

    Raises:
        VocabularyError: it is not SSSOM; names file, line and remedy.
    """
    lines = text.splitlines()
    head = sum(1 for _ in _leading(lines))
    metadata, prefixes = _read_metadata(path, lines[:head])
    for slot in ("mapping_set_id", "license"):
        if slot not in metadata:
            raise VocabularyError(f"has no {slot}", where=str(path), remedy=f"add a line '# {slot}: …' at the top")
    rows = _Rows(path, _BUILT_IN | prefixes).read(lines, head)
    return MappingSet(
        name=path.name.removesuffix(_SUFFIX),
        iri=metadata["mapping_set_id"],
        licence=metadata["license"],
        mappings=tuple(row for row in rows if isinstance(row, Mapping)),
        path=path,
        links=tuple(row for row in rows if isinstance(row, Link)),
        prefixes=prefixes,
    )


def _leading(lines: list[str]) -> list[str]:
    for number, line in enumerate(lines):
        if not line.startswith("#"):
            return lines[:number]
    return lines


def _read_metadata(path: Path, lines: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Read the YAML header: scalars, and the two-level ``curie_map``. Other nested slots are passed over."""
    metadata: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    block = ""
    for number, line in enumerate(lines, start=1):
        content = line.removeprefix("#").removeprefix(" ").rstrip()
        if not content.strip():
            continue
        key, colon, value = content.partition(":")
        nested = content.startswith((" ", "\t", "-"))
        if nested and block != "curie_map":
            continue
        if not colon:
            raise VocabularyError(
                f"the header line {content!r} is not 'name: value'", where=f"{path}, line {number}", remedy="correct it"
            )
        value = value.strip().strip("\"'")
        if nested:
            prefixes[key.strip()] = value
            continue
        block = key if not value else ""
        metadata[key] = value
    return metadata, prefixes


class _Rows:
    """Reads the table under the header."""

    def __init__(self, path: Path, prefixes: dict[str, str]) -> None:
        self._path = path
        self._prefixes = prefixes

    def read(self, lines: list[str], head: int) -> list[Mapping | Link]:
        rows = csv.reader(lines[head:], delimiter="\t", strict=True)
        try:
            columns = next(rows, [])
            required = _LINKED if "subject_id" in columns else _REQUIRED
            missing = [name for name in required if name not in columns]
            if missing:
                self._fail(head + 1, f"the table has no column {', '.join(missing)}", "add it, separated by tabs")
            read = self._link if required is _LINKED else self._mapping
            return [
                read(self._row(cells, columns, required, head + rows.line_num), head + rows.line_num)
                for cells in rows
                if any(cell.strip() for cell in cells)
            ]
        except csv.Error as error:
            self._fail(head + rows.line_num, f"is not a TSV row: {error}", 'close the quote, or double it: ""')

    def _row(self, cells: list[str], columns: list[str], required: Sequence[str], line: int) -> dict[str, str]:
        if len(cells) != len(columns):
            self._fail(line, f"has {len(cells)} cells, the table has {len(columns)} columns", "separate cells by tabs")
        row = dict(zip(columns, (cell.strip() for cell in cells), strict=True))
        for name in required:
            if not row[name]:
                self._fail(line, f"has no {name}", "fill the cell")
        if row.get("predicate_modifier"):
            self._fail(line, "has a predicate_modifier", "say sssom:NoTermFound to bar a match")
        return row

    def _link(self, row: dict[str, str], line: int) -> Link:
        subject, predicate = self._expand(row["subject_id"], line), self._expand(row["predicate_id"], line)
        if not subject.startswith(str(CONCEPT)):
            self._fail(line, f"{row['subject_id']} is not a concept of ours", f"expected {CONCEPT}SCHEME/NOTATION")
        if predicate not in _LINKS:
            self._fail(line, f"{row['predicate_id']} is no mapping property", "use skos:exactMatch, skos:closeMatch, …")
        return Link(
            subject=subject,
            predicate=predicate,
            object=self._expand(row["object_id"], line),
            justification=self._expand(row["mapping_justification"], line),
            confidence=self._confidence(row.get("confidence", ""), line),
            line=line,
        )

    def _mapping(self, row: dict[str, str], line: int) -> Mapping:
        if self._expand(row["predicate_id"], line) not in _PREDICATES:
            self._fail(
                line,
                f"{row['predicate_id']} does not say that the text means the concept",
                "use skos:exactMatch, skos:closeMatch or skos:broadMatch",
            )
        justification = self._expand(row["mapping_justification"], line)
        target = self._expand(row["object_id"], line)
        return Mapping(
            text=row["subject_label"],
            scheme=self._scheme(row["object_source"], line),
            concept=None if target == NO_TERM_FOUND else target,
            confidence=self._confidence(row.get("confidence", ""), line),
            line=line,
            justification=justification,
        )

    def _scheme(self, source: str, line: int) -> str:
        iri = self._expand(source, line)
        name = iri.removeprefix(str(CONCEPT))
        if name == iri or not name or "/" in name:
            self._fail(line, f"object_source {source} is not one of our schemes", f"expected {CONCEPT}SCHEME")
        return name

    def _confidence(self, text: str, line: int) -> float:
        try:
            confidence = float(text or 1)
        except ValueError:
            confidence = -1.0
        if not 0 <= confidence <= 1:
            self._fail(line, f"confidence {text!r} is not a number from 0 to 1", "correct it")
        return confidence

    def _expand(self, curie: str, line: int) -> str:
        prefix, colon, local = curie.partition(":")
        if not colon or prefix not in self._prefixes:
            self._fail(line, f"the prefix of {curie!r} is not in the curie_map", f"add '#   {prefix}: https://…' to it")
        return self._prefixes[prefix] + local

    def _fail(self, line: int, message: str, remedy: str) -> NoReturn:
        raise VocabularyError(message, where=f"{self._path}, line {line}", remedy=remedy)
