from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.terms import XSD
from ingest.dates import date_literal


@pytest.mark.parametrize(
    ("text", "datatype"),
    [
        ("2021-04-10", XSD.date),
        (" 2024-02-29 ", XSD.date),
        ("2021-04", XSD.gYearMonth),
        ("2021", XSD.gYear),
        ("2021-04-10T09:30:00", XSD.dateTime),
        ("2021-04-10T09:30:00.123456789Z", XSD.dateTime),
        ("2021-04-10T09:30:00+02:00", XSD.dateTime),
    ],
)
def test_precision_decides_the_type(text: str, datatype: object) -> None:
    literal = date_literal(text)
    assert literal is not None
    assert (str(literal), literal.datatype) == (text.strip(), datatype)


@pytest.mark.parametrize(
    "text",
    [
        "", "2023-02-29", "2021-13", "0000", "0000-01-01", "20210410", "2021-W14-6", "04/05/2021", "2021-4-1",
        "April 2021", "2021-04-10T24:30:00", "2021-04-10T09:30", "2021-04-10T09:30:00+25:00", "２０２１", "-2021",
        "99999", "2021-04-10 00:00:00", "2021\n2022",
    ],
)  # fmt: skip
def test_nothing_else_is_a_date(text: str) -> None:
    assert date_literal(text) is None


@given(st.dates() | st.datetimes(timezones=st.none() | st.just(None)))
def test_every_iso_date_is_kept_as_written(moment: date) -> None:
    text = moment.isoformat()
    literal = date_literal(text)
    assert literal is not None and str(literal) == text
    assert literal.datatype == (XSD.dateTime if isinstance(moment, datetime) else XSD.date)


@given(st.text("0123456789-T:.Z+ ", max_size=30))
def test_hostile_digits_never_raise(text: str) -> None:
    literal = date_literal(text)
    assert literal is None or str(literal) == text.strip()
