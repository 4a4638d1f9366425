"""What it costs to read a description with the lines of its statements, against reading its graph alone.

    python -m bench.reading

Prints, for each syntax, seconds of CPU for both and their ratio, the best of five runs in turn.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rdflib import Graph, URIRef

from core.terms import new_graph
from shapes.reader import parse_document, parse_rdf, read_rdf

_EXAMPLE = Path(__file__).parents[1] / "examples" / "healthdcat-ap-restricted-complete.ttl"
_COPIES = 60
_RUNS = 5
_SYNTAXES = {"turtle": ".ttl", "nt": ".nt", "xml": ".rdf", "json-ld": ".jsonld"}


def _copies() -> Graph:
    """The example as often as a small catalogue has datasets, each copy under addresses of its own."""
    graph = new_graph()
    graph.bind("xml", "http://www.w3.org/XML/1998/namespace")
    for number in range(_COPIES):
        for triple in read_rdf(_EXAMPLE):
            s, p, o = (
                URIRef(term.replace("/synthetic/", f"/{number}/")) if isinstance(term, URIRef) else term
                for term in triple
            )
            graph.add((s, p, o))
    return graph


def _seconds(task: Callable[[], object]) -> float:
    gc.collect()
    started = time.process_time()
    task()
    return time.process_time() - started


def main() -> None:
    """Measure every syntax and print a table."""
    graph = _copies()
    print("| syntax | MB | graph, s | with lines, s | ratio |\n|---|---|---|---|---|")
    for form, suffix in _SYNTAXES.items():
        data = graph.serialize(format=form).encode()
        alone, lines = [], []
        for _ in range(_RUNS):
            alone.append(_seconds(partial(parse_rdf, data, name="x", suffix=suffix)))
            lines.append(_seconds(partial(parse_document, data, name="x", suffix=suffix)))
        print(
            f"| {form} | {len(data) / 1e6:.1f} | {min(alone):.3f} | {min(lines):.3f} | {min(lines) / min(alone):.2f} |"
        )


if __name__ == "__main__":
    main()
