"""Runs the queries among the rules of lifting: which statements of a store stand otherwise in the pinned release."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import pyoxigraph
from rdflib import BNode
from rdflib.term import Node

from core.canonical import from_oxigraph
from core.select import solutions
from shapes.lifting_rules import VARIABLES, Rule

_NEW = "urn:new:"


@dataclass(frozen=True, slots=True)
class Row:
    """A statement as it stands, None where one is added, as it shall stand, and whose place in the input it has."""

    old: tuple[Node, Node, Node] | None
    new: tuple[Node, Node, Node]
    subject: Node


def rows(store: pyoxigraph.Store, rule: Rule) -> Iterator[Row]:
    """What the query of ``rule`` finds in ``store``; a row that does not make a statement is passed over."""
    for solution in solutions(store, rule.sparql):
        found = {name: from_oxigraph(term) for name, term in solution.items()}
        subject, predicate, value, *new = (found.get(name) for name in VARIABLES)
        if subject is None:
            continue
        old = (subject, predicate, value) if predicate is not None and value is not None else None
        parts = [_fresh(now or was, rule, subject) for now, was in zip(new, (subject, predicate, value), strict=True)]
        if parts[0] is not None and parts[1] is not None and parts[2] is not None:
            yield Row(old, (parts[0], parts[1], parts[2]), subject)


def _fresh(term: Node | None, rule: Rule, subject: Node) -> Node | None:
    """A blank node for an IRI that stands for a new node: the same for the same rule, subject and name."""
    if term is None or not str(term).startswith(_NEW):
        return term
    return BNode("n" + hashlib.sha256(f"{rule.name} {subject.n3()} {term}".encode()).hexdigest()[:24])
