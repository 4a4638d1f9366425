"""Files as people really hand them in, and files made to do harm: one readable line each, no crash, no network."""

from __future__ import annotations

import socket
import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.terms import DCT
from shapes import reader
from shapes.reader import parse_rdf, read_rdf
from tests.shapes.conftest import DATASET

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dct="http://purl.org/dc/terms/"'
SAME = {
    ".ttl": f'<{DATASET}> <http://purl.org/dc/terms/title> "Café"@fr .',
    ".nt": f'<{DATASET}> <http://purl.org/dc/terms/title> "Caf\\u00E9"@fr .',
    ".nq": f'<{DATASET}> <http://purl.org/dc/terms/title> "Café"@fr <http://example.org/g> .',
    ".trig": f'<http://example.org/g> {{ <{DATASET}> <http://purl.org/dc/terms/title> "Café"@fr . }}',
    ".rdf": f'<rdf:RDF {RDF}><rdf:Description rdf:about="{DATASET}">'
    '<dct:title xml:lang="fr">Café</dct:title></rdf:Description></rdf:RDF>',
    ".jsonld": f'{{"@id": "{DATASET}", "http://purl.org/dc/terms/title": {{"@value": "Café", "@language": "fr"}}}}',
}


@pytest.mark.parametrize("suffix", SAME)
@pytest.mark.parametrize("known", [True, False], ids=["by suffix", "by content"])
def test_every_format_says_the_same(suffix: str, known: bool) -> None:
    """N-Quads begin like N-Triples, so their suffix has to be told."""
    graph = parse_rdf(SAME[suffix].encode(), name="x", suffix=suffix if known or suffix == ".nq" else "")
    assert [str(o) for o in graph.objects(DATASET, DCT.title)] == ["Café"]
    assert len(graph) == 1


def test_the_media_type_comes_before_the_content() -> None:
    graph = parse_rdf(SAME[".jsonld"].encode(), name="x", media_type="application/ld+json; charset=utf-8")
    assert len(graph) == 1
    with pytest.raises(InputError, match="not Turtle"):
        parse_rdf(SAME[".jsonld"].encode(), name="x", media_type="text/turtle")


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert len(parse_rdf(b"\xef\xbb\xbf" + SAME[".ttl"].encode(), name="x", suffix=".ttl")) == 1


def test_literals_stay_as_they_were_written() -> None:
    graph = parse_rdf(b"<http://e/a> <http://e/p> 007 .", name="x")
    assert [str(o) for o in graph.objects()] == ["007"]


def _nested_entities() -> str:
    names = "abcdefghij"
    entities = "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in pairwise(names))
    return f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha">\n{entities}]><rdf:RDF {RDF}>&j;</rdf:RDF>'


_DEEP_CONTEXT = b'{"@context":' + b'{"a":{"@id":"http://x","@context":' * 300 + b"{}" + b"}}" * 300 + b"}"
_TRIPLE_TERM = b"<http://e/a> <http://e/p> <<( <http://e/a> <http://e/p> 1 )>> ."
_DEEP_TRIPLE_TERMS = b"<http://e/a> <http://e/p> " + b"<<( <http://e/a> <http://e/p> " * 50_000
HOSTILE = {
    "empty": ("x.ttl", b"", r"x\.ttl: the document is empty"),
    "blank": ("x.ttl", b"\n \n", "the document is empty"),
    "prose": ("x.txt", b"Dear colleague,\nplease find attached", r"x\.txt:1: not TriG"),
    "html": ("x.html", b"<!DOCTYPE html>\n<html><body>hi<br></body></html>", r"x\.html:2: not XML: mismatched tag"),
    "cut off": ("x.ttl", b'<http://e/a> <http://e/p> "b" ;\n\n', r"x\.ttl:3: not Turtle"),
    "wrong line": ("x.ttl", b"<http://e/a> <http://e/p> 1 .\n<http://e/a> oops 1 .\n", r"x\.ttl:2: not Turtle"),
    "relative": ("x.ttl", b"<#a> <http://e/p> 1 .", r"x\.ttl:1: not Turtle.*write the IRI in full, or declare a base"),
    "latin-1": ("x.ttl", 'a\n"café"'.encode("latin-1"), r"x\.ttl:2: byte 0xe9 is not UTF-8.*save the file as UTF-8"),
    "utf-16": ("x.ttl", "<http://e/a>".encode("utf-16"), r"x\.ttl:1: byte 0xff is not UTF-8"),
    "zip": ("x.ttl", b"PK\x03\x04\xff\xfe\x00", "is not UTF-8"),
    "bad json": ("x.jsonld", b'{"@id": "http://e/a",\n "x" 1}', r"x\.jsonld:2: not JSON"),
    "remote context": ("x.jsonld", b'{"@context": "https://e.org/c"}', "context https://e.org/c would have"),
    "remote in list": ("x.jsonld", b'[{"a": {"@context": [{}, "https://e.org/c"]}}]', "would have to be fetched"),
    "remote import": ("x.jsonld", b'{"@context": {"@import": "https://e.org/c"}}', "would have to be fetched"),
    "deep arrays": ("x.jsonld", b"[" * 200_000 + b"]" * 200_000, "nests deeper"),
    "deep objects": ("x.jsonld", b'{"http://e/p":' * 500 + b"1" + b"}" * 500, "nests deeper than 100 levels"),
    "deep context": ("x.jsonld", _DEEP_CONTEXT, "nests"),
    "deep triple terms": ("x.ttl", _DEEP_TRIPLE_TERMS, "triple terms"),
    "triple term": ("x.ttl", _TRIPLE_TERM, "without triple terms"),
    "deep xml": ("x.rdf", f"<rdf:RDF {RDF}>".encode() + b"<rdf:Description><dct:relation>" * 100_000, "nests deeper"),
    "billion laughs": ("x.rdf", _nested_entities().encode(), r"x\.rdf:2: the XML entity 'b' stands for another entity"),
    "external entity": (
        "x.rdf",
        f'<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]><rdf:RDF {RDF}>&a;</rdf:RDF>'.encode(),
        "the XML entity 'a'",
    ),
    "long entity": ("x.rdf", f'<!DOCTYPE r [<!ENTITY a "{"x" * 999}">]><a/>'.encode(), "the XML entity 'a'"),
    "broken xml": ("x.rdf", f"<rdf:RDF {RDF}>\n<a></rdf:RDF>".encode(), r"x\.rdf:2: not XML"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_bad_files_are_refused_in_one_line(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, content, message = HOSTILE[name]
    monkeypatch.setattr(socket, "socket", _no_network)
    monkeypatch.chdir(tmp_path)
    Path(file).write_bytes(content)
    started = time.monotonic()
    with pytest.raises(InputError, match=message) as caught:
        read_rdf(Path(file))
    assert time.monotonic() - started < 5
    assert caught.value.remedy and "\n" not in str(caught.value) and len(str(caught.value)) < 400


def _no_network(*arguments: object, **more: object) -> None:
    raise AssertionError("a document was fetched")


def test_entities_that_only_abbreviate_are_welcome() -> None:
    text = f'<!DOCTYPE r [<!ENTITY ex "http://e/">]><rdf:RDF {RDF}><rdf:Description rdf:about="&ex;a"/></rdf:RDF>'
    assert len(parse_rdf(text.encode(), name="x", suffix=".rdf")) == 0


def test_a_file_that_is_too_large_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "big.ttl"
    with path.open("wb") as file:
        file.truncate(60_000_000)
    with pytest.raises(InputError, match=r"60 MB; at most 52 MB are accepted \(split it"):
        read_rdf(path)


def test_a_document_that_is_too_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 10)
    with pytest.raises(InputError, match="are accepted"):
        parse_rdf(b"x" * 11, name="x")


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.ttl", tmp_path):
        with pytest.raises(InputError, match=str(path)):
            read_rdf(path)


@given(st.binary(max_size=300), st.sampled_from(["", ".ttl", ".rdf", ".jsonld", ".nq", ".trig"]))
def test_whatever_comes_is_read_or_refused(data: bytes, suffix: str) -> None:
    try:
        parse_rdf(data, name="x", suffix=suffix)
    except InputError as error:
        assert error.remedy
