"""A catalogue's home for tests, and descriptions to put in."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rdflib import Literal, URIRef

import ontology
from catalogue.description import Candidate, Outcome
from catalogue.entries import RepositoryEntry, RunSummary
from catalogue.ledger import Ledger
from core.canonical import canonical_ntriples
from core.settings import Settings
from core.terms import DCAT, DCT, FOAF, RADIOGRAPH, RDF, XSD, new_graph
from ontology.turtle import read_turtle
from ontology.vocabulary import Vocabularies

BASE = "https://catalogue.example.org"
PROFILE = "https://w3id.org/radiograph/profile/dcat-ap"


@dataclass
class Home:
    """A catalogue's home with the means to fill it."""

    settings: Settings
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def iri(self, identifier: str, repository: str = "one") -> str:
        return str(self.settings.identifiers.dataset(repository, identifier))

    def candidate(
        self,
        identifier: str,
        title: str = "first",
        *,
        accepted: bool = True,
        repository: str = "one",
        conforms_to: tuple[str, ...] | None = None,
        triples: Iterable[tuple[URIRef, URIRef, URIRef | Literal]] = (),
        report: str | None = None,
        source_iri: str | None = None,
    ) -> Candidate:
        """A small description; ``title`` stands for its content."""
        dataset = URIRef(self.iri(identifier, repository))
        graph = new_graph()
        graph.add((dataset, RDF.type, DCAT.Dataset))
        graph.add((dataset, DCT.title, Literal(f"{identifier} {title}", lang="en")))
        graph.add((dataset, DCT.identifier, Literal(identifier)))
        graph.add((dataset, RADIOGRAPH.subjectCount, Literal("018", datatype=XSD.nonNegativeInteger)))
        for triple in triples:
            graph.add(triple)
        return Candidate(
            iri=str(dataset),
            repository=repository,
            identifier=identifier,
            ntriples=canonical_ntriples(graph),
            report=report or json.dumps({"record": str(dataset), "accepted": accepted}),
            conforms_to=((PROFILE,) if accepted else ()) if conforms_to is None else conforms_to,
            accepted=accepted,
            source_record=json.dumps({"identifier": identifier}),
            source_iri=source_iri,
        )

    def entry(self, repository: str = "one", title: str = "Repository One") -> RepositoryEntry:
        identifiers = self.settings.identifiers
        catalogue, agent = identifiers.catalogue(repository), identifiers.agent(repository, "publisher")
        graph = new_graph()
        graph.add((catalogue, RDF.type, DCAT.Catalog))
        graph.add((catalogue, DCT.title, Literal(title, lang="en")))
        graph.add((catalogue, DCT.publisher, agent))
        graph.add((agent, RDF.type, FOAF.Agent))
        graph.add((agent, FOAF.name, Literal(title)))
        return RepositoryEntry(repository, title, canonical_ntriples(graph), "dcat-ap", f"declaration of {title}")

    def ingest(self, *candidates: Candidate, complete: bool = True, repository: str = "one") -> RunSummary:
        """Run these candidates into the ledger; what became of each is in ``outcomes``."""
        with Ledger.open(self.settings, create=True) as ledger:
            ledger.declare(self.entry(repository, f"Repository {repository}"))
            with ledger.run(repository, "test") as run:
                self.outcomes = {candidate.identifier: run.submit(candidate) for candidate in candidates}
                return run.finish(complete=complete, report={"candidates": len(candidates)})

    def open(self) -> Ledger:
        return Ledger.open(self.settings)


def few_vocabularies() -> Vocabularies:
    here = Path(ontology.__file__).parent
    schemes = {name: read_turtle(here / "concepts" / f"{name}.ttl") for name in ("sex", "modality", "anatomy")}
    return Vocabularies(read_turtle(here / "radiograph.ttl"), schemes)


def make_settings(path: Path, **changes: object) -> Settings:
    values: dict[str, object] = {"home": path, "base_iri": BASE, "_env_file": None, **changes}
    return Settings(**values)  # type: ignore[arg-type]
