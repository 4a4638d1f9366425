from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from core.errors import SettingsError
from ingest.declaration import RepositoryDeclaration
from ingest.record import Facet
from ingest.table_mapping import Column, Distribution, Properties, Reading, Table, TableMapping

SMALLEST = """
title = "t"
[table]
identifier = "id"
[properties]
title = "title"
"""


def test_the_smallest_mapping_is_enough() -> None:
    mapping = TableMapping.parse(SMALLEST, "m.toml")
    assert mapping.used_columns == ("id", "title")


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("title = ", "m.toml", "not TOML"),
        ('title = "t"', "m.toml, table", "this key is missing"),
        (SMALLEST + 'titel = "x"', "m.toml, properties.titel", "there is no such key"),
        (SMALLEST + 'issued = { colum = "x" }', "m.toml, properties.issued.0.colum", "there is no such key"),
        (SMALLEST + "issued = { }", "m.toml, properties.issued.0", "exactly one of column, constant and sentences"),
        (SMALLEST + "issued = { column = 'x', constant = 'y' }", "m.toml, properties.issued.0", "exactly one"),
        (
            SMALLEST + "issued = { column = 'x', match = '(' }",
            "m.toml, properties.issued.0.match",
            "regular expression",
        ),
        (
            SMALLEST + "issued = { column = 'x', match = 'x', result = '\\2' }",
            "m.toml, properties.issued.0",
            "does not fit",
        ),
        (SMALLEST + "issued = { column = 'x', values = 'v' }", "m.toml", "there is no list [values.v]"),
        (SMALLEST + '[facets]\nmodalities = "x"', "m.toml, facets.modalities.[key]", "modality"),
        (SMALLEST.replace('title = "title"', ""), "m.toml", "properties.title is missing"),
        (SMALLEST + "[[distributions]]\nidentifier = 'd'", "m.toml, distributions.0.access_url", "missing"),
        (
            SMALLEST + "[[distributions]]\nidentifier = 'd'\naccess_url = 'x'\n" * 2,
            "m.toml",
            "two distributions have the same identifier",
        ),
    ],
)
def test_a_mistake_is_told_with_file_and_key(text: str, where: str, message: str) -> None:
    with pytest.raises(SettingsError) as caught:
        TableMapping.parse(text, "m.toml")
    assert caught.value.where == where
    assert message in caught.value.message
    assert "docs/tables.md" in str(caught.value.remedy) or "correct the line" in str(caught.value.remedy)


def test_a_missing_or_binary_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        TableMapping.load(tmp_path / "absent.toml")
    path = tmp_path / "binary.toml"
    path.write_bytes(b"title = '\xff'")
    with pytest.raises(SettingsError, match="not UTF-8"):
        TableMapping.load(path)


def test_the_overlay_s_mapping_wins(tmp_path: Path) -> None:
    path = tmp_path / "ingest" / "mappings" / "openmedlab.toml"
    path.parent.mkdir(parents=True)
    path.write_text(SMALLEST, encoding="utf-8")
    laid_over, shipped = TableMapping.shipped("openmedlab", tmp_path), TableMapping.shipped("openmedlab")
    assert laid_over is not None and laid_over.title == "t"
    assert shipped is not None and shipped.title != "t"
    assert TableMapping.shipped("nobody", tmp_path) is None


MANUAL = (Path(__file__).parents[2] / "docs" / "tables.md").read_text(encoding="utf-8")


def examples() -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```$", MANUAL, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", examples(), ids=lambda text: text.strip().splitlines()[0])
def test_the_manual_s_examples_are_mappings(example: str) -> None:
    rest = "" if "[table]" in example else 'title = "t"\n[table]\nidentifier = "id"\n'
    rest += "" if "[properties]" in example else '[properties]\ntitle = "title"\n'
    TableMapping.parse(rest + example, "docs/tables.md")


@pytest.mark.parametrize("model", [Table, Column, Properties, Reading, Distribution, RepositoryDeclaration])
def test_the_manual_names_every_key(model: type[BaseModel]) -> None:
    named = set(re.findall(r"`\[?([\w.]+)\]?`", MANUAL))
    assert not model.model_fields.keys() - named


@pytest.mark.parametrize("facet", get_args(Facet))
def test_the_manual_names_every_facet(facet: str) -> None:
    assert f"`{facet}`" in MANUAL


def test_a_misspelt_key_is_told_before_the_one_it_stands_for() -> None:
    with pytest.raises(SettingsError) as caught:
        TableMapping.parse(SMALLEST.replace("identifier", "identifer"), "m.toml")
    assert caught.value.where == "m.toml, table.identifer"


def test_a_mapping_that_nests_without_end_or_is_no_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nests too deeply"):
        TableMapping.parse("a = " + "[" * 100_000, "m.toml")
    with pytest.raises(SettingsError, match="no file but"):
        TableMapping.load(tmp_path)
