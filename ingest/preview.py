"""What a profile would newly fail, before it is switched on: every accepted description judged by it, nothing written.

The profile may be one that is declared but not enabled, a new release in an overlay folder, or the same profile with
other shapes. What a description already violates by the profiles of now is not news and left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rdflib import Graph, Literal, URIRef

from catalogue.description import StoredDescription
from catalogue.reader import LedgerReader
from core.canonical import parse_ntriples
from core.identifiers import Identifiers
from core.terms import DCT
from ingest.derivation import with_neighbours
from shapes.profiles import Profiles
from shapes.report import Finding, Report
from shapes.rules import Rule
from shapes.validator import Validator

#: How many descriptions are named for a rule.
_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Example:
    """A description that a rule would newly fail."""

    iri: str
    title: str
    repository: str


@dataclass
class NewlyViolated:
    """A rule that descriptions would newly violate: how many, of which repositories, and some of them."""

    rule: Rule
    repositories: Counter[str] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)

    @property
    def count(self) -> int:
        return self.repositories.total()


@dataclass
class Preview:
    """What came of judging ``judged`` descriptions by a profile that ``applies`` to some of them by itself."""

    profile: str
    judged: int = 0
    applies: int = 0
    conforming: int = 0
    failing: Counter[str] = field(default_factory=Counter)
    rules: dict[URIRef, NewlyViolated] = field(default_factory=dict)

    @property
    def ranked(self) -> list[NewlyViolated]:
        """The rules, those that most descriptions would violate first."""
        return sorted(self.rules.values(), key=lambda found: (-found.count, found.rule.iri))


def preview(
    ledger: LedgerReader,
    profile_id: str,
    present: Validator,
    proposed: Validator,
    identifiers: Identifiers,
    *,
    progress: Callable[[], None] = lambda: None,
) -> Preview:
    """Judge every accepted description by the profile as ``proposed`` knows it.

    Raises:
        ProfileError: ``proposed`` has no such profile.
    """
    applies = _applies(proposed.profiles, profile_id)
    found = Preview(profile_id)
    repositories = {entry.id: (entry, parse_ntriples(entry.ntriples)) for entry in ledger.repositories()}
    for stored in ledger.each_accepted():
        entry, context = repositories[stored.repository]
        graph, record = stored.graph(), URIRef(stored.iri)
        surroundings = with_neighbours(context, graph, record, identifiers)
        report = proposed.validate(
            graph, record, context=surroundings, repository=entry.id, profiles=[profile_id], gate=None
        )
        found.judged += 1
        found.applies += applies(graph, record, entry.id)
        found.conforming += report.conforms(profile_id)
        if not report.conforms(profile_id):
            before = present.validate(graph, record, context=surroundings, repository=entry.id, gate=entry.gate)
            _note(found, stored, graph, proposed, list(_news(report, proposed, before, present)))
        progress()
    return found


def _applies(profiles: Profiles, profile_id: str) -> Callable[[Graph, URIRef, str], bool]:
    """Whether the profile, once enabled, applies to a description that nobody names it for."""
    enabled = profiles.get(profile_id).model_copy(update={"enabled": True})
    return lambda graph, record, repository: enabled.why(graph, record, repository) is not None


def _news(after: Report, proposed: Validator, before: Report, present: Validator) -> Iterator[Finding]:
    """The violations after that are none before; a rule may have another IRI in another release."""
    known = {(f.focus, f.value, _matter(f, present)) for f in before.findings if f.severity == "violation"}
    for finding in after.findings:
        if finding.severity == "violation" and (finding.focus, finding.value, _matter(finding, proposed)) not in known:
            yield finding


def _matter(finding: Finding, validator: Validator) -> str:
    return validator.rules[URIRef(finding.rule or "")].matter


def _note(found: Preview, stored: StoredDescription, graph: Graph, proposed: Validator, news: list[Finding]) -> None:
    if news:
        found.failing[stored.repository] += 1
    for iri in {URIRef(finding.rule or "") for finding in news}:
        rule = found.rules.setdefault(iri, NewlyViolated(proposed.rules[iri]))
        rule.repositories[stored.repository] += 1
        if len(rule.examples) < _EXAMPLES:
            rule.examples.append(Example(stored.iri, _title(graph, URIRef(stored.iri)), stored.repository))


def _title(graph: Graph, record: URIRef) -> str:
    titles = [title for title in graph.objects(record, DCT.title) if isinstance(title, Literal)]
    titles.sort(key=lambda title: (not (title.language or "").startswith("en"), str(title)))
    return str(titles[0]) if titles else "(no title)"
