"""The SPARQL page for browsers: a form, examples that work, and the answer as a table, all without scripts.

With scripts, and where set-up could build it, the editor of ``api/editor`` takes the place of the form.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.errors import status_of
from api.negotiation import GRAPH_VARIANTS, RESULT_VARIANTS, RESULTS_JSON, TURTLE, Variant
from api.rendering import SCRIPTED, Addresses, assets, page
from api.sparql.asking import ask
from api.sparql.clients import client_of
from api.sparql.copying import Copy, copies, graph_parameters
from api.state import State
from catalogue.examples import Example, examples
from core.errors import QueryError, QueryTooLarge
from core.terms import CONCEPT, PREFIXES

#: Rows shown, and bytes of an answer read for the page; the whole answer is a link away.
MAX_ROWS = 500
MAX_BYTES = 8 * 1024 * 1024
_MAX_TEXT = 100_000
#: The script of the editor, where set-up could build it.
EDITOR = "editor/editor.js"


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


@dataclass(slots=True)
class Outcome:
    """What came of running a query: an answer or an error, and what else the answer can be had as."""

    answer: Answer | None = None
    error: QueryError | None = None
    variants: tuple[Variant, ...] = ()
    seconds: float = 0.0


async def sparql_page(
    request: Request,
    state: State,
    query: str | None,
    *,
    default_graphs: Sequence[str] = (),
    named_graphs: Sequence[str] = (),
) -> HTMLResponse:
    """The page with a query to write or to run, and with its answer where it was sent to be run.

    A link shows its query and runs it only where it says ``run``; the form posts, and so runs.
    """
    found = examples(state.settings.overlay)
    named = next((one for one in found if one.name == request.query_params.get("example")), None)
    asked = query is not None or named is not None
    shown = query if query is not None else (named or found[0]).query
    graphs = graph_parameters(default_graphs, named_graphs)
    run = asked and bool(shown.strip()) and (request.method == "POST" or "run" in request.query_params)
    client = client_of(request.scope, state.settings)
    outcome = await _run(state, client, shown, default_graphs, named_graphs) if run else Outcome()
    to = Addresses.of(request, state.identifiers.base)
    return page(
        request,
        "sparql.html",
        status_code=status_of(outcome.error) if outcome.error else 200,
        headers={"Cache-Control": "no-store", "Content-Security-Policy": SCRIPTED},
        query=shown,
        asked=asked,
        run=run,
        name=named.title if named else "",
        answer=outcome.answer,
        error=outcome.error,
        seconds=outcome.seconds,
        groups=_grouped(found),
        endpoint=f"{state.identifiers.base}/sparql",
        formats=[
            (variant.label, to.path("sparql", [("query", shown), *graphs, ("format", variant.name)]))
            for variant in outcome.variants
        ],
        copies=await _copies(state, shown, graphs),
        graphs=graphs,
        local=[(namespace, to.path(path), path) for namespace, path in to.namespaces()],
        editor=EDITOR in assets(),
        most_rows=MAX_ROWS,
    )


async def _run(
    state: State, client: str, query: str, default_graphs: Sequence[str], named_graphs: Sequence[str]
) -> Outcome:
    started = time.perf_counter()
    outcome = Outcome()
    try:
        facts = await state.pool.inspect(query)
        graph = facts.form.gives_graph
        outcome.variants = GRAPH_VARIANTS if graph else RESULT_VARIANTS
        accept = (TURTLE if graph else RESULTS_JSON).media_type
        chunks = ask(
            state,
            query,
            facts,
            asyncio.get_running_loop().time() + state.settings.query_timeout,
            client=client,
            accept=accept,
            default_graphs=default_graphs,
            named_graphs=named_graphs,
        )
        outcome.answer = await _read(chunks, graph=graph)
    except QueryError as problem:
        outcome.error = problem
    outcome.seconds = time.perf_counter() - started
    return outcome


async def _copies(state: State, query: str, graphs: Sequence[tuple[str, str]]) -> tuple[Copy, ...]:
    """The query for other languages; nothing for what is no query."""
    try:
        facts = await state.pool.inspect(query)
    except QueryError:
        return ()
    return copies(f"{state.identifiers.base}/sparql", query, facts.form, graphs)


def _grouped(found: Sequence[Example]) -> list[tuple[str, list[Example]]]:
    """The examples as the page lists them; those that ask for what few sources state come by themselves."""
    groups: dict[str, list[Example]] = {
        "What integrators ask": [],
        "Further queries": [],
        "Where sources state more": [],
    }
    first, further, sparse = groups.values()
    for example in found:
        (sparse if example.data else further if example.question is None else first).append(example)
    return [(title, members) for title, members in groups.items() if members]


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
