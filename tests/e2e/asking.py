"""What tests of questions share: putting a query to the service, and the example queries."""

from __future__ import annotations

import re
from typing import Any

from catalogue.examples import QUERIES
from tests.deployment import Server

#: Start of the address of a dataset of the Imaging Data Commons.
DATASET = "http://127.0.0.1:8000/dataset/idc/"

Row = dict[str, str]


def ask(server: Server, query: str) -> list[Row]:
    """Put a SELECT query to the service and return its rows as plain text."""
    from SPARQLWrapper import JSON, SPARQLWrapper

    wrapper = SPARQLWrapper(f"{server.url}/sparql", returnFormat=JSON)
    wrapper.setTimeout(60)
    wrapper.setQuery(query)
    answer: Any = wrapper.queryAndConvert()
    return [{name: cell["value"] for name, cell in row.items()} for row in answer["results"]["bindings"]]


def example(name: str, **values: str) -> str:
    """A shipped query; ``values`` take the place of what its VALUES clauses say of variables."""
    text = (QUERIES / f"{name}.rq").read_text(encoding="utf-8")
    for variable, value in values.items():
        text, replaced = re.subn(rf"(VALUES \?{variable} )\{{[^}}]*\}}", rf"\g<1>{{ {value} }}", text)
        assert replaced == 1, f"{name} has no VALUES ?{variable}"
    return text


def of_idc(query: str) -> str:
    """The query with its image datasets kept to those of the Imaging Data Commons."""
    kept = f'FILTER (STRSTARTS(STR(?dataset), "{DATASET}"))'
    text = query.replace("?dataset a radiograph:ImagingDataset ;", f"{kept} ?dataset a radiograph:ImagingDataset ;")
    assert text != query
    return text


def local(iri: str) -> str:
    """The collection or analysis result that an address is of."""
    return iri.removeprefix(DATASET)


def is_idc(iri: str) -> bool:
    return iri.startswith(DATASET)
