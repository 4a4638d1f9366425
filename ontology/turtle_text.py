"""Editing Turtle as text: comments, order and layout of what is not changed stay as they are.

Every edit is checked: in the end the new text is parsed, and must say what was asked for and otherwise what it said
before.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NoReturn

import pyoxigraph
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple

from core.errors import VocabularyError
from core.terms import DCT, OWL, RADIOGRAPH, RDF, SKOS, XSD
from ontology.entries import Term
from ontology.turtle_scanner import Block, Held, NotFlat, comments, held, pieces, tokens

_TYPE = str(RDF.type)
_LOCAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")
_INDENT = "\n  "
#: In which order the properties of a subject are written; those in neither list come between.
_FIRST = [
    str(p)
    for p in (
        RDF.type, DCT.title, DCT.description, DCT.source, DCT.license, DCT.created, DCT.modified, OWL.versionIRI,
        OWL.versionInfo, OWL.priorVersion, SKOS.notation, SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel,
        SKOS.definition,
    )
]  # fmt: skip
_LAST = [
    str(p)
    for p in (
        SKOS.broader, SKOS.exactMatch, SKOS.closeMatch, RADIOGRAPH.negative, OWL.deprecated, DCT.isReplacedBy,
        RADIOGRAPH.shortestNotation, SKOS.topConceptOf, SKOS.inScheme,
    )
]  # fmt: skip
#: Prefixes that are declared where a property or datatype needs them.
_USUAL = {"dct": str(DCT), "owl": str(OWL), "radiograph": str(RADIOGRAPH), "skos": str(SKOS), "xsd": str(XSD)}


class TurtleText:
    """A Turtle file that is edited.

    Raises:
        VocabularyError: the text is not flat Turtle; names the file.
    """

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._triples: dict[tuple[str, str], set[Term]] = defaultdict(set)
        triples, self._prefixes = self._parsed(text)
        for triple in triples:
            if not isinstance(triple.subject, NamedNode) or not isinstance(triple.object, Term):
                self._refuse("has a blank node or a quoted triple")
            self._triples[triple.subject.value, triple.predicate.value].add(triple.object)
        try:
            self._pieces = list(pieces(text))
        except NotFlat as problem:
            self._refuse(f"is written in a way that cannot be edited: {problem}")
        self._blocks: dict[str, list[Block]] = defaultdict(list)
        for piece in self._pieces:
            if isinstance(piece, Block):
                self._blocks[piece.subject].append(piece)

    def __contains__(self, subject: str) -> bool:
        return subject in self._blocks

    @property
    def text(self) -> str:
        """The text as it is now.

        Raises:
            VocabularyError: it does not say exactly what the edits asked for.
        """
        text = "".join(piece.text if isinstance(piece, Block) else piece for piece in self._pieces)
        expected = {
            Triple(NamedNode(subject), NamedNode(predicate), value)
            for (subject, predicate), values in self._triples.items()
            for value in values
        }
        if self._parsed(text)[0] != expected:
            self._refuse("cannot be edited without changing what else it says")
        return text

    def says(self, subject: str, predicate: str) -> frozenset[Term]:
        """The values of a property."""
        return frozenset(self._triples.get((subject, predicate), ()))

    def put(self, subject: str, predicate: str, values: Collection[Term]) -> None:
        """Make ``values`` the values of a property; those that are there already stay where they are."""
        wanted, present = set(values), self.says(subject, predicate)
        if wanted == present:
            return
        if subject not in self._blocks:
            self._refuse(f"says nothing of {subject}")
        self._declare([predicate], wanted - present)
        coming = [self._written(value) for value in sorted(wanted - present, key=str)]
        holding = [block for block in self._blocks[subject] if any(h.predicate == predicate for h in held(block))]
        for block in holding:
            self._rewrite(block, predicate, wanted, coming if block is holding[-1] else [])
        if not holding:
            self._insert(self._blocks[subject][0], predicate, coming)
        self._triples[subject, predicate] = wanted

    def add(self, subject: str, values: Mapping[str, Iterable[Term]]) -> None:
        """Describe a subject that the file does not have yet, at its end."""
        described = {predicate: sorted(terms, key=str) for predicate, terms in values.items()}
        described = {predicate: terms for predicate, terms in described.items() if terms}
        self._declare(described, {value for terms in described.values() for value in terms})
        lines = [
            f"{self._verb(predicate)} {', '.join(self._written(value) for value in described[predicate])}"
            for predicate in sorted(described, key=lambda predicate: (_rank(predicate), predicate))
        ]
        block = Block(subject, f"{self._iri(subject)} {f' ;{_INDENT}'.join(lines)} .", dict(self._prefixes))
        last = self._pieces.pop()
        assert isinstance(last, str)
        self._pieces += [f"{last.rstrip()}\n\n", block, "\n"]
        self._blocks[subject].append(block)
        self._triples.update({(subject, predicate): set(terms) for predicate, terms in described.items()})

    def _rewrite(self, block: Block, predicate: str, wanted: set[Term], coming: list[str]) -> None:
        """Take out the objects that go and append those that come."""
        mine = [one for one in held(block) if one.predicate == predicate]
        for one in reversed(mine):
            fresh = coming if one is mine[-1] else []
            kept = [place for place in one.objects if self._object(block.text[slice(*place)]) in wanted]
            start, end = one.objects[0][0], one.objects[-1][1]
            if len(kept) == len(one.objects):
                block.text = block.text[:end] + "".join(f", {value}" for value in fresh) + block.text[end:]
            elif kept or fresh:
                saved = "".join(f"{comment}{_INDENT}" for comment in comments(block.text[start:end]))
                objects = ", ".join([*(block.text[slice(*place)] for place in kept), *fresh])
                verb = block.text[one.start : start]
                block.text = block.text[: one.start] + saved + verb + objects + block.text[end:]
            else:
                self._cut(block, one)

    def _cut(self, block: Block, gone: Held) -> None:
        """Take a predicate out; comments in it stay."""
        all_held = held(block)
        position = next(number for number, one in enumerate(all_held) if one.start == gone.start)
        start, end = gone.start, gone.objects[-1][1]
        if position + 1 < len(all_held):
            stop = next(token.end for token in tokens(block.text) if token.start >= end and token.text == ";")
            saved = "".join(f"{comment}{_INDENT}" for comment in comments(block.text[start:stop]))
            rest = block.text[stop:]
            block.text = block.text[:start] + saved + rest.lstrip()
        elif position:
            start = all_held[position - 1].objects[-1][1]
            saved = "".join(f" {comment}{_INDENT}" for comment in comments(block.text[start:end]))
            block.text = block.text[:start] + saved + block.text[end:]
        else:
            self._refuse(f"would say nothing of {block.subject} any more")

    def _insert(self, block: Block, predicate: str, values: list[str]) -> None:
        statement = f"{self._verb(predicate)} {', '.join(values)}"
        present = held(block)
        behind = next((one for one in present[1:] if _rank(one.predicate) > _rank(predicate)), None)
        if behind is not None:
            block.text = f"{block.text[: behind.start]}{statement} ;{_INDENT}{block.text[behind.start :]}"
        else:
            end = present[-1].objects[-1][1]
            block.text = f"{block.text[:end]} ;{_INDENT}{statement}{block.text[end:]}"

    def _declare(self, predicates: Iterable[str], values: Iterable[Term]) -> None:
        """Declare usual prefixes that are needed now and not there."""
        needed = {*predicates} - {_TYPE}
        needed |= {v.datatype.value for v in values if isinstance(v, Literal) and "^^" in self._written(v)}
        for prefix, namespace in _USUAL.items():
            if prefix in self._prefixes or namespace in self._prefixes.values():
                continue
            if any(iri.startswith(namespace) for iri in needed):
                self._declare_prefix(prefix, namespace)

    def _declare_prefix(self, prefix: str, namespace: str) -> None:
        head = self._pieces[0]
        assert isinstance(head, str)
        lines = head.splitlines(keepends=True)
        declared = [number for number, line in enumerate(lines) if line.startswith("@prefix ")]
        names = {number: lines[number].split()[1].rstrip(":") for number in declared}
        before = [number for number in declared if names[number].islower() and names[number] < prefix]
        place = before[-1] + 1 if before else declared[0] if declared else 0
        lines.insert(place, f"@prefix {prefix}: <{namespace}> .\n")
        self._pieces[0] = "".join(lines)
        self._prefixes[prefix] = namespace
        for blocks in self._blocks.values():
            for block in blocks:
                block.prefixes = {**block.prefixes, prefix: namespace}

    def _written(self, value: Term) -> str:
        """A term as this file writes it: with its prefixes where they serve."""
        if isinstance(value, NamedNode):
            return self._iri(value.value)
        datatype = value.datatype.value
        if value.language or datatype == str(XSD.string):
            return str(value)
        if datatype == str(XSD.boolean) and value.value in {"true", "false"}:
            return value.value
        return f"{str(value).rpartition('^^')[0]}^^{self._iri(datatype)}"

    def _verb(self, predicate: str) -> str:
        return "a" if predicate == _TYPE else self._iri(predicate)

    def _iri(self, iri: str) -> str:
        fitting = [(ns, prefix) for prefix, ns in self._prefixes.items() if iri.startswith(ns)]
        for namespace, prefix in sorted(fitting, key=lambda pair: -len(pair[0])):
            if _LOCAL.fullmatch(iri[len(namespace) :]):
                return f"{prefix}:{iri[len(namespace) :]}"
        return str(NamedNode(iri))

    def _object(self, written: str) -> Term:
        head = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in self._prefixes.items())
        quad = next(iter(pyoxigraph.parse(f"{head}<urn:s> <urn:p> {written} .", format=RdfFormat.TURTLE)))
        assert isinstance(quad.object, Term)
        return quad.object

    def _parsed(self, text: str) -> tuple[set[Triple], dict[str, str]]:
        parser = pyoxigraph.parse(text, format=RdfFormat.TURTLE)
        try:
            return {quad.triple for quad in parser}, dict(parser.prefixes)
        except SyntaxError as error:
            where = f"{self._name}, line {error.lineno}"
            raise VocabularyError(f"is not Turtle: {error.msg}", where=where, remedy="correct the syntax") from None

    def _refuse(self, message: str) -> NoReturn:
        raise VocabularyError(message, where=self._name, remedy="edit the file by hand")


def _rank(predicate: str) -> int:
    if predicate in _FIRST:
        return _FIRST.index(predicate)
    return 1000 + _LAST.index(predicate) if predicate in _LAST else 500
