"""A thousand ways to hurt a SPARQL endpoint, one kind after the other, each with what an honest answer to it is.

Every kind is a generator function of an ordinal number, so that no two requests are the same and no cache answers
them. ``trap`` is the address of a listener that nobody may call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

TRAP_PATHS = ("sparql", "data.ttl")


@dataclass(frozen=True, slots=True)
class Attack:
    """One hostile request.

    ``statuses`` are the honest answers; where 200 is among them the answer must be whole. ``manner`` is how the
    client behaves: "reads", "leaves" after a moment, "dawdles" over the answer, or "trickles" the request itself.
    """

    kind: str
    query: str
    statuses: frozenset[int]
    manner: str = "reads"
    update: bool = False
    headers: dict[str, str] = field(default_factory=dict)


_REFUSED = frozenset({400, 403, 413, 429, 431, 503, 504})
_COSTLY = frozenset({413, 429, 500, 503, 504})
_ANY = _REFUSED | _COSTLY | {200}

_PREFIX = "PREFIX dct: <http://purl.org/dc/terms/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> "


def attacks(trap: str) -> Iterator[Attack]:
    """All kinds in turn, for ever."""
    for number in count():
        for kind in _KINDS:
            yield from kind(number, trap)


def _cross_products(number: int, trap: str) -> Iterator[Attack]:
    for form, tail in (("(COUNT(*) AS ?n)", ""), ("*", "ORDER BY ?a ?d ?g DESC(?i)"), ("DISTINCT *", "")):
        pattern = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
        yield Attack("cross product", f"SELECT {form} {{ {pattern} }} {tail} # {number}", _COSTLY | {200})


def _paths(number: int, trap: str) -> Iterator[Attack]:
    for path in ("(!<urn:x>)*", "(!<urn:x>|^!<urn:x>)+", "((!<urn:x>)*)*"):
        yield Attack("path", f"SELECT (COUNT(*) AS ?n) {{ ?a {path} ?b . ?b {path} ?c }} # {number}", _COSTLY)


def _values(number: int, trap: str) -> Iterator[Attack]:
    rows = " ".join(str(value) for value in range(2000))
    blocks = " ".join(f"VALUES ?v{index} {{ {rows} }}" for index in range(5))
    yield Attack("VALUES", f"SELECT (SUM(?v0 * ?v1) AS ?n) {{ {blocks} }} # {number}", _COSTLY)


def _expressions(number: int, trap: str) -> Iterator[Attack]:
    doubling = " ".join(f"BIND(CONCAT(?x{i}, ?x{i}) AS ?x{i + 1})" for i in range(60))
    yield Attack("doubling text", f'SELECT ?x60 {{ BIND("{number}abc" AS ?x0) {doubling} }}', _COSTLY)
    everything = "?a ?b ?c . ?d ?e ?f"
    yield Attack(
        "one huge group",
        f'SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?f)); separator="{number}") AS ?x) {{ {everything} }}',
        _COSTLY,
    )
    regex = "(" * 40 + "a+" + ")+" * 40 + "$"
    yield Attack(
        "regular expression", f'{_PREFIX}SELECT * {{ ?s dct:title ?t FILTER REGEX(?t, "{regex}{number}") }}', _ANY
    )
    wide = "(.{0,999}){0,999}"
    yield Attack("regular expression", f'SELECT * {{ ?s ?p ?t FILTER REGEX(STR(?t), "{wide}{number}") }}', _ANY)


def _nesting(number: int, trap: str) -> Iterator[Attack]:
    depth = 3000 + number % 7
    shapes = {
        "braces": "SELECT * " + "{" * depth + "?s ?p ?o" + "}" * depth,
        "parentheses": "SELECT * { ?s ?p ?o FILTER" + "(" * depth + "?o" + ")" * depth + "}",
        "negations": "SELECT * { ?s ?p ?o FILTER(" + "!" * depth + "?o) }",
        "brackets": "SELECT * { ?s ?p " + "[ ?p " * depth + "?o" + "]" * depth + "}",
        "lists": "SELECT * { ?s ?p " + "(" * depth + "?o" + ")" * depth + "}",
        "paths": "SELECT * { ?s " + "(" * depth + "<urn:p>" + ")" * depth + " ?o }",
        "functions": "SELECT * { ?s ?p ?o FILTER(" + "STR(" * depth + "?o" + ")" * depth + ") }",
        "subqueries": "SELECT * " + "{ SELECT * " * depth + "{ ?s ?p ?o }" + "}" * depth,
        "unions": "SELECT * { {?s ?p ?o} " + "UNION {?s ?p ?o} " * depth + "}",
        "optionals": "SELECT * { " + "OPTIONAL { ?s ?p ?o " * depth + "}" * depth + "}",
        "alternatives": "SELECT * { ?s ?p ?o FILTER(?o = 1" + " || ?o = 1" * depth + ") }",
        "quoted triples": "SELECT * { " + "<<" * depth + "?s ?p ?o" + ">> ?p ?o" * depth + "}",
        "exists": "SELECT * { ?s ?p ?o " + "FILTER EXISTS { ?s ?p ?o " * depth + "}" * depth + "}",
    }
    for name, query in shapes.items():
        yield Attack(f"nested {name}", f"{query} # {number}", _REFUSED)


def _huge(number: int, trap: str) -> Iterator[Attack]:
    yield Attack("huge literal", f'SELECT * {{ ?s ?p "{"x" * 240_000}{number}" }}', _ANY)
    yield Attack("huge literal", f'SELECT * {{ ?s ?p "{"x" * 5_000_000}{number}" }}', _REFUSED)
    yield Attack("huge IRI", f"SELECT * {{ ?s <urn:{'y' * 200_000}{number}> ?o }}", _ANY)
    export = f"CONSTRUCT {{ ?a ?b ?f }} {{ ?a ?b ?c . ?d ?e ?f }} # {number}"
    yield Attack("huge export", export, _ANY, headers={"Accept": "application/n-triples"})
    yield Attack("huge offset", f"SELECT * {{ ?a ?b ?c . ?d ?e ?f }} OFFSET {10**12 + number} LIMIT 1", _COSTLY)


def _callers(number: int, trap: str) -> Iterator[Attack]:
    target = f"{trap}/{TRAP_PATHS[0]}?{number}"
    inner = "{ ?s ?p ?o }"
    spellings = (
        f"SELECT * {{ SERVICE <{target}> {inner} }}",
        f"SELECT * {{ SERVICE SILENT <{target}> {inner} }}",
        f"SELECT * {{ sErViCe <{target}> {inner} }}",
        f"SELECT * {{ \\u0053ERVICE <{target}> {inner} }}",
        f"SELECT * {{ SERVICE#\n<{target}> {inner} }}",
        f"PREFIX t: <{trap}/> SELECT * {{ SERVICE t:sparql {inner} }}",
        f"BASE <{trap}/> SELECT * {{ SERVICE <sparql> {inner} }}",
        f"SELECT * {{ BIND(1 AS ?x) {{ SELECT * {{ FILTER(?x < 1SERVICE <{target}> {inner}) }} }} }}",
        f"SELECT * {{ VALUES ?t {{ <{target}> }} SERVICE ?t {inner} }}",
        f"ASK {{ OPTIONAL {{ SERVICE<{target}>{inner} }} }}",
        f"SELECT * {{ FILTER EXISTS {{ SERVICE <{target}> {inner} }} }}",
        f"SELECT * FROM <{target}> {inner}",
    )
    for query in spellings:
        honest = frozenset({200, 429, 503}) if "FROM" in query else frozenset({400, 403, 429, 503})
        yield Attack("SERVICE", query, honest)
    loads = (f"LOAD <{trap}/{TRAP_PATHS[1]}>", f"LOAD SILENT <{target}> INTO GRAPH <urn:g>", "DROP ALL")
    for text in loads:
        yield Attack("update", f"{text} # {number}", frozenset({400, 403, 429, 503}))
        yield Attack("update", f"{text} # {number}", frozenset({400, 403, 429, 503}), update=True)


def _manners(number: int, trap: str) -> Iterator[Attack]:
    export = f"SELECT * {{ ?s ?p ?o }} # {number}"
    heavy = f"SELECT (COUNT(*) AS ?n) {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }} # left {number}"
    yield Attack("disconnect", heavy, _ANY, manner="leaves")
    yield Attack("disconnect", export, _ANY, manner="leaves")
    yield Attack("slow reader", export, _ANY, manner="dawdles")
    yield Attack("slow sender", export, _ANY | {408}, manner="trickles")


def _confusing(number: int, trap: str) -> Iterator[Attack]:
    small = f"ASK {{ ?s ?p ?o }} # {number}"
    yield Attack("accept", small, _ANY | {406}, headers={"Accept": ",".join(f"a/b{i};q=0.{i}" for i in range(2000))})
    yield Attack("broken", f"SELECT * {{ ?s ?p 'unclosed {number} }}", _REFUSED)
    yield Attack("broken", "'" * 5000 + str(number), _REFUSED)
    yield Attack("broken", f"SELECT * {{ ?s ?p ?o }} \x00 {number}", _REFUSED)


_KINDS: tuple[Callable[[int, str], Iterator[Attack]], ...] = (
    _cross_products,
    _paths,
    _values,
    _expressions,
    _nesting,
    _huge,
    _callers,
    _manners,
    _confusing,
)
