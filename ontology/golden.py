"""Golden records: texts and the concepts a curator expects of them, in tables that anyone can add to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import VocabularyError
from ontology.check_profile import Profile
from ontology.finding import Finding
from ontology.harmoniser import Harmoniser
from ontology.tree import ONTOLOGY, Tree

FOLDER = "mappings/golden"
_COLUMNS = ("text", "scheme", "expected", "repository")


@dataclass(frozen=True, slots=True)
class GoldenRecord:
    """``text`` is to mean the concepts with the notations ``expected``, in the words of ``repository`` if any."""

    text: str
    scheme: str
    expected: frozenset[str]
    repository: str | None
    file: str
    line: int

    def found(self, harmoniser: Harmoniser) -> frozenset[str]:
        """The notations of what the harmoniser makes of the text.

        Raises:
            VocabularyError: there is no such scheme.
        """
        match = harmoniser.match(self.text, self.scheme, repository=self.repository)
        return frozenset(concept.notation for concept in match.concepts)


def read_golden(path: Path) -> tuple[GoldenRecord, ...]:
    """Read a table of golden records: lines with ``#``, a line of column names, and a record a line.

    Raises:
        VocabularyError: it cannot be read, or a row does not fit the columns; names file and line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise VocabularyError(f"cannot be read: {error}", where=str(path), remedy="save it as UTF-8 TSV") from None
    rows = [(number, line.split("\t")) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]
    for number, cells in rows:
        if len(cells) != len(_COLUMNS) or (number == rows[0][0] and tuple(cells) != _COLUMNS):
            raise VocabularyError(
                f"does not have the columns {', '.join(_COLUMNS)}",
                where=f"{path}, line {number}",
                remedy="separate the cells by single tabs; the last two may be empty",
            )
    return tuple(
        GoldenRecord(text, scheme, frozenset(expected.split()), repository or None, str(path), number)
        for number, (text, scheme, expected, repository) in rows[1:]
    )


def golden_findings(tree: Tree, profile: Profile | None = None) -> Iterator[Finding]:
    """Where the vocabularies and mapping sets of a tree make something else of a golden record.

    Raises:
        VocabularyError: the tree cannot be used, or a table is malformed.
    """
    profile = profile or Profile.load(tree.checks)
    records = tuple(_records(tree))
    harmoniser = Harmoniser(tree.vocabularies(), tree.mapping_sets()) if records else None
    for record in records:
        assert harmoniser is not None
        found = record.found(harmoniser)
        if found != record.expected:
            said = {"subject": repr(record.text), "value": _names(found), "other": _names(record.expected)}
            if (finding := profile.finding("golden-differs", record.file, record.line, **said)) is not None:
                yield finding


def _records(tree: Tree) -> Iterator[GoldenRecord]:
    for path in sorted((Path(tree.place(ONTOLOGY)).parent / FOLDER).glob("*.tsv")):
        yield from read_golden(path)


def _names(notations: Iterable[str]) -> str:
    return ", ".join(sorted(notations)) or "nothing"
