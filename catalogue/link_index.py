"""The links of a release by what pages ask for: those of a dataset, and one by its name."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import overload

from catalogue.links import Link


class LinkIndex(Sequence[Link]):
    """All links in their order, to be looked up without reading through them."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._links = tuple(links)
        self._named = {link.digest: link for link in self._links}
        by_dataset: dict[str, list[Link]] = defaultdict(list)
        for link in self._links:
            for iri in {link.subject, link.object}:
                by_dataset[iri].append(link)
        self._of = {iri: tuple(found) for iri, found in by_dataset.items()}

    def of(self, iri: str) -> tuple[Link, ...]:
        """The links that a dataset is an end of."""
        return self._of.get(iri, ())

    def named(self, digest: str) -> Link | None:
        """The link whose IRI ends so."""
        return self._named.get(digest)

    def __len__(self) -> int:
        return len(self._links)

    @overload
    def __getitem__(self, index: int) -> Link: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Link]: ...
    def __getitem__(self, index: int | slice) -> Link | Sequence[Link]:
        return self._links[index]
