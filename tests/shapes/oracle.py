"""The official shapes as an oracle: pySHACL on the files of the specifications, prepared once.

``pyshacl.validate`` reads the shapes anew for every description and judges every vocabulary entry as well. Here the
shapes graph is built once and only the nodes that are the user's to mend are focus nodes; that this changes no result
on them is tested (test_oracle.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pyshacl.pytypes import SHACLExecutor
from pyshacl.shape import Shape
from pyshacl.shapes_graph import ShapesGraph
from rdflib import BNode, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from core.canonical import skolemise
from core.slices import BOUNDARIES, forward_closure
from core.terms import ACCESS_RIGHT, DCT, RDF, SH, SHAPE, SKOS, new_graph
from ontology.background import background
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from tests.shapes.conftest import ROOT

STANDARDS = ROOT.parent / "shared" / "standards"
_DCAT_AP = STANDARDS / "dcat-ap-3.0.1"
HEALTH = STANDARDS / "healthdcat-ap-r8"
#: Access levels, the strictest last: HealthDCAT-AP has a file of shapes for each.
LEVELS = {"public": ACCESS_RIGHT.PUBLIC, "restricted": ACCESS_RIGHT.RESTRICTED, "non-public": ACCESS_RIGHT.NON_PUBLIC}
_SEVERITIES: dict[Node, str] = {SH.Violation: "violation", SH.Warning: "warning", SH.Info: "info"}
_UNNAMED = "#node-"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is compared: where, on which property, how badly."""

    focus: str
    path: str
    severity: str


def official(*files: Path) -> Graph:
    """The files as one shapes graph, without the one property shape that stops pySHACL for want of a ``sh:path``."""
    graph = Graph()
    for file in files:
        graph.parse(file)
    for shape, node in list(graph.subject_objects(SH.property)):
        if (node, SH.path, None) not in graph:
            graph.remove((shape, SH.property, node))
    return graph


@cache
def dcat_ap() -> Graph:
    """DCAT-AP 3.0.1: mandatory, ranges, recommended and code lists."""
    names = ("shapes.ttl", "range.ttl", "shapes_recommended.ttl", "mdr-vocabularies.shape.ttl")
    return official(*(_DCAT_AP / name for name in names))


@cache
def healthdcat_ap(level: str) -> Graph:
    """HealthDCAT-AP Release 8 for one access level, on DCAT-AP less its code lists: it has its own."""
    base = [_DCAT_AP / name for name in ("shapes.ttl", "range.ttl", "shapes_recommended.ttl")]
    own = [HEALTH / "shapes" / f"{level}-shapes.ttl", HEALTH / "ranges" / "range.ttl"]
    own += [HEALTH / "recommended" / f"{level}-shapes_recommended.ttl"]
    return official(*base, *own, HEALTH / "controlled-vocabularies" / "mdr-vocabularies.shape.ttl")


def level_of(stated: Graph, record: URIRef) -> str:
    """The strictest access level that is stated; public where there is none."""
    rights = set(stated.objects(record, DCT.accessRights))
    return next((level for level, right in reversed(LEVELS.items()) if right in rights), "public")


class Oracle:
    """One set of official shapes over one description after another."""

    def __init__(self, shapes: Graph, profiles: Profiles, vocabularies: Vocabularies) -> None:
        self._graph = shapes
        self._prepared: list[Shape] = [shape for shape in ShapesGraph(shapes).shapes if any(map(list, shape.target()))]
        self._profiles = profiles
        self._vocabularies = vocabularies
        self._reported = {
            str(o) for file in profiles.files.values() for o in file.graph.objects(None, SHAPE.reportedPath)
        }

    def problems(self, stated: Graph, record: URIRef) -> set[Problem]:
        """What the official shapes find on the user's nodes of a skolemised description."""
        return {
            Problem(
                _named(result[SH.focusNode]), self._path(result[SH.sourceShape]), _SEVERITIES[result[SH.resultSeverity]]
            )
            for result in self.results(*self.data(stated, record))
        }

    def results(self, data: Graph, own: Set[Node]) -> Iterator[dict[Node, Node]]:
        """The results on ``own``, each by its properties, without those of shapes that are referred to."""
        for shape in self._prepared:
            focus = own & set(shape.focus_nodes(data))  # type: ignore[no-untyped-call]
            if not focus:
                continue
            for _, result, triples in shape.validate(SHACLExecutor(), data, focus=list(focus))[1]:  # type: ignore[arg-type]
                yield {p: o[1] if isinstance(o, tuple) else o for s, p, o in triples if s == result}

    def data(self, stated: Graph, record: URIRef) -> tuple[Graph, set[Node]]:
        """The description as it was written, blank nodes and all, with what it refers to; and the user's nodes."""
        data = new_graph()
        for s, p, o in stated + background(stated, self._vocabularies, described=True) + self._profiles.classes:
            data.add((_as_written(s), p, _as_written(o)))
        described = {_as_written(node) for node in stated.subjects()}
        for scheme in set(data.objects(None, SKOS.inScheme)) - described:
            data.add((scheme, RDF.type, SKOS.ConceptScheme))
        neighbours = {_as_written(node) for kind in BOUNDARIES for node in stated.subjects(RDF.type, kind)} - {record}
        return data, described - neighbours

    def _path(self, shape: Node) -> str:
        """The property; of several, the one that our own rule names in ``shape:reportedPath``."""
        paths = sorted({str(o) for node in self._parts(shape) for o in self._ends(self._graph.value(node, SH.path))})
        return paths[0] if len(paths) == 1 else next((path for path in paths if path in self._reported), "")

    def _parts(self, shape: Node) -> list[Node]:
        if (shape, SH.path, None) in self._graph:
            return [shape]
        return [node for o in self._graph.objects(shape, SH["or"]) for node in Collection(self._graph, o)]

    def _ends(self, path: Node | None) -> Iterator[URIRef]:
        if isinstance(path, URIRef):
            yield path
        elif path is not None:
            yield from (o for o in self._graph.objects(path, SH.inversePath) if isinstance(o, URIRef))
            for o in self._graph.objects(path, SH.alternativePath):
                yield from (node for node in Collection(self._graph, o) if isinstance(node, URIRef))


def as_judged(graph: Graph, record: URIRef) -> Graph:
    """The slice of ``record``, as the validator and the oracle are given it."""
    return skolemise(forward_closure(record, graph), record)


def _as_written(term: Node) -> Node:
    """A blank node for the IRI that it was given on the way in."""
    return BNode(str(term).replace(_UNNAMED, "..")) if isinstance(term, URIRef) and _UNNAMED in term else term


def _named(term: Node) -> str:
    return str(term).replace("..", _UNNAMED) if isinstance(term, BNode) else str(term)
