"""Addresses that people give: what is fetched, how much of it, and what is never asked."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.errors import FetchError, InputError
from shapes import fetching
from shapes.fetching import Fetched, fetch, is_public

TURTLE = b"<https://example.org/d> a <http://www.w3.org/ns/dcat#Dataset> .\n"


class Site(BaseHTTPRequestHandler):
    """Answers by path; ``/to/…`` redirects, ``/slow`` and ``/drip`` never come to an end."""

    def do_GET(self) -> None:
        self.server.site.asked.append((self.path, dict(self.headers)))  # type: ignore[attr-defined]
        if self.path.startswith("/to/"):
            self._head(302, {"Location": self.path.removeprefix("/to/")})
        elif self.path == "/drip":
            self._head(200, {"Content-Type": "text/turtle"})
            for _ in range(40):
                self.wfile.write(b"#")
                self.wfile.flush()
                time.sleep(0.1)
        elif self.path == "/slow":
            time.sleep(4)
        elif self.path == "/missing":
            self._head(404, {})
        elif self.path == "/page":
            self._head(200, {"Content-Type": "text/html; charset=utf-8"})
        elif self.path == "/packed":
            self._head(200, {"Content-Type": "text/turtle", "Content-Encoding": "gzip"})
        elif self.path == "/large":
            self._head(200, {"Content-Type": "text/turtle"})
            self.wfile.write(TURTLE * 10_000)
        else:
            kind = "text/plain" if self.path.endswith(".jsonld") else "text/turtle; charset=utf-8"
            self._head(200, {"Content-Type": kind})
            self.wfile.write(TURTLE)

    def _head(self, status: int, fields: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Tests are quiet."""

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # who fetches may leave when it has enough
            super().handle()


@dataclass
class Running:
    """A site on the loopback interface, and what was asked of it."""

    port: int = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def address(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


@pytest.fixture
def site() -> Iterator[Running]:
    running = Running()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    server.site = running  # type: ignore[attr-defined]
    running.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield running
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def loopback_is_public(monkeypatch: pytest.MonkeyPatch, site: Running) -> Running:
    """127.0.0.1, and that alone, passes for an address of the public internet, and the site's port for that of HTTP."""
    monkeypatch.setattr(fetching, "is_public", lambda address: address == "127.0.0.1")
    monkeypatch.setattr(fetching, "_PORTS", {"http": site.port, "https": 443})
    return site


def get(address: str, *, limit: int = 100_000, timeout: float = 5.0, public_only: bool = False) -> Fetched:
    return fetch(address, limit=limit, timeout=timeout, public_only=public_only)


def test_an_address_gives_bytes_type_and_suffix(site: Running) -> None:
    fetched = get(site.address("/one.ttl"))
    assert (fetched.data, fetched.media_type, fetched.suffix) == (TURTLE, "text/turtle", ".ttl")
    assert fetched.name == site.address("/one.ttl")
    _, headers = site.asked[0]
    assert headers["Accept"].startswith("text/turtle") and headers["Accept-Encoding"] == "identity"


def test_a_type_that_says_nothing_leaves_it_to_the_suffix(site: Running) -> None:
    fetched = get(site.address("/two.jsonld"))
    assert (fetched.media_type, fetched.suffix) == (None, ".jsonld")


def test_redirects_are_followed_a_few_times(site: Running) -> None:
    assert get(site.address("/to/" * 4 + "/one.ttl")).data == TURTLE
    with pytest.raises(FetchError, match="redirects more than 5 times"):
        get(site.address("/to/" * 6 + "/one.ttl"))


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/missing", "answers 404 Not Found"),
        ("/page", "with a web page, not with RDF"),
        ("/packed", "answers compressed"),
        ("/large", "more than the 100,000 bytes"),
        ("/to/file:///etc/passwd", "is no web address"),
        ("/to/ftp://127.0.0.1/", "is no web address"),
        ("/to/http://me:secret@127.0.0.1/", "user name or password"),
    ],
)
def test_what_is_no_description_is_told(site: Running, path: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as told:
        get(site.address(path))
    assert told.value.remedy
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("path", ["/slow", "/drip"])
def test_the_time_counts_in_all_however_slowly_it_comes(site: Running, path: str) -> None:
    started = time.monotonic()
    with pytest.raises(FetchError, match=r"within 0\.5 seconds"):
        get(site.address(path), timeout=0.5)
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    "address", ["", "example.org/d.ttl", "file:///etc/passwd", "gopher://example.org/", "http://", "https://[::1", "\0"]
)
def test_what_is_no_address_is_not_fetched(address: str) -> None:
    with pytest.raises(InputError, match="is no web address"):
        get(address)


def test_nobody_listening_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(FetchError, match="cannot be fetched"):
        get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "100.100.100.200", "192.0.0.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "240.0.0.1"),
        *("255.255.255.255", "168.63.129.16", "192.0.2.1"),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "2001:0:7f00:1::", "100::1", "localhost", ""),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0"]
)
def test_a_stranger_cannot_have_this_machine_asked(site: Running, monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setattr(fetching, "_PORTS", {"http": site.port, "https": 443})
    with pytest.raises(InputError, match=r"not on the public internet|no web address|no server named"):
        get(site.address("/one.ttl", host), public_only=True)
    assert site.asked == []


def test_a_stranger_gets_the_usual_ports_alone(site: Running) -> None:
    with pytest.raises(InputError, match=f"port {site.port} is not fetched"):
        get(site.address("/one.ttl"), public_only=True)
    assert site.asked == []


def test_where_a_redirect_leads_is_looked_at_as_well(loopback_is_public: Running) -> None:
    site = loopback_is_public
    assert get(site.address("/to//one.ttl"), public_only=True).data == TURTLE
    with pytest.raises(InputError, match=r"127\.0\.0\.2 is not on the public internet"):
        get(site.address(f"/to/{site.address('/one.ttl', '127.0.0.2')}"), public_only=True)
    with pytest.raises(InputError, match="port 22 is not fetched"):
        get(site.address("/to/http://127.0.0.1:22/"), public_only=True)
    assert [path for path, _ in site.asked[:2]] == ["/to//one.ttl", "/one.ttl"]
    assert len(site.asked) == 4


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(
    loopback_is_public: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that stands for another address the next time it is looked up (DNS rebinding)."""
    site, asked = loopback_is_public, []
    resolve = socket.getaddrinfo

    def rebinding(host: str, *arguments: object, **named: object) -> object:
        if host != "rebinding.example":
            return resolve(host, *arguments, **named)  # type: ignore[arg-type]
        asked.append(host)
        return resolve("127.0.0.1" if len(asked) == 1 else "127.0.0.2", *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert get(site.address("/one.ttl", "rebinding.example"), public_only=True).data == TURTLE
    assert len(asked) == 1
    assert site.asked[0][1]["Host"] == f"rebinding.example:{site.port}"


def test_a_name_with_one_address_that_is_not_public_is_not_asked(
    loopback_is_public: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo

    def both(host: str, *arguments: object, **named: object) -> list[object]:
        if host != "both.example":
            return list(resolve(host, *arguments, **named))  # type: ignore[arg-type]
        return [one for ip in ("127.0.0.1", "127.0.0.3") for one in resolve(ip, *arguments, **named)]  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with pytest.raises(InputError, match="not on the public internet"):
        get(loopback_is_public.address("/one.ttl", "both.example"), public_only=True)
    assert loopback_is_public.asked == []
