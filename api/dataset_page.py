"""The page of one dataset: everything its description says, why it is related to others, how valid it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.negotiation import GRAPH_VARIANTS
from api.rendering import Addresses, page
from api.state import State
from api.structured_data import dataset_json_ld
from catalogue.description import StoredDescription
from catalogue.facets import FACETS
from catalogue.links import DERIVED_FROM, SAME_DATASET, Link
from catalogue.summary import CONCEPT_FACETS, DatasetSummary, Stratum
from core.canonical import parse_ntriples
from core.terms import FOAF
from shapes.report import Report

#: Rows of a long list shown on the page; the RDF has all.
MAX_STRATA = 60
MAX_RELATED = 40
MAX_FINDINGS = 50
_FACET_HEADINGS = {**FACETS, "software": "Software"}
_QUERY = """\
SELECT ?property ?value WHERE {{
  <{iri}> ?property ?value
}}
"""
_RELATED_QUERY = """\
PREFIX radiograph: <https://w3id.org/radiograph/ontology#>
SELECT ?link ?subject ?kind ?object ?evidence WHERE {{
  ?link radiograph:linkSubject ?subject ; radiograph:linkKind ?kind ; radiograph:linkObject ?object .
  OPTIONAL {{ ?link radiograph:linkEvidence ?evidence }}
  FILTER (?subject = <{iri}> || ?object = <{iri}>)
}}
"""


@dataclass(frozen=True, slots=True)
class Chip:
    """A concept of the dataset and the search for it."""

    label: str
    href: str | None
    title: str | None


@dataclass(frozen=True, slots=True)
class ConceptRow:
    """The concepts of one facet, and the texts that became none."""

    name: str
    heading: str
    chips: tuple[Chip, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StratumRow:
    """A stratum with the share its series have of the largest, in percent."""

    modality: Any
    body_part: Any
    sex: Any
    subjects: int | None
    studies: int | None
    series: int | None
    share: float


@dataclass(frozen=True, slots=True)
class Related:
    """A dataset this one has to do with, and why we say so."""

    relation: str
    iri: str
    title: str
    repository: str | None
    state: str
    evidence: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """How the description fares under one profile."""

    label: str
    iri: str | None
    conforms: bool
    violations: int
    warnings: int


def render_dataset(
    request: Request, state: State, description: StoredDescription, *, headers: Mapping[str, str] | None = None
) -> HTMLResponse:
    """The page of a stored description."""
    summary = DatasetSummary.from_description(description, state.vocabularies)
    to = Addresses.of(request, state.identifiers.base)
    report = _report(state, description.iri)
    related = _related(summary, state)
    findings = sorted(report.findings, key=_severity) if report else []
    repository_title, publisher = _names(state, summary, description)
    stem = to.iri(description.iri)
    return page(
        request,
        "dataset.html",
        headers=headers,
        dataset=summary,
        description=description,
        repository_title=repository_title,
        publisher=publisher,
        has_figures=any(n is not None for n in (summary.subjects, summary.studies, summary.series, summary.bytes)),
        paragraphs=paragraphs(summary.description),
        facets=_concepts(summary, state, to),
        stated=summary.stated,
        headings=_FACET_HEADINGS,
        strata=_strata(summary.strata),
        strata_left=max(0, len(summary.strata) - MAX_STRATA),
        related=related[:MAX_RELATED],
        related_left=max(0, len(related) - MAX_RELATED),
        verdicts=_verdicts(state, description, report),
        findings=findings[:MAX_FINDINGS],
        findings_total=len(findings),
        stale=description.stale,
        formats=[{"label": v.label, "media_type": v.media_type, "href": f"{stem}.{v.name}"} for v in GRAPH_VARIANTS],
        sparql_href=to.path("sparql", {"query": _QUERY.format(iri=description.iri)}),
        sparql_related=to.path("sparql", {"query": _RELATED_QUERY.format(iri=description.iri)}),
        json_ld=dataset_json_ld(
            summary,
            publisher=publisher,
            catalogue=state.settings.title,
            catalogue_iri=str(state.identifiers.catalogue()),
        ),
    )


def paragraphs(text: str) -> list[str]:
    """A description cut where it has empty lines."""
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def _concepts(summary: DatasetSummary, state: State, to: Addresses) -> list[ConceptRow]:
    rows = []
    for facet in (*(f for f in FACETS if f in CONCEPT_FACETS), "software"):
        terms = summary.concepts.get(facet, ())
        unread = tuple(s.text for s in summary.stated if s.facet == facet and s.concept is None)
        if not terms and not unread:
            continue
        chips = []
        for term in terms:
            raw = [s.text for s in summary.stated if s.facet == facet and s.concept == term and s.text != term.label]
            title = "Stated as " + ", ".join(f"“{text}”" for text in raw[:5]) if raw else None
            chips.append(Chip(term.label, _search(facet, term.iri, state, to), title))
        rows.append(ConceptRow(facet, _FACET_HEADINGS[facet], tuple(chips), unread))
    return rows


def _search(facet: str, iri: str, state: State, to: Addresses) -> str | None:
    if facet not in FACETS or state.release is None:
        return None
    return to.path("datasets", {facet: state.release.search.directory.key(facet, iri)})


def _strata(strata: Sequence[Stratum]) -> list[StratumRow]:
    largest = max((one.series or 0 for one in strata), default=0) or 1
    return [
        StratumRow(
            s.modality, s.body_part, s.sex, s.subjects, s.studies, s.series, round(100 * (s.series or 0) / largest, 1)
        )
        for s in strata[:MAX_STRATA]
    ]


def _related(summary: DatasetSummary, state: State) -> list[Related]:
    """All links that touch the dataset, accepted ones first, then derivations it states that no link repeats."""
    links = state.release.links.of(summary.iri) if state.release else ()
    linked = {link.object for link in links if link.kind == DERIVED_FROM and link.subject == summary.iri}
    found = [
        _related_by(link, link.object if link.subject == summary.iri else link.subject, summary.iri, state)
        for link in links
    ]
    for iri in summary.derived_from:
        if iri not in linked:
            title, repository = _title(iri, state)
            evidence = "The repository states it."
            found.append(Related("Derived from", iri, title, repository, "accepted", evidence, None))
    return sorted(found, key=lambda one: (one.state != "accepted", one.relation, one.title.casefold(), one.iri))


def _related_by(link: Link, other: str, own: str, state: State) -> Related:
    if link.kind == SAME_DATASET:
        relation = "Same dataset as"
    elif link.kind == DERIVED_FROM:
        relation = "Derived from" if link.subject == own else "Source of"
    else:
        relation = "Linked with"
    title, repository = _title(other, state)
    evidence = _readable(link.evidence, {other: f"“{title}”", own: "this dataset"})
    return Related(relation, other, title, repository, link.state, evidence, link.confidence)


def _readable(evidence: str, names: Mapping[str, str]) -> str:
    """Evidence with names in place of the IRIs of the two datasets it is about."""
    for iri, name in names.items():
        evidence = re.sub(rf"{re.escape(iri)}(?![\w%~#/-])", name.replace("\\", r"\\"), evidence)
    return evidence


def _title(iri: str, state: State) -> tuple[str, str | None]:
    card = state.release.search.card(iri) if state.release else None
    if card is None or state.release is None:
        return iri, None
    return str(card["title"]), state.release.search.directory.entry("repository", card["repository"]).label


def _report(state: State, iri: str) -> Report | None:
    stored = state.ledger.report(iri)
    return Report.model_validate_json(stored) if stored is not None else None


def _verdicts(state: State, description: StoredDescription, report: Report | None) -> list[VerdictRow]:
    """What the released revision conforms to, and how the newest revision fares under the other profiles."""
    by_id = {profile.id: profile for profile in state.profiles}
    labels = {str(profile.iri): f"{profile.label} {profile.release}" for profile in state.profiles}
    conforming = set(description.conforms_to)
    rows = []
    for verdict in report.verdicts if report else ():
        profile = by_id.get(verdict.profile)
        iri = str(profile.iri) if profile else None
        conforms = iri in conforming
        conforming.discard(iri or "")
        label = labels[iri] if iri else verdict.profile
        rows.append(VerdictRow(label, iri, conforms, 0 if conforms else verdict.violations, verdict.warnings))
    rows += [VerdictRow(labels.get(iri, iri), iri, True, 0, 0) for iri in conforming]
    return sorted(rows, key=lambda row: (not row.conforms, row.label))


def _severity(finding: Any) -> tuple[int, str]:
    return (("violation", "warning", "info").index(finding.severity), finding.path)


def _names(state: State, summary: DatasetSummary, description: StoredDescription) -> tuple[str, str | None]:
    """The repository's title and the publisher's name, from the repository's declaration or the description itself."""
    iri = summary.publisher or ""
    for entry in state.ledger.repositories():
        if entry.id == summary.repository:
            known = _agent_names(entry.ntriples)
            return entry.title, known.get(iri) or _agent_names(description.ntriples).get(iri)
    return summary.repository, None


@lru_cache(maxsize=64)
def _agent_names(ntriples: bytes) -> dict[str, str]:
    return {str(agent): str(name) for agent, name in parse_ntriples(ntriples).subject_objects(FOAF.name)}
