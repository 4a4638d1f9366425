"""A vocabulary tree: the ontology, the concept schemes and the mapping sets of one place and time.

A tree is the shipped ontology, a folder, or a git revision; everything the curator's commands do stands on it. A file
that is broken is a fault of the tree, told with its line, and the other files are used all the same. Nothing is ever
fetched: ``owl:imports`` is a statement like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import pyoxigraph
from pyoxigraph import RdfFormat

from core.errors import VocabularyError
from core.lines import LocatedParser
from ontology.additions import ADDITIONS, extended
from ontology.links import linked
from ontology.sssom import MappingSet, parse_mapping_set
from ontology.tree_files import Fault, RawFiles, read_folder, read_revision
from ontology.turtle import TurtleFile
from ontology.vocabulary import Vocabularies

__all__ = ["ONTOLOGY", "Fault", "Statements", "Tree"]

#: The name of the application ontology in a tree.
ONTOLOGY = "radiograph.ttl"
#: The longest definition of a public vocabulary has some 4,000 characters.
MAX_LITERAL = 20_000
MAX_STATEMENTS = 2_000_000

_HERE = Path(__file__).parent
#: Two trees that are compared have most files in common; each is parsed once.
_REMEMBERED = 128
_PLACE = re.compile(r"^Parser error (?:at line \d+ (?:column \d+|between columns \d+ and \d+)|between .*?): ")


@dataclass(frozen=True)
class Statements:
    """A parsed Turtle file: its triples in file order; ``lines`` has the line of each, found when it is asked for."""

    name: str
    text: str
    triples: tuple[pyoxigraph.Triple, ...]
    prefixes: dict[str, str]

    @cached_property
    def lines(self) -> tuple[int, ...]:
        """The line that each triple stands on, in their order."""
        return tuple(line for _, line in LocatedParser(self.text.encode(), RdfFormat.TURTLE))

    def line(self, subject: str, predicate: str | None = None, value: str | None = None) -> int | None:
        """The first line that says this of ``subject``, or says anything of that kind of it; None for nothing.

        ``value`` is an IRI or the text of a literal.
        """
        return self.nearest(subject, predicate, value)[1]

    def nearest(self, subject: str, predicate: str | None = None, value: str | None = None) -> tuple[int, int | None]:
        """As :meth:`line`, after how far off that is: 0 for the statement itself, 3 for nothing about ``subject``."""
        keys = ((subject, predicate, value), (subject, predicate, None), (subject, None, None))
        for distance, key in enumerate(keys):
            if key in self._index:
                return distance, self._index[key]
        return len(keys), None

    @cached_property
    def _index(self) -> dict[tuple[str, str | None, str | None], int]:
        found: dict[tuple[str, str | None, str | None], int] = {}
        for triple, line in zip(self.triples, self.lines, strict=True):
            subject, value = triple.subject, triple.object
            assert isinstance(subject, pyoxigraph.NamedNode)
            assert isinstance(value, pyoxigraph.NamedNode | pyoxigraph.Literal)
            predicate = triple.predicate.value
            for key in ((subject.value, None, None), (subject.value, predicate, None)):
                found.setdefault(key, line)
            found.setdefault((subject.value, predicate, value.value), line)
        return found

    def turtle_file(self, path: Path) -> TurtleFile:
        """The file as the loader of vocabularies wants it, known by ``path``."""
        return TurtleFile(path, self.text, self.triples, self.prefixes)


@dataclass(frozen=True)
class Tree:
    """The files of a tree by their names in it, such as ``radiograph.ttl`` and ``concepts/cancer.ttl``.

    ``texts`` has every file that could be read as text, ``statements`` every Turtle file without fault, ``faults`` what
    is wrong with the others. ``checks`` is the folder with the tree's own checks, where it has one.
    """

    title: str
    texts: Mapping[str, str]
    statements: Mapping[str, Statements]
    faults: tuple[Fault, ...]
    places: Mapping[str, str] = field(repr=False)
    checks: Path | None = None

    @classmethod
    def load(cls, source: str | Path | None = None, *, checkout: Path | None = None) -> Tree:
        """Read a tree.

        ``source`` is None for the shipped vocabularies, a folder, or a git revision of the checkout around
        ``checkout`` (by default the current folder). A folder has ``radiograph.ttl``, ``concepts/`` and ``mappings/``,
        itself or in its ``ontology/``; one without ``radiograph.ttl`` is an overlay and is laid over the shipped
        files, as the setting ``RADIOGRAPH_OVERLAY`` lays it. ``rev:NAME`` is a revision even where a folder is called
        so.

        Raises:
            VocabularyError: there is no such folder or revision, or it holds no vocabulary.
        """
        checks: Path | None = None
        if source is None:
            raw = read_folder(_HERE)
            raw = RawFiles("the shipped vocabularies", raw.data, raw.faults, raw.places)
        elif isinstance(source, Path) or (not source.startswith("rev:") and Path(source).exists()):
            raw = read_folder(Path(source))
            own = Path(source) / "ontology" / "checks"
            checks = own if own.is_dir() else Path(source) / "checks"
            if ONTOLOGY not in raw.places:
                raw = _laid_over(read_folder(_HERE), raw)
        else:
            raw = read_revision(source.removeprefix("rev:"), checkout or Path.cwd())
        return cls._parsed(raw, checks if checks is not None and checks.is_dir() else None)

    @classmethod
    def _parsed(cls, raw: RawFiles, checks: Path | None) -> Tree:
        texts: dict[str, str] = {}
        statements: dict[str, Statements] = {}
        faults = list(raw.faults)
        for name in sorted(raw.data):
            data = raw.data[name].removeprefix(b"\xef\xbb\xbf")
            try:
                texts[name] = data.decode("utf-8")
                if name.endswith(".ttl"):
                    statements[name] = _parse(name, data, texts[name])
            except UnicodeDecodeError as error:
                line = data.count(b"\n", 0, error.start) + 1
                message = f"byte {data[error.start]:#04x} is not UTF-8"
                faults.append(Fault("file-encoding", name, line, message, "save the file as UTF-8"))
            except _Refused as refused:
                faults.append(refused.fault)
        return cls(raw.title, texts, statements, tuple(faults), raw.places, checks)

    @property
    def schemes(self) -> Mapping[str, Statements]:
        """The files of concept schemes by the scheme's name, in its order; additions of overlays are not among them."""
        return self._of("concepts/")

    @property
    def additions(self) -> Mapping[str, Statements]:
        """The files of an overlay that add to a scheme, by the scheme's name (see ``ontology.additions``)."""
        return self._of(f"concepts/{ADDITIONS}/")

    def _of(self, folder: str) -> dict[str, Statements]:
        names = {
            name.removeprefix(folder).removesuffix(".ttl"): name for name in self.statements if name.startswith(folder)
        }
        return {scheme: self.statements[name] for scheme, name in sorted(names.items()) if "/" not in scheme}

    def place(self, name: str) -> str:
        """Where a file is, for people: its path, relative to the current folder if it is below."""
        return self.places.get(name, name)

    def vocabularies(self, like: Vocabularies | None = None) -> Vocabularies:
        """The tree as the program uses it; quicker where ``like`` are the vocabularies of much the same tree.

        Raises:
            VocabularyError: a Turtle file has a fault, there is no ontology, or a scheme is malformed.
        """
        self._insist(".ttl")
        if ONTOLOGY not in self.statements:
            raise VocabularyError(f"has no {ONTOLOGY}", where=self.title, remedy="add the file")
        files = {name: file.turtle_file(Path(self.place(file.name))) for name, file in self.schemes.items()}
        for name, file in self.additions.items():
            files[name] = extended(files.get(name), file.turtle_file(Path(self.place(file.name))))
        ontology = self.statements[ONTOLOGY].turtle_file(Path(self.place(ONTOLOGY)))
        return Vocabularies(ontology, linked(files, self.mapping_sets()), like)

    def mapping_sets(self) -> tuple[MappingSet, ...]:
        """The mapping sets as the program uses them.

        Raises:
            VocabularyError: a set has a fault or is not SSSOM.
        """
        self._insist(".tsv")
        return self._mapping_sets

    @cached_property
    def _mapping_sets(self) -> tuple[MappingSet, ...]:
        return tuple(
            parse_mapping_set(text, Path(self.place(name)))
            for name, text in self.texts.items()
            if name.endswith(".tsv")
        )

    def _insist(self, suffix: str) -> None:
        for fault in self.faults:
            if fault.file.endswith(suffix):
                line = f", line {fault.line}" if fault.line else ""
                raise VocabularyError(fault.message, where=f"{self.place(fault.file)}{line}", remedy=fault.remedy)


def _laid_over(below: RawFiles, above: RawFiles) -> RawFiles:
    data = {name: data for name, data in below.data.items() if name not in above.places}
    return RawFiles(above.title, data | above.data, below.faults + above.faults, below.places | above.places)


class _Refused(Exception):
    """A Turtle file that is not used; ``fault`` says why."""

    def __init__(self, kind: str, name: str, line: int | None, message: str, remedy: str) -> None:
        super().__init__(message)
        self.fault = Fault(kind, name, line, message, remedy)


@lru_cache(maxsize=_REMEMBERED)
def _parse(name: str, data: bytes, text: str) -> Statements:
    parser = pyoxigraph.parse(data, format=RdfFormat.TURTLE)
    triples: list[pyoxigraph.Triple] = []
    try:
        for quad in parser:
            _look_over(name, data, text, quad, len(triples))
            triples.append(quad.triple)
    except SyntaxError as error:
        raise _syntax(name, _PLACE.sub("", str(error.msg)), error.lineno) from None
    return Statements(name, text, tuple(triples), dict(parser.prefixes))


def _is_anonymous(quad: pyoxigraph.Quad) -> bool:
    return not isinstance(quad.subject, pyoxigraph.NamedNode) or not isinstance(
        quad.object, pyoxigraph.NamedNode | pyoxigraph.Literal
    )


def _look_over(name: str, data: bytes, text: str, quad: pyoxigraph.Quad, before: int) -> None:
    """Refuse a statement that no vocabulary may make, or that is one too many; ``before`` counts those before it."""
    if _is_anonymous(quad):
        line = next((line for found, line in LocatedParser(data, RdfFormat.TURTLE) if _is_anonymous(found)), None)
        raise _Refused("blank-node", name, line, "has a blank node or a quoted triple", "give every node an IRI")
    if before >= MAX_STATEMENTS:
        message, remedy = f"has more than {MAX_STATEMENTS} statements", "split it into several schemes"
        raise _Refused("file-too-large", name, None, message, remedy)
    value = quad.object
    if isinstance(value, pyoxigraph.Literal) and len(value.value) > MAX_LITERAL:
        start = text.find(value.value[:200])
        line = text.count("\n", 0, start) + 1 if start >= 0 else None
        message = f"has a text of {len(value.value)} characters; at most {MAX_LITERAL} are read"
        raise _Refused("literal-too-long", name, line, message, "shorten it, or refer to a page")


def _syntax(name: str, reason: str, line: int | None) -> _Refused:
    remedy = "correct the syntax there"
    if "prefix" in reason and "declared" in reason:
        return _Refused("prefix-undeclared", name, line, f"is not Turtle: {reason}", "declare the prefix at the top")
    if "IRI" in reason:
        return _Refused("iri-malformed", name, line, f"is not Turtle: {reason}", "correct the IRI, or write it in full")
    return _Refused("turtle-syntax", name, line, f"is not Turtle: {reason}", remedy)
