"""Counts a release as its VoID description tells it: triples, subjects, objects, and who says what with which values.

Everything is read once from the release's N-Triples, description by description, so that no engine has a say in it.
What is kept grows with the number of different classes and properties, and by a few bytes for each dataset; distinct
objects are counted by their hashes, on the disk where they are many.

In the union of all graphs a statement counts once. Descriptions own their subjects, so only two things can be said
twice: what descriptions say of subjects they do not own (the profiles they conform to), and what the graphs that belong
to no description say of anything but their own nodes; links speak of datasets. Those are few and are put together by
subject.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime
from io import BytesIO
from itertools import groupby
from types import TracebackType
from typing import Self

from catalogue.description import StoredDescription
from catalogue.tally import Classes, DistinctCount, Kind, Tally, distinct
from core.identifiers import Identifiers
from core.terms import DCT, RDF, XSD

_Statements = dict[bytes, set[tuple[bytes, bytes]]]

_TYPE = f"<{RDF.type}>".encode()
_STRING = f"<{XSD.string}>".encode()
_LANG_STRING = f"<{RDF.langString}>".encode()
#: What several descriptions point to and only some of them give a class to.
_CONFORMS_TO = f"<{DCT.conformsTo}>".encode()
#: Datasets that are named as examples of a repository.
_EXAMPLES = 3


class Family:
    """Counts of some named graphs by themselves: the descriptions of a repository, or one other graph."""

    def __init__(self, files: ExitStack) -> None:
        self.tally = Tally()
        self.objects = DistinctCount(files)
        self.issued: datetime | None = None
        self.modified: datetime | None = None
        self.examples: list[str] = []
        self._loose: _Statements = defaultdict(set)

    @property
    def distinct_objects(self) -> int:
        """The different objects of these graphs."""
        return distinct([self.objects])

    def note(self, description: StoredDescription) -> None:
        """Remember when descriptions came and changed, and the first few as examples."""
        self.issued = min(self.issued or description.issued, description.issued)
        self.modified = max(self.modified or description.modified, description.modified)
        if len(self.examples) < _EXAMPLES:
            self.examples.append(description.iri)

    def gather(self, subject: bytes, statements: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep what several of the graphs may say alike, until all have been read."""
        self._loose[subject].update(statements)

    def close(self) -> None:
        """Count what was kept."""
        for statements in self._loose.values():
            self.tally.count(_classes(statements), [(predicate, _datatype(value)) for predicate, value in statements])
            self.objects.add({value for _, value in statements})
        self._loose.clear()


class Census:
    """A release, counted; to be left as a context, which lets go of the files."""

    def __init__(self, background: Mapping[str, bytes], identifiers: Identifiers) -> None:
        """Begin with the graphs that belong to no description, by graph IRI."""
        self.whole = Tally()
        self.repositories: dict[str, Family] = {}
        self.others: dict[str, Family] = {}
        self._files = ExitStack()
        self._identifiers = identifiers
        self._ours = f"<{identifiers.base}/".encode()
        self._loose: _Statements = defaultdict(set)
        self._described: dict[bytes, Classes] = {}
        self._pointing: Counter[tuple[Classes, bytes, bytes]] = Counter()
        self._known: dict[bytes, Classes] = {}
        for name, ntriples in background.items():
            self.others[name] = self._begin(name, ntriples)
        self._known |= {subject: classes for subject, of in self._loose.items() if (classes := _classes(of))}
        self._late: dict[bytes, set[bytes]] = defaultdict(set)
        # Only now is it known what all the values are.
        for name, ntriples in background.items():
            for subject, statements in _sorted_by_subject(ntriples):
                if subject.startswith(self._own_of_graph(name)):
                    self._count_in_whole(_classes(statements), statements, (), {})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._files.close()

    @property
    def distinct_objects(self) -> int:
        """The different objects of the union of all graphs."""
        return distinct(family.objects for family in (*self.repositories.values(), *self.others.values()))

    def add(self, description: StoredDescription, ntriples: bytes) -> None:
        """Count the graph of one description."""
        family = self.repositories.get(description.repository)
        if family is None:
            family = self.repositories[description.repository] = Family(self._files)
        family.note(description)
        own = self._owned(description)
        subjects = dict(_by_subject(ntriples))
        types = {subject: _classes(statements) for subject, statements in subjects.items()}
        for subject, statements in subjects.items():
            if subject.startswith(own):
                self._count(family, subject, statements, own, types)
            else:
                family.gather(subject, statements)
                self._loose[subject].update(statements)
                self._late[subject].update(types[subject])
        family.objects.add({value for statements in subjects.values() for _, value in statements})

    def close(self) -> None:
        """Count what can be counted only when everything has been read."""
        for classes, predicate, value in self._pointing:
            self.whole.uses[classes, predicate, self._finally(value)] += self._pointing[classes, predicate, value]
        for subject, statements in self._loose.items():
            kinds = [(predicate, self._kind_at_end(value)) for predicate, value in statements]
            self.whole.count(self._finally(subject), kinds)
        for family in self.repositories.values():
            family.close()
        self._pointing.clear()
        self._loose.clear()

    def _begin(self, name: str, ntriples: bytes) -> Family:
        """Count a graph by itself, and keep for the whole what other graphs may speak of, too."""
        family, own = Family(self._files), self._own_of_graph(name)
        for subject, statements in _sorted_by_subject(ntriples):
            classes = _classes(statements)
            family.tally.count(classes, [(predicate, _datatype(value)) for predicate, value in statements])
            if not subject.startswith(own):
                self._loose[subject].update(statements)
            elif classes:
                self._known[subject] = classes
        family.objects.add(line.split(b" ", 2)[2][:-3] for line in BytesIO(ntriples))
        return family

    def _own_of_graph(self, name: str) -> tuple[bytes, ...]:
        """What the subjects begin with that no other graph speaks of: they grow in number with the catalogue."""
        nodes = f"<{name}#".encode()
        return (nodes, self._ours + b"link/") if name == str(self._identifiers.graph("links")) else (nodes,)

    def _owned(self, description: StoredDescription) -> tuple[bytes, ...]:
        repository, identifier = description.repository, description.identifier
        record = self._identifiers.record(repository, identifier)
        distributions = str(self._identifiers.dataset(repository, identifier)).replace("/dataset/", "/distribution/", 1)
        starts = [f"<{iri}{end}" for iri in (description.iri, record) for end in (">", "#")]
        return tuple(start.encode() for start in [*starts, f"<{distributions}/"])

    def _count(
        self,
        family: Family,
        subject: bytes,
        statements: set[tuple[bytes, bytes]],
        own: tuple[bytes, ...],
        types: Mapping[bytes, Classes],
    ) -> None:
        """Count a subject of a description for its family, and with what links say of it for the whole."""
        classes = types[subject]
        family.tally.count(classes, [(predicate, _datatype(value)) for predicate, value in statements])
        said = self._loose.pop(subject, None)
        if said is not None:
            statements = statements | said
            classes = _classes(statements)
        if b"#" not in subject:
            self._described[subject] = classes
        self._count_in_whole(classes, statements, own, types)

    def _count_in_whole(
        self,
        classes: Classes,
        statements: set[tuple[bytes, bytes]],
        own: tuple[bytes, ...],
        types: Mapping[bytes, Classes],
    ) -> None:
        """Count a subject of which nothing more is said; ``types`` has the classes of those that begin with ``own``."""
        kinds: list[tuple[bytes, Kind]] = []
        pointing: list[tuple[bytes, bytes]] = []
        for predicate, value in statements:
            if value[:1] == b'"':
                kinds.append((predicate, _datatype(value)))
            elif value in types and value not in self._known and value.startswith(own):
                kinds.append((predicate, types[value]))
            elif predicate == _CONFORMS_TO or value.startswith(self._ours):
                pointing.append((predicate, value))
            else:
                kinds.append((predicate, self._known.get(value, ())))
        self.whole.count(classes, kinds)
        for predicate, value in pointing:
            self._pointing[classes, predicate, value] += 1
        for predicate in {predicate for predicate, _ in pointing} - {predicate for predicate, _ in kinds}:
            self.whole.users[classes, predicate] += 1

    def _kind_at_end(self, value: bytes) -> Kind:
        return _datatype(value) if value[:1] == b'"' else self._finally(value)

    def _finally(self, resource: bytes) -> Classes:
        """The classes of a resource by all that was read."""
        found = {*self._described.get(resource, ()), *self._known.get(resource, ()), *self._late.get(resource, ())}
        return tuple(sorted(found))


def _by_subject(ntriples: bytes) -> Iterator[tuple[bytes, set[tuple[bytes, bytes]]]]:
    """The statements of a graph by subject; each once."""
    subjects: _Statements = {}
    for line in ntriples.split(b"\n"):
        if line:
            subject, predicate, value = line.split(b" ", 2)
            statement = (predicate, value[:-2])
            if subject in subjects:
                subjects[subject].add(statement)
            else:
                subjects[subject] = {statement}
    yield from subjects.items()


def _sorted_by_subject(ntriples: bytes) -> Iterator[tuple[bytes, set[tuple[bytes, bytes]]]]:
    """The same of a graph whose lines are sorted, with no more than one subject in memory."""
    lines = (line.rstrip(b"\n") for line in BytesIO(ntriples))
    for subject, group in groupby(lines, key=lambda line: line.partition(b" ")[0]):
        statements = set()
        for line in group:
            _, predicate, value = line.split(b" ", 2)
            statements.add((predicate, value[:-2]))
        yield subject, statements


def _classes(statements: Iterable[tuple[bytes, bytes]]) -> Classes:
    return tuple(sorted({value for predicate, value in statements if predicate == _TYPE}))


def _datatype(value: bytes) -> Kind:
    """The datatype of a literal; of a resource nothing."""
    if value[:1] != b'"':
        return ()
    if value[-1:] == b'"':
        return _STRING
    if value[-1:] == b">":
        return value[value.rindex(b"^^<") + 2 :]
    return _LANG_STRING
