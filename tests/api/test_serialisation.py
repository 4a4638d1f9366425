"""Serialisation: every format says the same, equal graphs give equal bytes, and readers that others use can read it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.compare import to_isomorphic

from api.negotiation import GRAPH_VARIANTS, HTML, JSONLD, NTRIPLES, RDFXML, TURTLE, Variant
from api.serialisation import serialise
from core.canonical import canonical_ntriples
from core.errors import DescriptionError
from core.terms import DCAT, DCT, RDF, XSD, new_graph

# rdflib's JSON-LD reader uses a class of rdflib that rdflib deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

READERS = {"ttl": "turtle", "nt": "nt", "rdf": "xml", "jsonld": "json-ld"}
NODE = URIRef("https://catalogue.example.org/dataset/idc/a%2Fb.c")


def read(data: bytes, variant: Variant) -> bytes:
    graph = Graph().parse(data=data, format=READERS[variant.name])
    return canonical_ntriples(graph)


iris = st.sampled_from(
    [
        NODE,
        URIRef("https://catalogue.example.org/dataset/idc/a#strata"),
        URIRef("https://w3id.org/radiograph/concept/cancer/NSCLC"),
        URIRef("http://purl.org/dc/terms/"),
        URIRef("http://purl.org/dc/terms/1-2.3"),
        URIRef("https://example.org/?a=b&c='d'"),
        URIRef("urn:x:ä"),
        URIRef("time:clash"),
        URIRef("mailto:someone@example.org"),
        DCAT.Dataset,
    ]
)
predicates = st.sampled_from(
    [DCT.title, DCT.type, RDF.type, URIRef("https://example.org/p-1.x"), URIRef("https://example.org/2ndName")]
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
xml_texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cn"], include_characters="\n\t\r<>&'\"]"), max_size=20
)


def literals(text: st.SearchStrategy[str]) -> st.SearchStrategy[Literal]:
    return st.one_of(
        st.builds(Literal, text),
        st.builds(lambda value: Literal(value, lang="pt-br"), text),
        st.builds(
            lambda value, datatype: Literal(value, datatype=datatype),
            text,
            st.sampled_from([XSD.date, XSD.integer, URIRef("https://example.org/type")]),
        ),
        st.sampled_from([Literal("007", datatype=XSD.integer), Literal("1.0", datatype=XSD.decimal)]),
    )


def graphs(text: st.SearchStrategy[str]) -> st.SearchStrategy[Graph]:
    def build(triples: list[tuple[URIRef, URIRef, URIRef | Literal]]) -> Graph:
        graph = new_graph()
        for triple in triples:
            graph.add(triple)
        return graph

    return st.lists(st.tuples(iris, predicates, st.one_of(iris, literals(text))), max_size=12).map(build)


@pytest.mark.parametrize("variant", [TURTLE, NTRIPLES, JSONLD], ids=lambda variant: variant.name)
@given(graph=graphs(texts))
def test_what_is_written_is_read_back(variant: Variant, graph: Graph) -> None:
    assert read(serialise(graph, variant), variant) == canonical_ntriples(graph)


@given(graph=graphs(xml_texts))
def test_rdf_xml_is_read_back_where_xml_can_say_it(graph: Graph) -> None:
    assert read(serialise(graph, RDFXML), RDFXML) == canonical_ntriples(graph)


@pytest.mark.parametrize("variant", GRAPH_VARIANTS, ids=lambda variant: variant.name)
@given(graph=graphs(xml_texts))
def test_a_second_reader_agrees(variant: Variant, graph: Graph) -> None:
    kind = pyoxigraph.RdfFormat.from_media_type(variant.media_type)
    parsed = pyoxigraph.parse(serialise(graph, variant), format=kind)
    lines = {f"{quad.subject} {quad.predicate} {quad.object} .\n" for quad in parsed}
    assert "".join(sorted(lines)).encode() == canonical_ntriples(graph)


def test_characters_that_xml_forbids_do_not_break_the_document() -> None:
    graph = new_graph()
    graph.add((NODE, DCT.title, Literal("a\x00\x01\x0b\ufffe\ud800b".encode("utf-8", "replace").decode())))
    text = ElementTree.fromstring(serialise(graph, RDFXML)).findtext(f".//{{{DCT}}}title")
    assert text is not None
    assert text.startswith("a\ufffd\ufffd")


def test_a_predicate_without_xml_name_is_left_out_of_rdf_xml_only() -> None:
    graph = new_graph()
    graph.add((NODE, URIRef("https://example.org/123"), Literal("x")))
    graph.add((NODE, DCT.title, Literal("kept")))
    document = serialise(graph, RDFXML)
    assert ElementTree.fromstring(document).findtext(f".//{{{DCT}}}title") == "kept"
    assert b"123" not in document
    assert b"123" in serialise(graph, TURTLE)


@pytest.mark.parametrize("variant", GRAPH_VARIANTS, ids=lambda variant: variant.name)
@given(st.permutations(range(6)))
def test_order_of_insertion_does_not_matter(variant: Variant, order: list[int]) -> None:
    triples = [
        (NODE, RDF.type, DCAT.Dataset),
        (NODE, DCT.title, Literal("b", lang="en")),
        (NODE, DCT.title, Literal("a")),
        (NODE, DCT.type, URIRef("https://example.org/t")),
        (URIRef("https://example.org/other"), URIRef("https://example.org/p"), NODE),
        (URIRef("https://example.org/other"), URIRef("https://example.net/p"), Literal("1", datatype=XSD.integer)),
    ]
    first, second = new_graph(), Graph()
    for triple in triples:
        first.add(triple)
    for index in order:
        second.add(triples[index])
    assert serialise(first, variant) == serialise(second, variant)


def test_bytes_do_not_depend_on_the_process() -> None:
    program = (
        "from rdflib import Literal, URIRef\n"
        "from api.negotiation import GRAPH_VARIANTS\n"
        "from api.serialisation import serialise\n"
        "from core.terms import PREFIXES, new_graph\n"
        "import hashlib\n"
        "graph = new_graph()\n"
        "for n, space in enumerate(PREFIXES.values()):\n"
        "    graph.add((URIRef('https://example.org/x'), space['p'], Literal(n)))\n"
        "print([hashlib.sha256(serialise(graph, v)).hexdigest() for v in GRAPH_VARIANTS])\n"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            cwd=Path(__file__).parents[2],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def test_turtle_is_short_and_keeps_lexical_forms() -> None:
    graph = new_graph()
    graph.add((NODE, RDF.type, DCAT.Dataset))
    graph.add((NODE, DCT.issued, Literal("007", datatype=XSD.integer)))
    assert serialise(graph, TURTLE).decode() == (
        "@prefix dcat: <http://www.w3.org/ns/dcat#> .\n"
        "@prefix dct: <http://purl.org/dc/terms/> .\n"
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"
        "\n"
        "<https://catalogue.example.org/dataset/idc/a%2Fb.c>\n"
        "    a dcat:Dataset ;\n"
        '    dct:issued "007"^^xsd:integer .\n'
    )


def test_an_empty_graph_is_a_document_too() -> None:
    for variant in GRAPH_VARIANTS:
        assert to_isomorphic(Graph().parse(data=serialise(new_graph(), variant), format=READERS[variant.name])) == (
            to_isomorphic(Graph())
        )


def test_blank_nodes_are_refused() -> None:
    graph = new_graph()
    graph.add((BNode(), DCT.title, Literal("x")))
    with pytest.raises(DescriptionError, match="blank node"):
        serialise(graph, TURTLE)


def test_only_rdf_formats_are_written() -> None:
    with pytest.raises(ValueError, match="text/html"):
        serialise(new_graph(), HTML)
