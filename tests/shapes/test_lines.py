"""Statements are found on the lines on which people see them, in the spellings people use."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import BNode, Literal, URIRef
from rdflib.compare import isomorphic

from core.terms import DCT, FOAF, RDF, XSD
from shapes import reader
from shapes.document import Document
from shapes.reader import parse_document, parse_rdf, read_document
from tests.shapes.conftest import EXAMPLES, ROOT

EX = "http://e/"
PREFIXES = "@prefix e: <http://e/> .\n@prefix dct: <http://purl.org/dc/terms/> .\n"


def _lines(text: str, suffix: str = ".ttl") -> dict[tuple[str, str], int | None]:
    """Line of each statement, by the local names of its property and value; blank nodes are called _."""
    document = parse_document(text.encode(), name="x", suffix=suffix)
    found = {}
    for s, p, o in document.graph:
        position = document.positions.find(s, p, o)
        found[_local(p), _local(o)] = position.line if position else None
    return found


def _local(term: object) -> str:
    return "_" if isinstance(term, BNode) else str(term).replace("#", "/").rpartition("/")[2]


TURTLE = {
    "a statement a line": ("e:a a e:D ;\n  dct:title 'one' ;\n  dct:extent 5 .\n", [3, 4, 5]),
    "marks on a line of their own": ("e:a a e:D\n;\n  dct:title 'one'\n;\n  dct:extent 5\n.\n", [3, 5, 7]),
    "marks first": ("e:a a e:D\n  ; dct:title 'one'\n  ; dct:extent 5\n  .\n", [3, 4, 5]),
    "a mark and then several": ("e:a a e:D\n  ; dct:title 'one' ; dct:extent 5\n  .\n", [3, 4, 4]),
    "comments between": ("e:a a e:D ;\n# ;\n dct:title 'one' # ;\n # 'two'\n ; dct:extent 5 . # .\n", [3, 5, 7]),
    "empty lines between": ("e:a a e:D ;\n\n dct:title 'one'\n\n\n ; dct:extent 5\n\n.\n", [3, 5, 8]),
    "a property above its value": ("e:a a e:D ;\n dct:title\n   'one' ;\n dct:extent\n 5 .\n", [3, 5, 7]),
    "Windows line ends": ("e:a a e:D ;\r\n  dct:title 'one'\r\n ;\r\n dct:extent 5 .\r\n", [3, 4, 6]),
    "all on one line": ("e:a a e:D ; dct:title 'one' ; dct:extent 5 .", [3, 3, 3]),
}


@pytest.mark.parametrize("name", TURTLE)
def test_turtle_in_the_usual_spellings(name: str) -> None:
    text, (kind, title, extent) = TURTLE[name]
    assert _lines(PREFIXES + text) == {("type", "D"): kind, ("title", "one"): title, ("extent", "5"): extent}


def test_values_of_one_property_on_lines_of_their_own() -> None:
    text = PREFIXES + "e:a dct:title 'one'@en ,\n 'two'\n , 'three'^^e:t ,\n e:four\n ,\n e:five .\n"
    assert list(dict(sorted(_lines(text).items(), key=lambda item: item[1] or 0)).items()) == [
        (("title", "one"), 3), (("title", "two"), 4), (("title", "three"), 5), (("title", "four"), 6),
        (("title", "five"), 8),
    ]  # fmt: skip


def test_a_text_of_several_lines_stands_where_it_begins() -> None:
    text = PREFIXES + "e:a e:p '''one\n# two\n; three''' ;\n e:q \"\"\"four\n\nfive\"\"\"\n ; e:r 'six\\nseven' .\n"
    assert {p: line for (p, _), line in _lines(text).items()} == {"p": 3, "q": 6, "r": 9}


def test_a_node_in_brackets_stands_where_its_bracket_opens() -> None:
    text = (
        PREFIXES
        + "e:a e:p [\n  a e:A ;\n  e:q [ e:r 'x'\n  ]\n] ;\n e:s [] ;\n e:l ( e:one\n e:two ) .\n_:b e:t _:c .\n"
    )
    found = _lines(text)
    assert {p: found[p, "_"] for p in ("p", "q", "s", "l", "t")} == {"p": 3, "q": 5, "s": 8, "l": 9, "t": 11}
    assert found["r", "x"] == 5 and found["type", "A"] == 4


def test_a_label_is_found_where_it_is_written_not_where_it_is_described() -> None:
    assert _lines(PREFIXES + "_:b e:q 'x' .\n\ne:a e:p _:b .\n") == {("q", "x"): 3, ("p", "_"): 5}


RDF_XML = """<?xml version="1.0"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
         xmlns:e="http://e/">
  <e:D rdf:about="http://e/a">
    <e:title>one</e:title>
    <e:text>
      two
    </e:text>
    <e:publisher>
      <e:Agent>
        <e:name>three</e:name>
      </e:Agent>
    </e:publisher>
    <e:page
        rdf:resource="http://e/four"
    />
    <e:part rdf:parseType="Resource">
      <e:size>5</e:size>
    </e:part>
  </e:D>
</rdf:RDF>
"""


def test_rdf_xml() -> None:
    found = {(p, o.strip()): line for (p, o), line in _lines(RDF_XML, ".rdf").items()}
    assert found == {
        ("type", "D"): 4, ("title", "one"): 5, ("text", "two"): 6, ("publisher", "_"): 9, ("type", "Agent"): 10,
        ("name", "three"): 11, ("page", "four"): 14, ("part", "_"): 17, ("size", "5"): 18,
    }  # fmt: skip


@pytest.mark.parametrize("suffix", [".nt", ".nq"])
def test_a_line_a_statement(suffix: str) -> None:
    graph = " <http://e/g>" if suffix == ".nq" else ""
    text = f'<http://e/a> <http://e/p> "one"{graph} .\n# note\n\n<http://e/a> <http://e/p> "two"{graph} .\n'
    assert _lines(text, suffix) == {("p", "one"): 1, ("p", "two"): 4}


def test_a_line_longer_than_the_parser_reads_at_once() -> None:
    text = "\n".join(f'<http://e/a> <http://e/p{n}> "{"x" * 5000}" .' for n in range(5))
    assert sorted(line or 0 for line in _lines(text, ".nt").values()) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.ttl")), ids=lambda path: path.stem)
def test_the_examples_show_each_statement_on_its_line(path: Path) -> None:
    document = read_document(path)
    assert document.text is not None and document.name == str(path)
    _check_shown(document)


@pytest.mark.parametrize("form", ["nt", "xml", "json-ld", "pretty-xml", "turtle", "longturtle"])
@pytest.mark.parametrize("name", ["dcat-ap-complete", "healthdcat-ap-restricted-complete"])
def test_other_syntaxes_show_each_statement_on_its_line(form: str, name: str) -> None:
    suffix = {"nt": ".nt", "json-ld": ".jsonld", "turtle": ".ttl", "longturtle": ".ttl"}.get(form, ".rdf")
    graph = read_document(EXAMPLES / f"{name}.ttl").graph
    graph.bind("xml", "http://www.w3.org/XML/1998/namespace")
    document = parse_document(graph.serialize(format=form).encode(), name="x", suffix=suffix)
    assert len(document.graph) == len(graph)
    _check_shown(document)


def _check_shown(document: Document) -> None:
    lines = (document.text or "").split("\n")
    for s, p, o in document.graph:
        position = document.positions.find(s, p, o)
        assert position is not None and position.line is not None
        line = lines[position.line - 1]
        shown = str(o)[:30] if isinstance(o, Literal) else _local(o)
        assert isinstance(o, BNode) or shown in line or _local(p) in line, (s, p, o, position.line, line)


def test_large_documents_are_read_without_positions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_LOCATED", 10)
    document = parse_document(b'<http://e/a> <http://e/p> "one" .', name="x", suffix=".nt")
    assert len(document.graph) == 1 and not document.positions


def test_the_graph_is_the_same_with_and_without_positions() -> None:
    for path in sorted(EXAMPLES.glob("*.ttl")):
        data = path.read_bytes()
        graph = parse_rdf(data, name="x", suffix=".ttl")
        assert isomorphic(parse_document(data, name="x", suffix=".ttl").graph, graph)


def test_terms_of_rdf_are_kept() -> None:
    document = parse_document(b"<http://e/a> a <http://e/D> .", name="x")
    assert document.positions.find(URIRef("http://e/a"), RDF.type) is not None
    assert document.positions.find(URIRef("http://e/a"), DCT.title) == document.positions.find(URIRef("http://e/a"))
    assert document.positions.find(FOAF.Agent) is None


_TOKEN = re.compile(r'"[^"]*"(?:@\w+|\^\^[\w:]+)?|<[^>]*>|[][;,]|\.(?=\s|$)|[^\s;,\]]+')


@given(st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_turtle_broken_anywhere_shows_each_value_on_its_line(random: Random) -> None:
    """A description whose line breaks and comments are strewn at random between its tokens."""
    text = (ROOT / "docs" / "validation" / "after.ttl").read_text(encoding="utf-8")
    tokens = [token for line in text.split("\n") if not line.startswith("#") for token in _TOKEN.findall(line)]
    breaks = [" ", "  ", "\n", "\n\n", " # ; ] . 'x'\n", "\r\n"]
    laid_out = "".join(token + random.choice(breaks) for token in tokens)
    document = parse_document(laid_out.encode(), name="x", suffix=".ttl")
    lines = laid_out.split("\n")
    for s, p, o in document.graph:
        position = document.positions.find(s, p, o)
        assert position is not None and position.line is not None
        if not isinstance(o, BNode):
            shown = f'"{o}"' if isinstance(o, Literal) and o.datatype != XSD.boolean else _local(o)
            assert shown in lines[position.line - 1], (s, p, o, lines[position.line - 1])
