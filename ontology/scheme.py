"""Reading one concept scheme: its heading, and its concepts, of which the incomplete are refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import pyoxigraph

from core.errors import VocabularyError
from core.terms import DCT, OWL, RADIOGRAPH, RDF, SKOS
from ontology.concept import Concept, Scheme
from ontology.turtle import TurtleFile

_VALUES = (pyoxigraph.NamedNode, pyoxigraph.Literal)

# rdflib makes a new term each time a namespace is asked; every command reads every concept.
_TYPE, _PREF, _ALT, _HIDDEN = (str(p) for p in (RDF.type, SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel))
_NOTATION, _BROADER, _IN_SCHEME = (str(p) for p in (SKOS.notation, SKOS.broader, SKOS.inScheme))
_EXACT, _CLOSE, _DEFINITION = (str(p) for p in (SKOS.exactMatch, SKOS.closeMatch, SKOS.definition))
_NEGATIVE, _DEPRECATED, _REPLACED = (str(p) for p in (RADIOGRAPH.negative, OWL.deprecated, DCT.isReplacedBy))
_REFERENCES = (_EXACT, _CLOSE, _BROADER, _REPLACED)

#: By predicate, the values of one subject in one file, in its order.
Properties = dict[str, list[pyoxigraph.NamedNode | pyoxigraph.Literal]]


def by_subject(file: TurtleFile) -> dict[str, Properties]:
    """What a file says, by subject.

    Raises:
        VocabularyError: there is a blank node or a quoted triple.
    """
    found: dict[str, Properties] = {}
    for subject, predicate, value in file.triples:
        if not isinstance(subject, pyoxigraph.NamedNode) or not isinstance(value, _VALUES):
            raise VocabularyError(
                "has a blank node or a quoted triple", where=str(file.path), remedy="give every node an IRI"
            )
        found.setdefault(subject.value, {}).setdefault(predicate.value, []).append(value)
    return found


def read_scheme(name: str, file: TurtleFile, subjects: Mapping[str, Properties]) -> tuple[Scheme, dict[str, Concept]]:
    """The heading of a scheme and its concepts by IRI; ``subjects`` is what its file says.

    Raises:
        VocabularyError: the file has no scheme or several, or a concept is incomplete.
    """
    kinds = {iri: {kind.value for kind in properties.get(_TYPE, ())} for iri, properties in subjects.items()}
    heads = [iri for iri in subjects if str(SKOS.ConceptScheme) in kinds[iri]]
    if len(heads) != 1:
        raise VocabularyError(
            f"has {len(heads)} concept schemes", where=str(file.path), remedy="declare exactly one skos:ConceptScheme"
        )
    reader, concept = _ConceptReader(name, heads[0], file), str(SKOS.Concept)
    concepts = {iri: reader.read(iri, properties) for iri, properties in subjects.items() if concept in kinds[iri]}
    head = subjects[heads[0]]
    titles = [value.value for value in head.get(str(DCT.title), ())]
    lengths = [value.value for value in head.get(str(RADIOGRAPH.shortestNotation), ())]
    if not all(length.isdecimal() for length in lengths):
        raise VocabularyError(
            f"radiograph:shortestNotation {lengths[0]!r} is no number",
            where=file.where(heads[0]),
            remedy="write a whole number",
        )
    return Scheme(name, heads[0], titles[0] if titles else name, *map(int, lengths[:1])), concepts


class _ConceptReader:
    """Makes :class:`Concept` of the statements in one file, and refuses what is incomplete."""

    def __init__(self, scheme: str, scheme_iri: str, file: TurtleFile) -> None:
        self._scheme = scheme
        self._scheme_iri = scheme_iri
        self._file = file
        self._notations: dict[str, str] = {}
        self._namespaces = sorted(
            ((ns, prefix) for prefix, ns in file.prefixes.items()), key=lambda pair: -len(pair[0])
        )

    def read(self, iri: str, properties: Properties) -> Concept:
        def values(*predicates: str) -> tuple[str, ...]:
            return tuple(value.value for p in predicates for value in properties.get(p, ()))

        labels = self._by_language(iri, properties, _PREF)
        notations = values(_NOTATION)
        if "en" not in labels:
            self._fail(iri, "has no English label", 'add skos:prefLabel "…"@en')
        if len(notations) != 1:
            self._fail(iri, f"has {len(notations)} notations", 'give it exactly one skos:notation "…"')
        if notations[0] in self._notations:
            self._fail(iri, f"has the notation {notations[0]!r} of {self._notations[notations[0]]}", "use another one")
        if self._scheme_iri not in values(_IN_SCHEME):
            self._fail(iri, f"is not in the scheme of its file, {self._scheme_iri}", "add skos:inScheme")
        for predicate in _REFERENCES:
            if any(isinstance(value, pyoxigraph.Literal) for value in properties.get(predicate, ())):
                name = predicate.rpartition("#")[2].rpartition("/")[2]
                prefix = "dct" if predicate == _REPLACED else "skos"
                self._fail(iri, f"has a text as {prefix}:{name}", "give the IRI of the concept that is meant")
        self._notations[notations[0]] = iri
        return Concept(
            iri=iri,
            scheme=self._scheme,
            notation=notations[0],
            labels=labels,
            synonyms=values(_ALT, _HIDDEN),
            broader=values(_BROADER),
            codes=tuple(dict.fromkeys(self._curie(code) for code in values(_EXACT, _CLOSE))),
            types=values(_TYPE),
            negative="true" in values(_NEGATIVE),
            definitions=self._by_language(iri, properties, _DEFINITION) if _DEFINITION in properties else {},
            deprecated="true" in values(_DEPRECATED),
            replaced_by=values(_REPLACED),
        )

    def _by_language(self, iri: str, properties: Properties, predicate: str) -> dict[str, str]:
        found: dict[str, str] = {}
        for value in properties.get(predicate, ()):
            if isinstance(value, pyoxigraph.Literal):
                language = value.language or ""
                if found.setdefault(language, value.value) != value.value:
                    name = predicate.rpartition("#")[2]
                    self._fail(
                        iri, f"has two skos:{name} in {language or 'no language'}", "keep one of them in each language"
                    )
        return found

    def _curie(self, iri: str) -> str:
        for namespace, prefix in self._namespaces:
            if iri.startswith(namespace):
                return f"{prefix}:{iri[len(namespace) :]}"
        return iri

    def _fail(self, iri: str, message: str, remedy: str) -> NoReturn:
        raise VocabularyError(f"{iri} {message}", where=self._file.where(iri), remedy=remedy)
