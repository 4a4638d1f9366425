"""The code list of a column: what its drop-down shows, and which entry a cell means."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from rdflib import URIRef

from core.terms import PREFIXES, SH
from ontology.concept import Concept
from ontology.vocabulary import Vocabularies
from shapes.forms.constraints import Facts

#: An address that is in no list: a pattern that it fits is not about a list.
_UNLISTED = ("https://example.org/x", "http://example.org/x")
#: Long lists stand by label, so that an entry is found by its first letter; short ones keep their order.
_SORTED_FROM = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its IRI, its code, its English label, and all its other names."""

    iri: URIRef
    code: str
    label: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class CodeList:
    """Entries to choose from. ``closed`` says that nothing else is allowed; else the list is a suggestion."""

    title: str
    entries: tuple[Entry, ...]
    closed: bool

    @cached_property
    def shown(self) -> Mapping[URIRef, str]:
        """What the drop-down shows of each entry: its label, and its code where another entry has the same label."""
        uses = Counter(entry.label.casefold() for entry in self.entries)
        return {
            entry.iri: f"{entry.label} ({entry.code})" if uses[entry.label.casefold()] > 1 else entry.label
            for entry in self.entries
        }

    def find(self, text: str) -> tuple[Entry, ...]:
        """The entries that a cell can mean: what it shows, a code, an IRI or a label; several where it is not clear."""
        for names in (self._exact, self._names):
            found = names.get(_folded(text), ())
            if found:
                return tuple(found)
        return ()

    @cached_property
    def _exact(self) -> dict[str, list[Entry]]:
        """Entries by what means them alone; a code is stronger than a label."""
        index: dict[str, list[Entry]] = {}
        for entry in self.entries:
            iri = str(entry.iri)
            told = {iri, entry.code, self.shown[entry.iri], f"{entry.label} ({entry.code})", re.split(r"[/#]", iri)[-1]}
            told |= {f"{p}:{iri[len(ns) :]}" for p, ns in PREFIXES.items() if iri.startswith(str(ns))}
            for name in {_folded(name) for name in told if name}:
                index.setdefault(name, []).append(entry)
        return index

    @cached_property
    def _names(self) -> dict[str, list[Entry]]:
        index: dict[str, list[Entry]] = {}
        for entry in self.entries:
            for name in {_folded(name) for name in (entry.label, *entry.names)}:
                index.setdefault(name, []).append(entry)
        return index


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def code_list(facts: Facts, vocabularies: Vocabularies, suggested: str | None = None) -> CodeList | None:
    """The list that the shapes name, else the one that a pattern, a class or the layout (``suggested``) speaks of."""
    lists = list(_named(facts, vocabularies)) or list(_patterned(facts, vocabularies))
    if lists:
        return _narrowed(lists)
    if suggested is None:
        suggested = next((name for kind in facts.classes if (name := _of_class(str(kind), vocabularies))), None)
    if suggested is None or suggested not in vocabularies.schemes:
        return None
    return _narrowed([_whole([suggested], vocabularies, closed=False)])


def _named(facts: Facts, vocabularies: Vocabularies) -> Iterator[CodeList]:
    """Lists whose entries, or which themselves, a constraint names."""
    for demand in facts.demands:
        closed = demand.severity == SH.Violation
        iris = [value for value in demand.listed if isinstance(value, URIRef)]
        schemes = [name for name, head in vocabularies.headings.items() if URIRef(head.iri) in demand.named]
        if entries := _listed(iris, vocabularies):
            yield CodeList(facts.label, entries, closed)
        elif schemes:
            yield _whole(schemes, vocabularies, closed)


def _patterned(facts: Facts, vocabularies: Vocabularies) -> Iterator[CodeList]:
    for demand in facts.demands:
        for pattern in demand.patterns:
            if schemes := _fitting(pattern, vocabularies):
                yield _whole(schemes, vocabularies, demand.severity == SH.Violation)


def _whole(schemes: list[str], vocabularies: Vocabularies, closed: bool) -> CodeList:
    entries = tuple(_entry(concept) for name in schemes for concept in vocabularies.schemes[name].values())
    return CodeList(vocabularies.headings[schemes[0]].title, entries, closed)


def _narrowed(lists: list[CodeList]) -> CodeList:
    """What all lists have in common, from the last on; one that leaves nothing over is of another profile's making."""
    last, *others = reversed(lists)
    entries = last.entries
    for other in others:
        common = {entry.iri for entry in other.entries}
        entries = tuple(entry for entry in entries if entry.iri in common) or entries
    return CodeList(last.title, _ordered(entries), last.closed)


def _ordered(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    if len(entries) < _SORTED_FROM:
        return entries
    return tuple(sorted(entries, key=lambda entry: (entry.label.casefold(), entry.code)))


def _listed(iris: Iterable[URIRef], vocabularies: Vocabularies) -> tuple[Entry, ...]:
    """Entries that a constraint names one by one; lists themselves are none."""
    heads = {head.iri for head in vocabularies.headings.values()}
    entries = []
    for iri in iris:
        concept = vocabularies.concept(str(iri))
        if concept is not None:
            entries.append(_entry(concept))
        elif str(iri) not in heads:
            local = re.split(r"[/#]", str(iri))[-1]
            entries.append(Entry(iri, local, local.replace("_", " ")))
    return tuple(entries)


def _entry(concept: Concept) -> Entry:
    others = tuple(label for label in concept.labels.values() if label != concept.label)
    return Entry(URIRef(concept.iri), concept.notation, concept.label, (*others, *concept.synonyms))


def _fitting(pattern: str, vocabularies: Vocabularies) -> list[str]:
    """The vocabularies all of whose entries a pattern lets pass, where it is about a list at all."""
    try:
        compiled = re.compile(pattern)
    except re.error:
        return []
    if any(compiled.search(address) for address in _UNLISTED):
        return []
    return [name for name, concepts in vocabularies.schemes.items() if concepts and all(map(compiled.search, concepts))]


def _of_class(kind: str, vocabularies: Vocabularies) -> str | None:
    """The vocabulary whose entries are of this class; none for the class that the entries of all have."""
    names = [
        name
        for name, concepts in vocabularies.schemes.items()
        if concepts and all(kind in concept.types for concept in concepts.values())
    ]
    return names[0] if len(names) == 1 else None
