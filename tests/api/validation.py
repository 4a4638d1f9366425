"""What the validation service is tested with: descriptions, and how they are handed in."""

from __future__ import annotations

import warnings
from pathlib import Path

with warnings.catch_warnings():
    # Starlette's test client warns that it would rather have a successor of httpx, at import only.
    warnings.simplefilter("ignore")
    from fastapi.testclient import TestClient

EXAMPLES = Path(__file__).parents[2] / "examples"
COMPLETE = (EXAMPLES / "dcat-ap-complete.ttl").read_bytes()
#: Two things are wrong: the title is missing, and the date (in line 4) is none.
BROKEN = b"""@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
<https://example.org/d> a dcat:Dataset ; dct:description "CT"@en ;
    dct:issued "in spring" .
"""


def post(client: TestClient, body: bytes, media_type: str | None = "text/turtle", **headers: str) -> dict[str, object]:
    fields = {**headers, **({"Content-Type": media_type} if media_type else {})}
    response = client.post("/validate", content=body, headers=fields)
    assert response.status_code == 200, response.text
    answer: dict[str, object] = response.json()
    return answer


def found(answer: dict[str, object]) -> list[tuple[str, str]]:
    findings = answer["findings"]
    assert isinstance(findings, list)
    return sorted((finding["severity"], finding["path"]) for finding in findings)
