"""A process whose children are killed while they publish to an external store; started by ``test_kills.py``.

Reads orders, one JSON object a line, forks a child for each, and answers with the child's exit status. A child takes
in a new version of the descriptions and publishes; ``point`` says after which step it is killed, ``after`` when.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import ontology
from catalogue import assembly, publication
from catalogue.publication import publish
from catalogue.remote.location import Location, Switching
from catalogue.remote.switch import RemoteRelease
from catalogue.remote.writer import RemoteWriter
from ontology.turtle import read_turtle
from ontology.vocabulary import Vocabularies
from tests.catalogue.home import Home, make_settings
from tests.catalogue.victim import die_after, forked

SIZE = 40
#: Where a publication is cut: the function after whose first end the process dies.
POINTS: dict[str, tuple[Any, str]] = {
    "services are told": (Switching, "write"),
    "the marker says that it is under way": (RemoteWriter, "replace"),
    "some of the graphs are written": (RemoteWriter, "_write"),
    "all is written": (Location, "write"),
    "the switch is complete": (RemoteRelease, "checkpoint"),
    "folder has its name": (assembly.Assembled, "install"),
    "rows are written but not committed": (publication, "commit_release"),
    "old releases are forgotten": (publication, "drop_releases"),
}


def one_vocabulary() -> Vocabularies:
    """The smallest one, so that a release is made in a moment."""
    here = Path(ontology.__file__).parent
    return Vocabularies(read_turtle(here / "radiograph.ttl"), {"sex": read_turtle(here / "concepts" / "sex.ttl")})


def ingest(home: Home, version: int) -> None:
    """Each version changes a third of the descriptions, and leaves out others."""
    kept = (number for number in range(SIZE) if number % 7 != version % 7)
    home.ingest(*(home.candidate(f"c{number}", f"version {max(0, version - number % 3)}") for number in kept))


def main(path: Path, declaration: Path) -> None:
    home, vocabularies = Home(make_settings(path, store=declaration, query_timeout=0.1)), one_vocabulary()
    for line in sys.stdin:
        order = json.loads(line)

        def act(order: dict[str, Any] = order) -> None:
            ingest(home, order["version"])
            if "point" in order:
                die_after(*POINTS[order["point"]])
            publish(home.settings, vocabularies, allow_shrink=True)

        print(forked(act, order.get("after")), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
