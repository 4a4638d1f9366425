"""The picture on the home page: what is inside, as a film on a light box.

Rows are parts of the body, columns modalities; the more datasets, the larger and brighter the spot. Each spot
is a link to the search that finds just these datasets, and says so in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

from api.rendering import Addresses, counted
from catalogue.facets import FacetDirectory

#: Geometry in units of the drawing; it is scaled to the width of the screen, so text must stay legible at 0.8.
LABEL_WIDTH = 112
CELL = 34
HEADER = 32
_SMALLEST, _LARGEST = 3.5, 15.5


@dataclass(frozen=True, slots=True)
class Spot:
    """One cell with datasets: where, how large, how bright (0–1), and where it leads."""

    x: float
    y: float
    radius: float
    glow: float
    count: int
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class AxisLabel:
    """A heading of a row or column, which leads to its own search."""

    position: float
    text: str
    title: str
    href: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All that the template draws."""

    width: int
    height: int
    left: int
    top: int
    columns: tuple[AxisLabel, ...]
    rows: tuple[AxisLabel, ...]
    spots: tuple[Spot, ...]


def draw(matrix: dict[str, Any], directory: FacetDirectory, to: Addresses) -> Picture | None:
    """Lay out the matrix of :func:`catalogue.aggregates.aggregate`; None where there is nothing to show."""
    modalities, parts, cells = matrix["modalities"], matrix["body_parts"], matrix["cells"]
    most = max((count for row in cells for count in row), default=0)
    if not most:
        return None

    def search(**facets: dict[str, Any]) -> str:
        keys = {facet: directory.key(facet, axis["iri"]) for facet, axis in facets.items()}
        return to.path("datasets", {**keys, "kind": "images"})

    spots = []
    for r, part in enumerate(parts):
        for c, modality in enumerate(modalities):
            count = cells[r][c]
            if count:
                share = sqrt(count / most)
                label = f"{counted(count, 'dataset')}: {modality['label']}, {part['label']}"
                href = search(modality=modality, body_part=part)
                radius = round(_SMALLEST + (_LARGEST - _SMALLEST) * share, 1)
                spots.append(
                    Spot(_centre_x(c), _centre_y(r), radius, round(0.35 + 0.65 * share, 2), count, label, href)
                )
    return Picture(
        width=LABEL_WIDTH + CELL * len(modalities),
        height=HEADER + CELL * len(parts),
        left=LABEL_WIDTH,
        top=HEADER,
        columns=tuple(
            AxisLabel(_centre_x(c), directory.key("modality", m["iri"])[:4], m["label"], search(modality=m))
            for c, m in enumerate(modalities)
        ),
        rows=tuple(
            AxisLabel(_centre_y(r), _short(p["label"]), p["label"], search(body_part=p)) for r, p in enumerate(parts)
        ),
        spots=tuple(spots),
    )


def _centre_x(column: int) -> float:
    return LABEL_WIDTH + CELL * (column + 0.5)


def _centre_y(row: int) -> float:
    return HEADER + CELL * (row + 0.5)


def _short(label: str, most: int = 14) -> str:
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"
