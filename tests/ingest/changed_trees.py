"""Changed copies of the shipped vocabularies, each with one real edit, for the tests of impact and remap."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import ontology.vocabulary

SHIPPED = Path(ontology.vocabulary.__file__).parent
_SCHEME = "https://w3id.org/radiograph/concept"


def copy(folder: Path) -> Path:
    """The shipped tree in ``folder``."""
    (folder / "ontology").mkdir(parents=True)
    shutil.copy(SHIPPED / "radiograph.ttl", folder / "ontology")
    for name in ("concepts", "mappings"):
        shutil.copytree(SHIPPED / name, folder / "ontology" / name)
    return folder


def _edit(tree: Path, scheme: str, subject: str, pattern: str, replacement: str) -> None:
    """Change the block of one concept, which must have what is to be changed."""
    path = tree / "ontology" / "concepts" / f"{scheme}.ttl"
    text = path.read_text(encoding="utf-8")
    start = text.index(f"\n{subject} a skos:Concept")
    end = text.index("\n\n", start + 1)
    block, times = re.subn(pattern, replacement, text[start:end], count=1)
    assert times == 1, f"{subject} has no {pattern}"
    path.write_text(text[:start] + block + text[end:], encoding="utf-8")


def _add(tree: Path, scheme: str, statements: str) -> None:
    path = tree / "ontology" / "concepts" / f"{scheme}.ttl"
    path.write_text(path.read_text(encoding="utf-8") + "\n" + statements, encoding="utf-8")


def _concept(scheme: str, notation: str, label: str, more: str) -> str:
    head = f"<{_SCHEME}/{scheme}/{notation}> a <http://www.w3.org/2004/02/skos/core#Concept> ; skos:notation "
    return f'{head}"{notation}" ; skos:prefLabel "{label}"@en ; {more} skos:inScheme <{_SCHEME}/{scheme}> .\n'


def move(tree: Path) -> None:
    """The breast goes from its place to the top."""
    _edit(tree, "anatomy", ":76752008", r"skos:broader [^;]*;", "skos:broader :38266002 ;")


def split(tree: Path) -> None:
    """Breast is split into left and right, and says that both replace it."""
    new = ("left-breast", "right-breast")
    for notation in new:
        label = notation.replace("-", " ").capitalize()
        _add(tree, "anatomy", _concept("anatomy", notation, f"{label} alone", "skos:broader :38266002 ;"))
    replaced = " ; ".join(f"<http://purl.org/dc/terms/isReplacedBy> :{notation}" for notation in new)
    deprecated = f"<http://www.w3.org/2002/07/owl#deprecated> true ; {replaced} ; skos:inScheme"
    _edit(tree, "anatomy", ":76752008", "skos:inScheme", deprecated)


def deprecate(tree: Path) -> None:
    """Chest gives way to thorax proper."""
    _add(tree, "anatomy", _concept("anatomy", "thorax-proper", "Thorax proper", "skos:broader :38266002 ;"))
    replaced = "<http://purl.org/dc/terms/isReplacedBy> :thorax-proper"
    deprecated = f"<http://www.w3.org/2002/07/owl#deprecated> true ; {replaced} ; skos:inScheme"
    _edit(tree, "anatomy", ":816094009", "skos:inScheme", deprecated)


def map_row(tree: Path) -> None:
    """What a collection calls WO INTER is the head from now on."""
    path = tree / "ontology" / "mappings" / "idc.sssom.tsv"
    text = path.read_text(encoding="utf-8")
    columns = next(line for line in text.split("\n") if line.startswith("subject_label\t")).split("\t")
    row = {
        "subject_label": "WO INTER",
        "predicate_id": "skos:exactMatch",
        "object_id": "anatomy:69536005",
        "object_label": "Head",
        "object_source": "concept:anatomy",
        "mapping_justification": "semapv:ManualMappingCuration",
        "author_label": "curator",
        "confidence": "1",
    }
    kept = [line for line in text.split("\n") if not line.startswith("WO INTER\t")]
    path.write_text("\n".join([*kept[:-1], "\t".join(row.get(name, "") for name in columns), ""]), encoding="utf-8")


def add_synonym(tree: Path) -> None:
    """CT is called Zonography as well."""
    _edit(tree, "modality", ":CT", "skos:inScheme", 'skos:hiddenLabel "Zonography"@en ; skos:inScheme')


def shorten_list(tree: Path) -> None:
    """The list of access rights, which profiles demand a value of, loses the one that all datasets have."""
    path = tree / "ontology" / "concepts" / "access-right.ttl"
    text = path.read_text(encoding="utf-8")
    start = text.index("\n:PUBLIC a skos:Concept")
    path.write_text(text[:start] + text[text.index("\n\n", start + 1) :], encoding="utf-8")


EDITS = (move, split, deprecate, map_row, add_synonym, shorten_list)
