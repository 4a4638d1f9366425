"""The shape of the house: imports go one way, and the layout is the one that docs/architecture.md draws."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ORDER = ["core", "ontology", "shapes", "catalogue", "ingest", "api", "radiograph"]


def _modules() -> list[Path]:
    files = [path for room in ORDER[:-1] for path in sorted((ROOT / room).rglob("*.py"))]
    return [*files, ROOT / "radiograph.py"]


def _imported(module: Path) -> set[str]:
    """The top-level packages that a module imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
    return {name.split(".")[0] for name in names}


def _rooms_imported(module: Path) -> set[str]:
    return _imported(module) & set(ORDER)


@pytest.mark.parametrize("module", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(module: Path) -> None:
    room = module.relative_to(ROOT).parts[0].removesuffix(".py")
    later = {name for name in _rooms_imported(module) if ORDER.index(name) > ORDER.index(room)}
    assert not later, f"{module.relative_to(ROOT)} imports {', '.join(sorted(later))}, which comes after {room}"


@pytest.mark.parametrize("module", _modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_are_readable_in_one_sitting(module: Path) -> None:
    lines = module.read_text(encoding="utf-8").count("\n")
    assert lines <= 400, f"{module.relative_to(ROOT)} has {lines} lines: is it two rooms?"


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    runtime, extra = (
        {re.split(r"[<>=]", name)[0].replace("-", "_") for name in names}
        for names in (project["dependencies"], (*extras["idc"], *extras["reason"]))
    )
    imported = set[str]().union(*map(_imported, _modules())) - set(ORDER) - set(sys.stdlib_module_names)
    # The index is found without being imported, uvicorn takes its loop itself, types are for mypy alone.
    assert imported - {"_typeshed"} == (runtime | extra) - {"idc_index_data", "uvloop"}


def test_the_tests_mirror_the_modules() -> None:
    tested = {path.stem for path in (ROOT / "tests").rglob("test_*.py")}
    rooms = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    assert set(ORDER[:-1]) <= rooms
    assert tested


def test_every_package_is_declared_for_the_wheel() -> None:
    declared = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    packages = {path.parent for room in ORDER[:-1] for path in (ROOT / room).rglob("*.py")}
    for package in packages:
        name = ".".join(package.relative_to(ROOT).parts)
        assert f'"{name}"' in declared, f"{name} is missing from [tool.setuptools] packages"
