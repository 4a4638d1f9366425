"""The report for programs keeps to its schema, and the schema that is published is the one that holds."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import pytest

from shapes.document import Position
from shapes.documents import Judgement
from shapes.formats.json_report import report_schema, write_json
from shapes.lifting import Rewrite
from tests.shapes.conftest import ROOT

PUBLISHED = ROOT / "docs" / "validation-report.schema.json"


def test_the_published_schema_is_the_one_that_holds() -> None:
    """When the report changes, write ``report_schema()`` into the file and raise VERSION if a reader would break."""
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == report_schema()


def test_a_report_keeps_to_the_published_schema(broken: Judgement, sound: Judgement) -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    for judgements in ([broken], [sound], [broken, sound], []):
        jsonschema.validate(json.loads(write_json(judgements)), schema)
    wrong = json.loads(write_json([broken])) | {"version": "0"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


def test_it_says_whether_and_how_often(broken: Judgement, sound: Judgement) -> None:
    answer = json.loads(write_json([broken, sound]))
    assert answer["version"] == "1" and answer["conforms"] is False
    severities = [finding["severity"] for finding in answer["findings"]]
    assert answer["violations"] == severities.count("violation") == 8
    assert answer["warnings"] == severities.count("warning") > 8 and answer["infos"] == 0
    assert json.loads(write_json([sound]))["conforms"] is True


def test_records_tell_their_verdicts_and_reasons(broken: Judgement) -> None:
    lung = next(record for record in json.loads(write_json([broken]))["records"] if record["title"] == "Lung [CT]")
    assert lung["document"] == "data/broken.ttl" and lung["record"] == "http://e/lung" and lung["kind"] == "dataset"
    assert lung["position"] == {"line": 5}
    (verdict,) = lung["verdicts"]
    assert verdict["profile"] == "dcat-ap" and verdict["label"] == "DCAT-AP" and verdict["conforms"] is False
    assert verdict["reason"] == "it applies to every description"


def test_what_the_reader_noticed_and_what_was_lifted_is_told(broken: Judgement) -> None:
    rewrite = Rewrite("http://e/a", "a b", "c d", "New name.", "r", Position(line=4))
    document = replace(broken.document, remarks=("row 1: there is no column of this name",))
    answer = json.loads(write_json([replace(broken, document=document, rewrites=(rewrite,))]))
    assert answer["remarks"] == [{"document": "data/broken.ttl", "text": "row 1: there is no column of this name"}]
    (told,) = answer["rewrites"]
    assert told["before"] == "a b" and told["position"] == {"line": 4} and told["document"] == "data/broken.ttl"


def test_findings_tell_where_and_how_it_looks_right(broken: Judgement) -> None:
    findings = json.loads(write_json([broken]))["findings"]
    date = next(f for f in findings if f["field"] == "Release date" and f["title"] == "Breast")
    assert date["position"] == {"line": 21} and date["value"] == "yesterday" and date["place"] == ""
    assert date["example"].startswith("dct:issued ") and date["unnamed"] is False
    name = next(f for f in findings if f["field"] == "Name")
    assert name["unnamed"] is True and name["place"] == "Publisher" and name["position"] == {"line": 10}
    assert "value" not in name
