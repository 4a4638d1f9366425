"""Checks over a whole catalogue: identifiers used twice, references to nothing, catalogues and members that disagree.

Each is a SPARQL query in ``shapes/checks`` and an entry in a TOML file beside it, so that an operator's overlay folder
can add one, or replace one by its name, without Python. They run over a document as well as over a release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph
from rdflib import Graph

from core.canonical import to_oxigraph
from core.errors import ProfileError
from core.select import selected, solutions
from core.terms import SHAPE
from shapes.report import Finding, Severity
from shapes.strict_toml import Table, read_toml

#: What findings call the profile of these checks, and what people call it.
PROFILE = "catalogue"
LABEL = "Checks of the whole catalogue"

_SHIPPED = Path(__file__).parent / "checks"
#: Stands in a query for the base of the catalogue's own IRIs; a query that has it is not run over other documents.
_BASE = "<urn:radiograph:base>"
_NO_IRI = re.compile(r"[\x00-\x20<>\"{}|^`\\]")
_ORDER = {"violation": 0, "warning": 1, "info": 2}
_VARIABLES = {"record", "focus", "path", "value"}
_LONGEST_VALUE = 300
_REMEDY = "see shapes/checks/checks.toml of Radiograph"


class _Declared(Table):
    name: str
    query: str
    severity: Severity
    field: str
    message: str
    specification: str


class _File(Table):
    check: tuple[_Declared, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One check: what findings say, and the query that finds."""

    name: str
    severity: Severity
    field: str
    message: str
    specification: str
    sparql: str

    @property
    def rule(self) -> str:
        """The IRI that findings name as their rule."""
        return str(SHAPE[f"check-{self.name}"])

    def run(self, store: pyoxigraph.Store, *, base: str | None = None, limit: int | None = None) -> Iterator[Finding]:
        """What the query finds, at most ``limit``; nothing on what has no IRI, and without ``base`` nothing of it."""
        if _BASE in self.sparql and base is None:
            return
        text = self.sparql.replace(_BASE, f"<{base}>")
        for found in solutions(store, text, union=True, limit=limit):
            record = found.get("record")
            if isinstance(record, pyoxigraph.NamedNode):
                yield self._finding(record.value, {name: _text(term) for name, term in found.items()})

    def _finding(self, record: str, found: dict[str, str | None]) -> Finding:
        return Finding(
            record=record,
            path=found.get("path") or "",
            severity=self.severity,
            profile=PROFILE,
            message=self.message,
            focus=found.get("focus") or record,
            value=found.get("value"),
            rule=self.rule,
            field=self.field,
            specification=self.specification,
        )


class Checks:
    """The declared checks, in the order in which they are declared."""

    def __init__(self, checks: Sequence[Check]) -> None:
        self._checks = tuple(checks)

    def __iter__(self) -> Iterator[Check]:
        return iter(self._checks)

    @classmethod
    def load(cls, overlay: Path | None = None) -> Checks:
        """Read the shipped checks and, over them, those of ``overlay/shapes/checks``.

        Raises:
            ProfileError: a declaration or a query is missing or malformed; names the file.
        """
        checks: dict[str, Check] = {}
        for folder in (_SHIPPED, *([overlay / "shapes" / "checks"] if overlay else [])):
            for path in sorted(folder.glob("*.toml")):
                checks.update(
                    {declared.name: _check(declared, path) for declared in read_toml(path, _File, _REMEDY).check}
                )
        return cls(list(checks.values()))

    def run(self, store: pyoxigraph.Store, *, base: str | None = None, limit: int | None = None) -> list[Finding]:
        """Run every check over the statements of all graphs in ``store``.

        ``base`` is that of the catalogue's own IRIs, for checks of references to them; ``limit`` is how many findings
        of one check are wanted at most.

        Raises:
            ProfileError: ``base`` is no IRI.
        """
        if base is not None and _NO_IRI.search(base):
            raise ProfileError(f"{base!r} is no base of IRIs", remedy="set RADIOGRAPH_BASE_IRI")
        findings = {f for check in self for f in check.run(store, base=base, limit=limit)}
        return sorted(findings, key=lambda f: (_ORDER[f.severity], f.rule or "", f.value or "", f.record, f.path))


def store_of(graph: Graph) -> pyoxigraph.Store:
    """A store in memory with the statements of ``graph``; one with a malformed IRI is left out."""
    store = pyoxigraph.Store()
    store.bulk_extend(_quads(graph))
    return store


def _quads(graph: Graph) -> Iterator[pyoxigraph.Quad]:
    for s, p, o in graph:
        try:
            yield pyoxigraph.Quad(to_oxigraph(s), to_oxigraph(p), to_oxigraph(o))  # type: ignore[arg-type]
        except ValueError:
            continue


def _text(term: object) -> str | None:
    """A term as a report shows it; a blank node has no text."""
    if not isinstance(term, pyoxigraph.NamedNode | pyoxigraph.Literal):
        return None
    return term.value if len(term.value) <= _LONGEST_VALUE else f"{term.value[: _LONGEST_VALUE - 1]}…"


def _check(declared: _Declared, path: Path) -> Check:
    file = path.parent / declared.query
    if not file.resolve().is_relative_to(path.parent.resolve()) or not file.is_file():
        raise ProfileError(f"there is no query {declared.query}", where=str(path), remedy="put it beside the file")
    text = file.read_text(encoding="utf-8")
    try:
        variables = selected(text)
    except SyntaxError as error:
        raise ProfileError(f"not SPARQL: {error}", where=str(file), remedy="correct the query") from None
    if "record" not in variables or not variables <= _VARIABLES:
        raise ProfileError(
            "the query is no SELECT of ?record, ?focus, ?path and ?value", where=str(file), remedy="name them so"
        )
    return Check(declared.name, declared.severity, declared.field, declared.message, declared.specification, text)
