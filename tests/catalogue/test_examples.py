"""The example queries: how their files are read, and what the release says of them."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph
import pytest

from catalogue.examples import QUERIES, Example, examples, examples_graph, prefixes_iri, read_example, read_folder
from catalogue.store.guard import Form, inspect
from core.errors import InputError
from core.identifiers import Identifiers

IDENTIFIERS = Identifiers("https://catalogue.example.org/x")
TEXT = """# Datasets of the clinic
# All of them,
# newest first.
# question: 7
# keywords: clinic, datasets ,
# data: datasets with a date: of issue

PREFIX dct: <http://purl.org/dc/terms/>

# A comment of the query itself stays.
SELECT ?d WHERE { ?d dct:issued ?date }
"""


def test_the_head_of_a_file_says_what_the_query_is() -> None:
    example = read_example("clinic", TEXT)
    assert (example.title, example.about) == ("Datasets of the clinic", "All of them, newest first.")
    assert (example.question, example.keywords) == (7, ("clinic", "datasets"))
    assert example.data == "datasets with a date: of issue"
    assert example.in_place.splitlines()[7:] == TEXT.splitlines()[7:] and example.head == 7
    assert example.query.startswith("PREFIX") and "# A comment of the query itself stays." in example.query


def test_a_file_without_a_head_is_called_by_its_name() -> None:
    example = read_example("plain", "ASK {}")
    assert example == Example("plain", "plain", "", "ASK {}\n")


@pytest.mark.parametrize(
    ("query", "form"),
    [
        ("# select\nPREFIX a: <urn:a#ask> BASE <urn:b> construct { } where { }", Form.CONSTRUCT),
        ("prefix : <urn:a>\nASK { }", Form.ASK),
        ("version '1.2' ASK { }", Form.ASK),
        ("PREFIX a:<urn:a>SELECT * {}", Form.SELECT),
        ("DESCRIBE <urn:a>", Form.DESCRIBE),
        ("INSERT DATA { }", None),
        ("", None),
    ],
)
def test_the_form_of_a_query_is_seen_past_prefixes_and_comments(query: str, form: Form | None) -> None:
    assert Example("x", "x", "", query).form is form


@pytest.mark.parametrize("example", examples(), ids=lambda example: example.name)
def test_a_shipped_query_may_be_asked_and_says_what_it_is(example: Example) -> None:
    facts = inspect(example.query)
    assert facts.form is example.form
    assert facts.repeatable
    assert example.title and example.about and example.keywords
    assert not example.title.endswith(".") and example.about.endswith(".")


@pytest.mark.parametrize("path", sorted(QUERIES.glob("*.rq")), ids=lambda path: path.stem)
def test_clients_that_look_for_words_take_a_whole_file_for_what_it_is(path: Path) -> None:
    """SPARQLWrapper takes some words of a comment for the kind of the query."""
    from SPARQLWrapper import SPARQLWrapper

    text = path.read_text(encoding="utf-8")
    wrapper = SPARQLWrapper("http://127.0.0.1/")
    wrapper.setQuery(text)
    assert wrapper.queryType == read_example(path.stem, text).form


def test_every_question_of_the_portals_has_one_query() -> None:
    assert sorted(one.question for one in examples() if one.question) == list(range(1, 21))


def test_an_overlay_adds_queries_and_replaces_them(tmp_path: Path) -> None:
    shipped = examples()
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / f"{shipped[0].name}.rq").write_text("# Ours instead\nASK {}", encoding="utf-8")
    (tmp_path / "queries" / "99-own.rq").write_text("# Our own\nASK {}", encoding="utf-8")
    offered = examples(tmp_path)
    assert [one.name for one in offered] == [*(one.name for one in shipped), "99-own"]
    assert offered[0].title == "Ours instead"


def test_a_file_that_is_not_utf_8_is_shown_and_not_published(tmp_path: Path) -> None:
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "99-own.rq").write_bytes(b"# M\xfcnchen\nASK {}")
    (own,) = (one for one in examples(tmp_path) if one.name == "99-own")
    assert own.form is Form.ASK
    with pytest.raises(InputError, match=r"queries/99-own\.rq: is not UTF-8"):
        examples_graph([own], IDENTIFIERS)
    with pytest.raises(InputError, match=r"99-own\.rq: is not UTF-8"):
        read_folder(tmp_path / "queries")


def test_the_graph_says_of_each_query_all_that_is_known() -> None:
    found = [read_example("clinic", TEXT), Example("ask me", "Is there any", "", "ASK {}\n"), *examples()]
    store = pyoxigraph.Store()
    store.load(examples_graph(found, IDENTIFIERS), format=pyoxigraph.RdfFormat.N_TRIPLES)
    rows = store.query("""
        PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>
        PREFIX schema: <https://schema.org/>
        PREFIX sh: <http://www.w3.org/ns/shacl#>
        PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        SELECT * WHERE {
          <https://catalogue.example.org/x/graph/queries#clinic> a sh:SPARQLExecutable, sh:SPARQLSelectExecutable ;
            sh:select ?query ; sh:prefixes ?prefixes ; schema:target ?target ; schema:position ?question ;
            rdfs:label ?label ; rdfs:comment ?about ; skos:scopeNote ?data ; schema:keywords ?keyword .
        }""")
    assert isinstance(rows, pyoxigraph.QuerySolutions)
    told = [{variable.value: row[variable].value for variable in rows.variables} for row in rows]
    assert {row.pop("keyword") for row in told} == {"clinic", "datasets"}
    clinic = found[0]
    assert (
        told[0]
        == told[1]
        == {
            "query": clinic.query,
            "prefixes": str(prefixes_iri(IDENTIFIERS)),
            "target": "https://catalogue.example.org/x/sparql",
            "question": "7",
            "label": clinic.title,
            "about": clinic.about,
            "data": clinic.data,
        }
    )
    node = "https://catalogue.example.org/x/graph/queries#ask%20me"
    asked = store.query(f"ASK {{ <{node}> <http://www.w3.org/ns/shacl#ask> 'ASK {{}}\\n' }}")
    assert bool(asked)


def test_a_file_that_holds_no_query_is_told_by_its_name() -> None:
    with pytest.raises(InputError, match=r"queries/broken\.rq: holds no"):
        examples_graph([read_example("broken", "# Broken\nINSERT DATA { }")], IDENTIFIERS)


@pytest.mark.parametrize(("query", "problem"), [("SELECT * { ?s", "is not SPARQL"), ("{" * 500, "holds no")])
def test_a_query_that_is_not_sparql_is_not_published(query: str, problem: str) -> None:
    with pytest.raises(InputError, match=rf"queries/mine\.rq: {problem}"):
        examples_graph([read_example("mine", f"# Mine\n{query}")], IDENTIFIERS)
