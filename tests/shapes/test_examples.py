"""Examples beside findings: right Turtle, from the profile's own descriptions, for nearly every constraint."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdflib import URIRef

from core.errors import ProfileError
from core.terms import DCT, PREFIXES, SHAPE
from shapes.examples import Examples
from shapes.profiles import Profiles
from shapes.reader import parse_rdf
from shapes.validator import Validator

_HEADER = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
#: Constraints without example, and why. What is not needed for a complete description is not in one.
WITHOUT = {
    "dcat-ap-dataset-has-version-class": "the example has no versions",
    "dcat-ap-catalogue-is-part-of-class": "the example catalogue is no part",
    "dcat-ap-series-member-class": "members are found by what they say themselves",
    "dcat-ap-series-member-recommended": "members are found by what they say themselves",
    "healthdcat-ap-column-property-url-iri": "the column has no property",
    "healthdcat-ap-column-property-url-single": "the column has no property",
    "healthdcat-ap-table-keyword-text": "the table has no keywords",
    "healthdcat-ap-table-url-iri": "the table is not published by itself",
    "healthdcat-ap-table-url-single": "the table is not published by itself",
    "healthdcat-ap-dataset-coordinating-health-data-access-body-class": "one body is responsible",
    "healthdcat-ap-dataset-coordinating-health-data-access-body-contact-point": "one body is responsible",
    "healthdcat-ap-dataset-coordinating-health-data-access-body-single": "one body is responsible",
}


@pytest.fixture(scope="module")
def examples(profiles: Profiles) -> Examples:
    return Examples(profiles)


def test_every_constraint_has_an_example_or_a_reason_why_not(examples: Examples, validator: Validator) -> None:
    rules = {str(rule.iri).removeprefix(str(SHAPE)): rule.profile for rule in validator.rules.values()}
    without = {name for name, profile in rules.items() if examples.find(str(SHAPE[name]), profile) is None}
    assert without <= set(WITHOUT) <= set(rules)


def test_every_example_is_turtle_with_the_property_it_is_for(examples: Examples, validator: Validator) -> None:
    for rule in validator.rules.values():
        found = examples.find(str(rule.iri), rule.profile)
        if found is None:
            continue
        graph = parse_rdf(f"{_HEADER}<urn:s> {found.turtle.removesuffix(';')}.".replace("..", ".").encode(), name="x")
        assert set(graph.predicates(URIRef("urn:s"))), rule.iri
        assert len(set(graph.predicates(URIRef("urn:s")))) == 1, rule.iri
        assert all(f"{prefix}:" in found.turtle for prefix in found.prefixes)


def test_an_example_comes_from_the_profile_that_wants_it(examples: Examples) -> None:
    found = examples.find(str(SHAPE["dcat-ap-dataset-title-required"]), "dcat-ap")
    assert found is not None and "complete description" in found.cell and found.cell in found.turtle
    assert found.turtle.startswith("dct:title ") and found.prefixes == ("dct",)
    inherited = examples.find(str(SHAPE["dcat-ap-dataset-title-required"]), "healthdcat-ap")
    assert inherited is not None and inherited.cell != found.cell


def test_a_part_is_shown_with_what_it_must_have(examples: Examples) -> None:
    found = examples.find(str(SHAPE["healthdcat-ap-dataset-analytics-recommended"]), "healthdcat-ap")
    assert (
        found is not None and "dcat:accessURL" in found.turtle and "example.org/synthetic/analytics" not in found.turtle
    )


def test_a_constraint_nobody_declared_has_none(examples: Examples) -> None:
    assert examples.find(str(SHAPE["nothing"]), "dcat-ap") is None


def _overlay(folder: Path, example: str | None) -> Profiles:
    shapes = folder / "shapes" / "own.ttl"
    shapes.parent.mkdir()
    shapes.write_text(
        _HEADER
        + "@prefix shape: <https://w3id.org/radiograph/shapes#> .\n"
        + "shape:own a sh:NodeShape ; sh:targetClass dcat:Dataset ; sh:property shape:own-dataset-extent-required .\n"
        + "shape:own-dataset-extent-required a sh:PropertyShape ; sh:path dct:extent ; sh:minCount 1 ;\n"
        + ' sh:name "Extent" ; sh:message "No extent. Add dct:extent." ; sh:severity sh:Violation ;\n'
        + " rdfs:seeAlso <http://e/#extent> .\n",
        encoding="utf-8",
    )
    (folder / "shapes" / "profiles.toml").write_text(
        '[[profile]]\nid = "own"\nlabel = "Own"\nrelease = "1"\niri = "http://e/own"\nspecification = "http://e/"\n'
        'examples = ["examples/own.ttl"]\n[profile.shapes]\ndataset = ["own.ttl"]\n',
        encoding="utf-8",
    )
    if example is not None:
        (folder / "examples").mkdir()
        (folder / "examples" / "own.ttl").write_text(_HEADER + example, encoding="utf-8")
    return Profiles.load(folder)


def test_an_operators_profile_brings_its_own_examples(tmp_path: Path) -> None:
    profiles = _overlay(tmp_path, "<http://e/a> a dcat:Dataset ; dct:extent '12 studies'@en .")
    found = Examples(profiles).find(str(SHAPE["own-dataset-extent-required"]), "own")
    assert found is not None and found.turtle == 'dct:extent "12 studies"@en ;'


@pytest.mark.parametrize("example", [None, "<http://e/a> a"])
def test_an_example_that_cannot_be_read_is_named(tmp_path: Path, example: str | None) -> None:
    profiles = _overlay(tmp_path, example)
    with pytest.raises(ProfileError, match=r"profiles\.toml: the example .*own\.ttl of the profile 'own' cannot be"):
        Examples(profiles).find(str(SHAPE["own-dataset-extent-required"]), "own")


def test_a_long_text_is_cut(tmp_path: Path) -> None:
    profiles = _overlay(tmp_path, f"<http://e/a> a dcat:Dataset ; dct:extent '{'x' * 500}' .")
    found = Examples(profiles).find(str(SHAPE["own-dataset-extent-required"]), "own")
    assert found is not None and len(found.turtle) < 100 and len(found.cell) == 500
    assert str(DCT.extent).endswith("extent")
