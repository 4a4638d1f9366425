"""The life of revisions, runs, the writer lock, and what the ledger refuses."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from contextlib import closing
from datetime import UTC
from pathlib import Path

import pytest

from catalogue.description import Outcome
from catalogue.entries import RepositoryStatus
from catalogue.ledger import Ledger
from catalogue.publication import publish
from core.errors import LedgerError, RecordError
from ontology.vocabulary import Vocabularies
from tests.catalogue.home import BASE, PROFILE, Home, make_settings


def kinds(home: Home) -> list[tuple[str, str]]:
    with home.open() as ledger:
        return [(event.kind, event.iri.rsplit("/", 1)[1]) for event in ledger.events()]


def counts(home: Home, repository: str = "one") -> RepositoryStatus:
    with home.open() as ledger:
        return ledger.status().repositories[repository]


def states(home: Home, identifier: str) -> list[str]:
    with home.open() as ledger:
        return [revision.state for revision in ledger.history(home.iri(identifier))]


def test_new_content_is_a_draft_and_one_event(home: Home) -> None:
    home.ingest(home.candidate("a"))
    assert home.outcomes == {"a": Outcome.CREATED}
    assert kinds(home) == [("create", "a")]
    with home.open() as ledger:
        assert ledger.state(home.iri("a")) == "draft"
        assert ledger.description(home.iri("a")) is None, "nothing is released yet"
        assert ledger.runs()[0].started.tzinfo is not None
        assert ledger.events()[0].at.astimezone(UTC) == ledger.events()[0].at


def test_the_same_again_leaves_nothing_but_a_run(home: Home) -> None:
    candidates = [home.candidate(f"c{n}", accepted=n % 3 > 0) for n in range(9)]
    home.ingest(*candidates)
    before = (kinds(home), [states(home, candidate.identifier) for candidate in candidates])
    home.ingest(*candidates)
    assert set(home.outcomes.values()) == {Outcome.UNCHANGED, Outcome.REJECTED}
    assert (kinds(home), [states(home, candidate.identifier) for candidate in candidates]) == before
    with home.open() as ledger:
        assert len(ledger.runs()) == 2


def test_changed_content_supersedes_the_draft(home: Home) -> None:
    home.ingest(home.candidate("a"))
    home.ingest(home.candidate("a", "second"))
    assert home.outcomes["a"] is Outcome.UPDATED
    assert states(home, "a") == ["draft", "superseded"]
    assert kinds(home) == [("create", "a"), ("update", "a")]


def test_rejected_content_is_kept_with_its_report_and_makes_no_event(home: Home) -> None:
    home.ingest(home.candidate("a", accepted=False))
    assert home.outcomes["a"] is Outcome.REJECTED
    assert kinds(home) == []
    with home.open() as ledger:
        assert ledger.state(home.iri("a")) == "rejected"
        assert json.loads(ledger.report(home.iri("a")) or "")["accepted"] is False


def test_rejected_content_never_replaces_what_is_published(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"))
    publish(home.settings, vocabularies)
    home.ingest(home.candidate("a", "broken", accepted=False))
    assert states(home, "a") == ["rejected", "published"]
    assert counts(home) == RepositoryStatus(published=1, stale=1)
    with home.open() as ledger:
        description = ledger.description(home.iri("a"))
        assert description is not None and description.stale
        assert description.ntriples == home.candidate("a").ntriples
        assert ledger.status().pending == 0
    home.ingest(home.candidate("a"))
    assert home.outcomes["a"] is Outcome.UNCHANGED
    assert states(home, "a") == ["superseded", "published"]
    assert counts(home) == RepositoryStatus(published=1)


def test_a_stricter_gate_flags_what_is_published_as_stale(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"))
    publish(home.settings, vocabularies)
    strict = home.candidate("a", accepted=False, conforms_to=(PROFILE,), report='{"findings": ["new rule"]}')
    for _ in range(2):
        home.ingest(strict)
        assert home.outcomes["a"] is Outcome.STALE
        assert states(home, "a") == ["published"]
        assert counts(home) == RepositoryStatus(published=1, stale=1)
        assert kinds(home) == [("create", "a")]
    with home.open() as ledger:
        assert ledger.report(home.iri("a")) == '{"findings": ["new rule"]}'


def test_what_is_no_longer_met_is_no_longer_claimed(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"))
    publish(home.settings, vocabularies)
    for _ in range(2):
        home.ingest(home.candidate("a", accepted=False, conforms_to=()))
        assert home.outcomes["a"] is Outcome.STALE
    assert kinds(home) == [("create", "a"), ("update", "a")]
    publish(home.settings, vocabularies)
    with home.open() as ledger:
        description = ledger.description(home.iri("a"))
        assert description is not None and description.conforms_to == () and description.stale


def test_another_profile_met_by_the_same_content_is_an_update(home: Home) -> None:
    home.ingest(home.candidate("a"))
    home.ingest(home.candidate("a", conforms_to=(PROFILE, f"{PROFILE}/more")))
    assert kinds(home) == [("create", "a"), ("update", "a")]


def test_a_draft_that_turns_bad_before_publishing_is_not_published(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"), home.candidate("b"))
    home.ingest(home.candidate("a", "broken", accepted=False), home.candidate("b"))
    assert states(home, "a") == ["rejected", "superseded"]
    assert publish(home.settings, vocabularies).datasets == 1


def test_a_changed_source_record_is_kept_without_a_new_revision(home: Home) -> None:
    home.ingest(home.candidate("a"))
    with home.open() as ledger, ledger.run("one", "test") as run:
        candidate = home.candidate("a")
        object.__setattr__(candidate, "source_record", '{"identifier": "a", "keywords": ["new"]}')
        assert run.submit(candidate) is Outcome.UNCHANGED
        run.finish(complete=True, report={})
    with home.open() as ledger:
        assert dict(ledger.source_records("one")) == {home.iri("a"): '{"identifier": "a", "keywords": ["new"]}'}
    assert states(home, "a") == ["draft"]


def test_absence_from_a_complete_run_deletes_and_from_a_partial_one_does_not(
    home: Home, vocabularies: Vocabularies
) -> None:
    home.ingest(home.candidate("a"), home.candidate("b"), home.candidate("c", accepted=False))
    publish(home.settings, vocabularies)
    assert home.ingest(home.candidate("a"), complete=False).deleted == 0
    assert counts(home) == RepositoryStatus(published=2, rejected=1)
    assert home.ingest(home.candidate("a")).deleted == 2
    assert kinds(home)[2:] == [("delete", "b")]
    assert counts(home) == RepositoryStatus(published=2, withdrawn=1), "published until the next release"
    publish(home.settings, vocabularies, allow_shrink=True)
    with home.open() as ledger:
        assert ledger.state(home.iri("b")) == "withdrawn"
        assert ledger.state(home.iri("never")) is None
    assert counts(home) == RepositoryStatus(published=1, withdrawn=2)


def test_a_run_deletes_in_its_own_repository_only(home: Home) -> None:
    home.ingest(home.candidate("a"))
    home.ingest(home.candidate("b", repository="two"), repository="two")
    home.ingest(repository="two")
    assert kinds(home) == [("create", "a"), ("create", "b"), ("delete", "b")]


def test_a_record_without_a_description_is_not_absent(home: Home) -> None:
    home.ingest(home.candidate("a"))
    with home.open() as ledger, ledger.run("one", "test") as run:
        run.keep("a")
        assert run.finish(complete=True, report={}).deleted == 0


def test_what_was_withdrawn_returns_as_new(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"), home.candidate("b"))
    publish(home.settings, vocabularies)
    with home.open() as ledger:
        ledger.withdraw(home.iri("a"), "asked for by its owner")
        assert ledger.events()[-1].reason == "asked for by its owner"
        with pytest.raises(LedgerError, match="withdrawn already"):
            ledger.withdraw(home.iri("a"), "again")
        with pytest.raises(LedgerError, match="not in the ledger"):
            ledger.withdraw(home.iri("never"), "mistake")
    publish(home.settings, vocabularies, allow_shrink=True)
    home.ingest(home.candidate("a"), home.candidate("b"))
    assert home.outcomes == {"a": Outcome.CREATED, "b": Outcome.UNCHANGED}
    assert kinds(home)[2:] == [("delete", "a"), ("create", "a")]


def test_what_returns_before_its_deletion_was_published_nets_to_nothing(home: Home, vocabularies: Vocabularies) -> None:
    home.ingest(home.candidate("a"))
    first = publish(home.settings, vocabularies)
    home.ingest()
    home.ingest(home.candidate("a"))
    assert states(home, "a") == ["published"]
    assert publish(home.settings, vocabularies) == first


def test_one_identifier_twice_in_a_run(home: Home) -> None:
    with Ledger.open(home.settings, create=True) as ledger:
        ledger.declare(home.entry())
        with ledger.run("one", "test") as run:
            assert run.submit(home.candidate("a")) is Outcome.CREATED
            assert run.submit(home.candidate("a")) is Outcome.UNCHANGED
            with pytest.raises(RecordError, match="'a' occurs twice"):
                run.submit(home.candidate("a", "second"))
            run.finish(complete=True, report={})
    assert kinds(home) == [("create", "a")]


def test_a_run_takes_only_what_belongs_to_its_repository(home: Home) -> None:
    home.ingest()
    stray = home.candidate("a")
    object.__setattr__(stray, "iri", home.iri("b"))
    with home.open() as ledger, ledger.run("one", "test") as run:
        for wrong in (home.candidate("a", repository="two"), stray):
            with pytest.raises(LedgerError, match="was submitted in a run of one"):
                run.submit(wrong)
        run.finish(complete=False, report={})
        with pytest.raises(LedgerError, match="is finished"):
            run.submit(home.candidate("a"))


def test_a_failed_run_deletes_nothing_and_says_so(home: Home) -> None:
    home.ingest(home.candidate("a"))
    with home.open() as ledger:
        with pytest.raises(ZeroDivisionError), ledger.run("one", "test") as run:
            run.submit(home.candidate("b"))
            raise ZeroDivisionError
        newest = ledger.runs()[0]
        assert (newest.state, newest.report) == ("failed", {"error": "ZeroDivisionError"})
        with pytest.raises(LedgerError, match="without being finished"), ledger.run("one", "test"):
            pass
        with pytest.raises(LedgerError, match="not declared"), ledger.run("unknown", "test"):
            pass
    assert kinds(home) == [("create", "a")]


def test_the_second_writer_is_told_who_is_first(home: Home) -> None:
    home.ingest(home.candidate("a"))
    with home.open() as first, home.open() as second, first.run("one", "test") as run:
        with pytest.raises(LedgerError, match=r"process \d+ \(ingest of one, since .*wait until it has finished"):
            second.withdraw(home.iri("a"), "no")
        run.submit(home.candidate("b"))
        assert second.state(home.iri("a")) == "draft", "readers are not kept waiting"
        refused: list[LedgerError] = []

        def other_thread() -> None:
            try:
                first.withdraw(home.iri("a"), "no")
            except LedgerError as error:
                refused.append(error)

        thread = threading.Thread(target=other_thread)
        thread.start()
        thread.join()
        assert len(refused) == 1
        run.finish(complete=False, report={})
    with home.open() as third:
        third.withdraw(home.iri("a"), "the lock is free again")


def test_read_only_reads_and_does_not_write(home: Home) -> None:
    home.ingest(home.candidate("a"))
    with Ledger.open(home.settings, read_only=True) as ledger:
        assert ledger.state(home.iri("a")) == "draft"
        with pytest.raises(LedgerError, match="read only"):
            ledger.withdraw(home.iri("a"), "no")


def test_a_missing_ledger_is_not_made_by_accident(home: Home) -> None:
    with pytest.raises(LedgerError, match="there is no ledger yet"):
        Ledger.open(home.settings)
    assert not home.settings.home.exists()


def test_something_else_in_the_place_of_a_ledger(home: Home) -> None:
    home.settings.home.mkdir()
    home.settings.ledger_path.write_bytes(b"this is not a database, though long enough to look at" * 100)
    with pytest.raises(LedgerError, match="it cannot be read"):
        Ledger.open(home.settings)


def test_the_base_iri_is_fixed_by_the_first_ingest(home: Home) -> None:
    other = make_settings(home.settings.home, base_iri="https://elsewhere.example.org")
    with Ledger.open(home.settings, create=True):
        pass
    with Ledger.open(other):
        pass
    home.ingest(home.candidate("a"))
    with pytest.raises(LedgerError, match="elsewhere") as refused:
        Ledger.open(other)
    assert BASE in str(refused.value) and "RADIOGRAPH_BASE_IRI" in str(refused.value)


def test_an_unchanged_declaration_writes_nothing(home: Home) -> None:
    home.ingest()
    with home.open() as ledger:
        assert ledger.repositories() == [home.entry("one", "Repository one")]
        before = home.settings.ledger_path.with_suffix(".sqlite-wal").stat().st_size
        ledger.declare(home.entry("one", "Repository one"))
        assert home.settings.ledger_path.with_suffix(".sqlite-wal").stat().st_size == before
        ledger.declare(home.entry("one", "Another title"))
        assert ledger.repositories()[0].title == "Another title"


def test_verdicts_are_remembered_across_openings(home: Home) -> None:
    home.ingest()
    with home.open() as ledger, ledger.run("one", "test") as run:
        for number in range(450):
            ledger.verdicts.put(f"key {number}", f"report {number}")
        kept = ledger.verdicts.get_many(["key 449", "key none"])
        assert {key: read() for key, read in kept.items()} == {"key 449": "report 449"}
        run.finish(complete=False, report={})
    with Ledger.open(home.settings, read_only=True) as ledger:
        kept = ledger.verdicts.get_many(["key 0", "key 449", "key 450"])
        assert {key: read() for key, read in kept.items()} == {"key 0": "report 0", "key 449": "report 449"}


@pytest.mark.slow
def test_ten_thousand_descriptions_take_seconds(home: Home) -> None:
    candidates = [home.candidate(f"c{number}") for number in range(10_000)]
    started = time.process_time()
    home.ingest(*candidates)
    home.ingest(*candidates)
    assert time.process_time() - started < 20
    assert counts(home).draft == 10_000


def test_a_ledger_without_content_is_as_good_as_none(home: Home) -> None:
    home.settings.home.mkdir(parents=True, exist_ok=True)
    home.settings.ledger_path.touch()
    with pytest.raises(LedgerError, match="no ledger yet"):
        Ledger.open(home.settings)
    with Ledger.open(home.settings, create=True) as ledger:
        assert ledger.status().release == 0


def test_a_home_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = make_settings(tmp_path / "file" / "home")
    with pytest.raises(LedgerError, match=r"cannot be made.*RADIOGRAPH_HOME"):
        Ledger.open(settings, create=True)


def test_a_lock_that_cannot_be_taken_is_told(home: Home) -> None:
    home.settings.home.mkdir(parents=True, exist_ok=True)
    (home.settings.home / "writer.lock").mkdir()
    with pytest.raises(LedgerError, match=r"writer\.lock: the lock cannot be taken"):
        Ledger.open(home.settings, create=True)


def test_a_damaged_entry_is_told(home: Home) -> None:
    home.ingest(home.candidate("a"))
    with closing(sqlite3.connect(home.settings.ledger_path)) as connection:
        connection.execute("UPDATE revision SET report = x'00'")
        connection.commit()
    with home.open() as ledger, pytest.raises(LedgerError, match=r"damaged.*radiograph restore"):
        ledger.report(home.iri("a"))
