"""Large stores made from the real graph, for the benches that need them.

The catalogue of the demo is ingested and published once; then the graphs of its records are repeated under new
addresses until there are as many triples as wanted, the vocabularies staying as they are. What comes out is a home
that ``radiograph serve`` serves and a store that other servers open.

    python -m bench.stores 1000000

Homes are kept in ``radiograph-bench`` in the folder of temporary files, so that the next run finds them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox

FOLDER = Path(tempfile.gettempdir()) / "radiograph-bench"
BASE = "http://127.0.0.1:8000"
#: Addresses that belong to one dataset, and so are new in every copy.
_OWN = re.compile(rf"<{re.escape(BASE)}/(record|dataset|distribution|link)/".encode())
_RADIOGRAPH = str(Path(sys.executable).parent / "radiograph")


def environment(home: Path, **extra: str) -> dict[str, str]:
    """What commands on ``home`` run with; nothing of the shell's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RADIOGRAPH_")}
    return kept | {"RADIOGRAPH_HOME": str(home), "NO_COLOR": "1", **extra}


def real_home() -> Path:
    """The demo's catalogue, ingested and published."""
    home = FOLDER / "real"
    if not (home / "done").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        for command in (("ingest", "idc"), ("publish",)):
            done = subprocess.run(
                [_RADIOGRAPH, *command], env=environment(home), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            if done.returncode not in (0, 1):
                raise RuntimeError(f"radiograph {' '.join(command)}: {done.stderr.decode()[-500:]}")
        (home / "done").touch()
    return home


def store_of(home: Path) -> Path:
    """The store of the home's newest release."""
    return max((home / "releases").glob("[0-9]*"), key=lambda path: int(path.name)) / "store"


def large_home(triples: int) -> Path:
    """A home whose release has at least ``triples`` triples."""
    home = FOLDER / str(triples)
    if (home / "done").exists():
        return home
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(real_home(), home)
    (home / "done").unlink()
    store = store_of(home)
    quads = FOLDER / f"{triples}.nq"
    quads.write_bytes(b"".join(_copies(store, triples)))
    shutil.rmtree(store)
    made = ox.Store(str(store))
    made.bulk_load(path=quads, format=ox.RdfFormat.N_QUADS)
    made.optimize()
    made.flush()
    del made
    (home / "done").touch()
    return home


def quads_of(triples: int) -> Path:
    """The N-Quads that :func:`large_home` was made of, for servers that read no store of ours."""
    large_home(triples)
    return FOLDER / f"{triples}.nq"


def _copies(store: Path, triples: int) -> Iterator[bytes]:
    lines = ox.Store.read_only(str(store)).dump(format=ox.RdfFormat.N_QUADS)
    assert lines is not None
    own = b"".join(line for line in lines.splitlines(keepends=True) if _OWN.search(line.rsplit(b" ", 2)[1]))
    yield lines
    size, each = lines.count(b"\n"), own.count(b"\n")
    for number in range(1, max(0, -(-(triples - size) // each)) + 1):
        yield _OWN.sub(rb"<%b/\1/copy-%d-" % (BASE.encode(), number), own)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        print(large_home(int(argument)))
