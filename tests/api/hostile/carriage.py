"""Requests made to do harm by how they carry a document."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from tests.api.hostile.request import (
    BAD,
    BARREN,
    GOOD,
    JSON,
    JUDGED,
    LARGE,
    LISTENER,
    SYNTAXES,
    TYPE,
    XML,
    Hostile,
    plain,
)

BOUNDARY = "----boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def part(name: str, value: bytes, rest: str = "") -> bytes:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{rest}\r\n\r\n'.encode() + value + b"\r\n"


def form(fields: dict[str, str]) -> bytes:
    parts = b"".join(part(name, value.encode()) for name, value in fields.items())
    return parts + f"--{BOUNDARY}--\r\n".encode()


def too_large() -> Iterator[Hostile]:
    for size in (10_000_001, 25_000_000, 60_000_000):
        for chunked in (False, True):
            yield Hostile("too large", lambda size=size: b"#" * size, right=LARGE, chunked=chunked)  # type: ignore[misc]
    yield Hostile("too large", lambda: b" " * 60_000_000, JSON, LARGE)
    yield Hostile("too large", lambda: b"<a>" * 4_000_000, XML, LARGE)
    yield Hostile("too large", lambda: form({"text": "#" * 14_000_000}), FORM, LARGE)


def types() -> Iterator[Hostile]:
    wrong = (
        *(
            "text/plain",
            "text/html",
            "image/png",
            "application/octet-stream",
            "application/x-www-form-urlencoded",
            "*/*",
        ),
        *("application/sparql-query", "turtle", "text/turtle2", "text/", "/", ";", "text/turtle,text/html", "TEXT"),
        *("multipart/mixed; boundary=x", "application/zip", "message/rfc822", "text/turtle/x", "x" * 5000),
    )
    for media_type in wrong:
        yield plain("wrong type", GOOD, media_type, TYPE)
    yield plain("wrong type", GOOD, "", TYPE)
    for declared in SYNTAXES[2:]:
        yield plain("wrong type", GOOD, declared, BAD)


def compressed() -> Iterator[Hostile]:
    bomb = gzip.compress(bytes(20_000_000))
    for coding in ("gzip", "deflate", "br", "zstd", "compress", "gzip, gzip", "nonsense"):
        body = zlib.compress(GOOD) if coding == "deflate" else gzip.compress(GOOD)
        yield plain("compressed", body, right=TYPE, headers={"Content-Encoding": coding})
        yield plain("compressed", bomb, right=TYPE, headers={"Content-Encoding": coding})
    yield plain("compressed", bomb)


def forms() -> Iterator[Hostile]:
    end = f"--{BOUNDARY}--\r\n".encode()
    good = part("text", GOOD)
    bodies = (
        *(b"", b"x", end, b"--" * 5000, good[:-20], b"\r\n" * 10_000, b"\0" * 5000),
        *(part("text", b"x") * 500 + end, part("file", b"x", '; filename="a"') * 50 + end),
        *(part("a" * 100_000, b"x") + end, part("file", b"x", f'; filename="{"../" * 1000}etc/passwd"') + end),
        part("text", b"x").replace(b"\r\n\r\n", b"\r\n" + b"X-Y: z\r\n" * 5000 + b"\r\n") + end,
        part("text", b"x").replace(b"form-data", b"attachment") + end,
        *(
            part("profile", b"x") * 50 + good + end,
            good + part("format", b"nonsense") + end,
            part("again", b"!!") + end,
        ),
        *(
            part("text", b"\xff\xfe\xfd") + end,
            part("text", b" ") + end,
            part("file", b"", '; filename="a.ttl"') + end,
        ),
    )
    for body in bodies:
        yield plain("forms", body, FORM, frozenset({400, 406, 422}))
    for media_type in (
        "multipart/form-data",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'x' * 9000}",
    ):
        yield plain("forms", good + end, media_type)


def addresses() -> Iterator[Hostile]:
    hosts = (
        *("127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "192.168.0.1", "0.0.0.0", "2130706433"),
        *("0x7f000001", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "[fd00::1]", "100.100.100.200", "168.63.129.16"),
    )
    refused = BARREN
    for host in hosts:
        yield plain("addresses", form({"address": f"http://{host}/latest/meta-data/"}), FORM, refused)
    for address in (
        *(LISTENER, f"{LISTENER}/x", "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "//127.0.0.1/"),
        *("http://127.0.0.1:22/", "https://user:password@127.0.0.1/", "http://", "http:// /", "http://[", "x" * 10_000),
        *("dict://127.0.0.1:11211/", "jar:http://127.0.0.1!/", "http://127.0.0.1\r\nHost: x/", "http://%6c%6f"),
    ):
        yield plain("addresses", form({"address": address}), FORM, refused)


def archives() -> Iterator[Hostile]:
    """Workbooks that unpack to more than they hold."""
    sheet = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    for name, content in (
        ("xl/worksheets/sheet1.xml", sheet + b"<row/>" * 8_000_000),
        ("xl/sharedStrings.xml", b"<sst>" + b"<si><t>x</t></si>" * 2_000_000),
        ("[Content_Types].xml", b"<!DOCTYPE r [<!ENTITY x 'x'>]><Types>&x;</Types>"),
        ("../../../../tmp/evil", b"x"),
    ):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, content)
        body = packed.getvalue()
        file = part("file", body, '; filename="form.xlsx"') + f"--{BOUNDARY}--\r\n".encode()
        yield plain("archives", file, FORM, frozenset({400, 413, 422}))
        yield plain("archives", body, WORKBOOK, frozenset({400, 413, 415, 422}))
        yield plain("archives", body[: len(body) // 2], WORKBOOK, frozenset({400, 413, 415, 422}))
    many = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 2**32 - 1, 0, 0)
    yield plain("archives", b"radiograph-form:dcat-ap/3.0.1,dct:title@en\n,x\n" * 100_000, "text/csv", JUDGED)
    yield plain(
        "archives", b"radiograph-form:dcat-ap/3.0.1" + b",dct:title@en" * 100_000 + b"\n,x\n", "text/csv", JUDGED
    )
    yield plain("archives", b'dct:title,dct:issued\n"' + b"x" * 5_000_000, "text/csv", JUDGED)
    yield plain("archives", b"dct:title\tdct:issued\n" + b"x\ty\n" * 50_000, "text/tab-separated-values", JUDGED)
    yield plain("archives", many, WORKBOOK, frozenset({400, 413, 415, 422}))


def parameters() -> Iterator[Hostile]:
    for query in ("format=nonsense", "format=" + "x" * 5000, "format=%00", "format=github"):
        yield plain("parameters", GOOD, right=frozenset({406}), query=query)
    for query in (
        "profile=nonsense",
        "profile=" + "x" * 5000,
        "profile=" + "&profile=".join("x" * 500),
        "profile=../../etc",
    ):
        yield plain("parameters", GOOD, query=query)
    for accept in ("image/png", "text/html;q=0,application/xml", "x/y," * 500):
        yield plain("parameters", GOOD, right=frozenset({406}), headers={"Accept": accept})
