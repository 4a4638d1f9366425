"""A description with known faults, judged once, in a file whose lines the tests know."""

from __future__ import annotations

import pytest

from shapes.documents import Judgement, judge
from shapes.reader import parse_document
from shapes.validator import Validator
from tests.shapes.conftest import EXAMPLES

BROKEN = """@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .

<http://e/lung> a dcat:Dataset ;
    dct:title "Lung [CT]"@en ;
    dct:description "Lungs."@en ;
    dct:issued "last year" ;
    dct:publisher [
        a foaf:Agent ;
        dct:type <http://e/kind> , <http://e/other-kind>
    ] ;
    dcat:distribution <http://e/lung/1> , <http://e/lung/2> .

<http://e/lung/1> a dcat:Distribution .
<http://e/lung/2> a dcat:Distribution .

<http://e/breast> a dcat:Dataset ;
    dct:title "Breast"@en ;
    dct:description "Breasts."@en ;
    dct:issued "yesterday" .
"""


@pytest.fixture(scope="session")
def broken(validator: Validator) -> Judgement:
    return judge(parse_document(BROKEN.encode(), name="data/broken.ttl", suffix=".ttl"), validator)


@pytest.fixture(scope="session")
def sound(validator: Validator) -> Judgement:
    """A description without any finding."""
    data = (EXAMPLES / "dcat-ap-catalogue.ttl").read_bytes()
    return judge(parse_document(data, name="sound.ttl", suffix=".ttl"), validator)
