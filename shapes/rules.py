"""Constraints as readers meet them: whose each is, what the field is called, what to say and where it is specified."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rdflib import SH as SHACL
from rdflib import Graph, URIRef
from rdflib.term import Node

from core.errors import ProfileError
from core.terms import RDFS, SH
from shapes.profiles import Profile, Profiles, ShapeFile
from shapes.report import Severity

SEVERITIES: dict[Node, Severity] = {SH.Violation: "violation", SH.Warning: "warning", SH.Info: "info"}


@dataclass(frozen=True, slots=True)
class Rule:
    """A constraint as declared. ``profile`` is the first that has it; releases of one profile share constraints."""

    iri: URIRef
    profile: str
    field: str
    message: str
    severity: Severity
    specification: str

    @property
    def matter(self) -> str:
        """The end of its IRI after the profile's id, the same for its counterparts in other profiles and releases."""
        return re.split(r"[#/]", str(self.iri))[-1].removeprefix(f"{self.profile}-")


def read_rules(profiles: Profiles) -> dict[URIRef, Rule]:
    """Every constraint of every profile, by its IRI.

    Raises:
        ProfileError: one has no IRI, name, message, known severity or specification, or says something that is no term
            of SHACL; names file and line.
    """
    rules: dict[URIRef, Rule] = {}
    for profile in profiles:
        for name in profile.files():
            file = profiles.files[name]
            for iri in sorted(file.constraints):
                if iri not in rules:
                    rules[iri] = _rule(file, iri, profile)
    for file in profiles.files.values():
        _check_terms(file)
        for shape in file.targets:
            for node in file.graph.objects(shape, SH.property):
                if node not in rules:
                    raise _unusable(file, shape, node)
    return rules


def _unusable(file: ShapeFile, shape: URIRef, node: Node) -> ProfileError:
    """What is wrong with a constraint that ``shape`` refers to and readers could not be told of."""
    path = file.graph.value(node, SH.path)
    if isinstance(node, URIRef) and path is None:
        return ProfileError(
            f"{shape} has the constraint {node}, which this file does not describe; it has no IRI or no sh:severity",
            where=file.line_of(shape),
            remedy="correct the name after sh:property, or describe the constraint under that IRI",
        )
    name = f"the constraint {node.n3()}" if isinstance(node, URIRef) else f"a constraint of {shape}"
    return ProfileError(
        f"{name} on {path} has no IRI or no sh:severity",
        where=file.line_of(node if isinstance(node, URIRef) else shape),
        remedy="give every constraint an IRI and a severity",
    )


def _check_terms(file: ShapeFile) -> None:
    """See that shapes use terms that SHACL has: a misspelt one would demand nothing."""
    for subject, predicate in file.graph.subject_predicates():
        if str(predicate).startswith(str(SH)) and predicate not in SHACL:  # type: ignore[attr-defined]
            name = f"sh:{str(predicate).removeprefix(str(SH))}"
            raise ProfileError(
                f"{name} of {subject if isinstance(subject, URIRef) else 'a part of a shape'} is no term of SHACL",
                where=file.line_of(subject) if isinstance(subject, URIRef) else str(file.path),
                remedy="correct its spelling",
            )


def rebased(specification: str, owner: Profile, profile: Profile) -> str:
    """The address of the section in ``profile``'s own release, where it shares the constraint with ``owner``."""
    if specification.startswith(owner.specification):
        return profile.specification + specification.removeprefix(owner.specification)
    return specification


def _rule(file: ShapeFile, node: URIRef, profile: Profile) -> Rule:
    graph: Graph = file.graph
    values = {p: graph.value(node, p) for p in (SH.name, SH.message, SH.severity, RDFS.seeAlso)}
    missing = [graph.qname(p) for p, value in values.items() if value is None]
    if missing or values[SH.severity] not in SEVERITIES:
        raise ProfileError(
            f"the constraint {node} lacks {', '.join(missing) or 'a known sh:severity'}",
            where=file.line_of(node),
            remedy="a reader must be told the field, what is wrong and where it is specified",
        )
    return Rule(
        iri=node,
        profile=profile.id,
        field=str(values[SH.name]),
        message=str(values[SH.message]),
        severity=SEVERITIES[values[SH.severity] or SH.Violation],
        specification=str(values[RDFS.seeAlso]),
    )
