"""The example queries that come with the service: read from their files, and told as a graph of the release.

One file each in ``catalogue/queries``, and ``queries`` of the overlay. The comment that a file begins with is what is
known of the query besides its text: its first line is the title, then come lines that say what it is about, and lines
``question:``, ``keywords:`` and ``data:``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

import pyoxigraph
from rdflib import Literal, Namespace, URIRef

from catalogue.store.guard import Form, inspect
from catalogue.store.syntax import readable
from core.canonical import canonical_ntriples
from core.errors import InputError, QueryError, QueryForbidden
from core.identifiers import Identifiers
from core.terms import RDF, RDFS, SH, SKOS, XSD, new_graph
from ontology.turtle import layered

QUERIES = Path(__file__).parent / "queries"
#: Name of the graph that holds the examples.
GRAPH = "queries"

_SCHEMA = Namespace("https://schema.org/")
_KEYS = ("question", "keywords", "data")
_PROLOGUE = re.compile(
    r"""(?: \s+ | \#[^\r\n]* | PREFIX\s*[^\s:]*:\s*<[^>]*> | BASE\s*<[^>]*> | VERSION\s*(?:"[^"]*"|'[^']*') )*+""",
    re.IGNORECASE | re.VERBOSE,
)
_WORD = re.compile(r"\w+")
#: Form to the class and the property of SHACL for it; it has none for DESCRIBE.
_EXECUTABLES = {
    Form.SELECT: (SH.SPARQLSelectExecutable, SH.select),
    Form.ASK: (SH.SPARQLAskExecutable, SH.ask),
    Form.CONSTRUCT: (SH.SPARQLConstructExecutable, SH.construct),
}


@dataclass(frozen=True, slots=True)
class Example:
    """A query that comes with the service.

    ``question`` is its number among the questions that portal integrators ask, where it answers one; ``data`` says
    what descriptions must state for it to find anything, where many do not; ``head`` is how many lines of the file
    stand before it.
    """

    name: str
    title: str
    about: str
    query: str
    question: int | None = None
    keywords: tuple[str, ...] = ()
    data: str = ""
    head: int = 0

    @property
    def form(self) -> Form | None:
        """What kind of query it is; None where the text is no query."""
        found = _WORD.match(self.query, beginning(self.query))
        return next((form for form in Form if found and form == found.group().upper()), None)

    @property
    def in_place(self) -> str:
        """The query with empty lines for its head, so that whoever reads it names the lines of the file."""
        return "\n" * self.head + self.query


@lru_cache(maxsize=4)
def examples(overlay: Path | None = None) -> tuple[Example, ...]:
    """The shipped queries and those of an overlay, by the names of their files.

    A page must not fail for a file in the wrong encoding; :func:`examples_graph` refuses to publish it.
    """
    found = layered(QUERIES, overlay / "queries" if overlay else None, "*.rq")
    return tuple(read_example(path.stem, path.read_text(encoding="utf-8-sig", errors="replace")) for path in found)


def read_folder(folder: Path) -> tuple[Example, ...]:
    """The queries of a folder that a curator names, by the names of their files.

    Raises:
        InputError: there is no such folder, or a file is not UTF-8.
    """
    if not folder.is_dir():
        raise InputError("is no folder", where=str(folder), remedy="name a folder of example queries, *.rq")
    return tuple(_read(path) for path in sorted(folder.glob("*.rq")))


def _read(path: Path) -> Example:
    try:
        return read_example(path.stem, path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InputError(f"is not UTF-8: {error.reason}", where=str(path), remedy="save it as UTF-8") from None


def read_example(name: str, text: str) -> Example:
    """One query with the comment that it begins with."""
    lines = text.rstrip().splitlines()
    top = next((number for number, line in enumerate(lines) if line.strip()), 0)
    end = next((number for number in range(top, len(lines)) if not lines[number].lstrip().startswith("#")), len(lines))
    head = next((number for number in range(end, len(lines)) if lines[number].strip()), end)
    comments = [line.strip().lstrip("#").strip() for line in lines[top:end]]
    said: dict[str, str] = {}
    about = []
    for comment in comments[1:]:
        key, colon, value = comment.partition(":")
        if colon and key.lower() in _KEYS:
            said[key.lower()] = value.strip()
        elif comment:
            about.append(comment)
    number = said.get("question", "")
    return Example(
        name,
        comments[0] if comments else name,
        " ".join(about),
        "\n".join(lines[head:]).strip() + "\n",
        int(number) if number.isdecimal() else None,
        tuple(word.strip() for word in said.get("keywords", "").split(",") if word.strip()),
        said.get("data", ""),
        head,
    )


def beginning(query: str) -> int:
    """Where a query begins behind comments and declarations."""
    found = _PROLOGUE.match(query)
    return found.end() if found else 0


def prefixes_iri(identifiers: Identifiers) -> URIRef:
    """The node on which the prefixes of this endpoint are declared (``sh:declare``)."""
    return URIRef(f"{identifiers.base}/sparql#prefixes")


def examples_graph(found: Iterable[Example], identifiers: Identifiers) -> bytes:
    """The examples as ``sh:SPARQLExecutable``, in canonical N-Triples.

    Raises:
        InputError: a file holds no query, or one that is not SPARQL.
    """
    graph = new_graph()
    for example in found:
        _check(example, identifiers)
        subject = URIRef(f"{identifiers.graph(GRAPH)}#{quote(example.name, safe='-._~')}")
        for predicate, value in _statements(example, identifiers):
            graph.add((subject, predicate, value))
    return canonical_ntriples(graph)


def _check(example: Example, identifiers: Identifiers) -> None:
    """Ask a query of an empty store; one that calls a SERVICE is believed, because the engine would dial out.

    Raises:
        InputError: the guard or the engine refuses it.
    """
    where = f"queries/{example.name}.rq"
    if "\N{REPLACEMENT CHARACTER}" in example.title + example.about + example.query:
        raise InputError("is not UTF-8", where=where, remedy="save it as UTF-8")
    if example.form is None:
        raise InputError(
            "holds no SELECT, ASK, CONSTRUCT or DESCRIBE query",
            where=where,
            remedy="write a query there, or give the file another ending than .rq",
        )
    try:
        inspect(example.query)
        pyoxigraph.Store().query(example.in_place, base_iri=f"{identifiers.base}/sparql")
    except QueryForbidden:
        return
    except QueryError as error:
        raise InputError(error.message, where=where, remedy=error.remedy) from error
    except SyntaxError as error:
        raise InputError(f"is not SPARQL: {readable(str(error))}", where=where, remedy="correct it") from error


def _statements(example: Example, identifiers: Identifiers) -> Iterator[tuple[URIRef, URIRef | Literal]]:
    yield RDF.type, SH.SPARQLExecutable
    executable = _EXECUTABLES.get(example.form) if example.form else None
    if executable is not None:
        kind, text = executable
        yield RDF.type, kind
        yield text, Literal(example.query)
    else:
        yield RDF.value, Literal(example.query)
    yield SH.prefixes, prefixes_iri(identifiers)
    yield _SCHEMA.target, URIRef(f"{identifiers.base}/sparql")
    yield RDFS.label, Literal(example.title, lang="en")
    if example.about:
        yield RDFS.comment, Literal(example.about, lang="en")
    if example.data:
        yield SKOS.scopeNote, Literal(example.data, lang="en")
    if example.question is not None:
        yield _SCHEMA.position, Literal(str(example.question), datatype=XSD.integer)
    for keyword in example.keywords:
        yield _SCHEMA.keywords, Literal(keyword, lang="en")
