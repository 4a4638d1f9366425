"""Findings as remarks on lines."""

from __future__ import annotations

import json
import re

from shapes.documents import Judgement
from shapes.formats import MEDIA_TYPES, Format, to_annotations, write
from tests.core.test_annotations import check_sarif


def test_every_finding_is_a_remark_on_its_line(broken: Judgement) -> None:
    remarks = list(to_annotations([broken]))
    assert len(remarks) == len(broken.findings)
    date = next(r for r in remarks if r.rule.startswith("dcat-ap-dataset-release-date") and "Breast" in r.message)
    assert (date.file, date.line, date.level) == ("data/broken.ttl", 21, "error")
    assert date.title == "Release date (DCAT-AP 3.0.1)"
    assert date.message.startswith("Breast: The release date") and date.message.endswith("Value: yesterday")
    assert date.help_uri is not None and date.help_uri.startswith("https://semiceu.github.io/")
    assert {remark.level for remark in remarks} == {"error", "warning"}


def test_a_remark_on_a_part_says_which(broken: Judgement) -> None:
    name = next(r for r in to_annotations([broken]) if "agent-name" in r.rule)
    assert name.message.startswith("Lung [CT] › Publisher: ")


def test_github_gets_one_command_a_finding(broken: Judgement, sound: Judgement) -> None:
    lines = write([broken], Format.GITHUB).strip().split("\n")
    assert len(lines) == len(broken.findings)
    assert all(re.match(r"::(error|warning) file=data/broken\.ttl,line=\d+,title=[^:]+::\S", line) for line in lines)
    assert write([sound], Format.GITHUB).strip() == ""


def test_the_log_is_sarif(broken: Judgement, sound: Judgement) -> None:
    for judgements in ([broken], [sound], [broken, sound]):
        check_sarif(json.loads(write(judgements, Format.SARIF)))
    log = json.loads(write([broken], Format.SARIF))
    results = log["runs"][0]["results"]
    assert all(r["locations"][0]["physicalLocation"]["region"]["startLine"] > 1 for r in results)
    prints = [result["partialFingerprints"]["radiograph/v1"] for result in results]
    assert len(set(prints)) == len(prints)
    assert all(rule["helpUri"] for rule in log["runs"][0]["tool"]["driver"]["rules"])


def test_every_format_has_a_media_type_and_ends_a_line(broken: Judgement) -> None:
    assert set(MEDIA_TYPES) == set(Format)
    for form in Format:
        assert write([broken], form).endswith("\n") and not write([broken], form).endswith("\n\n")
