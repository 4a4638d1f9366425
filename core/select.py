"""What a SELECT gives that curators write: its variables, without running it on anything, and its solutions.

The engine's answer stays in here, whatever happens: one that is named where an exception is raised, or where a
generator rests, may live as long as that, and must not be cleared away by another thread.
"""

from __future__ import annotations

from itertools import islice

import pyoxigraph

#: The values of one solution, by the names of the variables that have one.
Solution = dict[str, pyoxigraph.NamedNode | pyoxigraph.BlankNode | pyoxigraph.Literal | pyoxigraph.Triple]


def selected(query: str) -> frozenset[str]:
    """The names of the variables that a SELECT gives; none for another form.

    Raises:
        SyntaxError: it is no query.
    """
    answer = pyoxigraph.Store().query(query)
    if not isinstance(answer, pyoxigraph.QuerySolutions):
        return frozenset()
    return frozenset(variable.value for variable in answer.variables)


def solutions(store: pyoxigraph.Store, query: str, *, union: bool = False, limit: int | None = None) -> list[Solution]:
    """The solutions of a SELECT, at most ``limit``; with ``union`` its default graph is all graphs together.

    Raises:
        SyntaxError: it is no query.
        ValueError: it is none that gives solutions.
        OSError, RuntimeError: the engine gave up.
    """
    answer = store.query(query, use_default_graph_as_union=union)
    try:
        if not isinstance(answer, pyoxigraph.QuerySolutions):
            raise ValueError("is no SELECT")
        names = [variable.value for variable in answer.variables]
        rows = list(islice(answer, limit))
    finally:
        del answer
    return [{name: row[name] for name in names if row[name] is not None} for row in rows]
