"""Dates as DCAT-AP wants them: an ``xsd:date``, ``xsd:dateTime``, ``xsd:gYearMonth`` or ``xsd:gYear``, or nothing."""

from __future__ import annotations

import re
from datetime import date, datetime

from rdflib import Literal

from core.terms import XSD

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?")
_YEAR_MONTH = re.compile(r"\d{4}-\d{2}")
_YEAR = re.compile(r"\d{4}")


def date_literal(text: str) -> Literal | None:
    """Return the literal for an ISO 8601 date of the precision that ``text`` has, or None where it is no such date.

    Other spellings are not interpreted: "04/05/2021" is April or May (DCAT-AP 3.0.1, properties issued and modified).
    """
    stripped = text.strip()
    # fromisoformat alone would also take 20210410 and 2021-W14, which the XML Schema types do not.
    if not stripped.isascii():
        return None
    if _DATE.fullmatch(stripped):
        return _checked(stripped, stripped, XSD.date)
    if _DATE_TIME.fullmatch(stripped):
        return _checked_time(stripped)
    if _YEAR_MONTH.fullmatch(stripped):
        return _checked(stripped, f"{stripped}-01", XSD.gYearMonth)
    if _YEAR.fullmatch(stripped):
        return _checked(stripped, f"{stripped}-01-01", XSD.gYear)
    return None


def _checked(text: str, full: str, datatype: object) -> Literal | None:
    try:
        date.fromisoformat(full)
    except ValueError:
        return None
    return Literal(text, datatype=str(datatype))


def _checked_time(text: str) -> Literal | None:
    whole, _, fraction = text.partition(".")
    zone = re.search(r"Z|[+-]\d{2}:\d{2}$", fraction or whole[19:])
    try:
        datetime.fromisoformat(whole[:19] + (zone.group() if zone else ""))
    except ValueError:
        return None
    return Literal(text, datatype=XSD.dateTime)
