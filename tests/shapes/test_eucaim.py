"""EUCAIM 2.0: the examples pass, and every row of the specification's tables is enforced, by itself or by inheritance.

``mutations/eucaim.tsv`` breaks each constraint; here the three tables are read, and each row is broken in a complete
example in every way it can be: the value missing, doubled, or of the wrong kind.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rdflib import Graph, Literal, URIRef
from rdflib.term import Node

from core.terms import DCT, EUCAIM, SH, SHAPE, XSD
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles
from shapes.report import Finding, Report
from shapes.validator import Validator
from tests.shapes.conftest import DATASET, EX, example, term, turtle
from tests.shapes.oracle import LEVELS, Oracle, as_judged, healthdcat_ap

TABLES = Path(__file__).parents[3] / "shared" / "standards" / "eucaim-2.0"
COMPLETE = ("eucaim-public-complete", "eucaim-restricted-complete", "eucaim-non-public-complete")
#: Where each table's rows start, and in which example.
_ROOTS = {
    "dataset": (DATASET, "eucaim-public-complete"),
    "distribution": (EX.distribution, "eucaim-public-complete"),
    "catalogue": (EX.catalogue, "eucaim-catalogue"),
}
#: Of these properties one is enough: a missing one is found where the others are missing too.
_EITHER = {
    "dcat:dataset": ("dcat:service",),
    "dcat:service": ("dcat:dataset",),
    "vcard:hasURL": ("vcard:hasEmail",),
    "vcard:hasEmail": ("vcard:hasURL",),
    "cv:contactPage": ("cv:email",),
    "cv:email": ("cv:contactPage",),
    "odrl:permission": ("odrl:prohibition", "odrl:obligation"),
    "odrl:prohibition": ("odrl:permission", "odrl:obligation"),
    "odrl:obligation": ("odrl:permission", "odrl:prohibition"),
}


@dataclass(frozen=True)
class Row:
    """A row of a table and one way to break it."""

    table: str
    path: str
    range: str
    severity: str
    fault: str

    def __str__(self) -> str:
        return f"{self.table}: {self.path} {self.fault}"

    @property
    def steps(self) -> list[str]:
        return self.path.split(" / ")


def _rows() -> Iterator[Row]:
    if not TABLES.is_dir():
        return
    for table in _ROOTS:
        with (TABLES / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            for line in csv.DictReader(file):
                wanted = line["requirement"] in "MC" and (int(line["min"]) or line["path"].split(" / ")[-1] in _EITHER)
                path, range_ = line["path"], line["range"]
                if wanted or line["path"] == "healthdcatap:hasVariables":
                    yield Row(table, path, range_, "violation", "missing")
                elif line["requirement"] == "R":
                    yield Row(table, path, range_, "warning", "missing")
                if line["max"] == "1":
                    yield Row(table, path, range_, "violation", "doubled")
                yield Row(table, path, range_, "violation", "range")


ROWS = list(_rows())


def _judge(validator: Validator, graph: Graph, record: URIRef) -> Report:
    judge = validator.validate_catalogue if record == EX.catalogue else validator.validate
    return judge(graph, record, profiles=["eucaim"])


def _focus(graph: Graph, row: Row) -> URIRef:
    node: Node = _ROOTS[row.table][0]
    for step in row.steps[:-1]:
        node = min(graph.objects(node, term(step)), key=str)
    assert isinstance(node, URIRef), f"the example has nothing at {row.path}"
    return node


def _another(value: Node, graph: Graph, vocabularies: Vocabularies) -> Node:
    """A second value that is as right as the first: a copy of what is described, or another entry of the list."""
    if isinstance(value, Literal):
        if value.datatype == XSD.boolean:
            return Literal(str(value) != "true", datatype=XSD.boolean)
        text = re.sub(r"[0-9]", lambda digit: "2" if digit[0] == "1" else "1", str(value), count=1)
        return Literal(text if text != str(value) else f"{value}-2", datatype=value.datatype, lang=value.language)
    concept = vocabularies.concept(str(value))
    if concept is not None:
        return next(URIRef(iri) for iri in vocabularies.schemes[concept.scheme] if iri != concept.iri)
    copy = URIRef(f"{value}-2")
    for predicate, thing in list(graph.predicate_objects(value)):
        graph.add((copy, predicate, thing))
    return copy


def _break(row: Row, vocabularies: Vocabularies) -> Graph:
    graph = example(_ROOTS[row.table][1])
    focus, predicate = _focus(graph, row), term(row.steps[-1])
    values = sorted(graph.objects(focus, predicate), key=str)
    assert values, f"the example has nothing at {row.path}"
    if row.fault == "missing":
        for name in (row.steps[-1], *_EITHER.get(row.steps[-1], ())):
            graph.remove((focus, term(name), None))
    elif row.fault == "doubled":
        graph.add((focus, predicate, _another(values[0], graph, vocabularies)))
    elif row.range == "rdfs:Literal":
        graph.set((focus, predicate, EX.nowhere))
    else:
        graph.set((focus, predicate, Literal("anything")))
    return graph


@pytest.mark.oracle
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_broken_row_is_found(row: Row, validator: Validator, vocabularies: Vocabularies) -> None:
    """On the property of the row, or on the one that leads to it, with the row's severity.

    That a value is one too few or too many is found of the property as a whole, not of a value that it has.
    """
    record = DATASET if row.table == "distribution" else _ROOTS[row.table][0]
    report = _judge(validator, _break(row, vocabularies), record)
    found = [finding for finding in report.findings if finding.severity == row.severity]
    if row.fault != "range":
        found = [finding for finding in found if finding.value is None or finding.path != str(term(row.steps[-1]))]
    near = {str(term(step)) for step in (*row.steps[-2:], *_EITHER.get(row.steps[-1], ()))}
    assert {finding.path for finding in found} & near, report.findings


@pytest.mark.oracle
def test_every_row_of_the_tables_is_broken() -> None:
    with_rows = [line for table in _ROOTS for line in (TABLES / f"{table}.csv").read_text("utf-8").splitlines()[1:]]
    assert len({(row.table, row.path) for row in ROWS}) == len(with_rows) > 180


@pytest.mark.parametrize("name", COMPLETE)
def test_a_complete_example_has_no_finding(name: str, validator: Validator) -> None:
    report = _judge(validator, example(name), DATASET)
    assert report.findings == ()
    assert report.conforms("eucaim")


def test_the_catalogue_example_has_no_finding(validator: Validator) -> None:
    assert _judge(validator, example("eucaim-catalogue"), EX.catalogue).findings == ()


def test_the_minimal_example_conforms(validator: Validator) -> None:
    report = _judge(validator, example("eucaim-public-minimal"), DATASET)
    assert report.conforms("eucaim") and report.findings


@pytest.mark.parametrize("name", COMPLETE)
def test_a_eucaim_description_is_recognised_and_judged_by_release_8_as_well(name: str, validator: Validator) -> None:
    """Release 8 advises types of the EU list, where EUCAIM demands its own: its advice is not told."""
    report = validator.validate(example(name), DATASET)
    assert {verdict.profile for verdict in report.verdicts} == {"dcat-ap", "healthdcat-ap", "healthdcat-ap-7", "eucaim"}
    assert all(verdict.conforms for verdict in report.verdicts)
    assert report.findings == ()


@pytest.mark.oracle
@pytest.mark.parametrize("level", LEVELS)
def test_examples_pass_the_official_shapes_of_healthdcat_ap(
    level: str, profiles: Profiles, vocabularies: Vocabularies
) -> None:
    oracle = Oracle(healthdcat_ap(level), profiles, vocabularies)
    problems = oracle.problems(as_judged(example(f"eucaim-{level}-complete"), DATASET), DATASET)
    assert {(problem.path, problem.severity) for problem in problems} <= {(str(DCT.type), "warning")}


def _findings(validator: Validator, statement: str, name: str = "eucaim-public-complete") -> set[tuple[str, str]]:
    """What is found where the values of one property of the dataset are those of ``statement``."""
    graph = example(name)
    added = turtle(f"ex:dataset {statement} .")
    for predicate in set(added.predicates(DATASET)):
        graph.remove((DATASET, predicate, None))
    return {_named(finding) for finding in _judge(validator, graph + added, DATASET).findings}


def _named(finding: Finding) -> tuple[str, str]:
    return str(finding.rule).removeprefix(str(SHAPE)), finding.severity


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("eucaim:hasImageModality eucaim:IMG1000030", set()),
        ("eucaim:hasImageModality eucaim:IMG1000009", {("eucaim-imaging-modality-listed", "warning")}),
        ("eucaim:hasImageModality eucaim:IMG9999999", {("eucaim-hyperontology-modality-class", "violation")}),
        ("eucaim:hasImageModality eucaim:BP1000021", {("eucaim-hyperontology-modality-class", "violation")}),
        ('eucaim:hasImageModality "MR"', {("eucaim-hyperontology-modality-class", "violation")}),
        (
            'eucaim:hasImageModality "https://cancerimage.eu/ontology/EUCAIM#IMG1000022"',
            {("eucaim-hyperontology-modality-class", "violation")},
        ),
        ("eucaim:hasImageBodyPart eucaim:BP1000233", set()),
        ("eucaim:interoperabilityLevel eucaim:SPEC10000011", set()),
        (
            "eucaim:interoperabilityLevel eucaim:SPEC1000022",
            {("eucaim-dataset-interoperability-tier-listed", "violation")},
        ),
        (
            "eucaim:hasCondition eucaim:CLIN1000075, eucaim:CLIN1000060",
            {("eucaim-imaging-condition-single", "violation")},
        ),
        ("dct:type dpv:PseudonymisedData", set()),
        ("dct:type dpv:BrandNewData", set()),
        (
            "dct:type dpv:Purpose",
            {("dcat-ap-dataset-type-class", "violation"), ("eucaim-dataset-type-required", "violation")},
        ),
        ('dcat:version "20231122"', set()),
        ('dcat:version "1.0.0-rc.1+build.5"', set()),
        ('dcat:version "2026.08"', set()),
        ('dcat:version "1"', {("eucaim-dataset-version-form", "violation")}),
        ('dct:title "Prostate MRI"@en-GB', set()),
        ('dct:title "Prostate MRI"', {("eucaim-dataset-title-language", "warning")}),
        ('dct:title "Prostaat"@nl', {("eucaim-dataset-title-required", "violation")}),
    ],
)
def test_values_are_told_apart(statement: str, found: set[tuple[str, str]], validator: Validator) -> None:
    """What is a guess of ours warns at most; what cannot be right is a violation."""
    assert _findings(validator, statement) == found


@pytest.mark.parametrize(
    ("algorithm", "digest", "fits"),
    [
        ("md5", "0" * 32, True),
        ("sha1", "0" * 40, True),
        ("sha512", "f" * 128, True),
        ("sha256", "0" * 40, False),
        ("sha224", "0" * 64, False),
        ("unheardof", "0" * 7, True),
    ],
)
def test_a_checksum_has_the_length_of_its_algorithm(
    algorithm: str, digest: str, fits: bool, validator: Validator
) -> None:
    graph = example("eucaim-public-complete")
    graph.remove((EX.checksum, None, None))
    for triple in turtle(f"""ex:checksum a spdx:Checksum ; spdx:algorithm spdx:checksumAlgorithm_{algorithm} ;
        spdx:checksumValue "{digest}"^^xsd:hexBinary ."""):
        graph.add(triple)
    found = {_named(finding)[0] for finding in _judge(validator, graph, DATASET).findings}
    assert ("eucaim-checksum-fitting" not in found) is fits


def test_without_a_body_no_placeholder_is_suggested(validator: Validator) -> None:
    graph = example("eucaim-public-complete")
    graph.remove((DATASET, term("healthdcatap:hdab"), None))
    (finding,) = _judge(validator, graph, DATASET).findings
    assert finding.severity == "violation" and "placeholder" in finding.message and "example" not in finding.message


@pytest.mark.oracle
def test_families_are_those_of_the_hyper_ontology(profiles: Profiles) -> None:
    """The patterns let every class of a family pass, and no other code."""
    graph = profiles.files["eucaim-2.0/hyperontology.ttl"].graph
    table = TABLES.parents[1] / "data" / "hyperontology_classes_v2.csv"
    with table.open(encoding="utf-8", newline="") as file:
        codes = {row["code"] for row in csv.DictReader(file)}
    sites = {str(c) for c in re.findall(r"CLIN\(.*", str(graph.value(SHAPE.BodyPartClass, SH.pattern)))}
    assert len(sites) == 1
    for name, prefix in (("BodyPart", "BP"), ("Clinical", "CLIN"), ("Common", "COM"), ("Imaging", "IMG")):
        pattern = re.compile(str(graph.value(SHAPE[f"{name}Class"], SH.pattern)))
        passing = {code for code in codes if pattern.search(str(EUCAIM[code]))}
        wanted = {code for code in codes if re.fullmatch(prefix + "[0-9]+", code)}
        assert wanted <= passing and len(passing - wanted) == (6 if name == "BodyPart" else 0)
        numbers = {int(code.removeprefix(prefix)) for code in wanted}
        for number in range(min(numbers) - 5, min(numbers) + 2000):
            assert bool(pattern.search(str(EUCAIM[f"{prefix}{number}"]))) == (number in numbers)
