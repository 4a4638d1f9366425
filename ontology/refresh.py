"""``ontology refresh``: a scheme from its publisher's new file, with what was edited here kept.

``refreshed/SCHEME.ttl`` records what the publisher said at the last refresh: the base of the merge.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pyoxigraph
from pyoxigraph import NamedNode, RdfFormat

from core.errors import VocabularyError
from core.terms import SKOS
from ontology.difference import Difference, compare
from ontology.entries import Entries, Entry, Term, insist_on_sound
from ontology.merge import Conflict, Merged, Side, merge
from ontology.release_archive import tree_of
from ontology.staging import recover, replace_files
from ontology.tree import Tree
from ontology.turtle_text import TurtleText
from ontology.upstream import DECLARATIONS, Described, Upstream, declaration, read_upstream

FOLDER = "refreshed"
#: A file that lacks more than this part of the concepts is more likely the wrong file than a new edition.
_MOST_RETIRED = 0.2
_FEW = 5


@dataclass(frozen=True)
class Refreshed:
    """A refresh that is ready to be written; with conflicts it must not be."""

    root: Path
    difference: Difference
    conflicts: tuple[Conflict, ...]
    files: Mapping[str, bytes]

    def write(self) -> None:
        """Change the files as one."""
        if self.files:
            replace_files(self.root, self.files)


def prepare_refresh(
    root: Path, scheme: str, source: Path, *, prefer: Side | None = None, adopt: bool = False, retire_many: bool = False
) -> Refreshed:
    """Merge a publisher's file into a scheme and write nothing.

    ``adopt`` takes the file for what the scheme was made from, and changes the record alone.

    Raises:
        VocabularyError: the scheme is not declared, has a fault, has no record, or would be one afterwards.
        InputError: the file cannot be read.
    """
    recover(root)
    tree = Tree.load(root)
    insist_on_sound(tree)
    name, record = f"concepts/{scheme}.ttl", root / FOLDER / f"{scheme}.ttl"
    own = root / DECLARATIONS.name
    declared = declaration(scheme, own if own.is_file() else DECLARATIONS)
    if name not in tree.statements:
        raise VocabularyError("does not exist", where=name, remedy="add a file with the scheme's title and licence")
    upstream = read_upstream(source, declared)
    entries = [entry for entry in Entries(tree).all.values() if entry.group == scheme]
    head = next((entry for entry in entries if entry.kind == "scheme"), None)
    if head is None:
        raise VocabularyError("has no scheme", where=tree.place(name), remedy="declare a skos:ConceptScheme")
    local = {entry.iri: entry for entry in entries if entry.kind == "concept"}
    base = {} if adopt else _base(record, scheme)
    if not declared.grow:
        known = {iri: described for iri, described in upstream.concepts.items() if iri in local or iri in base}
        upstream = replace(upstream, concepts=known)
    written = _record(scheme, upstream, source)
    if adopt:
        return Refreshed(root, compare(tree, tree), (), _changed(root, {f"{FOLDER}/{scheme}.ttl": written}))
    merged = merge(head, local, base, upstream, declared.predicates, prefer=prefer)
    if not retire_many:
        _insist_on_few(merged, local, source)
    text = _edited(tree, name, merged)
    after = tree_of({**tree.texts, name: text}, f"{tree.title} with {source.name}")
    after.vocabularies()
    files = {} if merged.conflicts else {name: text.encode(), f"{FOLDER}/{scheme}.ttl": written}
    return Refreshed(root, compare(tree, after), tuple(merged.conflicts), _changed(root, files))


def _changed(root: Path, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {n: data for n, data in files.items() if not (root / n).is_file() or (root / n).read_bytes() != data}


def _insist_on_few(merged: Merged, local: Mapping[str, Entry], source: Path) -> None:
    number = len(merged.retired)
    if number > max(_FEW, _MOST_RETIRED * len(local)):
        raise VocabularyError(
            f"lacks {number} of {len(local)} concepts, which would be deprecated",
            where=str(source),
            remedy="name the complete file, or say --retire-many",
        )


def _edited(tree: Tree, name: str, merged: Merged) -> str:
    text = TurtleText(tree.texts[name], tree.place(name))
    for (iri, predicate), values in merged.puts.items():
        text.put(iri, predicate, values)
    for iri, described in merged.added.items():
        text.add(iri, described)
    return text.text


def _base(record: Path, scheme: str) -> dict[str, Described]:
    if not record.is_file():
        raise VocabularyError(
            "has no record of what its publisher said before",
            where=f"scheme {scheme!r}",
            remedy="refresh once with --adopt from the file that the scheme was made from",
        )
    said: dict[str, dict[str, set[Term]]] = defaultdict(lambda: defaultdict(set))
    try:
        for quad in pyoxigraph.parse(record.read_bytes(), format=RdfFormat.TURTLE):
            if isinstance(quad.subject, NamedNode) and isinstance(quad.object, Term):
                said[quad.subject.value][quad.predicate.value].add(quad.object)
    except SyntaxError as error:
        where = f"{record}, line {error.lineno}"
        raise VocabularyError(f"is not Turtle: {error.msg}", where=where, remedy="restore the record") from None
    return {iri: {p: frozenset(values) for p, values in described.items()} for iri, described in said.items()}


def _record(scheme: str, upstream: Upstream, source: Path) -> bytes:
    """What the publisher says, a concept a line, so that versions of the record can be compared."""
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    first = min(upstream.concepts, default="")
    namespace = first[: max(first.rfind("/"), first.rfind("#")) + 1]
    lines = [
        f"@prefix skos: <{SKOS}> .",
        f"@prefix : <{namespace}> .",
        "",
        f"# What the publisher of {scheme} said at the last refresh; written by `radiograph ontology refresh`.",
        f"# SHA-256 of the file: {digest}",
        "",
    ]
    for iri, described in sorted(upstream.concepts.items()):
        said = []
        for predicate, values in sorted(described.items()):
            told = ", ".join(_written(value, namespace) for value in sorted(values, key=str))
            said.append(f"skos:{predicate.removeprefix(str(SKOS))} {told}")
        lines.append(f"{_written(NamedNode(iri), namespace)} {' ; '.join(said)} .")
    return "".join(f"{line}\n" for line in lines).encode()


def _written(value: Term, namespace: str) -> str:
    if isinstance(value, NamedNode) and value.value.startswith(namespace):
        local = value.value.removeprefix(namespace)
        if local.replace("_", "").replace("-", "").isalnum() and local.isascii() and not local.startswith("-"):
            return f":{local}"
    return str(value)
