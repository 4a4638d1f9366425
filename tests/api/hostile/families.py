"""Documents made to do harm, by families: what is posted, and which answers are right for it.

They are the same each time. ``LISTENER`` in a body stands for an address on which the test listens: nothing that is
handed in may have it asked.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.api.hostile import carriage, content, syntax
from tests.api.hostile.request import Hostile

FAMILIES = (
    *(syntax.not_rdf, carriage.too_large, syntax.nested, syntax.entities, syntax.contexts, content.cycles),
    *(content.iris, syntax.charsets, carriage.types, syntax.truncated, syntax.controls, content.huge, content.many),
    *(content.triple_terms, carriage.compressed, syntax.surrogates, content.languages, syntax.prefixes),
    *(content.instructions, content.literals, content.patterns, carriage.forms, carriage.addresses),
    *(carriage.archives, carriage.parameters),
)


def inputs() -> Iterator[Hostile]:
    """All of them."""
    for family in FAMILIES:
        yield from family()
