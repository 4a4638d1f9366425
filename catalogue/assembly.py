"""The folder of a release: made aside, complete and on disk before it gets its name.

``store/`` checkpoint (of an external store: where the release is), ``search/`` index, ``aggregates.json``,
``usage.json``, ``identities.sqlite``, ``links.ndjson``, and ``manifest.json`` with the size and hash of every file.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalogue.aggregates import aggregate
from catalogue.content import ReleaseContent
from catalogue.identities import IdentityFile
from catalogue.links import write_links
from catalogue.search import SearchIndex
from catalogue.summary import DatasetSummary
from catalogue.usage import USAGE, UsageCounter
from catalogue.writer import ReleaseStore
from core.version import program_version
from ontology.vocabulary import Vocabularies

MANIFEST = "manifest.json"
_PARTIAL = ".partial"


@dataclass(frozen=True, slots=True)
class Assembled:
    """A release's folder under its temporary name, with what its ledger row needs to know."""

    path: Path
    triples: int
    datasets: int
    manifest: str

    def install(self) -> Path:
        """Give the folder its name; whatever stood there goes."""
        target = self.path.with_suffix("")
        if target.exists():
            shutil.rmtree(target)
        self.path.rename(target)
        _sync(target.parent)
        return target


def assemble(
    releases: Path,
    store: ReleaseStore,
    content: ReleaseContent,
    vocabularies: Vocabularies,
    titles: Mapping[str, str],
) -> Assembled:
    """Make the folder of a release beside the others, from a store that holds its content, or will by the checkpoint.

    ``titles`` maps repositories to their titles.

    Raises:
        OSError: the disk is full or a file cannot be written.
        StoreError: the checkpoint does not open, or the external store failed.
        SearchError: the index cannot be written.
    """
    path = releases / f"{content.number}{_PARTIAL}"
    path.mkdir(parents=True)
    summaries: list[DatasetSummary] = []
    usage = UsageCounter(vocabularies)
    with IdentityFile(path) as identities:
        for description in content.descriptions():
            summaries.append(DatasetSummary.from_description(description, vocabularies))
            usage.add(description, summaries[-1].title)
            identities.add(description)
    SearchIndex.build(path / "search", summaries, vocabularies, repositories=titles)
    _write_json(path / "aggregates.json", aggregate(summaries, content.links, vocabularies))
    usage.usage().write(path / USAGE)
    write_links(path / "links.ndjson", content.links)
    # An external store is switched here: what else takes time comes before.
    triples = store.checkpoint(path / "store")
    manifest = {
        "release": content.number,
        "created": content.created.isoformat(),
        "ledger": content.ledger,
        "event": content.event,
        "program": program_version(),
        "vocabularies": vocabularies.digest,
        "triples": triples,
        "datasets": len(summaries),
        "links": len(content.links),
        "files": [_entry(path, file) for file in sorted(path.rglob("*")) if file.is_file()],
    }
    _write_json(path / MANIFEST, manifest)
    for folder in (path, *path.rglob("*")):
        _sync(folder)
    return Assembled(path, triples, len(summaries), hashlib.sha256((path / MANIFEST).read_bytes()).hexdigest())


def clean(releases: Path, current: int) -> None:
    """Remove what publications that were cut short left behind."""
    if not releases.is_dir():
        return
    for folder in releases.iterdir():
        later = folder.name.isdigit() and int(folder.name) > current
        if folder.is_dir() and (later or folder.suffix == _PARTIAL):
            shutil.rmtree(folder)


def damage(path: Path, manifest: str) -> str | None:
    """What is wrong with a release's folder, or None where every file is as its manifest says.

    ``manifest`` is the hash of the manifest as the ledger has it.
    """
    try:
        content = (path / MANIFEST).read_bytes()
    except OSError:
        return f"{path / MANIFEST} is missing"
    if hashlib.sha256(content).hexdigest() != manifest:
        return f"{path / MANIFEST} is not the one that was released"
    for entry in json.loads(content)["files"]:
        try:
            if _entry(path, path / entry["path"]) != entry:
                return f"{path / entry['path']} was changed"
        except OSError:
            return f"{path / entry['path']} is missing"
    return None


def _entry(path: Path, file: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
    return {"path": str(file.relative_to(path)), "bytes": file.stat().st_size, "sha256": digest.hexdigest()}


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _sync(path: Path) -> None:
    """Force a file, or a folder's list of names, onto the disk."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
