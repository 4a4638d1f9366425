"""``ontology check``: what is wrong with a vocabulary tree, by file and line.

The checks are queries over a store with one named graph a file, looks at the texts, and looks at the tables of mapping
sets; their severities and words are declared (``ontology.check_profile``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote, unquote

import pyoxigraph

from core.select import solutions
from ontology.additions import ADDITIONS
from ontology.check_mappings import mapping_findings
from ontology.check_profile import Profile
from ontology.check_texts import text_findings
from ontology.finding import Finding, ordered
from ontology.tree import Statements, Tree

#: Begins the names of graphs, one for each file.
GRAPH = "urn:radiograph:tree:"
_LONGEST = 160


def check(tree: Tree, profile: Profile | None = None) -> list[Finding]:
    """Everything that the profile looks for, ordered by file and line."""
    profile = profile or Profile.load(tree.checks)
    found = [
        *fault_findings(tree, profile),
        *text_findings(tree, profile),
        *query_findings(tree, profile),
        *mapping_findings(tree, profile),
    ]
    return ordered(found)


def fault_findings(tree: Tree, profile: Profile) -> Iterator[Finding]:
    """The files that cannot be used at all."""
    for fault in tree.faults:
        finding = profile.finding(fault.kind, fault.file, fault.line, value=fault.message)
        if finding is not None:
            yield finding


def query_findings(tree: Tree, profile: Profile) -> Iterator[Finding]:
    """What the queries find over the Turtle files."""
    store = store_of(tree)
    for check_name, query in profile.queries.items():
        if not profile.is_on(check_name):
            continue
        for found in solutions(store, query, union=True):
            finding = _finding(tree, profile, check_name, found)
            if finding is not None:
                yield finding


def store_of(tree: Tree) -> pyoxigraph.Store:
    """The Turtle files of a tree in a store, a named graph each; an addition is in the graph of its scheme."""
    store = pyoxigraph.Store()
    for name, file in tree.statements.items():
        graph = pyoxigraph.NamedNode(GRAPH + quote(name.replace(f"/{ADDITIONS}/", "/")))
        store.bulk_extend(pyoxigraph.Quad(t.subject, t.predicate, t.object, graph) for t in file.triples)
    return store


def _finding(tree: Tree, profile: Profile, check_name: str, found: Mapping[str, object]) -> Finding | None:
    graph, subject = found.get("file"), found.get("subject")
    if not isinstance(graph, pyoxigraph.NamedNode) or not isinstance(subject, pyoxigraph.NamedNode):
        return None
    name = unquote(graph.value.removeprefix(GRAPH))
    addition = name.replace("concepts/", f"concepts/{ADDITIONS}/")
    files = [tree.statements[one] for one in dict.fromkeys((addition, name)) if one in tree.statements]
    predicate, value = _iri(found.get("predicate")), found.get("value")
    text = value.value if isinstance(value, pyoxigraph.NamedNode | pyoxigraph.Literal) else None
    file = min(files, key=lambda one: one.nearest(subject.value, predicate, text)[0])
    line = file.line(subject.value, predicate, text)
    told = {key: _told(term, file) for key, term in found.items() if key != "file"}
    return profile.finding(check_name, file.name, line, **told)


def _iri(term: object) -> str | None:
    return term.value if isinstance(term, pyoxigraph.NamedNode) else None


def _told(term: object, file: Statements) -> str:
    """A term as people write it: with the prefixes of its file, or in quotes."""
    if isinstance(term, pyoxigraph.NamedNode):
        return told_iri(term.value, file)
    if isinstance(term, pyoxigraph.Literal):
        text = term.value if len(term.value) <= _LONGEST else f"{term.value[: _LONGEST - 1]}…"
        return f'"{text}"@{term.language}' if term.language else f'"{text}"'
    return str(term)


def told_iri(iri: str, file: Statements) -> str:
    """An IRI by the longest prefix of a file, or in full."""
    fitting = [(ns, prefix) for prefix, ns in file.prefixes.items() if iri.startswith(ns) and iri != ns]
    if not fitting:
        return iri.removeprefix(GRAPH) if iri.startswith(GRAPH) else f"<{iri}>"
    namespace, prefix = max(fitting, key=lambda pair: len(pair[0]))
    return f"{prefix}:{iri[len(namespace) :]}"
