"""The prepared oracle is plain pySHACL: the same results on the user's nodes."""

from __future__ import annotations

import pyshacl
import pytest
from rdflib import Graph, URIRef
from rdflib.term import Node

from core.terms import SH
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from tests.shapes.conftest import DATASET, example
from tests.shapes.corpus import KINDS, Kind, broken
from tests.shapes.oracle import Oracle, as_judged, dcat_ap, healthdcat_ap

pytestmark = pytest.mark.oracle


def _plainly(data: Graph, shapes: Graph, own: set[Node]) -> set[tuple[Node | None, ...]]:
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False)
    assert isinstance(report, Graph)
    results = set(report.objects(None, SH.result))
    found = {
        tuple(report.value(result, p) for p in (SH.focusNode, SH.resultPath, SH.resultSeverity)) for result in results
    }
    return {_with_simple_path(*one) for one in found if one[0] in own}


def _with_simple_path(focus: Node | None, path: Node | None, severity: Node | None) -> tuple[Node | None, ...]:
    return focus, path if isinstance(path, URIRef) else None, severity


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_results_are_those_of_plain_pyshacl(kind: Kind, profiles: Profiles, vocabularies: Vocabularies) -> None:
    shapes = dcat_ap() if kind.profile == "dcat-ap" else healthdcat_ap(kind.level)
    oracle = Oracle(shapes, profiles, vocabularies)
    for seed in range(3):
        item = broken(kind, seed)
        data, own = oracle.data(item.stated, item.record)
        prepared = {
            _with_simple_path(*(result.get(p) for p in (SH.focusNode, SH.resultPath, SH.resultSeverity)))
            for result in oracle.results(data, own)
        }
        assert prepared == _plainly(data, shapes, own)


def test_a_node_without_an_iri_is_one_for_the_oracle(profiles: Profiles, vocabularies: Vocabularies) -> None:
    """It got an IRI on the way in; where the official shapes demand one, it must not count."""
    graph = example("dcat-ap-complete")
    graph.update("DELETE { ?s dcat:theme ?o } INSERT { ?s dcat:theme [] } WHERE { ?s dcat:theme ?o }")
    stated = as_judged(graph, DATASET)
    found = Oracle(dcat_ap(), profiles, vocabularies).problems(stated, DATASET)
    assert {p.severity for p in found if p.path.endswith("#theme")} == {"violation", "warning"}
