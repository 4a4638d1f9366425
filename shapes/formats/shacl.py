"""A judgement as a SHACL validation report in RDF, as the W3C recommendation defines it.

There ``sh:conforms`` is false as soon as there is any result, a recommendation too; whether a record meets a profile is
told by the other formats.
"""

from __future__ import annotations

from collections.abc import Sequence

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from core.terms import RDF, RDFS, SH, SHAPE, XSD, new_graph
from shapes.documents import Judged, Judgement, Unjudged, judgements_of
from shapes.report import Finding

_SEVERITIES = {"violation": SH.Violation, "warning": SH.Warning, "info": SH.Info}


def write_turtle(results: Sequence[Judgement | Unjudged]) -> str:
    """The report in Turtle; SHACL has no word for what cannot be judged."""
    return report_graph(judgements_of(results)).serialize(format="turtle")


def write_jsonld(results: Sequence[Judgement | Unjudged]) -> str:
    """The report in JSON-LD, its context in it; again only on what could be judged."""
    context = {"sh": str(SH), "rdfs": str(RDFS), "xsd": str(XSD), "shape": str(SHAPE)}
    return report_graph(judgements_of(results)).serialize(
        format="json-ld", context=context, indent=2, ensure_ascii=False
    )


def report_graph(judgements: Sequence[Judgement]) -> Graph:
    """One ``sh:ValidationReport`` with a result for each finding."""
    graph = new_graph()
    graph.bind("shape", SHAPE)
    report = BNode()
    graph.add((report, RDF.type, SH.ValidationReport))
    conforms = not any(judgement.findings for judgement in judgements)
    graph.add((report, SH.conforms, Literal("true" if conforms else "false", datatype=XSD.boolean)))
    for judgement in judgements:
        for one in judgement.judged:
            nodes: dict[str, Node] = {name: BNode() for name in one.unnamed}
            for finding in one.report.findings:
                _add_result(graph, report, judgement, one, nodes, finding)
    return graph


def _add_result(
    graph: Graph, report: Node, judgement: Judgement, one: Judged, nodes: dict[str, Node], finding: Finding
) -> None:
    """``nodes`` are blank nodes for what has no IRI in the input."""
    result = BNode()
    values = one.values.get(finding, ())
    value = values[0].term if finding.value is not None and len(values) == 1 else None
    told: list[tuple[Node, Node | None]] = [
        (RDF.type, SH.ValidationResult),
        (SH.focusNode, nodes.get(finding.focus, URIRef(finding.focus))),
        (SH.resultPath, URIRef(finding.path) if finding.path else None),
        (SH.value, nodes.get(str(value), value) if value is not None else None),
        (SH.resultMessage, Literal(finding.message, lang="en")),
        (SH.resultSeverity, _SEVERITIES[finding.severity]),
        (SH.sourceShape, URIRef(finding.rule) if finding.rule else None),
        (SH.sourceConstraintComponent, judgement.guide.component(finding)),
        (RDFS.seeAlso, URIRef(finding.specification) if finding.specification else None),
    ]
    graph.add((report, SH.result, result))
    for predicate, term in told:
        if term is not None:
            graph.add((result, predicate, term))
