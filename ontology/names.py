"""The names of one scheme's concepts, from strict to loose: what the harmoniser looks texts up in."""

from __future__ import annotations

from collections import defaultdict

from core.terms import SKOS
from ontology.concept import Concept
from ontology.spelling import address, fold, normalise, without_unspecified, words
from ontology.vocabulary import Vocabularies
from ontology.wording import Wording

Found = dict[str, set[str]]


class Names:
    """An index of labels, synonyms and codes of a scheme; each table leads from a form to its concepts."""

    def __init__(self, vocabularies: Vocabularies, scheme: str) -> None:
        self.wording = Wording.of(scheme)
        self.labels: Found = defaultdict(set)
        self.synonyms: Found = defaultdict(set)
        self.codes: Found = defaultdict(set)
        self.close_codes: Found = defaultdict(set)
        self.normalised: Found = defaultdict(set)
        self.unspecified: Found = defaultdict(set)
        self.ordered: Found = defaultdict(set)
        self.inverted: Found = defaultdict(set)
        self.words: Found = defaultdict(set)
        #: By the keys of :class:`Wording`, strict to loose.
        self.keys: tuple[Found, ...] = (defaultdict(set), defaultdict(set), defaultdict(set))
        for concept in vocabularies.schemes[scheme].values():
            self._add_names(concept)
            self._add_notation(concept, vocabularies.headings[scheme].shortest_notation)
            self._add_codes(concept, vocabularies)

    def _add_names(self, concept: Concept) -> None:
        for label in concept.labels.values():
            self.labels[fold(label)].add(concept.iri)
        for synonym in concept.synonyms:
            self.synonyms[fold(synonym)].add(concept.iri)
        for name in (*concept.labels.values(), *concept.synonyms):
            normalised = normalise(name)
            bare = without_unspecified(normalised)
            self.normalised[normalised].add(concept.iri)
            self.unspecified[bare].add(concept.iri)
            self.ordered[words(normalised)].add(concept.iri)
            self.words[words(bare)].add(concept.iri)
            if " and " not in normalised:
                self.inverted[words(normalised)].add(concept.iri)
            for table, key in zip(self.keys, self.wording.keys(normalised), strict=False):
                table[key].add(concept.iri)

    def _add_notation(self, concept: Concept, shortest: int) -> None:
        if len(concept.notation) >= shortest:
            self.codes[concept.notation].add(concept.iri)
        if shortest == 1:
            self.codes[fold(concept.notation)].add(concept.iri)
        for name in (concept.iri, *concept.synonyms):
            if (found := address(name)) is not None:
                self.codes[found].add(concept.iri)

    def _add_codes(self, concept: Concept, vocabularies: Vocabularies) -> None:
        exact = vocabularies.equivalents(concept.iri, SKOS.exactMatch)
        iris = dict.fromkeys((*exact, *vocabularies.equivalents(concept.iri, SKOS.closeMatch)))
        for curie, iri in zip(concept.codes, iris, strict=True):
            codes = self.codes if iri in exact else self.close_codes
            codes[fold(curie)].add(concept.iri)
            codes[address(iri) or iri].add(concept.iri)
