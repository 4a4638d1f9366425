"""The files from which publishers' vocabularies are taken, read as concepts; declared in ``ontology/refresh.toml``."""

from __future__ import annotations

import csv
import io
import json
import re
import string
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn

import pyoxigraph
from pydantic import BaseModel, ConfigDict, ValidationError
from pyoxigraph import NamedNode, RdfFormat

from core.errors import InputError, VocabularyError
from core.terms import DCT, OWL, RDF, SKOS
from ontology.entries import Term

DECLARATIONS = Path(__file__).with_name("refresh.toml")
#: Authority tables of the EU with all languages have up to 60 MB.
_MAX_BYTES = 128 * 1024 * 1024
#: What an entity declares, and the longest namespace that it may stand for.
_ENTITY = re.compile(rb"""<!ENTITY\s+[^\s%"']+\s+(?:"([^"]*)"|'[^'&]{0,200}')\s*>""")
_LONGEST_ENTITY = 200
_EU_DEPRECATED = "http://publications.europa.eu/ontology/authority/deprecated"

Property = Literal["notation", "prefLabel", "broader", "exactMatch"]
Described = dict[str, frozenset[Term]]


class Declaration(BaseModel):
    """How one scheme is made from its publisher's file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["csv", "skos", "oncotree"]
    properties: tuple[Property, ...]
    iri: str = ""
    notation: str = ""
    label: str = ""
    match: str = ""
    scheme: str = ""
    where: Mapping[str, tuple[str, ...]] = {}
    grow: bool = True

    @property
    def predicates(self) -> tuple[str, ...]:
        """The IRIs of the properties that are the publisher's."""
        return tuple(str(SKOS[name]) for name in self.properties)


@dataclass(frozen=True)
class Upstream:
    """What a publisher's file says: concepts by IRI, and which of them stand in for others that are gone."""

    concepts: Mapping[str, Described]
    replacements: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def declaration(scheme: str, path: Path = DECLARATIONS) -> Declaration:
    """The declaration of a scheme.

    Raises:
        VocabularyError: there is none, or it is malformed.
    """
    try:
        declared = tomllib.loads(path.read_text(encoding="utf-8"))
        if scheme not in declared:
            raise VocabularyError(
                "has no publisher's file declared",
                where=f"scheme {scheme!r}",
                remedy=f"use one of: {', '.join(sorted(declared))}",
            )
        return Declaration.model_validate(declared[scheme])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise VocabularyError(f"is not TOML: {error}", where=str(path), remedy="correct it") from None
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise VocabularyError(
            f"[{scheme}] {name}: {first['msg']}", where=str(path), remedy="correct the declaration"
        ) from None


def read_upstream(path: Path, declared: Declaration) -> Upstream:
    """Read a publisher's file.

    Raises:
        InputError: it cannot be read, is not of the declared kind, or holds no concept.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        _fail(path, f"cannot be read: {error.strerror}", "check its name")
    if len(data) > _MAX_BYTES:
        _fail(path, f"has more than {_MAX_BYTES // 1024 // 1024} MB", "name the file of this one vocabulary")
    reader = {"csv": _from_table, "skos": _from_rdf, "oncotree": _from_oncotree}[declared.kind]
    upstream = reader(path, data, declared)
    if not upstream.concepts:
        _fail(path, "holds no concept of this scheme", "name the publisher's file of this vocabulary")
    wanted = set(declared.predicates)
    kept = {
        iri: {predicate: values for predicate, values in described.items() if predicate in wanted and values}
        for iri, described in upstream.concepts.items()
    }
    return Upstream(kept, upstream.replacements)


def _from_table(path: Path, data: bytes, declared: Declaration) -> Upstream:
    patterns = (declared.iri, declared.notation, declared.label, declared.match)
    needed = {name for pattern in patterns for _, name, _, _ in string.Formatter().parse(pattern) if name}
    rows = csv.DictReader(io.StringIO(_text(path, data), newline=""))
    concepts: dict[str, Described] = {}
    try:
        missing = sorted((needed | declared.where.keys()) - set(rows.fieldnames or ()))
        if missing:
            _fail(path, f"has no column {', '.join(missing)}", "name the publisher's table of this vocabulary")
        for row in rows:
            if all(row[name] in values for name, values in declared.where.items()):
                values = {name: (row[name] or "").strip() for name in needed}
                if not all(values.values()):
                    _fail(path, f"line {rows.line_num} has an empty cell", "complete the row")
                iri = _iri(path, declared.iri.format_map(values))
                concepts[iri] = _concept(declared, values)
    except csv.Error as error:
        _fail(path, f"is not CSV: {error}", "correct the line")
    return Upstream(concepts)


def _from_oncotree(path: Path, data: bytes, declared: Declaration) -> Upstream:
    """OncoTree's nested tree, or its list of types; a type names the codes it had before in ``history``."""
    try:
        types = list(_types(json.loads(_text(path, data))))
        parents = {str(one["code"]): one.get("parent") for one in types}
        concepts: dict[str, Described] = {}
        heirs: dict[str, list[str]] = defaultdict(list)
        for one in types:
            values = {"code": str(one["code"]).strip(), "name": str(one["name"]).strip()}
            iri = _iri(path, declared.iri.format_map(values))
            concepts[iri] = _concept(declared, values)
            parent = parents[values["code"]]
            if parent in parents:
                above = NamedNode(declared.iri.format_map({"code": parent, "name": ""}))
                concepts[iri][str(SKOS.broader)] = frozenset({above})
            for old in one.get("history") or ():
                heirs[declared.iri.format_map({"code": old, "name": ""})].append(iri)
    except (ValueError, RecursionError) as error:
        _fail(path, f"is not JSON: {error}", "name OncoTree's file")
    except (KeyError, TypeError, AttributeError):
        _fail(path, "is not OncoTree's JSON", "name the file of its tree or of its tumour types")
    return Upstream(concepts, {old: tuple(sorted(new)) for old, new in heirs.items()})


def _types(found: Any) -> Iterator[Mapping[str, Any]]:
    for one in found if isinstance(found, list) else found.values():
        yield one
        yield from _types(one.get("children") or {})


def _from_rdf(path: Path, data: bytes, declared: Declaration) -> Upstream:
    """RDF with concepts; the notation is the end of the IRI, as in authority tables."""
    said: dict[str, dict[str, set[Term]]] = defaultdict(lambda: defaultdict(set))
    form = RdfFormat.from_extension(path.suffix.lstrip(".").lower())
    if path.suffix.lower() in {".xml", ".rdf", ".owl"}:
        form = RdfFormat.RDF_XML
        _insist_on_plain_xml(path, data)
    try:
        for quad in pyoxigraph.parse(data, format=form or RdfFormat.TURTLE):
            if isinstance(quad.subject, NamedNode) and isinstance(quad.object, Term):
                said[quad.subject.value][quad.predicate.value].add(quad.object)
    except (SyntaxError, ValueError) as error:
        _fail(path, f"is not RDF: {error}", "save it as Turtle or RDF/XML with the ending .ttl or .rdf")
    concepts: dict[str, Described] = {}
    heirs: dict[str, tuple[str, ...]] = {}
    for iri, values in said.items():
        if NamedNode(declared.scheme) not in values[str(SKOS.inScheme)]:
            continue
        if NamedNode(str(SKOS.Concept)) not in values[str(RDF.type)]:
            continue
        retired = (*values[str(OWL.deprecated)], *values[_EU_DEPRECATED])
        if any(value.value == "true" for value in retired):
            heirs[iri] = tuple(sorted(v.value for v in values[str(DCT.isReplacedBy)] if isinstance(v, NamedNode)))
            continue
        concepts[iri] = {predicate: frozenset(values[predicate]) for predicate in declared.predicates}
        notation = iri.rstrip("/").rpartition("#" if "#" in iri else "/")[2]
        concepts[iri][str(SKOS.notation)] = frozenset({pyoxigraph.Literal(notation)})
    return Upstream(concepts, heirs)


def _insist_on_plain_xml(path: Path, data: bytes) -> None:
    """Entities may stand for a namespace, and for no more: the parser would end the program with what they grow to."""
    if b"\0" in data[:200] or any(len(value) > _LONGEST_ENTITY or b"&" in value for value in _ENTITY.findall(data)):
        _fail(path, "has XML entities that grow, or is not UTF-8", "save it without them, or as Turtle")
    if b"<!ENTITY" in data and data.count(b"&") * _LONGEST_ENTITY > _MAX_BYTES:
        _fail(path, "refers to XML entities too often", "save it without them, or as Turtle")
    if len(re.findall(rb"<!ENTITY", data)) != len(_ENTITY.findall(data)):
        _fail(path, "has XML entities that are not plain texts", "save it without them, or as Turtle")


def _concept(declared: Declaration, values: Mapping[str, str]) -> Described:
    described: Described = {
        str(SKOS.notation): frozenset({pyoxigraph.Literal(declared.notation.format_map(values))}),
        str(SKOS.prefLabel): frozenset({pyoxigraph.Literal(declared.label.format_map(values), language="en")}),
    }
    if declared.match:
        described[str(SKOS.exactMatch)] = frozenset({NamedNode(declared.match.format_map(values))})
    return described


def _iri(path: Path, iri: str) -> str:
    try:
        return NamedNode(iri).value
    except ValueError:
        _fail(path, f"makes {iri!r}, which is no IRI", "correct the code")


def _text(path: Path, data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _fail(path, f"is not UTF-8 in line {line}", "save it as UTF-8")


def _fail(path: Path, message: str, remedy: str) -> NoReturn:
    raise InputError(message, where=str(path), remedy=remedy)
