from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.dates import date_literal
from ingest.sources.cell import READERS, address, byte_size, calendar_date, count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2010", "2010"),
        ("2017.", "2017"),
        ("2020-07", "2020-07"),
        ("2019-02.", "2019-02"),
        ("2023-5", "2023-05"),
        ("2011.6", "2011-06"),
        ("2015-2-20", "2015-02-20"),
        ("2020.6.23", "2020-06-23"),
        ("2023/11/16", "2023-11-16"),
        ("11.21.2019.", "2019-11-21"),
        ("21.11.2019", "2019-11-21"),
        ("05.05.2019", "2019-05-05"),
        ("May 2023.", "2023-05"),
        ("December, 2021.", "2021-12"),
        ("January 3rd, 2023", "2023-01-03"),
        ("Sept 2023", "2023-09"),
        ("09/2024", "2024-09"),
        ("2024-05-10T12:00:00Z", "2024-05-10"),
    ],
)
def test_dates_are_read(text: str, expected: str) -> None:
    assert calendar_date(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "03.04.2019",
        "2020-13",
        "2021-02-29",
        "2010-07 till now.",
        "Ma 2020",
        "Feburary, 2019.",
        "20201",
        "0000",
        "soon",
    ],
)
def test_what_is_no_date_beyond_doubt_is_none(text: str) -> None:
    assert calendar_date(text) is None


@given(st.dates(min_value=date(1, 1, 1)))
def test_iso_dates_stay(value: date) -> None:
    assert calendar_date(value.isoformat()) == value.isoformat()


@given(st.text(max_size=30))
def test_readers_read_any_text_and_their_own_output(text: str) -> None:
    for read in READERS.values():
        value = read(text)
        assert value is None or read(value) == value
    found = calendar_date(text)
    assert found is None or date_literal(found) is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("29.3MB", 29_300_000),
        ("186M", 186_000_000),
        ("71KB", 71_000),
        ("6.0G", 6_000_000_000),
        ("1 GiB", 1_073_741_824),
        ("1,5 GB", 1_500_000_000),
        ("512", 512),
        ("512 bytes", 512),
    ],
)
def test_sizes_are_read(text: str, expected: int) -> None:
    assert byte_size(text) == str(expected)


@pytest.mark.parametrize("text", ["", "36G/110G", "400GB+", "1,500 MB", "MB", "5 XB", "-5MB", "5 iB", "lots"])
def test_what_is_no_size_beyond_doubt_is_none(text: str) -> None:
    assert byte_size(text) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("12", "12"), ("1,204", "1204"), ("007", "7"), ("14.8K", None), ("76*2", None), ("12,34", None)],
)
def test_numbers(text: str, expected: str | None) -> None:
    assert count(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.org/a b", "https://example.org/a%20b"),
        ("10.7937/TCIA.x", "https://doi.org/10.7937/tcia.x"),
        ("www.example.org", None),
        ("javascript:alert(1)", None),
        ("Download according to the regulations", None),
    ],
)
def test_addresses(text: str, expected: str | None) -> None:
    assert address(text) == expected
