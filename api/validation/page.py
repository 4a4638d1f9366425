"""The page of the validation service: a form, and the findings beside the description; all without scripts."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.errors import status_of
from api.refusal import Refusal
from api.rendering import page
from api.validation.intake import Submission
from api.validation.messages import TABLES
from api.validation.source import excerpt
from core.errors import RadiographError

#: Bytes of a description that come back in the form, to be corrected, or to be had in another format.
MOST_RETURNED = 2_000_000
#: What a pasted text may be said to be.
TYPES = (
    ("", "Find out"),
    ("text/turtle", "Turtle"),
    ("application/trig", "TriG"),
    ("application/ld+json", "JSON-LD"),
    ("application/rdf+xml", "RDF/XML"),
    ("application/n-triples", "N-Triples"),
    ("application/n-quads", "N-Quads"),
)
#: Formats of a result, as buttons.
DOWNLOADS = (("text", "Text"), ("json", "JSON"), ("ttl", "Turtle"), ("jsonld", "JSON-LD"), ("sarif", "SARIF"))
_SUFFIX_TYPES = {
    ".ttl": "text/turtle",
    ".trig": "application/trig",
    ".jsonld": "application/ld+json",
    ".json": "application/ld+json",
    ".rdf": "application/rdf+xml",
    ".owl": "application/rdf+xml",
    ".xml": "application/rdf+xml",
    ".nt": "application/n-triples",
    ".nq": "application/n-quads",
}


@dataclass(frozen=True, slots=True)
class Returned:
    """What the form holds: the text to be corrected, or a binary file in letters, and what it is."""

    text: str = ""
    type: str = ""
    name: str = ""
    again: str = ""
    too_long: bool = False

    @property
    def resendable(self) -> bool:
        """Whether the form as it is gives the same result once more, in another format."""
        return bool(self.text or self.again)


def form_page(request: Request) -> HTMLResponse:
    """The page before anything was handed in."""
    return _page(request, Returned(), ())


def result_page(
    request: Request, view: dict[str, Any], submission: Submission, profiles: Sequence[str]
) -> HTMLResponse:
    """The page with what was found."""
    return _page(request, _returned(submission), profiles, view=view, name=submission.name)


def failure_page(request: Request, error: RadiographError, submission: Submission | None) -> HTMLResponse:
    """The page with the reason why nothing was judged, and the line that is to blame."""
    returned = _returned(submission) if submission is not None else Returned()
    line = error.line if isinstance(error, Refusal) else None
    lines: list[dict[str, Any]] = []
    if line is not None and submission is not None:
        lines = _around(submission.data.decode("utf-8", "replace"), line)
    headers = dict(error.headers) if isinstance(error, Refusal) else {}
    if status_of(error) == 503:
        headers["Retry-After"] = "5"
    return _page(
        request,
        returned,
        submission.profiles if submission is not None else (),
        status=status_of(error),
        headers=headers,
        error=error,
        lines=lines,
        name=submission.name if submission is not None else "",
    )


def _page(
    request: Request,
    returned: Returned,
    profiles: Sequence[str],
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    radiograph = request.app.state.radiograph
    return page(
        request,
        "validate.html",
        status_code=status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        returned=returned,
        profiles=list(radiograph.profiles),
        chosen=set(profiles),
        addresses=radiograph.settings.validate_addresses != "off",
        most_bytes=radiograph.settings.validate_bytes,
        endpoint=f"{radiograph.identifiers.base}/validate",
        types=TYPES,
        downloads=DOWNLOADS,
        **{"view": None, "error": None, "lines": [], "name": "", **context},
    )


def _returned(submission: Submission) -> Returned:
    """The description as the form gives it back; nothing is kept here, so the browser keeps it."""
    if len(submission.data) > MOST_RETURNED:
        return Returned(name=submission.name, too_long=True)
    kind = submission.media_type or _SUFFIX_TYPES.get(submission.suffix, "")
    table = TABLES.get(kind, submission.suffix)
    if table in TABLES.values():
        name = submission.name if submission.name.lower().endswith(table) else f"{submission.name}{table}"
        return Returned(name=name, again=base64.b64encode(submission.data).decode())
    try:
        text = submission.data.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError:
        return Returned(name=submission.name, again=base64.b64encode(submission.data).decode())
    return Returned(text=text, type=kind if kind in dict(TYPES) else "", name=submission.name)


def _around(text: str, line: int) -> list[dict[str, Any]]:
    """The line to blame and those near it."""
    lines = text.replace("\r\n", "\n").split("\n")
    start, end = max(0, line - 6), min(len(lines), line + 5)
    shown = excerpt("\n".join(lines[start:end]) + "\n", {line - start: ("violation",)})
    return [{**entry, "number": entry["number"] + start, "first": None} for entry in shown if "number" in entry]
