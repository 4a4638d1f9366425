"""The files of a vocabulary tree as bytes: from a folder, or from a git revision of the checkout.

They may be anything that somebody handed in, so nothing is read that is too large, no regular file, or a link out of
the tree. What cannot be read is a fault; the other files are read all the same.
"""

from __future__ import annotations

import os
import re
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import VocabularyError

#: A larger file is not read. The largest scheme of a public vocabulary in Turtle has some 20 MB.
MAX_BYTES = 32 * 1024 * 1024
#: More files are no vocabulary tree.
MAX_FILES = 2_000

_NAME = re.compile(r"radiograph\.ttl|concepts/(?:additions/)?[^/]+\.ttl|mappings/[^/]+\.sssom\.tsv")
_PATTERNS = ("radiograph.ttl", "concepts/*.ttl", "concepts/additions/*.ttl", "mappings/*.sssom.tsv")
_LINK = "120000"
_REMEDY = "name a folder with radiograph.ttl, concepts/ or mappings/"
_PATIENCE = 60


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a file cannot be used: what is wrong, where, and how to mend it."""

    kind: str
    file: str
    line: int | None
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class RawFiles:
    """The bytes of each file by its name in the tree, what could not be read, and the path each file is known by."""

    title: str
    data: dict[str, bytes]
    faults: list[Fault]
    places: dict[str, str]


def read_folder(folder: Path) -> RawFiles:
    """Read the tree in ``folder``, or in its ``ontology/``.

    Raises:
        VocabularyError: there is no such folder, or no vocabulary in it.
    """
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise VocabularyError(what, where=str(folder), remedy=_REMEDY)
    root = folder / "ontology" if (folder / "ontology").is_dir() else folder
    found = RawFiles(str(folder), {}, [], {})
    for path in sorted(path for pattern in _PATTERNS for path in root.glob(pattern)):
        name = path.relative_to(root).as_posix()
        found.places[name] = _shown(path)
        _check_number(found)
        outcome = _read(path, root, name)
        if isinstance(outcome, Fault):
            found.faults.append(outcome)
        else:
            found.data[name] = outcome
    if not found.places:
        raise VocabularyError("holds no vocabulary", where=str(folder), remedy=_REMEDY)
    return found


def _shown(path: Path) -> str:
    absolute = Path(os.path.normpath(Path.cwd() / path))
    here = Path.cwd()
    return absolute.relative_to(here).as_posix() if absolute.is_relative_to(here) else str(absolute)


def _read(path: Path, root: Path, name: str) -> bytes | Fault:
    try:
        if not path.resolve(strict=True).is_relative_to(root.resolve()):
            return Fault("file-outside", name, None, "is a link out of the tree", "put the file itself there")
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            return Fault("file-unreadable", name, None, "is not a file", "put a file there, or remove it")
        if about.st_size > MAX_BYTES:
            return _too_large(name, about.st_size)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "it leads nowhere"
        return Fault("file-unreadable", name, None, f"cannot be read: {reason}", "check its name and permissions")
    return data if len(data) <= MAX_BYTES else _too_large(name, len(data))


def _too_large(name: str, size: int) -> Fault:
    message = f"has {size / 1e6:.0f} MB; at most {MAX_BYTES / 1e6:.0f} MB are read"
    return Fault("file-too-large", name, None, message, "split it into several schemes")


def _check_number(found: RawFiles) -> None:
    if len(found.places) > MAX_FILES:
        raise VocabularyError(
            f"holds more than {MAX_FILES} files", where=found.title, remedy="name the folder of the vocabularies alone"
        )


def read_revision(revision: str, checkout: Path) -> RawFiles:
    """Read the tree as it was at ``revision`` of the git repository that ``checkout`` lies in; offline.

    Raises:
        VocabularyError: git is missing, this is no checkout, it has no such revision, or that has no vocabulary.
    """
    remedy = "run the command inside a checkout, or name a folder"
    if _git(checkout, "rev-parse", "--git-dir") is None:
        raise VocabularyError(f"{checkout} is not in a git checkout", where=revision, remedy=remedy)
    name = revision.removesuffix(":")
    commit = _git(checkout, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if not name or commit is None:
        raise VocabularyError(
            "is neither a folder nor a revision of the checkout",
            where=revision,
            remedy="name a folder, a commit, a branch or a tag",
        )
    found = RawFiles(f"revision {name}", {}, [], {})
    listing = _git(checkout, "ls-tree", "-r", "-l", "-z", "--full-tree", commit.decode().strip()) or b""
    wanted: list[tuple[str, str]] = []
    for name, place, mode, blob, size in _entries(listing):
        found.places[name] = place
        _check_number(found)
        if mode == _LINK:
            found.faults.append(Fault("file-outside", name, None, "is a link", "put the file itself there"))
        elif size > MAX_BYTES:
            found.faults.append(_too_large(name, size))
        else:
            wanted.append((name, blob))
    if not found.places:
        raise VocabularyError("holds no vocabulary", where=found.title, remedy="name a later revision")
    found.data.update(_blobs(checkout, wanted))
    return found


def _entries(listing: bytes) -> Iterator[tuple[str, str, str, str, int]]:
    """Name in the tree, path in the repository, mode, object and size of each file that belongs to a tree."""
    rows: list[tuple[str, list[str]]] = []
    for line in listing.decode("utf-8", "replace").split("\0"):
        about, tab, path = line.partition("\t")
        if tab:
            rows.append((path, about.split()))
    folder = "ontology/" if any(path.startswith("ontology/") for path, _ in rows) else ""
    for path, (mode, _, blob, size) in rows:
        name = path.removeprefix(folder)
        if path.startswith(folder) and _NAME.fullmatch(name) and size.isdecimal():
            yield name, path, mode, blob, int(size)


def _blobs(checkout: Path, wanted: list[tuple[str, str]]) -> Iterator[tuple[str, bytes]]:
    asked = "".join(f"{blob}\n" for _, blob in wanted).encode()
    answer = _git(checkout, "cat-file", "--batch", stdin=asked) or b""
    position = 0
    for name, blob in wanted:
        end = answer.find(b"\n", position)
        head = answer[position:end].split()
        if len(head) != 3:
            raise VocabularyError(f"git has no object {blob}", where=name, remedy="repair the checkout: git fsck")
        size = int(head[2])
        yield name, answer[end + 1 : end + 1 + size]
        position = end + size + 2


def _git(checkout: Path, *arguments: str, stdin: bytes = b"") -> bytes | None:
    """What git says; None where it fails. Objects that a partial clone lacks are not fetched."""
    environment = os.environ | {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", str(checkout), *arguments],
            input=stdin,
            capture_output=True,
            timeout=_PATIENCE,
            env=environment,
            check=False,
        )
    except FileNotFoundError:
        raise VocabularyError("git is not installed", remedy="install git, or name a folder") from None
    except subprocess.TimeoutExpired:
        raise VocabularyError("git did not answer in time", where=str(checkout), remedy="try again") from None
    return done.stdout if done.returncode == 0 else None
