"""What was handed in: a description as the body of a request, or the page's form with a text, a file or an address.

Its size is known before it is read where the client says it, and counted while it is read; the same for the bytes
that all clients together have under way. A compressed body, one of an unknown type and one that does not come to its
end are refused.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from api.refusal import Refusal
from api.validation.messages import TABLES
from api.validation.process import ON_YOUR_MACHINE, unavailable
from core.settings import Settings
from shapes.fetching import retrieve

FORM = "multipart/form-data"
#: What a description may be posted as; the first of each kind is the one to name.
MEDIA_TYPES = (
    "text/turtle",
    "application/trig",
    "application/n-triples",
    "application/n-quads",
    "application/ld+json",
    "application/rdf+xml",
    "application/json",
    "application/xml",
    "text/xml",
    *TABLES,
    FORM,
)
#: What a file of the form, or a fetched address, may be; the suffix of its name says it better than a browser does.
SUFFIXES = (".ttl", ".n3", ".nt", ".nq", ".trig", ".rdf", ".owl", ".xml", ".jsonld", ".json", *TABLES.values())
#: Seconds in which a body has to arrive (a connection has a little longer), and in which an address has to answer.
BODY_SECONDS = 25.0
FETCH_SECONDS = 15.0
#: What the fields and boundaries of a form may take besides the description.
_FORM_OVERHEAD = 64 * 1024
_MOST_FIELDS = 60
#: Documents of full size that may be under way at a time.
_UNDER_WAY = 8
#: Addresses that are fetched at a time.
_FETCHES = 8


@dataclass(frozen=True, slots=True)
class Submission:
    """A description as handed in, and what is wanted of it.

    ``name`` is what messages call it. ``format`` is what a form asks for.
    """

    data: bytes
    name: str
    media_type: str | None = None
    suffix: str = ""
    profiles: tuple[str, ...] = ()
    format: str | None = None
    from_form: bool = False


@dataclass(slots=True)
class Intake:
    """Reads what is handed in, for all clients together."""

    settings: Settings
    _held: int = 0
    _fetches: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_FETCHES))

    async def read(self, request: Request) -> Submission:
        """The submission of a request.

        Raises:
            Refusal: 400, 408, 413, 415 or 503, in words.
            InputError, FetchError: the address that was given is not fetched, or does not answer.
        """
        media_type = _media_type(request)
        if media_type != FORM:
            data = await self._body(request, self.settings.validate_bytes)
            return Submission(data, "the description", media_type)
        # A form holds a binary file that is handed in again in letters, which takes a third more.
        form = await self._form(request, self.settings.validate_bytes * 4 // 3 + _FORM_OVERHEAD)
        try:
            submission = await self._chosen(form)
        finally:
            await form.close()
        if len(submission.data) > self.settings.validate_bytes:
            raise self._too_large()
        return submission

    async def _body(self, request: Request, limit: int) -> bytes:
        body = bytearray()
        async for part in self._stream(request, limit):
            body += part
        return bytes(body)

    async def _form(self, request: Request, limit: int) -> FormData:
        parser = MultiPartParser(
            request.headers,
            self._stream(request, limit),
            max_files=1,
            max_fields=_MOST_FIELDS,
            max_part_size=limit,
        )
        try:
            return await parser.parse()
        except (MultiPartException, ValueError) as error:
            reason = error.message if isinstance(error, MultiPartException) else "Invalid multipart data."
            raise Refusal(
                400, f"the form is malformed: {reason.rstrip('.')}", remedy="send it as a browser does"
            ) from None

    async def _stream(self, request: Request, limit: int) -> AsyncGenerator[bytes, None]:
        """The parts of the body, as long as it is within its limits of size and time."""
        if _announced(request) > limit:
            raise self._too_large()
        mine = 0
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for part in request.stream():
                    mine += len(part)
                    self._held += len(part)
                    if mine > limit:
                        raise self._too_large()
                    if self._held > _UNDER_WAY * self.settings.validate_bytes:
                        raise unavailable("too many documents are being handed in")
                    yield part
        except TimeoutError:
            raise Refusal(
                408,
                f"the description did not arrive within {BODY_SECONDS:g} seconds",
                remedy=f"send it over a faster connection, or {ON_YOUR_MACHINE}",
            ) from None
        except ClientDisconnect:
            raise Refusal(400, "the request ended before its announced length") from None
        finally:
            self._held -= mine

    async def _chosen(self, form: FormData) -> Submission:
        """The file of a form, else its address, else its text, else the file of the time before."""
        profiles = tuple(value for value in _texts(form, "profile") if value)
        format_ = next((value for value in _texts(form, "format") if value), None)
        data, name, media_type, suffix = await self._given(form)
        return Submission(data, name, media_type, suffix, profiles, format_, from_form=True)

    async def _given(self, form: FormData) -> tuple[bytes, str, str | None, str]:
        file = next((value for value in form.getlist("file") if isinstance(value, UploadFile)), None)
        if file is not None and file.filename:
            return await file.read(), *_named(file.filename, file.content_type)
        address = _text(form, "address").strip()
        if address:
            return await self._fetch(address)
        text = _text(form, "text")
        if text.strip():
            # Browsers send every line feed of a text field as two characters, whatever was typed.
            data = text.replace("\r\n", "\n").encode("utf-8", "replace")
            return data, _text(form, "name") or "the description", _text(form, "type") or None, ""
        again = _text(form, "again")
        if again:
            try:
                return base64.b64decode(again, validate=True), *_named(_text(form, "name"), None)
            except (binascii.Error, ValueError):
                raise Refusal(400, "the file did not come back as it was sent", remedy="choose it again") from None
        raise Refusal(400, "there is no description", remedy="paste one, choose a file, or give an address")

    async def _fetch(self, address: str) -> tuple[bytes, str, str | None, str]:
        allowed = self.settings.validate_addresses
        if allowed == "off":
            raise Refusal(403, "this service fetches no addresses", remedy="paste the description, or choose a file")
        if self._fetches.locked():
            raise unavailable("too many addresses are being fetched")
        async with self._fetches:
            fetched = await retrieve(
                address,
                limit=self.settings.validate_bytes,
                timeout=FETCH_SECONDS,
                public_only=allowed == "public",
            )
        return fetched.data, fetched.name[:300], fetched.media_type, fetched.suffix

    def _too_large(self) -> Refusal:
        return Refusal(
            413,
            f"the description is larger than {self.settings.validate_bytes:,} bytes",
            remedy=f"hand it in in parts, or {ON_YOUR_MACHINE}",
        )


def _media_type(request: Request) -> str:
    """What the body says it is.

    Raises:
        Refusal: nothing, a type that no description has, another encoding than UTF-8, or compressed.
    """
    coding = request.headers.get("content-encoding", "").strip().lower()
    if coding not in ("", "identity"):
        raise Refusal(
            415, f"the body is compressed ({coding[:40]})", remedy="send it as it is", headers={"Accept-Encoding": ""}
        )
    media_type, parameters = parse_options_header(request.headers.get("content-type"))
    essence = media_type.decode("latin-1").strip().lower()
    if essence not in MEDIA_TYPES:
        raise Refusal(
            415,
            f"a description cannot be posted as {essence[:80] or 'nothing in particular'}",
            remedy="name its format in Content-Type: " + ", ".join(MEDIA_TYPES),
            headers={"Accept-Post": ", ".join(MEDIA_TYPES)},
        )
    charset = parameters.get(b"charset", b"utf-8").decode("latin-1").strip("\"' ").lower()
    if essence != FORM and charset not in ("utf-8", "utf8", "us-ascii"):
        raise Refusal(415, f"the description is encoded as {charset[:40]}", remedy="send it as UTF-8")
    return essence


def _announced(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else 0


def _named(filename: str, content_type: str | None) -> tuple[str, str | None, str]:
    """Name, media type and suffix of a file."""
    name = filename.replace("\\", "/").rpartition("/")[2][:200] or "the file"
    suffix = PurePosixPath(name).suffix.lower()
    essence = (content_type or "").partition(";")[0].strip().lower()
    return name, None if suffix in SUFFIXES or essence not in MEDIA_TYPES else essence, suffix


def _texts(form: FormData, name: str) -> list[str]:
    return [value.strip() for value in form.getlist(name) if isinstance(value, str)]


def _text(form: FormData, name: str) -> str:
    return next((value for value in form.getlist(name) if isinstance(value, str)), "")
