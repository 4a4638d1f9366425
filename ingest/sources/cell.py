"""What a cell's text means where it must be a date, a size, a number, an address or a DOI.

Each function returns the normal form, or None where the text does not say it beyond doubt: ``03.04.2019`` may be
March or April, so it is no date here; ``36G/110G`` are two sizes, so it is none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from core.identifiers import normalise_doi
from ingest.addresses import web_address

_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_YEAR_FIRST = re.compile(r"(\d{4})(?:([-./])(\d{1,2})(?:\2(\d{1,2}))?)?\.?")
_YEAR_LAST = re.compile(r"(\d{1,2})([-./])(\d{1,2})\2(\d{4})\.?")
_MONTH_YEAR = re.compile(r"(\d{1,2})/(\d{4})\.?")
_NAMED = re.compile(r"([A-Za-z]{3,9})\.?,?\s+(?:(\d{1,2})(?:st|nd|rd|th)?,?\s+)?(\d{4})\.?")
_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2})T[\d:.]+(?:Z|[+-]\d{2}:\d{2})?")
_SIZE = re.compile(r"(\d{1,15}(?:[.,]\d{1,3})?)\s*(k|m|g|t|p)?(i?)b?(?:ytes?)?", re.IGNORECASE)
_COUNT = re.compile(r"\d{1,3}(?:,\d{3})+|\d{1,15}")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def calendar_date(text: str) -> str | None:
    """Return ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``, as exact as the text is."""
    text = text.strip()
    if found := _TIMESTAMP.fullmatch(text):
        text = found[1]
    if found := _YEAR_FIRST.fullmatch(text):
        return _iso(found[1], found[3], found[4])
    if found := _YEAR_LAST.fullmatch(text):
        return _day_and_month(int(found[1]), int(found[3]), found[4])
    if found := _MONTH_YEAR.fullmatch(text):
        return _iso(found[2], found[1], None)
    if found := _NAMED.fullmatch(text):
        months = [index for index, name in enumerate(_MONTHS, 1) if name.startswith(found[1].lower())]
        return _iso(found[3], str(months[0]), found[2]) if len(months) == 1 else None
    return None


def _day_and_month(first: int, second: int, year: str) -> str | None:
    """Day and month in either order, where only one order is possible."""
    readings = {_iso(year, str(month), str(day)) for month, day in ((first, second), (second, first))} - {None}
    return readings.pop() if len(readings) == 1 else None


def _iso(year: str, month: str | None, day: str | None) -> str | None:
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return year + (f"-{int(month):02d}" if month else "") + (f"-{int(day):02d}" if month and day else "")


def byte_size(text: str) -> str | None:
    """Return bytes as digits; ``MB`` is 10⁶ bytes (SI), ``MiB`` 2²⁰ (IEC 80000-13)."""
    found = _SIZE.fullmatch(text.strip())
    if not found or (found[3] and not found[2]):
        return None
    number, unit = found[1].replace(",", "."), (found[2] or "").lower()
    if "," in found[1] and len(found[1].partition(",")[2]) == 3:
        return None
    return str(round(float(number) * (1024 if found[3] else 1000) ** _POWERS[unit]))


def count(text: str) -> str | None:
    """Return a number of things as digits; thousands may be set apart by commas."""
    found = _COUNT.fullmatch(text.strip())
    return str(int(found[0].replace(",", ""))) if found else None


def address(text: str) -> str | None:
    """Return a web address as an IRI; a DOI becomes its resolver's address."""
    iri = web_address(text).iri
    return None if iri is None else str(iri)


#: The readers that a mapping's properties use, by the name of what they read.
READERS: dict[str, Callable[[str], str | None]] = {
    "date": calendar_date,
    "byte size": byte_size,
    "number": count,
    "web address": address,
    "DOI": normalise_doi,
}
