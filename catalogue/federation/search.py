"""``SERVICE <…/search>``: full text and likeness in SPARQL, answered from the search index of the release.

What it takes is written as triples of one subject, ``[] search:text "lung nodule" ; search:dataset ?d``, and is no
pattern over a graph: an input is a constant, an output a variable. The vocabulary is in ``docs/sparql.md``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pyoxigraph

from catalogue.federation.solutions import Solutions, Term
from catalogue.ranking import RankedConcept, RankedDataset, rank_concepts, rank_datasets, rank_similar
from catalogue.search import SearchIndex
from catalogue.store.tokens import Declarations, Token, string_value, tokens
from core.errors import QuerySyntaxError

#: Namespace of what the search takes and gives.
SEARCH = "https://w3id.org/radiograph/search#"
#: Hits without ``search:limit``, and with the largest one.
DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
_INPUTS = frozenset({"text", "similarTo", "limit"})
_DECIMAL = pyoxigraph.NamedNode("http://www.w3.org/2001/XMLSchema#decimal")
_DATASET: dict[str, Callable[[RankedDataset], Term]] = {
    "dataset": lambda hit: pyoxigraph.NamedNode(hit.iri),
    "title": lambda hit: pyoxigraph.Literal(hit.title),
    "snippet": lambda hit: pyoxigraph.Literal(hit.snippet),
    "score": lambda hit: _score(hit.score),
}
_CONCEPT: dict[str, Callable[[RankedConcept], Term]] = {
    "concept": lambda hit: pyoxigraph.NamedNode(hit.iri),
    "label": lambda hit: pyoxigraph.Literal(hit.label),
    "score": lambda hit: _score(hit.score),
}
_EXAMPLE = '{ [] search:text "lung nodule" ; search:dataset ?dataset ; search:score ?score }'


@dataclass(slots=True)
class SearchPattern:
    """What a search is asked: its inputs, and by output the variable it goes to."""

    text: str | None = None
    similar_to: str | None = None
    limit: int = DEFAULT_LIMIT
    outputs: dict[str, str] = field(default_factory=dict)

    def solutions(self, index: SearchIndex) -> Solutions:
        """The hits, the best first."""
        if "concept" in self.outputs:
            concepts = rank_concepts(index, self.text or "", self.limit)
            rows = [[_CONCEPT[name](hit) for name in self.outputs] for hit in concepts]
        else:
            if self.similar_to is not None:
                hits = rank_similar(index, self.similar_to, self.limit)
            else:
                hits = rank_datasets(index, self.text or "", self.limit)
            rows = [[_DATASET[name](hit) for name in self.outputs] for hit in hits]
        return Solutions(tuple(self.outputs.values()), rows)


def read_pattern(group: str, declarations: Declarations) -> SearchPattern:
    """Read what stands between the braces of the SERVICE.

    Raises:
        QuerySyntaxError: it is not of the documented form.
    """
    pattern = SearchPattern()
    given: set[str] = set()
    for name, value in _Reader(group, declarations).pairs():
        if name in given:
            raise _malformed(f"search:{name} is given twice")
        given.add(name)
        if name in _INPUTS:
            _take(pattern, name, value, declarations)
        elif name not in _DATASET and name not in _CONCEPT:
            raise _malformed(f"there is no search:{name[:40]}")
        elif value.kind != "variable":
            raise _malformed(f"search:{name} has to be a variable")
        else:
            pattern.outputs[name] = value.text[1:]
    _check(pattern)
    return pattern


def _take(pattern: SearchPattern, name: str, value: Token, declarations: Declarations) -> None:
    if value.kind == "variable":
        raise _malformed(f"search:{name} has to be a constant, because nothing is bound before the search")
    if name == "text" and value.kind == "string":
        pattern.text = string_value(value)
    elif name == "similarTo" and declarations.iri(value) is not None:
        pattern.similar_to = declarations.iri(value)
    elif name == "limit" and value.kind == "number" and value.text.rstrip(".").isdecimal():
        pattern.limit = int(value.text.rstrip(".")[:9])
    else:
        raise _malformed(f"search:{name} cannot be {value.text[:40]}")


def _check(pattern: SearchPattern) -> None:
    if (pattern.text is None) == (pattern.similar_to is None):
        raise _malformed("one of search:text and search:similarTo is needed")
    kinds = pattern.outputs.keys() & {"dataset", "concept"}
    if len(kinds) != 1 or (pattern.similar_to is not None and "concept" in kinds):
        raise _malformed("search:dataset ?variable is needed, or with search:text search:concept ?variable instead")
    known = _CONCEPT if "concept" in kinds else _DATASET
    strange = [name for name in pattern.outputs if name not in known]
    if strange:
        raise _malformed(f"search:{strange[0]} does not go with search:{kinds.pop()}")
    if len(set(pattern.outputs.values())) < len(pattern.outputs):
        raise _malformed("each output needs a variable of its own")
    if not 1 <= pattern.limit <= MAX_LIMIT:
        raise _malformed(f"search:limit is from 1 to {MAX_LIMIT:,}")


class _Reader:
    """Reads triples of one subject: ``[] p o ; p o .``, ``?s p o .`` over and over, or ``[ p o ; p o ]``."""

    def __init__(self, group: str, declarations: Declarations) -> None:
        self._tokens = list(tokens(group))[1:-1]
        self._declarations = declarations
        self._subject: str | None = None
        self._pairs: list[tuple[str, Token]] = []

    def pairs(self) -> list[tuple[str, Token]]:
        """Properties, as their local names, and values.

        Raises:
            QuerySyntaxError: it is something else.
        """
        while self._tokens:
            self._triples()
            if self._tokens:
                self._expect(".")
        return self._pairs

    def _triples(self) -> None:
        first = self._next()
        if first.text == "[" and not self._at("]"):
            self._same("[]")
            self._properties()
            self._expect("]")
            return
        if first.text == "[":
            self._expect("]")
        elif first.kind not in ("variable", "blank"):
            raise _malformed(f"the subject cannot be {first.text[:40]}")
        self._same("[]" if first.text == "[" else first.text)
        self._properties()

    def _same(self, subject: str) -> None:
        if self._subject is not None and (subject == "[]" or subject != self._subject):
            raise _malformed("there is more than one search; write a SERVICE for each")
        self._subject = subject

    def _properties(self) -> None:
        while True:
            token = self._next()
            iri = self._declarations.iri(token) or ""
            if not iri.startswith(SEARCH):
                raise _malformed(f"{token.text[:60] or 'the end'} stands where a property of {SEARCH} has to be")
            value = self._next()
            self._pairs.append((iri.removeprefix(SEARCH), value))
            if self._tokens and self._tokens[0].kind == "language":
                self._next()
            if value.kind == "number" and value.text.endswith("."):
                # After a number the engine takes a full stop for the end of the triple, as people mean it.
                self._tokens.insert(0, Token("other", ".", value.end - 1))
            if not self._at(";"):
                return
            while self._at(";"):
                self._next()
            if not self._tokens or self._at("]") or self._at("."):
                return

    def _at(self, text: str) -> bool:
        return bool(self._tokens) and self._tokens[0].text == text

    def _next(self) -> Token:
        if not self._tokens:
            raise _malformed("it ends too early")
        return self._tokens.pop(0)

    def _expect(self, text: str) -> None:
        if self._next().text != text:
            raise _malformed(f"{text} is missing")


def _score(score: float) -> pyoxigraph.Literal:
    return pyoxigraph.Literal(f"{score:.4f}", datatype=_DECIMAL)


def _malformed(reason: str) -> QuerySyntaxError:
    return QuerySyntaxError(
        f"the search service cannot be asked so: {reason}", remedy=f"write {_EXAMPLE}; see docs/sparql.md"
    )
