"""The SPARQL page for browsers: a form, examples that work, and the answer as a table, all without scripts."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.errors import status_of
from api.negotiation import GRAPH_VARIANTS, RESULT_VARIANTS, RESULTS_JSON, TURTLE, Variant
from api.rendering import Addresses, page
from api.state import State
from core.errors import QueryError, QueryTooLarge
from core.terms import CONCEPT, PREFIXES
from ontology.turtle import layered

#: Rows shown, and bytes of an answer read for the page; the whole answer is a link away.
MAX_ROWS = 500
MAX_BYTES = 8 * 1024 * 1024
_MAX_TEXT = 100_000
_QUERIES = Path(__file__).parent / "queries"


@dataclass(frozen=True, slots=True)
class Example:
    """A query that comes with the service; ``title`` and ``about`` are the comment it begins with."""

    name: str
    title: str
    about: str
    query: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of a solution as shown: ``text`` may be shortened, ``note`` is its datatype or language."""

    text: str
    iri: str | None
    note: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What there is to show: a table, a yes or no, or the text of a graph. ``cut`` where it is not all."""

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Cell | None, ...], ...] = ()
    total: int = 0
    boolean: bool | None = None
    graph: str | None = None
    cut: bool = False


async def sparql_page(
    request: Request,
    state: State,
    query: str | None,
    *,
    default_graphs: Sequence[str] = (),
    named_graphs: Sequence[str] = (),
) -> HTMLResponse:
    """The page without a query, with the answer to one, or with what is wrong with it."""
    answer: Answer | None = None
    error: QueryError | None = None
    variants: tuple[Variant, ...] = ()
    seconds = 0.0
    graphs = [("default-graph-uri", iri) for iri in default_graphs]
    graphs += [("named-graph-uri", iri) for iri in named_graphs]
    to = Addresses.of(request, state.identifiers.base)
    if query and query.strip() and state.release is not None:
        started = time.perf_counter()
        try:
            facts = await state.pool.inspect(query)
            variants = GRAPH_VARIANTS if facts.form.gives_graph else RESULT_VARIANTS
            variant = TURTLE if facts.form.gives_graph else RESULTS_JSON
            chunks = state.pool.query(
                query, accept=variant.media_type, default_graphs=default_graphs, named_graphs=named_graphs
            )
            answer = await _read(chunks, graph=facts.form.gives_graph)
        except QueryError as problem:
            error = problem
        seconds = time.perf_counter() - started
    return page(
        request,
        "sparql.html",
        status_code=status_of(error) if error else 200,
        headers={"Cache-Control": "no-store"},
        query=query if query is not None else examples(state.settings.overlay)[0].query,
        answer=answer,
        error=error,
        seconds=seconds,
        examples=examples(state.settings.overlay),
        endpoint=f"{state.identifiers.base}/sparql",
        formats=[
            (variant.label, to.path("sparql", [("query", query or ""), *graphs, ("format", variant.name)]))
            for variant in variants
        ],
        graphs=graphs,
        most_rows=MAX_ROWS,
    )


async def _read(answering: AbstractAsyncContextManager[AsyncIterable[bytes]], *, graph: bool) -> Answer:
    body = bytearray()
    async with answering as chunks:
        async for chunk in chunks:
            body += chunk
            if len(body) > MAX_BYTES:
                raise QueryTooLarge(
                    f"the answer is larger than the {MAX_BYTES // 2**20} MB this page shows",
                    remedy="add a LIMIT, or fetch it from the endpoint in another format",
                )
    if graph:
        text = body.decode("utf-8", "replace")
        return Answer(graph=text[:_MAX_TEXT], cut=len(text) > _MAX_TEXT)
    return read_results(await asyncio.to_thread(json.loads, bytes(body)))


def read_results(document: Mapping[str, Any]) -> Answer:
    """The table, or the boolean, of SPARQL 1.1 Query Results JSON."""
    if "boolean" in document:
        return Answer(boolean=bool(document["boolean"]))
    columns = tuple(document["head"].get("vars", ()))
    solutions = document["results"]["bindings"]
    rows = tuple(tuple(_cell(solution.get(name)) for name in columns) for solution in solutions[:MAX_ROWS])
    return Answer(columns, rows, total=len(solutions), cut=len(solutions) > MAX_ROWS)


@lru_cache(maxsize=2)
def examples(overlay: Path | None = None) -> tuple[Example, ...]:
    """The example queries in ``api/queries``, and ``queries`` of the overlay, by the names of their files.

    The first comment line is the title, the following ones say what it is about.
    """
    found = []
    for path in layered(_QUERIES, overlay / "queries" if overlay else None, "*.rq"):
        lines = path.read_text(encoding="utf-8-sig", errors="replace").strip().splitlines()
        comments = [line.lstrip("# ").strip() for line in lines if line.startswith("#")] or [path.stem]
        query = "\n".join(line for line in lines if not line.startswith("#")).strip() + "\n"
        found.append(Example(path.stem, comments[0], " ".join(comments[1:]), query))
    return tuple(found)


def _cell(value: Mapping[str, Any] | None) -> Cell | None:
    if value is None:
        return None
    text = str(value["value"])
    if value["type"] == "uri":
        return Cell(short_iri(text), text, "")
    note = value.get("xml:lang") or short_iri(value.get("datatype", ""))
    return Cell(text if len(text) <= 400 else f"{text[:400]}…", None, note)


def short_iri(iri: str) -> str:
    """``dct:title`` where one of the known prefixes fits, ``concept/modality/CT`` for a concept, else the IRI."""
    if iri.startswith(str(CONCEPT)):
        return f"concept/{iri[len(str(CONCEPT)) :]}"
    for prefix, namespace in PREFIXES.items():
        if iri.startswith(str(namespace)) and "/" not in iri[len(str(namespace)) :]:
            return f"{prefix}:{iri[len(str(namespace)) :]}"
    return iri
