"""What is checked and how grave it is: declarations in TOML that curators edit, and queries beside them.

``ontology/checks/severities.toml`` declares every check. A folder of the same form laid over it, or a single file,
changes severities and texts, or adds checks of its own, without Python.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import VocabularyError
from core.select import selected
from ontology.finding import Finding

SHIPPED = Path(__file__).parent / "checks"
FILE = "severities.toml"

_VARIABLES = {"file", "subject", "predicate", "value", "other"}
_SLOT = re.compile(r"\{(\w+)\}")


class Declared(BaseModel):
    """One check: how grave what it finds is, and in which words it is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    severity: Literal["error", "warning", "info", "off"]
    message: str
    remedy: str
    source: str | None = None
    except_: tuple[str, ...] = Field(default=(), alias="except")
    why: str | None = None


@dataclass(frozen=True)
class Profile:
    """All declared checks by name, and the queries of those that are queries."""

    checks: Mapping[str, Declared]
    queries: Mapping[str, str]

    @classmethod
    def load(cls, *laid: Path | None) -> Profile:
        """Read the shipped declarations and, over them, those of folders or files, the later over the earlier.

        Raises:
            VocabularyError: a declaration or a query is malformed, or a query is not declared; names the file.
        """
        declared: dict[str, dict[str, Any]] = {}
        queries: dict[str, str] = {}
        for place in (SHIPPED, *laid):
            if place is None:
                continue
            file = place / FILE if place.is_dir() else place
            if file.is_file() or not place.is_dir():
                for name, entry in _read(file).items():
                    declared[name] = declared.get(name, {}) | _known(name, entry, file)
            if place.is_dir():
                queries |= {path.stem: _query(path) for path in sorted(place.glob("*.rq"))}
        for name in queries.keys() - declared.keys():
            raise VocabularyError(
                "the query is not declared", where=f"{name}.rq", remedy=f"add a section [{name}] to {FILE} beside it"
            )
        return cls({name: _declared(name, entry) for name, entry in declared.items()}, queries)

    def is_on(self, check: str) -> bool:
        return self.checks[check].severity != "off"

    def finding(self, check: str, file: str, line: int | None, **said: str) -> Finding | None:
        """The finding of a check in the words of its declaration; None where it is off, or not for this file.

        ``said`` fills the message's ``{subject}``, ``{predicate}``, ``{value}`` and ``{other}``.
        """
        one = self.checks[check]
        if one.severity == "off" or any(fnmatchcase(file, pattern) for pattern in one.except_):
            return None
        return Finding(
            severity=one.severity,
            check=check,
            file=file,
            line=line,
            message=_filled(one.message, said),
            remedy=_filled(one.remedy, said),
            subject=said.get("subject", ""),
            source=one.source,
        )


def _filled(text: str, said: Mapping[str, str]) -> str:
    return _SLOT.sub(lambda slot: said.get(slot[1], "?"), text)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise VocabularyError(f"not readable as TOML: {error}", where=str(path), remedy="correct the file") from None


def _known(name: str, entry: object, path: Path) -> dict[str, Any]:
    fields = {field.alias or key for key, field in Declared.model_fields.items()}
    if not isinstance(entry, dict) or not entry.keys() <= fields:
        raise VocabularyError(
            f"[{name}] is no check", where=str(path), remedy=f"give a section with {', '.join(sorted(fields))}"
        )
    return entry


def _declared(name: str, entry: dict[str, Any]) -> Declared:
    try:
        return Declared.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise VocabularyError(
            f"{place}: {first['msg']}", where=f"[{name}]", remedy=f"see {FILE} of Radiograph"
        ) from None


def _query(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    try:
        variables = selected(text)
    except SyntaxError as error:
        raise VocabularyError(f"not SPARQL: {error}", where=str(path), remedy="correct the query") from None
    if not {"file", "subject"} <= variables <= _VARIABLES:
        raise VocabularyError(
            "the query is no SELECT of ?file, ?subject, ?predicate, ?value and ?other",
            where=str(path),
            remedy="name its variables so",
        )
    return text
