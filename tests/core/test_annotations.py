"""Remarks as GitHub and SARIF readers take them; the SARIF rules tested are those of the standard that apply here."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from core.annotations import Annotation, github_commands, sarif_log

ONE = Annotation(
    file="data/a b.ttl",
    line=3,
    column=None,
    level="error",
    rule="title-required",
    title="Title: missing, 100 %",
    message="No title.\nAdd one: dct:title, 100 %.",
    help_uri="https://example.org/#title",
)
NOWHERE = Annotation("-", None, None, "note", "other", "Other", "Something.")

#: The parts of SARIF 2.1.0 (OASIS Standard, 2020) that our logs use, written down from its text (§3.13 to §3.49).
SARIF: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": {"$ref": "#/$defs/run"}},
    },
    "additionalProperties": False,
    "$defs": {
        "text": {
            "type": "object",
            "required": ["text"],
            "properties": {"text": {"type": "string", "minLength": 1}},
            "additionalProperties": False,
        },
        "level": {"enum": ["none", "note", "warning", "error"]},
        "run": {
            "type": "object",
            "required": ["tool"],
            "properties": {
                "tool": {
                    "type": "object",
                    "required": ["driver"],
                    "properties": {"driver": {"$ref": "#/$defs/driver"}},
                    "additionalProperties": False,
                },
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
            },
            "additionalProperties": False,
        },
        "driver": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "minLength": 1},
                "version": {"type": "string"},
                "informationUri": {"type": "string", "pattern": "^https?://"},
                "rules": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/rule"}},
            },
            "additionalProperties": False,
        },
        "rule": {
            "type": "object",
            "required": ["id"],
            "properties": {
                "id": {"type": "string", "minLength": 1},
                "shortDescription": {"$ref": "#/$defs/text"},
                "defaultConfiguration": {
                    "type": "object",
                    "properties": {"level": {"$ref": "#/$defs/level"}},
                    "additionalProperties": False,
                },
                "helpUri": {"type": "string", "pattern": "^https?://"},
            },
            "additionalProperties": False,
        },
        "result": {
            "type": "object",
            "required": ["message"],
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": 0},
                "level": {"$ref": "#/$defs/level"},
                "message": {"$ref": "#/$defs/text"},
                "locations": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"physicalLocation": {"$ref": "#/$defs/physical"}},
                        "additionalProperties": False,
                    },
                },
                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
            },
            "additionalProperties": False,
        },
        "physical": {
            "type": "object",
            "required": ["artifactLocation"],
            "properties": {
                "artifactLocation": {
                    "type": "object",
                    "required": ["uri"],
                    "properties": {"uri": {"type": "string", "pattern": r"^[A-Za-z0-9._~:/?#@!$&'()*+,;=%\[\]-]*$"}},
                    "additionalProperties": False,
                },
                "region": {
                    "type": "object",
                    "required": ["startLine"],
                    "properties": {
                        "startLine": {"type": "integer", "minimum": 1},
                        "startColumn": {"type": "integer", "minimum": 1},
                    },
                    "additionalProperties": False,
                },
            },
            "additionalProperties": False,
        },
    },
}


def check_sarif(log: dict[str, Any]) -> None:
    """Fail where a log breaks the rules of the format, or a result does not fit the rule it points at."""
    jsonschema.Draft202012Validator.check_schema(SARIF)
    jsonschema.validate(log, SARIF)
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules)
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_workflow_command_is_one_line_and_escaped() -> None:
    assert github_commands([ONE]) == (
        "::error file=data/a b.ttl,line=3,title=Title%3A missing%2C 100 %25::"
        "No title.%0AAdd one: dct:title, 100 %25.%0Ahttps://example.org/#title\n"
    )


def test_what_is_not_known_is_left_out() -> None:
    assert github_commands([NOWHERE]) == "::notice file=-,title=Other::Something.\n"


def test_a_log_is_sarif() -> None:
    log = sarif_log([ONE, NOWHERE, ONE], tool="T", version="1", information_uri="https://example.org/")
    check_sarif(json.loads(json.dumps(log)))
    results = log["runs"][0]["results"]
    assert results[0]["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "data/a%20b.ttl"},
        "region": {"startLine": 3},
    }
    assert "region" not in results[1]["locations"][0]["physicalLocation"]
    assert [rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]] == ["title-required", "other"]


def test_the_rules_of_the_format_can_be_broken() -> None:
    log = sarif_log([ONE], tool="T", version="1", information_uri="https://example.org/")
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"] = {"startLine": 0}
    with pytest.raises(jsonschema.ValidationError):
        check_sarif(log)


def test_a_remark_is_known_again_when_its_line_moves() -> None:
    def fingerprint(**changes: Any) -> str:
        told = {name: getattr(ONE, name) for name in ONE.__slots__} | changes
        log = sarif_log([Annotation(**told)], tool="T", version="1", information_uri="https://example.org/")
        return str(log["runs"][0]["results"][0]["partialFingerprints"])

    assert fingerprint(line=99) == fingerprint()
    assert len({fingerprint(), fingerprint(rule="x"), fingerprint(file="x"), fingerprint(subject="x")}) == 4


def test_an_address_stays_an_address() -> None:
    log = sarif_log(
        [Annotation("https://example.org/a?b=c", 1, 2, "warning", "r", "R", "M.")],
        tool="T", version="1", information_uri="https://example.org/",
    )  # fmt: skip
    location = log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "https://example.org/a?b=c"
    assert location["region"] == {"startLine": 1, "startColumn": 2}
