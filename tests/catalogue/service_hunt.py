"""Look for a query that the guard lets pass and in which the engine still meets SERVICE.

Run by ``test_guard.py`` in a process of its own, because it denies itself the network. Prints how many of the random
queries were valid, in how many the engine met SERVICE, and how many it answered after each SERVICE had been replaced
by solutions that try to be more than data; ends with 1 and the query where the engine met SERVICE all the same.
"""

from __future__ import annotations

import random
import re
import sys

from catalogue.store.isolation import deny_network

deny_network()

import pyoxigraph as ox  # noqa: E402

from catalogue.federation.solutions import Solutions  # noqa: E402
from catalogue.store.guard import inspect  # noqa: E402
from core.errors import QueryError  # noqa: E402

CALL = "SERVICE<http://127.0.0.1:999/>{}"
PIECES = [CALL, CALL, CALL, "SERVICE", "SERVICE:x{}", "?s ?p ", "?o", "<", ">", '"', '"', '""', '"""', "'", "'", "'''",
          "\\", "\\x", "\\u0041", "\\uD800", "#", "\n", " ", "{", "}", "(", ")", "FILTER(", "?o<", "?o>", "1", "true",
          ".", ";", ",", ":", "ex:a", "ex:", "_:b", "@en", "-", "?", "*", "/", "VALUES ?v{", "BIND(", "AS ?z)",
          "<http://x#y>", "<urn:x>", "||", "=", '\\"', "\\'", "UNION", "%41", "$", "a ", "GRAPH ",
          "é", "·"]  # fmt: skip
FRAMES = ["?s ?p ?o %s", "?s ?p 1 %s", "?s ?p true%s", "?s ?p ?o FILTER(?o=?o||?o<%s){C}%s", "?s ?p ?o FILTER(?o<%s",
          "VALUES ?v{'a' %s}{C}%s", "?s ?p ex:a%s{C}%s", "?s ?p ?o BIND(?o<%s AS ?z){C}%s", "?s ?p ?o . ?s ?p %s{C}",
          "VALUES ?v{\"\"\"%s\"\"\"%s}{C}%s", "%s{C}%s"]  # fmt: skip
ENDPOINT = "http://127.0.0.1:999/"
NASTY = Solutions(("o", "new"), [
    [ox.Literal(f"'}} {CALL} #\" >"), ox.NamedNode("http://x#it's")],
    [ox.Literal("\\", language="en"), None],
    [ox.NamedNode("urn:x#(')"), ox.Literal("\"\"\"\n}}", datatype=ox.NamedNode("http://x/SERVICE"))],
])  # fmt: skip
PREFIXES = "PREFIX : <http://x/> PREFIX ex: <http://x/> "


def main(count: int) -> int:
    store = ox.Store()
    for value in (ox.Literal("1"), ox.Literal(1), ox.Literal(True), ox.NamedNode("http://x/a")):
        store.add(ox.Quad(ox.NamedNode("http://x/s"), ox.NamedNode("http://x/p"), value))
    choose = random.Random(7)
    tried = met = replaced = 0
    for _ in range(count):
        frame = choose.choice(FRAMES).replace("{C}", CALL)
        body = re.sub("%s", lambda _: "".join(choose.choices(PIECES, k=choose.randint(0, 4))), frame)
        query = f"{PREFIXES}ASK {{{body}\n}}"
        substitute = replacement(query)
        if substitute is not None:
            try:
                store.query(substitute)
                replaced += 1
            except (SyntaxError, ValueError, RuntimeError):
                pass
            except OSError:
                print("met in what was replaced:", repr(substitute))
                return 1
        try:
            store.query(query)
        except (SyntaxError, ValueError, RuntimeError):
            continue
        except OSError:
            met += 1
            if passes(query):
                print("passed the guard:", repr(query))
                return 1
        tried += 1
    print(tried, met, replaced)
    return 0


def replacement(query: str) -> str | None:
    """The query as the engine gets it where the endpoint is allowed; None where the guard refuses it."""
    try:
        services = inspect(query, {ENDPOINT}).services
    except QueryError:
        return None
    for clause in reversed(services):
        query = query[: clause.start] + NASTY.values("urn:blank:") + query[clause.end :]
    return query if services else None


def passes(query: str) -> bool:
    try:
        inspect(query)
    except QueryError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
