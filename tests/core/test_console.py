"""The console: data on stdout and nothing else, exit codes that scripts can rely on."""

from __future__ import annotations

import json

import pytest

from core.console import Exit, print_json, progress


def test_json_goes_to_stdout_readable_and_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"z": "Brüste – 乳房", "a": [1, None, True]}
    print_json(value)
    printed = capsys.readouterr()
    assert json.loads(printed.out) == value
    assert list(json.loads(printed.out)) == ["z", "a"]
    assert "乳房" in printed.out
    assert printed.out.endswith("\n")
    assert printed.err == ""


def test_json_can_be_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": 1, "b": "x\ny"}, indent=None)
    assert capsys.readouterr().out.count("\n") == 1


def test_progress_says_nothing_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("reading", 3) as advance:
        for _ in range(3):
            advance()
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_exit_codes() -> None:
    assert [int(code) for code in (Exit.OK, Exit.FINDINGS, Exit.FAULT)] == [0, 1, 2]
