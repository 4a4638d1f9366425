"""The rules of lifting, as curators write them: TOML in ``shapes/lifting``, and SPARQL where names are not enough.

An operator's overlay folder may bring its own ``shapes/lifting``: a file of the same name replaces the shipped one, any
other adds to them. Every rule says in ``reason`` what the person is told whose statement it rewrites.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from rdflib import Graph, URIRef
from rdflib.term import Node

from core.errors import ProfileError
from core.select import selected
from core.terms import PREFIXES, RDF
from shapes.strict_toml import Table, read_toml

_SHIPPED = Path(__file__).parent / "lifting"
#: What a query answers with; see :class:`Query`.
VARIABLES = ("subject", "property", "value", "newSubject", "newProperty", "newValue")
_REMEDY = "see the files in shapes/lifting of Radiograph, and docs/lifting.md"

Conversion = Literal["mailto", "email", "telephone", "iri", "count"]


class Role(Table):
    """What a node is to the description: by its class, or by a property that points to it.

    A node of a class in ``never`` does not play the role, whatever points to it.
    """

    name: str
    classes: tuple[str, ...] = ()
    objects_of: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


class Namespace(Table):
    """Every IRI that begins with one of ``from`` begins with ``to`` instead, wherever it stands."""

    old: tuple[str, ...] = Field(alias="from")
    to: str
    reason: str


class Property(Table):
    """A property has another name, at subjects that play the role ``on``.

    ``convert`` turns the value into what the new property wants; where it cannot, the statement stays. Where the
    subject plays the role ``beside`` as well, the old statement stays beside the new one. ``datatype`` narrows the rule
    to literals of one datatype, ``links`` to values that are no literals.
    """

    old: tuple[str, ...] = Field(alias="from")
    to: str
    on: str | None = None
    beside: str | None = None
    datatype: str | None = None
    links: bool = False
    convert: Conversion | None = None
    reason: str


class Class(Table):
    """A class has another name, of nodes that play the role ``on``."""

    old: tuple[str, ...] = Field(alias="from")
    to: str
    on: str | None = None
    beside: str | None = None
    reason: str


class Value(Table):
    """A value of a list has another name: an IRI among ``from``, or a text among ``texts`` in any case of letters."""

    property: str
    old: tuple[str, ...] = Field((), alias="from")
    texts: tuple[str, ...] = ()
    to: str
    on: str | None = None
    reason: str


class Obsolete(Table):
    """A property that the pinned release has no place for: it stays as it is, and is told."""

    properties: tuple[str, ...]
    reason: str


class Query(Table):
    """A SPARQL SELECT in ``file``, run where one of the properties ``when`` occurs.

    ``on`` narrows this to nodes that play a role, ``values`` to texts or to links, so that the query does not run over
    descriptions that are current.
    A row is a statement as it stands (``?subject ?property ?value``) and as it shall stand (``?newSubject ?newProperty
    ?newValue``; what is unbound stays as it was). Without the first three a statement is added; ``?subject`` alone says
    whose place in the input it has. An IRI ``urn:new:…`` is a new blank node, the same in all rows of one subject.
    """

    file: str
    when: tuple[str, ...]
    on: str | None = None
    values: Literal["texts", "links"] | None = None
    reason: str


class _File(Table):
    prefixes: dict[str, str] = Field(default_factory=dict)
    role: tuple[Role, ...] = ()
    namespace: tuple[Namespace, ...] = ()
    property: tuple[Property, ...] = ()
    class_: tuple[Class, ...] = Field((), alias="class")
    value: tuple[Value, ...] = ()
    obsolete: tuple[Obsolete, ...] = ()
    query: tuple[Query, ...] = ()


Declared = Namespace | Property | Class | Value | Obsolete | Query


@dataclass(frozen=True, slots=True)
class Rule:
    """A declared rule with the name that reports give it and its terms as IRIs."""

    name: str
    declared: Declared
    terms: Mapping[str, URIRef]
    sparql: str = ""

    def term(self, name: str) -> URIRef:
        """The IRI that a name in the declaration stands for."""
        return self.terms[name]


class Lifting:
    """All rules, in the order in which they apply: files by name, and in a file as :class:`_File` has them."""

    def __init__(self, rules: list[Rule], roles: Mapping[str, tuple[set[Node], list[URIRef], set[Node]]]) -> None:
        self.rules = tuple(rules)
        self._roles = roles

    @classmethod
    def load(cls, overlay: Path | None = None) -> Lifting:
        """Read the shipped rules and, over them, those of ``overlay/shapes/lifting``.

        Raises:
            ProfileError: a file is malformed, or names a role, prefix or query that there is not.
        """
        folders = [_SHIPPED, *([overlay / "shapes" / "lifting"] if overlay else [])]
        paths = {path.name: path for folder in folders for path in sorted(folder.glob("*.toml"))}
        files = {name: (paths[name], read_toml(paths[name], _File, _REMEDY)) for name in sorted(paths)}
        roles = {role.name: _role(role, path, file) for path, file in files.values() for role in file.role}
        rules = [rule for path, file in files.values() for rule in _rules(path, file, folders)]
        for rule in rules:
            for role in (getattr(rule.declared, "on", None), getattr(rule.declared, "beside", None)):
                if role is not None and role not in roles:
                    raise ProfileError(
                        f"there is no role {role!r}", where=rule.name, remedy=f"use one of {', '.join(sorted(roles))}"
                    )
        return cls(rules, roles)

    def of(self, kind: type[Declared]) -> Iterator[Rule]:
        """The rules of one kind."""
        return (rule for rule in self.rules if isinstance(rule.declared, kind))

    def plays(self, graph: Graph, node: Node, role: str | None) -> bool:
        """Whether ``node`` plays a role in ``graph``; everything plays the role None."""
        if role is None:
            return True
        classes, objects_of, never = self._roles[role]
        if any((node, RDF.type, kind) in graph for kind in never):
            return False
        typed = any((node, RDF.type, kind) in graph for kind in classes)
        return typed or any((None, predicate, node) in graph for predicate in objects_of)


@lru_cache(maxsize=1)
def shipped_rules() -> Lifting:
    """The rules as shipped, read once."""
    return Lifting.load()


def _role(role: Role, path: Path, file: _File) -> tuple[set[Node], list[URIRef], set[Node]]:
    def expand(names: tuple[str, ...]) -> list[URIRef]:
        return [_iri(name, path, file) for name in names]

    return set(expand(role.classes)), expand(role.objects_of), set(expand(role.never))


def _rules(path: Path, file: _File, folders: list[Path]) -> Iterator[Rule]:
    declared: list[Namespace | Property | Class | Value | Obsolete] = []
    declared += [*file.namespace, *file.class_, *file.property, *file.value, *file.obsolete]
    for rule in declared:
        names = _names(rule)
        terms = {name: _iri(name, path, file) for name in names}
        yield Rule(f"{path.stem}: {names[0]}", rule, terms)
    for query in file.query:
        terms = {name: _iri(name, path, file) for name in query.when}
        yield Rule(f"{path.stem}: {query.file}", query, terms, _sparql(query.file, path, folders))


def _names(rule: Namespace | Property | Class | Value | Obsolete) -> list[str]:
    """The names in a rule that stand for IRIs, the one it is known by first."""
    if isinstance(rule, Obsolete):
        return [*rule.properties]
    if isinstance(rule, Value):
        return [*rule.old, rule.to, rule.property]
    return [*rule.old, rule.to, *([rule.datatype] if isinstance(rule, Property) and rule.datatype else [])]


def _iri(name: str, path: Path, file: _File) -> URIRef:
    prefix, colon, local = name.partition(":")
    if local.startswith("//"):
        return URIRef(name)
    namespace = file.prefixes.get(prefix) or PREFIXES.get(prefix)
    if not colon or namespace is None:
        raise ProfileError(
            f"{name!r} is no IRI and has no known prefix", where=str(path), remedy="declare it under [prefixes]"
        )
    return URIRef(f"{namespace}{local}")


def _sparql(name: str, path: Path, folders: list[Path]) -> str:
    for folder in reversed(folders):
        file = folder / name
        if file.resolve().is_relative_to(folder.resolve()) and file.is_file():
            text = file.read_text(encoding="utf-8")
            try:
                variables = selected(text)
            except SyntaxError as error:
                raise ProfileError(f"not SPARQL: {error}", where=str(file), remedy="correct the query") from None
            if not variables or not variables <= set(VARIABLES):
                raise ProfileError(
                    f"the query is no SELECT of {', '.join(f'?{v}' for v in VARIABLES)}",
                    where=str(file),
                    remedy="name its variables so",
                )
            return text
    raise ProfileError(f"there is no query {name}", where=str(path), remedy="put it beside the file")
