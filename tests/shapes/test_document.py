"""Positions: the most exact place that is known, under whatever name a node has."""

from __future__ import annotations

from rdflib import BNode, Literal

from core.terms import DCT
from shapes.document import Position, Positions
from tests.shapes.conftest import DATASET, EX


def test_the_most_exact_place_is_found() -> None:
    positions = Positions()
    positions.add(DATASET, DCT.title, Literal("One"), Position(line=3))
    positions.add(DATASET, DCT.title, Literal("Two"), Position(line=4))
    assert positions.find(DATASET, DCT.title, Literal("Two")) == Position(line=4)
    assert positions.find(DATASET, DCT.title, Literal("Three")) == Position(line=3)
    assert positions.find(DATASET, DCT.description) == Position(line=3)
    assert positions.find(EX.other) is None
    assert positions and not Positions()


def test_positions_follow_a_node_that_gets_a_name() -> None:
    node = BNode()
    positions = Positions()
    positions.add(DATASET, DCT.publisher, node, Position(line=7))
    positions.add(node, DCT.type, Literal("x"), Position(line=8))
    named = positions.renamed({node: EX.publisher})
    assert named.find(DATASET, DCT.publisher, EX.publisher) == Position(line=7)
    assert named.find(EX.publisher, DCT.type) == Position(line=8)


def test_a_position_is_said_as_a_reader_finds_it() -> None:
    assert str(Position(line=12)) == "line 12"
    assert str(Position(row=4, column="Title", sheet="Datasets")) == "sheet 'Datasets', row 4, column 'Title'"
    assert str(Position(row=4)) == "row 4"
