"""The documentation is true: every setting, command and file it names exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from core.settings import Settings
from radiograph import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
SETTING = re.compile(r"^\| `(RADIOGRAPH_[A-Z_]+)` \| (.+?) \| (.+?) \|$", re.MULTILINE)
COMMAND = re.compile(r"(?:^\$ |`|\.venv/bin/)radiograph ([a-z][^`\n#]*)", re.MULTILINE)


def test_the_table_of_settings_is_the_settings() -> None:
    rows = {name: (default, meaning) for name, default, meaning in SETTING.findall(_read("docs/operators.md"))}
    expected = {}
    for name, field in Settings.model_fields.items():
        default = "none" if field.default is None else f"`{field.default}`"
        expected[f"RADIOGRAPH_{name.upper()}"] = (default, field.description)
    plain = {name: (default, meaning.replace("`", "")) for name, (default, meaning) in rows.items()}
    assert plain == expected


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_command_named_exists(page: Path) -> None:
    for words in COMMAND.findall(page.read_text(encoding="utf-8")):
        command = get_command(app)
        for word in words.split():
            if not re.fullmatch(r"[a-z][a-z-]*", word) or not hasattr(command, "commands"):
                break
            for name in word.split("|"):
                assert name in command.commands, f"{page.name} names `radiograph {words.strip()}`, which does not exist"
            command = command.commands[word]
        options = {option for parameter in command.params for option in parameter.opts}
        for option in re.findall(r"--[a-z-]+", words):
            assert option in options, f"{page.name}: `radiograph {words.strip()}` has no option {option}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_exit_code_is_documented() -> None:
    assert re.search(r"0 fine, 1 findings .*2 wrong\s+usage or a fault", _read("docs/operators.md"), re.DOTALL)


def _read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_queries_in_the_readme_are_shipped_ones() -> None:
    shown = re.findall(r"```sparql\n(.+?)```", _read("README.md"), re.DOTALL)
    shipped = [path.read_text(encoding="utf-8").strip() for path in (ROOT / "catalogue" / "queries").glob("*.rq")]
    assert len(shown) == 3
    assert all(text.strip() in shipped for text in shown)


def test_the_figures_in_the_readme_are_the_measured_ones() -> None:
    linked = re.search(r"\(\[figures\]\((bench/results/[^)]+)\)\)", _read("README.md"))
    assert linked, "the README links to what was measured"
    measured = _read(linked.group(1))
    total = re.search(r"\*\*ingest to release\*\* \| \*\*([\d.]+)\*\*", measured)
    peak = max(int(row) for row in re.findall(r"^\| \w+ \| [\d.]+ \| [\d.]+ \| (\d+) \|", measured, re.MULTILINE))
    assert total and f"**{total.group(1)} s of CPU**" in _read("README.md")
    assert f"**{peak} MB**" in _read("README.md")
