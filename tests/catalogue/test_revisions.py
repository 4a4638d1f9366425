"""The state machine of descriptions against a model of a few lines: submit, finish, withdraw, publish, roll back."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from catalogue.description import Outcome
from catalogue.entries import RepositoryStatus
from catalogue.ledger import Ledger
from catalogue.publication import publish, rollback
from tests.catalogue.home import PROFILE, Home, few_vocabularies, make_settings

NAMES = ("a", "b", "c")
TITLES = ("first", "second")
#: What is published of a description: its title stands for its content, then the profiles that it meets.
Output = tuple[str, tuple[str, ...]]


@dataclass
class Model:
    """A description as its reader thinks of it."""

    published: Output | None = None
    upcoming: Output | None = None
    rejected: str | None = None
    seen: bool = False

    @property
    def state(self) -> str | None:
        if self.published is not None:
            return "published"
        if self.upcoming is not None:
            return "draft"
        if self.rejected is not None:
            return "rejected"
        return "withdrawn" if self.seen else None

    def submit(self, output: Output, accepted: bool) -> Outcome:
        self.seen = True
        before, self.rejected = self.upcoming, None
        if accepted:
            self.upcoming = output
            if before == output:
                return Outcome.UNCHANGED
            return Outcome.CREATED if before is None else Outcome.UPDATED
        if before is not None and self.published is not None and self.published[0] == output[0]:
            self.upcoming = output
            return Outcome.STALE
        if before != self.published and before is not None:
            self.upcoming = self.published
        self.rejected = output[0]
        return Outcome.REJECTED

    def delete(self) -> None:
        self.upcoming = self.rejected = None


class Descriptions(RuleBasedStateMachine):
    """Every state of the ledger, its events and its releases agree with the model."""

    @initialize()
    def start(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="radiograph-states-"))
        self.home = Home(make_settings(self.folder / "home", keep_releases=100))
        self.vocabularies = few_vocabularies()
        self.model = {name: Model() for name in NAMES}
        self.releases: list[dict[str, Output]] = []
        self.home.ingest()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            shutil.rmtree(self.folder)

    @rule(
        deliveries=st.dictionaries(
            st.sampled_from(NAMES),
            st.tuples(st.sampled_from(TITLES), st.booleans(), st.booleans()),
        ),
        complete=st.booleans(),
    )
    def ingest(self, deliveries: dict[str, tuple[str, bool, bool]], complete: bool) -> None:
        profiles = {True: (PROFILE,), False: ()}
        candidates = [
            self.home.candidate(name, title, accepted=accepted, conforms_to=profiles[meets])
            for name, (title, accepted, meets) in deliveries.items()
        ]
        self.home.ingest(*candidates, complete=complete)
        for name, (title, accepted, meets) in deliveries.items():
            assert self.home.outcomes[name] is self.model[name].submit((title, profiles[meets]), accepted), name
        if complete:
            for name in set(NAMES) - set(deliveries):
                self.model[name].delete()

    @precondition(lambda self: any(m.upcoming or m.rejected for m in self.model.values()))
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([n for n, m in self.model.items() if m.upcoming or m.rejected]))
        with self.home.open() as ledger:
            ledger.withdraw(self.home.iri(name), "test")
        self.model[name].delete()

    @rule()
    def publish(self) -> None:
        release = publish(self.home.settings, self.vocabularies, allow_shrink=True)
        self._released(release.number)

    @precondition(lambda self: self.releases)
    @rule(data=st.data())
    def roll_back(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(1, len(self.releases)))
        release = rollback(self.home.settings, self.vocabularies, number)
        target = self.releases[number - 1]
        for name, model in self.model.items():
            if name in target and model.upcoming != target[name]:
                model.rejected = None
            model.upcoming = target.get(name)
        self._released(release.number)

    def _released(self, number: int) -> None:
        changed = any(model.published != model.upcoming for model in self.model.values())
        for model in self.model.values():
            model.published = model.upcoming
        if changed or not self.releases:
            self.releases.append({n: m.published for n, m in self.model.items() if m.published is not None})
        assert number == len(self.releases)

    @invariant()
    def agrees(self) -> None:
        if not hasattr(self, "model"):
            return
        with self.home.open() as ledger:
            self._states_agree(ledger)
            self._events_agree(ledger)
            for number, members in enumerate(self.releases, start=1):
                found = {d.identifier: (d.ntriples, d.conforms_to) for d in ledger.members(number)}
                assert found == {n: (self.home.candidate(n, t).ntriples, met) for n, (t, met) in members.items()}

    def _states_agree(self, ledger: Ledger) -> None:
        states = [model.state for model in self.model.values()]
        for name, model in self.model.items():
            assert ledger.state(self.home.iri(name)) == model.state, name
            live = [r.state for r in ledger.history(self.home.iri(name)) if r.ended is None]
            assert len(live) == len(set(live)) <= 2
        status = ledger.status().repositories["one"]
        wanted = RepositoryStatus(*(states.count(s) for s in ("published", "draft", "rejected", "withdrawn")))
        assert (status.published, status.draft, status.rejected, status.withdrawn) == (
            wanted.published,
            wanted.draft,
            wanted.rejected,
            wanted.withdrawn,
        )

    def _events_agree(self, ledger: Ledger) -> None:
        """Replaying the events gives what is upcoming."""
        upcoming: dict[str, int] = {}
        for event in ledger.events():
            assert (event.kind == "create") == (event.iri not in upcoming)
            if event.kind == "delete":
                del upcoming[event.iri]
            else:
                upcoming[event.iri] = event.revision
        replayed = {iri: ledger.revision(number) for iri, number in upcoming.items()}
        found = {iri: (d.ntriples, d.conforms_to) for iri, d in replayed.items() if d is not None}
        assert found == {
            self.home.iri(n): (self.home.candidate(n, m.upcoming[0]).ntriples, m.upcoming[1])
            for n, m in self.model.items()
            if m.upcoming is not None
        }


TestDescriptions = Descriptions.TestCase
TestDescriptions.settings = settings(
    max_examples=8, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
)
