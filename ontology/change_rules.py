"""What the values of each property may do to those who use a vocabulary: the judgement behind ``ontology diff``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph

from core.terms import DCT, OWL, RADIOGRAPH, RDF, RDFS, SKOS
from ontology.change import Change, Impact
from ontology.entries import Entry, Term

_BREAKING, _ADDITIVE, _EDITORIAL = Impact


@dataclass(frozen=True, slots=True)
class _Rule:
    """Names a change of one property and judges values that come and go; with both, the graver counts."""

    kind: str
    coming: tuple[Impact, str]
    going: tuple[Impact, str]


_ANSWERS_LESS = (_BREAKING, "what followed from it follows no more")
_TIGHTER = (_BREAKING, "data that was right may contradict it")
_LOOSER = (_ADDITIVE, "it allows more than before")
_MORE = (_ADDITIVE, "it says more than before")
_WORDS = (_EDITORIAL, "the words are others, the meaning is not")
_CODE = _Rule("mapping", (_ADDITIVE, "it has a code more"), (_BREAKING, "who finds it by that code finds it no more"))
_LOOSE_MATCH = _Rule("mapping", _MORE, (_EDITORIAL, "it is tied to less, by a match that is not exact"))
_SUPER = _Rule("axiom", _MORE, _ANSWERS_LESS)
_LIMIT = _Rule("axiom", _TIGHTER, _LOOSER)

_RULES: dict[str, _Rule] = {
    str(SKOS.notation): _Rule("notation", _MORE, (_BREAKING, "who finds it by its code finds it no more")),
    str(SKOS.definition): _Rule("definition", _WORDS, _WORDS),
    str(SKOS.exactMatch): _CODE,
    str(SKOS.closeMatch): _CODE,
    str(SKOS.broadMatch): _LOOSE_MATCH,
    str(SKOS.narrowMatch): _LOOSE_MATCH,
    str(SKOS.relatedMatch): _LOOSE_MATCH,
    str(SKOS.related): _Rule("related", _MORE, (_EDITORIAL, "a hint to a neighbour is gone")),
    str(SKOS.inScheme): _Rule("membership", _MORE, (_BREAKING, "who asks that scheme finds it no more")),
    str(RDF.type): _Rule("type", _MORE, (_BREAKING, "who asks for that kind finds it no more")),
    str(RADIOGRAPH.negative): _Rule(
        "negative", (_BREAKING, "it counts no more as it did"), (_BREAKING, "it counts no more as it did")
    ),
    str(DCT.license): _Rule(
        "licence", (_BREAKING, "the terms of use are others"), (_BREAKING, "the terms of use are others")
    ),
    str(RDFS.subClassOf): _SUPER,
    str(RDFS.subPropertyOf): _SUPER,
    str(OWL.equivalentClass): _SUPER,
    str(OWL.equivalentProperty): _SUPER,
    str(OWL.inverseOf): _SUPER,
    str(RDFS.domain): _LIMIT,
    str(RDFS.range): _LIMIT,
    str(OWL.disjointWith): _LIMIT,
    str(OWL.propertyDisjointWith): _LIMIT,
}
_TERM_TYPE = _Rule("axiom", _TIGHTER, (_BREAKING, "who asks for that kind finds it no more"))
_NOTE = _Rule("note", _WORDS, _WORDS)

#: Said by ``ontology release``; no change of what a vocabulary means.
BOOKKEEPING = frozenset(str(p) for p in (OWL.versionIRI, OWL.versionInfo, OWL.priorVersion, DCT.modified))
_NAMES = (str(SKOS.prefLabel), str(RDFS.label), str(DCT.title))
_SYNONYMS = (str(SKOS.altLabel), str(SKOS.hiddenLabel))
#: Compared with regard to the whole tree, not value by value.
_ELSEWHERE = frozenset(
    str(p)
    for p in (SKOS.broader, SKOS.narrower, SKOS.topConceptOf, SKOS.hasTopConcept, OWL.deprecated, DCT.isReplacedBy)
)


def told(values: Iterable[Term]) -> tuple[str, ...]:
    """Values as a change tells them, sorted."""
    return tuple(sorted(value.value if isinstance(value, pyoxigraph.NamedNode) else str(value) for value in values))


def change(
    impact: Impact,
    kind: str,
    entry: Entry,
    reason: str,
    *,
    before: Iterable[Term] = (),
    after: Iterable[Term] = (),
    predicate: str = "",
) -> Change:
    """A change of an entry."""
    return Change(impact, kind, entry.group, entry.iri, entry.name, reason, told(before), told(after), predicate)


def value_changes(old: Entry, new: Entry) -> Iterator[Change]:
    """What changed in the values of an entry that both trees have, its place in the tree of concepts apart."""
    yield from _name_changes(old, new)
    yield from _synonym_changes(old, new)
    special = {*_NAMES, *_SYNONYMS, *_ELSEWHERE}
    for predicate in sorted((old.values.keys() | new.values.keys()) - special):
        going, coming = old.get(predicate) - new.get(predicate), new.get(predicate) - old.get(predicate)
        if not going and not coming:
            continue
        if predicate in BOOKKEEPING and new.kind in {"header", "scheme"}:
            reason = "the version is another"
            yield change(_EDITORIAL, "version", new, reason, before=going, after=coming, predicate=predicate)
            continue
        rule = _TERM_TYPE if new.kind == "term" and predicate == str(RDF.type) else _RULES.get(predicate, _NOTE)
        judgements = [rule.going] * bool(going) + [rule.coming] * bool(coming)
        impact, reason = min(judgements, key=lambda judgement: list(Impact).index(judgement[0]))
        suffix = "changed" if going and coming else "added" if coming else "removed"
        yield change(impact, f"{rule.kind}-{suffix}", new, reason, before=going, after=coming, predicate=predicate)


def _name_changes(old: Entry, new: Entry) -> Iterator[Change]:
    kept = {text.value.casefold() for predicate in (*_NAMES, *_SYNONYMS) for text in new.texts(predicate)}
    for predicate in _NAMES:
        before, after = _by_language(old, predicate), _by_language(new, predicate)
        for language in sorted(before.keys() | after.keys()):
            going = before.get(language, frozenset()) - after.get(language, frozenset())
            coming = after.get(language, frozenset()) - before.get(language, frozenset())
            if not going and not coming:
                continue
            if not going:
                yield change(_ADDITIVE, "label-added", new, "it has a name more", after=coming, predicate=predicate)
                continue
            lost = new.kind == "concept" and any(text.value.casefold() not in kept for text in going)
            reason = "texts that say the old name may be matched no more; keep it as a skos:hiddenLabel if they should"
            yield change(
                _EDITORIAL,
                "relabelled" if coming else "label-removed",
                new,
                reason if lost else _WORDS[1],
                before=going,
                after=coming,
                predicate=predicate,
            )


def _by_language(entry: Entry, predicate: str) -> dict[str, frozenset[Term]]:
    texts = entry.texts(predicate)
    return {
        language: frozenset(text for text in texts if (text.language or "") == language)
        for language in {text.language or "" for text in texts}
    }


def _synonym_changes(old: Entry, new: Entry) -> Iterator[Change]:
    before = frozenset[Term]().union(*(old.get(predicate) for predicate in _SYNONYMS))
    after = frozenset[Term]().union(*(new.get(predicate) for predicate in _SYNONYMS))
    if after - before:
        yield change(_ADDITIVE, "synonym-added", new, "more texts mean it", after=after - before)
    if before - after:
        kept = {text.value.casefold() for predicate in (*_NAMES, *_SYNONYMS) for text in new.texts(predicate)}
        lost = any(text.value.casefold() not in kept for text in before - after)
        reason = "texts that say it may be matched no more" if lost else "the text stays as another name"
        yield change(_EDITORIAL, "synonym-removed", new, reason, before=before - after)
    shown = {predicate: new.get(predicate) - old.get(predicate) for predicate in _SYNONYMS}
    for predicate, values in shown.items():
        shifted = values & before
        if shifted:
            reason = "it is shown, or hidden, instead"
            yield change(_EDITORIAL, "synonym-shifted", new, reason, after=shifted, predicate=predicate)
