"""``/validate``: judge a description that is handed in, for programs (POST) and for people (the page)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response

from api.negotiation import HTML, JSON, JSONLD, TURTLE, Variant, negotiate
from api.refusal import Refusal
from api.state import State, state
from api.validation.intake import FORM, MEDIA_TYPES, Submission
from api.validation.messages import PAGE, Job
from api.validation.page import failure_page, form_page, result_page
from core.errors import RadiographError

router = APIRouter()
T = TypeVar("T")

TEXT = Variant("text", "text/plain", synonyms=("txt",), label="Text")
SARIF = Variant("sarif", "application/sarif+json", label="SARIF")
#: What a judgement can be had as; the first is the answer to ``*/*``.
VARIANTS = (JSON, TEXT, TURTLE, JSONLD, SARIF, HTML)
#: Variant to the format that is written (:class:`shapes.formats.Format`), and the suffix of a downloaded file.
_WRITTEN = {JSON: ("json", "json"), TEXT: ("text", "txt"), TURTLE: ("turtle", "ttl"), JSONLD: ("jsonld", "jsonld"),
            SARIF: ("sarif", "sarif"), HTML: (PAGE, "html")}  # fmt: skip
_BINARY = {"type": "string", "format": "binary"}
_FIELDS = {
    "file": {**_BINARY, "description": "A file; its suffix tells the format"},
    "address": {"type": "string", "format": "uri", "description": "An address to fetch, where there is no file"},
    "text": {"type": "string", "description": "The description itself, where there is neither"},
    "type": {"type": "string", "description": "Media type of the text; left out, it is looked at"},
    "profile": {"type": "array", "items": {"type": "string"}, "description": "As the parameter"},
    "format": {"type": "string", "description": "As the parameter"},
}
_REFUSALS = {
    400: "It cannot be read: what is wrong, in which line, and what to do. Or a profile or parameter is unknown",
    403: "This service fetches no addresses",
    406: "No format that is accepted is offered",
    408: "It did not arrive in time",
    413: "It is too large, or judging it takes too long or too much memory",
    415: "Its Content-Type is missing or unknown, it is not UTF-8, or it is compressed",
    422: "It can be read, but describes nothing that can be judged; or the address does not answer, or not with RDF",
    503: "Others are being served; Retry-After says when to try again",
}


@router.api_route("/validate", methods=["GET", "HEAD"], include_in_schema=False)
async def page(request: Request, radiograph: State = Depends(state)) -> Response:
    """The page to paste, upload or give an address."""
    radiograph.judges.warm()
    return form_page(request)


@router.post(
    "/validate",
    summary="Judge a description by the profiles that apply to it",
    response_class=Response,
    responses={
        200: {
            "description": "The judgement, whether or not the description conforms",
            "content": {
                variant.media_type: {"schema": {"type": "object" if variant is JSON else "string"}}
                for variant in VARIANTS
            },
        },
        **{
            status: {"description": reason, "content": {"application/problem+json": {"schema": {"type": "object"}}}}
            for status, reason in _REFUSALS.items()
        },
    },
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "The description; nothing of it is kept.",
            "content": {
                **{name: {"schema": _BINARY} for name in MEDIA_TYPES if name != FORM},
                FORM: {"schema": {"type": "object", "properties": _FIELDS}},
            },
        }
    },
)
async def validate(
    request: Request,
    radiograph: State = Depends(state),
    profile: Annotated[list[str] | None, Query(description="Judge by this and what it extends; repeatable.")] = None,
    format: Annotated[str | None, Query(description="json, text, ttl, jsonld, sarif or html; else by Accept.")] = None,
) -> Response:
    """Every dataset, catalogue, series, data service and catalogue record in the body is judged; nothing is stored.

    Without ``profile``, the profiles that apply to a description are derived from it, and the answer says why.
    """
    variant = negotiate(request.headers.get("accept"), VARIANTS, format=format)
    submission: Submission | None = None
    try:
        submission = await radiograph.intake.read(request)
        variant = negotiate(request.headers.get("accept"), VARIANTS, format=format or submission.format)
        chosen = _profiles(radiograph, (*(profile or ()), *submission.profiles))
        job = Job(submission.name, submission.media_type, submission.suffix, chosen, _WRITTEN[variant][0])
        answer = await _unless_gone(request, radiograph.judges.judge(job, submission.data))
    except RadiographError as error:
        if variant is HTML:
            return await asyncio.to_thread(failure_page, request, error, submission)
        raise
    if variant is HTML:
        return await asyncio.to_thread(result_page, request, json.loads(answer), submission, chosen)
    headers = {"Cache-Control": "no-store", "Vary": "Accept", "Content-Type": variant.content_type}
    if submission.from_form:
        headers["Content-Disposition"] = f'attachment; filename="validation.{_WRITTEN[variant][1]}"'
    return Response(answer, headers=headers)


@router.options("/validate", include_in_schema=False)
async def options() -> Response:
    """What the service takes."""
    return Response(
        status_code=204, headers={"Allow": "GET, HEAD, POST, OPTIONS", "Accept-Post": ", ".join(MEDIA_TYPES)}
    )


def _profiles(radiograph: State, named: tuple[str, ...]) -> tuple[str, ...]:
    """The profiles asked for, each once.

    Raises:
        Refusal: there is none of that name.
    """
    known = {one.id for one in radiograph.profiles}
    for name in named:
        if name not in known:
            raise Refusal(400, f"there is no profile {name[:80]!r}", remedy=f"use one of {', '.join(sorted(known))}")
    return tuple(dict.fromkeys(named))


async def _unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` comes to; it is cancelled when the client goes away meanwhile."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        if not task.done():
            task.cancel()
        await asyncio.gather(task, gone, return_exceptions=True)
    if task.cancelled():
        raise Refusal(499, "the client has gone")
    return task.result()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
