"""The W3C's SPARQL test suites: rdflib's source distribution has a copy, which the package index gives at test time.

Nothing of the suites is in the repository. A query-evaluation case is a data set, a query, and what is right.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import rdflib
from rdflib import RDF, Graph, Namespace, URIRef
from rdflib.collection import Collection

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
QT = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-query#")
#: Suites by the folders of their manifests. Entailment and the protocol's own tests are about something else.
_SUITES = ("dawg-data-r2", "sparql11")
_LEFT_OUT = frozenset({"entailment", "protocol", "service-description", "service"})


@dataclass(frozen=True)
class Case:
    """One query-evaluation test. ``data`` is the default graph, ``named`` the named graphs, all files."""

    name: str
    query: str
    data: tuple[Path, ...]
    named: tuple[Path, ...]

    @property
    def ordered(self) -> bool:
        """Whether the order of its solutions matters."""
        return "ORDER BY" in self.query.upper()


def fetch(folder: Path) -> Path:
    """The folder of the suites, unpacked below ``folder``; skips where the package index does not give them."""
    requirement = f"rdflib=={rdflib.__version__}"
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", "rdflib"]
    done = subprocess.run([*command, "--dest", str(folder), requirement], capture_output=True, text=True, timeout=300)
    found = list(folder.glob("*.tar.gz"))
    if not found:
        problem = f"the package index does not give rdflib's source: {done.stderr.strip()[-200:]}"
        if os.environ.get("RADIOGRAPH_REQUIRE_ALL"):
            pytest.fail(problem)
        pytest.skip(problem)
    with tarfile.open(found[0]) as archive:
        suites = [member for member in archive if "/test/data/suites/w3c/" in member.name]
        archive.extractall(folder, suites, filter="data")
    (unpacked,) = folder.glob("*/test/data/suites/w3c")
    return unpacked


def cases(suites: Path) -> Iterator[Case]:
    """Every query-evaluation case of both suites."""
    for suite in _SUITES:
        for path in sorted((suites / suite).glob("*/*manifest.ttl")):
            if path.parent.name not in _LEFT_OUT:
                yield from _manifest(path, f"{suite}/{path.parent.name}")


def _manifest(path: Path, folder: str) -> Iterator[Case]:
    manifest = Graph().parse(path, publicID=path.as_uri())
    for entries in manifest.objects(None, MF.entries):
        for entry in Collection(manifest, entries):
            if (entry, RDF.type, MF.QueryEvaluationTest) not in manifest:
                continue
            action = manifest.value(entry, MF.action)
            query = manifest.value(action, QT.query)
            yield Case(
                f"{folder}/{str(entry).rpartition('#')[2]}",
                # Some queries name their files relatively.
                f"BASE <{query}>\n{_path(query).read_text(encoding='utf-8')}",
                tuple(sorted(_path(data) for data in manifest.objects(action, QT.data))),
                tuple(sorted(_path(data) for data in manifest.objects(action, QT.graphData))),
            )


def _path(address: object) -> Path:
    assert isinstance(address, URIRef), address
    return Path(unquote(urlsplit(address).path))
