"""What the editor knows: prefixes, the classes and properties of the release with their numbers, and the examples.

The numbers are VoID's (:mod:`catalogue.void`), asked of whichever engine serves the release, once a release. The
editor completes with them, so that it asks no other service on the web.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from fastapi import APIRouter, Depends, Request, Response

from api.negotiation import JSON, RESULTS_JSON
from api.responses import answer, unavailable
from api.sparql.copying import copies, graph_parameters
from api.sparql.operation import read_operation
from api.state import State, state
from catalogue.examples import examples
from core.terms import PREFIXES

router = APIRouter()

_HERE = Path(__file__).parent
#: Characters of a definition that are shown beside a name.
_MOST = 240

Rows = list[dict[str, str]]


@dataclass(slots=True)
class Guide:
    """The document for one release, made when it is first asked for."""

    release: int = 0
    document: bytes = b""
    making: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, radiograph: State, release: int) -> bytes:
        """The document for ``release``.

        Raises:
            QueryError: the engine does not answer.
        """
        async with self.making:
            if self.release != release:
                partitions, terms = [await _rows(radiograph, name) for name in ("partitions", "terms")]
                told = describe(partitions, terms) | {
                    "prefixes": {prefix: str(namespace) for prefix, namespace in PREFIXES.items()},
                    "examples": [
                        {"name": one.name, "title": one.title, "query": one.query}
                        for one in examples(radiograph.settings.overlay)
                    ],
                }
                self.document = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
                self.release = release
            return self.document


_GUIDES: WeakKeyDictionary[State, Guide] = WeakKeyDictionary()


@router.api_route("/sparql/guide", methods=["GET", "HEAD"], include_in_schema=False)
async def guide(request: Request, radiograph: State = Depends(state)) -> Response:
    """What the editor completes with."""
    release = radiograph.release
    if release is None:
        return unavailable(request, "Nothing has been published yet")
    document = await _GUIDES.setdefault(radiograph, Guide()).of(radiograph, release.number)
    return answer(request, document, JSON)


@router.post("/sparql/copies", include_in_schema=False)
async def copied(request: Request, radiograph: State = Depends(state)) -> Response:
    """The query that is sent, as it is asked from other languages."""
    operation = await read_operation(request)
    query = operation.query or ""
    facts = await radiograph.pool.inspect(query)
    graphs = graph_parameters(operation.default_graphs, operation.named_graphs)
    made = copies(f"{radiograph.identifiers.base}/sparql", query, facts.form, graphs)
    told = {"copies": [{"name": one.name, "title": one.title, "code": one.code} for one in made]}
    return answer(request, json.dumps(told).encode(), JSON, cache="no-store")


def describe(partitions: Rows, terms: Rows) -> dict[str, list[dict[str, Any]]]:
    """Classes and properties by how often they are used; a class names its properties by their places in the list."""
    called: dict[str, Mapping[str, str]] = {}
    for row in terms:
        called.setdefault(row["term"], row)
    uses: dict[str, int] = {}
    classes: dict[str, dict[str, int]] = {}
    entities: dict[str, int] = {}
    for row in partitions:
        kind, name, triples = row.get("class"), row.get("property"), int(row.get("triples", 0))
        if kind is not None:
            entities[kind] = int(row["entities"])
            classes.setdefault(kind, {})
        if name is not None:
            uses[name] = max(uses.get(name, 0), triples)
            if kind is not None:
                classes[kind][name] = triples
    places = {name: place for place, name in enumerate(sorted(uses, key=lambda name: (-uses[name], name)))}
    return {
        "classes": [
            _term(kind, entities[kind], called)
            | {"properties": sorted([places[name], triples] for name, triples in classes[kind].items())}
            for kind in sorted(classes, key=lambda kind: (-entities[kind], kind))
        ],
        "properties": [_term(name, uses[name], called) for name in places],
    }


def _term(iri: str, count: int, called: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    known = called.get(iri, {})
    about = known.get("about", "")
    return {
        "iri": iri,
        "label": known.get("label", ""),
        "about": about if len(about) <= _MOST else f"{about[:_MOST]}…",
        "count": count,
    }


async def _rows(radiograph: State, name: str) -> Rows:
    """The answer to a query of this folder."""
    query = f"BASE <{radiograph.identifiers.base}/>\n" + (_HERE / f"{name}.rq").read_text(encoding="utf-8")
    async with radiograph.pool.query(query, accept=RESULTS_JSON.media_type) as chunks:
        body = b"".join([chunk async for chunk in chunks])
    bindings = json.loads(body)["results"]["bindings"]
    return [{name: value["value"] for name, value in row.items()} for row in bindings]
