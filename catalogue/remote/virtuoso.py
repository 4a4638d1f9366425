"""What Virtuoso 7 does to data, measured on 7.2.5, and how its values are kept whole.

Some typed literals come back as another value ("P1Y" as "12", "abc" as 0) or end the whole update. They are written
under a datatype of their own, ``ESCAPE`` and the true one; what reads answers takes ``ESCAPE`` away again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from core.terms import XSD

ESCAPE = "urn:radiograph:literal:"
#: A longer IRI is cut without a word.
MAX_IRI = 1800

#: Graphs that every Virtuoso has, and that its union default graph shows.
OWN_GRAPHS = frozenset(
    {
        "http://www.openlinksw.com/schemas/virtrdf#",
        "http://www.w3.org/ns/ldp#",
        "http://www.w3.org/2002/07/owl#",
        "urn:activitystreams-owl:map",
        "urn:core:services:sparql",
    }
)
_IRI = re.compile("<([^>]*)>")
_OWN_GRAPH = re.compile(r"https?://[^/]+/(?:DAV/|sparql)")

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_INTEGERS = (
    "integer|nonNegativeInteger|positiveInteger|nonPositiveInteger|negativeInteger|long|int|short|byte|"
    "unsignedLong|unsignedInt|unsignedShort|unsignedByte"
)
#: What each datatype keeps; any other value of it is escaped.
_KEPT = {
    **dict.fromkeys(_INTEGERS.split("|"), re.compile(r"[+-]?\d{1,17}")),
    "decimal": re.compile(r"[+-]?(?=(?:\.?\d){1,15}\.?$)(?:\d+\.?\d*|\.\d+)"),
    **dict.fromkeys(("double", "float"), re.compile(rf"{_NUMBER}(?:[eE][+-]?\d{{1,2}})?|INF|-INF|NaN")),
    "boolean": re.compile("true|false|1|0"),
    "dateTime": re.compile(r"\d{4}-\d\d-\d\dT.*", re.DOTALL),
    **dict.fromkeys(("date", "gYear", "gYearMonth"), re.compile(r"(?!-)(?!\d{5}).*", re.DOTALL)),
    **dict.fromkeys(("duration", "yearMonthDuration", "dayTimeDuration"), re.compile("(?!)")),
}
_BREAKING = frozenset(
    {
        "http://www.opengis.net/ont/geosparql#wktLiteral",
        "http://www.openlinksw.com/schemas/virtrdf#Geometry",
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#XMLLiteral",
    }
)
_XSD = str(XSD)


#: The group of graphs that only those see who may see all, and what keeps others from it (and from writing).
_PRIVATE = "http://www.openlinksw.com/schemas/virtrdf#PrivateGraphs"
_NOBODY_SEES_PRIVATE = "sql:RDF_DEFAULT_USER_PERMS_SET('nobody', 0, 1)"
_NOBODY_READS = "sql:RDF_DEFAULT_USER_PERMS_SET('nobody', 1, 0)"


def hiding(graphs: Iterable[str]) -> Iterator[str]:
    """Queries that, asked by who may do it, take graphs out of what queries without log-in see.

    To leave them out query by query costs right answers: what 7.2.5 makes of such a query loses solutions of paths.
    """
    calls = [f"sql:RDF_GRAPH_GROUP_CREATE('{_PRIVATE}', 1)"]
    calls += [f"sql:RDF_GRAPH_GROUP_INS('{_PRIVATE}', '{graph}')" for graph in graphs]
    return (f"SELECT ({call} AS ?done) WHERE {{}}" for call in (*calls, _NOBODY_SEES_PRIVATE, _NOBODY_READS))


def is_own_graph(name: str) -> bool:
    """Whether Virtuoso put this graph there itself."""
    return name in OWN_GRAPHS or _OWN_GRAPH.fullmatch(name) is not None


def escaped(line: str) -> str:
    """A line of N-Triples with a literal that Virtuoso gives back, under the true datatype or an escaped one."""
    # No IRI holds a quotation mark, and in a literal it is escaped: the last one ends the literal.
    head, mark, datatype = line.rpartition('"^^<')
    if not mark:
        return line
    datatype = datatype.removesuffix("> .")
    kept = _KEPT.get(datatype.removeprefix(_XSD)) if datatype.startswith(_XSD) else None
    if kept is None and datatype not in _BREAKING:
        return line
    if kept is not None and kept.fullmatch(head.partition('"')[2]):
        return line
    return f"{head}{mark}{ESCAPE}{datatype}> ."


def has_long_iri(line: str) -> bool:
    """Whether a line of N-Triples has an IRI that Virtuoso would cut."""
    return len(line) > MAX_IRI // 4 and any(len(iri.encode()) > MAX_IRI for iri in _IRI.findall(line))
