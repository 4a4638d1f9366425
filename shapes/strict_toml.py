"""TOML files that curators write by hand, read strictly: what is misspelt is told with its line, not passed over."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import ProfileError


class Table(BaseModel):
    """A table of such a file, which has the keys of the model and no others."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Model = TypeVar("Model", bound=Table)


def read_toml(path: Path, model: type[Model], remedy: str) -> Model:
    """Read a TOML file that curators write into ``model``; what is misspelt is told, not passed over.

    Raises:
        ProfileError: it is not TOML, or a key is unknown, missing or of the wrong kind; names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        return model.model_validate(tomllib.loads(text))
    except UnicodeDecodeError as error:
        raise ProfileError(f"not readable as TOML: {error}", where=str(path), remedy="save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(f"not readable as TOML: {error}", where=str(path), remedy="correct that line") from None
    except ValidationError as error:
        # A misspelt key is told before the right one, which it leaves missing.
        first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
        place = ".".join(str(part) for part in first["loc"])
        line = _line(text, first["loc"])
        raise ProfileError(f"{place}: {first['msg']}", where=f"{path}:{line}", remedy=remedy) from None


def _line(text: str, place: tuple[int | str, ...]) -> int:
    """The line of the key at ``place``, or of the table it is missing from."""
    table, index = str(place[0]), place[1] if len(place) > 1 and isinstance(place[1], int) else None
    key = next((part for part in reversed(place) if isinstance(part, str)), table)
    heads = [number for number, line in enumerate(text.splitlines(), 1) if line.strip() == f"[[{table}]]"]
    start = heads[index] if index is not None and index < len(heads) else 1
    end = heads[index + 1] if index is not None and index + 1 < len(heads) else None
    pattern = re.compile(rf"\s*(\[+[\w.]*\b{re.escape(key)}\]+|{re.escape(key)}\s*=)")
    for number, line in enumerate(text.splitlines()[start - 1 : end], start):
        if pattern.match(line):
            return number
    return start
