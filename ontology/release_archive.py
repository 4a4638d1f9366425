"""Released versions of the vocabularies, each in one small file: ``ontology/releases/0.1.0.tar.xz``.

An archive holds the files of the tree as they were released, in order of their names and without times or owners, so
that the same tree always gives the same bytes.
"""

from __future__ import annotations

import io
import lzma
import re
import tarfile
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from core.errors import VocabularyError
from ontology.tree import Tree
from ontology.tree_files import MAX_BYTES, MAX_FILES

FOLDER = "releases"

_SUFFIX = ".tar.xz"
_VERSION = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})")
_MEMBER = re.compile(r"radiograph\.ttl|concepts/[^/\0]+\.ttl|mappings/[^/\0]+\.sssom\.tsv")


def version_numbers(version: str) -> tuple[int, int, int] | None:
    """Major, minor and patch; None where ``version`` is not of this form."""
    match = _VERSION.fullmatch(version)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def archive_name(version: str) -> str:
    """The file of a version, by its name in the folder of the vocabularies."""
    return f"{FOLDER}/{version}{_SUFFIX}"


def kept_versions(root: Path) -> list[str]:
    """The versions that are kept, the oldest first. ``root`` is the folder with ``radiograph.ttl``."""
    found = {path.name.removesuffix(_SUFFIX) for path in (root / FOLDER).glob(f"*{_SUFFIX}")}
    return sorted((v for v in found if version_numbers(v)), key=lambda version: version_numbers(version) or (0, 0, 0))


def packed(texts: Mapping[str, str]) -> bytes:
    """The archive of a tree's files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(texts):
            data = texts[name].encode()
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o644
            archive.addfile(member, io.BytesIO(data))
    return lzma.compress(buffer.getvalue(), preset=9 | lzma.PRESET_EXTREME)


def kept_tree(root: Path, version: str) -> Tree:
    """The vocabularies as they were released in a version.

    Raises:
        VocabularyError: the version is not kept, or its archive is damaged.
    """
    path = root / archive_name(version)
    if version_numbers(version) is None or not path.is_file():
        kept = ", ".join(kept_versions(root)) or "none"
        raise VocabularyError("is not kept", where=f"version {version}", remedy=f"use one of: {kept}")
    return tree_of(_unpacked(path), f"version {version}")


def tree_of(texts: Mapping[str, str], title: str) -> Tree:
    """The tree that these files make."""
    with tempfile.TemporaryDirectory(prefix="radiograph-") as folder:
        for name, text in texts.items():
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        tree = Tree.load(Path(folder))
    return replace(tree, title=title, places={name: f"{title}: {name}" for name in tree.places}, checks=None)


def _unpacked(path: Path) -> dict[str, str]:
    remedy = "restore it from the version control"
    texts: dict[str, str] = {}
    try:
        with lzma.open(path) as packed_file:
            data = packed_file.read(MAX_BYTES * 4 + 1)
        if len(data) > MAX_BYTES * 4:
            raise VocabularyError("is too large", where=str(path), remedy=remedy)
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for member in archive:
                file = archive.extractfile(member) if member.isreg() else None
                if file is None or not _MEMBER.fullmatch(member.name) or len(texts) >= MAX_FILES:
                    raise VocabularyError(
                        f"holds {member.name!r}, which belongs to no release", where=str(path), remedy=remedy
                    )
                texts[member.name] = file.read().decode("utf-8")
    except (lzma.LZMAError, tarfile.TarError, EOFError, UnicodeDecodeError) as error:
        raise VocabularyError(f"is damaged: {error}", where=str(path), remedy=remedy) from None
    return texts
