"""From a template and values to a page: addresses, numbers, headers, and the files pages are made with.

All addresses on a page are relative to the page itself ("../../datasets"), so pages work behind any proxy, path
prefix and port, whatever the base of the IRIs is. Nothing is loaded from elsewhere, which the
content security policy also says.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.state import State
from catalogue.matching import Part
from core.terms import CONCEPT, RADIOGRAPH

_HERE = Path(__file__).parent
_ADDRESS = re.compile(r"https?://[^\s<>\"()\[\]{}]+")
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB")
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
#: Styles that the editor's packages write into the page, by their hashes: column-resizer's rules for a table, and
#: the underlining in YASQE's notes on syntax errors.
_STYLES = (
    "'unsafe-hashes' 'sha256-zCK2EVMoPc04mRF/g5CotUvxbJPWS+8V0b+s9ptqQIk=' "
    "'sha256-EntWS0hFrz2vH7susM+dPUxvHlL6sBswmM8K80E5oUk='"
)
#: The content security policy of a page with a script: from here alone, and it asks nothing elsewhere.
SCRIPTED = (
    _POLICY.replace("style-src 'self'", f"style-src 'self' {_STYLES}") + "; script-src 'self'; connect-src 'self'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Accept",
}
_HEADINGS = {
    400: "This request cannot be understood",
    404: "Not in this catalogue",
    406: "Not to be had in that format",
    410: "Withdrawn",
    503: "Not available right now",
}

Parameters = Mapping[str, str] | Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that pages load; ``version`` changes with its content, so that it can be cached for ever."""

    content: bytes
    media_type: str
    version: str
    compressed: bytes
    """The content as gzip, which is how browsers ask for it."""


@lru_cache(maxsize=1)
def assets() -> Mapping[str, Asset]:
    """All files of ``api/static`` by their path in it."""
    found = {}
    folder = _HERE / "static"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in _MEDIA_TYPES:
            content = path.read_bytes()
            version = hashlib.sha256(content).hexdigest()[:12]
            asset = Asset(content, _MEDIA_TYPES[path.suffix], version, gzip.compress(content, 6, mtime=0))
            found[path.relative_to(folder).as_posix()] = asset
    return found


@dataclass(frozen=True, slots=True)
class Addresses:
    """Makes the addresses on one page: ``up`` leads from the page to the root of the application."""

    up: str
    base: str

    @classmethod
    def of(cls, request: Request, base: str) -> Addresses:
        """Count how deep the page is in the path as the client sent it, where ``%2F`` is no separator."""
        raw = request.scope.get("raw_path") or quote(request.scope["path"]).encode()
        root = request.scope.get("root_path", "").rstrip("/")
        path = raw.decode("ascii", "replace")
        path = path.removeprefix(root) if path.startswith(f"{root}/") else path
        return cls("../" * max(path.count("/") - 1, 0) or "./", base)

    def path(self, path: str, parameters: Parameters | None = None) -> str:
        """The address of ``path`` (no leading slash), with a query where there are parameters."""
        query = urlencode(parameters) if parameters else ""
        return f"{self.up}{path}" + (f"?{query}" if query else "")

    def iri(self, iri: str | None) -> str | None:
        """Where a link to ``iri`` leads: what is served here by path, other web addresses as they are, else None."""
        if iri is None:
            return None
        for namespace, path in self.namespaces():
            if iri.startswith(namespace):
                return f"{self.up}{path}{iri[len(namespace) :]}"
        return iri if is_web_address(iri) else None

    def namespaces(self) -> tuple[tuple[str, str], ...]:
        """The IRIs that are served here, by how they begin, and the paths that they are served under."""
        return ((f"{self.base}/", ""), (str(CONCEPT), "concept/"), (str(RADIOGRAPH), "ontology#"))

    def asset(self, name: str) -> str:
        return self.path(f"static/{name}", {"v": assets()[name].version})


def is_web_address(text: str) -> bool:
    """Whether text from data may become a link: http or https, with a host, and nothing else."""
    try:
        parts = urlsplit(text.strip())
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def page(
    request: Request,
    template: str,
    /,
    *,
    status_code: int = 200,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """Render ``template`` for this request; every template knows the site, its release and the addresses."""
    state: State = request.app.state.radiograph
    addresses = Addresses.of(request, state.identifiers.base)
    html = (
        _environment()
        .get_template(template)
        .render(settings=state.settings, release=state.release, released=_released(state), to=addresses, **context)
    )
    return HTMLResponse(html, status_code=status_code, headers={**_HEADERS, **(headers or {})})


def _released(state: State) -> datetime | None:
    """When the release that is shown was made."""
    current = state.ledger.current_release() if state.release else None
    return current.created if current and state.release and current.number == state.release.number else None


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "number": number,
        "amount": amount,
        "size": size,
        "day": day,
        "counted": counted,
        "web_addresses": web_addresses,
    }
    return environment


def web_addresses(text: str) -> list[Part]:
    """Text cut into plain parts and web addresses (marked), without the punctuation that ends a sentence."""
    parts: list[Part] = []
    done = 0
    for match in _ADDRESS.finditer(text):
        address = match.group().rstrip(".,;:!?'")
        if is_web_address(address):
            parts += [Part(text[done : match.start()]), Part(address, marked=True)]
            done = match.start() + len(address)
    return [part for part in (*parts, Part(text[done:])) if part.text]


def number(value: int | None) -> str:
    """1234567 as "1,234,567"; nothing for None."""
    return "" if value is None else f"{value:,}"


def amount(value: int) -> str:
    """A large number in few characters: 86362 as "86.4k"; below ten thousand it is written out."""
    if value < 10_000:
        return number(value)
    scaled, suffix = _scaled(value, ("", "k", "M", "G", "T"))
    return f"{scaled}{suffix}"


def size(value: int | None) -> str:
    """A number of bytes in decimal units, as storage is sold and IDC reports it: "183 GB"."""
    return "" if value is None else " ".join(_scaled(value, _UNITS))


def _scaled(value: int, units: Sequence[str]) -> tuple[str, str]:
    """Three digits and the unit they are in, so that rounding never gives a thousand of one."""
    scaled, unit = float(value), 0
    while scaled >= 999.5 and unit < len(units) - 1:
        scaled, unit = scaled / 1000, unit + 1
    return (f"{value:,}" if unit == 0 else f"{scaled:.3g}"), units[unit]


def counted(value: int, one: str, many: str | None = None) -> str:
    """ "1 dataset", "2,000 datasets"."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def day(value: str | date | datetime | None) -> str:
    """A date for people, "10 April 2021"; text that is no full date comes back as it is."""
    if value is None:
        return ""
    if isinstance(value, str):
        try:
            return day(date.fromisoformat(value[:10]))
        except ValueError:
            return value
    return f"{value.day} {value:%B %Y}"


def message_page(
    request: Request,
    status_code: int,
    message: str,
    *,
    remedy: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page that says what went wrong, for browsers: 404, 410, 503 and the like."""
    return page(
        request,
        "message.html",
        status_code=status_code,
        headers=headers,
        code=status_code,
        text=message,
        remedy=remedy,
        heading=_HEADINGS.get(status_code, "This did not work"),
    )


def nothing_published(request: Request) -> HTMLResponse:
    """503 before the first release: an empty catalogue would be a false answer."""
    return page(
        request, "unavailable.html", status_code=503, headers={"Retry-After": "30", "Cache-Control": "no-store"}
    )
