"""The published contexts: one name a term, one term a name, and the coercions that the profiles want."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pyoxigraph
import pytest
from rdflib import Graph, URIRef
from rdflib.term import Node

from core.errors import VocabularyError
from core.terms import CV, DCAT, PREFIXES, RADIOGRAPH, RDF, SH, XSD
from ontology import contexts as module
from ontology.contexts import Context, contexts, known_context, with_known_contexts
from ontology.vocabulary import HERE
from shapes.profiles import Profiles

# rdflib's JSON-LD reader uses a class of rdflib that rdflib deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

NAMES = ("eucaim-2.0", "healthdcat-ap-8", "radiograph")
#: Older names, which lifting rewrites.
DEPRECATED = {"http://purl.org/dc/terms/hasVersion", "http://purl.org/dc/terms/isVersionOf"}


def paths(profile: str) -> dict[str, set[Node]]:
    """The properties that the shapes of a profile speak of, with their datatypes and node kinds."""
    profiles, found = Profiles.load(), defaultdict[str, set[Node]](set)
    for ancestor in profiles.lineage(profile):
        for name in ancestor.files():
            graph = profiles.files[name].graph
            for shape, path in graph.subject_objects(SH.path):
                if isinstance(path, URIRef):
                    found[str(path)] |= {*graph.objects(shape, SH.datatype), *graph.objects(shape, SH.nodeKind)}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_names_are_unambiguous(name: str) -> None:
    context = contexts()[name]
    stated = [d["@id"] if isinstance(d, dict) else d for n, d in context.definitions.items() if not n.startswith("@")]
    assert len(stated) == len(set(stated)), "two names for one term"
    assert len({n.casefold() for n in context.definitions}) == len(context.definitions) - _same_but_for_case(context)
    keys = [key for key, _ in json.loads(context.document, object_pairs_hook=lambda pairs: pairs)[0][1]]
    assert len(keys) == len(set(keys)), "a name is defined twice"


def _same_but_for_case(context: Context) -> int:
    """Classes whose property is called the same: Dataset and dataset."""
    classes = {name.casefold() for name in context.classes.values()}
    return sum(term.name.casefold() in classes for term in context.properties.values())


def test_the_two_models_of_contacts_are_told_apart() -> None:
    for context in contexts().values():
        assert context.properties[str(DCAT.contactPoint)].name == "contactPoint"
        assert context.properties[str(CV.contactPoint)].name == "agentContactPoint"


@pytest.mark.parametrize(
    ("name", "profile"), [("healthdcat-ap-8", "healthdcat-ap"), ("eucaim-2.0", "eucaim"), ("radiograph", "radiograph")]
)
def test_every_property_of_the_profile_has_a_name_and_its_coercion(name: str, profile: str) -> None:
    properties = contexts()[name].properties
    for path, kinds in paths(profile).items():
        if path == str(RDF.type) or path in DEPRECATED:
            continue
        assert path in properties, path
        term = properties[path]
        datatypes = {str(kind) for kind in kinds if str(kind).startswith(str(XSD)) and kind != XSD.string}
        if datatypes:
            assert term.datatype in datatypes, path
        elif kinds & {SH.IRI, SH.BlankNodeOrIRI}:
            assert term.datatype == "@id", path
        elif SH.Literal in kinds:
            assert term.datatype != "@id", path


def test_a_profile_has_its_own_terms_only() -> None:
    def namespaces(name: str) -> set[str]:
        return {iri.rpartition("#")[0] for iri in contexts()[name].properties}

    eucaim, radiograph = str(PREFIXES["eucaim"]).rstrip("#"), str(RADIOGRAPH).rstrip("#")
    assert eucaim in namespaces("eucaim-2.0") and eucaim not in namespaces("healthdcat-ap-8")
    assert {eucaim, radiograph} <= namespaces("radiograph")
    assert "hdabCoordinator" not in contexts()["eucaim-2.0"].definitions, "EUCAIM 2.0 builds on Release 7"


def test_what_the_contexts_share_they_define_alike() -> None:
    everything = contexts()["radiograph"].definitions
    for name in NAMES[:2]:
        assert dict(contexts()[name].definitions).items() <= dict(everything).items()


def test_prefixes_are_those_of_the_project() -> None:
    for context in contexts().values():
        for prefix, iri in context.prefixes.items():
            assert str(PREFIXES.get(prefix, iri)) == iri


def test_terms_of_our_ontology_have_the_range_it_states() -> None:
    ontology = Graph().parse(HERE / "radiograph.ttl")
    properties = contexts()["radiograph"].properties
    for kind, link in (("ObjectProperty", True), ("DatatypeProperty", False)):
        for iri in ontology.subjects(RDF.type, URIRef(f"http://www.w3.org/2002/07/owl#{kind}")):
            if str(iri) in properties:
                assert (properties[str(iri)].datatype == "@id") is link, iri


@pytest.mark.parametrize("name", NAMES)
def test_both_processors_read_every_name(name: str) -> None:
    context = contexts()[name]
    node: dict[str, object] = {"@context": dict(context.definitions), "@id": "https://example.org/x"}
    node["@type"] = sorted(context.classes.values())
    for known in context.properties.values():
        node[known.name] = {"en": "text"} if known.languages else "https://example.org/value"
    text = json.dumps(node)
    parsed = list(pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.JSON_LD))
    assert {quad.predicate.value for quad in parsed} == {str(RDF.type), *context.properties}
    assert {q.object.value for q in parsed if q.predicate.value == str(RDF.type)} == set(context.classes)
    for quad in parsed:
        term = context.properties.get(quad.predicate.value)
        if term is not None:
            assert isinstance(quad.object, pyoxigraph.NamedNode) == (term.datatype == "@id")
            if isinstance(quad.object, pyoxigraph.Literal):
                assert bool(quad.object.language) == term.languages
                if term.datatype:
                    assert quad.object.datatype.value == term.datatype
    graph = Graph().parse(data=text, format="json-ld")
    assert {str(predicate) for predicate in graph.predicates()} == {str(RDF.type), *context.properties}


@pytest.mark.parametrize(
    "address",
    [
        "https://radiograph.example.org/context/radiograph.jsonld",
        "http://127.0.0.1:8000/some/path/context/eucaim-2.0.jsonld",
        "/context/healthdcat-ap-8.jsonld",
    ],
)
def test_ours_are_known_on_any_host(address: str) -> None:
    assert known_context(address)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/context/other.jsonld",
        "https://example.org/radiograph.jsonld",
        "file:///context/radiograph.jsonld",
        "https://example.org/context/radiograph.jsonld?x",
        "https://example.org/context/../radiograph.jsonld",
        "https://schema.org",
    ],
)
def test_others_are_not(address: str) -> None:
    assert known_context(address) is None


def test_known_contexts_are_written_out() -> None:
    text = json.dumps({"a": [{"@context": ["https://x.example/context/radiograph.jsonld", {"b": "urn:b"}]}]})
    (inner,) = json.loads(with_known_contexts(text))["a"]
    assert inner["@context"] == [dict(contexts()["radiograph"].definitions), {"b": "urn:b"}]
    plain = '{"@context": {"x": "https://x.example/context/"}}'
    assert with_known_contexts(plain) is plain


def test_a_broken_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.jsonld").write_text("{}")
    monkeypatch.setattr(module, "_HERE", tmp_path)
    contexts.cache_clear()
    try:
        with pytest.raises(VocabularyError, match=r"x\.jsonld"):
            contexts()
    finally:
        monkeypatch.undo()
        contexts.cache_clear()
