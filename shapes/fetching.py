"""Fetches the description at an address that somebody gave.

The command line fetches whatever address its user names. The service fetches for strangers, so it looks at public
addresses alone (``public_only``): a name is resolved once, every address it stands for has to be one of the public
internet, and the connection goes to the very address that was looked at, at each redirect anew. What is fetched is
limited in size and in total time, however slowly it comes.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from urllib.parse import unquote

import httpx

from core.errors import FetchError, InputError
from core.version import program_version

#: Redirects that are followed.
MAX_REDIRECTS = 5
#: What is asked for, the best first: an address that negotiates gives RDF rather than its page.
ACCEPT = (
    "text/turtle, application/trig;q=0.95, application/ld+json;q=0.9, application/n-triples;q=0.9, "
    "application/n-quads;q=0.9, application/rdf+xml;q=0.8, application/json;q=0.3, */*;q=0.1"
)
_PORTS = {"http": 80, "https": 443}
_PAGES = {"text/html", "application/xhtml+xml"}
#: Types that say nothing of what they hold; the suffix of the address and the first characters say more.
_UNTOLD = {"", "text/plain", "application/octet-stream", "binary/octet-stream"}
#: Public by their number, but a machine of the provider answers there (Azure).
_PROVIDERS = {ipaddress.ip_address("168.63.129.16")}
#: IPv6 that leads to an IPv4 address inside it: translated (RFC 6052), 6to4, Teredo, compatible (RFC 4291 §2.5.5).
_CARRIERS = [ipaddress.ip_network(text) for text in ("64:ff9b::/96", "2002::/16", "2001::/32", "::/96", "fec0::/10")]


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: the bytes, their media type where it says something, the address, and the suffix of its path."""

    data: bytes
    media_type: str | None
    name: str
    suffix: str


def fetch(address: str, *, limit: int, timeout: float, public_only: bool) -> Fetched:
    """Fetch ``address``: at most ``limit`` bytes in at most ``timeout`` seconds, redirects included.

    Raises:
        InputError: it is no web address, or one that may not be asked here.
        FetchError: it does not answer, not in time, with an error, with a web page or with too much.
    """
    return asyncio.run(retrieve(address, limit=limit, timeout=timeout, public_only=public_only))


async def retrieve(address: str, *, limit: int, timeout: float, public_only: bool) -> Fetched:
    """As :func:`fetch`, for who serves others meanwhile."""
    url = parse_address(address)
    # A proxy would resolve names by itself, so behind one nothing could be said of where they lead.
    client = httpx.AsyncClient(
        timeout=timeout, trust_env=not public_only, headers=_headers(), verify=_certificates(not public_only)
    )
    try:
        async with asyncio.timeout(timeout), client:
            for _ in range(MAX_REDIRECTS + 1):
                target = await _ask(client, url, address, limit, public_only)
                if isinstance(target, Fetched):
                    return target
                url = target
    except TimeoutError:
        raise FetchError(
            f"the address did not answer to the end within {timeout:g} seconds",
            where=address,
            remedy="try again later, or save the description and give the file",
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise FetchError(
            f"the address cannot be fetched: {_reason(error)}", where=address, remedy="check it in a browser"
        ) from None
    raise FetchError(
        f"the address redirects more than {MAX_REDIRECTS} times", where=address, remedy="give the last address"
    )


def parse_address(address: str) -> httpx.URL:
    """The address taken apart.

    Raises:
        InputError: it is not of http or https, has no host, or holds a name and password.
    """
    try:
        url = httpx.URL(address.strip())
    except (httpx.InvalidURL, ValueError):
        raise _no_address(address) from None
    if url.scheme not in _PORTS or not url.host or len(address) > 4096:
        raise _no_address(address)
    if url.userinfo:
        raise InputError(
            "the address holds a user name or password, which are not passed on",
            where=f"{url.scheme}://{url.host}",
            remedy="save the description and give the file",
        )
    return url.copy_with(fragment=None)


async def _ask(
    client: httpx.AsyncClient, url: httpx.URL, address: str, limit: int, public_only: bool
) -> Fetched | httpx.URL:
    """The answer of one address, or where it leads on to."""
    request = client.build_request("GET", url)
    if public_only:
        checked = await _public_address(url)
        request = client.build_request(
            "GET", url.copy_with(host=checked), headers={"Host": url.netloc.decode()}, extensions=_server_name(url)
        )
    response = await client.send(request, stream=True, follow_redirects=False)
    try:
        if response.has_redirect_location:
            return parse_address(str(url.join(response.headers["location"])))
        media_type = _media_type(response, address)
        data = await _read(response, address, limit)
    finally:
        with contextlib.suppress(httpx.HTTPError, OSError):
            await response.aclose()
    suffix = PurePosixPath(unquote(url.path)).suffix.lower()
    return Fetched(data, None if media_type in _UNTOLD else media_type, address, suffix)


async def _public_address(url: httpx.URL) -> str:
    """The address to connect to, when all that the host's name stands for are public.

    Raises:
        InputError: one of them is not, or the port is not that of the scheme.
        FetchError: the name stands for none.
    """
    port = url.port or _PORTS[url.scheme]
    if port != _PORTS[url.scheme]:
        raise InputError(
            f"port {port} is not fetched from here", where=str(url), remedy="save the description and give the file"
        )
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError):
        raise FetchError(
            f"there is no server named {url.host}", where=str(url), remedy="check the spelling of the address"
        ) from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(one) for one in addresses):
        raise InputError(
            f"{url.host} is not on the public internet, so it is not fetched from here",
            where=str(url),
            remedy="save the description and give the file, or check it on your machine with the command line",
        )
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet: none that is private, local, shared, or stands for one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        return is_public(str(found.ipv4_mapped))
    if found in _PROVIDERS or any(found in carrier for carrier in _CARRIERS):
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def _server_name(url: httpx.URL) -> dict[str, str]:
    """The certificate has to be that of the name, although the connection is made to a number."""
    return {"sni_hostname": url.raw_host.decode()} if url.scheme == "https" else {}


@lru_cache(maxsize=2)
def _certificates(from_environment: bool) -> ssl.SSLContext:
    """Read once; it takes longer than many an answer."""
    return httpx.create_ssl_context(trust_env=from_environment)


def _headers() -> dict[str, str]:
    # Compressed, a few bytes could stand for gigabytes.
    return {"Accept": ACCEPT, "Accept-Encoding": "identity", "User-Agent": f"radiograph/{program_version()}"}


def _media_type(response: httpx.Response, address: str) -> str:
    if response.status_code != 200:
        raise FetchError(
            f"the address answers {response.status_code} {response.reason_phrase}".rstrip(),
            where=address,
            remedy="check it in a browser",
        )
    if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise FetchError(
            "the address answers compressed, although it was asked not to",
            where=address,
            remedy="save the description and give the file",
        )
    media_type = str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
    if media_type in _PAGES:
        raise FetchError(
            "the address answers with a web page, not with RDF",
            where=address,
            remedy="give the address of the data itself; pages often link it as Turtle, RDF/XML or JSON-LD",
        )
    return media_type


async def _read(response: httpx.Response, address: str, limit: int) -> bytes:
    data = bytearray()
    async for part in response.aiter_raw():
        data += part
        if len(data) > limit:
            raise FetchError(
                f"the address answers with more than the {limit:,} bytes that are read",
                where=address,
                remedy="split the description, one document for some hundred datasets",
            )
    return bytes(data)


def _no_address(address: str) -> InputError:
    return InputError(
        f"{address.strip()[:200]!r} is no web address",
        remedy="give one that begins with https:// or http://",
    )


def _reason(error: Exception) -> str:
    return str(error).strip() or type(error).__name__
