"""The exception tree is the one that its module draws, and every message is one readable line."""

from __future__ import annotations

import inspect
import re

import pytest

from core import errors
from core.errors import RadiographError

_BRANCH = re.compile(r"^([│ ]*)(?:[├└]── )?([A-Z]\w+)\s{2,}(\S.*)$")


def _drawn() -> dict[str, str | None]:
    """Class to parent, read from the drawing in the module's docstring."""
    above: list[tuple[int, str]] = []
    tree: dict[str, str | None] = {}
    for line in inspect.getdoc(errors).splitlines():  # type: ignore[union-attr]
        found = _BRANCH.match(line.removeprefix("    "))
        if found:
            depth, name = line.index(found[2]), found[2]
            while above and above[-1][0] >= depth:
                above.pop()
            tree[name] = above[-1][1] if above else None
            above.append((depth, name))
    return tree


def test_the_drawing_is_the_tree() -> None:
    classes = {
        name: kind.__mro__[1].__name__ if kind is not RadiographError else None
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, RadiographError)
    }
    assert _drawn() == classes
    assert len(classes) > 10


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        ({}, "it broke"),
        ({"where": "row 3"}, "row 3: it broke"),
        ({"remedy": "mend it"}, "it broke (mend it)"),
        ({"where": "row 3", "remedy": "mend it"}, "row 3: it broke (mend it)"),
    ],
)
def test_a_message_says_where_and_how_to_mend_it(arguments: dict[str, str], line: str) -> None:
    assert str(RadiographError("it broke", **arguments)) == line


def test_every_class_says_what_it_is_for() -> None:
    for name in _drawn():
        assert inspect.getdoc(getattr(errors, name))
