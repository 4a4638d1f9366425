"""Whether the service can answer, for load balancers and people: ``/health``."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse

from api.state import State, state

router = APIRouter()


@router.api_route("/health", methods=["GET", "HEAD"], summary="Whether the service can answer")
async def health(radiograph: State = Depends(state)) -> JSONResponse:
    """200 when a release is served and query workers run, else 503 with the reason."""
    workers = radiograph.pool.status()
    release = radiograph.current
    reason = None
    if release is None:
        reason = "nothing has been published yet"
    elif workers.idle + workers.busy == 0:
        reason = "no query worker is running"
    body = {
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
    headers = {"Cache-Control": "no-store"}
    if reason is not None:
        headers["Retry-After"] = "5"
    return JSONResponse(body, status_code=503 if reason else 200, headers=headers)
