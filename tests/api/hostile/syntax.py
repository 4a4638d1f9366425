"""Documents that are no RDF, or hardly: what its parsers have to bear."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pyoxigraph
from pyoxigraph import RdfFormat

from tests.api.hostile.request import (
    BAD,
    BARREN,
    GOOD,
    JSON,
    JUDGED,
    LISTENER,
    RDF,
    SYNTAXES,
    TRIG,
    TURTLE,
    TYPE,
    XML,
    Hostile,
    dataset,
    plain,
)


def not_rdf() -> Iterator[Hostile]:
    noise = random.Random(3)
    samples = [
        *(noise.randbytes(size) for size in (1, 7, 100, 4096, 300_000)),
        b"\x89PNG\r\n\x1a\n" + noise.randbytes(500),
        b"%PDF-1.7\n" + noise.randbytes(500),
        b"\x7fELF\x02\x01\x01" + bytes(200),
        b"<!doctype html><html><body><h1>A dataset</h1></body></html>",
        b"title,description\nLung CT,of people\n",
        b"SELECT * FROM dataset; DROP TABLE dataset",
        b"Dear colleagues, please find our dataset attached.",
        b'"just a string"',
        b"12",
        b"null",
        b"{}",
        b"[]",
        b"[[[]]]",
        b"a" * 100_000,
        b"(" * 1000 + b")" * 1000,
        b"- yaml: yes\n  dataset: no\n",
    ]
    for sample in samples:
        for media_type in SYNTAXES:
            yield plain("not RDF", sample, media_type, BARREN)


def nested() -> Iterator[Hostile]:
    for depth in (101, 1_000, 10_000, 200_000):
        blank = b"[ <a:p> " * depth + b"1" + b" ]" * depth
        yield plain("nested", dataset(b"dcat:distribution " + blank), right=JUDGED)
        yield plain("nested", dataset(b"dcat:theme " + b"( " * depth + b") " * depth), TRIG, JUDGED)
        yield plain("nested", dataset(b"dcat:theme " + b"[ <a:p> ( " * depth), right=frozenset({400, 413}))
        yield plain("nested", b"{ " * depth, TRIG)
        yield plain("nested", b"[" * depth, right=BAD)
        yield plain("nested", b"[" * depth + b"]" * depth, JSON, BARREN)
        yield plain("nested", b'{"a:p":' * depth + b"1" + b"}" * depth, JSON, BARREN)
        yield plain("nested", b'{"@list":[' * depth + b"]}" * depth, JSON, BARREN)
        yield plain("nested", b'{"@context":' * depth + b"{}" + b"}" * depth, JSON, BARREN)
        yield plain("nested", b"<a xmlns='a:'>" * depth + b"</a>" * depth, XML, BARREN)
        yield plain("nested", RDF.encode() + b"<a><b>" * depth, XML, BARREN)


def entities() -> Iterator[Hostile]:
    body = '<dcat:Dataset rdf:about="https://example.org/d"><dct:title>{}</dct:title></dcat:Dataset></rdf:RDF>'
    for width, levels in ((10, 9), (10, 3), (2, 40), (1000, 4)):
        laughs = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * width}">' for level in range(1, levels + 1))
        start = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{laughs}]>'
        yield plain("entities", (start + RDF + body.format(f"&l{levels};")).encode(), XML)
    blow = f'<!DOCTYPE r [<!ENTITY x "{"x" * 100_000}">]>' + RDF + body.format("&x;" * 50_000)
    yield plain("entities", blow.encode(), XML)
    cyclic = '<!DOCTYPE r [<!ENTITY a "&b;"><!ENTITY b "&a;">]>' + RDF + body.format("&a;")
    yield plain("entities", cyclic.encode(), XML)
    targets = ("file:///etc/passwd", "file:///dev/zero", f"{LISTENER}/entity", "php://filter/x", "../../etc/passwd")
    for target in targets:
        for doctype in (
            f'<!DOCTYPE r [<!ENTITY x SYSTEM "{target}">]>',
            f'<!DOCTYPE r [<!ENTITY x PUBLIC "-//X//Y" "{target}">]>',
            f'<!DOCTYPE r [<!ENTITY % p SYSTEM "{target}"> %p;]>',
            f'<!DOCTYPE r SYSTEM "{target}">',
            f'<!DOCTYPE r [<!NOTATION n SYSTEM "{target}"><!ENTITY x SYSTEM "{target}" NDATA n>]>',
        ):
            yield plain("entities", (doctype + RDF + body.format("&x;")).encode(), XML)
        for use in (
            f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{target}"/>',
            f'<?xml-stylesheet href="{target}"?>',
        ):
            yield plain("entities", (RDF + body.format(use)).encode(), XML, JUDGED)


def contexts() -> Iterator[Hostile]:
    for target in (
        f"{LISTENER}/context.jsonld",
        "https://schema.org/",
        "file:///etc/passwd",
        "context.jsonld",
        "//x/y",
    ):
        contexts: list[object] = [
            target,
            [target],
            [{}, [target]],
            {"@import": target},
            {"dct": "http://purl.org/dc/terms/", "title": {"@id": "dct:title", "@context": target}},
            {"Dataset": {"@id": "http://www.w3.org/ns/dcat#Dataset", "@context": [target]}},
            [None, target],
        ]
        for context in contexts:
            document = {"@context": context, "@type": "Dataset", "title": {"title": "x"}}
            yield plain("remote contexts", json.dumps(document).encode(), JSON)
            inner = {"@type": "http://www.w3.org/ns/dcat#Dataset", "a:p": {"@context": context, "title": 1}}
            yield plain("remote contexts", json.dumps(inner).encode(), JSON)


def charsets() -> Iterator[Hostile]:
    text = GOOD.decode() + "# Bücher für Ärzte, 医学影像\n"
    for charset in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "shift_jis"):
        body = text.encode(charset, "replace")
        yield plain("wrong charset", body, right=BAD)
        yield plain("wrong charset", body, f"{TURTLE}; charset={charset}", TYPE)
    for charset in ("latin-1", "cp1252", "utf-7", "koi8-r", "x-nonsense", '"', "utf-8 x"):
        yield plain(
            "wrong charset", text.encode("latin-1", "replace"), f"{TURTLE}; charset={charset}", frozenset({400, 415})
        )
    declared = '<?xml version="1.0" encoding="{}"?>' + RDF + "<dcat:Dataset dct:title='Ä'/></rdf:RDF>"
    for charset in ("utf-16", "latin-1", "utf-7", "cp037", "x-nonsense"):
        encoded = declared.format(charset).encode("utf-16" if charset == "utf-16" else "latin-1")
        yield plain("wrong charset", encoded, XML, BARREN)


def truncated() -> Iterator[Hostile]:
    triples = [quad.triple for quad in pyoxigraph.parse(GOOD, format=RdfFormat.TURTLE)]
    xml, ld = (pyoxigraph.serialize(triples, format=form) or b"" for form in (RdfFormat.RDF_XML, RdfFormat.JSON_LD))
    for step in range(1, 26):
        yield plain("truncated", GOOD[: len(GOOD) * step // 26], TURTLE, JUDGED)
        yield plain("truncated", xml[: len(xml) * step // 26], XML)
        yield plain("truncated", ld[: len(ld) * step // 26], JSON)


def controls() -> Iterator[Hostile]:
    for character in (b"\0", b"\x01", b"\x1b[2J", b"\x7f", b"\xef\xbf\xbf", b"\xef\xbb\xbf", b"\xe2\x80\xa8"):
        yield plain("controls", dataset(b'dct:title "a%bb"' % character), right=JUDGED)
        yield plain("controls", character * 3 + GOOD, right=JUDGED)
        yield plain("controls", b'{"@type": "a:b", "a:p": "%b"}' % character, JSON, BARREN)
        yield plain("controls", RDF.encode() + b"<a:b xmlns:a='%b'/></rdf:RDF>" % character, XML, BARREN)
    yield plain("controls", bytes(1_000_000))
    yield plain("controls", b"\n" * 5_000_000)
    yield plain("controls", b"\r" * 1_000_000 + GOOD, right=JUDGED)


def surrogates() -> Iterator[Hostile]:
    for escape in ("\\ud800", "\\udfff", "\\udc00\\ud800", "\\ud800x"):
        yield plain("surrogates", dataset(f'dct:title "{escape}"'.encode()))
        text = f'{{"@type":"http://www.w3.org/ns/dcat#Dataset","http://purl.org/dc/terms/title":"{escape}"}}'
        yield plain("surrogates", text.encode(), JSON, JUDGED)
        yield plain("surrogates", f'{{"@id":"a:{escape}","a:{escape}":[]}}'.encode(), JSON, BARREN)
    for raw in (b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\x80"):
        for media_type in SYNTAXES:
            yield plain("surrogates", dataset(b'dct:title "%b"' % raw), media_type)


def prefixes() -> Iterator[Hostile]:
    many = b"".join(b"@prefix p%d: <a:%d> .\n" % (n, n) for n in range(200_000))
    yield plain("prefixes", many + GOOD, right=JUDGED)
    yield plain("prefixes", b"@prefix p: <a:> .\n" * 400_000 + GOOD, right=JUDGED)
    long = b"@prefix p: <a:" + b"x" * 200_000 + b"> .\n"
    yield plain("prefixes", long + dataset(b"<a:p> " + b", ".join(b"p:%d" % n for n in range(20_000))), right=JUDGED)
    yield plain("prefixes", long + b"p:a p:b p:c . " * 500_000, right=frozenset({413, 422}))
    base = b"@base <http://x/" + b"a/" * 100_000 + b"> .\n"
    yield plain("prefixes", base + dataset(b"<a:p> " + b", ".join(b"<%d>" % n for n in range(20_000))), right=JUDGED)
    terms = {f"t{number}": f"t{number + 1}:x" for number in range(2_000)}
    yield plain("prefixes", json.dumps({"@context": terms, "t0": "x"}).encode(), JSON, BARREN)
    loop = {"@context": {"a": "b:x", "b": "a:x"}, "a:c": 1, "@type": "b"}
    yield plain("prefixes", json.dumps(loop).encode(), JSON, BARREN)
    wide = {"@context": {"p": "a:" + "x" * 200_000}, "@graph": [{"@id": f"p:{n}", "p:q": 1} for n in range(20_000)]}
    yield plain("prefixes", json.dumps(wide).encode(), JSON, frozenset({400, 413, 422}))
