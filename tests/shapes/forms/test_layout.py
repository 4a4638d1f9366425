from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import ProfileError
from core.terms import DCAT, DCT, FOAF
from shapes.forms.key import Key
from shapes.forms.layout import Layout

LAYOUT = """
rest = "Rest"
[[section]]
title = "One"
properties = ["dct:title"]
[[property]]
paths = ["dct:type"]
label = "Any type"
list = "a"
[[property]]
paths = ["/dct:type"]
list = "b"
[[property]]
paths = ["dct:publisher/dct:type"]
hidden = true
[[property]]
paths = ["dct:publisher/foaf:name"]
add = true
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "shapes" / "forms" / "layout.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return folder


def test_longer_paths_say_more(tmp_path: Path) -> None:
    layout = Layout.load(written(tmp_path, LAYOUT))
    own, of_publisher, other = ((DCT.type,), (DCT.publisher, DCT.type), (DCAT.distribution, DCT.type))
    assert (layout.of(own).list, layout.of(own).label) == ("b", "Any type")
    assert (layout.of(of_publisher).list, layout.of(of_publisher).hidden) == ("a", True)
    assert (layout.of(other).list, layout.of(other).hidden) == ("a", False)
    assert layout.added((DCT.publisher,)) == ["foaf:name"]
    assert layout.added((DCT.creator,)) == []
    assert (layout.place(DCT.title), layout.place(FOAF.page)) == ((0, 0), (1, 0))
    assert (layout.heading(0), layout.heading(1)) == ("One", "Rest")


@pytest.mark.parametrize(
    ("text", "told"),
    [("rest = ", "not readable as TOML"), ("rest = 'x'\nsections = []", "section"), ("rest = 1\nsection = []", "rest")],
)
def test_a_broken_layout_is_told_with_its_file(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(ProfileError, match=told) as error:
        Layout.load(written(tmp_path, text))
    assert "layout.toml" in str(error.value.where)


def test_every_path_of_the_shipped_layout_is_one() -> None:
    layout = Layout.load()
    names = [name for section in layout.section for name in section.properties]
    names += [path.removeprefix("/") for declared in layout.property for path in declared.paths]
    names += [name for declared in layout.property for name in (*declared.first, *declared.only)]
    assert len(names) > 100
    assert not [name for name in names if Key.parse(name) is None]
