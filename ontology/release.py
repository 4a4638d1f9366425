"""``ontology release``: a new version of the vocabularies, with its number, its change log, and the old version kept.

Nothing is written before everything is known to be right, and then all files change as one.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from core.errors import VocabularyError
from core.terms import DCT, OWL, XSD
from ontology.change import Impact
from ontology.check import check
from ontology.check_profile import Profile
from ontology.checkout import commit_of_version, uncommitted
from ontology.difference import Difference, compare
from ontology.entries import TERMS, Entries, insist_on_sound
from ontology.release_archive import archive_name, kept_tree, packed, tree_of, version_numbers
from ontology.release_notes import FILE, with_entry
from ontology.staging import recover, replace_files
from ontology.tree import ONTOLOGY, Tree
from ontology.turtle_text import TurtleText

_MAPPINGS = "mappings/"
_SET_VERSION = re.compile(r"^#\s*mapping_set_version:.*$", re.MULTILINE)
_SHOWN = 5


@dataclass(frozen=True)
class Release:
    """A version that is ready to be written: ``files`` are the new contents by name in the folder ``root``."""

    root: Path
    version: str
    previous: str
    difference: Difference
    files: Mapping[str, bytes]

    def write(self) -> None:
        """Change all files as one."""
        replace_files(self.root, self.files)


def prepare_release(root: Path, version: str, date: datetime.date, *, base: Tree | None = None) -> Release:
    """Make a version of the vocabularies in ``root`` and write nothing.

    ``base`` is the version before it, by default the one that is kept, or the commit that set its number.

    Raises:
        VocabularyError: a reason why this version cannot be released: its number, faults, uncommitted edits.
    """
    recover(root)
    tree = Tree.load(root)
    insist_on_sound(tree)
    head = _Head.of(tree)
    _insist_on_greater(version, head.version)
    _insist_on_clean(root)
    _insist_on_faultless(tree)
    base = base or _base(root, head.version)
    difference = compare(base, tree)
    _insist_on_bump(head.version, version, difference)
    texts = _versioned(tree, head, version, date, difference.touched())
    _insist_on_same(tree, texts, version)
    log = root / FILE
    notes = with_entry(log.read_text(encoding="utf-8") if log.exists() else None, version, date, difference)
    files = {name: text.encode() for name, text in texts.items() if text != tree.texts[name]}
    files |= {FILE: notes.encode(), archive_name(version): packed(texts)}
    if not (root / archive_name(head.version)).exists():
        files[archive_name(head.version)] = packed(base.texts)
    return Release(root, version, head.version, difference, files)


@dataclass(frozen=True)
class _Head:
    """The ontology's own IRI, its version and the IRI of that."""

    iri: str
    version: str
    version_iri: str

    @classmethod
    def of(cls, tree: Tree) -> _Head:
        if ONTOLOGY not in tree.statements:
            raise VocabularyError(f"has no {ONTOLOGY}", where=tree.title, remedy="add the file")
        heads = [entry for entry in Entries(tree).all.values() if entry.kind == "header"]
        versions = [term.value for head in heads for term in head.get(str(OWL.versionInfo))]
        iris = [iri for head in heads for iri in head.iris(str(OWL.versionIRI))]
        if not len(heads) == len(versions) == len(iris) == 1:
            raise VocabularyError(
                "does not say which version it is",
                where=tree.place(ONTOLOGY),
                remedy="give the one owl:Ontology one owl:versionInfo and one owl:versionIRI",
            )
        return cls(heads[0].iri, versions[0], iris[0])


def _insist_on_greater(version: str, current: str) -> None:
    numbers = version_numbers(version)
    if numbers is None:
        raise VocabularyError(
            "is no version", where=repr(version), remedy="write three numbers with points, such as 1.2.0"
        )
    if numbers <= (version_numbers(current) or (0, 0, 0)):
        raise VocabularyError(
            f"is not greater than the version there is, {current}",
            where=f"version {version}",
            remedy="choose a greater one",
        )


def _insist_on_clean(root: Path) -> None:
    dirty = uncommitted(root)
    if dirty:
        more = f" and {len(dirty) - _SHOWN} more" if len(dirty) > _SHOWN else ""
        raise VocabularyError(
            f"has edits that are not committed: {', '.join(dirty[:_SHOWN])}{more}",
            where=str(root),
            remedy="commit or discard them",
        )


def _insist_on_faultless(tree: Tree) -> None:
    errors = [finding for finding in check(tree, Profile.load(tree.checks)) if finding.severity == "error"]
    if errors:
        first = errors[0]
        raise VocabularyError(
            f"{first.message} This and {len(errors) - 1} other errors stand in the way"
            if len(errors) > 1
            else first.message,
            where=f"{tree.place(first.file)}, line {first.line or 1}",
            remedy="mend what radiograph ontology check finds",
        )


def _base(root: Path, version: str) -> Tree:
    if (root / archive_name(version)).is_file():
        return kept_tree(root, version)
    commit = commit_of_version(root, version)
    if commit is None:
        raise VocabularyError(
            "is neither kept nor found in the history",
            where=f"version {version}",
            remedy="name a folder or revision that holds it with --from",
        )
    return Tree.load(f"rev:{commit}", checkout=root)


def _insist_on_bump(current: str, version: str, difference: Difference) -> None:
    """A breaking change needs a new major version, below 1.0.0 as well: data uses the IRIs from the first day on."""
    old, new = version_numbers(current) or (0, 0, 0), version_numbers(version) or (0, 0, 0)
    counts = difference.counts()
    if not difference.touched():
        raise VocabularyError(
            f"would say nothing that {current} does not say",
            where=f"version {version}",
            remedy="release it after a change",
        )
    for impact, same, wanted in (
        (Impact.BREAKING, old[0] == new[0], f"{old[0] + 1}.0.0"),
        (Impact.ADDITIVE, old[:2] == new[:2], f"{old[0]}.{old[1] + 1}.0"),
    ):
        if counts[impact] and same:
            first = next(change for change in difference.changes if change.impact is impact)
            what = f"{first.name}: {first.kind.replace('-', ' ')}"
            raise VocabularyError(
                f"would hide {counts[impact]} {impact} change{'s' * (counts[impact] != 1)}, such as {what}",
                where=f"version {version}",
                remedy=f"release {wanted} or greater",
            )


def _versioned(tree: Tree, head: _Head, version: str, date: datetime.date, touched: set[str]) -> dict[str, str]:
    """The files with their new version: the ontology's always, a scheme's and a mapping set's where it changed."""
    texts = dict(tree.texts)
    modified, number = Literal(date.isoformat(), datatype=NamedNode(str(XSD.date))), Literal(version)
    ontology = TurtleText(texts[ONTOLOGY], tree.place(ONTOLOGY))
    ontology.put(head.iri, str(OWL.versionIRI), [NamedNode(f"{head.iri}/{version}")])
    ontology.put(head.iri, str(OWL.versionInfo), [number])
    ontology.put(head.iri, str(OWL.priorVersion), [NamedNode(head.version_iri)])
    ontology.put(head.iri, str(DCT.modified), [modified])
    texts[ONTOLOGY] = ontology.text
    schemes = [entry for entry in Entries(tree).all.values() if entry.kind == "scheme"]
    for group in sorted(touched - {TERMS}):
        set_name = f"{group}.sssom.tsv"
        if group.startswith(_MAPPINGS) and set_name in texts:
            texts[set_name] = _SET_VERSION.sub(f"# mapping_set_version: {date.isoformat()}", texts[set_name], count=1)
        name = f"concepts/{group}.ttl"
        if name in tree.statements:
            scheme = TurtleText(texts[name], tree.place(name))
            for iri in (entry.iri for entry in schemes if entry.group == group):
                scheme.put(iri, str(OWL.versionInfo), [number])
                scheme.put(iri, str(DCT.modified), [modified])
            texts[name] = scheme.text
    return texts


def _insist_on_same(tree: Tree, texts: Mapping[str, str], version: str) -> None:
    """The new files say what the old ones say, but for the version, and have no fault that those had not."""
    released = tree_of(texts, f"version {version}")
    others = [change for change in compare(tree, released).changes if change.kind != "version"]
    if others:
        raise VocabularyError(
            f"would change more than the version: {others[0].name}", where=tree.title, remedy="report this as a fault"
        )
    _insist_on_faultless(released)
