"""Reading Turtle fast, with lexical forms untouched and errors that name file and line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph

from core.errors import VocabularyError


@dataclass(frozen=True, slots=True)
class TurtleFile:
    """One parsed file: its triples in file order, its prefixes, and its text to look lines up in.

    ``addition`` is the file of an overlay that adds to this one; ``triples`` and ``prefixes`` then are of both.
    ``linked`` are those of the triples that mapping sets say.
    """

    path: Path
    text: str
    triples: tuple[pyoxigraph.Triple, ...]
    prefixes: dict[str, str]
    addition: TurtleFile | None = None
    linked: tuple[pyoxigraph.Triple, ...] = ()

    def extended(self, addition: TurtleFile) -> TurtleFile:
        """This file with what ``addition`` says besides; errors about a subject of both name the addition."""
        prefixes = addition.prefixes | self.prefixes
        return TurtleFile(self.path, self.text, self.triples + addition.triples, prefixes, addition)

    def line_of(self, iri: str) -> int | None:
        """The line on which ``iri`` starts a statement, as full IRI or prefixed name; None where not found."""
        names = [re.escape(f"<{iri}>")]
        for prefix, namespace in self.prefixes.items():
            if iri.startswith(namespace):
                local = re.sub(r"([/~.!$&'()*+,;=?#@%])", r"\\\1", iri[len(namespace) :])
                names += [re.escape(f"{prefix}:{iri[len(namespace) :]}"), re.escape(f"{prefix}:{local}")]
        found = re.search(rf"^(?:{'|'.join(names)})(?=\s|$)", self.text, flags=re.MULTILINE)
        return self.text.count("\n", 0, found.start()) + 1 if found else None

    def adds_to(self, iri: str) -> bool:
        """Whether the addition speaks of ``iri``."""
        return self.addition is not None and self.addition.line_of(iri) is not None

    def where(self, iri: str) -> str:
        """``file`` or ``file, line n``: where the statements on ``iri`` start."""
        if self.addition is not None and self.adds_to(iri):
            return self.addition.where(iri)
        line = self.line_of(iri)
        return f"{self.path}, line {line}" if line else str(self.path)


def read_turtle(path: Path) -> TurtleFile:
    """Parse one Turtle file.

    Raises:
        VocabularyError: the file cannot be read, is not UTF-8, or is not Turtle; names file and line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise VocabularyError(f"cannot be read: {error}", where=str(path), remedy="save it as UTF-8 Turtle") from None
    parser = pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.TURTLE)
    try:
        triples = tuple(quad.triple for quad in parser)
    except SyntaxError as error:
        raise VocabularyError(
            f"is not Turtle: {error.msg}", where=f"{path}, line {error.lineno}", remedy="correct the syntax there"
        ) from None
    return TurtleFile(path, text, triples, dict(parser.prefixes))


def layered(shipped: Path, overlay: Path | None, pattern: str) -> list[Path]:
    """The files of ``shipped`` matching ``pattern``, an overlay file of the same name in place of the shipped one.

    Sorted by name; overlay files with new names are added.
    """
    files = {path.name: path for path in sorted(shipped.glob(pattern))}
    if overlay is not None:
        files |= {path.name: path for path in sorted(overlay.glob(pattern))}
    return [files[name] for name in sorted(files)]
