"""``docs/validation.md`` shows the report that its description with ten errors gets, and the mended one conforms."""

from __future__ import annotations

import re
from functools import cache

import pytest

from shapes.documents import Judgement, judge
from shapes.formats.text import write_text
from shapes.formats.troubles import troubles
from shapes.reader import parse_document
from shapes.validator import Validator
from tests.shapes.conftest import ROOT

DOCS = ROOT / "docs"


@cache
def _judged(name: str, validator: Validator) -> Judgement:
    data = (DOCS / "validation" / name).read_bytes()
    return judge(parse_document(data, name=name, suffix=".ttl"), validator)


def test_the_page_shows_the_report_that_the_program_gives(validator: Validator) -> None:
    """When a message changes: ``cd docs/validation; radiograph validate before.ttl``, and paste what is to mend."""
    shown = re.search(r"```text\n(.+?)\n```", (DOCS / "validation.md").read_text(encoding="utf-8"), re.DOTALL)
    report = write_text([_judged("before.ttl", validator)])
    assert shown and shown.group(1) == report.split("  Recommended, and not there")[0].rstrip()


def test_the_description_before_has_ten_things_to_mend_and_the_one_after_none(validator: Validator) -> None:
    (one,) = _judged("before.ttl", validator).judged
    assert sum(trouble.severity == "violation" for trouble in troubles(one)) == 10
    assert _judged("after.ttl", validator).conforms


def test_each_error_is_told_on_a_line_that_the_mended_description_changes(validator: Validator) -> None:
    """The report leads to the line to change, or to the one below which something is missing."""
    before = (DOCS / "validation" / "before.ttl").read_text(encoding="utf-8").split("\n")
    after = set((DOCS / "validation" / "after.ttl").read_text(encoding="utf-8").split("\n"))
    (one,) = _judged("before.ttl", validator).judged
    for finding in one.report.findings:
        if finding.severity == "violation":
            line = one.positions[finding].line
            assert line is not None
            missing = finding.value is None or finding.focus != one.report.record or finding.value.startswith("(")
            assert missing or before[line - 1] not in after, (line, finding.message)


@pytest.mark.parametrize("name", ["before.ttl", "after.ttl"])
def test_the_files_say_what_they_are(name: str) -> None:
    assert (
        (DOCS / "validation" / name).read_text(encoding="utf-8").startswith("# The description of docs/validation.md")
    )
