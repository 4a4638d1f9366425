"""Five small descriptions of two repositories and the few concepts they use, so that no test here depends on
what curators do to the shipped vocabularies."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

import pyoxigraph

from catalogue.description import StoredDescription
from catalogue.summary import DatasetSummary
from ontology.turtle import read_turtle
from ontology.vocabulary import Vocabularies

FOLDER = Path(__file__).parent / "sample_data"
SCHEMES = ("modality", "anatomy", "cancer", "licence")
DATASETS = "https://example.org/dataset/"
TITLES = {"one": "Repository One", "two": "Repository Two"}


@lru_cache(maxsize=1)
def vocabularies() -> Vocabularies:
    return Vocabularies(
        read_turtle(FOLDER / "ontology.ttl"), {name: read_turtle(FOLDER / f"{name}.ttl") for name in SCHEMES}
    )


def descriptions() -> list[StoredDescription]:
    """All descriptions, sorted by IRI."""
    graphs: dict[str, list[str]] = {}
    for quad in pyoxigraph.parse((FOLDER / "datasets.trig").read_bytes(), format=pyoxigraph.RdfFormat.TRIG):
        assert isinstance(quad.graph_name, pyoxigraph.NamedNode)
        graphs.setdefault(quad.graph_name.value, []).append(f"{quad.triple} .\n")
    return [describe(iri, "".join(sorted(graphs[iri])).encode()) for iri in sorted(graphs)]


def describe(iri: str, ntriples: bytes) -> StoredDescription:
    repository, identifier = iri.removeprefix(DATASETS).split("/")
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    return StoredDescription(iri, repository, identifier, 1, ntriples, "0", (), moment, moment)


def summaries() -> list[DatasetSummary]:
    return [DatasetSummary.from_description(one, vocabularies()) for one in descriptions()]


def summary(iri: str) -> DatasetSummary:
    return next(one for one in summaries() if one.iri == f"{DATASETS}{iri}")
