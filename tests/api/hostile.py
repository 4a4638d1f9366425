"""Documents made to do harm, by families: what is posted, and which answers are right for it.

They are the same each time. ``LISTENER`` in a body stands for an address on which the test listens: nothing that is
handed in may have it asked.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyoxigraph
from pyoxigraph import RdfFormat

LISTENER = "http://listener.invalid"
TURTLE, TRIG, NT, NQ = "text/turtle", "application/trig", "application/n-triples", "application/n-quads"
XML, JSON = "application/rdf+xml", "application/ld+json"
SYNTAXES = (TURTLE, TRIG, NT, NQ, XML, JSON)
#: Not RDF, or not RDF that is taken.
BAD = frozenset({400})
#: It may or may not be RDF, but there is no dataset in it, or one that cannot be judged.
BARREN = frozenset({400, 422})
#: It is RDF, and is judged if that is done in time and memory.
JUDGED = frozenset({200, 400, 413, 422})
LARGE = frozenset({413})
TYPE = frozenset({415})

_GOOD = (Path(__file__).parents[2] / "examples" / "dcat-ap-complete.ttl").read_bytes()
_HEAD = b"@prefix dcat: <http://www.w3.org/ns/dcat#> .\n@prefix dct: <http://purl.org/dc/terms/> .\n"
_HEAD += b"@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .\n"
_HEAD += b"@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
_RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dcat="http://www.w3.org/ns/dcat#" '
    'xmlns:dct="http://purl.org/dc/terms/">'
)


@dataclass(frozen=True)
class Hostile:
    """One request. ``body`` is made when it is needed: some are tens of megabytes."""

    family: str
    body: Callable[[], bytes]
    media_type: str = TURTLE
    right: frozenset[int] = BAD
    headers: dict[str, str] = field(default_factory=dict)
    query: str = ""
    chunked: bool = False


def inputs() -> Iterator[Hostile]:
    """All of them."""
    for family in (
        *(_not_rdf, _too_large, _nested, _entities, _contexts, _cycles, _iris, _charsets, _types, _truncated),
        *(_controls, _huge, _many, _triple_terms, _compressed, _surrogates, _languages, _prefixes, _instructions),
        *(_literals, _patterns, _forms, _addresses, _archives, _parameters),
    ):
        yield from family()


def _plain(family: str, body: bytes, media_type: str = TURTLE, right: frozenset[int] = BAD, **more: object) -> Hostile:
    return Hostile(family, lambda: body, media_type, right, **more)  # type: ignore[arg-type]


def _dataset(statements: bytes) -> bytes:
    return _HEAD + b"<https://example.org/d> a dcat:Dataset ;\n" + statements + b" .\n"


def _not_rdf() -> Iterator[Hostile]:
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
            yield _plain("not RDF", sample, media_type, BARREN)


def _too_large() -> Iterator[Hostile]:
    for size in (10_000_001, 25_000_000, 60_000_000):
        for chunked in (False, True):
            yield Hostile("too large", lambda size=size: b"#" * size, right=LARGE, chunked=chunked)  # type: ignore[misc]
    yield Hostile("too large", lambda: b" " * 60_000_000, JSON, LARGE)
    yield Hostile("too large", lambda: b"<a>" * 4_000_000, XML, LARGE)
    yield Hostile("too large", lambda: _form({"text": "#" * 14_000_000}), _FORM, LARGE)


def _nested() -> Iterator[Hostile]:
    for depth in (101, 1_000, 10_000, 200_000):
        blank = b"[ <a:p> " * depth + b"1" + b" ]" * depth
        yield _plain("nested", _dataset(b"dcat:distribution " + blank), right=JUDGED)
        yield _plain("nested", _dataset(b"dcat:theme " + b"( " * depth + b") " * depth), TRIG, JUDGED)
        yield _plain("nested", _dataset(b"dcat:theme " + b"[ <a:p> ( " * depth), right=frozenset({400, 413}))
        yield _plain("nested", b"{ " * depth, TRIG)
        yield _plain("nested", b"[" * depth, right=BAD)
        yield _plain("nested", b"[" * depth + b"]" * depth, JSON, BARREN)
        yield _plain("nested", b'{"a:p":' * depth + b"1" + b"}" * depth, JSON, BARREN)
        yield _plain("nested", b'{"@list":[' * depth + b"]}" * depth, JSON, BARREN)
        yield _plain("nested", b'{"@context":' * depth + b"{}" + b"}" * depth, JSON, BARREN)
        yield _plain("nested", b"<a xmlns='a:'>" * depth + b"</a>" * depth, XML, BARREN)
        yield _plain("nested", _RDF.encode() + b"<a><b>" * depth, XML, BARREN)


def _entities() -> Iterator[Hostile]:
    body = '<dcat:Dataset rdf:about="https://example.org/d"><dct:title>{}</dct:title></dcat:Dataset></rdf:RDF>'
    for width, levels in ((10, 9), (10, 3), (2, 40), (1000, 4)):
        laughs = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * width}">' for level in range(1, levels + 1))
        start = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "ha">{laughs}]>'
        yield _plain("entities", (start + _RDF + body.format(f"&l{levels};")).encode(), XML)
    blow = f'<!DOCTYPE r [<!ENTITY x "{"x" * 100_000}">]>' + _RDF + body.format("&x;" * 50_000)
    yield _plain("entities", blow.encode(), XML)
    cyclic = '<!DOCTYPE r [<!ENTITY a "&b;"><!ENTITY b "&a;">]>' + _RDF + body.format("&a;")
    yield _plain("entities", cyclic.encode(), XML)
    targets = ("file:///etc/passwd", "file:///dev/zero", f"{LISTENER}/entity", "php://filter/x", "../../etc/passwd")
    for target in targets:
        for doctype in (
            f'<!DOCTYPE r [<!ENTITY x SYSTEM "{target}">]>',
            f'<!DOCTYPE r [<!ENTITY x PUBLIC "-//X//Y" "{target}">]>',
            f'<!DOCTYPE r [<!ENTITY % p SYSTEM "{target}"> %p;]>',
            f'<!DOCTYPE r SYSTEM "{target}">',
            f'<!DOCTYPE r [<!NOTATION n SYSTEM "{target}"><!ENTITY x SYSTEM "{target}" NDATA n>]>',
        ):
            yield _plain("entities", (doctype + _RDF + body.format("&x;")).encode(), XML)
        for use in (
            f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{target}"/>',
            f'<?xml-stylesheet href="{target}"?>',
        ):
            yield _plain("entities", (_RDF + body.format(use)).encode(), XML, JUDGED)


def _contexts() -> Iterator[Hostile]:
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
            yield _plain("remote contexts", json.dumps(document).encode(), JSON)
            inner = {"@type": "http://www.w3.org/ns/dcat#Dataset", "a:p": {"@context": context, "title": 1}}
            yield _plain("remote contexts", json.dumps(inner).encode(), JSON)


def _cycles() -> Iterator[Hostile]:
    rest = b"_:a rdf:first 1 ; rdf:rest %b .\n"
    for theme in (b"dcat:theme", b"dct:creator", b"dcat:distribution", b"dct:language"):
        start = _dataset(theme + b" _:a")
        yield _plain("cyclic lists", start + rest % b"_:a", right=JUDGED)
        yield _plain("cyclic lists", start + rest % b"_:b" + b"_:b rdf:first 2 ; rdf:rest _:a .", right=JUDGED)
        yield _plain("cyclic lists", start + rest % b"_:b, _:a, () , 7" + b"_:b rdf:rest _:b .", right=JUDGED)
        yield _plain("cyclic blank nodes", start + b"_:a <a:p> _:a .", right=JUDGED)
        yield _plain("cyclic blank nodes", start + b"_:a <a:p> _:b . _:b <a:p> _:c . _:c <a:p> _:a .", right=JUDGED)
        ring = b"".join(b"_:a%d <a:p> _:a%d .\n" % (n, (n + 1) % 3000) for n in range(3000))
        yield _plain("cyclic blank nodes", start + b"_:a <a:p> _:a0 .\n" + ring, right=JUDGED)
        clique = b"".join(b"_:a <a:p> _:n%d . _:n%d <a:p> _:n%d .\n" % (i, i, j) for i in range(40) for j in range(40))
        yield _plain("cyclic blank nodes", start + clique, right=JUDGED)
        itself = b"<https://example.org/d> %b <https://example.org/d> ." % theme
        yield _plain("cyclic blank nodes", start + itself, right=JUDGED)


def _iris() -> Iterator[Hostile]:
    broken = (
        *(b"<>", b"<a b>", b"<\\u0000>", b"<\\uD800>", b"<\\U00110000>", b"<http://[::1>", b"<http://x:y:z/>", b"<%>"),
        *(b"<http://x/%zz>", b"<http://x/{y}>", b"<http://x/|>", b"<http://x/\\>", b'<http://x/">', b"<http://x/^`>"),
        *(b"<//x>", b"<:>", b"<1:2>", b"<http://\xc3\x28/>", b"<http://x/\x01>", b"<http://x/\n>", b"<http://x/"),
        *(b"<http://" + b"x" * 1_000_000 + b">", b"<" + b"a" * 1_000_000 + b":b>", b"<javascript:alert(1)>"),
        *(b"<data:text/html,<b>>", b"<file:///etc/passwd>", b"<urn:>", b"<http:>", b"<http://x/\xe2\x80\xae>"),
    )
    for iri in broken:
        yield _plain("invalid IRIs", _dataset(b"dcat:theme " + iri), right=JUDGED)
        yield _plain("invalid IRIs", _HEAD + iri + b" a dcat:Dataset .", right=JUDGED)


def _charsets() -> Iterator[Hostile]:
    text = _GOOD.decode() + "# Bücher für Ärzte, 医学影像\n"
    for charset in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "gb18030", "shift_jis"):
        body = text.encode(charset, "replace")
        yield _plain("wrong charset", body, right=BAD)
        yield _plain("wrong charset", body, f"{TURTLE}; charset={charset}", TYPE)
    for charset in ("latin-1", "cp1252", "utf-7", "koi8-r", "x-nonsense", '"', "utf-8 x"):
        yield _plain(
            "wrong charset", text.encode("latin-1", "replace"), f"{TURTLE}; charset={charset}", frozenset({400, 415})
        )
    declared = '<?xml version="1.0" encoding="{}"?>' + _RDF + "<dcat:Dataset dct:title='Ä'/></rdf:RDF>"
    for charset in ("utf-16", "latin-1", "utf-7", "cp037", "x-nonsense"):
        encoded = declared.format(charset).encode("utf-16" if charset == "utf-16" else "latin-1")
        yield _plain("wrong charset", encoded, XML, BARREN)


def _types() -> Iterator[Hostile]:
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
        yield _plain("wrong type", _GOOD, media_type, TYPE)
    yield _plain("wrong type", _GOOD, "", TYPE)
    for declared in SYNTAXES[2:]:
        yield _plain("wrong type", _GOOD, declared, BAD)


def _truncated() -> Iterator[Hostile]:
    triples = [quad.triple for quad in pyoxigraph.parse(_GOOD, format=RdfFormat.TURTLE)]
    xml, ld = (pyoxigraph.serialize(triples, format=form) or b"" for form in (RdfFormat.RDF_XML, RdfFormat.JSON_LD))
    for step in range(1, 26):
        yield _plain("truncated", _GOOD[: len(_GOOD) * step // 26], TURTLE, JUDGED)
        yield _plain("truncated", xml[: len(xml) * step // 26], XML)
        yield _plain("truncated", ld[: len(ld) * step // 26], JSON)


def _controls() -> Iterator[Hostile]:
    for character in (b"\0", b"\x01", b"\x1b[2J", b"\x7f", b"\xef\xbf\xbf", b"\xef\xbb\xbf", b"\xe2\x80\xa8"):
        yield _plain("controls", _dataset(b'dct:title "a%bb"' % character), right=JUDGED)
        yield _plain("controls", character * 3 + _GOOD, right=JUDGED)
        yield _plain("controls", b'{"@type": "a:b", "a:p": "%b"}' % character, JSON, BARREN)
        yield _plain("controls", _RDF.encode() + b"<a:b xmlns:a='%b'/></rdf:RDF>" % character, XML, BARREN)
    yield _plain("controls", bytes(1_000_000))
    yield _plain("controls", b"\n" * 5_000_000)
    yield _plain("controls", b"\r" * 1_000_000 + _GOOD, right=JUDGED)


def _huge() -> Iterator[Hostile]:
    for size in (1_000_000, 9_000_000):
        text = b"x" * size
        yield _plain("huge terms", _dataset(b'dct:title "' + text + b'"@en'), right=JUDGED)
        yield _plain("huge terms", _dataset(b'dct:title "x"@' + text), right=JUDGED)
        yield _plain("huge terms", _dataset(b"dcat:theme <a:" + text + b">"), right=JUDGED)
        yield _plain("huge terms", _dataset(b'dct:title """' + b"\n" * size + b'"""'), right=JUDGED)
        yield _plain("huge terms", b'{"@type":"http://www.w3.org/ns/dcat#Dataset","a:b":"' + text + b'"}', JSON, JUDGED)
        yield _plain(
            "huge terms", b'{"@type":"http://www.w3.org/ns/dcat#Dataset","a:b":1' + b"0" * size + b"}", JSON, JUDGED
        )


def _many() -> Iterator[Hostile]:
    numbers = ",".join(map(str, range(1_000_000))).encode()
    yield _plain("many", _dataset(b"<a:p> " + numbers), right=JUDGED)
    yield _plain("many", b"<a:s> <a:p> " + numbers + b" .", right=frozenset({413, 422}))
    lines = b"".join(b"<a:%d> <a:p> <a:o> .\n" % n for n in range(400_000))
    yield _plain("many", lines, NT, frozenset({413, 422}))
    yield _plain("many", _HEAD + b"".join(b"<a:%d> a dcat:Dataset .\n" % n for n in range(100_000)), right=JUDGED)
    yield _plain("many", _HEAD + b"".join(b"[] a dcat:Dataset .\n" for _ in range(20_000)), right=JUDGED)
    yield _plain(
        "many", _dataset(b"dcat:distribution " + b",".join([b"[ a dcat:Distribution ]"] * 100_000)), right=JUDGED
    )
    yield _plain(
        "many", b"[" + b",".join([b'{"@type":"http://www.w3.org/ns/dcat#Dataset"}'] * 100_000) + b"]", JSON, JUDGED
    )
    yield _plain("many", b'{"a":{}' + b"".join(b',"a%d":{}' % n for n in range(500_000)) + b"}", JSON, JUDGED)
    yield _plain("many", b"GRAPH <a:g> {} " * 300_000, TRIG, frozenset({413, 422}))
    attributes = " ".join(f'dct:a{n}="x"' for n in range(300_000))
    yield _plain("many", (_RDF + f"<dcat:Dataset {attributes}/></rdf:RDF>").encode(), XML, JUDGED)


def _triple_terms() -> Iterator[Hostile]:
    for depth in (1, 2, 50, 101, 5_000, 100_000):
        quoted = b"<< <a:a> <a:b> " * depth + b"<a:c>" + b" >>" * depth
        for media_type in (TURTLE, TRIG, NT, NQ):
            yield _plain("triple terms", quoted + b" <a:p> <a:o> .", media_type, BARREN)
        yield _plain(
            "triple terms", _dataset(b"<a:p> " + b"<<( <a:a> <a:b> " * depth + b"1" + b" )>>" * depth), right=JUDGED
        )
    yield _plain("triple terms", _dataset(b"<a:p> 1 {| <a:q> 2 |}"), right=JUDGED)


def _compressed() -> Iterator[Hostile]:
    bomb = gzip.compress(bytes(20_000_000))
    for coding in ("gzip", "deflate", "br", "zstd", "compress", "gzip, gzip", "nonsense"):
        body = zlib.compress(_GOOD) if coding == "deflate" else gzip.compress(_GOOD)
        yield _plain("compressed", body, right=TYPE, headers={"Content-Encoding": coding})
        yield _plain("compressed", bomb, right=TYPE, headers={"Content-Encoding": coding})
    yield _plain("compressed", bomb)


def _surrogates() -> Iterator[Hostile]:
    for escape in ("\\ud800", "\\udfff", "\\udc00\\ud800", "\\ud800x"):
        yield _plain("surrogates", _dataset(f'dct:title "{escape}"'.encode()))
        text = f'{{"@type":"http://www.w3.org/ns/dcat#Dataset","http://purl.org/dc/terms/title":"{escape}"}}'
        yield _plain("surrogates", text.encode(), JSON, JUDGED)
        yield _plain("surrogates", f'{{"@id":"a:{escape}","a:{escape}":[]}}'.encode(), JSON, BARREN)
    for raw in (b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\x80"):
        for media_type in SYNTAXES:
            yield _plain("surrogates", _dataset(b'dct:title "%b"' % raw), media_type)


def _languages() -> Iterator[Hostile]:
    for tag in (
        "-en",
        "en--x",
        "123456789",
        "e" * 300,
        "en-" + "x-" * 500,
        "é",
        "en_US",
        "@en",
        "",
        "en-\u202e",
        "a-DE-1901-1901",
    ):
        yield _plain("languages", _dataset(f'dct:title "x"@{tag}'.encode()), right=JUDGED)
    many = ", ".join(f'"x"@x-{number}' for number in range(20_000))
    yield _plain("languages", _dataset(f"dct:title {many}".encode()), right=JUDGED)


def _prefixes() -> Iterator[Hostile]:
    many = b"".join(b"@prefix p%d: <a:%d> .\n" % (n, n) for n in range(200_000))
    yield _plain("prefixes", many + _GOOD, right=JUDGED)
    yield _plain("prefixes", b"@prefix p: <a:> .\n" * 400_000 + _GOOD, right=JUDGED)
    long = b"@prefix p: <a:" + b"x" * 200_000 + b"> .\n"
    yield _plain("prefixes", long + _dataset(b"<a:p> " + b", ".join(b"p:%d" % n for n in range(20_000))), right=JUDGED)
    yield _plain("prefixes", long + b"p:a p:b p:c . " * 500_000, right=frozenset({413, 422}))
    base = b"@base <http://x/" + b"a/" * 100_000 + b"> .\n"
    yield _plain("prefixes", base + _dataset(b"<a:p> " + b", ".join(b"<%d>" % n for n in range(20_000))), right=JUDGED)
    terms = {f"t{number}": f"t{number + 1}:x" for number in range(2_000)}
    yield _plain("prefixes", json.dumps({"@context": terms, "t0": "x"}).encode(), JSON, BARREN)
    loop = {"@context": {"a": "b:x", "b": "a:x"}, "a:c": 1, "@type": "b"}
    yield _plain("prefixes", json.dumps(loop).encode(), JSON, BARREN)
    wide = {"@context": {"p": "a:" + "x" * 200_000}, "@graph": [{"@id": f"p:{n}", "p:q": 1} for n in range(20_000)]}
    yield _plain("prefixes", json.dumps(wide).encode(), JSON, frozenset({400, 413, 422}))


def _instructions() -> Iterator[Hostile]:
    """Data that speaks of itself as shapes, ontologies or code: it is data, and nothing in it is obeyed."""
    shape = b"""@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
[] a sh:NodeShape ; sh:targetClass dcat:Dataset ; %b .
"""
    for body in (
        b'sh:sparql [ sh:select "SELECT $this WHERE { SERVICE <LISTENER/sparql> { ?s ?p ?o } }" ]',
        b'sh:js [ sh:jsLibrary [ sh:jsLibraryURL "LISTENER/x.js"^^xsd:anyURI ] ; sh:jsFunctionName "f" ]',
        b"owl:imports <LISTENER/ontology>",
        b"sh:shapesGraph <LISTENER/shapes>",
        b"sh:property [ sh:path ( [ sh:zeroOrMorePath [ sh:inversePath dcat:theme ] ] ) ; sh:minCount 1 ]",
        b'sh:property [ sh:path dct:title ; sh:pattern "(a+)+$" ]',
        b"sh:deactivated true ; sh:severity sh:Info ; sh:node [ sh:node [ ] ]",
    ):
        statement = shape % body.replace(b"LISTENER", LISTENER.encode())
        yield _plain(
            "instructions", _dataset(b"owl:imports <a:b>").replace(b"owl:imports", b"<a:i>") + statement, right=JUDGED
        )
        yield _plain("instructions", _HEAD + statement, right=BARREN)
    target = LISTENER.encode()
    for use in (b"dct:conformsTo <%b/p>", b"dct:license <%b/l>", b"dcat:theme <%b/t>", b"dct:publisher <%b/a>"):
        yield _plain("instructions", _dataset(use % target), right=JUDGED)


def _literals() -> Iterator[Hostile]:
    laughs = "".join(f'<!ENTITY l{n} \\"{f"&l{n - 1};" * 10}\\">' for n in range(1, 9))
    bomb = f'<!DOCTYPE r [<!ENTITY l0 \\"ha\\">{laughs}]><r>&l8;</r>'
    outside = f'<!DOCTYPE r [<!ENTITY x SYSTEM \\"{LISTENER}/x\\">]><r>&x;</r>'
    digits = "9" * 200_000
    for value, datatype in (
        *((bomb, "rdf:XMLLiteral"), (outside, "rdf:XMLLiteral"), (bomb, "rdf:HTML"), ("<b>" * 50_000, "rdf:HTML")),
        *(
            ("<b>" * 20_000, "rdf:XMLLiteral"),
            ('{"a":' * 20_000, "rdf:JSON"),
            (digits, "xsd:integer"),
            (digits, "xsd:date"),
        ),
        *((f"{digits}.{digits}", "xsd:decimal"), ("1e999999999", "xsd:double"), ("-1", "xsd:nonNegativeInteger")),
        *(
            (f"P{digits}Y", "xsd:duration"),
            ("999999999999-12-31", "xsd:date"),
            ("0000-00-00", "xsd:date"),
            ("24:60:99", "xsd:time"),
        ),
        *((digits[:1001], "xsd:hexBinary"), ("=" * 10_000, "xsd:base64Binary"), ("x", "<a:" + "b" * 10_000 + ">")),
    ):
        for field_ in ("dct:issued", "dct:title", "dct:spatial"):
            yield _plain("literals", _dataset(f'{field_} "{value}"^^{datatype}'.encode()), right=JUDGED)


def _patterns() -> Iterator[Hostile]:
    for value in (
        "a" * 50_000 + "!",
        "http://" + "a." * 30_000,
        "mailto:" + "a" * 50_000 + "@",
        "1-" * 30_000,
        " " * 50_000,
    ):
        for field_ in ("dct:identifier", "dct:language", "dct:issued", "dcat:landingPage"):
            yield _plain("patterns", _dataset(f'{field_} "{value}"'.encode()), right=JUDGED)


_BOUNDARY = "----boundary"
_FORM = f"multipart/form-data; boundary={_BOUNDARY}"


def _part(name: str, value: bytes, rest: str = "") -> bytes:
    return f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{rest}\r\n\r\n'.encode() + value + b"\r\n"


def _form(fields: dict[str, str]) -> bytes:
    parts = b"".join(_part(name, value.encode()) for name, value in fields.items())
    return parts + f"--{_BOUNDARY}--\r\n".encode()


def _forms() -> Iterator[Hostile]:
    end = f"--{_BOUNDARY}--\r\n".encode()
    good = _part("text", _GOOD)
    bodies = (
        *(b"", b"x", end, b"--" * 5000, good[:-20], b"\r\n" * 10_000, b"\0" * 5000),
        *(_part("text", b"x") * 500 + end, _part("file", b"x", '; filename="a"') * 50 + end),
        *(_part("a" * 100_000, b"x") + end, _part("file", b"x", f'; filename="{"../" * 1000}etc/passwd"') + end),
        _part("text", b"x").replace(b"\r\n\r\n", b"\r\n" + b"X-Y: z\r\n" * 5000 + b"\r\n") + end,
        _part("text", b"x").replace(b"form-data", b"attachment") + end,
        *(
            _part("profile", b"x") * 50 + good + end,
            good + _part("format", b"nonsense") + end,
            _part("again", b"!!") + end,
        ),
        *(
            _part("text", b"\xff\xfe\xfd") + end,
            _part("text", b" ") + end,
            _part("file", b"", '; filename="a.ttl"') + end,
        ),
    )
    for body in bodies:
        yield _plain("forms", body, _FORM, frozenset({400, 406, 422}))
    for media_type in (
        "multipart/form-data",
        "multipart/form-data; boundary=",
        f"multipart/form-data; boundary={'x' * 9000}",
    ):
        yield _plain("forms", good + end, media_type)


def _addresses() -> Iterator[Hostile]:
    hosts = (
        *("127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1", "192.168.0.1", "0.0.0.0", "2130706433"),
        *("0x7f000001", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "[fd00::1]", "100.100.100.200", "168.63.129.16"),
    )
    refused = BARREN
    for host in hosts:
        yield _plain("addresses", _form({"address": f"http://{host}/latest/meta-data/"}), _FORM, refused)
    for address in (
        *(LISTENER, f"{LISTENER}/x", "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "//127.0.0.1/"),
        *("http://127.0.0.1:22/", "https://user:password@127.0.0.1/", "http://", "http:// /", "http://[", "x" * 10_000),
        *("dict://127.0.0.1:11211/", "jar:http://127.0.0.1!/", "http://127.0.0.1\r\nHost: x/", "http://%6c%6f"),
    ):
        yield _plain("addresses", _form({"address": address}), _FORM, refused)


def _archives() -> Iterator[Hostile]:
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
        file = _part("file", body, '; filename="form.xlsx"') + f"--{_BOUNDARY}--\r\n".encode()
        yield _plain("archives", file, _FORM, frozenset({400, 413, 422}))
        yield _plain("archives", body, _WORKBOOK, frozenset({400, 413, 415, 422}))
        yield _plain("archives", body[: len(body) // 2], _WORKBOOK, frozenset({400, 413, 415, 422}))
    many = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 2**32 - 1, 0, 0)
    yield _plain("archives", b"radiograph-form:dcat-ap/3.0.1,dct:title@en\n,x\n" * 100_000, "text/csv", JUDGED)
    yield _plain(
        "archives", b"radiograph-form:dcat-ap/3.0.1" + b",dct:title@en" * 100_000 + b"\n,x\n", "text/csv", JUDGED
    )
    yield _plain("archives", b'dct:title,dct:issued\n"' + b"x" * 5_000_000, "text/csv", JUDGED)
    yield _plain("archives", b"dct:title\tdct:issued\n" + b"x\ty\n" * 50_000, "text/tab-separated-values", JUDGED)
    yield _plain("archives", many, _WORKBOOK, frozenset({400, 413, 415, 422}))


_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _parameters() -> Iterator[Hostile]:
    for query in ("format=nonsense", "format=" + "x" * 5000, "format=%00", "format=github"):
        yield _plain("parameters", _GOOD, right=frozenset({406}), query=query)
    for query in (
        "profile=nonsense",
        "profile=" + "x" * 5000,
        "profile=" + "&profile=".join("x" * 500),
        "profile=../../etc",
    ):
        yield _plain("parameters", _GOOD, query=query)
    for accept in ("image/png", "text/html;q=0,application/xml", "x/y," * 500):
        yield _plain("parameters", _GOOD, right=frozenset({406}), headers={"Accept": accept})
