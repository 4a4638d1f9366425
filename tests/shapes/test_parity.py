"""The official shapes as an oracle: the same verdict, finding by finding, on whole and on randomly broken descriptions.

The official files are patched where they are known to be broken (docs of each patch at the patch), never where
they are merely stricter or laxer than ours.
"""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import pyshacl
import pytest
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from core.canonical import skolemise
from core.slices import BOUNDARIES, forward_closure
from core.terms import DCT, HEALTHDCATAP, RDF, SH, SKOS, XSD
from ontology.background import background
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.validator import Validator
from tests.shapes.conftest import DATASET, EX, ROOT, example
from tests.shapes.test_constraints import ROWS, Mutation

pytestmark = pytest.mark.oracle

STANDARDS = ROOT / ".." / "shared" / "standards"
HEALTH = STANDARDS / "healthdcat-ap-r8"
LEVELS = ("public", "restricted", "non-public")
_DCAT = "https://semiceu.github.io/DCAT-AP/releases/3.0.0/html/shacl/shapes.ttl#"

#: Ours and not the official ones', with the reason.
_STRICTER = {"healthdcat-ap-structured-dataset": "the official rule has no sh:path and cannot be run"}

Problem = tuple[Node, Node | None]


def _official(*files: Path) -> Graph:
    graph = Graph()
    for file in files:
        graph.parse(file)
    # sh:shape is not SHACL, so the dates it should check go unchecked; sh:node is what is meant.
    for s, o in list(graph.subject_objects(SH["shape"])):
        graph.remove((s, SH["shape"], o))
        graph.add((s, SH.node, o))
    # The text of DCAT-AP gives a record's application profile 0..n; its shapes say at most one.
    for node in graph.objects(URIRef(f"{_DCAT}CatalogRecord_Shape"), SH.property):
        if (node, SH.path, DCT.conformsTo) in graph:
            graph.remove((node, SH.maxCount, None))
    # A property shape without sh:path stops pySHACL; the rule is tested by itself below.
    for shape, node in list(graph.subject_objects(SH.property)):
        if (node, SH.path, None) not in graph:
            graph.remove((shape, SH.property, node))
    return graph


@cache
def _dcat_ap() -> Graph:
    return _official(STANDARDS / "dcat-ap-3.0.1" / "shapes.ttl", STANDARDS / "dcat-ap-3.0.1" / "range.ttl")


@cache
def _health(level: str) -> Graph:
    files = [HEALTH / "shapes" / f"{level}-shapes.ttl", HEALTH / "ranges" / "range.ttl"]
    files += [HEALTH / "controlled-vocabularies" / "mdr-vocabularies.shape.ttl"]
    return _official(*(STANDARDS / "dcat-ap-3.0.1" / name for name in ("shapes.ttl", "range.ttl")), *files)


def _violations(data: Graph, shapes: Graph, own: set[Node]) -> set[Problem]:
    _, report, _ = pyshacl.validate(data, shacl_graph=shapes, inference="none", advanced=False)
    assert isinstance(report, Graph)
    problems: set[Problem] = set()
    for result in report.objects(None, SH.result):
        focus = report.value(result, SH.focusNode)
        if (result, SH.resultSeverity, SH.Violation) in report and focus in own:
            problems.add((focus, report.value(result, SH.resultPath)))
    return problems


def _data(
    graph: Graph, vocabularies: Vocabularies, profiles: Profiles, record: URIRef = DATASET
) -> tuple[Graph, set[Node]]:
    """The slice that is judged, as the official shapes need it, and the nodes in it that are the user's."""
    stated = forward_closure(record, graph)
    data = stated + background(stated, vocabularies) + profiles.classes
    for scheme in set(data.objects(None, SKOS.inScheme)):
        data.add((scheme, RDF.type, SKOS.ConceptScheme))
    neighbours = {s for kind in BOUNDARIES for s in stated.subjects(RDF.type, kind)} - {record}
    return data, set(stated.subjects()) - neighbours


def _break(graph: Graph, dice: random.Random, faults: int) -> Graph:
    """Some random faults, the same for the same seed."""
    for _ in range(faults):
        s, p, o = dice.choice(sorted(graph))
        match dice.randrange(6):
            case 0:
                graph.remove((s, p, o))
            case 1:
                graph.remove((s, p, None))
            case 2:
                graph.set((s, p, Literal("broken")))
            case 3:
                graph.set((s, p, EX.nowhere))
            case 4:
                graph.add((s, p, Literal("2020-13-45", datatype=XSD.date)))
            case _:
                graph.add((s, p, dice.choice(sorted(graph))[2]))
    return graph


def _ours(validator: Validator, graph: Graph) -> set[Problem]:
    report = validator.validate(graph, DATASET, profiles=["dcat-ap"])
    return {(URIRef(f.focus), URIRef(f.path)) for f in report.findings if f.severity == "violation"}


@pytest.mark.parametrize("seed", range(150))
def test_dcat_ap_finds_what_the_official_shapes_find(
    seed: int, validator: Validator, vocabularies: Vocabularies, profiles: Profiles
) -> None:
    dice = random.Random(seed)
    name = dice.choice(["dcat-ap-complete", "dcat-ap-complete", "healthdcat-ap-public-complete", "dcat-ap-minimal"])
    graph = skolemise(forward_closure(DATASET, _break(example(name), dice, 3)), DATASET)
    data, own = _data(graph, vocabularies, profiles)
    assert _ours(validator, graph) == _violations(data, _dcat_ap(), own)


@pytest.mark.parametrize("name", ["dcat-ap-minimal", "dcat-ap-complete"])
def test_dcat_ap_examples_pass_the_official_shapes(name: str, vocabularies: Vocabularies, profiles: Profiles) -> None:
    data, own = _data(example(name), vocabularies, profiles)
    assert not _violations(data, _dcat_ap(), own)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("size", ["minimal", "complete"])
def test_health_examples_pass_the_official_shapes(
    level: str, size: str, vocabularies: Vocabularies, profiles: Profiles
) -> None:
    data, own = _data(example(f"healthdcat-ap-{level}-{size}"), vocabularies, profiles)
    assert not _violations(data, _health(level), own)


@pytest.mark.parametrize("seed", range(45))
def test_health_verdicts_equal_those_of_the_official_shapes(
    seed: int, validator: Validator, vocabularies: Vocabularies, profiles: Profiles
) -> None:
    dice = random.Random(1000 + seed)
    level = LEVELS[seed % 3]
    graph = example(f"healthdcat-ap-{level}-{dice.choice(['minimal', 'complete'])}")
    graph = skolemise(forward_closure(DATASET, _break(graph, dice, 1)), DATASET)
    data, own = _data(graph, vocabularies, profiles)
    report = validator.validate(graph, DATASET, profiles=["healthdcat-ap"])
    official = _violations(data, _health(level), own)
    structured = (DATASET, HEALTHDCATAP.hasStructuredData, Literal(True)) in graph
    if structured and (DATASET, HEALTHDCATAP.hasVariables, None) not in graph:
        official.add((DATASET, HEALTHDCATAP.hasVariables))  # the rule that the oracle cannot run
    ours = {(f.focus, f.path) for f in report.findings if f.severity == "violation"}
    assert report.conforms("healthdcat-ap") == (not official), (ours, official)


@pytest.mark.slow
@pytest.mark.parametrize("mutation", [row for row in ROWS if row.severity == "violation"], ids=lambda row: row.rule)
def test_what_breaks_a_constraint_breaks_the_official_shapes(
    mutation: Mutation, vocabularies: Vocabularies, profiles: Profiles
) -> None:
    graph = forward_closure(mutation.record, skolemise(mutation.apply(), mutation.record))
    data, own = _data(graph, vocabularies, profiles, mutation.record)
    level = next((level for level in reversed(LEVELS) if level in mutation.example), "public")
    shapes = _health(level) if mutation.rule.startswith("health") else _dcat_ap()
    assert _violations(data, shapes, own) or mutation.rule in _STRICTER


def test_the_official_structured_data_rule_is_still_the_one_without_a_path() -> None:
    """When a release mends it, the patch above has to go."""
    graph = Graph().parse(HEALTH / "shapes" / "public-shapes.ttl")
    pathless = [node for node in graph.objects(None, SH.property) if (node, SH.path, None) not in graph]
    assert len(pathless) == 1 and isinstance(pathless[0], BNode)
