"""Finding what a change of the vocabularies does: the difference of two full remaps, without doing them.

A description is a function of its record and of what the vocabularies answer to it (:mod:`ingest.questions`). Records
that get the same answers from both trees become the same, and their concepts are only counted. Where the answers differ
in concepts alone, these are exchanged in what stands (:mod:`ingest.substitution`); what else gets another answer, or
refers to what is told otherwise, is derived and judged under both trees. Nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property

from catalogue.content import description_graph
from catalogue.description import StoredDescription
from catalogue.examples import Example
from catalogue.facets import FACETS
from catalogue.links import Link, find_links, links_graph, traits
from catalogue.reader import LedgerReader
from catalogue.release import Release
from catalogue.released import readable_store
from catalogue.summary import DatasetSummary, term
from catalogue.usage import with_broader
from core.canonical import canonical_ntriples
from core.identifiers import Identifiers
from core.settings import Settings
from ingest.declaration import RepositoryDeclaration
from ingest.derivation import Deriver, Words
from ingest.example_queries import Answers, compare_answers
from ingest.imaging import SCHEMES
from ingest.impact import DatasetImpact, FacetImpact, Impact
from ingest.questions import KeptRecord, answer
from ingest.record import SourceRecord
from ingest.remap import read_record
from ingest.standing import FACET_SCHEMES, Facts, derive_side, facts_of, facts_of_record, harmonise_kept, standing
from ingest.substitution import Judge, Substitution
from ingest.vocabulary_change import VocabularyChange, vocabulary_change
from ontology.tree import Tree
from shapes.profiles import Profiles
from shapes.validator import Validator

_Replaced = dict[str, tuple[bytes, bytes]]
_STRATA = frozenset({"modality", "annotation", "anatomy", "sex"})
_FACETS = frozenset(SCHEMES.values())


class _Touch(Enum):
    """How a record is touched: not at all, in the concepts of its facets alone, or in any other way."""

    NO = 0
    CONCEPTS = 1
    WHOLE = 2


def find_impact(
    before: Tree, after: Tree, ledger: LedgerReader, settings: Settings, queries: Iterable[Example] = ()
) -> Impact:
    """What changes in the catalogue from ``before`` to ``after``.

    Raises:
        VocabularyError: a tree cannot be used.
        RadiographError: ledger, release, declarations or profiles are broken, or a query is.
    """
    change = vocabulary_change(before, after)
    if not change.anything:
        return Impact(change.titles)
    return _Search(change, ledger, settings).impact(tuple(queries))


class _Search:
    """One search for what changes."""

    def __init__(self, change: VocabularyChange, ledger: LedgerReader, settings: Settings) -> None:
        self._change = change
        self._ledger = ledger
        self._settings = settings
        self._words = (change.before, change.after)
        self._declarations = {
            entry.id: RepositoryDeclaration.load(entry.id, settings.overlay) for entry in ledger.repositories()
        }
        self._records: dict[str, KeptRecord] = {}
        self._touched: dict[str, _Touch] = {}
        self._touches: dict[tuple[str, str, str], _Touch] = {}
        self._derived = 0
        self._unreadable = 0
        self._remarks: list[str] = []

    def impact(self, queries: tuple[Example, ...]) -> Impact:
        self._read()
        found = ((iri, self._difference(iri, touch)) for iri, touch in self._touched.items())
        affected = {iri: one for iri, one in found if one is not None}
        told = tuple(one for one in affected.values() if one.changed or one.judged_otherwise)
        links = self._links(affected)
        facets = tuple(sorted(self._facets(affected), key=lambda one: (one.facet, -max(one.counts), one.value)))
        answers = self._answers(affected, links, queries)
        gone = tuple(link for link in links[0] if link not in links[1])
        come = tuple(link for link in links[1] if link not in links[0])
        if self._unreadable:
            self._remarks.append(f"{self._unreadable} kept source records cannot be read; ingest them again")
        counts = len(self._records), len(affected), self._derived
        remarks = tuple(self._remarks)
        return Impact(self._change.titles, *counts, told, facets, (gone, come), answers, remarks, self._words)

    def _read(self) -> None:
        counted = 0
        for repository, declaration in self._declarations.items():
            for iri, text in self._ledger.source_records(repository):
                record = KeptRecord.read(iri, text, declaration)
                if record is None:
                    self._unreadable += 1
                    continue
                self._records[iri] = record
                counted += bool(record.strata)
                touch = self._touch(record)
                if touch is not _Touch.NO:
                    self._touched[iri] = touch
        if counted and not _STRATA.isdisjoint(self._change.schemes):
            self._remarks.append(
                f"the strata of {counted} datasets stay as they were counted; ingest their repositories to count anew"
            )

    def _touch(self, record: KeptRecord) -> _Touch:
        change, asked = self._change, record.asked()
        if not change.known.isdisjoint(asked.dimensions) or change.referring(asked.iris | asked.dimensions):
            return _Touch.WHOLE
        found = _Touch.NO
        for question in asked.questions:
            if question[1] in change.schemes:
                touch = self._touch_of(*question, record.declaration.id)
                if touch is _Touch.WHOLE:
                    return touch
                found = touch if touch is not _Touch.NO else found
        return found

    def _touch_of(self, text: str, scheme: str, repository: str) -> _Touch:
        key = text, scheme, repository
        if key not in self._touches:
            old, new = (answer((text, scheme), words.harmoniser, repository) for words in self._words)
            if self._change.referring(old[0]) or (old != new and scheme not in _FACETS):
                self._touches[key] = _Touch.WHOLE
            else:
                self._touches[key] = _Touch.NO if old == new else _Touch.CONCEPTS
        return self._touches[key]

    def _difference(self, iri: str, touch: _Touch) -> DatasetImpact | None:
        """What becomes of a record that is touched; None where it cannot be read after all."""
        quick = self._exchange(iri) if touch is _Touch.CONCEPTS else None
        return quick or self._derive(iri)

    def _exchange(self, iri: str) -> DatasetImpact | None:
        """The difference by exchanging concepts in what stands; None where that is not sure to be all."""
        record, stood = self._records[iri], self._upcoming.get(iri)
        if stood is None or record.stated or iri in self._unaccepted:
            return None
        before, after = (harmonise_kept(record, words, self._change.schemes) for words in self._words)
        exchange = Substitution.of(before, after)
        changed = exchange.apply(stood, before, after)
        if changed is None or not self._judge.alike(record.document["kind"], exchange, before, after):
            return None
        old, new = (facts_of_record(record, words, self._change.schemes) for words in self._words)
        return DatasetImpact(iri, record.declaration.id, record.title, None, (stood, changed), (old, new))

    def _derive(self, iri: str) -> DatasetImpact | None:
        kept = self._records[iri]
        record = read_record(kept.text, iri, iri)
        if not isinstance(record, SourceRecord):
            self._unreadable += 1
            return None
        self._derived += 1
        old, new = (derive_side(deriver, record) for deriver in self._derivers[kept.declaration.id])
        before = standing(old, self._upcoming.get(iri), iri)
        after = standing(new, before, iri)
        facts = self._facts(before, self._words[0]), self._facts(after, self._words[1])
        return DatasetImpact(iri, kept.declaration.id, kept.title, (old, new), (before, after), facts)

    @cached_property
    def _profiles(self) -> Profiles:
        return Profiles.load(self._settings.overlay)

    @cached_property
    def _judge(self) -> Judge:
        return Judge(self._profiles, self._words[1].vocabularies, self._settings.identifiers)

    @cached_property
    def _derivers(self) -> dict[str, tuple[Deriver, Deriver]]:
        validators = [Validator(self._profiles, words.vocabularies) for words in self._words]
        found = {}
        for name, declaration in self._declarations.items():
            old, new = (
                Deriver(declaration, self._settings.identifiers, words, self._profiles, validator)
                for words, validator in zip(self._words, validators, strict=True)
            )
            found[name] = old, new
        return found

    @cached_property
    def _unaccepted(self) -> frozenset[str]:
        return frozenset(self._ledger.unaccepted())

    @cached_property
    def _stated(self) -> frozenset[str]:
        """The descriptions that their records state in RDF, concepts and all."""
        return frozenset(iri for iri, record in self._records.items() if record.stated)

    @cached_property
    def _upcoming(self) -> Mapping[str, StoredDescription]:
        """What stands now of the descriptions whose records do not tell it by themselves."""
        wanted = self._unaccepted.union(self._touched, self._stated)
        if not wanted:
            return {}
        return {one.iri: one for one in self._ledger.each_accepted() if one.iri in wanted}

    def _facts(self, stood: StoredDescription | None, words: Words) -> Facts:
        return facts_of(DatasetSummary.from_description(stood, words.vocabularies)) if stood is not None else {}

    def _facets(self, affected: Mapping[str, DatasetImpact]) -> Iterator[FacetImpact]:
        joined = any((one.stood[0] is None) != (one.stood[1] is None) for one in affected.values())
        schemes = frozenset(FACET_SCHEMES.values()) if joined else self._change.schemes
        names = [name for name in FACETS if joined or FACET_SCHEMES.get(name) in schemes]
        if not names:
            return
        counts: tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]] = (Counter(), Counter())
        for iri in self._records:
            facts = self._both(iri, affected.get(iri), schemes)
            for counted, values, words in zip(counts, facts, self._words, strict=True):
                for name in names:
                    own = values.get(name, ())
                    counted.update((name, value) for value in with_broader(own, words.vocabularies))
        for name, value in sorted(counts[0].keys() | counts[1].keys()):
            old, new = (term(value, words.vocabularies).label for words in self._words)
            numbers = counts[0][name, value], counts[1][name, value]
            if numbers[0] != numbers[1] or old != new:
                yield FacetImpact(name, value, (old, new), numbers)

    def _both(self, iri: str, one: DatasetImpact | None, schemes: frozenset[str]) -> tuple[Facts, Facts]:
        """The values of a dataset under both trees, in the facets of ``schemes``."""
        if one is None:
            same = self._unaffected(iri, schemes)
            return same, same
        if one.sides is None and schemes != self._change.schemes:
            old, new = (facts_of_record(self._records[iri], words, schemes) for words in self._words)
            return old, new
        return one.facts

    def _unaffected(self, iri: str, schemes: frozenset[str]) -> Facts:
        if iri in self._unaccepted or iri in self._stated:
            return self._facts(self._upcoming.get(iri), self._words[0])
        return facts_of_record(self._records[iri], self._words[0], schemes)

    def _links(self, affected: Mapping[str, DatasetImpact]) -> tuple[list[Link], list[Link]]:
        """All links before and after, or none where no description changes in what links are made of."""
        if all(_linked(one.stood[0]) == _linked(one.stood[1]) for one in affected.values()):
            return [], []
        sides: tuple[dict[str, StoredDescription], ...] = ({}, {})
        for kept in self._ledger.each_accepted():
            for side in sides:
                side[kept.iri] = kept
        for one in affected.values():
            for side, stood in zip(sides, one.stood, strict=True):
                if stood is not None:
                    side[one.iri] = stood
        old, new = (list(find_links(side.values(), self._settings.identifiers).links) for side in sides)
        return old, new

    def _answers(
        self,
        affected: Mapping[str, DatasetImpact],
        links: tuple[list[Link], list[Link]],
        queries: tuple[Example, ...],
    ) -> tuple[Answers, ...]:
        release = self._ledger.current_release() if queries else None
        if release is None or release.dropped:
            if queries:
                self._remarks.append("there is no release to ask the example queries of; publish one")
            return ()
        before, after = self._vocabulary_graphs(release)
        identifiers = self._settings.identifiers
        for one in affected.values():
            now, (first, second) = self._upcoming.get(one.iri), one.stood
            before |= _replacement(now, first, identifiers)
            after |= _replacement(first, second, identifiers)
        if links[0] != links[1]:
            old, new = (canonical_ntriples(links_graph(side, identifiers)) for side in links)
            after[str(identifiers.graph("links"))] = old, new
        with readable_store(self._settings, release) as store:
            found = compare_answers(queries, store, before, after)
        return tuple(answers for answers in found if answers.gone or answers.come)

    def _vocabulary_graphs(self, release: Release) -> tuple[_Replaced, _Replaced]:
        """The graphs of vocabularies to replace in the release to have the first tree, and then the second."""
        graph = self._settings.identifiers.graph
        first, second = (words.vocabularies for words in self._words)
        before: _Replaced = {}
        if release.vocabularies != first.digest:
            released = self._ledger.released_graphs(release.number)
            for name, ntriples in first.graphs():
                if released.get(str(graph(name)), b"") != ntriples:
                    before[str(graph(name))] = released.get(str(graph(name)), b""), ntriples
        names = self._change.graphs
        old, new = dict(first.graphs(names)), dict(second.graphs(names))
        return before, {str(graph(name)): (old.get(name, b""), new.get(name, b"")) for name in names}


def _replacement(old: StoredDescription | None, new: StoredDescription | None, identifiers: Identifiers) -> _Replaced:
    if new is None or _output(old) == _output(new):
        return {}
    if old is not None and old.conforms_to == new.conforms_to:
        # The catalogue record stays, so that only what is said of the dataset is exchanged.
        return {str(identifiers.record(new.repository, new.identifier)): (old.ntriples, new.ntriples)}
    name, ntriples = description_graph(new, identifiers)
    return {name: (description_graph(old, identifiers)[1] if old is not None else b"", ntriples)}


def _linked(stood: StoredDescription | None) -> object:
    return traits(stood) if stood is not None else None


def _output(stood: StoredDescription | None) -> tuple[bytes, tuple[str, ...]] | None:
    return (stood.ntriples, stood.conforms_to) if stood is not None else None
