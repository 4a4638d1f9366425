"""Additions: what an overlay says more in a scheme that is there, without a copy of its file.

``ontology/concepts/additions/cancer.ttl`` adds to the scheme of ``cancer.ttl``: new concepts, and further labels,
synonyms, codes, places in the tree or a deprecation of concepts that it has.
"""

from __future__ import annotations

import pyoxigraph

from core.errors import VocabularyError
from core.terms import RDF, SKOS
from ontology.turtle import TurtleFile

#: The folder of additions, beside the files that replace a scheme.
ADDITIONS = "additions"

_TYPE = str(RDF.type)


def extended(scheme: TurtleFile | None, addition: TurtleFile) -> TurtleFile:
    """The scheme's file with what ``addition`` says besides.

    Raises:
        VocabularyError: there is no such scheme, or the addition describes a scheme, or something that is neither a
            concept of this scheme nor a new one. Names file and line.
    """
    if scheme is None:
        raise VocabularyError(
            f"adds to the scheme {addition.path.stem!r}, which does not exist",
            where=str(addition.path),
            remedy="name the file after a scheme, or put a scheme of its own beside this folder",
        )
    known, declared = _typed(scheme, str(SKOS.Concept)), _typed(addition, str(SKOS.Concept))
    heads = _typed(addition, str(SKOS.ConceptScheme)) | _typed(scheme, str(SKOS.ConceptScheme))
    for triple in addition.triples:
        if not isinstance(triple.subject, pyoxigraph.NamedNode):
            continue
        iri = triple.subject.value
        if iri in heads:
            raise VocabularyError(
                f"describes the concept scheme {iri}",
                where=addition.where(iri),
                remedy="describe concepts only; a file that replaces the scheme belongs beside this folder",
            )
        if iri not in known and iri not in declared:
            raise VocabularyError(
                f"{iri} is no concept of scheme {addition.path.stem!r}",
                where=addition.where(iri),
                remedy="correct the IRI, or declare it: a skos:Concept with label, notation and skos:inScheme",
            )
    return scheme.extended(addition)


def _typed(file: TurtleFile, kind: str) -> set[str]:
    return {
        triple.subject.value
        for triple in file.triples
        if triple.predicate.value == _TYPE
        and isinstance(triple.object, pyoxigraph.NamedNode)
        and triple.object.value == kind
        and isinstance(triple.subject, pyoxigraph.NamedNode)
    }
