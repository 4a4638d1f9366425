"""``/context/{name}.jsonld``: the JSON-LD contexts of HealthDCAT-AP, EUCAIM and Radiograph's own documents.

They are the same in every deployment, and anybody may use them: pages of other sites as well (CORS is for all routes).
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from api.negotiation import JSONLD
from api.responses import answer, refusal
from ontology.contexts import contexts

router = APIRouter()

#: A context changes with the program only; processors that fetch one for each document need not ask again.
_CACHE = "public, max-age=86400"


@router.api_route("/context/{name}.jsonld", methods=["GET", "HEAD"], summary="A JSON-LD context")
def context(request: Request, name: str) -> Response:
    """The context: ``healthdcat-ap-8``, ``eucaim-2.0``, or ``radiograph`` with the terms of both and its own."""
    found = contexts().get(name)
    if found is None:
        offered = ", ".join(f"/context/{known}.jsonld" for known in contexts())
        return refusal(request, 404, "There is no such context", remedy=f"Use {offered}")
    return answer(request, found.document, JSONLD, cache=_CACHE)
