"""What git says of a working copy of the vocabularies: offline, and never changing anything."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from core.errors import VocabularyError

#: What belongs to a tree of vocabularies and its releases, beside the program's own files.
OWN = ("radiograph.ttl", "concepts", "mappings", "releases", "refreshed", "CHANGELOG.md")
_PATIENCE = 60


def working_root(folder: Path) -> Path:
    """The folder with ``radiograph.ttl`` of a working copy: ``folder`` or its ``ontology/``.

    Raises:
        VocabularyError: there is none.
    """
    for root in (folder / "ontology", folder):
        if (root / "radiograph.ttl").is_file():
            return root
    raise VocabularyError(
        "has no vocabularies to work on",
        where=str(folder),
        remedy="run the command in a checkout, or name a folder that holds radiograph.ttl with --folder",
    )


def uncommitted(root: Path) -> list[str]:
    """The files of the vocabularies that differ from what is committed; none where ``root`` is in no checkout."""
    said = _git(root, "status", "--porcelain", "--untracked-files=all", "-z", "--no-renames", "--", *OWN)
    return sorted(entry[3:] for entry in (said or "").split("\0") if entry)


def commit_of_version(root: Path, version: str) -> str | None:
    """The commit that set this version of the ontology; None where there is none, or no checkout."""
    said = _git(root, "log", "-1", "--format=%H", f'-Sowl:versionInfo "{version}"', "--", "radiograph.ttl")
    return (said or "").strip() or None


def _git(root: Path, *arguments: str) -> str | None:
    """What git says; None where there is no git, no checkout, or no answer."""
    environment = os.environ | {"GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            env=environment,
            check=False,
        )
    except FileNotFoundError:
        return None
    except subprocess.TimeoutExpired:
        raise VocabularyError("git did not answer in time", where=str(root), remedy="try again") from None
    return done.stdout if done.returncode == 0 else None
