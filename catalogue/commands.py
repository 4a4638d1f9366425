"""The commands of the catalogue: publish, status, releases, store, backup, runs, events, descriptions, links."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from catalogue.backup import backup, restore
from catalogue.checking import show_findings, tell_findings
from catalogue.entries import RevisionEntry
from catalogue.ledger import Ledger
from catalogue.links import read_links
from catalogue.publication import publish, rebuild_store, rollback
from catalogue.release import Release
from catalogue.remote.declaration import remote_store
from catalogue.remote.location import Location
from catalogue.remote.overview import overview
from core.console import Exit, err, out, print_json
from core.errors import LedgerError, ReleaseError
from core.settings import Settings, load_settings
from ontology.vocabulary import Vocabularies

JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON to stdout.")]


def mount(app: typer.Typer) -> None:
    """Add the commands of this room."""
    app.command("publish")(publish_release)
    app.command("status")(show_status)
    app.command("backup")(write_backup)
    app.command("restore")(restore_backup)
    releases = _group(app, "releases", "The numbered states of the catalogue that were published.")
    releases.command("list")(list_releases)
    releases.command("rollback")(roll_back)
    releases.command("check")(show_findings)
    store = _group(app, "store", "The triple store that releases are made in.")
    store.command("show")(show_store)
    store.command("rebuild")(rebuild)
    _group(app, "runs", "What was ingested, when, and how it ended.").command("list")(list_runs)
    _group(app, "events", "Every change of what is, or will be, published.").command("list")(list_events)
    descriptions = _group(app, "descriptions", "Single descriptions.")
    descriptions.command("show")(show_description)
    descriptions.command("withdraw")(withdraw_description)
    _group(app, "links", "Links between datasets.").command("list")(list_links)


def publish_release(
    allow_shrink: Annotated[
        bool, typer.Option("--allow-shrink", help="Publish though many published datasets would go.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make a new release of everything accepted since the last one."""
    settings = load_settings()
    before = _current(settings)
    release = publish(
        settings, Vocabularies.load(settings.overlay), allow_shrink=allow_shrink, progress=_tell("publishing")
    )
    if before == release:
        err.print(f"nothing to publish: release {release.number} is up to date")
    if as_json:
        print_json(_release_json(release))
    elif before != release:
        out.print(
            f"release {release.number}: {release.datasets:,} datasets, {release.triples:,} triples, "
            f"{release.links:,} links"
        )
    if before != release:
        tell_findings(settings, release)


def show_status(as_json: JsonOption = False) -> None:
    """Show the current release, and how many descriptions are in which state."""
    settings = load_settings()
    with Ledger.open(settings, read_only=True) as ledger:
        status = ledger.status()
    location = Location.read(settings.releases_path / str(status.release) / "store")
    states = ("published", "draft", "rejected", "withdrawn")
    if as_json:
        repositories = {
            name: {state: getattr(counts, state) for state in states} for name, counts in status.repositories.items()
        }
        head: dict[str, object] = {"release": status.release, "triples": status.triples, "links": status.links}
        head |= {"endpoint": location.endpoint} if location is not None else {}
        print_json({**head, "repositories": repositories})
        return
    place = f", on endpoint {location.endpoint}" if location is not None else ""
    out.print(
        f"release {status.release}: {status.triples:,} triples, {status.links:,} links{place}"
        if status.release
        else "no release yet"
    )
    rows = (
        (name, *(f"{getattr(counts, state):,}" for state in (*states, "stale")))
        for name, counts in status.repositories.items()
    )
    _table(("repository", *states, "stale"), rows)
    if status.pending:
        err.print(f"{status.pending:,} changes wait for `radiograph publish`")


def list_releases(as_json: JsonOption = False) -> None:
    """List the releases, newest first."""
    with Ledger.open(load_settings(), read_only=True) as ledger:
        releases = ledger.releases()
    if as_json:
        print_json([_release_json(release) for release in releases])
        return
    _table(
        ("release", "created", "datasets", "triples", "links", "kept"),
        (
            (
                str(release.number),
                _time(release.created),
                f"{release.datasets:,}",
                f"{release.triples:,}",
                f"{release.links:,}",
                "no" if release.dropped else "yes",
            )
            for release in releases
        ),
    )


def roll_back(
    number: Annotated[int, typer.Argument(help="The release whose content to publish again.", min=1)],
    as_json: JsonOption = False,
) -> None:
    """Publish the content of an earlier release as a new one."""
    settings = load_settings()
    before = _current(settings)
    release = rollback(settings, Vocabularies.load(settings.overlay), number, progress=_tell("rolling back"))
    if before == release:
        err.print(f"nothing to publish: release {release.number} has the content of release {number}")
    if as_json:
        print_json(_release_json(release))
    elif before != release:
        out.print(f"release {release.number} has the content of release {number}: {release.datasets:,} datasets")


def show_store(as_json: JsonOption = False) -> None:
    """Show which engine is chosen and where the current release is; of an external store, what each endpoint holds.

    Exit code 0: the current release can be served from there, or there is none yet; 1: it cannot.
    """
    settings = load_settings()
    declaration, release = remote_store(settings), _current(settings)
    endpoints = overview(settings, declaration, release) if declaration is not None else []
    whole = release is None or any(endpoint.ready for endpoint in endpoints) or declaration is None
    if as_json:
        print_json(
            {
                "engine": declaration.kind if declaration is not None else "embedded",
                "release": release.number if release is not None else 0,
                "endpoints": [asdict(endpoint) for endpoint in endpoints],
            }
        )
    elif declaration is None:
        out.print(f"embedded: {release.path / 'store'}" if release else "embedded; no release yet", markup=False)
    else:
        rows = (
            (
                endpoint.name,
                ("serving" if endpoint.ready else "to be mended") if endpoint.serving else "",
                str(endpoint.release or ""),
                f"{endpoint.triples:,}" if endpoint.triples is not None else "",
                endpoint.problem or "",
            )
            for endpoint in endpoints
        )
        _table(("endpoint", "state", "release", "triples", "problem"), rows)
    if not whole:
        err.print("the current release is on no endpoint; `radiograph store rebuild` mends that")
        raise typer.Exit(Exit.FINDINGS)


def rebuild() -> None:
    """Make the store, and the current release's folder where damaged, again from the ledger."""
    settings = load_settings()
    release = rebuild_store(settings, Vocabularies.load(settings.overlay), progress=_tell("rebuilding"))
    out.print(f"release {release.number} is in order" if release else "there is no release yet; nothing to rebuild")


def write_backup(
    file: Annotated[Path, typer.Argument(help="The archive to write: .tar.gz or .tar.", dir_okay=False)],
    as_json: JsonOption = False,
) -> None:
    """Write the ledger into an archive; everything else can be made from it."""
    manifest = backup(load_settings(), file)
    if as_json:
        print_json(asdict(manifest))
    else:
        out.print(f"{file}: ledger up to release {manifest.release}, {manifest.bytes:,} bytes before packing")


def restore_backup(
    file: Annotated[Path, typer.Argument(help="An archive of `radiograph backup`.", exists=True, dir_okay=False)],
    force: Annotated[bool, typer.Option("--force", help="Replace the ledger that is there.")] = False,
) -> None:
    """Put a backup into an empty home, and make store and release from it."""
    settings = load_settings()
    release = restore(settings, file, Vocabularies.load(settings.overlay), force=force, progress=_tell("restoring"))
    out.print(f"restored release {release.number}" if release else "restored; there was no release yet")


def list_runs(
    repository: Annotated[str | None, typer.Option(help="Only runs of this repository.")] = None,
    limit: Annotated[int, typer.Option(help="The newest so many.", min=1)] = 20,
    as_json: JsonOption = False,
) -> None:
    """List what was ingested, newest first."""
    with Ledger.open(load_settings(), read_only=True) as ledger:
        runs = ledger.runs(repository=repository, limit=limit)
    if as_json:
        print_json([_plain(asdict(run)) for run in runs])
        return
    rows = ((str(r.id), r.repository, r.source, r.state, _time(r.started), _time(r.finished)) for r in runs)
    _table(("run", "repository", "source", "state", "started", "finished"), rows)


def list_events(
    since: Annotated[int, typer.Option(help="Only events after this number.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object a line.")] = False,
) -> None:
    """List every change, oldest first."""
    with Ledger.open(load_settings(), read_only=True) as ledger:
        events = ledger.events(since)
    if as_json:
        _print_lines(asdict(event) for event in events)
        return
    rows = ((str(e.seq), e.kind, e.iri, str(e.revision), str(e.run or ""), _time(e.at), e.reason or "") for e in events)
    _table(("event", "kind", "description", "revision", "run", "at", "reason"), rows)


def show_description(
    name: Annotated[str, typer.Argument(metavar="IRI|REPOSITORY/ID", help="Which description.")],
    as_json: JsonOption = False,
) -> None:
    """Show the state, the revisions and the validation report of one description."""
    settings = load_settings()
    iri = _dataset(settings, name)
    with Ledger.open(settings, read_only=True) as ledger:
        state, history, report = ledger.state(iri), ledger.history(iri), ledger.report(iri)
    if state is None:
        raise LedgerError(f"{iri} is not in the ledger", remedy="give its IRI, or REPOSITORY/ID")
    judged = json.loads(report) if report else None
    if as_json:
        print_json({"iri": iri, "state": state, "revisions": [_plain(asdict(r)) for r in history], "report": judged})
        return
    out.print(f"{iri}: {state}", markup=False)
    _table(("revision", "state", "created", "released", "ended", "run", "remarks"), map(_revision_row, history))
    for line in _judgement(judged or {}):
        out.print(line, markup=False)


def withdraw_description(
    name: Annotated[str, typer.Argument(metavar="IRI|REPOSITORY/ID", help="Which description.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the event log.")],
) -> None:
    """Take a description out of the next release."""
    settings = load_settings()
    iri = _dataset(settings, name)
    with Ledger.open(settings) as ledger:
        ledger.withdraw(iri, reason)
    out.print(f"{iri} is withdrawn; `radiograph publish` makes it so for everyone", markup=False)


def list_links(
    as_json: Annotated[bool, typer.Option("--json", help="Write one JSON object a line.")] = False,
) -> None:
    """List the links of the current release."""
    release = _current(load_settings())
    if release is None:
        raise ReleaseError("there is no release yet", remedy="run `radiograph publish`")
    links = [link.to_json() for link in read_links(release.path / "links.ndjson")]
    if as_json:
        _print_lines(links)
        return
    columns = ("subject", "object", "kind", "state", "confidence", "method")
    _table(columns, ([str(link[column]) for column in columns] for link in links))


def _group(app: typer.Typer, name: str, text: str) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help=text)
    app.add_typer(group, name=name)
    return group


def _current(settings: Settings) -> Release | None:
    with Ledger.open(settings, read_only=True) as ledger:
        return ledger.current_release()


def _tell(act: str) -> Any:
    return lambda stage: err.print(f"{act}: {stage}") if err.is_terminal else None


def _dataset(settings: Settings, name: str) -> str:
    """The IRI that ``name`` stands for: itself, or REPOSITORY/ID."""
    if name.startswith(("http://", "https://")):
        return name
    repository, _, identifier = name.partition("/")
    return str(settings.identifiers.dataset(repository, identifier))


def _revision_row(revision: RevisionEntry) -> tuple[str, ...]:
    remarks = [text for text, holds in (("in the next release", revision.upcoming), ("stale", revision.stale)) if holds]
    times = (_time(revision.created), _time(revision.released), _time(revision.ended))
    return (str(revision.id), revision.state, *times, str(revision.run or ""), ", ".join(remarks))


def _judgement(report: dict[str, Any]) -> Iterator[str]:
    """The report on what was delivered last as lines of text: which profiles it meets, and what is wrong with it."""
    for verdict in report.get("verdicts", ()):
        yield f"{verdict['profile']}: {'conforms' if verdict['conforms'] else 'does not conform'}"
    for finding in report.get("findings", ()):
        value = f" Value: {finding['value']}." if finding.get("value") is not None else ""
        yield f"  {finding['severity']} [{finding['profile']}, {finding['path']}]: {finding['message']}{value}"


def _release_json(release: Release) -> dict[str, Any]:
    return {name: value for name, value in _plain(asdict(release)).items() if name != "path"}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    return {name: _plain(item) for name, item in value.items()} if isinstance(value, dict) else value


def _print_lines(rows: Iterable[dict[str, Any]]) -> None:
    for row in rows:
        print_json(_plain(row), indent=None)
    sys.stdout.flush()


def _time(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S") if moment is not None else ""


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    out.print(table)
