"""Three-way merge of a scheme: what its publisher changed since the last refresh, beside what was edited here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import pyoxigraph
from pyoxigraph import NamedNode

from core.terms import DCT, OWL, RDF, SKOS, XSD
from ontology.entries import Entry, Term
from ontology.upstream import Described, Upstream


class Side(StrEnum):
    """Whose value settles a conflict."""

    LOCAL = "local"
    UPSTREAM = "upstream"


_BROADER, _LABEL, _NOTATION = str(SKOS.broader), str(SKOS.prefLabel), str(SKOS.notation)
_SINGLE = {_LABEL, _NOTATION}
_TRUE = pyoxigraph.Literal("true", datatype=NamedNode(str(XSD.boolean)))


@dataclass(frozen=True, slots=True)
class Conflict:
    """A value that was changed on both sides, differently."""

    iri: str
    name: str
    predicate: str
    base: tuple[str, ...]
    local: tuple[str, ...]
    upstream: tuple[str, ...]


@dataclass
class Merged:
    """What is to be done to a scheme: values to put, concepts to add, and conflicts; ``retired`` are deprecated now."""

    puts: dict[tuple[str, str], frozenset[Term]] = field(default_factory=dict)
    added: dict[str, Described] = field(default_factory=dict)
    retired: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def merge(
    scheme: Entry,
    local: Mapping[str, Entry],
    base: Mapping[str, Described],
    upstream: Upstream,
    predicates: tuple[str, ...],
    *,
    prefer: Side | None = None,
) -> Merged:
    """Merge concepts by IRI. ``prefer`` settles conflicts; without it they are told, and the local value stays.

    A concept that was taken out here stays out; one that the publisher took out is deprecated.
    """
    merged = Merged()
    new = upstream.concepts
    there = local.keys() | {iri for iri in new if iri not in base}
    for iri in sorted(new):
        if iri in local:
            for predicate in predicates:
                _merge_values(merged, local[iri], predicate, base.get(iri, {}), new[iri], new, there, prefer)
        elif iri not in base:
            merged.added[iri] = _complete(scheme, local, iri, new, there)
    for iri in sorted(base.keys() - new.keys()):
        if iri in local and not local[iri].deprecated:
            heirs = [heir for heir in upstream.replacements.get(iri, ()) if heir in there]
            merged.retired.append(iri)
            merged.puts[iri, str(OWL.deprecated)] = frozenset({_TRUE})
            if heirs and not local[iri].iris(str(DCT.isReplacedBy)):
                merged.puts[iri, str(DCT.isReplacedBy)] = frozenset(NamedNode(heir) for heir in heirs)
    return merged


def _merge_values(
    merged: Merged,
    entry: Entry,
    predicate: str,
    before: Described,
    after: Described,
    new: Mapping[str, Described],
    there: set[str],
    prefer: Side | None,
) -> None:
    base, wanted = before.get(predicate, frozenset()), after.get(predicate, frozenset())
    if predicate == _BROADER:
        base, wanted = (frozenset(_nearest(values, new, there)) for values in (base, wanted))
    present = entry.get(predicate)
    result: set[Term] = set()
    for language in sorted({_language(value) for value in (*base, *wanted, *present)}):
        parts = [frozenset(v for v in values if _language(v) == language) for values in (base, present, wanted)]
        settled = _three_way(*parts, single=predicate in _SINGLE)
        if settled is None and prefer is None:
            told = [tuple(sorted(v.value for v in part)) for part in parts]
            merged.conflicts.append(Conflict(entry.iri, entry.name, predicate, *told))
        if settled is None:
            settled = parts[2] if prefer is Side.UPSTREAM else parts[1]
        result |= settled
    if result == present:
        return
    merged.puts[entry.iri, predicate] = frozenset(result)
    tops = entry.get(str(SKOS.topConceptOf))
    if predicate == _BROADER and bool(tops) == bool(result):
        scheme = frozenset(entry.get(str(SKOS.inScheme)))
        merged.puts[entry.iri, str(SKOS.topConceptOf)] = frozenset() if result else scheme


def _language(value: Term) -> str:
    return (value.language or "") if isinstance(value, pyoxigraph.Literal) else ""


def _three_way(
    base: frozenset[Term], local: frozenset[Term], new: frozenset[Term], *, single: bool
) -> frozenset[Term] | None:
    """The merged values; None for a conflict: a value was replaced on both sides, by different ones."""
    if new in (local, base):
        return local
    if local == base:
        return new
    replaced = (base - local) & (base - new)
    if single or (replaced and local - base and new - base and local - base != new - base):
        return None
    return (local - (base - new)) | (new - base)


def _nearest(values: frozenset[Term], new: Mapping[str, Described], there: set[str]) -> set[Term]:
    """The broader concepts, or what is above them in the publisher's tree where they were taken out here."""
    found: set[Term] = set()
    seen: set[str] = set()
    level = [value.value for value in values]
    while level:
        found |= {NamedNode(iri) for iri in level if iri in there}
        seen |= set(level)
        gone = [iri for iri in level if iri not in there]
        level = [up.value for iri in gone for up in new.get(iri, {}).get(_BROADER, ()) if up.value not in seen]
    return found


def _complete(
    scheme: Entry, local: Mapping[str, Entry], iri: str, new: Mapping[str, Described], there: set[str]
) -> Described:
    """A new concept with what every concept of the scheme has."""
    types = [entry.get(str(RDF.type)) for entry in local.values()]
    shared = frozenset.intersection(*types) if types else frozenset()
    above = frozenset(_nearest(new[iri].get(_BROADER, frozenset()), new, there))
    heads = frozenset({NamedNode(scheme.iri)})
    return {
        **new[iri],
        str(RDF.type): shared | {NamedNode(str(SKOS.Concept))},
        _BROADER: above,
        str(SKOS.topConceptOf): frozenset() if above else heads,
        str(SKOS.inScheme): heads,
    }
