"""The whole release in numbers, for the home page and its picture.

Two things would be counted twice if everything were summed: an annotation set speaks of the subjects of the
images it was made from, and one dataset may be described by two repositories. So subjects, studies, series and
bytes are summed over image datasets only, and of datasets that accepted links tie together as the same only the
largest counts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from catalogue.summary import CONCEPT_FACETS, DatasetSummary, Term
from core.terms import RADIOGRAPH
from ontology.vocabulary import Vocabularies

#: Rows and columns of the picture.
MATRIX_MODALITIES = 7
MATRIX_BODY_PARTS = 12
TOP = 40


class LinkLike(Protocol):
    """What is read of a link."""

    @property
    def subject(self) -> str: ...
    @property
    def object(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def state(self) -> str: ...


def aggregate(
    summaries: Iterable[DatasetSummary], links: Iterable[LinkLike], vocabularies: Vocabularies
) -> dict[str, Any]:
    """Count a release; the result is JSON, and equal for equal input whatever its order."""
    datasets = sorted(summaries, key=lambda summary: summary.iri)
    accepted = [link for link in links if link.state == "accepted"]
    counted = _largest_of_each([d for d in datasets if d.kind == "images"], accepted)
    by_repository: dict[str, list[DatasetSummary]] = defaultdict(list)
    for dataset in datasets:
        by_repository[dataset.repository].append(dataset)
    return {
        "totals": {
            **_kinds(datasets),
            **_amounts(counted),
            "repositories": len(by_repository),
            "licences": len({licence.iri for d in datasets for licence in d.licences}),
            "links": len(accepted),
        },
        "repositories": [
            {"key": key, **_kinds(members), **_amounts([d for d in members if d.kind == "images"])}
            for key, members in sorted(by_repository.items())
        ],
        "facets": {facet: _top(facet, datasets, vocabularies) for facet in CONCEPT_FACETS},
        "licences": _frequencies(d.licences for d in datasets),
        "access": _frequencies((d.access,) if d.access else () for d in datasets),
        "matrix": _matrix([d for d in datasets if d.kind == "images"], vocabularies),
    }


def _kinds(datasets: Sequence[DatasetSummary]) -> dict[str, int]:
    images = sum(dataset.kind == "images" for dataset in datasets)
    return {"datasets": len(datasets), "images": images, "annotations": len(datasets) - images}


def _amounts(datasets: Sequence[DatasetSummary]) -> dict[str, int]:
    return {
        "subjects": sum(dataset.individuals or 0 for dataset in datasets),
        "studies": sum(dataset.studies or 0 for dataset in datasets),
        "series": sum(dataset.series or 0 for dataset in datasets),
        "bytes": sum(dataset.bytes or 0 for dataset in datasets),
    }


def _largest_of_each(datasets: Sequence[DatasetSummary], accepted: Iterable[LinkLike]) -> list[DatasetSummary]:
    """One dataset of each group that accepted ``sameDatasetAs`` links tie together."""
    leader = {dataset.iri: dataset.iri for dataset in datasets}

    def find(iri: str) -> str:
        while leader[iri] != iri:
            leader[iri] = leader[leader[iri]]
            iri = leader[iri]
        return iri

    for link in accepted:
        if link.kind == str(RADIOGRAPH.sameDatasetAs) and link.subject in leader and link.object in leader:
            first, second = sorted((find(link.subject), find(link.object)))
            leader[second] = first
    largest: dict[str, DatasetSummary] = {}
    for dataset in datasets:
        group = find(dataset.iri)
        best = largest.get(group)
        if best is None or (dataset.individuals or 0) > (best.individuals or 0):
            largest[group] = dataset
    return list(largest.values())


def _top(facet: str, datasets: Sequence[DatasetSummary], vocabularies: Vocabularies) -> list[dict[str, Any]]:
    """The most frequent concepts as they are stated; broader ones do not count here.

    Nor do those that say that there is no cancer, or no patient: a phantom is no kind of cancer, however often it is
    stated. They are among the facets of the search.
    """
    ordered = _frequencies(d.concepts.get(facet, ()) for d in datasets)
    return [entry for entry in ordered if not _is_negative(entry["iri"], vocabularies)][:TOP]


def _is_negative(iri: str, vocabularies: Vocabularies) -> bool:
    concept = vocabularies.concept(iri)
    return concept is not None and concept.negative


def _frequencies(groups: Iterable[Iterable[Term]]) -> list[dict[str, Any]]:
    counts: Counter[Term] = Counter()
    for group in groups:
        counts.update(set(group))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0].label.casefold(), item[0].iri))
    return [{"iri": term.iri, "label": term.label, "datasets": count} for term, count in ordered]


def _matrix(datasets: Sequence[DatasetSummary], vocabularies: Vocabularies) -> dict[str, Any]:
    """Image datasets by modality and part of the body, narrower parts included: what the same search would find.

    Rows and columns are the concepts that most datasets state themselves. What is only broader than they are
    (trunk, intra-thoracic) would repeat them, and what is broader than all (the entire body) the total.
    """
    cells: Counter[tuple[str, str]] = Counter()
    totals: Counter[str] = Counter()
    for dataset in datasets:
        modalities = _with_broader(dataset, "modality", vocabularies)
        parts = _with_broader(dataset, "body_part", vocabularies)
        totals.update(modalities | parts)
        cells.update((modality, part) for modality in modalities for part in parts)
    columns = _most_stated(datasets, "modality", vocabularies)[:MATRIX_MODALITIES]
    rows = _most_stated(datasets, "body_part", vocabularies)[:MATRIX_BODY_PARTS]
    columns, rows = ([iri for iri, _ in _ordered({iri: totals[iri] for iri in axis})] for axis in (columns, rows))
    return {
        "modalities": [_axis(iri, totals, vocabularies) for iri in columns],
        "body_parts": [_axis(iri, totals, vocabularies) for iri in rows],
        "cells": [[cells[column, row] for column in columns] for row in rows],
    }


def _most_stated(datasets: Sequence[DatasetSummary], facet: str, vocabularies: Vocabularies) -> list[str]:
    stated = Counter(term.iri for dataset in datasets for term in dataset.concepts.get(facet, ()))
    whole = {ancestry[-1] for iri in stated if len(ancestry := vocabularies.ancestors(iri)) > 1}
    return [iri for iri, _ in _ordered(stated) if vocabularies.concept(iri) and iri not in whole]


def _with_broader(dataset: DatasetSummary, facet: str, vocabularies: Vocabularies) -> set[str]:
    own = {term.iri for term in dataset.concepts.get(facet, ()) if vocabularies.concept(term.iri)}
    return own.union(*(vocabularies.ancestors(iri) for iri in own))


def _axis(iri: str, counts: Counter[str], vocabularies: Vocabularies) -> dict[str, Any]:
    concept = vocabularies.concept(iri)
    return {"iri": iri, "label": concept.label if concept else iri, "datasets": counts[iri]}


def _ordered(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
