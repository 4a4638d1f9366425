"""The front door: whatever happens inside, a person reads one line and a script gets a documented exit code."""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import IO

import pytest
from sqlalchemy.exc import DatabaseError
from typer.testing import CliRunner

import radiograph
from core.errors import LedgerError
from tests.deployment import COMMAND


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (LedgerError("it [broke]", where="here", remedy="mend it"), "error: here: it [broke] (mend it)"),
        (OSError(28, "No space left on device"), "error: input or output: No space left on device"),
        (PermissionError(13, "Permission denied", "/x"), "error: /x: Permission denied"),
        (DatabaseError("SELECT", {}, Exception("malformed")), "error: the ledger cannot be used: malformed"),
        (MemoryError(), "error: the memory is used up"),
        (ZeroDivisionError("oops"), "ZeroDivisionError: oops\nerror: this is a fault of the program"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_goes_wrong_is_a_fault_on_stderr(
    error: Exception, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(radiograph, "app", fail)
    with pytest.raises(SystemExit) as ended:
        radiograph.main()
    printed = capsys.readouterr()
    assert (ended.value.code, printed.out) == (2, "")
    assert said in printed.err


def test_the_version_is_told() -> None:
    shown = CliRunner().invoke(radiograph.app, ["--version"])
    assert (shown.exit_code, shown.stdout) == (0, f"radiograph {version('radiograph')}\n")


@pytest.mark.parametrize("arguments", [["nope"], ["--nope"], ["status", "--nope"], ["releases", "rollback", "0"]])
def test_wrong_usage_is_a_fault(arguments: list[str]) -> None:
    wrong = CliRunner().invoke(radiograph.app, arguments)
    assert (wrong.exit_code, wrong.stdout) == (2, "")
    assert wrong.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_rows_into_a_pipe_are_not_wrapped_and_a_full_disk_is_told(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RADIOGRAPH_")}
    listing = [*COMMAND, "repositories", "list"]

    def run(stdout: IO[str] | int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            listing,
            cwd=tmp_path,
            env=environment,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )

    piped = run(subprocess.PIPE)
    assert len(piped.stdout.splitlines()) == 3, "a header and the two shipped repositories"
    with Path("/dev/full").open("w") as full:
        failed = run(full)
    assert failed.returncode == 2
    assert "No space left on device" in failed.stderr and "Traceback" not in failed.stderr
