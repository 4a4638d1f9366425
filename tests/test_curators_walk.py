"""The walk of ``docs/curators.md``, taken literally: its files are written, its commands run, its outputs compared."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from catalogue.examples import examples

pytestmark = pytest.mark.ci

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "curators.md"
BLOCK = re.compile(r"(?:^`(?P<path>[^`\n]+)`:\n\n)?^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
END = "=====END====="


@dataclass(frozen=True)
class Step:
    """A command of the page, and what the page says it writes."""

    command: str
    output: str


def read_page() -> tuple[str, list[Step]]:
    """The whole page as one shell script, which marks where the output of each command ends, and its steps."""
    lines, steps = ["last=0"], []
    for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        if block["path"]:
            lines += [f'mkdir -p "$(dirname {block["path"]})"', f"cat > {block['path']} <<'{END}'"]
            lines += [block["text"].removesuffix("\n"), END]
        elif block["kind"] == "console":
            for part in re.split(r"^\$ ", block["text"], flags=re.MULTILINE)[1:]:
                command, _, output = part.partition("\n")
                steps.append(Step(command, output.rstrip()))
                lines += ["(exit $last)", command, "last=$?", f"echo {END}"]
    return "\n".join(lines) + "\n", steps


def matches(said: str, found: str) -> bool:
    """Whether an output is what the page says; ``…`` stands for anything, and ends of lines do not count."""
    said, found = ("\n".join(line.rstrip() for line in text.strip().splitlines()) for text in (said, found))
    return re.fullmatch(".*?".join(map(re.escape, said.split("…"))), found, re.DOTALL) is not None


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """The folder after the walk, and what each command wrote."""
    pytest.importorskip("owlready2")
    folder = tmp_path_factory.mktemp("walk")
    for name in ("radiograph.ttl", "concepts", "mappings"):
        source, target = ROOT / "ontology" / name, folder / "checkout" / "ontology" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
    commands = folder / "bin"
    commands.mkdir()
    program = commands / "radiograph"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{ROOT / "radiograph.py"}" "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RADIOGRAPH_")}
    environment = kept | {"PATH": f"{commands}:{os.environ['PATH']}", "NO_COLOR": "1", "COLUMNS": "120"}
    script, _ = read_page()
    done = subprocess.run(
        ["bash"],
        input=script,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    return folder, done.stdout.split(f"{END}\n")


def test_every_output_is_as_the_page_shows_it(walked: tuple[Path, list[str]]) -> None:
    _, outputs = walked
    _, steps = read_page()
    assert len(outputs) == len(steps) + 1
    for step, output in zip(steps, outputs, strict=False):
        assert matches(step.output, output), f"$ {step.command}\n{output}"


def test_the_query_of_the_walk_is_offered_with_the_others(walked: tuple[Path, list[str]]) -> None:
    folder, _ = walked
    offered = examples(folder / "clinic")
    assert {one.name for one in examples()} < {one.name for one in offered}
    assert "Datasets with ground-glass nodules" in {one.title for one in offered}


def test_the_walk_uses_every_command_that_the_page_explains() -> None:
    page = PAGE.read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `radiograph ([a-z ]+)` \|", page, re.MULTILINE)) - {"ontology refresh"}
    commands = [step.command.partition("radiograph ")[2] for step in read_page()[1]]
    assert explained
    for name in explained:
        assert any(command.startswith(name) for command in commands), f"no step of the walk runs {name}"
