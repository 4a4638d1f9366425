"""Whether the service runs and can answer, for service managers, load balancers and people.

``/health/live`` says that the process is alive: restart it when it does not answer. ``/health/ready`` says whether to
send it requests. ``/health`` says the same with figures.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from api.state import State, state

router = APIRouter()

_RETRY_AFTER = "5"


@router.api_route("/health", methods=["GET", "HEAD"], summary="Whether the service can answer, in figures")
async def health(radiograph: State = Depends(state)) -> JSONResponse:
    """200 when a release is served and queries are answered, else 503 with the reason."""
    workers = radiograph.pool.status()
    release = radiograph.current
    reason = unready(radiograph)
    body: dict[str, Any] = {
        "status": "ok" if reason is None else "unavailable",
        **({"reason": reason} if reason else {}),
        "release": release.number if release else None,
        "triples": release.triples if release else 0,
        "workers": {
            "size": workers.workers,
            "idle": workers.idle,
            "busy": workers.busy,
            "waiting": workers.waiting,
            "replaced": workers.replaced,
            "isolated": workers.isolated,
        },
    }
    return JSONResponse(body, status_code=503 if reason else 200, headers=_headers(reason))


@router.api_route("/health/live", methods=["GET", "HEAD"], summary="Whether the process is alive")
async def live() -> Response:
    """200 as long as the process handles requests at all."""
    return PlainTextResponse("alive\n", headers=_headers(None))


@router.api_route("/health/ready", methods=["GET", "HEAD"], summary="Whether the service can answer")
async def ready(radiograph: State = Depends(state)) -> Response:
    """200 when requests can be answered, else 503 with the reason in a line."""
    reason = unready(radiograph)
    return PlainTextResponse(f"{reason or 'ready'}\n", status_code=503 if reason else 200, headers=_headers(reason))


def unready(radiograph: State) -> str | None:
    """Why the service cannot answer now; None where it can."""
    if radiograph.current is None:
        return "nothing has been published yet"
    workers = radiograph.pool.status()
    return (workers.problem or "no query worker is running") if workers.idle + workers.busy == 0 else None


def _headers(reason: str | None) -> dict[str, str]:
    return {"Cache-Control": "no-store", **({"Retry-After": _RETRY_AFTER} if reason else {})}
