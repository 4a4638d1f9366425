"""TOML files that people write by hand, read strictly: what is misspelt is told, not passed over."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import SettingsError

Model = TypeVar("Model", bound=BaseModel)

_PROBLEMS = {
    "extra_forbidden": "there is no such key",
    "missing": "this key is missing",
    "model_type": "this should be a table, { key = value }",
}


def read_text(path: Path, remedy: str) -> str:
    """The text of a file.

    Raises:
        SettingsError: it is missing, not readable or not UTF-8.
    """
    try:
        if path.exists() and not path.is_file():
            raise SettingsError("this is no file but a folder, a pipe or a device", where=str(path), remedy=remedy)
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(f"byte {error.start} is not UTF-8", where=str(path), remedy="save it as UTF-8") from None
    except OSError as error:
        raise SettingsError(f"the file cannot be read: {error.strerror}", where=str(path), remedy=remedy) from None


def parse_strictly(model: type[Model], text: str, name: str, remedy: str) -> Model:
    """Parse TOML into ``model``; the first thing wrong becomes an error naming file and key.

    Raises:
        SettingsError: the text is not TOML or does not fit the model.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"not TOML: {error}", where=name, remedy="correct the line") from None
    except RecursionError:
        raise SettingsError("it nests too deeply", where=name, remedy="flatten it") from None
    try:
        return model.model_validate(values)
    except ValidationError as error:
        # A misspelt key is also a missing one: the key that is there is what its writer can find.
        first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
        key = ".".join(str(part) for part in first["loc"])
        message = _PROBLEMS.get(first["type"], first["msg"].removeprefix("Value error, "))
        raise SettingsError(message, where=f"{name}, {key}" if key else name, remedy=remedy) from None
