"""Whose turn it is: use that is counted and drains, and a line that is fair to those who use little."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.store import spending
from catalogue.store.line import Line
from catalogue.store.spending import Spending
from core.errors import QueryUnavailable


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_use_is_counted_while_it_lasts_and_drains_afterwards() -> None:
    clock = Clock()
    used = Spending(0.5, clock)
    mark = used.begin("a")
    clock.now += 4
    assert used.used("a") == 4 and used.used("b") == 0
    used.end("a", mark)
    used.end("a", mark)
    assert used.used("a") == 4 and used.wait("a", 3) == 2
    clock.now += 4
    assert used.used("a") == 2
    with used.work("a"):
        clock.now += 2
    assert used.used("a") == 3
    clock.now += 100
    assert used.used("a") == 0 and used.wait("a", 1) == 0


def test_whose_queries_are_quick_is_known_from_their_latest() -> None:
    now = 0.0
    used = Spending(1, lambda: now)

    def query(seconds: float) -> bool:
        nonlocal now
        mark = used.begin("a")
        now += seconds
        used.end("a", mark)
        return used.is_quick("a")

    assert not used.is_quick("a")
    assert [query(0.01) for _ in range(6)] == [False, False, False, False, True, True]
    assert [query(seconds) for seconds in (0.2, 2.0, 0.01, 0.01)] == [True, False, False, False]
    assert [query(0.01) for _ in range(6)][-1]


def test_many_clients_take_no_more_room_than_a_number_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spending, "MAX_CLIENTS", 100)
    clock = Clock()
    used = Spending(0.5, clock)
    used.add("heavy", 1000)
    mark = used.begin("busy")
    for number in range(10_000):
        used.add(str(number), 0.1)
        assert len(used) <= 100
    assert used.used("heavy") == 1000
    clock.now += 1
    used.end("busy", mark)
    assert used.used("busy") == 1


def test_one_client_after_the_other_and_its_queries_in_their_order() -> None:
    line: Line[str] = Line(10, 100, lambda client: 0)
    for place in ("a1", "a2", "a3", "b1", "c1", "b2"):
        assert line.join(place[0], place) is None
    line.leave("a", "a2")
    line.leave("a", "a2")
    assert len(line) == 5 and list(line) == ["a1", "a3", "b1", "b2", "c1"]
    assert [line.next()[1] for _ in range(5)] == ["a1", "b1", "c1", "a3", "b2"]
    assert len(line) == 0


def test_who_has_used_least_is_next() -> None:
    used = {"a": 9.0, "b": 5.0, "c": 0.0}
    line: Line[str] = Line(10, 100, used.__getitem__)
    for place in ("a1", "b1", "c1", "c2"):
        line.join(place[0], place)
    assert line.first() == ("c", "c1")
    assert [line.next()[1] for _ in range(2)] == ["c1", "c2"]
    used["b"] = 10
    assert [line.next() for _ in range(2)] == [("a", "a1"), ("b", "b1")]


def test_the_line_is_bounded_for_each_and_for_all() -> None:
    line: Line[int] = Line(3, 4, lambda client: 0)
    for place in range(3):
        line.join("flood", place)
    with pytest.raises(QueryUnavailable, match="your queries"):
        line.join("flood", 3)
    assert line.join("a", 4) is None
    assert line.join("b", 5) == 2, "the newest of who has most makes room"
    with pytest.raises(QueryUnavailable, match="too many queries"):
        line.join("a", 6)
    assert len(line) == 4


@given(st.lists(st.tuples(st.sampled_from(["join", "leave", "next"]), st.sampled_from("abc")), max_size=60))
def test_the_line_never_loses_count(steps: list[tuple[str, str]]) -> None:
    line: Line[int] = Line(4, 8, lambda client: ord(client))
    inside: dict[int, str] = {}
    for number, (step, client) in enumerate(steps):
        if step == "join":
            try:
                ousted = line.join(client, number)
            except QueryUnavailable:
                continue
            inside[number] = client
            if ousted is not None:
                del inside[ousted]
        elif step == "next" and inside:
            least = min(inside.values())
            assert inside.pop(line.next()[1]) == least
        elif step == "leave":
            gone = next((place for place, owner in inside.items() if owner == client), None)
            if gone is not None:
                line.leave(client, gone)
                del inside[gone]
        assert len(line) == len(inside) and set(line) == set(inside)
