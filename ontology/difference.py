"""``ontology diff``: what is different between two vocabulary trees, in words of vocabularies instead of lines.

Trees are compared by what they say: order, layout and prefixes make no difference. Each change is breaking, additive or
editorial (``ontology.change_rules``).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pyoxigraph

from core.terms import DCT, OWL, SKOS
from ontology.change import Change, Impact
from ontology.change_rules import change, value_changes
from ontology.entries import Entries, Entry, insist_on_sound
from ontology.mapping_difference import mapping_changes
from ontology.tree import Tree

_BROADER, _NARROWER, _NOTATION = str(SKOS.broader), str(SKOS.narrower), str(SKOS.notation)
_TOPS = (str(SKOS.topConceptOf), str(SKOS.hasTopConcept))
_DEPRECATED, _REPLACED, _REPLACES = str(OWL.deprecated), str(DCT.isReplacedBy), str(DCT.replaces)

_Key = tuple[str, str]


@dataclass(frozen=True)
class Difference:
    """All changes from one tree to another, the gravest first.

    ``before`` and ``after`` are the titles of the trees, ``names`` what they call the IRIs that the changes mention.
    """

    before: str
    after: str
    changes: tuple[Change, ...]
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    def counts(self) -> dict[Impact, int]:
        """How many changes there are of each impact."""
        found = Counter(change.impact for change in self.changes)
        return {impact: found[impact] for impact in Impact}

    def touched(self) -> set[str]:
        """The groups with changes that are more than a version number."""
        return {change.group for change in self.changes if change.kind != "version"}


def compare(before: Tree, after: Tree) -> Difference:
    """Compare two trees.

    Raises:
        VocabularyError: a file of one of them cannot be read; names file and line.
    """
    insist_on_sound(before)
    insist_on_sound(after)
    old, new = Entries(before), Entries(after)
    found = sorted([*_entry_changes(old, new), *mapping_changes(before, after)], key=lambda change: change.order)
    mentioned = {value for change in found for value in (*change.before, *change.after)}
    names = {iri: name for iri in sorted(mentioned) if (name := new.name(iri) or old.name(iri))}
    return Difference(before.title, after.title, tuple(found), names)


def _entry_changes(old: Entries, new: Entries) -> Iterator[Change]:
    heirs = _heirs(old, new)
    inherited = {key for keys in heirs.values() for key in keys}
    for key in sorted(old.all.keys() - new.all.keys()):
        yield _departure(old.all[key], [new.all[heir] for heir in heirs[key]])
    for key in sorted(new.all.keys() - old.all.keys() - inherited):
        yield change(Impact.ADDITIVE, f"{new.all[key].kind}-added", new.all[key], "it is new")
    merged = _merged(new)
    for key, entry in sorted(new.all.items()):
        if key in old.all:
            yield from value_changes(old.all[key], entry)
            yield from _movement(old.all[key], entry, old, new)
            yield from _retirement(old.all[key], entry, merged)
    for key, keys in sorted(heirs.items()):
        for heir in keys:
            if heir[1] == key[1]:
                yield from _movement(old.all[key], new.all[heir], old, new)


def _heirs(old: Entries, new: Entries) -> dict[_Key, list[_Key]]:
    """For each entry that is gone, the new ones that say they stand in for it, have its IRI, or its code."""
    come = [new.all[key] for key in sorted(new.all.keys() - old.all.keys())]
    by_claim: dict[str, list[_Key]] = defaultdict(list)
    by_code: dict[tuple[str, frozenset[str]], list[_Key]] = defaultdict(list)
    for entry in come:
        for claimed in {entry.iri, *entry.iris(_REPLACES)}:
            by_claim[claimed].append((entry.group, entry.iri))
        by_code[entry.group, _codes(entry)].append((entry.group, entry.iri))
    return {
        key: by_claim.get(key[1]) or (by_code.get((key[0], codes), []) if (codes := _codes(old.all[key])) else [])
        for key in old.all.keys() - new.all.keys()
    }


def _codes(entry: Entry) -> frozenset[str]:
    return frozenset(term.value for term in entry.get(_NOTATION))


def _departure(entry: Entry, heirs: list[Entry]) -> Change:
    """How an entry went: to another scheme, under another IRI, or for good."""
    if any(heir.iri == entry.iri for heir in heirs):
        reason = f"it is in another file, {heirs[0].group}: who asks the old scheme finds it no more"
        return change(Impact.BREAKING, f"{entry.kind}-transferred", entry, reason)
    if heirs:
        reason = "its IRI is another; the old one, which data and queries hold on to, should be kept as deprecated"
        after = [pyoxigraph.NamedNode(heir.iri) for heir in heirs]
        return change(Impact.BREAKING, f"{entry.kind}-readdressed", entry, reason, after=after)
    reason = "its IRI means nothing any more; it should be kept as deprecated"
    return change(Impact.BREAKING, f"{entry.kind}-removed", entry, reason)


def _movement(before: Entry, after: Entry, old: Entries, new: Entries) -> Iterator[Change]:
    """A change of place in the tree of concepts, judged by all that is above."""
    going, coming = before.get(_BROADER) - after.get(_BROADER), after.get(_BROADER) - before.get(_BROADER)
    if going or coming:
        lost, won = (
            old.ancestors(before.iri) - new.ancestors(after.iri),
            new.ancestors(after.iri) - old.ancestors(before.iri),
        )
        if lost:
            impact, reason = Impact.BREAKING, "who asks for what is below the old place finds it no more"
        elif won:
            impact, reason = Impact.ADDITIVE, "it is found below more than before"
        else:
            impact, reason = Impact.EDITORIAL, "it stays below the same concepts"
        yield change(impact, "moved", after, reason, before=going, after=coming, predicate=_BROADER)
        return
    for predicate in (*_TOPS, _NARROWER):
        going, coming = before.get(predicate) - after.get(predicate), after.get(predicate) - before.get(predicate)
        if going or coming:
            reason = "what is above and below stays"
            yield change(
                Impact.EDITORIAL, "top-changed", after, reason, before=going, after=coming, predicate=predicate
            )


def _merged(new: Entries) -> set[str]:
    """What replaces two or more."""
    replaced = Counter(iri for entry in new.all.values() if entry.deprecated for iri in set(entry.iris(_REPLACED)))
    return {iri for iri, number in replaced.items() if number > 1}


def _retirement(old: Entry, new: Entry, merged: set[str]) -> Iterator[Change]:
    """Deprecation and return."""
    before, after = old.get(_REPLACED), new.get(_REPLACED)
    if not old.deprecated and new.deprecated:
        if not after:
            impact, kind, reason = Impact.BREAKING, "deprecated", "nothing replaces it: data that uses it has no way on"
        elif len(after) > 1:
            impact, kind = Impact.BREAKING, "split"
            reason = "several replace it: which of them data means, a person must say"
        elif any(term.value in merged for term in after):
            impact, kind, reason = Impact.ADDITIVE, "merged", "it is one with others, and says with which"
        else:
            impact, kind, reason = Impact.ADDITIVE, "deprecated", "it says what replaces it"
        yield change(impact, kind, new, reason, before=before, after=after, predicate=_DEPRECATED)
    elif old.deprecated and not new.deprecated:
        reason = "it may be used again"
        yield change(Impact.ADDITIVE, "restored", new, reason, before=before, after=after, predicate=_DEPRECATED)
    elif before != after:
        lost = bool(before - after)
        reason = "data was led elsewhere before" if lost else "it says what replaces it"
        impact = Impact.BREAKING if lost else Impact.ADDITIVE
        yield change(
            impact, "replacement-changed", new, reason, before=before - after, after=after - before, predicate=_REPLACED
        )
    elif old.get(_DEPRECATED) != new.get(_DEPRECATED):
        reason = "it is written in another way"
        yield change(
            Impact.EDITORIAL,
            "note-changed",
            new,
            reason,
            before=old.get(_DEPRECATED),
            after=new.get(_DEPRECATED),
            predicate=_DEPRECATED,
        )
