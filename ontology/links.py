"""Concepts and their like elsewhere, as sets of concepts say, joined to the statements of the schemes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pyoxigraph

from core.errors import VocabularyError
from core.terms import CONCEPT
from ontology.sssom import MappingSet
from ontology.turtle import TurtleFile


def linked(schemes: Mapping[str, TurtleFile], sets: Sequence[MappingSet]) -> dict[str, TurtleFile]:
    """The schemes with the links of the mapping sets as further statements.

    Raises:
        VocabularyError: a link is of a concept that does not exist, or its scheme's file says the same; names file
            and line.
    """
    links: dict[str, dict[pyoxigraph.Triple, None]] = defaultdict(dict)
    prefixes: dict[str, dict[str, str]] = defaultdict(dict)
    known = {name: {triple.subject for triple in file.triples} for name, file in schemes.items()}
    said = {name: frozenset(file.triples) for name, file in schemes.items()}
    for mapping_set in sets:
        for link in mapping_set.links:
            scheme = link.subject.removeprefix(str(CONCEPT)).partition("/")[0]
            subject, predicate, entity = map(pyoxigraph.NamedNode, (link.subject, link.predicate, link.object))
            if subject not in known.get(scheme, ()):
                raise VocabularyError(
                    f"ties {link.subject}, which is no concept of any scheme",
                    where=mapping_set.where(link),
                    remedy="correct the subject_id, or add the concept",
                )
            triple = pyoxigraph.Triple(subject, predicate, entity)
            if triple in said[scheme] or triple in links[scheme]:
                raise VocabularyError(
                    f"says again that {link.subject} is tied to {link.object}",
                    where=mapping_set.where(link),
                    remedy="remove the row; a code stands in the scheme's file or in one mapping set",
                )
            links[scheme][triple] = None
            prefixes[scheme] |= mapping_set.prefixes
    return {
        name: replace(
            file,
            triples=file.triples + tuple(links[name]),
            prefixes=prefixes[name] | file.prefixes,
            linked=tuple(links[name]),
        )
        if name in links
        else file
        for name, file in schemes.items()
    }
