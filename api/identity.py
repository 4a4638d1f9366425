"""Finding a dataset by any identifier it has: ours, the publisher's, a DOI in whatever spelling, the source record."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

from catalogue.description import StoredDescription
from catalogue.ledger import Ledger
from core.canonical import select_statements
from core.identifiers import normalise_doi
from core.terms import ADMS, DCT, SKOS

_PREDICATES = (str(DCT.identifier), str(ADMS.identifier), str(SKOS.notation))


class IdentityIndex:
    """The identifiers of one release, read from the ledger when first asked for and again after a new release."""

    def __init__(self) -> None:
        self._release: tuple[Path, int] | None = None
        self._datasets: dict[str, tuple[str, ...]] = {}
        self._lock = Lock()

    def find(self, identifier: str, ledger: Ledger, release: int) -> tuple[str, ...]:
        """The IRIs of the datasets of ``release`` that carry ``identifier``, sorted."""
        with self._lock:
            this = (ledger.settings.home, release)
            if self._release != this:
                self._datasets = _index(ledger.each_member(release))
                self._release = this
            return self._datasets.get(identity_key(identifier), ())


def identity_key(identifier: str) -> str:
    """What two spellings of one identifier have in common: the bare DOI in lower case, or the text."""
    text = identifier.strip()
    return normalise_doi(text) or text


def identifiers_of(description: StoredDescription) -> set[str]:
    """All identifiers of the dataset that a description is about, as written, and its own IRI."""
    found = {description.iri}
    if description.source_iri:
        found.add(description.source_iri)
    nodes: list[str] = []
    notations: dict[str, str] = {}
    for subject, predicate, value in select_statements(description.ntriples, _PREDICATES):
        if predicate == str(SKOS.notation):
            notations[subject] = value.value
        elif subject == description.iri and predicate == str(DCT.identifier):
            found.add(value.value)
        elif subject == description.iri:
            nodes.append(value.value)
    found.update(notations.get(node, node) for node in nodes)
    return found


def _index(descriptions: Iterable[StoredDescription]) -> dict[str, tuple[str, ...]]:
    found: dict[str, set[str]] = defaultdict(set)
    for description in descriptions:
        for identifier in identifiers_of(description):
            found[identity_key(identifier)].add(description.iri)
    return {key: tuple(sorted(iris)) for key, iris in found.items()}
