"""What a count of statements is kept in: by class, property and kind of value, and different terms by their hashes."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from tempfile import SpooledTemporaryFile
from typing import IO

#: Classes of a resource, sorted; each is the IRI in angle brackets, as all terms here are written as in N-Triples.
Classes = tuple[bytes, ...]
#: What a value is: the datatype of a literal, or the classes of a resource.
Kind = bytes | Classes

#: Files that hashes are divided among; one at a time is in memory when they are counted.
_PARTS = 16
#: Bytes of hashes that a file keeps in memory before it goes to the disk.
_SPOOL = 1024 * 1024


class Tally:
    """Statements counted by the classes of their subject, their property and the kind of their value."""

    def __init__(self) -> None:
        self.uses: Counter[tuple[Classes, bytes, Kind]] = Counter()
        """Triples."""
        self.users: Counter[tuple[Classes, bytes]] = Counter()
        """Distinct subjects that have the property."""
        self.subjects: Counter[Classes] = Counter()
        """Distinct subjects."""

    @property
    def triples(self) -> int:
        return self.uses.total()

    @property
    def entities(self) -> int:
        """Distinct subjects that are said to be of some class."""
        return sum(count for classes, count in self.subjects.items() if classes)

    @property
    def classes(self) -> dict[bytes, int]:
        """How many subjects each class has."""
        found: Counter[bytes] = Counter()
        for classes, count in self.subjects.items():
            found.update(dict.fromkeys(classes, count))
        return dict(sorted(found.items()))

    def properties(self, of: bytes | None = None) -> dict[bytes, tuple[int, int]]:
        """The triples and the distinct subjects of each property, of all subjects or those of a class."""
        triples: Counter[bytes] = Counter()
        users: Counter[bytes] = Counter()
        for (classes, predicate, _), count in self.uses.items():
            if of is None or of in classes:
                triples[predicate] += count
        for (classes, predicate), count in self.users.items():
            if of is None or of in classes:
                users[predicate] += count
        return {predicate: (triples[predicate], users[predicate]) for predicate in sorted(triples)}

    def values(self, of: bytes, predicate: bytes) -> tuple[dict[bytes, int], dict[bytes, int]]:
        """What subjects of a class have as the property's values: triples by class, and by datatype."""
        by_class: Counter[bytes] = Counter()
        by_datatype: Counter[bytes] = Counter()
        for (classes, used, kind), count in self.uses.items():
            if used == predicate and of in classes:
                if isinstance(kind, bytes):
                    by_datatype[kind] += count
                else:
                    by_class.update(dict.fromkeys(kind, count))
        return dict(sorted(by_class.items())), dict(sorted(by_datatype.items()))

    def count(self, classes: Classes, pairs: Iterable[tuple[bytes, Kind]]) -> None:
        """Count one subject with the property and the kind of value of each of its statements."""
        self.subjects[classes] += 1
        uses, properties = self.uses, set()
        for predicate, kind in pairs:
            uses[classes, predicate, kind] += 1
            properties.add(predicate)
        for predicate in properties:
            self.users[classes, predicate] += 1


class DistinctCount:
    """Counts different terms without keeping them: 64 bits of hash each, in files that are read one at a time."""

    def __init__(self, files: ExitStack) -> None:
        """``files`` closes those of this count."""
        self.parts: list[IO[bytes]] = [
            files.enter_context(SpooledTemporaryFile(_SPOOL))  # noqa: SIM115
            for _ in range(_PARTS)
        ]

    def add(self, terms: Iterable[bytes]) -> None:
        """Take in terms; those that were there before count no more."""
        divided: list[array[int]] = [array("q") for _ in range(_PARTS)]
        for term in terms:
            number = hash(term)
            divided[number % _PARTS].append(number)
        for part, numbers in zip(self.parts, divided, strict=True):
            if numbers:
                part.write(numbers.tobytes())


def distinct(counts: Iterable[DistinctCount]) -> int:
    """How many different terms were added to any of the counts."""
    known, total = list(counts), 0
    for index in range(_PARTS):
        found: set[int] = set()
        for count in known:
            part = count.parts[index]
            part.seek(0)
            numbers: array[int] = array("q")
            numbers.frombytes(part.read())
            part.seek(0, 2)
            found.update(numbers)
        total += len(found)
    return total
