"""Replacing several files of a folder as one: all are new, or all are as they were.

The new contents are written into a folder beside the files first. Renaming that folder to ``.ready`` is the decision:
before it nothing has happened; after it, what an interrupted program left undone is done by the next :func:`recover`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from core.errors import VocabularyError

#: What may be replaced: nothing that a plan found in somebody's folder names can be elsewhere.
_NAME = re.compile(r"(?:\w[\w.-]*/)?\w[\w.-]*")
_STAGED, _READY, _PLAN = ".staged", ".ready", "plan.json"


def replace_files(root: Path, files: Mapping[str, bytes]) -> None:
    """Give the files under ``root``, by their names in it, new contents; files that do not exist are made.

    An error on the way (a full disk, a missing permission) leaves every file as it was.
    """
    recover(root)
    staged, ready = root / _STAGED, root / _READY
    names = sorted(files)
    staged.mkdir()
    try:
        for number, name in enumerate(names):
            _write(staged / f"{number}.new", files[name])
            if (root / name).exists():
                _write(staged / f"{number}.old", (root / name).read_bytes())
        _write(staged / _PLAN, json.dumps(names).encode())
        _sync(staged)
        staged.rename(ready)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    _sync(root)
    try:
        _apply(root, names)
    except Exception:
        _undo(root, names)
        raise


def recover(root: Path) -> bool:
    """Finish what an interrupted :func:`replace_files` decided, and clear away what it did not; whether it finished."""
    shutil.rmtree(root / _STAGED, ignore_errors=True)
    plan = root / _READY / _PLAN
    if not plan.is_file():
        shutil.rmtree(root / _READY, ignore_errors=True)
        return False
    names = json.loads(plan.read_bytes())
    if not all(isinstance(name, str) and _NAME.fullmatch(name) for name in names):
        remedy = f"remove the folder {_READY}"
        raise VocabularyError("names files outside of the vocabularies", where=str(plan), remedy=remedy)
    _apply(root, names)
    return True


def _apply(root: Path, names: list[str]) -> None:
    ready = root / _READY
    for number, name in enumerate(names):
        new, target = ready / f"{number}.new", root / name
        if new.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                shutil.copymode(target, new)
            new.replace(target)
    _sync(root)
    (ready / _PLAN).unlink()
    shutil.rmtree(ready)


def _undo(root: Path, names: list[str]) -> None:
    ready = root / _READY
    for number, name in enumerate(names):
        old, new = ready / f"{number}.old", ready / f"{number}.new"
        if new.exists():
            continue
        if old.exists():
            old.replace(root / name)
        else:
            (root / name).unlink(missing_ok=True)
    shutil.rmtree(ready, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
