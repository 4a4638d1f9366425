"""The command that asks: ``radiograph query``, of the release in this home or of an endpoint somewhere else."""

from __future__ import annotations

import asyncio
import io
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated, cast

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from catalogue.examples import Example, beginning, examples, read_example
from catalogue.inquiry.conversion import convert, readable, reading
from catalogue.inquiry.destination import destination
from catalogue.inquiry.endpoint import ask_endpoint
from catalogue.inquiry.formats import Format, choose, fitting
from catalogue.inquiry.parameters import fill, parameters, read_assignments
from catalogue.inquiry.release import ask_release
from catalogue.inquiry.table import draw
from catalogue.store.guard import Form, inspect
from core.console import err, out, print_json
from core.errors import InputError, QueryError
from core.settings import Settings, load_settings

#: Bytes of an answer that stay in memory where all of it is needed before any can be written.
_SPOOL = 8 * 1024 * 1024
_UNWRAPPED = 10_000
_AT = re.compile(r"error at (\d+:\d+): ")


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A query with all that decides how it is asked and where its answer goes."""

    text: str
    form: Form
    format: Format
    output: Path | None
    endpoint: str | None
    timeout: float

    @property
    def media_type(self) -> str:
        """What the format is called on the way."""
        return fitting(self.form)[self.format]


def mount(app: typer.Typer) -> None:
    """Add the command of this room."""
    app.command("query")(query)


def query(
    source: Annotated[
        str | None, typer.Argument(metavar="FILE|-|NAME", help="A file, - for stdin, or an example's name.")
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="Ask this SPARQL endpoint instead of the release in this home.")
    ] = None,
    format: Annotated[
        Format | None,
        typer.Option(
            help="How to write the answer. By default as the file's ending says; else a table, or Turtle, to a person, "
            "and TSV, or N-Triples, into a pipe.",
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="Write the answer to this file, whole or not at all.", dir_okay=False)
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Bind a variable of the query; may be given more than once."),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds for everything; by default RADIOGRAPH_QUERY_TIMEOUT.")
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the example queries by name.")] = False,
    show: Annotated[bool, typer.Option("--show", help="Write the query, with what was set, and ask nothing.")] = False,
) -> None:
    """Put a SPARQL query to the current release, or to an endpoint, and write the answer."""
    settings = load_settings(**({} if timeout is None else {"query_timeout": timeout}))
    if listing:
        _list(examples(settings.overlay), format)
        return
    if source is None:
        raise InputError("no query is named", remedy="name a file or an example; `radiograph query --list` lists them")
    text = fill(_read(source, settings), read_assignments(assignments or ()))
    if show:
        out.print(text.rstrip("\n"), markup=False)
        return
    form = _form(text, source)
    chosen = choose(format, form, output, terminal=sys.stdout.isatty())
    inquiry = Inquiry(text, form, chosen, output, endpoint, settings.query_timeout)
    try:
        asyncio.run(_ask(inquiry, settings))
    except QueryError as error:
        raise _placed(error, source) from None


def _list(found: tuple[Example, ...], format: Format | None) -> None:
    if format is Format.JSON:
        print_json([_listed(one) for one in found])
        return
    table = Table("name", "title", "may be set", box=None, pad_edge=False)
    for one in found:
        table.add_row(Text(one.name), Text(one.title), Text(", ".join(parameters(one.query))))
    out.print(table)


def _listed(example: Example) -> dict[str, object]:
    return {
        "name": example.name,
        "title": example.title,
        "about": example.about,
        "form": str(example.form or ""),
        "parameters": parameters(example.query),
    }


def _read(source: str, settings: Settings) -> str:
    """The query's text, from stdin, a file or the examples.

    Raises:
        InputError: there is nothing of that name, or it is not UTF-8.
    """
    if source != "-" and not Path(source).is_file():
        known = {example.name: example.query for example in examples(settings.overlay)}
        if source not in known:
            raise InputError(
                f"there is neither a file nor an example named {source[:200]}",
                remedy="`radiograph query --list` lists the examples",
            )
        return known[source]
    content = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"the query is not UTF-8 at byte {error.start}", where=_name(source), remedy="save it as UTF-8"
        ) from None


def _form(text: str, source: str) -> Form:
    """What kind of query it is, wherever it is asked.

    Raises:
        QueryError: it is none, but an update, for example; in the words of the endpoint, with the place in the text.
    """
    form = read_example(source, text).form
    try:
        return form or inspect(text).form
    except QueryError as error:
        before = text[: beginning(text)]
        line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
        error.where = f"{_name(source)}:{line}:{column}"
        raise


async def _ask(inquiry: Inquiry, settings: Settings) -> None:
    async with _answered(inquiry, settings) as (media_type, chunks):
        graph = inquiry.form.gives_graph
        as_it_comes = media_type == inquiry.media_type and inquiry.format is not Format.TABLE
        if not as_it_comes and not readable(media_type, graph=graph):
            raise QueryError(
                f"the endpoint answered with {media_type or 'nothing in particular'}, which is no answer to a query",
                where=inquiry.endpoint,
                remedy="check the address, or choose another --format",
            )
        with destination(inquiry.output) as target:
            if as_it_comes:
                async for chunk in chunks:
                    target.write(chunk)
                    target.flush()
                return
            with tempfile.SpooledTemporaryFile(_SPOOL) as spool:
                async for chunk in chunks:
                    spool.write(chunk)
                spool.seek(0)
                _rewrite(cast(IO[bytes], spool), media_type, target, inquiry)


@asynccontextmanager
async def _answered(inquiry: Inquiry, settings: Settings) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
    """The answer as it begins to arrive: its media type and its bytes."""
    if inquiry.endpoint is None:
        async with ask_release(settings, inquiry.text, inquiry.media_type) as answer:
            yield answer.media_type, aiter(answer)
        return
    others = [name for name in fitting(inquiry.form).values() if name not in (inquiry.media_type, "text/csv")]
    accept = ", ".join([inquiry.media_type, *(f"{name};q=0.5" for name in dict.fromkeys(others))])
    async with ask_endpoint(inquiry.endpoint, inquiry.text, accept, inquiry.timeout) as foreign:
        yield foreign.media_type, foreign.chunks


def _rewrite(source: IO[bytes], media_type: str, target: IO[bytes], inquiry: Inquiry) -> None:
    """Write an answer that is all there in another format than it came in."""
    if inquiry.format is not Format.TABLE:
        convert(source, target, media_type, inquiry.media_type, graph=inquiry.form.gives_graph)
        return
    if media_type != inquiry.media_type:
        bindings = io.BytesIO()
        convert(source, bindings, media_type, inquiry.media_type, graph=False)
        bindings.seek(0)
        source = bindings
    console = out if inquiry.output is None else Console(file=io.StringIO(), width=_UNWRAPPED)
    with reading(media_type):
        rows = draw(source, inquiry.text, console, lambda text: target.write(text.encode()))
    target.flush()
    if rows is not None and err.is_terminal:
        err.print(f"{rows:,} row{'' if rows == 1 else 's'}")


def _placed(error: QueryError, source: str) -> QueryError:
    """The error with the name of the file, and the line and column where the engine names them."""
    if error.where is None:
        at = _AT.match(error.message)
        error.message = error.message.removeprefix(at.group()) if at else error.message
        error.where = f"{_name(source)}:{at.group(1)}" if at else _name(source)
    return error


def _name(source: str) -> str:
    return "standard input" if source == "-" else source
