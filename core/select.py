"""What a SELECT that curators write gives, found out without running it on anything."""

from __future__ import annotations

import pyoxigraph


def selected(query: str) -> frozenset[str]:
    """The names of the variables that a SELECT gives; none for another form.

    The engine's answer stays in here: one that is named where an exception is raised may live as long as that, and
    must not be cleared away by another thread.

    Raises:
        SyntaxError: it is no query.
    """
    answer = pyoxigraph.Store().query(query)
    if not isinstance(answer, pyoxigraph.QuerySolutions):
        return frozenset()
    return frozenset(variable.value for variable in answer.variables)
