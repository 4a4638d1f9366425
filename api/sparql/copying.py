"""A query as it is asked from Python, the command line, R and JavaScript, to be copied from the page.

The query stands in each of them unchanged, however it is quoted: what a language would read as an escape or as the
end of the text is written so that it does not.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from catalogue.store.guard import Form

Graphs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Copy:
    """A program that asks the query and shows its answer."""

    name: str
    title: str
    code: str


@dataclass(frozen=True, slots=True)
class _Ask:
    endpoint: str
    query: str
    form: Form
    #: ``default-graph-uri`` and ``named-graph-uri`` of the request, in its order.
    graphs: tuple[tuple[str, str], ...]


def copies(endpoint: str, query: str, form: Form, graphs: Graphs = ()) -> tuple[Copy, ...]:
    """The query as a program in each language."""
    ask = _Ask(endpoint, query.strip("\r\n"), form, tuple(graphs))
    return tuple(Copy(name, title, write(ask)) for name, (title, write) in _LANGUAGES.items())


def graph_parameters(default_graphs: Sequence[str], named_graphs: Sequence[str]) -> list[tuple[str, str]]:
    """The dataset of a request as parameters of the protocol."""
    return [("default-graph-uri", iri) for iri in default_graphs] + [("named-graph-uri", iri) for iri in named_graphs]


def _python(ask: _Ask) -> str:
    kind = "TURTLE" if ask.form.gives_graph else "JSON"
    shown = {
        Form.SELECT: 'for row in sparql.queryAndConvert()["results"]["bindings"]:\n'
        '    print({name: value["value"] for name, value in row.items()})',
        Form.ASK: 'print(sparql.queryAndConvert()["boolean"])',
    }.get(ask.form, "print(sparql.queryAndConvert().decode())")
    graphs = "".join(
        f"sparql.add{'Default' if name.startswith('default') else 'Named'}Graph({_quoted(iri)})\n"
        for name, iri in ask.graphs
    )
    return f'''\
# pip install SPARQLWrapper
from SPARQLWrapper import {kind}, POST, SPARQLWrapper

sparql = SPARQLWrapper({_quoted(ask.endpoint)})
sparql.setMethod(POST)
sparql.setReturnFormat({kind})
{graphs}sparql.setQuery("""
{_escaped(ask.query, {'"""': chr(92) + '"""'})}
""")
{shown}
'''


def _curl(ask: _Ask) -> str:
    accept = {Form.SELECT: "text/csv", Form.ASK: "application/sparql-results+json"}.get(ask.form, "text/turtle")
    end = _unused(ask.query.splitlines(), "SPARQL")
    graphs = "".join(f"  --data-urlencode {shlex.quote(f'{name}={iri}')} \\\n" for name, iri in ask.graphs)
    return (
        f"curl --fail-with-body --silent --show-error {shlex.quote(ask.endpoint)} \\\n"
        f"  --header 'Accept: {accept}' \\\n"
        f"{graphs}"
        f"  --data-urlencode 'query@-' <<'{end}'\n"
        f"{ask.query}\n"
        f"{end}\n"
    )


def _r(ask: _Ask) -> str:
    accept, shown = {
        Form.SELECT: ("text/csv", "print(read.csv(text = resp_body_string(answer)))"),
        Form.ASK: ("application/sparql-results+json", "print(resp_body_json(answer, check_type = FALSE)$boolean)"),
    }.get(ask.form, ("text/turtle", "cat(resp_body_string(answer))"))
    # A raw string ends at its bracket with as many dashes as it began with.
    longest = max((len(found) for found in re.findall(r"\)(-*)\"", ask.query)), default=-1)
    dashes = "-" * (longest + 1)
    graphs = "".join(f", `{name}` = {_quoted(iri)}" for name, iri in ask.graphs)
    return f"""\
# install.packages("httr2")
library(httr2)

query <- r"{dashes}(
{ask.query}
){dashes}"
answer <- request({_quoted(ask.endpoint)}) |>
  req_headers(Accept = "{accept}") |>
  req_body_form(query = query{graphs}) |>
  req_perform()
{shown}
"""


def _javascript(ask: _Ask) -> str:
    accept, shown = {
        Form.SELECT: (
            "application/sparql-results+json",
            "const { results } = await answer.json();\n"
            "console.table(results.bindings.map((row) =>\n"
            "  Object.fromEntries(Object.entries(row).map(([name, { value }]) => [name, value]))));",
        ),
        Form.ASK: ("application/sparql-results+json", "console.log((await answer.json()).boolean);"),
    }.get(ask.form, ("text/turtle", "console.log(await answer.text());"))
    graphs = "".join(f', ["{name}", {_quoted(iri)}]' for name, iri in ask.graphs)
    return f"""\
const query = `
{_escaped(ask.query, {"`": chr(92) + "`", "${": chr(92) + "${"})}
`;
const answer = await fetch({_quoted(ask.endpoint)}, {{
  method: "POST",
  headers: {{ Accept: "{accept}" }},
  body: new URLSearchParams([["query", query]{graphs}]),
}});
if (!answer.ok) throw new Error(await answer.text());
{shown}
"""


_LANGUAGES: dict[str, tuple[str, Callable[[_Ask], str]]] = {
    "python": ("Python (SPARQLWrapper)", _python),
    "curl": ("curl", _curl),
    "r": ("R (httr2)", _r),
    "javascript": ("JavaScript", _javascript),
}


def _escaped(text: str, also: dict[str, str]) -> str:
    """Text for a quoted literal over several lines in Python and JavaScript; both would read CR LF as LF."""
    text = text.replace("\\", "\\\\").replace("\r", "\\r").replace("\0", "\\x00")
    for written, instead in also.items():
        text = text.replace(written, instead)
    return text


def _quoted(text: str) -> str:
    """Text in double quotes as Python, R and JavaScript read it."""
    return json.dumps(text, ensure_ascii=False)


def _unused(lines: Sequence[str], word: str) -> str:
    """A word that none of the lines is."""
    number, found = 0, word
    while found in lines:
        number += 1
        found = f"{word}{number}"
    return found
