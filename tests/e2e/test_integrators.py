"""``docs/integrators.md``, taken literally: each block of code is run against a service, its output compared."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deployment import ROOT, Deployment, Server
from tests.javascript import node
from tests.test_curators_walk import matches

pytestmark = [pytest.mark.ci, pytest.mark.idc]

PAGE = ROOT / "docs" / "integrators.md"
#: What the page calls the endpoint; everything else under that address is an identifier, and stays as it is.
ENDPOINT = "http://127.0.0.1:8000/sparql"
BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<code>.*?)^```$(?:\n\n^```text\n(?P<output>.*?)^```$)?", re.M | re.S)
END = "=====END====="


@dataclass(frozen=True)
class Block:
    """A piece of code of the page, and what the page says it writes."""

    kind: str
    code: str
    output: str


def blocks(kind: str, server: Server | None = None) -> list[Block]:
    """The page's blocks of one kind, with the address of a running service in place of the page's."""
    page = PAGE.read_text(encoding="utf-8")
    if server is not None:
        page = page.replace(ENDPOINT, f"{server.url}/sparql")
    return [
        Block(found["kind"], found["code"], found["output"] or "")
        for found in BLOCK.finditer(page)
        if found["kind"] == kind
    ]


def run(command: list[str], stdin: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        command,
        input=stdin,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout


def test_the_shell(server: Server, published: Deployment, tmp_path: Path) -> None:
    commands = tmp_path / "bin"
    commands.mkdir()
    program = commands / "radiograph"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "radiograph.py"}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    environment = published.environment(PATH=f"{commands}:{os.environ['PATH']}", COLUMNS="120")
    script, said = [], []
    for block in blocks("console", server):
        for part in re.split(r"^\$ ", block.code, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            script += [command, f"echo {END}"]
            said.append((command, output))
    written = run(["bash"], "\n".join(script), tmp_path, environment).split(f"{END}\n")
    assert len(said) >= 8 and len(written) == len(said) + 1
    for (command, output), found in zip(said, written, strict=False):
        assert matches(output, found), f"$ {command}\n{found}"


def test_python_cell_by_cell(server: Server, tmp_path: Path) -> None:
    cells = blocks("python", server)
    script = "\n".join(f"{cell.code}\nprint({END!r}, flush=True)" for cell in cells)
    written = run([sys.executable, "-W", "error::UserWarning", "-"], script, tmp_path, dict(os.environ)).split(
        f"{END}\n"
    )
    assert len(cells) >= 4
    for cell, found in zip(cells, written, strict=False):
        assert cell.output and matches(cell.output, found), f"{cell.code}\n{found}"
    assert len(written) == len(cells) + 1


def test_javascript(server: Server) -> None:
    assert len(blocks("js")) >= 2
    for block in blocks("js", server):
        done = node(block.code)
        assert block.output and matches(block.output, done.stdout), f"{block.code}\n{done.stdout}{done.stderr}"


@pytest.mark.skipif(not shutil.which("Rscript"), reason="R is not installed")
def test_r(server: Server, tmp_path: Path) -> None:
    for block in blocks("r", server):
        found = run(["Rscript", "-"], block.code, tmp_path, dict(os.environ))
        assert block.output and matches(block.output, found), f"{block.code}\n{found}"


def test_every_block_of_code_is_of_a_kind_that_is_run() -> None:
    kinds = set(re.findall(r"^```(\w+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE))
    assert kinds == {"console", "python", "js", "r", "text"}
