"""The logical skeleton of an ontology: the statements that a reasoner can draw conclusions from, and no others.

Reasoners refuse datatypes outside OWL 2, fetch imports, and stumble over annotations. So imports and literals are left
out, datatypes that OWL 2 does not know become ``rdfs:Literal``, and what stands where a class must is declared one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyoxigraph import NamedNode, Triple

from core.terms import OWL, RDF, RDFS, XSD
from ontology.tree import ONTOLOGY, Tree

_TYPE = NamedNode(str(RDF.type))
_DECLARATIONS = {f"{OWL}{name}" for name in ("Class", "ObjectProperty", "DatatypeProperty", "NamedIndividual")}
_CHARACTERISTICS = {
    f"{OWL}{name}Property"
    for name in ("Functional", "InverseFunctional", "Transitive", "Symmetric", "Asymmetric", "Reflexive", "Irreflexive")
}
_BETWEEN_CLASSES = {str(p) for p in (RDFS.subClassOf, OWL.equivalentClass, OWL.disjointWith, OWL.complementOf)}
_BETWEEN_PROPERTIES = {
    str(p) for p in (RDFS.subPropertyOf, OWL.equivalentProperty, OWL.inverseOf, OWL.propertyDisjointWith)
}
_BETWEEN_INDIVIDUALS = {str(OWL.sameAs), str(OWL.differentFrom)}
_SIDES = {str(RDFS.domain), str(RDFS.range)}
#: The datatypes of OWL 2 that HermiT reasons with.
_DATATYPES = {
    str(XSD[name])
    for name in (
        "string", "normalizedString", "token", "language", "Name", "NCName", "NMTOKEN", "boolean", "decimal",
        "integer", "nonNegativeInteger", "nonPositiveInteger", "positiveInteger", "negativeInteger", "long", "int",
        "short", "byte", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte", "double", "float",
        "dateTime", "dateTimeStamp", "anyURI", "hexBinary", "base64Binary",
    )
}  # fmt: skip
_RESERVED = (str(RDF), str(RDFS), str(OWL), str(XSD))


@dataclass(frozen=True, slots=True)
class Axiom:
    """A statement of a file, and the form in which the reasoner gets it."""

    stated: Triple
    logical: Triple
    file: str
    line: int

    @property
    def terms(self) -> tuple[str, ...]:
        """What it is about: its subject, and its property where it uses one, and its value."""
        named = [term.value for term in (self.stated.subject, self.stated.object) if isinstance(term, NamedNode)]
        return (*named, self.stated.predicate.value)


@dataclass(frozen=True)
class Skeleton:
    """Declarations, which are always there, and axioms, any of which may be taken away."""

    declarations: tuple[Triple, ...]
    axioms: tuple[Axiom, ...]

    def document(self, axioms: Iterable[Axiom] | None = None) -> str:
        """The declarations and some axioms, or all, as N-Triples."""
        chosen = self.axioms if axioms is None else axioms
        return "".join(f"{triple} .\n" for triple in (*self.declarations, *(axiom.logical for axiom in chosen)))

    def kind(self, iri: str) -> str | None:
        """The local name of the OWL class that ``iri`` is declared to be, such as ``ObjectProperty``."""
        for triple in self.declarations:
            if isinstance(triple.subject, NamedNode) and triple.subject.value == iri:
                assert isinstance(triple.object, NamedNode)
                return triple.object.value.removeprefix(str(OWL))
        return None

    @property
    def individuals(self) -> tuple[str, ...]:
        """The subjects of facts: without an individual nothing is inconsistent."""
        facts = [axiom.terms for axiom in self.axioms if axiom.logical.predicate == _TYPE]
        return tuple(dict.fromkeys(subject for subject, value, _ in facts if value not in _CHARACTERISTICS))

    def nearest(self, *iris: str) -> list[Axiom]:
        """The axioms by how closely they are tied to one of ``iris``, those that are not tied to them last."""
        by_term: dict[str, list[int]] = defaultdict(list)
        for number, axiom in enumerate(self.axioms):
            for term in axiom.terms:
                if not term.startswith(_RESERVED):
                    by_term[term].append(number)
        order: dict[int, None] = {}
        level, seen = list(iris), set(iris)
        while level:
            found = [number for term in level for number in by_term[term] if number not in order]
            order |= dict.fromkeys(found)
            level = [t for n in dict.fromkeys(found) for t in self.axioms[n].terms if t not in seen]
            level = [term for term in dict.fromkeys(level) if not term.startswith(_RESERVED)]
            seen.update(level)
        rest = [number for number in range(len(self.axioms)) if number not in order]
        return [self.axioms[number] for number in (*order, *rest)]


def skeleton_of(tree: Tree) -> Skeleton:
    """The logical skeleton of a tree's ontology; concepts of the schemes are no part of it."""
    file = tree.statements.get(ONTOLOGY)
    if file is None:
        return Skeleton((), ())
    declared: dict[tuple[str, str], None] = {}
    for triple in file.triples:
        subject, value = triple.subject, triple.object
        is_type = triple.predicate == _TYPE and isinstance(value, NamedNode) and value.value in _DECLARATIONS
        if is_type and isinstance(subject, NamedNode) and isinstance(value, NamedNode):
            declared[subject.value, value.value] = None
    _declare_implied(file.triples, declared)
    properties = {iri for iri, kind in declared if kind.endswith("Property")}
    classes = {iri for iri, kind in declared if kind == str(OWL.Class)}
    axioms: list[Axiom] = []
    for triple, line in zip(file.triples, file.lines, strict=True):
        logical = _logical(triple, properties, classes)
        if logical is not None:
            axioms.append(Axiom(triple, logical, file.name, line))
    declarations = [Triple(NamedNode(iri), _TYPE, NamedNode(kind)) for iri, kind in declared]
    return Skeleton(tuple(declarations), tuple(axioms))


def _declare_implied(triples: Sequence[Triple], declared: dict[tuple[str, str], None]) -> None:
    """Declare as classes what is used as such, so that the reasoner need not guess."""
    known = {iri for iri, _ in declared}
    objects = {iri for iri, kind in declared if kind == str(OWL.ObjectProperty)}
    for triple in triples:
        subject, predicate, value = triple.subject, triple.predicate.value, triple.object
        if not isinstance(subject, NamedNode) or not isinstance(value, NamedNode):
            continue
        used = [subject, value] if predicate in _BETWEEN_CLASSES else []
        if predicate == str(RDFS.domain) or (predicate == str(RDFS.range) and subject.value in objects):
            used = [value]
        for term in used:
            if term.value not in known and not term.value.startswith(_RESERVED):
                declared[term.value, str(OWL.Class)] = None


def _logical(triple: Triple, properties: set[str], classes: set[str]) -> Triple | None:
    """The statement as the reasoner gets it; None for what has no logical meaning."""
    subject, predicate, value = triple.subject, triple.predicate.value, triple.object
    if not isinstance(subject, NamedNode) or not isinstance(value, NamedNode):
        return None
    if predicate == str(RDF.type):
        is_fact = value.value in classes and subject.value not in properties | classes
        return triple if value.value in _CHARACTERISTICS or is_fact else None
    if predicate in _SIDES:
        if value.value in classes or value.value in _DATATYPES:
            return triple
        is_datatype = value.value.startswith(str(XSD)) or value.value in (str(RDF.langString), str(RDFS.Literal))
        return Triple(subject, triple.predicate, NamedNode(str(RDFS.Literal))) if is_datatype else None
    if predicate in _BETWEEN_CLASSES | _BETWEEN_PROPERTIES | _BETWEEN_INDIVIDUALS or predicate in properties:
        return triple
    return None
