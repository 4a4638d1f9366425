"""What the release says of the quality of its descriptions: counts by rule and profile, and of others nothing."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph
import pytest

from catalogue.publication import publish
from core.terms import DCT
from ontology.vocabulary import Vocabularies
from shapes.profiles import Profiles, profile_iris
from shapes.report import Finding, Report, Severity, Verdict
from tests.catalogue.home import BASE, Home

GRAPH = f"{BASE}/graph/quality"
RULES = "https://w3id.org/radiograph/shapes#"


def finding(record: str, rule: str, severity: Severity = "violation", **more: object) -> Finding:
    values = {"path": str(DCT.title), "profile": "dcat-ap", "message": f"Mend {rule}.", "field": rule.capitalize()}
    return Finding.model_validate(
        {"record": record, "focus": record, "severity": severity, "rule": RULES + rule, **values, **more}
    )


def report(record: str, *findings: Finding, profile: str = "dcat-ap") -> str:
    violations = sum(one.severity == "violation" for one in findings)
    relaxed = sum(one.relaxed for one in findings)
    warnings = sum(one.severity == "warning" for one in findings)
    conforms = not violations and not relaxed
    verdict = Verdict(profile=profile, conforms=conforms, violations=violations, warnings=warnings, relaxed=relaxed)
    return Report(record=record, verdicts=(verdict,), findings=findings).model_dump_json()


@pytest.fixture
def mixed(home: Home) -> Home:
    """Two released descriptions with faults, one without, one of which nothing is known, and one held back."""
    a, b, c, held = (home.iri(name) for name in ("a", "b", "c", "held"))
    twice = [finding(a, "licence", focus=f"{a}#{n}", value="secret") for n in (1, 2)]
    home.ingest(
        home.candidate("a", report=report(a, *twice, finding(a, "keyword", "warning"))),
        home.candidate("b", report=report(b, finding(b, "licence"), finding(b, "body", "warning", relaxed=True))),
        home.candidate("c", report=report(c, profile="of-an-overlay-that-is-gone")),
        home.candidate("d"),
        home.candidate("held", accepted=False, report=report(held, finding(held, "title"))),
    )
    return home


def measured(home: Home, vocabularies: Vocabularies) -> dict[tuple[str, str], int]:
    """The values in the released graph, by subject and metric, both shortened."""
    query = """
        PREFIX dqv: <http://www.w3.org/ns/dqv#>
        SELECT ?on ?metric ?value WHERE {
          ?measurement a dqv:QualityMeasurement ; dqv:computedOn ?on ; dqv:isMeasurementOf ?metric ; dqv:value ?value .
          ?metric a dqv:Metric .
        }"""
    rows = ask(publish(home.settings, vocabularies).path, query)
    return {
        (row[0].removeprefix(f"{BASE}/"), row[1].removeprefix(RULES).removeprefix(f"{GRAPH}#")): int(row[2])
        for row in rows
    }


def ask(release: Path, query: str) -> list[tuple[str, ...]]:
    store = pyoxigraph.Store.read_only(str(release / "store"))
    rows = store.query(query, default_graph=pyoxigraph.NamedNode(GRAPH))
    assert isinstance(rows, pyoxigraph.QuerySolutions)
    return [tuple(row[variable].value for variable in rows.variables) for row in rows]


def test_what_is_released_is_counted_by_rule_and_by_profile(mixed: Home, vocabularies: Vocabularies) -> None:
    assert measured(mixed, vocabularies) == {
        ("dataset/one/a", "licence"): 2,
        ("dataset/one/a", "violations-dcat-ap"): 2,
        ("dataset/one/a", "warnings-dcat-ap"): 1,
        ("dataset/one/b", "licence"): 1,
        ("dataset/one/b", "body"): 1,
        ("dataset/one/b", "violations-dcat-ap"): 2,
        ("dataset/one/b", "warnings-dcat-ap"): 0,
        ("dataset/one/c", "violations-of-an-overlay-that-is-gone"): 0,
        ("dataset/one/c", "warnings-of-an-overlay-that-is-gone"): 0,
        ("catalogue/one", "held-back"): 1,
    }


def test_a_rule_says_in_words_what_it_demands_and_of_which_profile_it_is(
    mixed: Home, vocabularies: Vocabularies
) -> None:
    release = publish(mixed.settings, vocabularies)
    query = f"""
        PREFIX dct: <http://purl.org/dc/terms/>
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        PREFIX sh: <http://www.w3.org/ns/shacl#>
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT ?name ?what ?path ?profile ?label WHERE {{
          <{RULES}licence> sh:name ?name ; skos:definition ?what ; sh:path ?path ; dct:isPartOf ?profile .
          ?profile a dct:Standard ; rdfs:label ?label .
        }}"""
    iri = Profiles.load().get("dcat-ap").iri
    assert ask(release.path, query) == [("Licence", "Mend licence.", str(DCT.title), iri, "dcat-ap")]


def test_no_value_and_nothing_that_was_held_back_is_named(mixed: Home, vocabularies: Vocabularies) -> None:
    release = publish(mixed.settings, vocabularies)
    store = pyoxigraph.Store.read_only(str(release.path / "store"))
    text = "\n".join(str(quad) for quad in store.quads_for_pattern(None, None, None, pyoxigraph.NamedNode(GRAPH)))
    assert "dataset/one/a>" in text
    assert "secret" not in text and "dataset/one/held" not in text and "Mend title" not in text


def test_new_reports_alone_make_no_release_and_are_told_with_the_next(mixed: Home, vocabularies: Vocabularies) -> None:
    first = publish(mixed.settings, vocabularies)
    worse = report(mixed.iri("d"), finding(mixed.iri("d"), "licence"))
    mixed.ingest(mixed.candidate("d", report=worse), complete=False)
    assert publish(mixed.settings, vocabularies).number == first.number
    mixed.ingest(mixed.candidate("new", report=report(mixed.iri("new"))), complete=False)
    assert measured(mixed, vocabularies)["dataset/one/d", "licence"] == 1


def test_the_addresses_of_the_profiles_are_those_of_the_declarations(tmp_path: Path) -> None:
    shipped = {profile.id: profile.iri for profile in Profiles.load()}
    assert profile_iris() == shipped
    (tmp_path / "shapes").mkdir()
    assert profile_iris(tmp_path) == shipped
