"""On which line of a text each RDF statement stands.

The parser is fed one line at a time, so that a statement which comes out belongs to the lines handed out last. Where
the parser must look ahead (a literal may be followed by its language on the next line), or where a statement
ends far below its beginning (a nested node), the line is put right.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from typing import IO, cast
from xml.parsers import expat

import pyoxigraph
from pyoxigraph import RdfFormat

_PUNCTUATION = re.compile(rb"\s*[;,.\])}][;,.\])}\s]*")
_INSIGNIFICANT = re.compile(rb"\s*(?:#|$)")
_LABEL = re.compile(r"_:([\w.·-]*[\w-])")
_QUOTES = (b'"""', b"'''")


class LocatedParser:
    """Iterates over the statements of a document as ``(quad, line)``; lines count from 1.

    Turtle, TriG, N-Triples, N-Quads and RDF/XML. Iteration raises SyntaxError where the data is not of this format.
    ``prefixes`` are those declared so far.
    """

    def __init__(self, data: bytes, form: RdfFormat) -> None:
        lines = io.BytesIO(data).readlines()
        if form is RdfFormat.RDF_XML:
            self._lines: _Lines = _XmlLines(lines, data)
        elif form in (RdfFormat.TURTLE, RdfFormat.TRIG):
            self._lines = _TurtleLines(lines, data)
        else:
            self._lines = _Lines(lines)
        self._parser = pyoxigraph.parse(input=cast(IO[bytes], self._lines), format=form)

    def __iter__(self) -> Iterator[tuple[pyoxigraph.Quad, int]]:
        for quad in self._parser:
            yield quad, self._lines.find(quad)

    @property
    def prefixes(self) -> dict[str, str]:
        return dict(self._parser.prefixes)


class _Lines:
    """A file of which each read gets the next line, or a part of it."""

    def __init__(self, lines: Sequence[bytes]) -> None:
        self.lines = lines
        self.line = 0
        self._pieces = self._cut()
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """The next piece; a long one comes in parts."""
        piece = self._rest or next(self._pieces, b"")
        if size < 0:
            size = len(piece)
        self._rest = piece[size:]
        return piece[:size]

    def _cut(self) -> Iterator[bytes]:
        for self.line, line in enumerate(self.lines, start=1):  # noqa: B020
            yield line

    def find(self, quad: pyoxigraph.Quad) -> int:
        """The line on which the statement stands that came out now."""
        return self.line


class _TurtleLines(_Lines):
    """Lines of Turtle: a mark at the beginning of a line ends a statement of a line above."""

    def __init__(self, lines: Sequence[bytes], data: bytes) -> None:
        super().__init__(lines)
        self._labels = set(_LABEL.findall(data.decode())) if b"_:" in data else set()
        #: The first line of each blank node, and of the statement that leads to it.
        self._first: dict[str, int] = {}

    def _cut(self) -> Iterator[bytes]:
        for number, line in enumerate(self.lines, start=1):
            mark = _PUNCTUATION.match(line)
            if mark is not None:
                yield mark.group()
                line = line[mark.end() :]
            if not _INSIGNIFICANT.match(line):
                self.line = number
            if line:
                yield line

    def find(self, quad: pyoxigraph.Quad) -> int:
        line, subject, value = self.line, quad.subject, quad.object
        if isinstance(value, pyoxigraph.Literal):
            if "\n" in value.value:
                line = self._start(line, value.value.split("\n"))
        elif isinstance(value, pyoxigraph.BlankNode) and value.value not in self._labels:
            line = self._opening(self._first.get(value.value, line))
        if isinstance(subject, pyoxigraph.BlankNode):
            self._first.setdefault(subject.value, line)
        return line

    def _start(self, line: int, parts: list[str]) -> int:
        """The line on which a literal of several lines begins, which ends on ``line``; escaped line feeds are none."""
        start, first, last = line - len(parts) + 1, parts[0].rstrip("\r").encode(), parts[-1].encode()
        if start < 1:
            return line
        above, below = self.lines[start - 1].rstrip(b"\r\n"), self.lines[line - 1]
        written_long = any(above.endswith(quotes + first) and last + quotes in below for quotes in _QUOTES)
        return start if written_long else line

    def _opening(self, line: int) -> int:
        """The line of the bracket that opens a node whose first statement is on ``line``."""
        above = self.lines[line - 2].rstrip() if line >= 2 else b""
        return line - 1 if above.endswith((b"[", b"(")) else line


class _XmlLines(_Lines):
    """Lines of RDF/XML: a statement comes out where its element ends, and stands where that begins."""

    def __init__(self, lines: Sequence[bytes], data: bytes) -> None:
        super().__init__(lines)
        self._elements = _long_elements(data)

    def find(self, quad: pyoxigraph.Quad) -> int:
        for name, start in self._elements.get(self.line, ()):
            if quad.predicate.value.endswith(name):
                return start
        line = self.line
        while line > 1 and b"<" not in self.lines[line - 1]:
            line -= 1
        return line


def _long_elements(data: bytes) -> dict[int, list[tuple[str, int]]]:
    """For each line on which elements end that began above it: their local names and first lines, innermost first."""
    found: dict[int, list[tuple[str, int]]] = {}
    open_lines: list[int] = []
    parser = expat.ParserCreate("utf-8")

    def start(tag: str, attributes: dict[str, str]) -> None:
        open_lines.append(parser.CurrentLineNumber)

    def end(tag: str) -> None:
        line, last = open_lines.pop(), parser.CurrentLineNumber
        if line < last:
            found.setdefault(last, []).append((tag.rpartition(":")[2], line))

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(data, True)
    return found
