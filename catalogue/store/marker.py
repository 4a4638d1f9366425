"""What a store says about itself: which ledger, up to which event, for which release, with which graphs.

It stands in the graph ``{base}/graph/release`` and is written together with what it speaks of, so that a store
always knows what it holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import pyoxigraph
from rdflib import Literal, URIRef

from core.canonical import canonical_ntriples, from_oxigraph
from core.identifiers import Identifiers
from core.terms import DCT, RADIOGRAPH, RDF, XSD, new_graph


@dataclass(frozen=True, slots=True)
class Marker:
    """State of a store. ``event_at`` tells the event apart from one of another history with the same number.

    ``graphs`` maps the graphs that belong to no description (repositories, vocabularies, links) to the hash of
    their content. While a release is being made, ``release`` is its number and ``event`` how far it has come.
    """

    ledger: str
    release: int
    event: int
    event_at: str
    created: datetime
    graphs: Mapping[str, str] = field(default_factory=dict)

    def ntriples(self, identifiers: Identifiers) -> bytes:
        """The content of the graph ``{base}/graph/release``."""
        graph = new_graph()
        release = identifiers.release(self.release)
        graph.add((release, RDF.type, RADIOGRAPH.Release))
        graph.add((release, RADIOGRAPH.releaseNumber, Literal(str(self.release), datatype=XSD.integer)))
        graph.add((release, RADIOGRAPH.lastEvent, Literal(str(self.event), datatype=XSD.integer)))
        graph.add((release, RADIOGRAPH.lastEventTime, Literal(self.event_at)))
        graph.add((release, RADIOGRAPH.ledgerIdentifier, Literal(self.ledger)))
        graph.add((release, DCT.issued, Literal(self.created.isoformat(), datatype=XSD.dateTime)))
        for name, digest in self.graphs.items():
            graph.add((URIRef(name), RADIOGRAPH.contentHash, Literal(digest)))
        return canonical_ntriples(graph)

    @classmethod
    def from_quads(cls, quads: Iterable[pyoxigraph.Quad]) -> Marker | None:
        """Read a marker back; None where there is none, or it is not whole."""
        values: dict[str, str] = {}
        graphs: dict[str, str] = {}
        for quad in quads:
            subject, value = from_oxigraph(quad.subject), from_oxigraph(quad.object)
            if quad.predicate.value == str(RADIOGRAPH.contentHash):
                graphs[str(subject)] = str(value)
            else:
                values[quad.predicate.value] = str(value)
        try:
            return cls(
                ledger=values[str(RADIOGRAPH.ledgerIdentifier)],
                release=int(values[str(RADIOGRAPH.releaseNumber)]),
                event=int(values[str(RADIOGRAPH.lastEvent)]),
                event_at=values[str(RADIOGRAPH.lastEventTime)],
                created=datetime.fromisoformat(values[str(DCT.issued)]),
                graphs=graphs,
            )
        except (KeyError, ValueError):
            return None
