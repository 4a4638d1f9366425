"""The checks of the whole catalogue, run over a release's checkpoint, and `radiograph releases check`, which tells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from itertools import groupby
from typing import Annotated

import typer

from catalogue.ledger import Ledger
from catalogue.release import Release
from catalogue.released import readable_store
from core.console import Exit, err, out, print_json
from core.errors import RadiographError, ReleaseError
from core.settings import Settings, load_settings
from core.terms import prefixed
from shapes.checks import Checks
from shapes.report import Finding


def find_release(settings: Settings, number: int | None = None) -> Release:
    """The release with this number, else the current one.

    Raises:
        ReleaseError: there is none, or its folder is no longer kept.
    """
    with Ledger.open(settings, read_only=True) as ledger:
        releases = ledger.releases()
    found = next((release for release in releases if number in (None, release.number)), None)
    if found is None:
        problem = "there is no release yet" if number is None else f"there is no release {number}"
        raise ReleaseError(problem, remedy="run `radiograph publish`, or see `radiograph releases list`")
    if found.dropped:
        raise ReleaseError(f"release {found.number} is no longer kept", remedy="see `radiograph releases list`")
    return found


def check_release(settings: Settings, release: Release, checks: Checks, *, base: str | None = None) -> list[Finding]:
    """What ``checks`` find in a release; references within the catalogue are looked at where ``base`` is given.

    Raises:
        StoreError: the checkpoint cannot be opened.
    """
    with readable_store(settings, release) as store:
        return checks.run(store, base=base)


class Format(StrEnum):
    """How findings on a release are written."""

    TEXT = "text"
    JSON = "json"


def show_findings(
    number: Annotated[int | None, typer.Argument(help="Which release; the current one if left out.", min=1)] = None,
    format: Annotated[Format, typer.Option(help="text for people, json for programs.")] = Format.TEXT,
) -> None:
    """Check a release as a whole: identifiers used twice, references to nothing, catalogues and members that disagree.

    Exit code 0: no violation; 1: violations; 2: the release cannot be read.
    """
    settings = load_settings()
    release = find_release(settings, number)
    findings = check_release(settings, release, Checks.load(settings.overlay), base=settings.base_iri)
    broken = any(finding.severity == "violation" for finding in findings)
    if format is Format.JSON:
        told = [finding.model_dump(exclude_none=True) for finding in findings]
        print_json({"release": release.number, "conforms": not broken, "findings": told})
    else:
        for line in _lines(release, findings):
            out.print(line, markup=False)
    raise typer.Exit(Exit.FINDINGS if broken else Exit.OK)


def tell_findings(settings: Settings, release: Release) -> None:
    """Remark in one line how much there is to find in a new release; a check that cannot run is no reason to fail.

    References within the catalogue are left to the command: looking at each IRI takes longer than all other checks.
    """
    try:
        counts = Counter(
            finding.severity for finding in check_release(settings, release, Checks.load(settings.overlay))
        )
        words = [f"{counts[name]:,} × {name}" for name in ("violation", "warning", "info") if counts[name]]
        told = f"{', '.join(words)}; `radiograph releases check` says more" if words else ""
    except RadiographError as error:
        told = str(error)
    if told:
        err.print(f"checks of the whole catalogue: {told}", markup=False)


def _lines(release: Release, findings: list[Finding]) -> Iterator[str]:
    """The findings by what is wrong, then by value: a catalogue has many records that are wrong in the same way."""
    for (severity, message), group in groupby(findings, key=lambda finding: (finding.severity, finding.message)):
        problem, _, advice = message.partition(". ")
        same = list(group)
        yield f"{severity}: {problem}. ({len(same):,})"
        yield f"  to do: {advice}"
        yield f"  see:   {same[0].specification}"
        for finding in same:
            yield "  " + "  ".join(filter(None, (finding.record, prefixed(finding.path), finding.value)))
    yield f"release {release.number}: " + (f"{len(findings):,} findings" if findings else "nothing found")
