"""The form of a profile: a field for each property that its shapes speak of, derived from the shapes.

A property that a curator adds to the shapes becomes a field by itself; ``layout.toml`` orders and groups the fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from rdflib import Literal, URIRef
from rdflib.term import Node

from core.errors import ProfileError
from core.slices import BOUNDARIES
from core.terms import DCAT, RDF, SH, SKOS, XSD
from ontology.background import ranges
from ontology.vocabulary import Vocabularies
from shapes.declarations import Case
from shapes.examples import Examples
from shapes.forms.code_list import CodeList, code_list
from shapes.forms.constraints import Constraints, Facts
from shapes.forms.examples import FormExamples
from shapes.forms.field import Field, Form, Kind, Need, code_of
from shapes.forms.key import Key, shown
from shapes.forms.layout import Layout, Property
from shapes.profiles import Profiles

_DATES = frozenset((XSD.date, XSD.dateTime, XSD.gYear, XSD.gYearMonth))
_WHOLE = frozenset((XSD.nonNegativeInteger, XSD.integer, XSD.positiveInteger))
_MAX_DEPTH = 5


class FormMaker:
    """Makes forms from shapes, vocabularies and the layout."""

    def __init__(self, profiles: Profiles, vocabularies: Vocabularies, layout: Layout) -> None:
        self._profiles = profiles
        self._vocabularies = vocabularies
        self._layout = layout
        self._graphs = Examples(profiles).graphs

    def form(self, profile_id: str, level: str | None = None) -> Form:
        """The form of a profile; ``level`` is the value of a case (an access level), None leaves it open.

        Raises:
            ProfileError: there is no such profile.
        """
        profile = self._profiles.get(profile_id)
        constraints = Constraints(self._profiles, profile_id, None if level is None else [level])
        described = [graph for one in reversed(self._profiles.lineage(profile_id)) for graph in self._graphs(one)]
        deriver = _Deriver(constraints, self._vocabularies, self._layout, FormExamples(described, level))
        fields = tuple(deriver.fields())
        return Form(profile, level, fields, deriver.nodes)

    def level(self, profile_id: str, name: str) -> str:
        """The access level that people call ``name``, as its IRI: the value of one of the profile's cases.

        A level of the same list for which the profile has no rules of its own, PUBLIC, is one as well.

        Raises:
            ProfileError: the profile has none of this name; lists those it has.
        """
        cases = [case.value for one in self._profiles.lineage(profile_id) for case in one.cases]
        known = {code_of(value): value for value in cases}
        if known:
            code, value = next(iter(known.items()))
            known["PUBLIC"] = value.removesuffix(code) + "PUBLIC"
        wanted = re.sub(r"[^A-Z0-9]+", "_", name.upper())
        if wanted not in known:
            levels = ", ".join(sorted(known)) or "none"
            raise ProfileError(
                f"the profile {profile_id!r} has no access level {name!r}", remedy=f"its levels are: {levels}"
            )
        return known[wanted]


@dataclass(frozen=True, slots=True)
class _Group:
    """A node on the way to a value: its label and how badly it is wanted."""

    label: str = ""
    need: Need = Need.MANDATORY
    condition: str = ""
    help: str = ""
    section: str = ""


class _Deriver:
    """Walks from the dataset along the properties that the shapes speak of."""

    def __init__(
        self, constraints: Constraints, vocabularies: Vocabularies, layout: Layout, examples: FormExamples
    ) -> None:
        self._constraints = constraints
        self._vocabularies = vocabularies
        self._layout = layout
        self._examples = examples
        self.nodes: dict[tuple[URIRef, ...], tuple[URIRef, ...]] = {(): (DCAT.Dataset,)}

    def fields(self) -> Iterator[Field]:
        """All fields in the order of the layout."""
        facts = self._constraints.facts((DCAT.Dataset,))
        order = {predicate: position for position, predicate in enumerate(facts)}
        for predicate in sorted(facts, key=lambda p: (*self._layout.place(p), order[p])):
            section = self._layout.heading(self._layout.place(predicate)[0])
            yield from self._unfold((predicate,), facts[predicate], facts, _Group(section=section))

    def _unfold(
        self, path: tuple[URIRef, ...], facts: Facts, beside: Mapping[URIRef, Facts], group: _Group
    ) -> Iterator[Field]:
        """The field of a property, or those of the node it leads to."""
        said = self._layout.of(path)
        if said.hidden:
            return
        codes = code_list(facts, self._vocabularies, said.list)
        need, condition = self._need(facts, beside, group)
        inner = {} if codes else self._inner(path, facts, said)
        if not inner:
            yield self._field(path, facts, said, codes, group, (need, condition))
            return
        self.nodes[path] = facts.classes
        label = _joined(group.label, said.label or facts.label)
        below = _Group(label, need, condition or group.condition, said.help or facts.advice, group.section)
        fields = [f for name, one in inner.items() for f in self._unfold((*path, name), one, inner, below)]
        yield from _with_one_needed(fields, below)

    def _inner(self, path: tuple[URIRef, ...], facts: Facts, said: Property) -> dict[URIRef, Facts]:
        """The properties of the node that a property leads to; none where it is something to point to."""
        kinds = facts.classes
        pointed_to = {*BOUNDARIES, SKOS.Concept} & {*kinds}
        if not kinds or pointed_to or len(path) > _MAX_DEPTH or (str(path[-1]) in ranges() and not said.unfold):
            return {}
        found = self._constraints.facts(kinds, facts)
        found = {p: one for p, one in found.items() if p not in path and not self._layout.of((*path, p)).hidden}
        for name in self._layout.added(path):
            if (key := Key.parse(name)) is not None:
                found.setdefault(key.path[0], self._constraints.unsaid(key.path[0]))
        order = [shown(p) for p in found]
        if said.only:
            found = {p: one for p, one in found.items() if shown(p) in said.only}
        front = [*said.first, *said.only]
        rank = {name: position for position, name in enumerate(dict.fromkeys((*front, *order)))}
        return dict(sorted(found.items(), key=lambda item: rank[shown(item[0])]))

    def _field(
        self,
        path: tuple[URIRef, ...],
        facts: Facts,
        said: Property,
        codes: CodeList | None,
        group: _Group,
        need: tuple[Need, str],
    ) -> Field:
        values = self._examples.values(path)
        kind, datatype = _kind(facts, said, codes, values)
        tagged = said.text == "tagged" or any(isinstance(v, Literal) and v.language for v in values)
        own = said.label or facts.label
        given = Key.parse(said.kind) if said.kind else None
        return Field(
            path=path,
            section=group.section,
            label=_joined(group.label, own),
            help=said.help or facts.advice,
            need=need[0],
            condition=need[1],
            several=not facts.single,
            kind=kind,
            language="en" if kind is Kind.TEXT and tagged and said.text != "plain" else None,
            datatype=datatype,
            classes=given.path[:1] if given else facts.classes,
            codes=codes,
            examples=tuple(_shown_value(value, codes, kind) for value in values),
        )

    def _need(self, facts: Facts, beside: Mapping[URIRef, Facts], group: _Group) -> tuple[Need, str]:
        """How badly a property is wanted, seen together with the node it belongs to."""
        always, cases = facts.required(SH.Violation)
        recommended, recommended_cases = facts.required(SH.Warning)
        others = [beside[p].label for p in facts.either if p != facts.predicate and p in beside]
        if others and not always:
            return Need.CONDITIONAL, f"unless {' or '.join(others)} is filled" + _within(group)
        if always:
            if group.need is Need.MANDATORY:
                return Need.MANDATORY, ""
            return Need.CONDITIONAL, _within(group).removeprefix(", ")
        if cases:
            return Need.CONDITIONAL, "where " + " or ".join(self._case_label(case) for case in cases)
        if (recommended or recommended_cases) and group.need in (Need.MANDATORY, Need.RECOMMENDED):
            return Need.RECOMMENDED, ""
        return Need.OPTIONAL, ""

    def _case_label(self, case: Case) -> str:
        concept = self._vocabularies.concept(case.value)
        label = self._constraints.unsaid(URIRef(case.path)).usual
        return f"{label} is {concept.label if concept else code_of(case.value)}"


def _joined(group: str, label: str) -> str:
    return f"{group} › {label}" if group else label


def _within(group: _Group) -> str:
    return "" if group.need is Need.MANDATORY else f", if anything of {group.label} is filled"


def _with_one_needed(fields: list[Field], group: _Group) -> Iterator[Field]:
    """Of a node that is wanted although none of its properties is, the first property is wanted.

    The first also tells what the node itself is about.
    """
    wanted = {Need.MANDATORY, Need.CONDITIONAL, *((Need.RECOMMENDED,) if group.need is Need.RECOMMENDED else ())}
    for position, field in enumerate(fields):
        need, condition = field.need, field.condition
        if position == 0 and group.need is not Need.OPTIONAL and not any(f.need in wanted for f in fields):
            need, condition = group.need, group.condition
        parts = (group.help, field.help) if position == 0 else (field.help,)
        yield replace(field, need=need, condition=condition, help=" ".join(dict.fromkeys(filter(None, parts))))


def _kind(facts: Facts, said: Property, codes: CodeList | None, values: Iterable[Node]) -> tuple[Kind, URIRef | None]:
    """What the cells hold, and the datatype where it is one."""
    datatypes = facts.datatypes
    if codes is not None or said.link or said.kind:
        return Kind.LINK, None
    if said.text or (SH.Literal in facts.node_kinds and not datatypes):
        return Kind.TEXT, None
    if datatypes:
        return _datatype_kind(datatypes)
    if facts.classes or facts.node_kinds & {SH.IRI, SH.BlankNodeOrIRI} or any(isinstance(v, URIRef) for v in values):
        return Kind.LINK, None
    return Kind.TEXT, None


def _datatype_kind(datatypes: frozenset[URIRef]) -> tuple[Kind, URIRef | None]:
    if datatypes & _DATES:
        return Kind.DATE, None
    if datatypes & _WHOLE:
        return Kind.WHOLE, min(datatypes & _WHOLE)
    if datatypes & {XSD.decimal, XSD.double, XSD.float}:
        return Kind.DECIMAL, min(datatypes & {XSD.decimal, XSD.double, XSD.float})
    if XSD.boolean in datatypes:
        return Kind.BOOLEAN, XSD.boolean
    if datatypes & {XSD.string, RDF.langString}:
        return Kind.TEXT, None
    return Kind.TYPED, min(datatypes)


def _shown_value(value: object, codes: CodeList | None, kind: Kind) -> str:
    """An example as a steward would write it in a cell."""
    text = str(value)
    if codes is not None and isinstance(value, URIRef):
        return codes.shown.get(value, text)
    if kind is Kind.BOOLEAN:
        return "yes" if text in ("true", "1") else "no"
    return text.removeprefix("mailto:") if kind is Kind.LINK else text
