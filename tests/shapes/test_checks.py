"""Checks of the whole catalogue: each finds what it is for, lets pass what is in order, and is quick on any input."""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pyoxigraph
import pytest
from rdflib import Graph, URIRef

from core.errors import ProfileError
from core.terms import DCAT, PREFIXES, RDF
from shapes.checks import PROFILE, Checks, store_of
from shapes.reader import read_rdf
from tests.shapes.conftest import EXAMPLES, turtle

BASE = "https://example.org/ours"
_DATASET = "a dcat:Dataset ; dct:title '{0}' ; dct:publisher ex:p ; dcat:distribution ex:dist-{0}"
#: A catalogue in order, in which each case breaks one thing.
SOUND = f"""
ex:cat a dcat:Catalog ; dct:title "Catalogue" ; dcat:dataset ex:a , ex:b ; dcat:record ex:ra , ex:rb .
ex:a {_DATASET.format("a")} ; dct:identifier "a" ; adms:identifier ex:ia ; dcat:inSeries ex:s ; dct:isPartOf ex:cat .
ex:b {_DATASET.format("b")} ; dct:identifier "b" ; adms:identifier ex:ib ; dct:source <{BASE}/dataset/x/1> .
ex:dist-a a dcat:Distribution . ex:dist-b a dcat:Distribution .
ex:ia a adms:Identifier ; skos:notation "doi:a" . ex:ib a adms:Identifier ; skos:notation "doi:b" .
ex:ra a dcat:CatalogRecord ; foaf:primaryTopic ex:a . ex:rb a dcat:CatalogRecord ; foaf:primaryTopic ex:b .
ex:s a dcat:DatasetSeries ; dct:title "Series" ; dcat:seriesMember ex:a .
ex:p a foaf:Agent .
<{BASE}/dataset/x/1> dct:title "Ours" .
"""
_P = "ex:p a foaf:Agent ."
#: The counts of a dataset and of two strata that agree with it, if the numbers to fill in do.
_COUNTS = """ex:p a foaf:Agent .
ex:a radiograph:strata ex:cube ; radiograph:seriesCount "9" ; radiograph:studyCount "5" .
ex:one qb:dataSet ex:cube ; radiograph:seriesCount "4" ; radiograph:studyCount "{0}" ; radiograph:subjectCount "{1}" .
ex:two qb:dataSet ex:cube ; radiograph:seriesCount "{2}" ; radiograph:studyCount "5" ."""
#: check, what to take away, what to add, and the records that are told.
CASES = [
    ("identifier-shared", 'dct:identifier "b"', 'dct:identifier "a"^^xsd:anyURI', ["a", "b"]),
    ("other-identifier-shared", 'skos:notation "doi:b"', 'skos:notation "doi:a"', ["a", "b"]),
    ("reference-dangling", "ex:dist-b a dcat:Distribution .", "", ["b"]),
    ("reference-dangling", "dcat:record ex:ra , ex:rb", "dcat:record ex:ra , ex:rb , ex:rc", ["cat"]),
    ("own-reference-dangling", f"<{BASE}/dataset/x/1> .", f"<{BASE}/dataset/x/1> , <{BASE}/dataset/x/2> .", ["b"]),
    ("dataset-in-no-catalogue", "dcat:dataset ex:a , ex:b", "dcat:dataset ex:a", ["b"]),
    ("catalogue-disagrees", "ex:p a foaf:Agent .", "ex:p a foaf:Agent . ex:s dct:isPartOf ex:cat .", ["s"]),
    ("catalogue-empty", "ex:p a foaf:Agent .", "ex:p a foaf:Agent . ex:c2 a dcat:Catalog ; dct:title 'C' .", ["c2"]),
    ("series-empty", "ex:p a foaf:Agent .", "ex:p a foaf:Agent . ex:s2 a dcat:DatasetSeries ; dct:title 'S' .", ["s2"]),
    ("series-member-silent", "dcat:seriesMember ex:a", "dcat:seriesMember ex:a , ex:b", ["b"]),
    ("record-doubled", "foaf:primaryTopic ex:b", "foaf:primaryTopic ex:a", ["ra", "rb"]),
    ("distribution-shared", "dcat:distribution ex:dist-b", "dcat:distribution ex:dist-a", ["a", "b"]),
    ("title-shared", "dct:title 'b'", "dct:title 'a'@en", ["a", "b"]),
    ("strata-exceed", _P, _COUNTS.format(4, 3, 6), ["a"]),
    (
        "stratum-exceeds",
        _P,
        _COUNTS.format(4, 3, 5).replace('studyCount "5" .\nex:one', 'studyCount "4" .\nex:one'),
        ["a"],
    ),
    ("counts-disorder", _P, _COUNTS.format(3, 4, 5), ["a"]),
]


def test_counts_that_agree_pass(checks: Checks) -> None:
    assert found(checks, turtle(SOUND.replace(_P, _COUNTS.format(4, 4, 5)))) == {}


@pytest.fixture(scope="module")
def checks() -> Checks:
    return Checks.load()


def found(checks: Checks, graph: Graph) -> dict[str, list[str]]:
    """Which check tells which records."""
    told: dict[str, list[str]] = {}
    for finding in checks.run(store_of(graph), base=BASE):
        name = (finding.rule or "").rpartition("#check-")[2]
        told.setdefault(name, []).append(finding.record.rpartition("/")[2])
    return {name: sorted(records) for name, records in told.items()}


def test_what_is_in_order_passes(checks: Checks) -> None:
    assert found(checks, turtle(SOUND)) == {}


@pytest.mark.parametrize(("name", "remove", "add", "records"), CASES, ids=[f"{c[0]}-{i}" for i, c in enumerate(CASES)])
def test_each_check_finds_what_it_is_for_alone(
    checks: Checks, name: str, remove: str, add: str, records: list[str]
) -> None:
    assert SOUND.count(remove) == 1
    assert found(checks, turtle(SOUND.replace(remove, add))) == {name: records}


def test_every_check_has_a_case(checks: Checks) -> None:
    assert {check.name for check in checks} == {case[0] for case in CASES}


def test_every_check_says_what_to_do(checks: Checks) -> None:
    for check in checks:
        problem, _, advice = check.message.partition(". ")
        assert problem and advice.endswith(".") and advice.split()[0] in {"Add", "Correct", "Describe", "Give", "Keep"}
        assert check.specification.startswith("https://") and check.field


def test_findings_name_all_that_a_report_needs(checks: Checks) -> None:
    graph = turtle(SOUND.replace('dct:identifier "b"', 'dct:identifier "a"'))
    finding = checks.run(store_of(graph))[0]
    assert finding.profile == PROFILE and finding.severity == "violation" and finding.value == "a"
    assert finding.path == "http://purl.org/dc/terms/identifier" and finding.focus == finding.record
    assert finding.specification and finding.field == "Identifier" and "shapes#check-" in (finding.rule or "")


@pytest.mark.parametrize("shared", ["dct:identifier", "dct:title"])
def test_datasets_known_to_be_the_same_may_share(checks: Checks, shared: str) -> None:
    text = SOUND.replace('"b"', '"a"') if shared == "dct:identifier" else SOUND.replace("title 'b'", "title 'a'")
    assert found(checks, turtle(text))
    assert found(checks, turtle(text + "ex:a radiograph:sameDatasetAs ex:b .")) == {}


def test_members_that_a_feed_lists_need_not_be_in_the_catalogue(checks: Checks) -> None:
    text = SOUND.replace("dcat:dataset ex:a , ex:b ; dcat:record ex:ra , ex:rb", "dct:language ex:l")
    assert found(checks, turtle(text.replace("; dct:isPartOf ex:cat", ""))) == {}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ttl")), ids=lambda path: path.stem)
def test_examples_are_in_order(checks: Checks, path: Path) -> None:
    assert found(checks, read_rdf(path)) == {}


def test_named_graphs_are_looked_at_as_one(checks: Checks) -> None:
    store = pyoxigraph.Store()
    header = "".join(f"@prefix {p}: <{n}> . " for p, n in {**PREFIXES, "ex": "https://example.org/"}.items())
    for name in ("a", "b"):
        text = f"{header} GRAPH <urn:{name}> {{ ex:{name} a dcat:Dataset ; dct:identifier 'same' }}"
        store.load(text.encode(), format=pyoxigraph.RdfFormat.TRIG)
    # The same statement in a second graph is no second dataset.
    again = f"{header} GRAPH <urn:c> {{ ex:c a dcat:Dataset ; dct:identifier 'c' }} "
    store.load((again + again.replace("urn:c", "urn:d")).encode(), format=pyoxigraph.RdfFormat.TRIG)
    assert [f.record for f in checks.run(store)] == ["https://example.org/a", "https://example.org/b"]


def test_as_many_findings_as_wanted(checks: Checks) -> None:
    graph = turtle(" ".join(f"ex:d{n} a dcat:Dataset ; dct:identifier 'same' ." for n in range(20)))
    assert len(checks.run(store_of(graph))) == 20
    assert len(checks.run(store_of(graph), limit=3)) == 3


def test_malformed_iris_are_passed_over(checks: Checks) -> None:
    graph = turtle("ex:d a dcat:Dataset ; dct:identifier 'a' .")
    graph.add((URIRef("https://example.org/ spaced"), RDF.type, DCAT.Dataset))
    assert checks.run(store_of(graph)) == []
    with pytest.raises(ProfileError, match="no base"):
        checks.run(pyoxigraph.Store(), base="https://example.org/> <")


def hub(size: int) -> str:
    """Datasets, catalogues, records and a series that all refer to the same nodes, each of which has many values."""
    many = [f"{n}" for n in range(size)]
    datasets = " ".join(
        f"ex:d{n} a dcat:Dataset ; dct:title 'T' , 't{n}' ; dct:identifier 'i' ; dct:publisher ex:p , ex:p{n} ; "
        f"adms:identifier ex:i ; dcat:distribution ex:x ; dct:source <{BASE}/dataset/{n}> ."
        for n in many
    )
    node = " , ".join(f"'{n}'" for n in many)
    topics = " , ".join(f"ex:d{n}" for n in many)
    catalogues = " ".join(f"ex:c{n} a dcat:Catalog ; dct:title 'C' ; dcat:record ex:r ." for n in many)
    return (
        f"{datasets} ex:i a adms:Identifier ; skos:notation {node} . ex:r a dcat:CatalogRecord ; foaf:primaryTopic "
        f"{topics} . ex:one dct:title {node} ; a dcat:Dataset ; dct:publisher {topics} . {catalogues} "
        f"ex:s a dcat:DatasetSeries ; dct:title {node} ; dcat:seriesMember {topics} ."
    )


def test_no_check_multiplies_what_strangers_write(checks: Checks) -> None:
    """Ten times the document takes not a hundred times as long: no query makes pairs."""

    def seconds(size: int) -> float:
        store = store_of(turtle(hub(size)))
        begin = process_time()
        checks.run(store, base=BASE)
        return process_time() - begin

    small, large = seconds(200), seconds(2_000)
    assert large < max(small, 0.02) * 40


@pytest.mark.slow
def test_a_hundred_thousand_datasets_are_a_matter_of_seconds(checks: Checks) -> None:
    statements = (
        f"<https://example.org/d/{n}> <{PREFIXES['dct']}{name}> '{name} {n}' ."
        for n in range(100_000)
        for name in ("title", "identifier", "description", "alternative")
    )
    types = (
        f"<https://example.org/d/{n}> a <{PREFIXES['dcat']}Dataset> ; <{PREFIXES['dct']}publisher> <urn:p> ."
        for n in range(100_000)
    )
    store = pyoxigraph.Store()
    store.bulk_load("\n".join((*statements, *types)).encode(), format=pyoxigraph.RdfFormat.TURTLE)
    begin = process_time()
    assert checks.run(store, base=BASE) == []
    assert process_time() - begin < 60


def declare(folder: Path, text: str, query: str = "SELECT ?record WHERE { ?record a <urn:x> }") -> None:
    checks = folder / "shapes" / "checks"
    checks.mkdir(parents=True, exist_ok=True)
    (checks / "ours.toml").write_text(text, encoding="utf-8")
    (checks / "ours.rq").write_text(query, encoding="utf-8")


OURS = (
    "[[check]]\nname = '{0}'\nquery = 'ours.rq'\nseverity = 'info'\nfield = 'F'\nmessage = 'Wrong. Correct it.'\n"
    "specification = 'https://example.org/'\n"
)


def test_an_overlay_adds_a_check_and_replaces_one(tmp_path: Path, checks: Checks) -> None:
    declare(tmp_path, OURS.format("ours") + OURS.format("title-shared"))
    ours = Checks.load(tmp_path)
    assert {check.name for check in ours} == {*(check.name for check in checks), "ours"}
    assert found(ours, turtle("ex:d a <urn:x> .")) == {"ours": ["d"], "title-shared": ["d"]}


@pytest.mark.parametrize(
    ("text", "query", "message"),
    [
        ("[[check", "", "TOML"),
        ("[[check]]\nname = 'x'", "", "check.0"),
        (OURS.format("x").replace("ours.rq", "none.rq"), "", "no query none.rq"),
        (OURS.format("x").replace("ours.rq", "../../../x.rq"), "", "no query"),
        (OURS.format("x"), "SELECT ?record WHERE {", "not SPARQL"),
        (OURS.format("x"), "SELECT ?dataset WHERE { ?dataset a ?b }", "?record"),
        (OURS.format("x"), "ASK { ?record a ?b }", "?record"),
        (OURS.format("x").replace("'info'", "'bad'"), "", "severity"),
    ],
)
def test_a_wrong_check_is_told(tmp_path: Path, text: str, query: str, message: str) -> None:
    declare(tmp_path, text, query)
    with pytest.raises(ProfileError, match=r"ours\.(toml|rq)") as caught:
        Checks.load(tmp_path)
    assert message in str(caught.value)
