"""Canonical form of one description: no blank nodes, sorted N-Triples, literals exactly as validated.

The ledger keeps these bytes, their hash tells whether anything changed, and feeds serve them: harvesters
hash what they get, so equal content must be equal bytes. RDFC-1.0 is not used because its numbering of an
untouched blank node moves when a neighbour changes; here a node's IRI depends on its owner, its path from
the owner and its own content only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator

import pyoxigraph
from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from core.errors import DescriptionError
from core.terms import RDF, new_graph

#: A description larger than this many triples is refused: it is a catalogue, or an attack.
MAX_TRIPLES = 50_000
#: Blank nodes nested deeper than this are refused.
MAX_DEPTH = 64
#: Positions in a list are written with this many digits, so that their order as text is their order as numbers: nodes
#: are then met first by their smallest path, and none is walked again.
_DIGITS = len(str(MAX_TRIPLES))


def canonical_ntriples(graph: Iterable[tuple[Node, Node, Node]]) -> bytes:
    """Return the sorted N-Triples of a graph, or of its statements, without blank nodes, one triple a line, UTF-8.

    Raises:
        DescriptionError: the graph has a blank node (skolemise first) or an IRI or literal that RDF forbids.
    """
    return "".join(sorted({f"{_triple(*triple)} .\n" for triple in graph})).encode()


def content_hash(ntriples: bytes) -> str:
    """The SHA-256 of canonical N-Triples, in hexadecimal."""
    return hashlib.sha256(ntriples).hexdigest()


def parse_ntriples(ntriples: bytes) -> Graph:
    """Read canonical N-Triples back, datatypes and lexical forms untouched."""
    graph = new_graph()
    for triple in pyoxigraph.parse(ntriples, format=pyoxigraph.RdfFormat.N_TRIPLES):
        graph.add((from_oxigraph(triple.subject), from_oxigraph(triple.predicate), from_oxigraph(triple.object)))
    return graph


def select_statements(
    ntriples: bytes, predicates: Collection[str]
) -> Iterator[tuple[str, str, pyoxigraph.NamedNode | pyoxigraph.Literal]]:
    """Yield subject, predicate and object of the statements with one of ``predicates``; no other line is parsed.

    ``ntriples`` is canonical: its subjects are IRIs, so the second field of a line is always the predicate.
    """
    wanted = {f"<{predicate}>".encode() for predicate in predicates}
    lines = [line for line in ntriples.split(b"\n") if line and line.split(b" ", 2)[1] in wanted]
    for triple in pyoxigraph.parse(b"\n".join(lines), format=pyoxigraph.RdfFormat.N_TRIPLES):
        subject, value = triple.subject, triple.object
        if isinstance(subject, pyoxigraph.NamedNode) and isinstance(value, pyoxigraph.NamedNode | pyoxigraph.Literal):
            yield subject.value, triple.predicate.value, value


def skolemise(graph: Graph, owner: URIRef) -> Graph:
    """Return a copy of ``graph`` in which every blank node has the name that :func:`skolem_names` gives it.

    Raises:
        DescriptionError: blank nodes form a cycle, nest too deeply, hang loose, or the graph is too large.
    """
    names = skolem_names(graph, owner)
    result = new_graph()
    for s, p, o in graph:
        result.add((names.get(s, s), p, names.get(o, o)))
    return result


def skolem_names(graph: Graph, owner: URIRef) -> dict[Node, URIRef]:
    """Name every blank node of ``graph`` ``{owner}#node-{hash}``.

    The hash is made of the owner, the path of predicates from the owner (for RDF lists: with the position)
    and the node's own content, so that a change elsewhere in the description moves no IRI. Two nodes of the same
    content at the same path get the same name.

    Raises:
        DescriptionError: as :func:`skolemise`.
    """
    if len(graph) > MAX_TRIPLES:
        raise DescriptionError(
            f"the description has {len(graph):,} triples; at most {MAX_TRIPLES:,} are accepted",
            where=str(owner),
            remedy="submit one dataset at a time",
        )
    return _Skolem(graph, owner).names()


def to_oxigraph(term: Node) -> pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal:
    """The pyoxigraph twin of an rdflib term.

    Raises:
        ValueError: the IRI or language tag is malformed.
    """
    if isinstance(term, URIRef):
        return pyoxigraph.NamedNode(str(term))
    if isinstance(term, Literal):
        if term.language:
            return pyoxigraph.Literal(str(term), language=term.language)
        datatype = pyoxigraph.NamedNode(str(term.datatype)) if term.datatype else None
        return pyoxigraph.Literal(str(term), datatype=datatype)
    if isinstance(term, BNode):
        return pyoxigraph.BlankNode(str(term))
    raise ValueError(f"{term!r} is not an RDF term")


def from_oxigraph(term: object) -> URIRef | BNode | Literal:
    """The rdflib twin of a pyoxigraph term."""
    if isinstance(term, pyoxigraph.NamedNode):
        return URIRef(term.value)
    if isinstance(term, pyoxigraph.BlankNode):
        return BNode(term.value)
    if isinstance(term, pyoxigraph.Literal):
        if term.language:
            return Literal(term.value, lang=term.language)
        plain = term.datatype.value == str(RDF.langString) or term.datatype.value.endswith("XMLSchema#string")
        # Told here as well as in core.terms, because pyshacl.validate() switches rdflib's default back on.
        datatype = None if plain else URIRef(term.datatype.value)
        return Literal(term.value, datatype=datatype, normalize=False)
    raise ValueError(f"{term!r} is not an RDF 1.1 term")


def _triple(s: Node, p: Node, o: Node) -> str:
    if isinstance(s, BNode) or isinstance(o, BNode):
        raise DescriptionError("a blank node is left in the description", where=str(s), remedy="skolemise it first")
    try:
        return f"{to_oxigraph(s)} {to_oxigraph(p)} {to_oxigraph(o)}"
    except ValueError as error:
        raise DescriptionError(f"{s} {p} {o}: {error}", remedy="correct the IRI or language tag") from None


class _Skolem:
    """Names the blank nodes of one description."""

    def __init__(self, graph: Graph, owner: URIRef) -> None:
        self._graph = graph
        self._owner = owner
        self._content: dict[BNode, str] = {}
        self._paths: dict[BNode, str] = {}

    def names(self) -> dict[Node, URIRef]:
        blanks = {term for s, _, o in self._graph for term in (s, o) if isinstance(term, BNode)}
        for root in sorted({s for s in self._graph.subjects() if isinstance(s, URIRef)}):
            for predicate, value in sorted(self._graph.predicate_objects(root)):
                if isinstance(value, BNode):
                    self._walk(value, f"{root} {predicate}", ())
        loose = blanks - self._paths.keys()
        if loose:
            raise DescriptionError(
                f"{len(loose)} blank nodes are not reachable from any named resource",
                where=str(self._owner),
                remedy="attach them to the dataset or remove them",
            )
        return {node: self._name(node) for node in blanks}

    def _name(self, node: BNode) -> URIRef:
        text = "\n".join((str(self._owner), self._paths[node], self._content[node]))
        return URIRef(f"{self._owner}#node-{hashlib.sha256(text.encode()).hexdigest()[:20]}")

    def _walk(self, node: BNode, path: str, above: tuple[BNode, ...]) -> str:
        """Record the smallest path to ``node`` and return the digest of its content."""
        if node in above:
            raise DescriptionError(
                "blank nodes form a cycle", where=f"{self._owner}: {path}", remedy="give one of them an IRI"
            )
        items = self._list_items(node)
        if len(above) >= MAX_DEPTH:
            raise DescriptionError(
                f"blank nodes nest deeper than {MAX_DEPTH}", where=f"{self._owner}: {path}", remedy="flatten them"
            )
        known = self._paths.get(node)
        if known is not None and known <= path:
            return self._content[node]
        self._paths[node] = path
        if items is not None:
            return self._walk_list(items, path, (*above, node))
        parts = [
            f"{predicate.n3()} {self._digest(value, f'{path} {predicate}', (*above, node))}"
            for predicate, value in sorted(self._graph.predicate_objects(node))
        ]
        self._content[node] = _digest(sorted(parts))
        return self._content[node]

    def _walk_list(self, cells: list[tuple[BNode, Node]], path: str, above: tuple[BNode, ...]) -> str:
        values = [
            self._digest(value, f"{path} [{index:0{_DIGITS}}] item", above) for index, (_, value) in enumerate(cells)
        ]
        digest = "nil"
        for index in reversed(range(len(cells))):
            cell = cells[index][0]
            cell_path = f"{path} [{index:0{_DIGITS}}]" if index else path
            digest = _digest([values[index], digest])
            self._paths[cell] = min(self._paths.get(cell, cell_path), cell_path)
            self._content[cell] = digest
        return digest

    def _digest(self, value: Node, path: str, above: tuple[BNode, ...]) -> str:
        return self._walk(value, path, above) if isinstance(value, BNode) else value.n3()

    def _list_items(self, node: BNode) -> list[tuple[BNode, Node]] | None:
        """The cells of a well-formed RDF list that starts at ``node``, or None where it is no list."""
        cells: list[tuple[BNode, Node]] = []
        seen: set[Node] = set()
        cell: Node = node
        while cell != RDF.nil:
            first, rest = list(self._graph.objects(cell, RDF.first)), list(self._graph.objects(cell, RDF.rest))
            if not isinstance(cell, BNode) or len(first) != 1 or len(rest) != 1:
                return None
            if len(list(self._graph.predicate_objects(cell))) != 2:
                return None
            if cell in seen:
                raise DescriptionError("an RDF list is cyclic", where=str(self._owner), remedy="end it with rdf:nil")
            seen.add(cell)
            cells.append((cell, first[0]))
            cell = rest[0]
        return cells


def _digest(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
