"""The named graphs of the release by HTTP: SPARQL 1.1 Graph Store Protocol, as far as it reads.

A graph is asked for as ``/graphs?graph=IRI``, the union of all as ``/graphs?default``, and those under
``{base}/graph/`` by their own names. Which graphs there are is known from the ledger; what stands in them comes from
whatever engine holds the release, through the same queue and with the same limits as a query.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qsl, unquote

from fastapi import APIRouter, Depends, Request, Response

from api.negotiation import CONSTRUCT_VARIANTS, Variant, negotiate
from api.refusal import Refusal
from api.responses import link_header, matches, see_other
from api.sparql.asking import ask
from api.sparql.cache import Ask, Key
from api.sparql.clients import client_of
from api.sparql.compression import takes_gzip
from api.sparql.transfer import QueryTransfer
from api.state import ReleaseView, State, state
from catalogue.content import derived_graphs, released_graphs
from core.errors import IdentifierError, QueryUnavailable

router = APIRouter(include_in_schema=False)

_READING = ["GET", "HEAD"]
_WRITING = ["PUT", "POST", "DELETE", "PATCH"]
_ALLOW = {"Allow": "GET, HEAD, OPTIONS"}
_VARY = "Accept, Accept-Encoding"
_LARGEST_QUERY = 16 * 1024
#: An absolute IRI of characters that may stand between angle brackets in a query, and that end none.
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\\x7f-\x9f\ud800-\udfff]*")
_ALL = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"


@router.api_route("/graphs", methods=_READING)
async def graph_store(request: Request, radiograph: State = Depends(state)) -> Response:
    """The graph that the parameters name (indirect graph identification, Graph Store Protocol §4.2)."""
    return await _answer(request, radiograph, _asked(request))


@router.api_route("/graph/{path:path}", methods=_READING)
async def graph(request: Request, path: str, radiograph: State = Depends(state)) -> Response:
    """The graph that has this address for its name (direct graph identification, §4.1)."""
    return await _answer(request, radiograph, f"{radiograph.identifiers.base}/graph/{path}")


@router.api_route("/graphs", methods=_WRITING)
@router.api_route("/graph/{path:path}", methods=_WRITING)
async def refuse_writing() -> Response:
    """Graphs change by publishing and by nothing else."""
    raise Refusal(
        405,
        "the graphs of a release are read-only",
        remedy="change descriptions where they come from; the next release has them",
        headers=_ALLOW,
    )


@router.options("/graphs")
@router.options("/graph/{path:path}")
async def options() -> Response:
    """What can be done with a graph."""
    return Response(status_code=204, headers=_ALLOW)


@router.api_route("/.well-known/void", methods=_READING)
async def well_known_void(request: Request, radiograph: State = Depends(state)) -> Response:
    """Where VoID says that its descriptions are looked for: 303 to the graph that has it."""
    return see_other(request, str(radiograph.identifiers.graph("void")))


def _asked(request: Request) -> str | None:
    """The IRI of the graph that is asked for, None for the union of all.

    Raises:
        Refusal: none is, several are, or it is no absolute IRI.
    """
    text: bytes = request.scope["query_string"]
    try:
        values = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError:
        raise Refusal(400, "the parameters are malformed", remedy="percent-encode them as UTF-8") from None
    named = [value for name, value in values if name == "graph"]
    default = any(name == "default" for name, _ in values)
    if len(named) + default != 1:
        problem = "no graph is named" if not named and not default else "more than one graph is named"
        raise Refusal(400, problem, remedy="give either graph=IRI, once, or default")
    if default:
        return None
    if len(text) > _LARGEST_QUERY or not _IRI.fullmatch(named[0]):
        raise Refusal(400, f"{named[0][:200]!r} is no absolute IRI", remedy="give the full name of the graph")
    return named[0]


async def _answer(request: Request, radiograph: State, name: str | None) -> Response:
    release, current = radiograph.release, radiograph.current
    if release is None or current is None:
        raise QueryUnavailable("nothing has been published yet", remedy="try again later")
    if name is not None and not await asyncio.to_thread(_exists, radiograph, release, name):
        raise Refusal(404, "there is no such graph in this release", remedy=f"see {radiograph.identifiers.base}/sparql")
    accept = ", ".join(request.headers.getlist("accept"))
    variant = negotiate(accept, CONSTRUCT_VARIANTS, format=request.query_params.get("format"))
    query = _ALL if name is None else f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }}"
    key = Key(release.number, query, (), (), variant.media_type)
    headers = _headers(radiograph, key, variant)
    if matches(request.headers.get("if-none-match"), headers["ETag"].removeprefix("W/")):
        return Response(status_code=304, headers={k: v for k, v in headers.items() if k != "Content-Type"})
    if request.method == "HEAD":
        head = Response(headers=headers)
        del head.headers["content-length"]  # that of an empty body is not that of the answer
        return head
    radiograph.results.turn_to(current.number)
    return QueryTransfer(
        radiograph.results,
        key,
        _ask(radiograph, query, variant, client_of(request.scope, radiograph.settings)),
        store=release.store,
        headers=headers,
        gzip=takes_gzip(request.headers.get("accept-encoding")),
        patience=radiograph.settings.query_timeout,
    )


def _ask(radiograph: State, query: str, variant: Variant, client: str) -> Ask:
    return lambda deadline: ask(radiograph, query, None, deadline, client=client, accept=variant.media_type)


def _exists(radiograph: State, release: ReleaseView, name: str) -> bool:
    """Whether the release has a graph of this name; one that holds nothing is there all the same."""
    identifiers, ledger = radiograph.identifiers, radiograph.ledger
    if not _IRI.fullmatch(name):
        return False
    record, _, rest = name.partition(f"{identifiers.base}/record/")
    if not record and rest:
        repository, _, segment = rest.partition("/")
        try:
            known = str(identifiers.record(repository, unquote(segment))) == name
            dataset = str(identifiers.dataset(repository, unquote(segment)))
        except IdentifierError:
            return False
        return known and ledger.description(dataset, release=release.number) is not None
    if name in derived_graphs(identifiers):
        return True
    with ledger.engine.connect() as connection:
        return name in released_graphs(connection, release.number)


def _headers(radiograph: State, key: Key, variant: Variant) -> dict[str, str]:
    base = radiograph.identifiers.base
    return {
        "Content-Type": variant.content_type,
        "ETag": key.etag,
        "Cache-Control": "public, max-age=0, must-revalidate",
        "Vary": _VARY,
        "Link": link_header([(f"{base}/.well-known/void", "describedby", None)]),
    }
