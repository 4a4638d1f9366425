"""The forms of the shipped profiles, made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from ontology.vocabulary import Vocabularies
from shapes.forms.definition import FormMaker
from shapes.forms.field import Form
from shapes.forms.layout import Layout
from shapes.profiles import Profiles

MakeForm = Callable[..., Form]


@pytest.fixture(scope="session")
def maker(profiles: Profiles, vocabularies: Vocabularies) -> FormMaker:
    return FormMaker(profiles, vocabularies, Layout.load())


@pytest.fixture(scope="session")
def form(maker: FormMaker) -> MakeForm:
    """The form of a profile, at an access level if one is named."""

    @cache
    def make(profile: str, level: str | None = None) -> Form:
        return maker.form(profile, maker.level(profile, level) if level else None)

    return make


@pytest.fixture
def extended(tmp_path: Path, vocabularies: Vocabularies) -> Callable[[str, str], Form]:
    """The form of a profile ``more`` on DCAT-AP whose only file of shapes is the given Turtle, with a layout."""

    def make(turtle: str, layout: str = "") -> Form:
        folder = tmp_path / "overlay" / "shapes"
        (folder / "forms").mkdir(parents=True)
        (folder / "more.ttl").write_text(_PREFIXES + turtle, encoding="utf-8")
        (folder / "profiles.toml").write_text(_PROFILE, encoding="utf-8")
        if layout:
            (folder / "forms" / "layout.toml").write_text(layout, encoding="utf-8")
        overlay = tmp_path / "overlay"
        return FormMaker(Profiles.load(overlay), vocabularies, Layout.load(overlay)).form("more")

    return make


_PROFILE = """
[[profile]]
id = "more"
label = "More"
release = "1"
iri = "https://example.org/more"
specification = "https://example.org/more"
extends = "dcat-ap"
[profile.applies]
[profile.shapes]
dataset = ["more.ttl"]
"""
_PREFIXES = """
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix ex: <https://example.org/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
