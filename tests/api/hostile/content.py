"""Documents that are RDF, and are made to do harm by what they say."""

from __future__ import annotations

from collections.abc import Iterator

from tests.api.hostile.request import (
    BARREN,
    HEAD,
    JSON,
    JUDGED,
    LISTENER,
    NQ,
    NT,
    RDF,
    TRIG,
    TURTLE,
    XML,
    Hostile,
    dataset,
    plain,
)


def cycles() -> Iterator[Hostile]:
    rest = b"_:a rdf:first 1 ; rdf:rest %b .\n"
    for theme in (b"dcat:theme", b"dct:creator", b"dcat:distribution", b"dct:language"):
        start = dataset(theme + b" _:a")
        yield plain("cyclic lists", start + rest % b"_:a", right=JUDGED)
        yield plain("cyclic lists", start + rest % b"_:b" + b"_:b rdf:first 2 ; rdf:rest _:a .", right=JUDGED)
        yield plain("cyclic lists", start + rest % b"_:b, _:a, () , 7" + b"_:b rdf:rest _:b .", right=JUDGED)
        yield plain("cyclic blank nodes", start + b"_:a <a:p> _:a .", right=JUDGED)
        yield plain("cyclic blank nodes", start + b"_:a <a:p> _:b . _:b <a:p> _:c . _:c <a:p> _:a .", right=JUDGED)
        ring = b"".join(b"_:a%d <a:p> _:a%d .\n" % (n, (n + 1) % 3000) for n in range(3000))
        yield plain("cyclic blank nodes", start + b"_:a <a:p> _:a0 .\n" + ring, right=JUDGED)
        clique = b"".join(b"_:a <a:p> _:n%d . _:n%d <a:p> _:n%d .\n" % (i, i, j) for i in range(40) for j in range(40))
        yield plain("cyclic blank nodes", start + clique, right=JUDGED)
        itself = b"<https://example.org/d> %b <https://example.org/d> ." % theme
        yield plain("cyclic blank nodes", start + itself, right=JUDGED)


def iris() -> Iterator[Hostile]:
    broken = (
        *(b"<>", b"<a b>", b"<\\u0000>", b"<\\uD800>", b"<\\U00110000>", b"<http://[::1>", b"<http://x:y:z/>", b"<%>"),
        *(b"<http://x/%zz>", b"<http://x/{y}>", b"<http://x/|>", b"<http://x/\\>", b'<http://x/">', b"<http://x/^`>"),
        *(b"<//x>", b"<:>", b"<1:2>", b"<http://\xc3\x28/>", b"<http://x/\x01>", b"<http://x/\n>", b"<http://x/"),
        *(b"<http://" + b"x" * 1_000_000 + b">", b"<" + b"a" * 1_000_000 + b":b>", b"<javascript:alert(1)>"),
        *(b"<data:text/html,<b>>", b"<file:///etc/passwd>", b"<urn:>", b"<http:>", b"<http://x/\xe2\x80\xae>"),
    )
    for iri in broken:
        yield plain("invalid IRIs", dataset(b"dcat:theme " + iri), right=JUDGED)
        yield plain("invalid IRIs", HEAD + iri + b" a dcat:Dataset .", right=JUDGED)


def huge() -> Iterator[Hostile]:
    for size in (1_000_000, 9_000_000):
        text = b"x" * size
        yield plain("huge terms", dataset(b'dct:title "' + text + b'"@en'), right=JUDGED)
        yield plain("huge terms", dataset(b'dct:title "x"@' + text), right=JUDGED)
        yield plain("huge terms", dataset(b"dcat:theme <a:" + text + b">"), right=JUDGED)
        yield plain("huge terms", dataset(b'dct:title """' + b"\n" * size + b'"""'), right=JUDGED)
        yield plain("huge terms", b'{"@type":"http://www.w3.org/ns/dcat#Dataset","a:b":"' + text + b'"}', JSON, JUDGED)
        yield plain(
            "huge terms", b'{"@type":"http://www.w3.org/ns/dcat#Dataset","a:b":1' + b"0" * size + b"}", JSON, JUDGED
        )


def many() -> Iterator[Hostile]:
    numbers = ",".join(map(str, range(1_000_000))).encode()
    yield plain("many", dataset(b"<a:p> " + numbers), right=JUDGED)
    yield plain("many", b"<a:s> <a:p> " + numbers + b" .", right=frozenset({413, 422}))
    lines = b"".join(b"<a:%d> <a:p> <a:o> .\n" % n for n in range(400_000))
    yield plain("many", lines, NT, frozenset({413, 422}))
    yield plain("many", HEAD + b"".join(b"<a:%d> a dcat:Dataset .\n" % n for n in range(100_000)), right=JUDGED)
    yield plain("many", HEAD + b"".join(b"[] a dcat:Dataset .\n" for _ in range(20_000)), right=JUDGED)
    yield plain(
        "many", dataset(b"dcat:distribution " + b",".join([b"[ a dcat:Distribution ]"] * 100_000)), right=JUDGED
    )
    yield plain(
        "many", b"[" + b",".join([b'{"@type":"http://www.w3.org/ns/dcat#Dataset"}'] * 100_000) + b"]", JSON, JUDGED
    )
    yield plain("many", b'{"a":{}' + b"".join(b',"a%d":{}' % n for n in range(500_000)) + b"}", JSON, JUDGED)
    yield plain("many", b"GRAPH <a:g> {} " * 300_000, TRIG, frozenset({413, 422}))
    attributes = " ".join(f'dct:a{n}="x"' for n in range(300_000))
    yield plain("many", (RDF + f"<dcat:Dataset {attributes}/></rdf:RDF>").encode(), XML, JUDGED)


def triple_terms() -> Iterator[Hostile]:
    for depth in (1, 2, 50, 101, 5_000, 100_000):
        quoted = b"<< <a:a> <a:b> " * depth + b"<a:c>" + b" >>" * depth
        for media_type in (TURTLE, TRIG, NT, NQ):
            yield plain("triple terms", quoted + b" <a:p> <a:o> .", media_type, BARREN)
        yield plain(
            "triple terms", dataset(b"<a:p> " + b"<<( <a:a> <a:b> " * depth + b"1" + b" )>>" * depth), right=JUDGED
        )
    yield plain("triple terms", dataset(b"<a:p> 1 {| <a:q> 2 |}"), right=JUDGED)


def languages() -> Iterator[Hostile]:
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
        yield plain("languages", dataset(f'dct:title "x"@{tag}'.encode()), right=JUDGED)
    many = ", ".join(f'"x"@x-{number}' for number in range(20_000))
    yield plain("languages", dataset(f"dct:title {many}".encode()), right=JUDGED)


def instructions() -> Iterator[Hostile]:
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
        yield plain(
            "instructions", dataset(b"owl:imports <a:b>").replace(b"owl:imports", b"<a:i>") + statement, right=JUDGED
        )
        yield plain("instructions", HEAD + statement, right=BARREN)
    target = LISTENER.encode()
    for use in (b"dct:conformsTo <%b/p>", b"dct:license <%b/l>", b"dcat:theme <%b/t>", b"dct:publisher <%b/a>"):
        yield plain("instructions", dataset(use % target), right=JUDGED)


def literals() -> Iterator[Hostile]:
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
            yield plain("literals", dataset(f'{field_} "{value}"^^{datatype}'.encode()), right=JUDGED)


def patterns() -> Iterator[Hostile]:
    for value in (
        "a" * 50_000 + "!",
        "http://" + "a." * 30_000,
        "mailto:" + "a" * 50_000 + "@",
        "1-" * 30_000,
        " " * 50_000,
    ):
        for field_ in ("dct:identifier", "dct:language", "dct:issued", "dcat:landingPage"):
            yield plain("patterns", dataset(f'{field_} "{value}"'.encode()), right=JUDGED)
