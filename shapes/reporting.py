"""Turns what the engine found into a report: under which profile, in what words, once, and in order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, replace

from rdflib import URIRef

from shapes.engine import Result
from shapes.profiles import Profile, Profiles
from shapes.report import Finding, Report, Verdict
from shapes.rules import Rule, read_rules, rebased

_ORDER = {"violation": 0, "warning": 1, "info": 2}
#: What core.canonical calls a blank node; the hash tells a reader nothing.
_UNNAMED = re.compile(r"#node-[0-9a-f]{20}$")
#: A value longer than this many characters is cut in a report.
_LONGEST_VALUE = 300


@dataclass(frozen=True, slots=True)
class _Scope:
    """The constraints that hold where certain profiles are judged by: of each profile, and as each is told."""

    active: Mapping[str, frozenset[URIRef]]
    rules: Mapping[URIRef, Rule]


class Reporter:
    """Makes reports; ``rules`` are all constraints by their IRI.

    Raises:
        ProfileError: a constraint has no name, message, severity or specification.
    """

    def __init__(self, profiles: Profiles) -> None:
        self._profiles = profiles
        self.rules = read_rules(profiles)
        self._ranks = {p.id: (-len(profiles.lineage(p.id)), number) for number, p in enumerate(profiles)}
        self._scopes: dict[object, _Scope] = {}

    def report(
        self,
        record: URIRef,
        repository: str | None,
        chosen: tuple[Profile, ...],
        files: Mapping[str, tuple[str, ...]],
        results: Iterable[Result],
    ) -> Report:
        """A constraint that several releases share is told once, as the first chosen profile's that has it."""
        relaxed = {r.rule for r in self._profiles.relaxed if not r.repositories or repository in r.repositories}
        scope = self._scope(chosen, files)
        findings = _folded(
            _finding(record, scope.rules[result.rule], result, relaxed)
            for result in results
            if result.rule in scope.rules
        )
        verdicts = []
        for profile in chosen:
            under = [
                (f, self.rules[rule])
                for f in findings
                if f.rule and (rule := URIRef(f.rule)) in scope.active[profile.id]
            ]
            verdicts.append(
                Verdict(
                    profile=profile.id,
                    conforms=all(rule.severity != "violation" for _, rule in under),
                    violations=sum(finding.severity == "violation" for finding, _ in under),
                    warnings=sum(finding.severity == "warning" for finding, _ in under),
                    relaxed=sum(finding.relaxed for finding, _ in under),
                )
            )
        told = self._told_once(findings)
        return Report(record=str(record), verdicts=tuple(verdicts), findings=tuple(sorted(told, key=_order)))

    def _told_once(self, findings: Iterable[Finding]) -> set[Finding]:
        """Where two profiles have each their own constraint on one matter, the finding of the more special one."""
        told: dict[tuple[str, str | None, str, str], Finding] = {}
        for finding in sorted(findings, key=lambda finding: (self._ranks[finding.profile], finding.path)):
            matter = self.rules[URIRef(finding.rule or "")].matter
            told.setdefault((finding.focus, finding.value, finding.severity, matter), finding)
        return set(told.values())

    def _scope(self, chosen: tuple[Profile, ...], files: Mapping[str, tuple[str, ...]]) -> _Scope:
        key = (tuple(profile.id for profile in chosen), tuple(files.items()))
        if key not in self._scopes:
            active = {profile.id: self._active(profile, files) for profile in chosen}
            rules: dict[URIRef, Rule] = {}
            for profile in chosen:
                held = active[profile.id] - self._advice_withdrawn(profile, chosen)
                rules.update((iri, self._rule_of(profile, iri)) for iri in held - rules.keys())
            self._scopes[key] = _Scope(active, rules)
        return self._scopes[key]

    def _advice_withdrawn(self, profile: Profile, chosen: Iterable[Profile]) -> frozenset[URIRef]:
        """Warnings of a profile that another one, which extends it and is judged by as well, does without.

        One that extends another release of the profile counts too. A violation stays: the profile itself is broken
        all the same.
        """
        heirs = (
            heir
            for heir in chosen
            if any(profile.label == ancestor.label for ancestor in self._profiles.lineage(heir.id) if ancestor != heir)
        )
        withdrawn = {URIRef(rule) for heir in heirs for rule in heir.without}
        return frozenset(rule for rule in withdrawn if self.rules[rule].severity != "violation")

    def _active(self, profile: Profile, files: Mapping[str, tuple[str, ...]]) -> frozenset[URIRef]:
        """The constraints that hold under a profile and what it extends, for the record that ``files`` are for."""
        named = [name for ancestor in self._profiles.lineage(profile.id) for name in files[ancestor.id]]
        return self._profiles.constraints(profile.id, named)

    def _rule_of(self, profile: Profile, iri: URIRef) -> Rule:
        """The constraint as ``profile`` states it: under its own name and at its own specification's address."""
        rule = self.rules[iri]
        if rule.profile == profile.id:
            return rule
        specification = rebased(rule.specification, self._profiles.get(rule.profile), profile)
        return replace(rule, profile=profile.id, specification=specification)


def _finding(record: URIRef, rule: Rule, result: Result, relaxed: Set[str]) -> Finding:
    value = None if result.value is None or result.value == result.focus else str(result.value)
    if value and _UNNAMED.search(value):
        value = "(a node without an IRI)"
    if value and len(value) > _LONGEST_VALUE:
        value = value[: _LONGEST_VALUE - 1] + "…"
    milder = str(rule.iri) in relaxed and rule.severity == "violation"
    return Finding(
        record=str(record),
        path=str(result.path or ""),
        severity="warning" if milder else rule.severity,
        profile=rule.profile,
        message=rule.message,
        focus=str(result.focus),
        value=value,
        rule=str(rule.iri),
        field=rule.field,
        specification=rule.specification,
        relaxed=milder,
    )


def _folded(findings: Iterable[Finding]) -> set[Finding]:
    """Distinct findings; of a missing value that one profile demands and another recommends, only the demand."""
    distinct = set(findings)
    demanded = {(f.focus, f.path) for f in distinct if f.severity == "violation" and f.value is None}
    return {f for f in distinct if f.severity == "violation" or f.value or (f.focus, f.path) not in demanded}


def _order(finding: Finding) -> tuple[object, ...]:
    return (
        _ORDER[finding.severity],
        finding.focus != finding.record,
        finding.focus,
        finding.path,
        finding.rule,
        finding.value or "",
    )
