"""Links between datasets: what may be the same dataset elsewhere, and what was derived from what.

A link is a statement about a statement: it has a method, evidence and a confidence, and two
descriptions are never merged because of it. Two methods exist. ``shared-doi`` finds descriptions in different
repositories that carry one DOI *as their own identifier*; ``declared-by-source`` keeps the derivations that
descriptions state themselves. A derived link says nothing about missing ones: no shared DOI means unknown.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from rdflib import Graph, URIRef
from rdflib import Literal as RdfLiteral

from catalogue.description import StoredDescription
from core.canonical import select_statements
from core.errors import ReleaseError
from core.identifiers import Identifiers, normalise_doi
from core.terms import ADMS, DCT, PROV, RADIOGRAPH, RDF, SKOS, XSD, new_graph

logger = logging.getLogger(__name__)

State = Literal["accepted", "proposed"]

SAME_DATASET = str(RADIOGRAPH.sameDatasetAs)
DERIVED_FROM = str(PROV.wasDerivedFrom)

SHARED_DOI = "shared-doi"
DECLARED = "declared-by-source"

#: A DOI that more datasets of one repository carry names a series or a paper, not a dataset: it links nothing.
MAX_CARRIERS = 8


@dataclass(frozen=True, slots=True)
class Link:
    """One link; ``kind`` is the IRI of the property, ``confidence`` lies between 0 and 1.

    A ``sameDatasetAs`` link is symmetric and stands once, with the smaller IRI as its subject.
    """

    subject: str
    object: str
    kind: str
    state: State
    confidence: float
    method: str
    evidence: str

    @property
    def digest(self) -> str:
        """A name that stays when evidence or confidence change: hash of subject, object, kind and method."""
        text = "\n".join((self.subject, self.object, self.kind, self.method))
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def to_json(self) -> dict[str, Any]:
        return {
            "subject": self.subject,
            "object": self.object,
            "kind": self.kind,
            "state": self.state,
            "confidence": self.confidence,
            "method": self.method,
            "evidence": self.evidence,
        }


@dataclass(frozen=True, slots=True)
class LinkFindings:
    """The links, sorted, and a remark for each one that could not be made."""

    links: tuple[Link, ...]
    remarks: tuple[str, ...]


def derive_links(descriptions: Iterable[StoredDescription], identifiers: Identifiers) -> list[Link]:
    """Return the links between ``descriptions``, sorted; what could not be linked is logged."""
    findings = find_links(descriptions, identifiers)
    for remark in findings.remarks:
        logger.warning("%s", remark)
    return list(findings.links)


def find_links(descriptions: Iterable[StoredDescription], identifiers: Identifiers) -> LinkFindings:
    """Return the links between ``descriptions`` and remarks on derivations and DOIs that give none."""
    scanned = sorted((traits(description) for description in descriptions), key=lambda one: one.iri)
    derived, dangling = _declared_derivations(scanned, identifiers)
    same, ambiguous = _shared_dois(scanned)
    links = sorted([*derived, *same], key=lambda link: (link.subject, link.object, link.kind, link.method))
    return LinkFindings(tuple(links), (*dangling, *ambiguous))


def links_graph(links: Iterable[Link], identifiers: Identifiers) -> Graph:
    """Return the graph ``{base}/graph/links``: a node for each link, and both directions of accepted sameness.

    The direct ``prov:wasDerivedFrom`` stands in the description that states it, so it is not repeated.
    """
    graph = new_graph()
    for link in links:
        node, subject, object_ = identifiers.link(link.digest), URIRef(link.subject), URIRef(link.object)
        graph.add((node, RDF.type, RADIOGRAPH.Link))
        graph.add((node, RADIOGRAPH.linkSubject, subject))
        graph.add((node, RADIOGRAPH.linkObject, object_))
        graph.add((node, RADIOGRAPH.linkKind, URIRef(link.kind)))
        graph.add((node, RADIOGRAPH.linkState, RdfLiteral(link.state)))
        graph.add((node, RADIOGRAPH.linkMethod, RdfLiteral(link.method)))
        graph.add((node, RADIOGRAPH.linkEvidence, RdfLiteral(link.evidence)))
        confidence = RdfLiteral(str(Decimal(str(link.confidence))), datatype=XSD.decimal)
        graph.add((node, RADIOGRAPH.confidence, confidence))
        if link.kind == SAME_DATASET and link.state == "accepted":
            graph.add((subject, RADIOGRAPH.sameDatasetAs, object_))
            graph.add((object_, RADIOGRAPH.sameDatasetAs, subject))
    return graph


def write_links(path: Path, links: Iterable[Link]) -> None:
    """Write one JSON object a line."""
    lines = (json.dumps(link.to_json(), ensure_ascii=False) + "\n" for link in links)
    path.write_text("".join(lines), encoding="utf-8")


def read_links(path: Path) -> list[Link]:
    """Read what :func:`write_links` wrote.

    Raises:
        ReleaseError: the file is missing, or a line is not a link.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ReleaseError(f"the links of the release cannot be read: {error}", where=str(path)) from error
    links = []
    for number, line in enumerate(lines, start=1):
        if line:
            try:
                links.append(Link(**json.loads(line)))
            except (ValueError, TypeError) as error:
                raise ReleaseError(
                    f"not a link: {error}", where=f"{path}, line {number}", remedy="publish the catalogue again"
                ) from error
    return links


@dataclass(frozen=True, slots=True)
class _Traits:
    """What linking needs to know of one description."""

    iri: str
    repository: str
    identifiers: dict[str, str] = field(default_factory=dict)
    """DOI to the identifier as written."""
    primary: str | None = None
    """The DOI in dct:identifier."""
    kinds: frozenset[str] = frozenset()
    sources: tuple[str, ...] = ()

    def principal(self, doi: str) -> bool:
        """Whether the DOI names the whole dataset: its dct:identifier, or the only DOI it has."""
        return self.primary == doi or len(self.identifiers) == 1


_WANTED = (str(DCT.identifier), str(ADMS.identifier), str(SKOS.notation), DERIVED_FROM, str(RDF.type))
_KINDS = {str(RADIOGRAPH.ImagingDataset), str(RADIOGRAPH.AnnotationDataset)}


def traits(description: StoredDescription) -> _Traits:
    """The few things that links are made of; descriptions that agree in them are linked alike."""
    notations: dict[str, str] = {}
    nodes: list[str] = []
    written: list[str] = []
    kinds, sources = set(), set()
    for subject, predicate, term in select_statements(description.ntriples, _WANTED):
        value = term.value
        if predicate == str(SKOS.notation):
            notations[subject] = value
        elif subject != description.iri:
            continue
        elif predicate == str(DCT.identifier):
            written.append(value)
        elif predicate == str(ADMS.identifier):
            nodes.append(value)
        elif predicate == DERIVED_FROM:
            sources.add(value)
        elif value in _KINDS:
            kinds.add(value)
    primary = next((doi for text in written if (doi := normalise_doi(text))), None)
    dois: dict[str, str] = {}
    for text in [*written, *(notations.get(node, node) for node in nodes)]:
        doi = normalise_doi(text)
        if doi:
            dois.setdefault(doi, text)
    return _Traits(description.iri, description.repository, dois, primary, frozenset(kinds), tuple(sorted(sources)))


def _declared_derivations(scanned: Sequence[_Traits], identifiers: Identifiers) -> tuple[list[Link], list[str]]:
    known = {traits.iri for traits in scanned}
    ours = f"{identifiers.base}/dataset/"
    links, remarks = [], []
    for traits in scanned:
        for source in traits.sources:
            if source in known and source != traits.iri:
                evidence = f"The description of {traits.iri} states prov:wasDerivedFrom {source}."
                links.append(Link(traits.iri, source, DERIVED_FROM, "accepted", 1.0, DECLARED, evidence))
            elif source.startswith(ours):
                reason = "itself" if source == traits.iri else f"{source}, which is not in the catalogue"
                remarks.append(f"{traits.iri} says it is derived from {reason}; no link was made")
    return links, remarks


def _shared_dois(scanned: Sequence[_Traits]) -> tuple[list[Link], list[str]]:
    carriers: dict[str, dict[str, list[_Traits]]] = defaultdict(lambda: defaultdict(list))
    for traits in scanned:
        for doi in traits.identifiers:
            carriers[doi][traits.repository].append(traits)
    found: dict[tuple[str, str], list[Link]] = defaultdict(list)
    remarks = []
    for doi in sorted(doi for doi, places in carriers.items() if len(places) > 1):
        crowded = sorted(name for name, group in carriers[doi].items() if len(group) > MAX_CARRIERS)
        if crowded:
            remarks.append(
                f"DOI {doi} is an identifier of more than {MAX_CARRIERS} datasets of {', '.join(crowded)}; "
                "it names no single dataset and no link was made there"
            )
        groups = [group for name, group in sorted(carriers[doi].items()) if name not in crowded]
        for index, group in enumerate(groups):
            for other in groups[index + 1 :]:
                for link in _same(doi, group, other):
                    found[link.subject, link.object].append(link)
    return [_merge(links) for links in found.values()], remarks


def _same(doi: str, group: Sequence[_Traits], other: Sequence[_Traits]) -> list[Link]:
    """The links that one DOI gives between the datasets of two repositories."""
    best, other_best = _bearers(doi, group), _bearers(doi, other)
    links = []
    for one in best:
        for two in other_best:
            first, second = sorted((one, two), key=lambda traits: traits.iri)
            reason, confidence = _doubt(doi, first, second, len(best) * len(other_best))
            evidence = (
                f"Both carry DOI {doi}: {first.iri} as {first.identifiers[doi]!r}, "
                f"{second.iri} as {second.identifiers[doi]!r}.{reason}"
            )
            state: State = "proposed" if reason else "accepted"
            links.append(Link(first.iri, second.iri, SAME_DATASET, state, confidence, SHARED_DOI, evidence))
    return links


def _bearers(doi: str, group: Sequence[_Traits]) -> Sequence[_Traits]:
    """The datasets of one repository that the DOI can mean: those whose dct:identifier it is, else all."""
    return [traits for traits in group if traits.primary == doi] or group


def _doubt(doi: str, one: _Traits, two: _Traits, pairs: int) -> tuple[str, float]:
    """Why a shared DOI may not mean the same dataset, empty where nothing speaks against it, and the confidence."""
    if one.kinds and two.kinds and one.kinds != two.kinds:
        return " One holds images, the other annotations.", 0.3
    if pairs > 1:
        return f" The DOI fits {pairs} pairs of datasets of these repositories.", round(0.6 / pairs, 2)
    part = next((traits for traits in (one, two) if not traits.principal(doi)), None)
    if part is not None and one.identifiers.keys() != two.identifiers.keys():
        return f" {part.iri} has other DOIs as well, so one may be a part of the other.", 0.5
    return "", 1.0 if one.primary == two.primary == doi else 0.95


def _merge(links: Sequence[Link]) -> Link:
    """One link of several between the same two datasets: the surest, with the evidence of all."""
    best = max(links, key=lambda link: (link.state == "accepted", link.confidence))
    others = [link.evidence for link in links if link is not best]
    evidence = " ".join([best.evidence, *others])
    return Link(best.subject, best.object, best.kind, best.state, best.confidence, best.method, evidence)
